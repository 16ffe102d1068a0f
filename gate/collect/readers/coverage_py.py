"""The JSON report of coverage.py (`coverage json`, `pytest --cov-report=json`).

Format: coverage.py, "coverage json": `meta` with the version, `files` with the numbers of executed and missing lines
and the arcs of executed and missing branches, `totals`.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from gate.collect.readers.coverage_builder import ReportBuilder
from gate.collect.readers.coverage_data import NOTHING, CoverageReport, Tally, disagreements, shown
from gate.collect.readers.coverage_json import decode, whole
from gate.collect.readers.errors import ReportError


class _Summary(msgspec.Struct):
    covered_lines: int
    num_statements: int
    num_branches: int = 0
    covered_branches: int = 0


class _File(msgspec.Struct):
    executed_lines: list[int]
    missing_lines: list[int]
    executed_branches: list[tuple[int, int]] = []
    missing_branches: list[tuple[int, int]] = []


class _Meta(msgspec.Struct):
    version: str = ""


class _Document(msgspec.Struct):
    files: dict[str, _File]
    totals: _Summary
    meta: _Meta = msgspec.field(default_factory=_Meta)


def read_coverage_py(chunks: Iterable[bytes]) -> CoverageReport:
    """Read a JSON report of coverage.py.

    Raises ReportError for another document, for what is cut off, and for numbers of no sense. Totals that are not those
    of the lines are a problem of the report.
    """
    document = decode(whole(chunks), _Document, "a JSON report of coverage.py")
    report = ReportBuilder()
    branches = NOTHING
    for path, item in document.files.items():
        _add(report, path, item)
        taken = len(item.executed_branches)
        branches += Tally(taken, taken + len(item.missing_branches))
    files = report.finish()
    totals = document.totals
    counted = sum((item.lines.tally for item in files), NOTHING)
    problems = disagreements(
        (Tally(totals.covered_lines, totals.num_statements), counted),
        (Tally(totals.covered_branches, totals.num_branches), branches),
    )
    version = shown(document.meta.version, 40) or None
    return CoverageReport("coverage.py JSON", files, tool="coverage.py", version=version, problems=problems)


def _add(report: ReportBuilder, path: str, item: _File) -> None:
    executed, missing = item.executed_lines, item.missing_lines
    both = set(executed).intersection(missing)
    if both:
        raise ReportError(f'says line {min(both)} of "{shown(path)}" was both executed and missed')
    builder = report.file(path)
    report.reserve(len(executed) + len(missing) + len(item.executed_branches) + len(item.missing_branches))
    builder.add_lines(executed + missing, [1] * len(executed) + [0] * len(missing))
    per_line: dict[int, tuple[int, int]] = {}
    for arcs, taken in ((item.executed_branches, 1), (item.missing_branches, 0)):
        for line, _ in arcs:
            covered, total = per_line.get(line, (0, 0))
            per_line[line] = (covered + taken, total + 1)
    for line, (covered, total) in per_line.items():
        builder.add_branches(line, covered, total)
