"""A criterion judged once more, without findings that are waived."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from gate.judge.behind import findings_behind
from gate.judge.criterion import Judged, judge_criterion, judge_survey, sound
from gate.judge.each import EACH
from gate.judge.element_findings import fingerprints as of_elements
from gate.model.evidence import Collected, Evidence
from gate.model.reduced import Reduced

NOT_LOOKED = Reduced(problem="single findings were not looked at")


@dataclass(frozen=True, slots=True)
class Without:
    """What a criterion comes to without some findings.

    `judged` is None where that cannot be said: `problem` is then half a sentence. `counted` are the fingerprints of
    findings that were left out and that the criterion had counted, `found` all that there are, `shared` those that
    several findings have. `evidence` is what was judged, None with `each`.
    """

    judged: Judged | None
    counted: frozenset[str] = frozenset()
    found: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()
    problem: str = ""
    evidence: Collected | None = None


Again: TypeAlias = Callable[[Judged, frozenset[str]], Without]
"""From what a criterion came to and the fingerprints that are waived of it to what it comes to without them."""


def judging_again(
    evidence: Mapping[str, Sequence[Evidence]], reduced: Mapping[str, Reduced], expects: Collection[str]
) -> Again:
    """Return how to judge again: by elements here, by facts with what was counted anew for each criterion's id."""

    def again(judged: Judged, waived: frozenset[str]) -> Without:
        entries = evidence.get(judged.criterion.evidence, ())
        if len(entries) > 1:
            return Without(None, problem="findings of several legs cannot be waived one by one")
        entry = entries[0] if entries else None
        if not isinstance(entry, Collected):
            return Without(None, problem=f"there are no {judged.criterion.evidence} findings")
        if EACH in judged.criterion.select:
            return _of_elements(judged, waived, entry)
        return _of_facts(judged, reduced.get(judged.criterion.id, NOT_LOOKED), entry, expects)

    return again


def _of_elements(judged: Judged, waived: frozenset[str], evidence: Collected) -> Without:
    if judged.survey is None:
        return Without(None, problem="there are no elements")
    marked = list(of_elements(judged.survey))
    found = waived & {fingerprint for _element, fingerprint in marked}
    failing = tuple(element for element, fingerprint in marked if fingerprint not in waived)
    return Without(judge_survey(replace(judged.survey, failing=failing), evidence), found, found)


def _of_facts(judged: Judged, reduced: Reduced, evidence: Collected, expects: Collection[str]) -> Without:
    if reduced.evidence is None:
        return Without(None, problem=reduced.problem)
    fit = sound(reduced.evidence)
    if not isinstance(fit, Collected):
        return Without(None, problem="without them the facts do not fit their schema")
    second = judge_criterion(judged.criterion, (fit,), expects)
    counted = reduced.matched & {finding.fingerprint for finding in findings_behind(judged, evidence)}
    if not counted and (second.outcome, second.reason) != (judged.outcome, judged.reason):
        # The table of what is behind a fact does not know this one; that it changed says enough.
        counted = reduced.matched
    return Without(second, counted, reduced.matched, reduced.shared, "", fit)
