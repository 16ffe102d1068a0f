"""The report in a terminal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from gate.model.policy import Level
from gate.model.verdict import Decision, Outcome, Verdict
from gate.report.console import render, verdict_line
from gate.report.options import RenderOptions
from tests.support.verdicts import CONDITIONAL, CRITERIA, GO, NO_GO, result, verdict

DATA = Path(__file__).parent / "data"


@pytest.mark.parametrize(("name", "value"), [("go", GO), ("conditional", CONDITIONAL), ("no_go", NO_GO)])
def test_the_report_is_the_golden_one(name: str, value: Verdict) -> None:
    assert render(value, RenderOptions(version="1.0")) == (DATA / f"{name}.txt").read_text()


def test_every_line_fits() -> None:
    wide = replace(CRITERIA[0], reason="日本語の長い文章 " * 30, fix="ü" * 200)
    for width in (60, 80, 120):
        text = render(verdict(Decision.NO_GO, (wide, *CRITERIA), 1.0), RenderOptions(width=width, verbose=True))
        assert max(cell_len(line) for line in text.splitlines()) <= width


def test_quiet_is_the_verdict_line() -> None:
    assert render(NO_GO, RenderOptions(quiet=True)) == verdict_line(NO_GO) + "\n"


def test_verbose_lists_what_passed_and_what_does_not_apply() -> None:
    text = render(NO_GO, RenderOptions(verbose=True))
    assert all(item.id in text for item in CRITERIA)
    assert "tests.passed" not in render(NO_GO, RenderOptions())


def test_ascii_is_ascii() -> None:
    assert render(NO_GO, RenderOptions(ascii=True, verbose=True)).isascii()


def test_colour_is_only_there_when_it_is_wanted() -> None:
    assert "\x1b[" in render(NO_GO, RenderOptions(color=True))
    assert "\x1b" not in render(NO_GO, RenderOptions())


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet=st.characters() | st.sampled_from("\x1b\x07\u202e\u200b[]\r\n"), max_size=80))
def test_evidence_cannot_steer_the_terminal(text: str) -> None:
    item = replace(CRITERIA[0], title=text, reason=text, fix=text)
    shown = render(verdict(Decision.NO_GO, (item,), 0.0, notices=(text,)), RenderOptions(verbose=True))
    assert all(char == "\n" or char.isprintable() for char in shown)


def test_a_long_policy_stays_readable() -> None:
    many = tuple(result(f"x.n{n}", Outcome.PASS, Level.MUST) for n in range(150))
    assert len(render(verdict(Decision.GO, many, 100.0), RenderOptions()).splitlines()) < 20


def test_the_tally_has_its_numbers() -> None:
    assert verdict_line(NO_GO) == "NO-GO   36.4 / 100   2 block, 2 conditions, 2 of 8 pass, 1 waived"
    assert verdict_line(GO) == "GO   100 / 100   2 of 2 pass"
