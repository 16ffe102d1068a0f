"""Findings that are made when somebody looks at them.

A report may hold half a million results, of which a run often needs only how many there are of each sort. So a reader
may count first and make the findings later, or never.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from threading import Lock
from typing import TypeAlias, overload

from gate.model.finding import Finding, Severity
from gate.model.json import Json

BASELINE_STATES = frozenset({"new", "unchanged", "updated"})

Sort: TypeAlias = tuple[str, Severity, bool, bool | None, str | None, str | None]
"""What findings are counted by: tool, severity, suppressed, new, by what kind suppressed, state since the baseline."""


class LazyFindings(Sequence[Finding]):
    """A tuple of findings of which the `tally` is known at once and the items from the first look on.

    `make` is called once, by whichever thread looks first, and must not raise. It is equal to a tuple of the same
    findings, and becomes one when it is pickled or copied.
    """

    __slots__ = ("_length", "_lock", "_made", "_make", "tally")

    def __init__(self, tally: Mapping[Sort, int], make: Callable[[], Iterable[Finding]]) -> None:
        self.tally = tally
        self._length = sum(tally.values())
        self._make: Callable[[], Iterable[Finding]] | None = make
        self._made: tuple[Finding, ...] = ()
        self._lock = Lock()

    def _all(self) -> tuple[Finding, ...]:
        if self._make is not None:
            with self._lock:
                if self._make is not None:
                    self._made = tuple(self._make())
                    self._make = None  # and with it all that the findings were made of
        return self._made

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._all())

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Finding, ...]: ...
    def __getitem__(self, index: int | slice) -> Finding | tuple[Finding, ...]:
        return self._all()[index]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (LazyFindings, tuple)):
            return NotImplemented
        return len(self) == len(other) and self._all() == tuple(other)

    def __hash__(self) -> int:
        return hash(self._all())

    def __repr__(self) -> str:
        return f"<{self._length:,} findings>"

    def __reduce__(self) -> tuple[type[tuple[Finding, ...]], tuple[tuple[Finding, ...]]]:
        return tuple, (self._all(),)


def tally(findings: Sequence[Finding]) -> Mapping[Sort, int]:
    """Return how many findings there are of each sort, without making those that are not made yet."""
    return findings.tally if isinstance(findings, LazyFindings) else Counter(map(_sort, findings))


def _sort(finding: Finding) -> Sort:
    by = baseline = None
    if finding.properties:
        state = finding.properties.get("baseline_state")
        baseline = state if isinstance(state, str) and state in BASELINE_STATES else None
    if finding.suppressed:
        by = _suppressed_by(finding.properties.get("suppressions"))
    return finding.tool, finding.severity, finding.suppressed, finding.new, by, baseline


def _suppressed_by(suppressions: Json) -> str:
    first = suppressions[0] if isinstance(suppressions, list) and suppressions else None
    kind = first.get("kind") if isinstance(first, dict) else None
    return kind if kind in ("in_source", "external") else "other"
