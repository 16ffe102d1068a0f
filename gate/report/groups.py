"""The criteria of a verdict in the order in which a reader needs them, and the words for how many there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from gate.model.policy import Level, Phase
from gate.model.verdict import UNMET, CriterionResult, Decision, Outcome, Verdict
from gate.report.text import counted

_STEPS = {Phase.PRE_MERGE: "merge", Phase.PRE_DEPLOY: "deployment", Phase.POST_DEPLOY: "release"}


@dataclass(frozen=True, slots=True)
class Groups:
    """Every criterion is in exactly one of these, in the order of the verdict."""

    blocking: tuple[CriterionResult, ...]
    conditions: tuple[CriterionResult, ...]
    waived: tuple[CriterionResult, ...]
    advice: tuple[CriterionResult, ...]
    passed: tuple[CriterionResult, ...]
    idle: tuple[CriterionResult, ...]
    """not applicable, or switched off"""

    @property
    def judged(self) -> int:
        """How many criteria applied."""
        return sum(map(len, (self.blocking, self.conditions, self.waived, self.advice, self.passed)))


def groups(verdict: Verdict) -> Groups:
    """Sort the criteria of a verdict."""
    blocked = set(verdict.blocked_by)
    unmet = [item for item in verdict.criteria if item.outcome in UNMET]
    rest = [item for item in unmet if item.id not in blocked]

    def with_outcome(outcome: Outcome) -> tuple[CriterionResult, ...]:
        return tuple(item for item in verdict.criteria if item.outcome is outcome)

    return Groups(
        blocking=tuple(item for item in unmet if item.id in blocked),
        # A must that is not met and does not block cannot be; if it were, it would not be hidden among advice.
        conditions=tuple(item for item in rest if item.level is not Level.MAY),
        waived=with_outcome(Outcome.WAIVED),
        advice=tuple(item for item in rest if item.level is Level.MAY),
        passed=with_outcome(Outcome.PASS),
        idle=with_outcome(Outcome.NOT_APPLICABLE),
    )


def by_cause(items: Iterable[CriterionResult]) -> list[tuple[CriterionResult, ...]]:
    """Return the criteria with those together that have one reason and one remedy: one missing report, told once."""
    causes: dict[tuple[Outcome, str, str], list[CriterionResult]] = {}
    for item in items:
        causes.setdefault((item.outcome, item.reason, item.fix), []).append(item)
    return [tuple(cause) for cause in causes.values()]


def headline(verdict: Verdict, found: Groups) -> str:
    """Return why the verdict is what it is: "2 of 34 criteria block this merge"."""
    total = counted(found.judged, "criterion", "criteria")
    if verdict.decision is Decision.CONDITIONAL:
        count = len(found.conditions)
        return f"nothing blocks, {counted(count, 'condition', 'conditions')} of {total} {_verb(count)}"
    if verdict.decision is Decision.GO:
        return ", ".join([f"{len(found.passed):,} of {total} met", *_waived(verdict, found)])
    if found.blocking:
        count = len(found.blocking)
        return f"{count:,} of {total} {'blocks' if count == 1 else 'block'} this {_step(verdict)}"
    return f"{why_not(found)} ({total})"


def why_not(found: Groups) -> str:
    """Return why a verdict is no_go though no criterion blocks: the two reasons that a judge has."""
    return "the score is below what the policy wants" if found.passed else "nothing is proven"


def tally(verdict: Verdict, found: Groups) -> str:
    """Return "2 block, 3 conditions, 28 of 34 pass, 1 waived until 2027-01-31"."""
    parts = []
    if found.blocking:
        parts.append(f"{len(found.blocking):,} {'blocks' if len(found.blocking) == 1 else 'block'}")
    elif verdict.decision is Decision.NO_GO:
        parts.append(why_not(found))
    if found.conditions:
        parts.append(counted(len(found.conditions), "condition", "conditions"))
    parts.append(f"{len(found.passed):,} of {found.judged:,} pass")
    return ", ".join([*parts, *_waived(verdict, found)])


def _waived(verdict: Verdict, found: Groups) -> list[str]:
    """Return how many are waived, and until when all of the waivers hold."""
    if not found.waived:
        return []
    longest = {item.id: item.waived_until for item in found.waived if _is_date(item.waived_until)}
    ids = {item.id for item in found.waived} - longest.keys()
    for waiver in verdict.waivers:
        if waiver.criterion in ids and _is_date(waiver.expires):
            longest[waiver.criterion] = max(waiver.expires, longest.get(waiver.criterion, ""))
    until = f" until {min(longest.values())}" if longest else ""
    return [f"{len(found.waived):,} waived{until}"]


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _step(verdict: Verdict) -> str:
    phases = {item.phase for item in verdict.criteria}
    return _STEPS[phases.pop()] if len(phases) == 1 else "change"


def _verb(count: int) -> str:
    return "remains" if count == 1 else "remain"
