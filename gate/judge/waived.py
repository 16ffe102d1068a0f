"""Waivers applied: what each criterion comes to with them, and what each of them did.

A waiver changes an outcome that is not met into `waived`, never into `pass`, and no other. It is about its criterion
alone: a finding that is waived for one criterion counts for every other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from gate.judge.criterion import Judged
from gate.judge.each import EACH
from gate.judge.reasons import given
from gate.judge.waiver_days import Standing, standing
from gate.judge.without import Again, Without
from gate.judge.wording import counted
from gate.model.evidence import Collected
from gate.model.policy import Policy, Waiver
from gate.model.verdict import Outcome, WaiverState, WaiverUse

WAIVABLE = frozenset({Outcome.FAIL, Outcome.NO_EVIDENCE})
"""What can be waived. An error cannot: nobody knows what would be waived."""
_MET = frozenset({Outcome.PASS, Outcome.NOT_APPLICABLE})
_ERROR = "it could not be judged, so nobody knows what would be waived"
_ENOUGH = "the waivers of its findings are enough"
_SPEAKERS = 3


@dataclass(frozen=True, slots=True)
class Waived:
    """The criteria after the waivers, and what each waiver did, in their order.

    `left` has, by criterion, the evidence that was judged where findings are waived and it is not met all the same.
    """

    judged: tuple[Judged, ...]
    uses: tuple[WaiverUse, ...]
    left: dict[str, Collected] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Own:
    """A waiver of the criterion in question: its place among all, and how it stands."""

    index: int
    waiver: Waiver
    standing: Standing

    @property
    def order(self) -> tuple[str, str, str, int]:
        """The one that holds longest comes last; ISO dates sort as dates do."""
        return self.waiver.expires, self.waiver.owner, self.waiver.reason, self.index


def waived_by_finding(policy: Policy, today: date) -> dict[str, frozenset[str]]:
    """Return, by criterion, the fingerprints that are waived on a day and of which the facts must be counted anew."""
    elements = {criterion.id for criterion in policy.criteria if EACH in criterion.select}
    found: dict[str, frozenset[str]] = {}
    for waiver in policy.waivers:
        if waiver.findings and waiver.criterion not in elements and standing(waiver, policy.waiving, today).holds:
            found[waiver.criterion] = found.get(waiver.criterion, frozenset()) | frozenset(waiver.findings)
    return found


def apply_waivers(judged: Iterable[Judged], policy: Policy, today: date, again: Again) -> Waived:
    """Apply the policy's waivers that hold on `today` (UTC); why another does not is told in the reason."""
    uses: dict[int, WaiverUse] = {}
    left: dict[str, Collected] = {}
    after = []
    every = tuple(judged)
    for each in every:
        own = [
            _Own(index, waiver, standing(waiver, policy.waiving, today))
            for index, waiver in enumerate(policy.waivers)
            if waiver.criterion == each.criterion.id
        ]
        after.append(_apply(each, own, again, uses, left) if own else each)
    known = {criterion.id for criterion in policy.criteria}
    for index, waiver in enumerate(policy.waivers):
        if index not in uses:
            days = standing(waiver, policy.waiving, today).days_left
            told = "" if waiver.criterion in known else "this policy does not judge that criterion"
            uses[index] = WaiverUse(waiver, WaiverState.NOT_JUDGED, days, told=told)
    return Waived(tuple(after), tuple(uses[index] for index in range(len(policy.waivers))), left)


