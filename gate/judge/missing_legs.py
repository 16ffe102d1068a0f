"""Legs of a matrix that the policy expects and that left no bundle. Pure.

Of the legs that are there nobody can tell that another one is missing, and what a leg that never came would have said
is not known: no evidence, no pass.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from gate.judge.reasons import given
from gate.judge.scorecard import score, scorecard
from gate.model.policy import Level, Phase
from gate.model.verdict import CriterionResult, Decision, Outcome, Verdict

ID = "repository.legs-complete"
_SHOWN = 5


def with_missing_legs(verdict: Verdict, expected: Collection[str], found: Collection[str]) -> Verdict:
    """Return the verdict with one more criterion where legs are missing, for which there is then no evidence: `no_go`.

    `expected` are the names of bundles that the policy wants (trust › legs), `found` those of the bundles there are.
    """
    missing = [name for name in expected if name not in found]
    if not missing:
        return verdict
    results = (*verdict.criteria, _result(missing, len(expected), found))
    return replace(
        verdict,
        decision=Decision.NO_GO,
        score=score(results) or 0.0,
        categories=scorecard(results),
        criteria=results,
        blocked_by=(*verdict.blocked_by, ID),
    )


def _result(missing: list[str], expected: int, found: Collection[str]) -> CriterionResult:
    named = ", ".join(given(name) for name in missing[:_SHOWN])
    more = f" and {len(missing) - _SHOWN:,} more" if len(missing) > _SHOWN else ""
    there = ", ".join(given(name) for name in sorted(found)[:_SHOWN])
    bundles = f"of {named}{more} there is no bundle; there {'is' if len(found) == 1 else 'are'} {there or 'none'}"
    return CriterionResult(
        id=ID,
        title="Every leg of the matrix left its bundle",
        category="repository",
        level=Level.MUST,
        phase=Phase.PRE_MERGE,
        outcome=Outcome.NO_EVIDENCE,
        reason=bundles,
        evidence_kind="inventory",
        measured=f"{expected - len(missing):,} of {expected:,} legs",
        wanted="the bundles of all legs that the policy names",
        where=(),
        fix="Look at why the job of that leg did not get as far as uploading its bundle, or correct  trust: {legs: […]}"
        "  in the policy: it names the folders of the bundles.",
    )
