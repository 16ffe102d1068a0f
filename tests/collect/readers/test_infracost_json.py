from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers.errors import ReportError
from gate.collect.readers.infracost_json import Cost, read_infracost

WHOLE = {
    "version": "0.2",
    "currency": "EUR",
    "projects": [{"name": "infra"}, {"name": "edge"}],
    "totalMonthlyCost": "812.5",
    "summary": {"totalUnsupportedResources": 3},
}


def test_a_report() -> None:
    assert read_infracost(json.dumps(WHOLE).encode()) == Cost(812.5, "EUR", 2, 3)


def test_what_may_be_absent() -> None:
    assert read_infracost(b'{"projects": [{}], "totalMonthlyCost": 0}') == Cost(0.0, "USD", 1, 0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"totalMonthlyCost": None}, "names no totalMonthlyCost"),
        ({"totalMonthlyCost": "NaN"}, "names no totalMonthlyCost"),
        ({"totalMonthlyCost": "-1"}, "names no totalMonthlyCost"),
        ({"totalMonthlyCost": True}, "names no totalMonthlyCost"),
        ({"totalMonthlyCost": "cheap"}, "names no totalMonthlyCost"),
        ({"projects": []}, "names no project"),
        ({"projects": 1}, "is not Infracost's JSON"),
        ({"summary": {"totalUnsupportedResources": "x"}}, "is not Infracost's JSON"),
    ],
)
def test_what_says_nothing_about_costs(change: dict[str, object], reason: str) -> None:
    with pytest.raises(ReportError, match=reason):
        read_infracost(json.dumps(WHOLE | change).encode())


@pytest.mark.parametrize("data", [b"", b" ", b"[]", b"{", b"<html>", b"null"])
def test_what_is_no_report(data: bytes) -> None:
    with pytest.raises(ReportError):
        read_infracost(data)


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(ReportError) as caught:
        read_infracost(data)
    assert caught.value.reason
