"""Infracost's JSON (`infracost breakdown --format json`): what the infrastructure costs a month.

The layout is documented at https://www.infracost.io/docs/features/cli_commands/#breakdown: `version`, `currency`,
`totalMonthlyCost` (a text that holds a decimal number), `projects[]`, and `summary` with what has no known price.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from gate.collect.readers.errors import ReportError
from gate.collect.readers.json_members import Members
from gate.formats.strict_json import JsonProblem, loads
from gate.model.json import Json

_LIMIT = 64 * 1024 * 1024
_MAX_PROJECTS = 10_000


@dataclass(frozen=True, slots=True)
class Cost:
    """One report. `monthly` is in `currency` ("USD"); `unsupported` counts resources whose price is not known."""

    monthly: float
    currency: str
    projects: int
    unsupported: int


def read_infracost(data: bytes) -> Cost:
    """Return what a report says. Raises ReportError."""
    if not data.strip():
        raise ReportError("is empty: infracost ended before it wrote a report")
    try:
        document = loads(data, limit=_LIMIT)
    except JsonProblem as problem:
        raise ReportError(f"cannot be read as JSON: {problem.reason}", problem.line) from None
    if not isinstance(document, dict):
        raise ReportError("is not Infracost's JSON: it is no object")
    top = Members(document, "", "Infracost's JSON")
    projects = top.objects("projects", _MAX_PROJECTS)
    if not projects:
        raise ReportError("names no project, so it says nothing about costs")
    unsupported = top.object("summary").number("totalUnsupportedResources")
    return Cost(
        monthly=_amount(document.get("totalMonthlyCost")),
        currency=(top.text("currency") or "USD")[:10],
        projects=len(projects),
        unsupported=int(unsupported or 0),
    )


def _amount(value: Json) -> float:
    """Return an amount of money. Raises ReportError."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            amount = float(value)
        except (ValueError, OverflowError):
            amount = math.nan
        if math.isfinite(amount) and amount >= 0:
            return amount
    raise ReportError("names no totalMonthlyCost, so it says nothing about costs")
