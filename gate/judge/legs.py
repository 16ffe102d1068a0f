"""One criterion on evidence of several legs (a matrix): it must hold on each of them, and the worst answer counts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from gate.judge.criterion import Judged, judge_criterion
from gate.model.evidence import Evidence
from gate.model.policy import Criterion
from gate.model.verdict import Outcome

_WORST_FIRST = (Outcome.ERROR, Outcome.FAIL, Outcome.NO_EVIDENCE, Outcome.WAIVED, Outcome.PASS, Outcome.NOT_APPLICABLE)
_SHOWN = 4


def judge_on_legs(criterion: Criterion, entries: Sequence[Evidence], expects: Collection[str]) -> Judged:
    """Judge one criterion by every entry of its kind; the result says on how many legs it is so.

    Entries of one kind that are not told apart by the names of legs contradict each other, as before. A leg on which
    the criterion does not apply takes nothing from the others: what applies on one leg is judged there.
    """
    legs = {entry.leg for entry in entries}
    if len(entries) < 2 or "" in legs or len(legs) != len(entries):
        return judge_criterion(criterion, entries, expects)
    judged = [replace(judge_criterion(criterion, (entry,), expects), leg=entry.leg) for entry in entries]
    worst = min(judged, key=lambda each: _WORST_FIRST.index(each.outcome))
    if worst.outcome is Outcome.NOT_APPLICABLE and criterion.disabled is not None:
        return replace(worst, leg="")
    return replace(worst, reason=f"{worst.reason}; {_where(worst, judged)}")


def of_leg(entries: Sequence[Evidence], leg: str) -> Evidence | None:
    """Return the entry that a result is about: the only one, or the one of its leg."""
    if len(entries) == 1:
        return entries[0]
    return next((entry for entry in entries if leg and entry.leg == leg), None)


def _where(worst: Judged, judged: Sequence[Judged]) -> str:
    same = [each.leg for each in judged if each.outcome is worst.outcome]
    if len(same) == len(judged):
        return f"so on all {len(judged):,} legs"
    shown = ", ".join(same[:_SHOWN])
    more = f" and {len(same) - _SHOWN:,} more" if len(same) > _SHOWN else ""
    return f"so on {shown}{more} ({len(same):,} of {len(judged):,} legs)"
