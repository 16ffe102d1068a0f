from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.sast.sast_merge import merged_by_line_and_class
from gate.model.finding import SEVERITIES, Finding, Severity
from gate.model.json import Json


def found(
    tool: str,
    severity: Severity = "low",
    *classes: Json,
    path: str | None = "a.py",
    line: int | None = 3,
    suppressed: bool = False,
    new: bool | None = None,
) -> Finding:
    properties: dict[str, Json] = {"classes": list(classes)} if classes else {}
    return Finding(f"{tool}-1", severity, "m", tool, path, line, f"{tool}-print", suppressed, new, properties)


A, B = found("A", "low", "CWE-78", "CWE-88"), found("B", "high", "CWE-78")


def test_the_gravest_stands_for_all() -> None:
    (merged,) = merged_by_line_and_class((A, B))
    assert (merged.tool, merged.severity, merged.fingerprint) == ("B", "high", "B-print")
    assert merged.properties == {
        "classes": ["CWE-78"],
        "told_by": [{"tool": "A", "rule": "A-1", "severity": "low", "fingerprint": "A-print"}],
    }


def test_it_stands_where_the_first_stood() -> None:
    other = found("A", "low", "CWE-1", line=9)
    assert [item.line for item in merged_by_line_and_class((A, other, B))] == [3, 9]


@pytest.mark.parametrize(
    "other",
    [
        found("B", "high", "CWE-79"),
        found("B", "high"),
        found("B", "high", 78),
        found("B", "high", "CWE-78", line=4),
        found("B", "high", "CWE-78", line=None),
        found("B", "high", "CWE-78", path="b.py"),
        found("B", "high", "CWE-78", path=None),
        found("B", "high", "CWE-78", suppressed=True),
        found("a", "high", "CWE-78"),
    ],
)
def test_what_is_not_merged(other: Finding) -> None:
    third = found("C", line=77)
    assert list(merged_by_line_and_class((A, other, third))) == [A, other, third]


def test_findings_of_one_tool_stay_apart() -> None:
    assert len(merged_by_line_and_class((A, A, B))) == 2
    assert len(merged_by_line_and_class((A, B, A, B))) == 2
    lone = (A, A)
    assert merged_by_line_and_class(lone) is lone


def test_classes_do_not_chain() -> None:
    left, both, right = found("A", "low", "CWE-1"), found("B", "low", "CWE-1", "CWE-2"), found("C", "high", "CWE-2")
    assert [item.tool for item in merged_by_line_and_class((left, both, right))] == ["A", "C"]


@pytest.mark.parametrize(
    ("first", "second", "new"), [(None, None, None), (False, False, False), (False, True, True), (True, None, True)]
)
def test_new(first: bool | None, second: bool | None, new: bool | None) -> None:
    (merged,) = merged_by_line_and_class(
        (found("A", "low", "CWE-1", new=first), found("B", "low", "CWE-1", new=second))
    )
    assert merged.new is new


@given(
    st.lists(
        st.builds(
            lambda tool, severity, classes, line, suppressed: found(
                tool, severity, *classes, line=line, suppressed=suppressed
            ),
            st.sampled_from("ABC"),
            st.sampled_from(SEVERITIES),
            st.lists(st.sampled_from(["CWE-1", "CWE-2", "CWE-3"]), max_size=2),
            st.integers(1, 2),
            st.booleans(),
        ),
        max_size=12,
    )
)
def test_nothing_is_lost(findings: list[Finding]) -> None:
    merged = merged_by_line_and_class(findings)
    told: Counter[object] = Counter()
    for item in merged:
        others = item.properties.get("told_by", [])
        assert isinstance(others, list)
        tools = [each["tool"] for each in others if isinstance(each, dict)]
        assert len({item.tool, *map(str, tools)}) == 1 + len(others)
        told.update([item.tool, *tools])
    assert told == Counter(item.tool for item in findings)
    # The gravest of a line is never hidden behind a lesser one, nor a live one behind a suppressed one.
    for line in (1, 2):
        for suppressed in (False, True):
            grades = [
                {SEVERITIES.index(item.severity) for item in each if (item.line, item.suppressed) == (line, suppressed)}
                for each in (findings, merged)
            ]
            assert min(grades[0], default=None) == min(grades[1], default=None)
