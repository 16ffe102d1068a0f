"""What a policy would have said of commits that are merged already: for rolling it out, never a verdict."""

from __future__ import annotations

from dataclasses import dataclass

from gate.model.policy import Level, PolicyOrigin
from gate.model.verdict import Decision

SCORE = "minimum_score"
"""Stands among what blocks where no criterion does, and the score is below what the policy asks for."""
NOTHING = "nothing_passed"
"""Stands among what blocks where no criterion does, and none passed either."""


@dataclass(frozen=True, slots=True)
class Held:
    """A criterion that would have blocked, or of which nothing is known. `reason` is a sentence, untrusted."""

    id: str
    level: Level | None
    reason: str


@dataclass(frozen=True, slots=True)
class PastJudgement:
    """What is said of one commit. `decision` is None where it was not judged, and `problem` then says why.

    The decision and the score (0-100) are about what is known: `unknown` are criteria that need what only the run of
    that time could tell. `evidence` says where evidence of that run came from, "" for nowhere.
    """

    commit: str
    subject: str
    when: str
    decision: Decision | None = None
    score: float = 0.0
    blocked_by: tuple[Held, ...] = ()
    unknown: tuple[Held, ...] = ()
    evidence: str = ""
    problem: str = ""

    @property
    def merged(self) -> bool:
        """Whether it would have merged, as far as is known."""
        return self.decision is not None and self.decision is not Decision.NO_GO


@dataclass(frozen=True, slots=True)
class ByCriterion:
    """One criterion over all commits: how often it would have blocked, how often alone, how often it is not known."""

    id: str
    level: Level | None
    blocked: int
    alone: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """The whole: the newest commit first. `branch` is what was asked for; `notes` are sentences."""

    branch: str
    policy_name: str
    policy: PolicyOrigin
    generated_at: str
    commits: tuple[PastJudgement, ...]
    notes: tuple[str, ...] = ()

    @property
    def judged(self) -> tuple[PastJudgement, ...]:
        """Those of which something could be told."""
        return tuple(item for item in self.commits if item.decision is not None)

    @property
    def merged(self) -> int:
        """How many would have merged, as far as is known."""
        return sum(item.merged for item in self.commits)

    def by_criterion(self) -> tuple[ByCriterion, ...]:
        """Return every criterion that would have blocked or is not known, what blocks most often first."""
        levels: dict[str, Level | None] = {}
        blocked: dict[str, int] = {}
        alone: dict[str, int] = {}
        unknown: dict[str, int] = {}
        for item in self.judged:
            for held in (*item.blocked_by, *item.unknown):
                levels.setdefault(held.id, held.level)
            for held in item.blocked_by:
                blocked[held.id] = blocked.get(held.id, 0) + 1
                alone[held.id] = alone.get(held.id, 0) + (len(item.blocked_by) == 1)
            for held in item.unknown:
                unknown[held.id] = unknown.get(held.id, 0) + 1
        found = (
            ByCriterion(id_, level, blocked.get(id_, 0), alone.get(id_, 0), unknown.get(id_, 0))
            for id_, level in levels.items()
        )
        return tuple(sorted(found, key=lambda item: (-item.blocked, -item.alone, -item.unknown, item.id)))
