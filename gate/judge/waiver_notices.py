"""What every report says of waivers beside the outcomes: those that end soon, are over, or have nothing to do."""

from __future__ import annotations

from collections.abc import Iterator

from gate.judge.reasons import given
from gate.judge.waiver_days import WARNED_DAYS
from gate.judge.wording import counted
from gate.model.verdict import WaiverState, WaiverUse

_TOLD = 3
_SHORT = 16


def of_waiver(use: WaiverUse) -> Iterator[str]:
    """Yield the sentences about one waiver; none where it does what it says and goes on doing so."""
    waiver = use.waiver
    owner, expires = given(waiver.owner), given(waiver.expires)
    what = f"The waiver of {given(waiver.criterion)} by {owner}"
    days = use.days_left if use.days_left is not None else 0
    match use.state:
        case WaiverState.ACTIVE if use.days_left is not None and days <= WARNED_DAYS:
            when = "today" if days == 0 else f"in {counted(days, 'day', 'days')}"
            yield f"{what} ends {when}, on {expires}: mend what it is about, or renew it in a pull request of its own."
        case WaiverState.UNUSED:
            told = f": {given(use.told)}" if use.told else ""
            yield f"{what} (until {expires}) was not needed{told}; it can be removed."
            return
        case WaiverState.EXPIRED:
            yield f"{what} expired on {expires}, {counted(-days, 'day', 'days')} ago, and waives nothing any more."
        case WaiverState.TOO_FAR | WaiverState.REFUSED:
            # Why it does not hold says whose it is already.
            told = given(use.told).removeprefix(f"the waiver by {owner} ")
            yield f"{what} (until {expires}) waives nothing: {told}."
        case WaiverState.NOT_JUDGED if use.told:
            yield f"{what} (until {expires}) has nothing to do: {given(use.told)}."
    if use.unmatched and use.state is WaiverState.ACTIVE:
        yield f"{what} names {_unmatched(use)} that no finding has any more; it can go."


def _unmatched(use: WaiverUse) -> str:
    short = [f"{given(each)[:_SHORT]}…" for each in use.unmatched[:_TOLD]]
    count = counted(len(use.unmatched), "fingerprint", "fingerprints")
    return f"{count} ({', '.join(short)}{', …' if len(use.unmatched) > _TOLD else ''})"
