"""Which objective an alert on failures watches over. Pure.

An alert on a share of failures is right for an objective when it fires before the error budget is spent. For a plain
threshold the budget is the threshold. For an alert on the burn rate it is the threshold divided by the factor, as the
Site Reliability Workbook has it (https://sre.google/workbook/alerting-on-slos/): a factor is known where it stands in
the expression as one of a product, or where the pair of windows is one of the book's.
"""

from __future__ import annotations

from collections.abc import Sequence

from gate.collect.prometheus.conditions import Condition
from gate.collect.prometheus.subjects import ERRORS, Subject

FACTORS = (14.4, 14.0, 13.44, 7.0, 6.0, 5.6, 3.0, 2.8, 2.0, 1.0, 0.933)
"""Burn rates of the book, for a period of 30 days, and the same for one of 28."""
_WINDOWS = {3_600.0: 14.4, 21_600.0: 6.0, 86_400.0: 3.0, 259_200.0: 1.0}
"""Long window in seconds → factor; the short window is a twelfth of it."""
_NEAR = 1e-6


Parts = Sequence[tuple[Condition, Subject | None]]
"""Conditions that must hold at once, with their subjects."""


def objective_percent(alternatives: Sequence[Parts]) -> float | None:
    """Return the objective in percent (99.9) that an alert on failures watches over, None for any other alert.

    Where several conditions must hold at once, the loosest says when it fires; of several alternatives, the strictest.
    """
    budgets = [_budget(parts) for each in alternatives if (parts := [part for part in each if _counts(*part)])]
    told = [budget for budget in budgets if 0 <= budget <= 1]
    return round(100 - 100 * min(told), 9) if told else None


def burn_rate(condition: Condition) -> float | None:
    """Return the factor of a threshold that is written as one times the budget, None for any other threshold."""
    if condition.product is None:
        return None
    for factor, budget in (condition.product, condition.product[::-1]):
        if any(abs(factor - known) < _NEAR for known in FACTORS) and 0 < abs(budget) < 0.5:
            return factor
    return None


def _counts(condition: Condition, subject: Subject | None) -> bool:
    return subject is not None and subject.about == ERRORS and subject.ratio is not None and not condition.negated


def _budget(parts: Parts) -> float:
    factor = _factor_of_windows(parts) or 1.0
    return max((subject.ratio or 0.0) / (burn_rate(condition) or factor) for condition, subject in parts if subject)


def _factor_of_windows(found: Parts) -> float | None:
    """Return the factor that the two windows of an alert stand for: an hour with five minutes is 14.4."""
    windows = sorted({subject.window for _condition, subject in found if subject and subject.window})
    ratios = {round(subject.ratio, 12) for _condition, subject in found if subject and subject.ratio is not None}
    if len(windows) != 2 or len(ratios) != 1:
        return None
    short, long = windows
    return _WINDOWS.get(long) if abs(short * 12 - long) < 1 else None
