from __future__ import annotations

from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers.coverage_data import Tally
from gate.collect.readers.errors import ReportError
from tests.collect.readers.coverage_samples import read


def document(body: str, root: str = 'line-rate="1"') -> str:
    return f"<coverage {root}><packages><package><classes>{body}</classes></package></packages></coverage>"


def class_(lines: str, path: str = "a.py", methods: str = "") -> str:
    return f'<class filename="{path}"><methods>{methods}</methods><lines>{lines}</lines></class>'


def line(number: object, hits: object, more: str = "") -> str:
    return f'<line number="{number}" hits="{hits}" {more}/>'


def method(lines: str, more: str = "") -> str:
    return f'<method name="f" {more}><lines>{lines}</lines></method>'


def test_lines_below_methods_repeat_those_of_the_class() -> None:
    report = read(document(class_(line(1, 1) + line(2, 0), methods=method(line(2, 0)) + method(line(9, 1)))))
    assert report.files[0].lines.as_dict() == {1: True, 2: False}


def test_lines_below_methods_are_read_where_a_class_has_none_of_its_own() -> None:
    report = read(
        document(class_("", methods=method(line(2, 0)) + "<method/>" + method(line(3, 1))) + class_(line(7, 1)))
    )
    assert report.files[0].lines.as_dict() == {2: False, 3: True, 7: True}


def test_several_classes_about_one_file_are_one_file() -> None:
    report = read(document(class_(line(1, 0) + line(2, 1)) + class_(line(1, 5) + line(3, 0)) + class_("", "b.py")))
    assert {item.path: item.lines.as_dict() for item in report.files} == {
        "a.py": {1: True, 2: True, 3: False},
        "b.py": {},
    }


def test_branches_are_those_of_conditions_that_are_counted() -> None:
    report = read(
        document(
            class_(
                line(1, 1, 'branch="True" condition-coverage="50% (1/2)"')
                + line(2, 0, 'branch="true" condition-coverage="0% (0/4)"')
                + line(3, 1, 'branch="true" condition-coverage="100%"')
                + line(4, 1, 'branch="true" condition-coverage="0% (0/0)"')
                + line(5, 1, 'branch="false"')
            )
        )
    )
    assert report.files[0].branches == {1: (1, 2), 2: (0, 4)}


def test_sources_are_kept_in_order_and_once() -> None:
    sources = "<source> /app/src </source><source>/lib</source><source/><source>/app/src</source>"
    assert read(f"<coverage line-rate='1'><sources>{sources}</sources></coverage>").roots == ("/app/src", "/lib")


@pytest.mark.parametrize(
    ("stated", "lines", "methods"),
    [
        ("2 3", line(1, 1) + line(2, 0) + line(3, 1), ""),
        ("3 4", line(1, 1) + line(2, 0) + line(3, 1) + line(1, 1), ""),
        (
            "3 5",
            line(1, 1) + line(2, 0) + line(3, 1),
            method("".join(line(n, n % 2) for n in (1, 2, 3)) + line(1, 1) + line(2, 0)),
        ),
    ],
    ids=["each line once", "each time in a class", "each time in a method"],
)
def test_totals_may_be_counted_in_the_ways_of_honest_writers(stated: str, lines: str, methods: str) -> None:
    covered, valid = stated.split()
    text = document(class_(lines, methods=methods), f'line-rate="1" lines-covered="{covered}" lines-valid="{valid}"')
    assert read(text).problems == ()
    wrong = read(text.replace(f'lines-covered="{covered}"', 'lines-covered="77"')).problems
    assert [problem.facts for problem in wrong] == [()]


def test_branch_totals_that_are_not_counted_put_branches_in_doubt() -> None:
    text = document(
        class_(line(1, 1, 'condition-coverage="50% (1/2)"')), 'line-rate="1" branches-covered="2" branches-valid="2"'
    )
    (problem,) = read(text).problems
    assert "2 of 2 branches" in problem.reason
    assert problem.facts == ("branches",)


def test_istanbul_counts_branches_that_stand_on_no_line() -> None:
    text = document(
        class_(line(1, 1, 'condition-coverage="50% (1/2)"'), methods=method(line(1, 1), 'hits="1"')),
        'line-rate="1" branches-covered="3" branches-valid="5"',
    )
    assert read(text).problems == ()
    assert len(read(text.replace('branches-valid="5"', 'branches-valid="1"')).problems) == 1


@pytest.mark.parametrize("rate", ["1", "NaN", "0.5", "none"])
def test_rates_are_not_believed(rate: str) -> None:
    assert read(document(class_(line(1, 0)), f'line-rate="{rate}"')).lines == Tally(0, 1)


def test_a_report_without_a_line_has_no_line_whatever_it_states() -> None:
    report = read('<coverage line-rate="1" lines-valid="0" lines-covered="0"/>')
    assert report.lines == Tally(0, 0)
    assert report.files == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (document(class_(line("x", 1))), 'number="x" and hits="1"'),
        (document(class_(line(1, "NaN"))), 'hits="NaN"'),
        (document(class_('<line number="1"/>')), 'number="1" and hits=""'),
        (document(class_("<line/>")), 'number="" and hits=""'),
        (document(class_(line(0, 1))), 'names line 0 of "a.py"'),
        (document(class_(line(-4, 1))), "names line -4"),
        (document(class_(line(10**9, 1))), "names line 1000000000"),
        (document(class_(line(1, -1))), "was run -1 times"),
        (document(class_(line(1, 2**63))), "was run 9223372036854775808 times"),
        (document(class_(line(1, 1, 'condition-coverage="150% (3/2)"'))), "says 3 of 2 branches"),
        (document(class_(line(1, 1), "")), 'a source file ""'),
        (document(line(1, 1) + class_(line(2, 1))), "a line outside any class"),
        (document(class_(line(1, 1)), 'line-rate="1" lines-valid="NaN" lines-covered="NaN"'), "not two whole numbers"),
        (document(class_(line(1, 1)))[:-30], "ends in the middle"),
        (document(class_(line(1, 1))) + "<more/>", "not well-formed"),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, words: str) -> None:
    with pytest.raises(ReportError) as caught:
        read(text)
    assert words in str(caught.value)


def test_the_line_of_the_report_is_told() -> None:
    with pytest.raises(ReportError) as caught:
        read(
            "<coverage line-rate='1'>\n<class filename='a'>\n<lines>\n"
            "<line number='x' hits='1'/></lines></class></coverage>"
        )
    assert caught.value.line == 4


@given(
    st.dictionaries(
        st.text("abcé/&<\"' ", min_size=1, max_size=6),
        st.lists(st.tuples(st.integers(1, 50), st.integers(0, 2**63 - 1)), max_size=12),
        min_size=1,
        max_size=4,
    ),
    st.integers(1, 50),
)
def test_what_is_written_is_read(files: dict[str, list[tuple[int, int]]], piece: int) -> None:
    body = "".join(
        f"<class filename={quoteattr(path)}><lines>{''.join(line(*entry) for entry in entries)}</lines></class>"
        for path, entries in files.items()
    )
    report = read(document(body), piece)
    for item in report.files:
        expected: dict[int, bool] = {}
        for number, hits in files[item.path]:
            expected[number] = expected.get(number, False) or hits > 0
        assert item.lines.as_dict() == expected
    assert {item.path for item in report.files} == files.keys()
