"""The lines of the collectors' block."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.model.evidence import Collected, Evidence, Gap, Missing, Unreadable
from gate.report.summaries import mark, summary, table
from gate.report.text import counted, inert, joined, percent
from tests.report.hostile import HOSTILE
from tests.support.verdicts import EVIDENCE


@pytest.mark.parametrize(
    ("evidence", "sign", "text"),
    [
        (EVIDENCE[0], "✓", "826 files, 3,912 Python tests"),
        (EVIDENCE[1], "✓", "4,178 cases, 2 reports, 8 skipped, 1 flaky"),
        (EVIDENCE[2], "✓", "81.4 % of 2,838 lines, 1 report"),
        (EVIDENCE[3], "✓", "bandit 1.9.4, 505 files, 2 high, 11 medium"),
        (EVIDENCE[4], "!", "41 packages, 38 audited, 3 skipped, 3 gaps"),
        (EVIDENCE[5], "–", "the policy names no file; name them under evidence › files"),
        (Missing("tests", "no report"), "✗", "no report"),
        (Unreadable("tests", "a\nb"), "✗", "a b"),
        (Collected("inventory", {"files": 1, "test_functions": 0}), "✓", "1 file"),
        (Collected("dependencies", {"packages": 1, "audited": 1, "vulnerable": 2}), "✓",
         "1 package, 1 audited, 2 vulnerable"),
        (Collected("docs", {"items": {"a": {"found": True}, "b": {"found": False}, "c": {}}}), "✓", "1 of 3 found"),
        (Collected("files", {"items": None}), "✓", "0 of 0 found"),
        (Collected("cluster", {"charts": 3, "ok": True, "not_rendered": 1}), "✓", "charts 3, not rendered 1"),
        (Collected("cluster", {}), "✓", "collected"),
        (Collected("helm", {"charts": 3}), "✓", "3 charts"),
        (Collected("helm", {"charts": 3, "objects": 7, "linted": 3}), "✓", "3 charts, 7 objects, 3 linted"),
        (Collected("kustomize", {"kustomizations": 2, "built": 1}), "✓", "2 kustomizations, 1 built"),
        (Collected("coverage", {"reports": 1}, gaps=(Gap("a", "b"),)), "!", "1 report, 1 gap"),
        (Collected("coverage", {"reports": 2, "lines": {"percent": 99.99, "total": 9999}}), "✓",
         "99.9 % of 9,999 lines, 2 reports"),
        (Collected("coverage", {"reports": 1, "lines": {"covered": 0, "total": 0}}), "✓", "0 lines, 1 report"),
        (Collected("sast", {"tools": None, "files_scanned": True, "counts": None}), "✓", "0 files"),
        (Collected("sast", {"tools": [{"name": "a"}, {"name": None, "version": "2"}], "counts": {"low": 1}}), "✓",
         "a + ? 2, 1 low"),
    ],
)  # fmt: skip
def test_each_kind_has_its_line(evidence: Evidence, sign: str, text: str) -> None:
    assert (mark(evidence), summary(evidence)) == (sign, text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | HOSTILE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["files", "total", "failed", "reports", "lines", "tools", "counts", "items", "packages", "audited", "x"]
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["inventory", "tests", "coverage", "sast", "dependencies", "docs", "files", "helm"]),
    st.dictionaries(NAMES, JSON, max_size=6),
)
def test_any_facts_make_one_harmless_line(kind: str, facts: dict) -> None:  # type: ignore[type-arg]
    line = summary(Collected(kind, facts))
    assert line
    assert line.isprintable()
    assert len(line) <= 300


def test_the_table_has_a_line_per_kind_and_gap_and_no_command() -> None:
    gaps = tuple(Gap(f"::error::{n} ##[group]", "is\nodd") for n in range(120))
    text = table([EVIDENCE[1], Collected("sast", {}, gaps=gaps)])
    lines = text.splitlines()
    assert lines[0] == "tests  ✓  4,178 cases, 2 reports, 8 skipped, 1 flaky"
    assert lines[1] == "sast   !  120 gaps"
    assert lines[2] == "          gap  ::error::0 # #[group]: is odd"
    assert lines[-1] == "          gap  … and 20 more"
    assert len(lines) == 103
    assert table([]) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (100.0, "100"), (0.001, "0.1"), (99.999, "99.9"), (81.3953, "81.4"), (True, "?"), ("9", "?"), ("", "?")],
)  # fmt: skip
def test_a_percentage_reaches_its_ends_only_exactly(value: bool | float | str, text: str) -> None:
    assert percent(value) == text


def test_numbers_and_lists_are_told_as_people_do() -> None:
    assert counted(1, "case", "cases") == "1 case"
    assert counted(4178, "case", "cases") == "4,178 cases"
    assert joined(["a", "b"], 2) == "a, b"
    assert joined(["a", "b", "c", "d"], 2) == "a, b and 2 more"


@given(HOSTILE)
def test_inert_text_holds_no_command(text: str) -> None:
    lines = inert(text).split("\n")
    assert not [line for line in lines if line.lstrip().startswith("::") or "##[" in line]
    if "::" not in text and "##[" not in text:
        assert inert(text) == text
