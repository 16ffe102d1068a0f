"""A leg that left no bundle is not one that passed."""

from __future__ import annotations

from datetime import date

from gate.judge.catalogue import load_catalogue
from gate.judge.evaluate import judge
from gate.judge.missing_legs import ID, with_missing_legs
from gate.judge.policy_file import read_policy
from gate.judge.schema import problems, shipped_validator
from gate.model.evidence import Collected
from gate.model.verdict import Decision, Outcome, Verdict
from gate.report.json_v1 import verdict_document

POLICY = b"""
version: 1
criteria:
  my.docs: {title: There are documents, category: documentation, level: must, evidence: docs,
            require: {required: [items]}}
trust: {legs: [py311, py312]}
"""


def verdict() -> Verdict:
    policy = read_policy(POLICY, catalogue=load_catalogue(), path="p.yml")
    assert policy.trust.legs == ("py311", "py312")
    return judge(policy, (Collected("docs", {"items": {}}),), now=date(2026, 1, 1), generated_at="2026-01-01T00:00:00Z")


def test_where_all_are_there_nothing_changes() -> None:
    before = verdict()
    assert with_missing_legs(before, (), ()) is before
    assert with_missing_legs(before, ("py311",), ("py311", "other")) is before


def test_one_that_is_missing_has_no_evidence_and_blocks() -> None:
    after = with_missing_legs(verdict(), ("py311", "py312"), ("py312",))
    assert after.decision is Decision.NO_GO
    assert after.blocked_by[-1] == ID
    found = after.criteria[-1]
    assert (found.outcome, found.measured) == (Outcome.NO_EVIDENCE, "1 of 2 legs")
    assert found.reason == "of py311 there is no bundle; there is py312"
    assert not problems(shipped_validator("verdict"), verdict_document(after))


def test_many_that_are_missing_are_told_in_a_line() -> None:
    after = with_missing_legs(verdict(), [f"leg{number}" for number in range(64)], ())
    assert after.criteria[-1].reason == (
        "of leg0, leg1, leg2, leg3, leg4 and 59 more there is no bundle; there are none"
    )
