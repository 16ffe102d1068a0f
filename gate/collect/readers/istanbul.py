"""The JSON reports of Istanbul (nyc, c8, Jest, Vitest): `json-summary` and `json` (coverage-final.json).

Formats: istanbuljs, packages istanbul-reports and istanbul-lib-coverage. The summary maps each path, and `total`, to
{lines, statements, functions, branches}, each {total, covered, skipped, pct}; it knows no line. The full report maps
each path to statementMap with s, and branchMap with b; a line counts as the statements that begin on it do.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from gate.collect.readers.coverage_builder import MAX_LINE, ReportBuilder
from gate.collect.readers.coverage_data import NOTHING, CoverageReport, FileTotals, Problem, Tally, disagreements, shown
from gate.collect.readers.coverage_json import decode, whole
from gate.collect.readers.errors import ReportError


class _Metric(msgspec.Struct):
    total: int
    covered: int

    def tally(self, path: str) -> Tally:
        """This metric as a tally. Raises ReportError."""
        if not 0 <= self.covered <= self.total <= MAX_LINE:
            raise ReportError(f'says {self.covered} of {self.total} are covered in "{shown(path)}"')
        return Tally(self.covered, self.total)


class _Summary(msgspec.Struct):
    lines: _Metric
    branches: _Metric


class _Position(msgspec.Struct):
    line: int | None = None


class _Range(msgspec.Struct):
    start: _Position


class _Branch(msgspec.Struct):
    loc: _Range | None = None
    line: int | None = None

    @property
    def first_line(self) -> int | None:
        """The line that decides."""
        if self.line is not None:
            return self.line
        return self.loc.start.line if self.loc else None


class _File(msgspec.Struct, rename={"statements": "statementMap", "branches": "branchMap"}):
    statements: dict[str, _Range]
    s: dict[str, int]
    branches: dict[str, _Branch] = {}
    b: dict[str, list[int]] = {}


def read_istanbul_summary(chunks: Iterable[bytes]) -> CoverageReport:
    """Read a json-summary: totals of each file. Raises ReportError."""
    files = decode(whole(chunks), dict[str, _Summary], "a json-summary of Istanbul")
    total = files.pop("total", None)
    totals = tuple(
        FileTotals(path, item.lines.tally(path), item.branches.tally(path)) for path, item in files.items() if path
    )
    problems: tuple[Problem, ...] = ()
    if total is not None:
        problems = disagreements(
            (total.lines.tally("total"), sum((item.lines for item in totals), NOTHING)),
            (total.branches.tally("total"), sum((item.branches for item in totals), NOTHING)),
        )
    return CoverageReport("Istanbul json-summary", (), totals, tool="istanbul", problems=problems)


def read_istanbul(chunks: Iterable[bytes]) -> CoverageReport:
    """Read a full report of Istanbul (coverage-final.json). Raises ReportError."""
    documents = decode(whole(chunks), dict[str, _File], "a coverage report of Istanbul")
    report = ReportBuilder()
    for path, item in documents.items():
        _add(report, path, item)
    return CoverageReport("Istanbul JSON", report.finish(), tool="istanbul")


def _add(report: ReportBuilder, path: str, item: _File) -> None:
    if item.statements.keys() != item.s.keys() or item.branches.keys() != item.b.keys():
        raise ReportError(f'does not count each statement and branch of "{shown(path)}" once')
    builder = report.file(path)
    numbers: list[int] = []
    hits: list[int] = []
    for key, place in item.statements.items():
        if place.start.line is None:
            raise ReportError(f'has a statement of "{shown(path)}" without a line')
        numbers.append(place.start.line)
        hits.append(item.s[key])
    report.reserve(len(numbers))
    builder.add_lines(numbers, hits)
    per_line: dict[int, tuple[int, int]] = {}
    for key, branch in item.branches.items():
        line = branch.first_line
        if line is None:
            continue
        covered, total = per_line.get(line, (0, 0))
        counts = item.b[key]
        if min(counts, default=0) < 0:
            raise ReportError(f'says a branch on line {line} of "{shown(path)}" was taken {min(counts)} times')
        per_line[line] = (covered + sum(count > 0 for count in counts), total + len(counts))
    for line, (covered, total) in per_line.items():
        builder.add_branches(line, covered, total)
