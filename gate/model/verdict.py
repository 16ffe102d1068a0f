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


class WaiverState(StrEnum):
    """What a waiver did in a judgement."""

    ACTIVE = "active"
    """it waives something today"""
    UNUSED = "unused"
    """it holds, and there is nothing that it waives: it can be removed"""
    EXPIRED = "expired"
    """its last day is over"""
    TOO_FAR = "too_far"
    """it ends further ahead than the policy allows, so it does not hold yet"""
    REFUSED = "refused"
    """it waives what cannot be waived"""
    NOT_JUDGED = "not_judged"
    """its criterion was not part of this judgement"""


@dataclass(frozen=True, slots=True)
class WaiverUse:
    """What one waiver did. `days_left` are the days that it still holds, today not counted; below 0 it is over.

    `waived_findings` is how many findings it waives, `unmatched` those of its fingerprints that no finding has, `told`
    half a sentence on why it does not do what it says ("" where it does).
    """

    waiver: Waiver
    state: WaiverState
    days_left: int | None = None
    waived_findings: int = 0
    unmatched: tuple[str, ...] = ()
    told: str = ""


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """What became of one criterion. `reason` is a whole sentence with the measured value, the wanted and the source.

    `measured` and `wanted` are the same in short, for a table; `where` names the sources. `facts_pointer` is a JSON
    Pointer into the verdict document ("/evidence/2/facts/lines"), None where there are no facts. `waived_findings` is
    how many findings were left out of what was judged, `waived_until` the last day of the outcome `waived`.
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
    waived_findings: int = 0
    waived_until: str = ""


@dataclass(frozen=True, slots=True)
class CategoryScore:
    """One line of the scorecard. `score` is 0-100, None where no criterion of the category applied."""

    name: str
    score: float | None
    outcomes: dict[Outcome, int]


class FileChange(StrEnum):
    """What a change does to a file."""

    ADDED = "added"
    CHANGED = "changed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class ProposedFile:
    """A file of the policy that the change under judgement touches.

    `diff` are lines of a unified diff from its first `@@`, without the characters that hide or steer; `left_out` is how
    many more there are, or would be.
    """

    path: str
    change: FileChange
    diff: tuple[str, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class ProposedOutcome:
    """A criterion that would fare otherwise. A side that is None does not have it; `levels` are those of both sides."""

    id: str
    title: str
    before: Outcome | None
    after: Outcome | None
    levels: tuple[Level | None, Level | None] = (None, None)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the change under judgement wants of the policy. It is shown, and decides nothing.

    `also` are paths that steer the gate too and are not judged (workflows, CODEOWNERS). `decision`, `score` and
    `outcomes` are what would be if it were in force, None and empty where it cannot be read: then `mistakes` says why.
    `notes` are sentences about how far that holds.
    """

    files: tuple[ProposedFile, ...]
    also: tuple[str, ...] = ()
    decision: Decision | None = None
    score: float | None = None
    outcomes: tuple[ProposedOutcome, ...] = ()
    mistakes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Believed(StrEnum):
    """Who could have written a kind's evidence, the worst of its sources."""

    SUPPLIED = "supplied"
    """a job that ran code of the change wrote it: its author can forge it"""
    ATTESTED = "attested"
    """a person says so"""
    CACHED = "cached"
    """the gate's scanner said so in an earlier run, and the cache kept it"""
    PRODUCED = "produced"
    """the gate's own tools found it in this run, in a job whose workflow the change may have written"""
    RECOLLECTED = "recollected"
    """the gate found it again where the change decides nothing"""


@dataclass(frozen=True, slots=True)
class Trust:
    """How far one kind of evidence can be believed. `told` is a sentence."""

    kind: str
    believed: Believed
    told: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether this may merge, and everything that says so.

    `generated_at` is RFC 3339 in UTC. `findings` are those behind unmet criteria, up to a cap; `finding_totals`
    counts all of them per kind. `blocked_by` are the ids that make it `no_go`; `notices` are sentences that every
    report shows (no policy file, criteria switched off, evidence supplied by the job under review). `waiver_uses` says
    of each of `waivers`, in their order, what it did.
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
    waiver_uses: tuple[WaiverUse, ...] = ()
    advisory: bool = False
    """it is told and blocks nothing"""
    proposal: Proposal | None = None
    trust: tuple[Trust, ...] = ()