def _apply(
    judged: Judged, own: Sequence[_Own], again: Again, uses: dict[int, WaiverUse], left: dict[str, Collected]
) -> Judged:
    for one in own:
        state = one.standing.state or WaiverState.UNUSED
        uses[one.index] = WaiverUse(one.waiver, state, one.standing.days_left, told=one.standing.told)
    if judged.outcome in _MET:
        return judged
    holding = [one for one in own if one.standing.holds]
    if judged.outcome not in WAIVABLE:
        for one in holding:
            uses[one.index] = replace(uses[one.index], state=WaiverState.REFUSED, told=_ERROR)
        return judged
    by_finding = [one for one in holding if one.waiver.findings]
    second = again(judged, frozenset().union(*(one.waiver.findings for one in by_finding))) if by_finding else None
    working = [one for one in by_finding if second is not None and _use_finding(one, second, uses)]
    whole = [one for one in holding if not one.waiver.findings]
    if second is not None and second.judged is not None and working:
        if second.judged.outcome in _MET:
            for one in whole:
                uses[one.index] = replace(uses[one.index], told=_ENOUGH)
            return _waived_findings(judged, working, second)
        if not whole and second.judged.outcome in WAIVABLE:
            if second.evidence is not None:
                left[judged.criterion.id] = second.evidence
            return _partly(second.judged, working, second)
    if whole:
        for one in whole:
            uses[one.index] = replace(uses[one.index], state=WaiverState.ACTIVE)
        waiver = max(whole, key=lambda one: one.order).waiver
        text = f"{_by(waiver)}; without that: {judged.reason}"
        return replace(judged, outcome=Outcome.WAIVED, reason=f"waived {text}", waived_until=waiver.expires)
    return _refused(judged, own, uses)


def _use_finding(one: _Own, second: Without, uses: dict[int, WaiverUse]) -> bool:
    """Note what a waiver of findings did, and return whether it waives any that the criterion counts."""
    use = uses[one.index]
    named = set(one.waiver.findings)
    counted_ = named & second.counted
    unmatched = tuple(sorted(named - second.found - second.shared)) if second.judged is not None else ()
    told, state = "", WaiverState.UNUSED
    if second.judged is None:
        told, state = second.problem, WaiverState.REFUSED
    elif counted_:
        state = WaiverState.ACTIVE
    elif named & second.found:
        told = "the criterion does not count the findings that it names"
    if named & second.shared:
        told = f"several findings have the fingerprint {given(min(named & second.shared))}, so it waives none of them"
        state = state if counted_ else WaiverState.REFUSED
    uses[one.index] = replace(use, state=state, waived_findings=len(counted_), unmatched=unmatched, told=told)
    return bool(counted_)


def _waived_findings(judged: Judged, working: Sequence[_Own], second: Without) -> Judged:
    """Return a criterion that is met without the findings that are waived: that is `waived`, not `pass`."""
    until = min(one.waiver.expires for one in working)
    text = f"{_spoken(working, second.counted)}; without that: {judged.reason}"
    number = len(second.counted)
    return replace(judged, outcome=Outcome.WAIVED, reason=text, waived_findings=number, waived_until=until)


def _partly(judged: Judged, working: Sequence[_Own], second: Without) -> Judged:
    """Return a criterion that is not met though findings are waived."""
    text = f"{judged.reason}; beside that {_spoken(working, second.counted)}"
    return replace(judged, reason=text, waived_findings=len(second.counted))


def _spoken(working: Sequence[_Own], counted_: Collection[str]) -> str:
    """Return "2 findings are waived by ada until 2027-01-31 (why) and 1 finding is waived by …"."""
    told, left = [], set(counted_)
    for one in sorted(working, key=lambda each: each.order, reverse=True):
        mine = left & set(one.waiver.findings)
        left -= mine
        if mine:
            count = counted(len(mine), "finding is", "findings are")
            told.append(f"{count} waived {_by(one.waiver)}")
    more = counted(len(told) - _SPEAKERS, "waiver", "waivers")
    return "; ".join([*told[:_SPEAKERS], *([f"others by {more} more"] if len(told) > _SPEAKERS else [])])


def _by(waiver: Waiver) -> str:
    return f"by {given(waiver.owner)} until {given(waiver.expires)} ({given(waiver.reason)})"


def _refused(judged: Judged, own: Sequence[_Own], uses: dict[int, WaiverUse]) -> Judged:
    """Say of the waiver that would last longest why it waives nothing, where none does."""
    if any(uses[one.index].state is WaiverState.ACTIVE for one in own):
        return judged
    one = max(own, key=lambda each: (each.standing.holds, each.order))
    told = one.standing.told
    if one.standing.holds:
        why = uses[one.index].told or "no finding has a fingerprint that it names"
        told = f"the waiver by {given(one.waiver.owner)} waives nothing: {why}"
    return replace(judged, reason=f"{judged.reason}; {told}")
