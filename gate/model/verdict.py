"""The verdict and what it is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from gate.model.evidence import Evidence
from gate.model.finding import Finding
from gate.model.policy import Level, Phase, PolicyOrigin, Waiver


class Outcome(StrEnum):
    """Of one criterion."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    FAIL = "fail"
    NO_EVIDENCE = "no_evidence"
    ERROR = "error"
    WAIVED = "waived"
    NOT_APPLICABLE = "not_applicable"


UNMET: frozenset[Outcome] = frozenset({Outcome.FAIL, Outcome.NO_EVIDENCE, Outcome.ERROR})
"""The outcomes that do not satisfy a criterion."""


class Decision(StrEnum):
    """Of the whole."""

    GO = "go"
    CONDITIONAL = "conditional"
    NO_GO = "no_go"


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """What became of one criterion. `reason` is a whole sentence with the measured value, the wanted and the source.

    `measured` and `wanted` are the same in short, for a table; `where` names the sources. `facts_pointer` is a JSON
    Pointer into the verdict document ("/evidence/2/facts/lines"), None where there are no facts.
    """

    id: str
    title: str
    category: str
    level: Level
    phase: Phase
    outcome: Outcome
    reason: str
    evidence_kind: str
    measured: str = ""
    wanted: str = ""
    where: tuple[str, ...] = ()
    facts_pointer: str | None = None
    finding_count: int = 0
    fix: str = ""
    docs: str = ""


@dataclass(frozen=True, slots=True)
class CategoryScore:
    """One line of the scorecard. `score` is 0-100, None where no criterion of the category applied."""

    name: str
    score: float | None
    outcomes: dict[Outcome, int]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether this may merge, and everything that says so.

    `generated_at` is RFC 3339 in UTC. `findings` are those behind unmet criteria, up to a cap; `finding_totals`
    counts all of them per kind. `blocked_by` are the ids that make it `no_go`; `notices` are sentences that every
    report shows (no policy file, criteria switched off, evidence supplied by the job under review).
    """

    decision: Decision
    score: float
    policy_name: str
    policy: PolicyOrigin
    categories: tuple[CategoryScore, ...]
    criteria: tuple[CriterionResult, ...]
    evidence: tuple[Evidence, ...]
    commit: str | None = None
    base: str | None = None
    generated_at: str = ""
    findings: tuple[Finding, ...] = ()
    finding_totals: dict[str, int] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()
    blocked_by: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
