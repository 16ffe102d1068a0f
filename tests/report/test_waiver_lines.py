"""Waivers in reports: who, why, until when, and nothing that steers a reader's page or terminal."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from gate.model.policy import Waiver
from gate.model.verdict import WaiverState, WaiverUse
from gate.report.console import render as console
from gate.report.console import verdict_line
from gate.report.json_v1 import verdict_document
from gate.report.markdown import render as markdown
from gate.report.options import RenderOptions
from gate.report.waiver_lines import days, line, row
from tests.support.verdicts import GO

HOSTILE = "x</details> @ada <!-- m --> ![i](http://e) | `a` \x1b[31m\u202e\n::error::pwned"
WAIVER = Waiver("tests.flaky", "the sandbox drops", "ada", "2027-01-31", "https://example.org/1", ("f" * 64, "e" * 64))
USE = WaiverUse(WAIVER, WaiverState.ACTIVE, 12, 1)


@pytest.mark.parametrize(
    ("left", "told"), [(None, ""), (0, "its last day"), (1, "1 day left"), (12, "12 days left"), (-1, "over for 1 day")]
)
def test_days(left: int | None, told: str) -> None:
    assert days(replace(USE, days_left=left)) == told


def test_a_line_and_a_row() -> None:
    assert line(USE) == (
        "tests.flaky by ada until 2027-01-31, holds, 12 days left, 1 of 2 findings: the sandbox drops "
        "(https://example.org/1)"
    )
    assert row(USE) == (
        "| `tests.flaky`<br>by `ada` | ⏳ holds | `2027-01-31`<br>12 days left | 1 of 2 findings | the sandbox drops"
        "<br>`https://example.org/1` |"
    )
    whole = WaiverUse(replace(WAIVER, findings=(), link=""), WaiverState.EXPIRED, -3)
    assert row(whole).endswith("| ❌ expired | `2027-01-31`<br>over for 3 days | all | the sandbox drops |")
    assert line(whole) == "tests.flaky by ada until 2027-01-31, expired, over for 3 days: the sandbox drops"


def test_t16_what_a_waiver_says_steers_nothing() -> None:
    bad = WaiverUse(Waiver(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE), WaiverState.REFUSED, None, told=HOSTILE)
    text = row(bad)
    assert text.count("\n") == 0
    assert text.replace("\\|", "").count("|") == 6
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
    assert not any(sign in outside for sign in ("@ada", "</details>", "<!--", "![", "\x1b", "\u202e"))
    for report in (markdown(replace(GO, waiver_uses=(bad,)), RenderOptions()),
                   console(replace(GO, waiver_uses=(bad,)), RenderOptions(verbose=True))):  # fmt: skip
        assert "\x1b" not in report
        assert "\u202e" not in report
        assert not any(each.lstrip().startswith("::") for each in report.splitlines())


def test_the_console_tells_those_that_hold_and_with_verbose_all() -> None:
    verdict = replace(GO, waiver_uses=(USE, replace(USE, state=WaiverState.UNUSED)))
    assert "Waivers (1)" in console(verdict, RenderOptions())
    assert "Waivers (2)" in console(verdict, RenderOptions(verbose=True))


def test_the_first_line_tells_how_long_what_is_waived_lasts() -> None:
    criteria = tuple(
        replace(item, waived_until="2026-12-24") if item.outcome.value == "waived" else item for item in GO.criteria
    )
    assert verdict_line(replace(GO, criteria=criteria)).endswith("1 waived until 2026-12-24")


def test_the_document_tells_all_of_it() -> None:
    document = verdict_document(replace(GO, waiver_uses=(replace(USE, unmatched=("e" * 64,)),)))
    assert document["waivers"] == [{
        "criterion": "tests.flaky", "reason": "the sandbox drops", "owner": "ada", "expires": "2027-01-31",
        "link": "https://example.org/1", "created": None, "findings": ["f" * 64, "e" * 64], "state": "active",
        "days_left": 12, "waived_findings": 1, "unmatched": ["e" * 64], "told": "",
    }]  # fmt: skip
