"""A criterion on the legs of a matrix."""

from __future__ import annotations

from datetime import date

import pytest

from gate.judge.catalogue import load_catalogue
from gate.judge.evaluate import judge
from gate.judge.policy_file import read_policy
from gate.judge.schema import problems, shipped_validator
from gate.model.evidence import Collected, Evidence, How, Missing, Source, Unreadable
from gate.model.json import JsonObject
from gate.model.verdict import CriterionResult, Decision, Outcome, Verdict
from gate.report.json_v1 import verdict_document

POLICY = b"""
version: 1
criteria:
  my.tests: {title: All tests pass, category: testing, level: must, evidence: docs,
             require: {required: [items], properties: {items: {minProperties: 2}}}}
"""


def docs(leg: str, count: int) -> Collected:
    items: JsonObject = {f"d{number}": {"found": True, "path": f"{number}.md"} for number in range(count)}
    return Collected("docs", {"items": items}, (Source(How.PRODUCED, path="README.md"),), leg=leg)


def judged(*evidence: Evidence) -> Verdict:
    policy = read_policy(POLICY, catalogue=load_catalogue(), path="p.yml")
    return judge(policy, evidence, now=date(2026, 1, 1), generated_at="2026-01-01T00:00:00Z")


def mine(verdict: Verdict) -> CriterionResult:
    return next(item for item in verdict.criteria if item.id == "my.tests")


def test_what_holds_on_every_leg_passes() -> None:
    found = mine(judged(docs("py311", 2), docs("py312", 3)))
    assert found.outcome is Outcome.PASS
    assert found.reason.endswith("so on all 2 legs")


@pytest.mark.parametrize("order", [(1, 2, 3), (2, 1, 3), (3, 2, 1)])
def test_one_leg_that_misses_it_is_enough(order: tuple[int, ...]) -> None:
    verdict = judged(*(docs(f"leg{count}", count) for count in order))
    found = mine(verdict)
    assert found.outcome is Outcome.FAIL
    assert found.reason.endswith("so on leg1 (1 of 3 legs)")
    assert found.facts_pointer == f"/evidence/{order.index(1)}/facts/items"
    assert verdict.decision is Decision.NO_GO


@pytest.mark.parametrize(
    ("other", "outcome"),
    [
        (Missing("docs", "none", leg="b"), Outcome.NO_EVIDENCE),
        (Unreadable("docs", "broken", leg="b"), Outcome.ERROR),
        (Missing("docs", "nothing of the kind", not_applicable=True, leg="b"), Outcome.PASS),
    ],
)
def test_a_leg_that_says_nothing_proves_nothing(other: Evidence, outcome: Outcome) -> None:
    assert mine(judged(docs("a", 2), other)).outcome is outcome
    assert mine(judged(other, docs("a", 2))).outcome is outcome


@pytest.mark.parametrize("legs", [("", ""), ("a", ""), ("a", "a")])
def test_entries_that_are_not_told_apart_contradict_each_other(legs: tuple[str, str]) -> None:
    found = mine(judged(*(docs(leg, 2) for leg in legs)))
    assert found.outcome is Outcome.ERROR
    assert "contradict each other" in found.reason


def test_the_json_names_the_legs_and_fits_its_schema() -> None:
    document = verdict_document(judged(docs("a", 2), docs("b", 2)))
    entries = document["evidence"]
    assert isinstance(entries, list)
    assert [item["leg"] for item in entries if isinstance(item, dict)] == ["a", "b"]
    assert not problems(shipped_validator("verdict"), document, 1)
