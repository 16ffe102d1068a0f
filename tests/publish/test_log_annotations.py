"""What is told in the log where no check run can be written."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.model.finding import Finding
from gate.model.policy import Level
from gate.model.verdict import Outcome, Verdict
from gate.publish.log_annotations import MOST_OF_A_LEVEL, log_commands
from gate.report.annotations import Annotations, annotate
from tests.report.hostile import HOSTILE
from tests.report.test_annotations import blocked_by, found
from tests.report.test_markdown import hostile_verdict
from tests.support.verdicts import CONDITIONAL, GO, NO_GO, result

COMMAND = re.compile(r"::(error|warning|notice) (?:file=([^,:]+),line=([1-9][0-9]*),)?title=([^,:]+)::([^\r\n]+)")


def read(lines: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Level, file and title of each line, as a runner reads it."""
    found_ = [COMMAND.fullmatch(line) for line in lines]
    assert all(found_)
    return [(match[1], match[2] or "", match[4]) for match in found_ if match]


def commands(value: Verdict) -> tuple[str, ...]:
    return log_commands(value, annotate(value))


def test_what_blocks_is_an_error_with_or_without_a_place() -> None:
    assert read(commands(NO_GO)) == [
        ("error", "", "coverage.lines blocks"),
        ("error", "", "dependencies.audited blocks"),
        ("warning", "", "docs.runbook is a condition"),
        ("warning", "payments/run.py", "B602 · high · bandit (new)"),
        ("warning", "payments/config|old.py", "B105 · high · bandit"),
    ]
    assert "81.4 %25 of lines are covered" in commands(NO_GO)[0]
    assert commands(GO) == ()
    assert [level for level, _file, _title in read(commands(CONDITIONAL))] == ["warning"] * 3


def test_without_annotations_what_blocks_is_told_all_the_same() -> None:
    told = read(log_commands(NO_GO, Annotations(())))
    assert [title for level, _file, title in told if level == "error"] == [
        "coverage.lines blocks",
        "dependencies.audited blocks",
    ]
    assert ("warning", "", "sast.no-high is a condition") in told


def test_no_more_than_github_shows_of_a_step_and_the_rest_is_counted() -> None:
    value = blocked_by(*(found(f"R{n}", "high", n + 1) for n in range(30)))
    many = tuple(result(f"own.c{n}", Outcome.FAIL) for n in range(20))
    conditions = tuple(result(f"own.s{n}", Outcome.FAIL, Level.SHOULD) for n in range(20))
    value = replace(
        value, criteria=(*value.criteria, *many, *conditions), blocked_by=("sast.counts", *(item.id for item in many))
    )
    told = read(commands(value))
    levels = [level for level, _file, _title in told]
    assert levels == ["error"] * 10 + ["warning"] * 10 + ["notice"]
    assert [bool(file) for _level, file, _title in told[:10]] == [False] * 5 + [True] * 5
    assert commands(value)[-1] == (
        "::notice title=Readiness Gate::50 more are told in the job summary and in the report."
    )


def test_criteria_have_the_room_that_findings_leave() -> None:
    value = blocked_by(found("A"))
    many = tuple(result(f"own.c{n}", Outcome.FAIL) for n in range(20))
    value = replace(value, criteria=(*value.criteria, *many), blocked_by=("sast.counts", *(i.id for i in many)))
    told = read(commands(value))
    assert [bool(file) for _level, file, _title in told[:10]] == [False] * 9 + [True]


def test_advice_is_told_beside_the_code_only() -> None:
    value = blocked_by(*(found(f"R{n}", line=n + 1) for n in range(12)), level=Level.MAY)
    told = read(commands(replace(value, criteria=(*value.criteria, result("own.m", Outcome.FAIL, Level.MAY)))))
    assert [level for level, _file, _title in told] == ["notice"] * MOST_OF_A_LEVEL
    assert told[-1][2] == "Readiness Gate"


def test_t28_a_name_that_is_a_command_is_left_out_of_it() -> None:
    (line,) = commands(blocked_by(found("A", path="a##[error]b.py", message="##[error]x ::error::y")))
    assert line == "::error title=A · high · bandit::# #[error]x ::error::y"


def test_t28_a_name_cannot_end_its_property() -> None:
    (line,) = commands(blocked_by(Finding("A", "high", "m", "t", "a,line=9::b.py", 3, "f")))
    assert line.startswith("::error file=a%2Cline=9%3A%3Ab.py,line=3,title=")


@settings(max_examples=150, deadline=None)
@given(HOSTILE | st.text(), st.sampled_from([NO_GO, CONDITIONAL]))
def test_t28_every_line_is_one_command_of_ours(text: str, base: Verdict) -> None:
    for line in commands(hostile_verdict(text, base)):
        assert COMMAND.fullmatch(line), line
        assert "##[" not in line
        assert len(line.splitlines()) == 1
