"""What every report says beside the outcomes: sentences about how far the verdict can be trusted."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from gate.judge.reasons import given
from gate.judge.scorecard import score
from gate.judge.trust import told, trust
from gate.judge.waiver_notices import of_waiver
from gate.judge.wording import clean, counted, number
from gate.model.evidence import Evidence
from gate.model.policy import Policy
from gate.model.verdict import CriterionResult, Outcome, WaiverUse

_MOST_OVERRIDES = 20


def notices(
    policy: Policy,
    evidence: Sequence[Evidence],
    results: Sequence[CriterionResult],
    uses: Sequence[WaiverUse],
    *,
    left_out: int = 0,
    recollected: Collection[str] = (),
) -> tuple[str, ...]:
    """Return the notices, what decides first. `left_out` counts the criteria that this run was told not to judge,
    `recollected` are the kinds that the second of two stages collected again.
    """
    return (
        *_decisive(policy, results),
        *_about_the_policy(policy, left_out),
        *_overridden(policy),
        *told(trust(evidence, recollected)),
        *(sentence for use in uses for sentence in of_waiver(use)),
    )


def _decisive(policy: Policy, results: Sequence[CriterionResult]) -> Iterator[str]:
    if policy.advisory:
        yield "ADVISORY: the policy says that this verdict is told and blocks nothing. The exit code is 0 for a no_go."
    if not any(result.outcome is Outcome.PASS for result in results):
        yield "Nothing passed, and without evidence there is no go."
    reached = score(results) or 0.0
    if policy.minimum_score is not None and reached < policy.minimum_score:
        told = number(reached, [policy.minimum_score])
        yield f"The score is {told}, the policy wants at least {number(policy.minimum_score)}."


def _about_the_policy(policy: Policy, left_out: int) -> Iterator[str]:
    if policy.origin.path is None:
        profile = given(policy.origin.profile)
        yield f"There is no policy file; the profile {profile} was used. `gate init` writes one that fits."
    if left_out:
        count = counted(left_out, "criterion was", "criteria were")
        yield f"This is a part of the verdict: {count} left out of this run."
    for criterion in policy.criteria:
        if criterion.disabled is not None:
            yield f"{criterion.id} is switched off by the policy: {given(criterion.disabled)}."


def _overridden(policy: Policy) -> Iterator[str]:
    """Yield what the policy says otherwise than those that it extends, up to a number."""
    yield from (clean(sentence, 400) for sentence in policy.overrides[:_MOST_OVERRIDES])
    left = len(policy.overrides) - _MOST_OVERRIDES
    if left > 0:
        yield f"In {counted(left, 'more point', 'more points')} the policy says otherwise than what it extends."
