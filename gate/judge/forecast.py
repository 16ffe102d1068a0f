"""What a past commit says of a policy, and what nobody can say any more. Pure.

A checkout of the past holds the tree and the commits, and not what the run of that time produced: the reports of tests,
an image, the answer of a service. Criteria on those are set aside and told, since counting them as met would be a lie
and counting them as missed would make every forecast the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from gate.model.evidence import Evidence, Missing
from gate.model.forecast import NOTHING, SCORE, Held
from gate.model.json import JsonObject
from gate.model.policy import Policy
from gate.model.verdict import UNMET, CriterionResult, Decision, Outcome, Verdict

OF_A_RUN = frozenset({"tests", "coverage", "image"})
"""Kinds that a tree says nothing about: they are of what a run made."""


def not_known(
    verdict: Verdict, requests: Mapping[str, JsonObject], supplied: Collection[str], *, compared: bool
) -> tuple[Held, ...]:
    """Return the criteria of which the tree of a past commit cannot tell whether they were met.

    `supplied` are the kinds of which there is evidence of that run, `compared` is whether the commit before is at hand.
    What was looked at and found wanting is known, whatever else is missing.
    """
    missing = {item.kind for item in verdict.evidence if _is_absent(item)}

    def unclear(result: CriterionResult) -> bool:
        kind = result.evidence_kind
        if kind in supplied or result.outcome not in UNMET:
            return False
        if kind in OF_A_RUN or kind in missing:
            return True
        reported = bool(requests.get(kind, {}).get("reports"))
        return result.outcome is Outcome.NO_EVIDENCE and (reported or not compared)

    return tuple(Held(item.id, item.level, item.reason) for item in verdict.criteria if unclear(item))


def without(policy: Policy, ids: Collection[str]) -> Policy:
    """Return the policy without some of its criteria, for a verdict on the rest."""
    return replace(policy, criteria=tuple(item for item in policy.criteria if item.id not in ids))


def blocking(verdict: Verdict, policy: Policy) -> tuple[Held, ...]:
    """Return what blocks. Where no criterion does and it is no_go all the same: the score, or that nothing passed."""
    by_id = {item.id: item for item in verdict.criteria}
    found = tuple(Held(id_, by_id[id_].level, by_id[id_].reason) for id_ in verdict.blocked_by if id_ in by_id)
    if found or verdict.decision is not Decision.NO_GO:
        return found
    if all(item.outcome is not Outcome.PASS for item in verdict.criteria):
        return (Held(NOTHING, None, "Of the criteria that are known, none passed."),)
    wanted = policy.minimum_score or 0.0
    return (Held(SCORE, None, f"The score of what is known is {verdict.score:g}, and {wanted:g} is wanted."),)


def says_something(verdict: Verdict) -> bool:
    """Whether any criterion was met or missed: a verdict on nothing is none."""
    return any(item.outcome is not Outcome.NOT_APPLICABLE for item in verdict.criteria)


def _is_absent(evidence: Evidence) -> bool:
    """Whether there is nothing of a kind here; that the tree holds nothing of it at all is known."""
    return isinstance(evidence, Missing) and not evidence.not_applicable
