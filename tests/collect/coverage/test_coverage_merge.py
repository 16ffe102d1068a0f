from __future__ import annotations

from gate.collect.coverage.coverage_merge import merge_reports, written_paths
from gate.collect.coverage.coverage_paths import path_map
from gate.collect.readers.coverage_data import CoverageReport, FileCoverage, FileTotals, LineTable, Tally


def lines(*files: tuple[str, dict[int, bool]], roots: tuple[str, ...] = ()) -> CoverageReport:
    return CoverageReport("LCOV", tuple(FileCoverage(path, LineTable.of(of)) for path, of in files), roots=roots)


def totals(*files: tuple[str, Tally]) -> CoverageReport:
    return CoverageReport("Istanbul json-summary", (), tuple(FileTotals(*item, Tally(1, 2)) for item in files))


def merged(tree: list[str], *reports: CoverageReport) -> tuple[dict[str, Tally], list[tuple[str, tuple[str, ...]]]]:
    found = merge_reports(reports, path_map(tree, written_paths(reports)))
    return {item.path: item.lines for item in found.files}, [(gap.subject, gap.facts) for gap in found.gaps]


def test_of_several_totals_the_greatest_stands() -> None:
    found = merged(["a.js"], totals(("a.js", Tally(1, 4))), totals(("/app/a.js", Tally(1, 4)), ("a.js", Tally(3, 4))))
    assert found[0]["a.js"] == Tally(3, 4)


def test_totals_that_disagree_about_how_many_lines_there_are_cannot_be_joined() -> None:
    files, gaps = merged(["a.js"], totals(("a.js", Tally(4, 4))), totals(("a.js", Tally(1, 5))))
    assert files == {"a.js": Tally(4, 5)}
    assert gaps == [("a.js", ())]


def test_lines_stand_before_totals() -> None:
    files, gaps = merged(["a.js"], totals(("a.js", Tally(4, 4))), lines(("a.js", {1: False})))
    assert files == {"a.js": Tally(0, 1)}
    assert gaps == []


def test_untracked_files_are_joined_by_the_path_that_their_source_gives_them() -> None:
    one = lines(("gen.py", {1: True}), roots=("/app/build",))
    two = lines(("/app/build/gen.py", {1: False, 2: True}))
    other = lines(("gen.py", {1: True}))
    assert merged([], one, two, other)[0] == {"/app/build/gen.py": Tally(2, 2), "gen.py": Tally(1, 1)}


def test_a_name_of_two_files_puts_the_totals_of_several_reports_in_doubt() -> None:
    report = lines(("util.py", {1: True}))
    _, gaps = merged(["a/util.py", "b/util.py"], report, lines(("a/util.py", {1: True})))
    assert gaps == [("util.py", ("files", "lines", "branches", "patch", "paths"))]
