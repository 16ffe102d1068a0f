from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers.errors import ReportError
from gate.collect.readers.gitleaks_json import Leak, read_gitleaks
from gate.model.json import JsonObject

SECRET = "hunter2-and-more"
ITEM: JsonObject = {
    "RuleID": "github-pat",
    "Description": SECRET,
    "StartLine": 3,
    "EndLine": 4,
    "StartColumn": 11,
    "EndColumn": 50,
    "Match": f"token = {SECRET}",
    "Secret": SECRET,
    "Line": SECRET,
    "File": "0000/0000001",
    "Fingerprint": SECRET,
    "Entropy": 4.8,
    "Tags": [],
}


def report(*items: object) -> bytes:
    return json.dumps(items).encode()


def test_results_without_what_is_secret() -> None:
    assert read_gitleaks(report(ITEM)) == (Leak("0000/0000001", "github-pat", 3, 4, 11),)
    assert SECRET not in repr(read_gitleaks(report(ITEM)))
    assert read_gitleaks(b"[]\n") == ()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"null", "should be a list"),
        (b"{}", "should be a list"),
        (report(ITEM)[:-40], "is not JSON"),
        (report(ITEM).replace(b"3,", b"NaN,"), "is not JSON"),
        (report(ITEM).replace(b'"EndLine"', b'"StartLine"'), "is not JSON"),
        (b"\xff\xfe" + report(ITEM), "is not JSON"),
        (b"[" * 300 + b"]" * 300, "is not JSON"),
        (report("text"), "result 1 is no object"),
        (report({**ITEM, "RuleID": ""}), "has no RuleID"),
        (report(ITEM, {**ITEM, "File": 3}), "result 2 has no File"),
        (report({**ITEM, "StartLine": True}), "StartLine of result 1"),
        (report({**ITEM, "StartColumn": -1}), "StartColumn of result 1"),
        (report({**ITEM, "EndLine": 2}), "ends before it begins"),
        (report({"version": "2.1.0", "runs": []}), "has no RuleID|no whole number"),
    ],
)
def test_what_is_no_report(data: bytes, reason: str) -> None:
    with pytest.raises(ReportError, match=reason) as caught:
        read_gitleaks(data)
    assert SECRET not in str(caught.value)


@given(st.binary(max_size=200))
def test_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(ReportError):
        assert read_gitleaks(data) == ()


@given(st.lists(st.tuples(st.text(min_size=1), st.integers(0, 9**6), st.integers(0, 99), st.integers(0, 999))))
def test_whatever_gitleaks_writes_is_read(results: list[tuple[str, int, int, int]]) -> None:
    rows = [
        {**ITEM, "File": "f" + name, "StartLine": line, "EndLine": line + more, "StartColumn": column}
        for name, line, more, column in results
    ]
    found = read_gitleaks(json.dumps(rows, ensure_ascii=False).encode("utf-8", "replace"))
    assert [(leak.line, leak.end_line, leak.column) for leak in found] == [
        (line, line + more, column) for _, line, more, column in results
    ]
