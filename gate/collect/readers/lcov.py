"""LCOV tracefiles, as lcov, coverage.py, Istanbul, LLVM and many others write them.

Format: the man page geninfo(1), section FILES. One record for each source file, from `SF:` to `end_of_record`; `DA:` is
a line with its hits, `BRDA:` one branch, `LF`/`LH` and `BRF`/`BRH` the totals of the record. Functions are not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gate.collect.readers.coverage_builder import MAX_LINE, FileBuilder, ReportBuilder
from gate.collect.readers.coverage_data import (
    NOTHING,
    CoverageReport,
    FileCoverage,
    Problem,
    Tally,
    disagreements,
    shown,
)
from gate.collect.readers.errors import ReportError
from gate.collect.readers.text_lines import text_lines


class _Record:
    """One record in the making."""

    __slots__ = ("branches", "builder", "functions_first", "hits", "numbers", "seen", "stated", "taken")

    def __init__(self, builder: FileBuilder) -> None:
        self.builder = builder
        self.numbers: list[int] = []
        self.hits: list[int] = []
        self.taken: dict[tuple[int, bytes], bool] = {}
        self.stated: dict[bytes, int] = {}
        self.seen = NOTHING
        self.branches = NOTHING
        self.functions_first = False

    def flush(self, report: ReportBuilder) -> None:
        """Pack the waiting lines."""
        if self.numbers:
            report.reserve(len(self.numbers))
            self.builder.add_lines(self.numbers, self.hits)
            covered = len(self.hits) - self.hits.count(0)
            self.seen += Tally(covered, len(self.hits))
            self.numbers.clear()
            self.hits.clear()

    def end(self, report: ReportBuilder) -> None:
        """Pack what is left."""
        self.flush(report)
        per_line: dict[int, tuple[int, int]] = {}
        for (line, _), taken in self.taken.items():
            covered, total = per_line.get(line, (0, 0))
            per_line[line] = (covered + taken, total + 1)
        report.reserve(len(per_line))
        for line, (covered, total) in per_line.items():
            self.builder.add_branches(line, covered, total)
        self.branches = Tally(sum(self.taken.values()), len(self.taken))


class _Reader:
    def __init__(self) -> None:
        self.report = ReportBuilder()
        self.record: _Record | None = None
        self.stated_lines = NOTHING
        self.stated_branches = NOTHING
        self.counted_lines = NOTHING
        self.counted_branches = NOTHING
        self.tests_named = False
        self.from_gcovr = False
        self.functions_first = True
        self.records = 0

    def read(self, blocks: Iterator[tuple[int, list[bytes]]]) -> None:
        """Read all lines. Raises ReportError with the line."""
        for first, block in blocks:
            number, line = first, b""
            record = self.record
            numbers, hits = (record.numbers, record.hits) if record else (None, None)
            try:
                for number, line in enumerate(block, first):  # noqa: B007 - the handlers below name it
                    if line[:3] == b"DA:":
                        if numbers is None or hits is None:
                            raise ReportError("has a DA: line outside any record")
                        fields = line.split(b",", 2)
                        numbers.append(int(fields[0][3:]))
                        hits.append(int(fields[1]))
                    else:
                        record = self.other(line.strip())
                        numbers, hits = (record.numbers, record.hits) if record else (None, None)
                if record is not None:
                    record.flush(self.report)
            except (ValueError, IndexError):
                raise ReportError(f'has the entry "{_text(line)}", which is not one of LCOV', number) from None
            except ReportError as error:
                raise ReportError(error.reason, error.line or number) from None

    def other(self, line: bytes) -> _Record | None:
        """Read any line but DA; return the record that is open behind it."""
        key, colon, value = line.partition(b":")
        if line == b"end_of_record":
            self.end_record()
        elif key == b"SF" and colon:
            if self.record is not None:
                raise ReportError("begins a record inside another; end_of_record was expected")
            self.record = _Record(self.report.file(value.decode("utf-8")))
        elif key == b"BRDA":
            self.branch(value)
        elif key in (b"LF", b"LH", b"BRF", b"BRH") and self.record is not None:
            self.record.stated[key] = int(value)
        elif key == b"TN":
            self.tests_named = True
            self.from_gcovr |= value == b"GCOVR_report"
        elif key == b"FNF" and self.record is not None and not self.record.numbers:
            self.record.functions_first = True
        elif line and not colon and line[:1] != b"#":
            raise ValueError
        return self.record

    def branch(self, value: bytes) -> None:
        """Read one branch: LINE,[e]BLOCK,BRANCH,TAKEN where TAKEN is `-` if the line was never reached."""
        if self.record is None:
            raise ReportError("has a BRDA: line outside any record")
        head, _, taken = value.rpartition(b",")
        number, _, name = head.partition(b",")
        line, count = int(number), 0 if taken == b"-" else int(taken)
        if not 1 <= line <= MAX_LINE or count < 0 or not name:
            raise ValueError
        key = (line, name)
        self.record.taken[key] = count > 0 or self.record.taken.get(key, False)

    def end_record(self) -> None:
        record = self.record
        if record is None:
            raise ReportError("ends a record that it did not begin")
        record.end(self.report)
        self.records += 1
        self.record = None
        self.functions_first &= record.functions_first
        stated = record.stated
        if b"LF" in stated:
            self.stated_lines += Tally(stated.get(b"LH", 0), stated[b"LF"])
            self.counted_lines += record.seen
        if b"BRF" in stated:
            self.stated_branches += Tally(stated.get(b"BRH", 0), stated[b"BRF"])
            self.counted_branches += record.branches

    def problems(self, files: Iterable[FileCoverage]) -> tuple[Problem, ...]:
        """Compare what the records state with what they hold.

        A record that names a line twice may count it once or twice. LLVM (no TN:, the functions first) adds up its
        totals over functions, so that a line of a closure or of a template counts several times; gcovr does so too, and
        leaves the first lines of functions out.
        """
        lines, counted = self.stated_lines, self.counted_lines
        distinct = sum((item.lines.tally for item in files), NOTHING)
        from_llvm = not self.tests_named and self.functions_first and lines.total >= counted.total
        if from_llvm or self.from_gcovr:
            lines = counted
        return disagreements((lines, counted, distinct), (self.stated_branches, self.counted_branches))


def _text(line: bytes) -> str:
    return shown(line.decode("utf-8", "replace"), 60)


def read_lcov(chunks: Iterable[bytes]) -> CoverageReport:
    """Read an LCOV tracefile.

    Raises ReportError (with the line) for anything that is not LCOV, for a record that is cut off, and for numbers of
    no sense. Stated totals that differ from the counted ones are a problem of the report.
    """
    reader = _Reader()
    reader.read(text_lines(chunks))
    if reader.record is not None:
        raise ReportError(f'ends in the middle of the record of "{shown(reader.record.builder.path)}": it is cut off')
    if not reader.records:
        raise ReportError("holds no record, so it is not an LCOV report")
    files = reader.report.finish()
    return CoverageReport("LCOV", files, problems=reader.problems(files))
