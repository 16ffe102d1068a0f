"""What the Markdown report says of publishing itself: advice, who else speaks under the name, what is missing."""

from __future__ import annotations

import pytest

from gate.model.verdict import Verdict
from gate.report.markdown import MINIMUM_BUDGET, render
from gate.report.options import RenderOptions
from tests.support.verdicts import CONDITIONAL, GO, NO_GO

ALARM = "A check run “Readiness Gate verdict” on this commit was made by another app (“@evil/ci#1”)."
EVERYTHING = RenderOptions(advisory=True, alarms=(ALARM,) * 6, extra_notes=(ALARM,) * 9)


@pytest.mark.parametrize("verdict", [GO, CONDITIONAL, NO_GO])
def test_advice_says_so_first(verdict: Verdict) -> None:
    first, plain = (render(verdict, RenderOptions(advisory=told)).splitlines()[0] for told in (True, False))
    assert first == plain.replace("## ", "## ADVISORY – not enforcing · ")


def test_t3_who_else_speaks_overrules_a_go() -> None:
    text = render(GO, RenderOptions(alarms=(ALARM,)))
    assert text.splitlines()[0] == "## ❌ NO-GO · somebody else speaks under this gate's name"
    assert "(“`@evil/ci#1`”)" in text
    assert "By the evidence alone it is GO." in text
    assert text.index("By the evidence") < text.index("Scorecard")


def test_without_alarms_nothing_is_said_of_them() -> None:
    assert "else speaks" not in render(GO, RenderOptions())


def test_what_was_not_published_is_in_the_notes() -> None:
    text = render(GO, RenderOptions(extra_notes=("The status was not published: @octo-dev says no",)))
    assert "<sub>The status was not published: `@octo-dev` says no. " in text


@pytest.mark.parametrize("budget", [MINIMUM_BUDGET, 600, 900, 2000, 5000, 65_000])
@pytest.mark.parametrize("verdict", [GO, CONDITIONAL, NO_GO])
def test_any_budget_is_kept(verdict: Verdict, budget: int) -> None:
    from dataclasses import replace

    text = render(verdict, replace(EVERYTHING, budget=budget))
    assert len(text.encode()) <= budget
    assert text.startswith("## ADVISORY – not enforcing · ❌ NO-GO")
    assert text.count("<details>") == text.count("</details>")
