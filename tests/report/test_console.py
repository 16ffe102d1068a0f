"""The report in a terminal."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from gate.model.evidence import Collected, Gap, Missing
from gate.model.finding import Finding
from gate.model.policy import Level, Waiver
from gate.model.verdict import Decision, Outcome, Verdict
from gate.report.console import render, verdict_line
from gate.report.options import RenderOptions
from tests.report.hostile import HOSTILE
from tests.report.test_markdown import hostile_verdict
from tests.support.verdicts import CONDITIONAL, CRITERIA, EVIDENCE, GO, NO_GO, result, verdict

DATA = Path(__file__).parent / "data"
STYLE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize(("name", "value"), [("go", GO), ("conditional", CONDITIONAL), ("no_go", NO_GO)])
def test_the_report_is_the_golden_one(name: str, value: Verdict) -> None:
    text = render(value, RenderOptions(version="1.0"))
    assert text == (DATA / f"{name}.txt").read_text()
    assert max(map(cell_len, text.splitlines())) <= 82


@pytest.mark.parametrize("width", [20, 60, 80, 120])
def test_every_line_fits(width: int) -> None:
    wide = replace(CRITERIA[0], title="語" * 90, reason="日本語の長い文章 " * 30, fix="ü" * 200, id="long-" * 16)
    finding = Finding("R" * 50, "high", "m " * 100, "tool", "a/" * 100, 3)
    value = verdict(Decision.NO_GO, (wide, *CRITERIA), 1.0, findings=(finding,), notices=("語" * 99,))
    text = render(value, RenderOptions(width=width, verbose=True, seconds={"tests": 61.25}))
    own = {verdict_line(value)} | {line for line in text.splitlines() if line.startswith("readiness gate")}
    assert max(cell_len(line) for line in text.splitlines() if line not in own) <= max(width, 40)


def test_quiet_is_the_verdict_line() -> None:
    assert render(NO_GO, RenderOptions(quiet=True)) == verdict_line(NO_GO) + "\n"


def test_verbose_lists_everything() -> None:
    text = render(NO_GO, RenderOptions(verbose=True))
    assert all(item.id in text for item in CRITERIA)
    assert "gap left-pad 0.1: is not known to the service" in text
    assert "supplied coverage.xml: 2,310 of 2,838 lines" in text
    short = render(NO_GO, RenderOptions())
    assert "tests.passed" not in short
    assert "2 criteria passed, 1 of level may not met, 1 not applicable; --verbose lists them." in short


def test_seconds_are_told_where_they_are_known() -> None:
    text = render(GO, RenderOptions(seconds={"tests": 0.31, "sast": 12.0}))
    lines = {line.split()[0]: line for line in text.splitlines() if line.startswith("  ")}
    assert lines["tests"].endswith(" 0.3 s")
    assert lines["sast"].endswith("12.0 s")
    assert not lines["inventory"].endswith("s s")
    assert len(lines["tests"]) == len(lines["sast"]) == 80


def test_ascii_is_ascii_and_keeps_the_layout() -> None:
    odd = replace(CRITERIA[0], reason="naïve.py “is” ≥ 3 → 日本 … ✗", title="ü" * 60)
    text = render(verdict(Decision.NO_GO, (odd, *CRITERIA), 0.0), RenderOptions(ascii=True, verbose=True, version="1"))
    assert text.isascii()
    assert 'na\\xefve.py "is" >= 3 -> \\u65e5\\u672c ... x' in text
    assert max(len(line) for line in text.splitlines()) <= 82


def test_colour_is_only_there_when_it_is_wanted() -> None:
    plain, coloured = render(NO_GO, RenderOptions()), render(NO_GO, RenderOptions(color=True))
    assert "\x1b" not in plain
    assert "\x1b[1;31mNO-GO" in coloured
    assert [line.rstrip() for line in STYLE.sub("", coloured).splitlines()] == plain.splitlines()


@settings(max_examples=60, deadline=None)
@given(HOSTILE | st.text(alphabet=st.characters() | st.sampled_from("\x1b\x07\u202e\u200b[]\r\n:#"), max_size=80))
def test_evidence_cannot_steer_the_terminal_or_the_runner(text: str) -> None:
    value = hostile_verdict(text, NO_GO)
    for options in (RenderOptions(verbose=True, width=40), RenderOptions(color=True), RenderOptions(ascii=True)):
        shown = STYLE.sub("", render(value, options)) if options.color else render(value, options)
        assert all(char == "\n" or char.isprintable() for char in shown)
        assert "##[" not in shown
        assert not [line for line in shown.splitlines() if line.lstrip().startswith("::")]


def test_a_folded_path_does_not_become_a_command() -> None:
    for length in range(60, 90):
        item = replace(CRITERIA[0], reason=f"{'x' * length}::error::owned")
        for color in (False, True):
            shown = STYLE.sub("", render(verdict(Decision.NO_GO, (item,), 0.0), RenderOptions(color=color)))
            assert not [line for line in shown.splitlines() if line.lstrip().startswith("::")]


def test_a_long_policy_stays_readable() -> None:
    many = tuple(result(f"x.n{n}", Outcome.PASS, Level.MUST) for n in range(150))
    text = render(verdict(Decision.GO, many, 100.0), RenderOptions())
    assert len(text.splitlines()) < 20
    assert "150 criteria passed; --verbose lists them." in text


def test_lists_that_are_too_long_say_how_much_is_left() -> None:
    findings = tuple(Finding(f"R{n}", "low", "message", "tool", "a.py", n + 1) for n in range(30))
    gaps = tuple(Gap(f"p{n}", "is odd") for n in range(60))
    value = replace(NO_GO, findings=findings, evidence=(Collected("sast", {}, gaps=gaps),))
    text = render(value, RenderOptions(verbose=False))
    assert "Findings (30)" in text
    assert "a.py:10 message" in text
    assert "a.py:11" not in text
    assert "… and 20 more; --format json has them all." in text
    assert "gap … and 10 more" in render(value, RenderOptions(verbose=True))


def test_without_evidence_and_criteria_there_is_still_a_verdict() -> None:
    empty = verdict(Decision.NO_GO, (), 0.0, evidence=(), notices=(), commit=None, findings=())
    assert render(empty, RenderOptions()).splitlines() == [
        "readiness gate · production · no commit",
        "",
        "NO-GO   0 / 100   nothing is proven, 0 of 0 pass",
        "",
        "Nothing passed; --verbose lists them.",
    ]


def test_the_tally_has_its_numbers() -> None:
    assert verdict_line(NO_GO) == "NO-GO   36.4 / 100   2 block, 2 conditions, 2 of 8 pass, 1 waived until 2027-01-31"
    assert verdict_line(GO) == "GO   85.7 / 100   2 of 3 pass, 1 waived until 2027-01-31"
    assert verdict_line(replace(NO_GO, blocked_by=("coverage.lines",))).startswith(
        "NO-GO   36.4 / 100   1 blocks, 3 co"
    )


def test_a_waiver_counts_until_its_last_day_and_only_with_a_real_date() -> None:
    waivers = (
        Waiver("tests.flaky", "x", "ada", "2026-12-01"),
        Waiver("tests.flaky", "x", "ada", "2027-06-30"),
        Waiver("other", "x", "ada", "2026-11-30"),
        Waiver("tests.flaky", "x", "ada", "9999 ::error::"),
    )
    assert verdict_line(replace(GO, waivers=waivers)).endswith("1 waived until 2027-06-30")
    assert verdict_line(replace(GO, waivers=())).endswith("1 waived")


def test_criteria_of_one_cause_share_its_words() -> None:
    one, other = (
        result(name, Outcome.NO_EVIDENCE, reason="no evidence: there is no test report", fix="")
        for name in ("tests.passed", "tests.minimum")
    )
    items = (one, CRITERIA[0], other)
    lines = render(
        verdict(Decision.NO_GO, items, 0.0, evidence=EVIDENCE[:1], findings=()), RenderOptions()
    ).splitlines()
    start = lines.index("What blocks (3)")
    assert lines[start + 1 : start + 4] == [
        "? tests.passed  Tests passed",
        "? tests.minimum  Tests minimum",
        "    no evidence: there is no test report",
    ]
    assert lines[start + 4] == "✗ coverage.lines  Line coverage"


def test_a_reason_that_is_told_below_is_cut_above() -> None:
    reason = "there is no test report: " + "looked here and there " * 10
    missing = (Missing("tests", reason), Missing("image", reason))
    item = result("tests.passed", Outcome.NO_EVIDENCE, reason=reason)
    text = render(verdict(Decision.NO_GO, (item,), 0.0, evidence=missing), RenderOptions())
    block = text.split("NO-GO")[0].splitlines()[2:]
    assert block[0].endswith("…")
    assert len(block[0]) <= 80
    assert block[1].startswith("  image")
    assert len([line for line in block if line]) == 5
