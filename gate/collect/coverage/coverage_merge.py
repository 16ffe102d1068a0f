"""Several coverage reports as one: each source file once, whatever the reports call it."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from gate.collect.coverage.coverage_paths import Miss, PathMap, Written, is_absolute, normalise
from gate.collect.readers.coverage_data import NOTHING, CoverageReport, FileCoverage, FileTotals, Tally, merge
from gate.model.evidence import Gap


@dataclass(frozen=True, slots=True)
class MergedFile:
    """One source file over all reports. `coverage` is None if no report knows its lines, only their totals."""

    path: str
    tracked: bool
    lines: Tally
    branches: Tally
    coverage: FileCoverage | None


@dataclass(frozen=True, slots=True)
class Merged:
    """What all reports say together. Files are sorted by path; those that are not tracked keep the path as written."""

    files: tuple[MergedFile, ...]
    gaps: tuple[Gap, ...] = ()

    def within(self, scope: str) -> Merged:
        """Leave out the tracked files that are not below a folder; "" keeps all."""
        if not scope:
            return self
        files = (item for item in self.files if not item.tracked or item.path.startswith(f"{scope}/"))
        return Merged(tuple(files), self.gaps)

    @property
    def lines(self) -> Tally:
        """Covered of all lines."""
        return sum((item.lines for item in self.files), NOTHING)

    @property
    def branches(self) -> Tally:
        """Taken of all branches."""
        return sum((item.branches for item in self.files), NOTHING)


def written_paths(reports: Iterable[CoverageReport]) -> list[Written]:
    """Return every path that the reports write."""
    return [
        written
        for report in reports
        for written in (
            *(Written(item.path, report.roots, item.hint) for item in report.files),
            *(Written(item.path, report.roots) for item in report.totals),
        )
    ]


class _Names:
    """Gives each written path its one name, and remembers which had two."""

    def __init__(self, paths: PathMap) -> None:
        self._paths = paths
        self.ambiguous: dict[str, None] = {}

    def name(self, path: str, report: CoverageReport, hint: str = "") -> str:
        found = self._paths.resolve(Written(path, report.roots, hint))
        if isinstance(found, str):
            return found
        clean = normalise(path)
        if found is Miss.AMBIGUOUS:
            self.ambiguous[clean] = None
        if not is_absolute(clean) and len(report.roots) == 1:
            return posixpath.normpath(posixpath.join(normalise(report.roots[0]), clean))
        return clean


def merge_reports(reports: Sequence[CoverageReport], paths: PathMap) -> Merged:
    """Merge by file and line. What cannot be joined is a gap.

    A report of totals only adds nothing to a file whose lines another report knows. Of several such totals for one file
    the greatest stands, which is never more than the truth, unless they disagree about how many lines there are.
    """
    names = _Names(paths)
    by_line: dict[str, list[FileCoverage]] = {}
    totals: dict[str, list[FileTotals]] = {}
    for report in reports:
        for item in report.files:
            by_line.setdefault(names.name(item.path, report, item.hint), []).append(item)
        for entry in report.totals:
            totals.setdefault(names.name(entry.path, report), []).append(entry)
    tracked = paths.tracked
    files = [_join(path, parts, path in tracked) for path, parts in by_line.items()]
    gaps = []
    for path, entries in totals.items():
        if path not in by_line:
            files.append(_greatest(path, entries, path in tracked))
            if len({item.lines.total for item in entries}) > 1:
                gaps.append(
                    Gap(path, "has different totals in reports that know no lines, so they cannot be joined", path)
                )
    in_doubt = ("patch", "paths") if len(reports) == 1 else ("files", "lines", "branches", "patch", "paths")
    gaps += [
        Gap(name, "may be any of several files of this repository that end in the same path", facts=in_doubt)
        for name in names.ambiguous
    ]
    return Merged(tuple(sorted(files, key=lambda item: item.path)), tuple(gaps))


def _join(path: str, parts: list[FileCoverage], tracked: bool) -> MergedFile:
    joined = merge(parts, path)
    return MergedFile(path, tracked, joined.lines.tally, joined.branch_tally, joined)


def _greatest(path: str, entries: list[FileTotals], tracked: bool) -> MergedFile:
    def greatest(of: Callable[[FileTotals], Tally]) -> Tally:
        tallies = [of(item) for item in entries]
        total = max(tally.total for tally in tallies)
        return Tally(min(total, max(tally.covered for tally in tallies)), total)

    return MergedFile(path, tracked, greatest(lambda item: item.lines), greatest(lambda item: item.branches), None)
