"""The JSON reports: of coverage.py, and both of Istanbul."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers.coverage_data import Tally
from gate.collect.readers.errors import ReportError
from tests.collect.readers.coverage_samples import read


def coverage_py(files: dict[str, object], **totals: int) -> str:
    stated = {"covered_lines": 0, "num_statements": 0} | totals
    return json.dumps({"meta": {"version": "7.6"}, "files": files, "totals": stated})


def summary(**files: tuple[int, int]) -> str:
    def metric(pair: tuple[int, int]) -> dict[str, object]:
        return {"total": pair[1], "covered": pair[0], "skipped": 0, "pct": "Unknown"}

    return json.dumps({path: {"lines": metric(pair), "branches": metric((0, 0))} for path, pair in files.items()})


def full(**changes: object) -> str:
    file: dict[str, object] = {
        "path": "/app/a.js",
        "statementMap": {"0": {"start": {"line": 2, "column": 0}, "end": {"line": 2, "column": None}}},
        "s": {"0": 1},
        "branchMap": {"0": {"loc": {"start": {"line": 1}}, "type": "if", "locations": [{"start": {}, "end": {}}]}},
        "b": {"0": [1, 0]},
    }
    return json.dumps({"/app/a.js": file | changes})


class TestCoveragePy:
    def test_lines_and_branches(self) -> None:
        text = coverage_py(
            {
                "a.py": {
                    "executed_lines": [3, 1],
                    "missing_lines": [2],
                    "excluded_lines": [9],
                    "executed_branches": [[1, 2], [3, -1]],
                    "missing_branches": [[1, 3]],
                },
                "__init__.py": {"executed_lines": [], "missing_lines": []},
            },
            covered_lines=2,
            num_statements=3,
            covered_branches=2,
            num_branches=3,
        )
        report = read(text)
        assert report.files[0].lines.as_dict() == {1: True, 2: False, 3: True}
        assert report.files[0].branches == {1: (1, 2), 3: (1, 1)}
        assert len(report.files[1].lines) == 0
        assert report.problems == ()
        assert (report.tool, report.version) == ("coverage.py", "7.6")

    def test_totals_that_are_not_counted_are_a_problem(self) -> None:
        text = coverage_py({"a.py": {"executed_lines": [], "missing_lines": [1]}}, covered_lines=84, num_statements=100)
        (problem,) = read(text).problems
        assert problem.reason == "states that 84 of 100 lines are covered, but its own entries count 0 of 1"

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (coverage_py({"a.py": {"executed_lines": [1], "missing_lines": [1]}}), "both executed and missed"),
            (coverage_py({"a.py": {"executed_lines": [0], "missing_lines": []}}), "names line 0"),
            (
                coverage_py({"a.py": {"executed_lines": [1.5], "missing_lines": []}}),
                "is not a JSON report of coverage.py",
            ),
            (coverage_py({"a.py": {"executed_lines": [1]}}), "missing_lines"),
            (coverage_py({"a.py": {}}).replace("{}}", '{"executed_lines": NaN}}'), "is not"),
            ('{"files": {}, "totals": {}}', "covered_lines"),
            ('{"files": ' + "[" * 100_000, "is nested too deep"),
            (coverage_py({})[:-3], "is not JSON"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, text: str, words: str) -> None:
        with pytest.raises(ReportError) as caught:
            read(text)
        assert words in caught.value.reason

    @given(st.dictionaries(st.integers(1, 9999), st.booleans(), max_size=40))
    def test_what_is_written_is_read(self, lines: dict[int, bool]) -> None:
        text = coverage_py(
            {
                "a.py": {
                    "executed_lines": [number for number, hit in lines.items() if hit],
                    "missing_lines": [number for number, hit in lines.items() if not hit],
                }
            },
            covered_lines=sum(lines.values()),
            num_statements=len(lines),
        )
        report = read(text)
        assert report.files[0].lines.as_dict() == lines
        assert report.problems == ()


class TestIstanbulSummary:
    def test_a_file_has_totals_only(self) -> None:
        report = read(summary(total=(3, 5), a=(1, 2), b=(2, 3)))
        assert report.files == ()
        assert [(item.path, item.lines) for item in report.totals] == [("a", Tally(1, 2)), ("b", Tally(2, 3))]
        assert report.problems == ()

    def test_a_total_that_is_not_the_sum_is_a_problem(self) -> None:
        assert len(read(summary(total=(5, 5), a=(1, 2))).problems) == 1

    def test_a_total_alone_holds_no_file(self) -> None:
        assert read(summary(total=(0, 0))).lines == Tally(0, 0)

    @pytest.mark.parametrize("pair", [(3, 2), (-1, 2), (1, 10**12)])
    def test_totals_of_no_sense_are_refused(self, pair: tuple[int, int]) -> None:
        with pytest.raises(ReportError, match="are covered in"):
            read(summary(a=pair))


class TestIstanbul:
    def test_lines_are_those_on_which_statements_begin(self) -> None:
        report = read(full())
        assert report.files[0].lines.as_dict() == {2: True}
        assert report.files[0].branches == {1: (1, 2)}

    def test_a_line_of_several_statements_is_covered_if_any_is(self) -> None:
        at = {"start": {"line": 2}}
        report = read(full(statementMap={"0": at, "1": at, "2": {"start": {"line": 3}}}, s={"0": 0, "1": 4, "2": 0}))
        assert report.files[0].lines.as_dict() == {2: True, 3: False}

    def test_the_line_of_a_branch_may_be_told_or_missing(self) -> None:
        told = full(branchMap={"0": {"line": 7, "loc": {"start": {"line": 1}}}, "1": {}}, b={"0": [0, 0], "1": [1]})
        assert read(told).files[0].branches == {7: (0, 2)}

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (full(s={}), "each statement and branch"),
            (full(b={"0": [1], "1": [1]}), "each statement and branch"),
            (full(statementMap={"0": {"start": {"line": None}}}), "without a line"),
            (full(statementMap={"0": {"start": {"line": 0}}}), "names line 0"),
            (full(s={"0": -1}), "was run -1 times"),
            (full(b={"0": [1, -1]}), "was taken -1 times"),
            (full(s={"0": "1"}), "is not a coverage report of Istanbul"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, text: str, words: str) -> None:
        with pytest.raises(ReportError) as caught:
            read(text)
        assert words in caught.value.reason
