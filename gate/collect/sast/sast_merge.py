"""One weakness that several tools tell of, told once. A policy asks for it (`evidence.sast.merge`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from gate.model.finding import SEVERITIES, Finding
from gate.model.json import Json, JsonObject
from gate.model.lazy import tally

BY_LINE_AND_CLASS = "by_line_and_class"


def merged_by_line_and_class(findings: Sequence[Finding]) -> Sequence[Finding]:
    """Return the findings with those of several tools on one line and of one class (CWE) as one.

    The gravest stands for all, in the place of the first; `told_by` in its properties lists the others as `{tool, rule,
    severity, fingerprint}`. It is new when any of them is. Not merged are two findings of one tool, those without
    path, line or class, and a suppressed one with one that is not. Pure.
    """
    if len({sort[0].lower() for sort in tally(findings)}) < 2:
        return findings
    groups: list[list[Finding]] = []
    at: defaultdict[tuple[str | None, int | None, bool], list[tuple[frozenset[str], list[Finding]]]] = defaultdict(list)
    for finding in findings:
        classes = _classes(finding)
        if finding.path is None or finding.line is None or not classes:
            groups.append([finding])
            continue
        here = at[finding.path, finding.line, finding.suppressed]
        tool = finding.tool.lower()
        # The first of a group decides what it is about, so that a tool with many classes cannot chain strangers.
        group = next(
            (group for about, group in here if about & classes and tool not in {item.tool.lower() for item in group}),
            None,
        )
        if group is not None:
            group.append(finding)
            continue
        groups.append([finding])
        here.append((classes, groups[-1]))
    return [_merged(group) for group in groups]


def _classes(finding: Finding) -> frozenset[str]:
    classes = finding.properties.get("classes")
    return frozenset(each for each in classes if isinstance(each, str)) if isinstance(classes, list) else frozenset()


def _merged(group: list[Finding]) -> Finding:
    if len(group) == 1:
        return group[0]
    gravest = min(group, key=lambda finding: SEVERITIES.index(finding.severity))
    told: list[Json] = [_told(finding) for finding in group if finding is not gravest]
    new = any(finding.new for finding in group) if any(finding.new is not None for finding in group) else None
    properties: JsonObject = {**gravest.properties, "told_by": told}
    return replace(gravest, new=new, properties=properties)


def _told(finding: Finding) -> JsonObject:
    return {
        "tool": finding.tool,
        "rule": finding.rule,
        "severity": finding.severity,
        "fingerprint": finding.fingerprint,
    }
