from __future__ import annotations

import pytest

from gate.collect.readers.coverage_data import Tally
from gate.collect.readers.errors import ReportError
from tests.collect.readers.coverage_samples import read

STMT = '<line num="{}" count="{}" type="stmt"/>'


def document(files: str, project: str = "") -> str:
    return f'<coverage generated="1700000000"><project timestamp="1" {project}>{files}</project></coverage>'


def file(lines: str, metrics: str = "", name: str = 'name="/app/src/A.php"') -> str:
    return f"<file {name}>{lines}{f'<metrics {metrics}/>' if metrics else ''}</file>"


def method(num: int, count: int) -> str:
    return f'<line num="{num}" type="method" name="f" count="{count}"/>'


def test_statements_and_conditions_are_lines_and_methods_are_none() -> None:
    cond = '<line num="4" type="cond" truecount="3" falsecount="0"/>'
    (item,) = read(document(file(method(1, 2) + STMT.format(2, 2) + STMT.format(3, 0) + cond))).files
    assert item.path == "/app/src/A.php"
    assert item.lines.as_dict() == {2: True, 3: False, 4: True}
    assert item.branches == {4: (1, 2)}


def test_the_path_is_taken_before_the_name() -> None:
    assert read(document(file(STMT.format(1, 1), name='name="a.js" path="/app/a.js"'))).files[0].path == "/app/a.js"


def test_metrics_of_classes_are_not_those_of_the_file() -> None:
    text = file(
        '<class name="A"><metrics statements="5" coveredstatements="5"/></class>' + STMT.format(1, 1),
        'statements="1" coveredstatements="1" conditionals="0" coveredconditionals="0"',
    )
    assert read(document(text)).problems == ()


def test_true_and_false_counts_are_branches_where_the_totals_say_so() -> None:
    cond = '<line num="4" count="9" type="cond" truecount="1" falsecount="1"/>'
    stated = 'statements="1" coveredstatements="1" conditionals="2" coveredconditionals="1"'
    as_branches = read(document(file(cond, stated)))
    assert as_branches.files[0].branches == {4: (1, 2)}
    assert as_branches.problems == ()
    as_runs = read(document(file(cond, stated.replace('coveredconditionals="1"', 'coveredconditionals="2"'))))
    assert as_runs.files[0].branches == {4: (2, 2)}
    assert as_runs.problems == ()


def test_methods_are_lines_where_the_totals_count_them() -> None:
    lines = method(1, 1) + STMT.format(2, 1) + method(5, 0)
    report = read(document(file(lines, 'statements="3" coveredstatements="2"')))
    assert report.lines == Tally(2, 3)
    assert report.problems == ()
    without = read(document(file(lines, 'statements="1" coveredstatements="1"')))
    assert without.lines == Tally(1, 1)
    assert without.problems == ()


def test_a_method_of_one_line_may_count_as_a_statement() -> None:
    lines = method(1, 1) + STMT.format(2, 0) + method(5, 0)
    assert read(document(file(lines, 'statements="2" coveredstatements="1"'))).problems == ()


def test_totals_that_are_not_counted_are_a_problem() -> None:
    (problem,) = read(document(file(STMT.format(1, 0), 'statements="40" coveredstatements="40"'))).problems
    assert problem.reason == "states that 40 of 40 lines are covered, but its own entries count 0 of 1"
    text = file(STMT.format(1, 0), 'conditionals="4" coveredconditionals="4" statements="1" coveredstatements="0"')
    (problem,) = read(document(text)).problems
    assert problem.facts == ("branches",)


def test_istanbul_counts_branches_that_stand_on_no_line() -> None:
    cond = '<line num="4" count="9" type="cond" truecount="1" falsecount="1"/>'
    stated = 'statements="1" coveredstatements="1" conditionals="5" coveredconditionals="2"'
    assert read(document(file(cond, stated), 'name="All files"')).problems == ()
    assert len(read(document(file(cond, stated), 'name="mine"')).problems) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (document(file(STMT.format("x", 1))), 'num="x"'),
        (document(file(STMT.format(1, "NaN"))), 'count="NaN"'),
        (document(file('<line count="1" type="stmt"/>')), 'count="1"'),
        (document(file('<line type="stmt"/>')), "no number"),
        (document(file('<line num="1" count="1" type="blank"/>')), 'of type "blank"'),
        (document(file(STMT.format(0, 1))), "names line 0"),
        (document(file(STMT.format(1, -1))), "was run -1 times"),
        (document(file('<line num="1" type="cond" truecount="-1" falsecount="2"/>')), "was taken -1 times"),
        (document(STMT.format(1, 1)), "a line outside any file"),
        (document(file(STMT.format(1, 1), 'statements="NaN" coveredstatements="1"')), "not two whole numbers"),
        (document(file(STMT.format(1, 1)))[:-15], "ends in the middle"),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, words: str) -> None:
    with pytest.raises(ReportError) as caught:
        read(text)
    assert words in str(caught.value)
