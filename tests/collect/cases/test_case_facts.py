"""Adding cases up, and telling which named suites they belong to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.cases.case_facts import MAX_FINDINGS, Tally, facts_of, percent
from gate.collect.cases.case_suites import FileResolver, SuiteMatcher
from gate.collect.readers.case_report import Case, Outcome
from gate.formats.globs import GlobError


def nowhere(_file: str) -> None:
    return None


@pytest.mark.parametrize(
    "case",
    [
        Case(Outcome.PASSED, file="tests/integration/test_db.py"),
        Case(Outcome.PASSED, file="tests\\integration\\test_db.py"),
        Case(Outcome.PASSED, file="/home/runner/_work/shop/tests/integration/test_db.py"),
        Case(Outcome.PASSED, classname="tests.integration.test_db.TestDb"),
        Case(Outcome.PASSED, classname="tests/integration/db.spec.ts"),
        Case(Outcome.PASSED, suites=("all", "integration")),
        Case(Outcome.PASSED, name="test_integration_of_db"),
        Case(Outcome.PASSED, classname="Db", name="talks"),
    ],
)
def test_a_case_belongs_to_a_suite_by_where_it_is_or_what_it_is_called(case: Case) -> None:
    resolve = FileResolver("/checkout/shop", ["tests/integration/test_db.py"])
    globs = ["tests/integration/**", "integration", "*integration_of*", "./Db::t*"]
    matcher = SuiteMatcher({"integration": globs, "none": []}, resolve)
    assert matcher
    for _ in range(2):
        assert list(matcher(case)) == ["integration"]
        assert list(matcher(case._replace(outcome=Outcome.FAILED))) == ["integration"]
    assert list(matcher(Case(Outcome.PASSED, ("unit",), "tests.unit", "test_add", "tests/unit/x.py"))) == []


def test_each_suite_matches_for_itself() -> None:
    matcher = SuiteMatcher({"a": ["x/**"], "b": ["*slow*"]}, nowhere)
    assert list(matcher(Case(Outcome.PASSED, file="x/y", name="is_slow"))) == ["a", "b"]
    assert list(matcher(Case(Outcome.PASSED, file="x/y", name="is_fast"))) == ["a"]
    assert not SuiteMatcher({}, nowhere)
    assert SuiteMatcher({}, nowhere)(Case(Outcome.PASSED)) == ()


def test_a_glob_that_is_none() -> None:
    with pytest.raises(GlobError):
        SuiteMatcher({"a": ["[x"]}, nowhere)


@pytest.mark.parametrize(
    ("file", "path"),
    [
        ("tests/a.py", "tests/a.py"),
        ("./tests/a.py", "tests/a.py"),
        ("/repo/tests/a.py", "tests/a.py"),
        ("C:\\agent\\tests\\a.py", "tests/a.py"),
        ("/other/place/tests/a.py", "tests/a.py"),
        ("/other/a.py", "a.py"),
        ("tests/b.py", None),
        ("../tests/a.py", "tests/a.py"),
        ("", None),
        ("a/" * 3000 + "a.py", None),
    ],
)
def test_files_of_reports_are_found_in_the_tree(file: str, path: str | None) -> None:
    resolve = FileResolver("/repo", ["tests/a.py", "a.py"])
    assert [resolve(file), resolve(file)] == [path, path]


def test_facts_of_nothing_that_ran() -> None:
    tally = Tally()
    tally(Case(Outcome.SKIPPED))
    assert facts_of(1, tally, ["a"]) == {
        "reports": 1,
        "total": 1,
        "passed": 0,
        "failed": 0,
        "errors": 0,
        "skipped": 1,
        "flaky": 0,
        "suites": {"a": {"total": 0, "passed": 0, "failed": 0, "errors": 0, "skipped": 0}},
    }


@pytest.mark.parametrize(
    ("part", "whole", "value"),
    [(1, 1, 100.0), (0, 3, 0.0), (2, 3, 66.6667), (9_999_999, 10_000_000, 99.9999), (1, 10_000_000, 0.0001)],
)
def test_only_all_of_all_is_a_hundred_percent(part: int, whole: int, value: float) -> None:
    assert percent(part, whole) == value


def test_an_attempt_takes_the_place_of_the_one_before() -> None:
    matcher = SuiteMatcher({"s": ["c"]}, nowhere)
    tally = Tally(matcher)
    first = Case(Outcome.FAILED, classname="c", name="n", seconds=1, message="told")
    tally(first)
    tally(first._replace(message="", repeats=Outcome.FAILED))
    assert [finding.message for finding in tally.failing.values()] == ["c::n: told"]
    tally(first._replace(outcome=Outcome.ERROR, repeats=Outcome.FAILED, message="worse"))
    assert facts_of(1, tally, ["s"]) == {
        "reports": 1,
        "total": 1,
        "passed": 0,
        "failed": 0,
        "errors": 1,
        "skipped": 0,
        "flaky": 0,
        "duration_seconds": 3.0,
        "pass_rate": 0.0,
        "suites": {"s": {"total": 1, "passed": 0, "failed": 0, "errors": 1, "skipped": 0}},
    }
    (finding,) = tally.failing.values()
    assert (finding.rule, finding.message) == ("test-error", "c::n: worse")


def test_flakiness_of_an_attempt_that_was_replaced_is_taken_back() -> None:
    tally = Tally()
    tally(Case(Outcome.PASSED, name="n", flaky=True))
    tally(Case(Outcome.PASSED, name="n", flaky=True, repeats=Outcome.PASSED, was_flaky=True))
    assert (tally.total, tally.flaky) == (1, 1)


def test_failing_cases_become_findings_with_places() -> None:
    tally = Tally(resolve=FileResolver("/repo", ["tests/a.py"]))
    bad = Case(Outcome.FAILED, ("s",), "c", "n", "/x/tests/a.py", 7, message="m")
    tally(bad)
    tally(bad._replace(file="gone.py", name="o"))
    tally(bad._replace(classname="", message=""))
    tally(Case(Outcome.ERROR, name="p"))
    found = list(tally.failing.values())
    assert [(item.path, item.line) for item in found] == [
        ("tests/a.py", 7),
        (None, None),
        ("tests/a.py", 7),
        (None, None),
    ]
    assert [item.message for item in found] == ["c::n: m", "c::o: m", "s::n", "p"]
    assert {item.severity for item in found} == {"high"}
    again = Tally(resolve=FileResolver("/repo", ["tests/a.py"]))
    again(bad._replace(line=900, message="other"))
    assert set(again.failing) <= set(tally.failing), "the fingerprint does not depend on line or message"


def test_cases_of_one_name_are_findings_of_their_own() -> None:
    tally = Tally()
    for _ in range(3):
        tally(Case(Outcome.FAILED, classname="c", name="n"))
    assert len(tally.failing) == 3


def test_findings_are_capped_and_counts_are_not() -> None:
    one, other, everything = Tally(), Tally(), Tally()
    for number in range(MAX_FINDINGS + 5):
        one(Case(Outcome.FAILED, name=f"a{number}"))
        other(Case(Outcome.FAILED, name=f"b{number}"))
    everything.add(one)
    everything.add(other)
    assert len(one.failing) == len(everything.failing) == MAX_FINDINGS
    assert everything.outcomes[Outcome.FAILED] == 2 * MAX_FINDINGS + 10


def test_names_of_cases_are_fit_for_a_sentence() -> None:
    tally = Tally()
    tally(Case(Outcome.FAILED, classname="c", name="\n::error::x\x1b" + "y" * 10_000))
    (finding,) = tally.failing.values()
    assert "\n" not in finding.message
    assert len(finding.message) < 400


_CASES = st.builds(
    Case,
    st.sampled_from(Outcome),
    classname=st.sampled_from(["a", "b.c"]),
    name=st.text(max_size=3),
    seconds=st.none() | st.floats(0, 10),
    repeats=st.none(),
    was_flaky=st.just(False),
)


@given(st.lists(_CASES), st.lists(_CASES))
def test_reports_add_up(first: list[Case], second: list[Case]) -> None:
    parts = [Tally(SuiteMatcher({"a": ["a"]}, nowhere)) for _ in range(3)]
    for case in first:
        parts[0](case)
        parts[2](case)
    for case in second:
        parts[1](case)
        parts[2](case)
    together = Tally()
    together.add(parts[0])
    together.add(parts[1])
    joined, at_once = facts_of(2, together, ["a"]), facts_of(2, parts[2], ["a"])
    assert joined.pop("duration_seconds", 0) == pytest.approx(at_once.pop("duration_seconds", 0), abs=1e-5)
    assert joined == at_once
    assert joined["total"] == len(first) + len(second)
