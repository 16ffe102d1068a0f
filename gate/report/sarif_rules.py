"""The rules of a SARIF log (§3.49): one for each rule of each tool that a result names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

from gate.formats.plain import one_line
from gate.model.json import Json, JsonObject
from gate.model.verdict import CriterionResult
from gate.report.quiet import quiet
from gate.report.sarif_result import LEVELS, Entry

_LONGEST_ID = 200
_PAGE = re.compile(r"https://github\.com/readiness-gate/readiness-gate/blob/[A-Za-z0-9._/-]+#[A-Za-z0-9._-]+")
"""The pages of our own catalogue, the only ones that a log leads to."""


@dataclass(slots=True)
class _Rule:
    id: str
    index: int
    first: Entry
    score: float | None = None


class Rules:
    """Collects the rules that results refer to, in the order of the first of each, the worst first."""

    def __init__(self) -> None:
        self._rules: dict[tuple[str, str], _Rule] = {}
        self._ids: set[str] = set()

    def reference(self, entry: Entry) -> JsonObject:
        """Return the members by which a result names its rule, which is there from now on."""
        rule = self._rules.get((entry.tool, entry.rule))
        if rule is None:
            rule = _Rule(self._new_id(entry.tool, entry.rule), len(self._rules), entry)
            self._rules[entry.tool, entry.rule] = rule
        if entry.score is not None:
            rule.score = max(float(entry.score), rule.score or 0.0)
        return {"ruleId": rule.id, "ruleIndex": rule.index}

    def descriptors(self) -> list[Json]:
        """Return the rules, each where its index says."""
        return [_descriptor(rule) for rule in self._rules.values()]

    def _new_id(self, tool: str, rule: str) -> str:
        """Return "TOOL/RULE"; with a hash where it is too long, or where the same name was another one's before."""
        text = f"{one_line(tool, _LONGEST_ID)}/{one_line(rule, _LONGEST_ID)}"
        if len(text) > _LONGEST_ID or text in self._ids:
            mark = sha256(f"{tool}\0{rule}".encode("utf-8", "surrogatepass")).hexdigest()[:12]
            text = f"{text[:_LONGEST_ID]}~{mark}"
        self._ids.add(text)
        return text


def _descriptor(rule: _Rule) -> JsonObject:
    entry, criterion = rule.first, rule.first.criterion
    title = quiet(entry.title, 200) or quiet(entry.rule, 200) or "no name"
    properties: JsonObject = {"tags": ["readiness-gate"]}
    if rule.score is not None:
        properties = {"tags": ["readiness-gate", "security"], "security-severity": f"{rule.score:.1f}"}
    told: JsonObject = {
        "id": rule.id,
        "name": title,
        "shortDescription": {"text": title},
        "fullDescription": {"text": _full(entry, criterion)},
        "help": {"text": _help(criterion)},
        "defaultConfiguration": {"level": LEVELS[entry.severity]},
        "properties": properties,
    }
    if criterion is not None and _PAGE.fullmatch(criterion.docs):
        told["helpUri"] = criterion.docs
    return told


def _full(entry: Entry, criterion: CriterionResult | None) -> str:
    if criterion is None:
        return f"Found by {quiet(entry.tool, 100) or 'a tool'}."
    return f"{quiet(criterion.title, 300)} (criterion {quiet(criterion.id, 100)}, level {criterion.level.value})"


def _help(criterion: CriterionResult | None) -> str:
    if criterion is None or not criterion.fix:
        return "The report of the gate says which criteria are not met, and how to mend them."
    return quiet(criterion.fix, 1000)
