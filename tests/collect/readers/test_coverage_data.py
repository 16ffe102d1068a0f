from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers.coverage_builder import MAX_HITS, MAX_LINE, FileBuilder, ReportBuilder
from gate.collect.readers.coverage_data import FileCoverage, LineTable, Tally, merge, shown, stated_tally
from gate.collect.readers.errors import ReportError

Lines = dict[int, bool]
lines_of_a_file = st.dictionaries(st.integers(1, 60), st.booleans())
branches_of_a_file = st.dictionaries(
    st.integers(1, 60), st.tuples(st.integers(0, 4), st.integers(0, 4)).map(lambda pair: (pair[0], sum(pair)))
)


def covering(lines: Lines, branches: dict[int, tuple[int, int]] | None = None) -> FileCoverage:
    return FileCoverage("a.py", LineTable.of(lines), branches or {})


class TestTally:
    @pytest.mark.parametrize(
        ("tally", "percent"),
        [
            (Tally(0, 0), None),
            (Tally(0, 7), 0.0),
            (Tally(7, 7), 100.0),
            (Tally(1, 3), 33.3333),
            (Tally(2310, 2838), 81.3953),
            (Tally(9_999_999, 10_000_000), 99.9999),
        ],
    )
    def test_percent_comes_from_the_counts(self, tally: Tally, percent: float | None) -> None:
        assert tally.percent == percent

    @given(st.integers(0, 10**9), st.integers(0, 10**9))
    def test_only_all_of_all_is_a_hundred(self, covered: int, missing: int) -> None:
        percent = Tally(covered, covered + missing).percent
        assert (percent == 100) == (missing == 0 and covered > 0)
        assert percent is None or 0 <= percent <= 100


class TestFileBuilder:
    def test_a_line_that_is_named_again_is_covered_if_any_mention_is(self) -> None:
        builder = FileBuilder("a.py")
        builder.add_lines([3, 1, 3, 1], [0, 2, 5, 0])
        assert builder.finish().lines.as_dict() == {1: True, 3: True}

    @given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 3))))
    def test_the_table_says_the_same_as_a_plain_dictionary(self, entries: list[tuple[int, int]]) -> None:
        builder = FileBuilder("a.py")
        plain: Lines = {}
        for at in range(0, len(entries), 3):
            part = entries[at : at + 3]
            builder.add_lines([number for number, _ in part], [hits for _, hits in part])
        for number, hits in entries:
            plain[number] = plain.get(number, False) or hits > 0
        table = builder.finish().lines
        assert list(table.items()) == sorted(plain.items())
        assert table.tally == Tally(sum(plain.values()), len(plain))

    def test_more_lines_than_the_fast_way_takes_at_once(self) -> None:
        builder = FileBuilder("a.py")
        builder.add_lines(list(range(1, 100_001)), [1] * 99_999 + [0])
        assert builder.finish().lines.tally == Tally(99_999, 100_000)

    @pytest.mark.parametrize("number", [0, -3, MAX_LINE + 1, 10**9, 10**30])
    def test_a_line_that_no_file_has_is_refused(self, number: int) -> None:
        with pytest.raises(ReportError, match=f'names line {number} of "a.py"'):
            FileBuilder("a.py").add_lines([1, number], [1, 1])

    @pytest.mark.parametrize("hits", [-1, MAX_HITS + 1, 10**40])
    def test_hits_of_no_sense_are_refused(self, hits: int) -> None:
        with pytest.raises(ReportError, match=f'line 2 of "a.py" was run {hits} times'):
            FileBuilder("a.py").add_lines([1, 2], [1, hits])

    @pytest.mark.parametrize(("covered", "total"), [(-1, 2), (3, 2), (0, MAX_LINE + 1)])
    def test_branches_of_no_sense_are_refused(self, covered: int, total: int) -> None:
        with pytest.raises(ReportError, match="branches were taken on line 1"):
            FileBuilder("a.py").add_branches(1, covered, total)


class TestReportBuilder:
    @pytest.mark.parametrize("path", ["", "a\0b", "x" * 5000])
    def test_a_path_that_is_none_is_refused(self, path: str) -> None:
        with pytest.raises(ReportError, match="which is no path"):
            ReportBuilder().file(path)

    def test_a_file_named_twice_is_one_file(self) -> None:
        report = ReportBuilder()
        report.file("a.py").add_lines([1], [0])
        report.file("a.py").add_lines([1, 2], [1, 0])
        assert [item.lines.as_dict() for item in report.finish()] == [{1: True, 2: False}]

    def test_more_lines_than_any_report_holds_are_refused(self) -> None:
        with pytest.raises(ReportError, match="split it into several reports"):
            ReportBuilder().reserve(10**8)


class TestMerge:
    @given(lines_of_a_file, lines_of_a_file)
    def test_a_line_is_covered_if_any_report_covers_it(self, first: Lines, second: Lines) -> None:
        merged = merge([covering(first), covering(second)], "src/a.py")
        assert merged.path == "src/a.py"
        assert merged.lines.as_dict() == {
            number: first.get(number, False) or second.get(number, False) for number in first.keys() | second.keys()
        }

    @given(lines_of_a_file, branches_of_a_file, lines_of_a_file, branches_of_a_file)
    def test_the_order_of_reports_does_not_matter_and_a_report_twice_changes_nothing(
        self,
        first: Lines,
        first_branches: dict[int, tuple[int, int]],
        second: Lines,
        second_branches: dict[int, tuple[int, int]],
    ) -> None:
        one, two = covering(first, first_branches), covering(second, second_branches)
        assert merge([one, two], "a.py") == merge([two, one], "a.py")
        assert merge([one, one], "a.py").branches == one.branches
        assert merge([one, two, two], "a.py") == merge([one, two], "a.py")

    def test_branches_take_the_greatest_counts_of_each_line(self) -> None:
        merged = merge([covering({1: True}, {1: (1, 2)}), covering({1: True}, {1: (0, 4), 2: (2, 2)})], "a.py")
        assert merged.branches == {1: (1, 4), 2: (2, 2)}


def test_tables_are_equal_by_what_they_say() -> None:
    one, same, other = LineTable.of({1: True}), LineTable.of({1: True}), LineTable.of({1: False})
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != "one"
    assert repr(one) == "LineTable(1 of 1)"


@pytest.mark.parametrize(("text", "expected"), [("5", 5), ("5.0", 5)])
def test_stated_totals_may_be_written_as_decimals(text: str, expected: int) -> None:
    assert stated_tally({"c": text, "t": text}, "c", "t") == Tally(expected, expected)


@pytest.mark.parametrize("text", ["NaN", "inf", "-Infinity", "", "5.5", "five"])
def test_stated_totals_of_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ReportError, match="not two whole numbers"):
        stated_tally({"c": text, "t": "1"}, "c", "t")


def test_text_of_a_report_is_shown_on_one_line() -> None:
    assert shown("a\nb\x1b[31m\u202e") == "a�b�[31m�"
    assert shown("x" * 500, 10) == "x" * 10 + "…"
