"""Alerts that never fire, and such as may."""

from __future__ import annotations

import promql_parser
import pytest

from gate.collect.prometheus.silence import never_fires


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("vector(0) > 1", "it compares numbers that are not so"),
        ("errors > 1 and on() (vector(0) > 1)", "it compares numbers that are not so"),
        ("(vector(1) != 1) and errors > 1", "it compares numbers that are not so"),
        ("errors > 1 unless on() vector(0)", "`unless on()` takes everything away"),
        ("(errors > 1) unless on() (1 + vector(0))", "`unless on()` takes everything away"),
        ("(up > 1) unless on() maintenance", "`up` is 0 or 1"),
        ("absent(vector(1))", "a number is never absent"),
        ("up == 2", "`up` is 0 or 1"),
        ("up{job='shop'} < 0", "`up` is 0 or 1"),
        ("up > 0 and up < 0", "`up` is 0 or 1"),
        ("0.5 == up", "`up` is 0 or 1"),
        ("100 * avg(probe_success) > 100", "`probe_success` is 0 or 1"),
        ("1 - max by (job) (up) > 1", "`up` is 0 or 1"),
        ("up == 2 or vector(0) > 1", "`up` is 0 or 1"),
    ],
)
def test_what_can_never_have_a_result(text: str, reason: str) -> None:
    assert never_fires(promql_parser.parse(text)) == reason


@pytest.mark.parametrize(
    "text",
    [
        "up == 0",
        "0 == up",
        "up < 1",
        "up != 1",
        "avg(up) < 0.9",
        "1 - avg(up) >= 0.1",
        "sum(up) > 5",
        "count(up) > 5",
        "up",
        "vector(1)",
        "vector(1) > 0",
        "up == bool 2",
        "absent(up)",
        "errors > 1e9",
        "errors > limit",
        "errors > 1 and on() vector(0)",
        "errors unless on(job) vector(1)",
        "errors unless vector(1)",
        "errors unless on() maintenance",
        "up == 2 or up == 0",
        "up == 0 or up == 2",
        "up + other > 5",
        "{__name__='up'} > 1",
    ],
)
def test_what_may_have_one(text: str) -> None:
    assert never_fires(promql_parser.parse(text)) is None
