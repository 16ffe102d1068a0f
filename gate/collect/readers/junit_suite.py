"""A suite of a JUnit XML report while it is read."""

from __future__ import annotations

from dataclasses import dataclass, field

from gate.collect.readers.case_report import Outcome
from gate.collect.readers.junit_counts import Comparison, Counts, Dialect


@dataclass(slots=True)
class Suite:
    """A suite that is open. `own` counts its own cases, `below` those of the suites in it."""

    names: tuple[str, ...]
    file: str
    dialect: Dialect
    comparison: Comparison
    own: Counts
    below: Counts
    seconds: float | None = None
    seen: set[int] = field(default_factory=set)
    """hashes of the names of cases, kept for pytest only"""
    told: dict[int, tuple[Outcome, bool]] = field(default_factory=dict)
    """outcome and flakiness by the same hashes, of all that did not simply pass"""
