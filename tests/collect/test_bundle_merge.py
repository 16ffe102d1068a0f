"""Several bundles as one: the legs of a matrix stay apart."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.bundle import Bundle, BundleError
from gate.collect.bundle_merge import MOST_LEGS, merged
from gate.model.evidence import Collected, Evidence, Missing
from gate.model.finding import Finding

A, B = "a" * 40, "b" * 40


def bundle(
    *evidence: Evidence, commit: str | None = A, base: str | None = None, at: str = "2026-01-01T00:00:00Z"
) -> Bundle:
    return Bundle(evidence, commit, base, at)


def counted(total: int) -> Collected:
    return Collected("tests", {"total": total})


def test_one_bundle_stays_as_it_is() -> None:
    only = bundle(counted(3), Missing("coverage", "no report"))
    assert merged({"any": only}) == only


def test_a_kind_of_one_leg_is_taken_and_one_of_several_is_kept_apart() -> None:
    found = merged({"py311": bundle(counted(3), Collected("docs", {})), "py312": bundle(counted(2))})
    assert [(item.kind, item.leg) for item in found.evidence] == [("tests", "py311"), ("tests", "py312"), ("docs", "")]


def test_legs_that_say_the_very_same_are_one() -> None:
    found = merged({"a": bundle(counted(3)), "b": bundle(counted(3)), "c": bundle(counted(3))})
    assert found.evidence == (counted(3),)


def test_legs_with_other_findings_are_not_the_same() -> None:
    finding = Finding("B101", "low", "assert", "bandit", "a.py", 1, "f")
    one, other = Collected("sast", {}), Collected("sast", {}, findings=(finding,))
    assert len(merged({"a": bundle(one), "b": bundle(other)}).evidence) == 2


@pytest.mark.parametrize("other", [bundle(commit=B), bundle(commit=None), bundle(base=B)])
def test_t5_bundles_of_different_commits_are_not_judged_together(other: Bundle) -> None:
    with pytest.raises(BundleError, match="different commits"):
        merged({"a": bundle(), "b": other})


def test_none_and_too_many_are_refused() -> None:
    with pytest.raises(BundleError, match="no bundle"):
        merged({})
    with pytest.raises(BundleError, match="at most 64"):
        merged({str(number): bundle() for number in range(MOST_LEGS + 1)})


@given(st.dictionaries(st.sampled_from("abcd"), st.lists(st.integers(0, 2), max_size=1), min_size=1))
def test_nothing_that_a_leg_says_is_lost(legs: dict[str, list[int]]) -> None:
    bundles = {name: bundle(*(counted(total) for total in totals)) for name, totals in legs.items()}
    said = {total for totals in legs.values() for total in totals}
    kept = [replace(item, leg="") for item in merged(bundles).evidence]
    assert sorted(item.facts["total"] for item in kept if isinstance(item, Collected)) == sorted(said)  # type: ignore[type-var]
