"""`--evidence KIND.KEY=VALUE`."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import UserError
from gate.judge.policy_settings import over
from gate.judge.settings_evidence import evidence_settings
from gate.model.json import JsonObject


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([], {}),
        (["tests.reports=out/*.xml"], {"tests": {"reports": ["out/*.xml"]}}),
        (["tests.reports=a.xml", "tests.reports=b.xml"], {"tests": {"reports": ["a.xml", "b.xml"]}}),
        (["tests.reports=[a.xml, 'b c.xml']", "tests.reports=d"], {"tests": {"reports": ["a.xml", "b c.xml", "d"]}}),
        (["tests.reports=[ab]*.xml"], {"tests": {"reports": ["[ab]*.xml"]}}),
        (["coverage.reports={a,b}/*.xml"], {"coverage": {"reports": ["{a,b}/*.xml"]}}),
        (["coverage.reports=a=b.xml"], {"coverage": {"reports": ["a=b.xml"]}}),
        (["coverage.reports='123'"], {"coverage": {"reports": ["123"]}}),
        (["coverage.reports=123"], {"coverage": {"reports": ["123"]}}),
        (["coverage.discover=false"], {"coverage": {"discover": False}}),
        (["coverage.discover=x/*.xml"], {"coverage": {"discover": ["x/*.xml"]}}),
        (["sast.bandit=false", "sast.ignore_nosec= true "], {"sast": {"bandit": False, "ignore_nosec": True}}),
        (["tests.suites.integration=tests/i/**"], {"tests": {"suites": {"integration": ["tests/i/**"]}}}),
        (["tests.suites.a.b=x", "tests.suites.a.b=y"], {"tests": {"suites": {"a.b": ["x", "y"]}}}),
        (["tests.suites={a: [x, y], b: z}"], {"tests": {"suites": {"a": ["x", "y"], "b": ["z"]}}}),
        (
            ["docs.items.docs.runbook.paths=ops/*.md", "docs.items.docs.runbook.headings=RTO"],
            {"docs": {"items": {"docs.runbook": {"paths": ["ops/*.md"], "headings": ["RTO"]}}}},
        ),
        (["dependencies.osv_url=http://localhost:1"], {"dependencies": {"osv_url": "http://localhost:1"}}),
    ],
)
def test_pairs_become_settings(pairs: list[str], expected: dict[str, JsonObject]) -> None:
    assert evidence_settings(pairs) == expected


@pytest.mark.parametrize(
    ("pair", "text"),
    [
        ("x", "--evidence x: It is written KIND.KEY=VALUE, as in  tests.reports=out/*.xml"),
        ("tests=x", "--evidence tests=x: It is written KIND.KEY=VALUE, as in  tests.reports=out/*.xml"),
        ("tests..a=x", "--evidence tests..a=x: It is written KIND.KEY=VALUE, as in  tests.reports=out/*.xml"),
        ("tests.reports=", "--evidence tests.reports=: There is no value behind the ="),
        ("tests.reportz=x", '--evidence tests.reportz: There is no key "reportz" here. Did you mean reports?'),
        ("tets.reports=x", '--evidence tets: There is no kind of evidence "tets" to set. Did you mean tests?'),
        ("chaos.a=1", '--evidence chaos: There is nothing to set for "chaos" evidence in this version.'),
        ("sast.bandit=no", '--evidence sast.bandit: Expected true or false, found "no".'),
        ("sast.bandit=.nan", "--evidence sast.bandit=.nan: .nan is not a finite number; write a number, or quote it"),
        ("tests.reports=../x", '--evidence tests.reports: "../x" leads out of its folder'),
        ("tests.reports=[a", '--evidence tests.reports: "[a" opens a [ that it does not close'),
        ("tests.reports.a=x", "--evidence tests.reports: Expected a text, found an object of 1 entry."),
    ],
)
def test_mistakes_say_which_pair(pair: str, text: str) -> None:
    with pytest.raises(UserError) as caught:
        evidence_settings([pair])
    assert str(caught.value).startswith(text)


@pytest.mark.parametrize(
    ("pairs", "text"),
    [
        (["sast.bandit=true", "sast.bandit=false"], "It is given twice."),
        (["tests.suites.a=x", "tests.suites=y"], "It is given twice."),
        (["tests.reports=x", "tests.reports.b=y"], "reports has a value already."),
    ],
)
def test_pairs_that_contradict_each_other(pairs: list[str], text: str) -> None:
    with pytest.raises(UserError, match=text):
        evidence_settings(pairs)


def test_every_mistake_is_told() -> None:
    with pytest.raises(UserError) as caught:
        evidence_settings(["x", "tets.a=1", "sast.bandit=3"])
    assert len(str(caught.value).splitlines()) == 3


@given(st.lists(st.text(st.sampled_from("tests.reports=[]{}'\"*&,: a"), max_size=30), max_size=3))
def test_no_pair_crashes(pairs: list[str]) -> None:
    with contextlib.suppress(UserError):
        evidence_settings(pairs)
    with contextlib.suppress(UserError):
        evidence_settings([f"tests.suites.a={pair}" for pair in pairs])


def test_discover_true_keeps_the_places_of_the_profile() -> None:
    base: dict[str, JsonObject] = {"tests": {"discover": ["a.xml"]}}
    assert over(base, {"tests": {"discover": True}})["tests"]["discover"] == ["a.xml"]
    assert over(base, {"tests": {"discover": False}})["tests"]["discover"] is False
    assert over({}, {"sast": {"discover": True}})["sast"]["discover"] == []
