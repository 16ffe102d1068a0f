"""The facts of `sast` that follow from its findings, in one place: collector and waivers count alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from operator import attrgetter

from gate.model.finding import Finding, Severity
from gate.model.json import Json, JsonObject

GRADES: tuple[Severity, ...] = ("critical", "high", "medium", "low")
_SEVERITY: Callable[[Finding], Severity] = attrgetter("severity")


def sast_facts(findings: Sequence[Finding], facts: JsonObject) -> JsonObject:
    """Return the facts with everything that counts findings counted anew.

    `counts`, `new` and `by_tool` count findings that are not suppressed; `suppressed` counts the others. `by_tool` has
    an entry for every tool in `facts["tools"]`. `new` is only there where `facts` has it: where the change is known.
    Pure, and the same facts come out when they go in again.
    """
    live = [finding for finding in findings if not finding.suppressed]
    by_tool: dict[str, list[Finding]] = {name: [] for name in _tool_names(facts.get("tools"))}
    for finding in live:
        by_tool.setdefault(finding.tool, []).append(finding)
    counted: JsonObject = {
        "counts": _counts(live),
        "suppressed": len(findings) - len(live),
        "by_tool": {name: _counts(found) for name, found in by_tool.items()},
    }
    if "new" in facts:
        counted["new"] = _counts([finding for finding in live if finding.new])
    return facts | counted


def _tool_names(tools: Json) -> list[str]:
    named = [tool.get("name") for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []
    return [name for name in named if isinstance(name, str)]


def _counts(findings: Sequence[Finding]) -> JsonObject:
    found = Counter(map(_SEVERITY, findings))
    return {grade: found[grade] for grade in GRADES}
