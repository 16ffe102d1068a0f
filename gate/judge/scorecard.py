"""The score: a number for comparing runs of one policy. It decides nothing unless the policy says so (docs/scoring.md).

    score = 100 × Σ weight of the criteria that passed ÷ Σ weight of the criteria that apply

The weight of a `must` is 3, of a `should` 2, of a `may` 1. Only a pass earns anything. Criteria that do not apply are
left out of both sums. Rounded to one decimal; 100 is given only where everything passed, 0 only where nothing did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from gate.model.policy import Level
from gate.model.verdict import CategoryScore, CriterionResult, Outcome

WEIGHTS: dict[Level, int] = {Level.MUST: 3, Level.SHOULD: 2, Level.MAY: 1}


def score(results: Iterable[CriterionResult]) -> float | None:
    """Return the score of these results, 0 to 100, None where none of them applies."""
    applicable = [result for result in results if result.outcome is not Outcome.NOT_APPLICABLE]
    whole = sum(WEIGHTS[result.level] for result in applicable)
    earned = sum(WEIGHTS[result.level] for result in applicable if result.outcome is Outcome.PASS)
    return rounded(earned, whole) if whole else None


def rounded(earned: int, whole: int) -> float:
    """Return earned ÷ whole as a percentage with one decimal that reaches 100 and 0 only exactly."""
    if earned in (0, whole):
        return 100.0 if earned else 0.0
    return min(max(round(100 * earned / whole, 1), 0.1), 99.9)


def scorecard(results: Sequence[CriterionResult]) -> tuple[CategoryScore, ...]:
    """Return one line per category, in the order in which the results first name them."""
    categories = dict.fromkeys(result.category for result in results)
    return tuple(_line(name, [result for result in results if result.category == name]) for name in categories)


def _line(name: str, results: Sequence[CriterionResult]) -> CategoryScore:
    counts = Counter(result.outcome for result in results)
    return CategoryScore(name, score(results), {outcome: counts[outcome] for outcome in Outcome})
