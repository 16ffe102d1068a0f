"""Which criteria a finding of a verdict stands behind, as far as a verdict tells.

A verdict names the findings and how many each criterion counts, not which. What can be told: findings of the gate's own
carry the criterion's id as their rule; any other one belongs to a kind of evidence, and so to the criteria on that kind
which are not met and count findings.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum

from gate.model.evidence import Collected, Missing
from gate.model.finding import Finding
from gate.model.policy import Level
from gate.model.verdict import UNMET, CriterionResult, Verdict

GATE = "gate"
"""The `tool` of findings that the judge made."""


class Weight(IntEnum):
    """What an unmet criterion does to the verdict, the gravest first."""

    BLOCKS = 0
    CONDITION = 1
    ADVICE = 2


class Behind:
    """The findings of one verdict and the criteria that they stand behind."""

    def __init__(self, verdict: Verdict) -> None:
        self._verdict = verdict
        self._blocking = frozenset(verdict.blocked_by)
        self._unmet = tuple(item for item in verdict.criteria if item.outcome in UNMET)
        self.counting: tuple[CriterionResult, ...] = tuple(item for item in self._unmet if item.finding_count)
        """the unmet criteria that count findings"""
        self._by_id = {item.id: item for item in self.counting}
        self._by_object = dict(_kinds_by_object(verdict, {item.evidence_kind for item in self.counting}))
        self._by_tool = dict(reversed(list(_kinds_by_tool(verdict))))

    def is_ours(self, finding: Finding) -> bool:
        """Whether the judge made a finding for one criterion. A report may call its tool `gate`, too."""
        return finding.tool == GATE and finding.rule in self._by_id and id(finding) not in self._by_object

    def tool(self, finding: Finding) -> str:
        """Return the tool that a finding comes from; one in a report that calls itself `gate` is told apart."""
        return f"{GATE} (reported)" if finding.tool == GATE and not self.is_ours(finding) else finding.tool

    def kind(self, finding: Finding) -> str | None:
        """Return the kind of evidence that a finding is of, None where the verdict does not tell."""
        if self.is_ours(finding):
            return self._by_id[finding.rule].evidence_kind
        return self._by_object.get(id(finding)) or self._by_tool.get(finding.tool.lower())

    def criteria(self, finding: Finding) -> tuple[CriterionResult, ...]:
        """Return the unmet criteria that may count a finding; all that count any where its kind is not told."""
        if self.is_ours(finding):
            return (self._by_id[finding.rule],)
        kind = self.kind(finding)
        return tuple(item for item in self.counting if item.evidence_kind == kind) or self.counting

    def weight_of(self, criterion: CriterionResult) -> Weight:
        """Return what an unmet criterion does to the verdict."""
        if criterion.id in self._blocking:
            return Weight.BLOCKS
        return Weight.ADVICE if criterion.level is Level.MAY else Weight.CONDITION

    def weight(self, finding: Finding) -> Weight:
        """Return the gravest weight of the criteria behind a finding."""
        return min(map(self.weight_of, self.criteria(finding)), default=Weight.ADVICE)

    def untold(self, findings: tuple[Finding, ...]) -> tuple[CriterionResult, ...]:
        """Return the unmet criteria that none of these findings stands behind, in the order of the verdict."""
        told = {item.id for finding in findings for item in self.criteria(finding)}
        return tuple(item for item in self._unmet if item.id not in told)


def _kinds_by_object(verdict: Verdict, kinds: set[str]) -> Iterator[tuple[int, str]]:
    """Yield whose findings they are. Those of the kinds in question were made when the verdict was reached."""
    wanted = set(map(id, verdict.findings))
    for item in verdict.evidence:
        if isinstance(item, Collected) and item.kind in kinds:
            yield from ((id(finding), item.kind) for finding in item.findings if id(finding) in wanted)


def _kinds_by_tool(verdict: Verdict) -> Iterator[tuple[str, str]]:
    """Yield which tool speaks of which kind; the gate's own readers call their findings by the kind."""
    yield from ((item.kind, item.kind) for item in verdict.evidence)
    for item in verdict.evidence:
        if not isinstance(item, Missing):
            yield from ((source.tool.lower(), item.kind) for source in item.sources if source.tool)
