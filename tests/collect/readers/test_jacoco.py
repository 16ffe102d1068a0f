from __future__ import annotations

import pytest

from gate.collect.readers.coverage_data import Tally
from gate.collect.readers.errors import ReportError
from tests.collect.readers.coverage_samples import DATA, read


def line(nr: object, mi: object, ci: object, mb: object = 0, cb: object = 0) -> str:
    return f'<line nr="{nr}" mi="{mi}" ci="{ci}" mb="{mb}" cb="{cb}"/>'


def report_of(body: str) -> str:
    return f'<report name="shop">{body}</report>'


def file(lines: str, name: str = "A.java", counters: str = "") -> str:
    return f'<package name="com/x"><sourcefile name="{name}">{lines}{counters}</sourcefile></package>'


def test_a_line_is_covered_if_any_of_its_instructions_is() -> None:
    (item,) = read(report_of(file(line(1, 0, 3) + line(2, 2, 1, 1, 3) + line(3, 4, 0, 2, 0)))).files
    assert item.path == "com/x/A.java"
    assert item.lines.as_dict() == {1: True, 2: True, 3: False}
    assert item.branches == {2: (3, 4), 3: (0, 2)}


def test_modules_of_an_aggregate_are_hints_and_tell_namesakes_apart() -> None:
    text = report_of(
        f'<group name="all"><group name="core">{file(line(1, 0, 1))}</group>'
        f'<group name="web">{file(line(1, 1, 0))}</group></group>{file(line(1, 1, 0), "B.java")}'
    )
    assert [(item.path, item.hint) for item in read(text).files] == [
        ("com/x/A.java", "core"),
        ("com/x/A.java", "web"),
        ("com/x/B.java", ""),
    ]
    assert {item.hint for item in read((DATA / "jacoco_aggregate.xml").read_bytes()).files} == {"core", "web"}


def test_a_file_of_the_default_package() -> None:
    text = report_of(f'<package name=""><sourcefile name="A.java">{line(1, 0, 1)}</sourcefile></package>')
    assert read(text).files[0].path == "A.java"


def test_counters_that_are_not_those_of_the_lines_are_a_problem() -> None:
    counters = '<counter type="LINE" missed="0" covered="9"/><counter type="BRANCH" missed="0" covered="0"/>'
    (problem,) = read(report_of(file(line(1, 0, 3), counters=counters))).problems
    assert problem.reason == "states that 9 of 9 lines are covered, but its own entries count 1 of 1"


def test_a_report_of_classes_without_line_numbers_has_no_line() -> None:
    assert read(report_of('<package name="x"><class name="x/A"/></package>')).lines == Tally(0, 0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (report_of(file('<line nr="3"/>')), 'nr="3" ci=""'),
        (report_of(file(line(1, 0, "NaN"))), 'ci="NaN"'),
        (report_of(file(line(0, 0, 1))), "names line 0"),
        (report_of(file(line(1, 0, -1))), "was run -1 times"),
        (report_of(file(line(1, 0, 1, -2, 2))), "says -2 branches were missed"),
        (report_of(file(line(1, 0, 1, 2, -1))), "says -1 of 1 branches"),
        (report_of(line(1, 0, 1)), "a line outside any source file"),
        (
            report_of(file(line(1, 0, 1), counters='<counter type="LINE" missed="x" covered="1"/>')),
            "not two whole numbers",
        ),
        (report_of(file(line(1, 0, 1)))[:-12], "ends in the middle"),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, words: str) -> None:
    with pytest.raises(ReportError) as caught:
        read(text)
    assert words in str(caught.value)
