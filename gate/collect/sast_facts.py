"""The facts of `sast` that follow from its findings, in one place: collector and waivers count alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gate.model.finding import Finding, Severity
from gate.model.json import Json, JsonObject
from gate.model.lazy import tally

GRADES: tuple[Severity, ...] = ("critical", "high", "medium", "low")


def sast_facts(findings: Sequence[Finding], facts: JsonObject) -> JsonObject:
    """Return the facts with everything that counts findings counted anew.

    `counts`, `new` and `by_tool` count findings that are not suppressed; `suppressed` counts the others. `by_tool` has
    an entry for every tool in `facts["tools"]`. `new` is only there where `facts` has it: where the change is known.
    Pure, and the same facts come out when they go in again.
    """
    live: Counter[Severity] = Counter()
    fresh: Counter[Severity] = Counter()
    by_tool: dict[str, Counter[Severity]] = {name: Counter() for name in _tool_names(facts.get("tools"))}
    suppressed = 0
    for (tool, severity, is_suppressed, new), count in tally(findings).items():
        if is_suppressed:
            suppressed += count
            continue
        live[severity] += count
        by_tool.setdefault(tool, Counter())[severity] += count
        if new:
            fresh[severity] += count
    counted: JsonObject = {
        "counts": _by_grade(live),
        "suppressed": suppressed,
        "by_tool": {name: _by_grade(found) for name, found in by_tool.items()},
    }
    if "new" in facts:
        counted["new"] = _by_grade(fresh)
    return facts | counted


def _tool_names(tools: Json) -> list[str]:
    named = [tool.get("name") for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []
    return [name for name in named if isinstance(name, str)]


def _by_grade(found: Counter[Severity]) -> JsonObject:
    return {grade: found[grade] for grade in GRADES}
