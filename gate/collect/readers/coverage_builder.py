"""Makes the files of a coverage report from lines that come in any order, and refuses values of no sense."""

from __future__ import annotations

from array import array
from itertools import islice
from operator import gt, lt
from typing import Final

from gate.collect.readers.coverage_data import FileCoverage, LineTable, shown
from gate.collect.readers.errors import ReportError

MAX_LINE: Final = 10_000_000
"""The largest number of a line that a reader believes."""
MAX_HITS: Final = 2**63 - 1
"""The largest number of hits that a reader believes."""
MAX_LINES: Final = 20_000_000
"""How many line entries one report may hold."""
MAX_FILES: Final = 1_000_000
"""How many files one report may name."""
MAX_PATH: Final = 4096
"""The longest path, in characters, that a report may name."""


class FileBuilder:
    """Collects the lines of one file in any order, with repeats: a line is covered if any mention of it is."""

    __slots__ = ("branches", "flags", "hint", "numbers", "path")

    def __init__(self, path: str, hint: str = "") -> None:
        self.path = path
        self.hint = hint
        self.numbers = array("I")
        self.flags = bytearray()
        self.branches: dict[int, tuple[int, int]] = {}

    def add_lines(self, numbers: list[int], hits: list[int]) -> None:
        """Add lines with their hits, two lists of the same length. Raises ReportError for values of no sense."""
        if not numbers:
            return
        if min(numbers) < 1 or max(numbers) > MAX_LINE:
            wrong = next(number for number in numbers if not 1 <= number <= MAX_LINE)
            raise ReportError(f'names line {wrong} of "{shown(self.path)}", which no source file has')
        if min(hits) < 0 or max(hits) > MAX_HITS:
            index, wrong = next((at, count) for at, count in enumerate(hits) if not 0 <= count <= MAX_HITS)
            raise ReportError(f'says line {numbers[index]} of "{shown(self.path)}" was run {wrong} times')
        self.numbers.extend(numbers)
        self.flags.extend(map(gt, hits, _ZEROS) if len(hits) <= len(_ZEROS) else (count > 0 for count in hits))

    def add_branches(self, line: int, covered: int, total: int) -> None:
        """Add the branches of one line; of several mentions the greatest counts stand. Raises ReportError."""
        if not 1 <= line <= MAX_LINE or not 0 <= covered <= total <= MAX_LINE:
            raise ReportError(f'says {covered} of {total} branches were taken on line {line} of "{shown(self.path)}"')
        before = self.branches.get(line)
        if before is not None:
            covered, total = max(covered, before[0]), max(total, before[1])
        if total:
            self.branches[line] = (covered, total)

    def finish(self) -> FileCoverage:
        """Return the file, each line once."""
        return FileCoverage(self.path, _table(self.numbers, self.flags), self.branches, self.hint)


_ZEROS: Final = (0,) * 65_536


def _table(numbers: array[int], flags: bytearray) -> LineTable:
    if all(map(lt, numbers, islice(numbers, 1, None))):
        return LineTable(numbers, bytes(flags))
    lines = dict.fromkeys(numbers, False)
    lines.update(dict.fromkeys((number for number, flag in zip(numbers, flags, strict=True) if flag), True))
    return LineTable.of(lines)


class ReportBuilder:
    """Collects the files of one report, a file that is named again included."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, str], FileBuilder] = {}
        self._room = MAX_LINES

    def file(self, path: str, hint: str = "") -> FileBuilder:
        """Return the builder of a file, the same one each time. Raises ReportError for a path of no sense."""
        builder = self._files.get((path, hint))
        if builder is None:
            if not path or len(path) > MAX_PATH or "\0" in path:
                raise ReportError(f'names a source file "{shown(path)}", which is no path')
            if len(self._files) >= MAX_FILES:
                raise ReportError(f"names more than {MAX_FILES:,} source files")
            builder = self._files[path, hint] = FileBuilder(path, hint)
        return builder

    def reserve(self, count: int) -> None:
        """Note that so many line entries are about to be added. Raises ReportError when it is too many in all."""
        self._room -= count
        if self._room < 0:
            raise ReportError(f"holds more than {MAX_LINES:,} lines; split it into several reports")

    def finish(self) -> tuple[FileCoverage, ...]:
        """Return the files in the order in which they were first named."""
        return tuple(builder.finish() for builder in self._files.values())
