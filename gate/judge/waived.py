"""Waivers: a dated exception to a criterion, from the policy's side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from gate.judge.criterion import Judged
from gate.judge.reasons import given
from gate.model.policy import Waiver
from gate.model.verdict import Outcome

WAIVABLE = frozenset({Outcome.FAIL, Outcome.NO_EVIDENCE})
"""What can be waived. An error cannot: nobody knows what would be waived."""


@dataclass(frozen=True, slots=True)
class Waived:
    """What is left after the waivers, and the waivers that had nothing to do."""

    judged: tuple[Judged, ...]
    unused: tuple[Waiver, ...]


def apply_waivers(judged: Iterable[Judged], waivers: Sequence[Waiver], today: date) -> Waived:
    """Apply the waivers that hold on `today` (UTC); one that is over is told in the reason and changes nothing."""
    every = tuple(judged)
    after = tuple(_apply(each, waivers, today) for each in every)
    met = {each.criterion.id for each in every if each.outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE)}
    return Waived(after, tuple(waiver for waiver in waivers if waiver.criterion in met))


def holds(waiver: Waiver, today: date) -> bool:
    """Whether a waiver holds: until the end of the day that it names, in UTC. One without a date never does."""
    try:
        return today <= date.fromisoformat(waiver.expires)
    except ValueError:
        return False


def _apply(judged: Judged, waivers: Sequence[Waiver], today: date) -> Judged:
    own = [waiver for waiver in waivers if waiver.criterion == judged.criterion.id]
    if not own or judged.outcome not in WAIVABLE:
        return judged
    current = [waiver for waiver in own if holds(waiver, today)]
    if current:
        # The one that holds longest speaks; ISO dates sort as dates do.
        waiver = max(current, key=lambda each: each.expires)
        text = f"waived by {given(waiver.owner)} until {given(waiver.expires)} ({given(waiver.reason)})"
        return replace(judged, outcome=Outcome.WAIVED, reason=f"{text}; without that: {judged.reason}")
    waiver = max(own, key=lambda each: each.expires)
    text = f"the waiver by {given(waiver.owner)} expired on {given(waiver.expires)}"
    return replace(judged, reason=f"{judged.reason}; {text}")
