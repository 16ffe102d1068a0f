"""The badge: the endpoint schema of Shields."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gate.model.verdict import Verdict
from gate.report.badge import render
from gate.report.options import RenderOptions
from tests.report.test_markdown import hostile_verdict
from tests.support.verdicts import CONDITIONAL, GO, NO_GO


@pytest.mark.parametrize(
    ("value", "message", "color"),
    [
        (GO, "GO 85", "brightgreen"),
        (CONDITIONAL, "CONDITIONAL 50", "yellow"),
        (NO_GO, "NO-GO 36", "red"),
        (replace(NO_GO, advisory=True), "ADVISORY NO-GO 36", "lightgrey"),
        (replace(GO, advisory=True, score=99.96), "ADVISORY GO 99", "lightgrey"),
        (replace(GO, score=100.0), "GO 100", "brightgreen"),
    ],
)
def test_a_badge_says_the_verdict_and_the_score(value: Verdict, message: str, color: str) -> None:
    assert json.loads(render(value, RenderOptions())) == {
        "schemaVersion": 1,
        "label": "readiness",
        "message": message,
        "color": color,
    }


def test_nothing_that_somebody_else_wrote_is_on_it() -> None:
    assert render(hostile_verdict("<b>@x</b>", NO_GO), RenderOptions()) == render(NO_GO, RenderOptions())


def test_whoever_speaks_under_our_name_turns_it_red() -> None:
    assert json.loads(render(GO, RenderOptions(alarms=("x",))))["message"] == "NO-GO 85"
    assert json.loads(render(GO, RenderOptions(advisory=True)))["color"] == "lightgrey"
