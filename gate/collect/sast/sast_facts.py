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

    `counts`, `new`, `by_tool` and `baseline` count findings that are not suppressed; `suppressed` counts the others,
    `suppressed_by` by the kind of their suppression. `by_tool` has an entry for every tool in `facts["tools"]`. `new`
    is only there where `facts` has it: where the change is known; `baseline` where a report tells of one, with the
    `absent` of `facts`, which are no findings.
    Pure, and the same facts come out when they go in again.
    """
    live: Counter[Severity] = Counter()
    fresh: Counter[Severity] = Counter()
    by_tool: dict[str, Counter[Severity]] = {name: Counter() for name in _tool_names(facts.get("tools"))}
    suppressed_by: Counter[str] = Counter()
    baseline: Counter[str] = Counter()
    for (tool, severity, suppressed, new, by, state), count in tally(findings).items():
        if suppressed:
            suppressed_by[by or "other"] += count
            continue
        live[severity] += count
        by_tool.setdefault(tool, Counter())[severity] += count
        if new:
            fresh[severity] += count
        if state is not None:
            baseline[state] += count
    counted: JsonObject = {
        "counts": _by_grade(live),
        "suppressed": suppressed_by.total(),
        "suppressed_by": {kind: suppressed_by[kind] for kind in ("in_source", "external", "other")},
        "by_tool": {name: _by_grade(found) for name, found in by_tool.items()},
    }
    if "new" in facts:
        counted["new"] = _by_grade(fresh)
    told = facts.get("baseline")
    if baseline or told is not None:
        absent = told.get("absent", 0) if isinstance(told, dict) else 0
        counted["baseline"] = {state: baseline[state] for state in ("new", "unchanged", "updated")} | {"absent": absent}
    return facts | counted


def _tool_names(tools: Json) -> list[str]:
    named = [tool.get("name") for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []
    return [name for name in named if isinstance(name, str)]


def _by_grade(found: Counter[Severity]) -> JsonObject:
    return {grade: found[grade] for grade in GRADES}
