"""What a coverage report says, whatever its format, and how several of them become one.

Lines are kept in five bytes each (a sorted array of numbers and one byte of "covered"), so that a report of a million
lines costs megabytes. Every count is made from the lines; what a report states about its totals is only compared.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from gate.collect.readers.errors import ReportError

Branches = Mapping[int, tuple[int, int]]
"""Per line that decides: how many of its branches were taken, of how many."""


@dataclass(frozen=True, slots=True)
class Tally:
    """So many of so many."""

    covered: int
    total: int

    @property
    def missing(self) -> int:
        """How many are not covered."""
        return self.total - self.covered

    @property
    def percent(self) -> float | None:
        """0-100, rounded to 4 decimals; None of nothing. Only all of all is 100, only none is 0."""
        if not self.total:
            return None
        rounded = round(100 * self.covered / self.total, 4)
        if self.missing and rounded >= 100:
            return 99.9999
        return rounded

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.covered + other.covered, self.total + other.total)


NOTHING: Final = Tally(0, 0)


class LineTable:
    """The executable lines of one file, sorted by number, each covered or not."""

    __slots__ = ("_flags", "_numbers")

    def __init__(self, numbers: array[int], flags: bytes) -> None:
        self._numbers = numbers
        self._flags = flags

    @classmethod
    def of(cls, lines: Mapping[int, bool]) -> LineTable:
        """Make a table of {number of line: covered}."""
        order = sorted(lines)
        return cls(array("I", order), bytes(lines[number] for number in order))

    def items(self) -> Iterator[tuple[int, bool]]:
        """Yield (number of line, covered) in order."""
        return zip(self._numbers, map(bool, self._flags), strict=True)

    def as_dict(self) -> dict[int, bool]:
        """Return {number of line: covered}."""
        return dict(self.items())

    @property
    def tally(self) -> Tally:
        """Covered lines of executable lines."""
        return Tally(self._flags.count(1), len(self._flags))

    def __len__(self) -> int:
        return len(self._flags)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LineTable):
            return NotImplemented
        return self._numbers == other._numbers and self._flags == other._flags

    def __hash__(self) -> int:
        return hash((len(self._flags), self._flags))

    def __repr__(self) -> str:
        return f"LineTable({self.tally.covered} of {self.tally.total})"


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """One source file. `path` is as the report writes it; a file that was measured and has no line is kept, empty.

    `hint` is a folder that the report places the file in (the module of a JaCoCo group), to tell namesakes apart.
    """

    path: str
    lines: LineTable
    branches: Branches = field(default_factory=dict)
    hint: str = ""

    @property
    def branch_tally(self) -> Tally:
        """Taken branches of all branches."""
        pairs = self.branches.values()
        return Tally(sum(taken for taken, _ in pairs), sum(total for _, total in pairs))


@dataclass(frozen=True, slots=True)
class FileTotals:
    """One source file of a format that gives totals only, so that nothing is known of any single line."""

    path: str
    lines: Tally
    branches: Tally = NOTHING


@dataclass(frozen=True, slots=True)
class Problem:
    """What casts doubt on a report. `reason` completes "REPORT: …"; `facts` as in `Gap`, none means all of them."""

    reason: str
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """One report. `roots` are the folders that it says its paths are relative to.

    `problems` are such as totals that are not those of its lines.
    """

    format: str
    files: tuple[FileCoverage, ...]
    totals: tuple[FileTotals, ...] = ()
    roots: tuple[str, ...] = ()
    tool: str | None = None
    version: str | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def lines(self) -> Tally:
        """Covered of executable lines, over all files."""
        tallies = [item.lines.tally for item in self.files] + [item.lines for item in self.totals]
        return sum(tallies, NOTHING)

    @property
    def branches(self) -> Tally:
        """Taken of all branches, over all files."""
        tallies = [item.branch_tally for item in self.files] + [item.branches for item in self.totals]
        return sum(tallies, NOTHING)


def merge(files: Iterable[FileCoverage], path: str) -> FileCoverage:
    """Join what several reports say about one file: a line is covered if any of them covers it.

    Of the branches of a line, the greatest numbers of taken and of all branches stand: which ones were taken is not
    told by every format, so the result is never more than the truth.
    """
    parts = list(files)
    if len(parts) == 1:
        return FileCoverage(path, parts[0].lines, parts[0].branches)
    lines: dict[int, bool] = {}
    branches: dict[int, tuple[int, int]] = {}
    for part in parts:
        for number, covered in part.lines.items():
            lines[number] = covered or lines.get(number, False)
        for number, (taken, total) in part.branches.items():
            before = branches.get(number, (0, 0))
            branches[number] = (max(taken, before[0]), max(total, before[1]))
    return FileCoverage(path, LineTable.of(lines), branches)


def shown(text: str, limit: int = 120) -> str:
    """Return text of a report fit for a sentence: one line, no control characters, not too long."""
    clean = "".join(char if char.isprintable() else "�" for char in text[: limit + 1])
    return clean if len(clean) <= limit else clean[:limit] + "…"


def disagreements(lines: tuple[Tally, ...] | None, branches: tuple[Tally, ...] | None) -> tuple[Problem, ...]:
    """Return what to say about stated totals, each given as (stated, counted, counted in another way, …).

    None where a report states none. A tally that is counted in any of the ways agrees.
    """
    problems = []
    for what, tallies, facts in (("lines", lines, ()), ("branches", branches, ("branches",))):
        if tallies is not None and tallies[0] not in tallies[1:]:
            stated, counted = tallies[:2]
            reason = (
                f"states that {stated.covered:,} of {stated.total:,} {what} are covered, "
                f"but its own entries count {counted.covered:,} of {counted.total:,}"
            )
            problems.append(Problem(reason, facts))
    return tuple(problems)


def stated_tally(attributes: Mapping[str, str], covered: str, total: str) -> Tally | None:
    """Return totals that two attributes state, None where they are not both there. Raises ReportError if no numbers."""
    if covered not in attributes or total not in attributes:
        return None
    try:
        return Tally(_whole(attributes[covered]), _whole(attributes[total]))
    except (ValueError, OverflowError):
        told = f'{covered}="{shown(attributes[covered], 30)}" and {total}="{shown(attributes[total], 30)}"'
        raise ReportError(f"states {told}, which are not two whole numbers") from None


def _whole(text: str) -> int:
    """Read a whole number, also one that is written as "1.0". Raises ValueError or OverflowError."""
    try:
        return int(text)
    except ValueError:
        number = float(text)
        if number != int(number):
            raise
        return int(number)
