"""A pull request that changes how its own evidence comes about. Pure.

In the first of two stages the workflow is the pull request's own. Where it changes the workflow or the policy, what it
says of itself proves nothing that a reader of the rest could not have been misled about, so that change has to be
merged on its own first, by whoever owns those files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gate.judge.reasons import given
from gate.judge.scorecard import score, scorecard
from gate.model.policy import Level, Phase
from gate.model.verdict import CriterionResult, Decision, Outcome, Verdict

ID = "repository.steering-unchanged"
_SHOWN = 5


def with_steering(verdict: Verdict, changed: Sequence[str], *, blocks: bool) -> Verdict:
    """Return the verdict with what a pull request changes of `.github/` and `.gate/`.

    Where that `blocks` it is one more criterion, which is not met: `no_go`. Else it is a notice.
    """
    if not changed:
        return verdict
    named = ", ".join(given(path) for path in changed[:_SHOWN])
    more = f" and {len(changed) - _SHOWN:,} more" if len(changed) > _SHOWN else ""
    told = f"the pull request changes {named}{more}, which decides how its own evidence comes about"
    if not blocks:
        return replace(verdict, notices=(*verdict.notices, f"{told[:1].upper()}{told[1:]}."))
    results = (*verdict.criteria, _result(told, changed))
    return replace(
        verdict,
        decision=Decision.NO_GO,
        score=score(results) or 0.0,
        categories=scorecard(results),
        criteria=results,
        blocked_by=(*verdict.blocked_by, ID),
    )


def _result(told: str, changed: Sequence[str]) -> CriterionResult:
    count = f"{len(changed):,} {'file' if len(changed) == 1 else 'files'} changed"
    return CriterionResult(
        id=ID,
        title="Workflows and policy are as the base branch has them",
        category="repository",
        level=Level.MUST,
        phase=Phase.PRE_MERGE,
        outcome=Outcome.FAIL,
        reason=told,
        evidence_kind="inventory",
        measured=count,
        wanted="no change of .github/ and .gate/",
        where=tuple(changed[:_SHOWN]),
        fix="Have their owner merge that part in a pull request of its own, or say  trust: {changed_workflows: tell}  "
        "in the policy.",
    )
