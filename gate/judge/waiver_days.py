"""Whether a waiver holds on a day. Pure: the day is handed in, and is the one that the report tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from gate.judge.reasons import given
from gate.judge.wording import counted
from gate.model.policy import Waiver, Waiving
from gate.model.verdict import WaiverState

WARNED_DAYS = 14
"""From how many days before its end a waiver is warned of."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a waiver stands on a day. `state` is None where it holds; else `told` says why it does not.

    `days_left` are the days until its last one, 0 on that day, None where it names no day.
    """

    state: WaiverState | None
    days_left: int | None
    told: str = ""

    @property
    def holds(self) -> bool:
        """Whether it holds."""
        return self.state is None


def day_of(now: date | datetime) -> date:
    """Return the day of a moment in UTC; one without a zone is taken as it is."""
    if isinstance(now, datetime):
        return now.astimezone(UTC).date() if now.tzinfo is not None else now.date()
    return now


def standing(waiver: Waiver, waiving: Waiving, today: date) -> Standing:
    """Return how a waiver stands: it holds until the end of the day that it names, in UTC.

    It does not yet where that day is more than `waiving.max_days` ahead, and never where the policy lets its criterion
    not be waived, where it names no day or, though the policy asks for one, no link.
    """
    last = _date(waiver.expires)
    if last is None:
        return Standing(WaiverState.REFUSED, None, f"the waiver by {given(waiver.owner)} has no day on which it ends")
    left = (last - today).days
    by = f"the waiver by {given(waiver.owner)}"
    if waiver.criterion in waiving.never:
        return Standing(WaiverState.REFUSED, left, f"{by} does not hold: the policy lets nobody waive this criterion")
    if left < 0:
        return Standing(WaiverState.EXPIRED, left, f"{by} expired on {given(waiver.expires)}")
    if left > waiving.max_days:
        told = f"{by} does not hold yet: it ends in {counted(left, 'day', 'days')}, the policy allows "
        return Standing(WaiverState.TOO_FAR, left, f"{told}{counted(waiving.max_days, 'day', 'days')} at most")
    if waiving.require_link and not waiver.link:
        return Standing(WaiverState.REFUSED, left, f"{by} does not hold: the policy asks for a link, and it has none")
    return Standing(None, left)


def _date(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # Others of ISO 8601's ways of writing a day would not sort as days do.
    return day if day.isoformat() == text else None
