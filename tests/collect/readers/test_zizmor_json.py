"""zizmor's report."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers.errors import ReportError
from gate.collect.readers.zizmor_json import ZizmorFinding, read_zizmor


def location(kind: str, row: int) -> dict[str, Any]:
    return {
        "symbolic": {"key": {"Local": {"verbatim_path": "w.yml"}}, "annotation": "here", "kind": kind},
        "concrete": {"location": {"start_point": {"row": row, "column": 2}}, "feature": "secret text"},
    }


def result(**changed: Any) -> dict[str, Any]:
    return {
        "ident": "artipacked",
        "desc": "kept",
        "url": "https://docs.zizmor.sh/audits/#artipacked",
        "determinations": {"confidence": "Low", "severity": "Medium", "persona": "Regular"},
        "locations": [location("Related", 3), location("Primary", 7)],
        "ignored": False,
        **changed,
    }


def test_a_finding_stands_at_its_primary_place() -> None:
    (found,) = read_zizmor(json.dumps([result()]).encode())
    assert found == ZizmorFinding(
        "artipacked", "kept", "https://docs.zizmor.sh/audits/#artipacked", "Medium", "Low", "w.yml", 8, 3, "here", False
    )
    (other,) = read_zizmor(json.dumps([result(locations=[location("Related", 3)])]).encode())
    assert other.line == 4


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("", "is not JSON"),
        ("{}", "it should be a list"),
        ("[1]", "result 1 is no object"),
        ([result(ident=1)], "has no text `ident`"),
        ([result(locations=[])], "has no place"),
        ([result(locations=5)], "has no place"),
        ([result(ignored="no")], "neither true nor false"),
        ([result(determinations={"severity": "Grave", "confidence": "Low"})], "has the severity “Grave”"),
        ([result(determinations=None)], "no object `determinations`"),
        ([result(locations=[{**location("Primary", 1), "symbolic": {"key": {"Remote": {}}}}])], "no local path"),
        ([result(locations=[location("Primary", -1)])], "no number `row`"),
    ],
)
def test_what_is_no_report_is_told(document: Any, reason: str) -> None:
    text = document if isinstance(document, str) else json.dumps(document)
    with pytest.raises(ReportError, match=reason):
        read_zizmor(text.encode())


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["ident", "locations", "symbolic", "determinations"]), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_nothing_but_a_report_error_comes_of_bad_input(value: Any) -> None:
    for document in (value, [value], [result(locations=value)], [result(locations=[value])]):
        try:
            read_zizmor(json.dumps(document).encode())
        except ReportError:
            continue
