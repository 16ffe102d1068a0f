"""The JUnit report: read by junitparser and by the gate's own reader, and shut to hostile text."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from gate.collect.readers.case_report import TestReport
from gate.collect.readers.junit import read_junit
from gate.formats.plain import one_line
from gate.model.verdict import Decision, Verdict
from gate.report.junit import render
from gate.report.options import RenderOptions
from tests.report.hostile import HOSTILE
from tests.report.test_markdown import hostile_verdict
from tests.support.verdicts import CONDITIONAL, CRITERIA, GO, NO_GO, verdict

OPTIONS = RenderOptions(version="1.2.3")


def suites(value: Verdict) -> dict[str, TestSuite]:
    report = JUnitXml.fromstring(render(value, OPTIONS).encode())
    return {suite.name: suite for suite in report}


def cases(value: Verdict) -> dict[str, TestCase]:
    return {case.name.split(":")[0]: case for suite in suites(value).values() for case in suite}


def told(case: TestCase) -> list[tuple[type, str, str | None]]:
    return [(type(item), item.message, item.type) for item in case.result]


def read_back(text: str) -> tuple[TestReport, Counter[str]]:
    """What the gate's own reader makes of it, and how many cases had which outcome."""
    counts: Counter[str] = Counter()
    return read_junit([text.encode()], lambda case: counts.update([case.outcome.value])), counts


def test_every_criterion_is_a_case_of_its_category() -> None:
    assert {name: [case.name for case in suite] for name, suite in suites(NO_GO).items()} == {
        "verdict": ["verdict"],
        "testing": [
            "coverage.lines: Line coverage", "tests.flaky: No flaky test", "tests.passed: Every test passes",
            "tests.minimum: There are enough tests",
        ],
        "security": [
            "dependencies.audited: Every dependency was audited", "sast.no-high: No finding of high severity",
            "sast.low: Few findings of low severity",
        ],
        "documentation": ["docs.runbook: There is a runbook"],
        "operations": ["image.size: The image is small"],
    }  # fmt: skip


def test_outcomes_are_told_apart() -> None:
    found = cases(NO_GO)
    (failure,) = found["coverage.lines"].result
    assert isinstance(failure, Failure)
    assert failure.type == "must"
    assert failure.message.startswith("81.4 % of lines are covered, the policy wants at least 90 %")
    assert failure.text.endswith("→ Add tests for the files with the most missing lines, payments/refunds.py first, or "
                                 "lower coverage.lines.minimum in a change of its own.")  # fmt: skip
    assert [(type(item), item.type) for item in found["dependencies.audited"].result] == [(Error, "no_evidence")]
    assert [(type(item), item.type) for item in found["docs.runbook"].result] == [(Error, "error")]
    assert [type(item) for item in found["tests.flaky"].result] == [Skipped]
    assert found["tests.flaky"].result[0].message.startswith("waived by ada until 2027-01-31")
    assert told(found["image.size"]) == [(Skipped, "switched off by the policy: we ship no image", None)]
    assert told(found["tests.passed"]) == []
    assert [item.type for item in found["sast.low"].result] == ["may"]


def test_the_gates_own_reader_counts_the_same() -> None:
    report, counts = read_back(render(NO_GO, OPTIONS))
    assert (report.cases, report.problems) == (10, ())
    assert counts == {"passed": 2, "failed": 4, "errors": 2, "skipped": 2}
    root = ElementTree.fromstring(render(NO_GO, OPTIONS))
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "10",
        "failures": "4",
        "errors": "2",
        "skipped": "2",
    }
    for suite in root:
        assert int(suite.get("tests", "")) == len(suite.findall("testcase"))
        assert int(suite.get("failures", "")) == len(suite.findall("testcase/failure"))


def test_the_verdict_is_a_case_so_that_no_criterion_is_no_pass() -> None:
    nothing = verdict(Decision.NO_GO, (), 0.0)
    (failure,) = cases(nothing)["verdict"].result
    assert (type(failure), failure.message) == (Failure, "no_go: nothing is proven (0 criteria)")
    below = verdict(Decision.NO_GO, CRITERIA[6:], 10.0)
    assert [item.message for item in cases(below)["verdict"].result] == [
        "no_go: the score is below what the policy wants (2 criteria)"
    ]
    assert told(cases(CONDITIONAL)["verdict"]) == told(cases(GO)["verdict"]) == []


def test_advice_says_that_it_is_none_but_advice() -> None:
    advised = replace(NO_GO, advisory=True)
    assert told(cases(advised)["verdict"]) == []
    assert 'name="Readiness Gate (ADVISORY, not enforcing)"' in render(advised, OPTIONS)
    assert "ADVISORY" not in render(NO_GO, OPTIONS)


def test_whoever_speaks_under_our_name_is_a_failure() -> None:
    shown = render(GO, RenderOptions(alarms=("Another app set the status",), extra_notes=("a note",)))
    root = ElementTree.fromstring(shown)
    assert root.findall("testsuite/testcase/failure")[0].get("message") == "no_go: Another app set the status"
    assert str(root.findtext("testsuite/system-out")).startswith("Another app set the status Evidence for tests")
    assert "<system-out>" not in render(replace(GO, notices=()), OPTIONS)


def test_what_was_judged_is_among_the_properties() -> None:
    suite = suites(NO_GO)["verdict"]
    assert {item.name: item.value for item in suite.properties()} == {  # type: ignore[no-untyped-call]
        "verdict": "no_go", "score": "36.4", "commit": NO_GO.commit, "base": NO_GO.base, "policy": ".gate/policy.yml",
        "policy_sha256": "c" * 64, "profile": "production", "gate_version": "1.2.3",
    }  # fmt: skip
    assert suite.timestamp == "2026-11-21T06:00:00"
    assert "timestamp" not in render(replace(NO_GO, generated_at=""), OPTIONS)


@pytest.mark.parametrize("attack", ["]]>", "</failure></testcase><testcase name='x'/>", "&amp;<!DOCTYPE x>", '" x="y'])
def test_t19_text_cannot_leave_its_place(attack: str) -> None:
    root = ElementTree.fromstring(render(hostile_verdict(attack, NO_GO), OPTIONS))
    assert len(root.findall("testsuite/testcase")) == 10
    assert root.findall("testsuite")[1].get("name") == attack


@settings(max_examples=100, deadline=None)
@given(HOSTILE | st.text(), st.sampled_from([NO_GO, GO]))
def test_t28_any_text_is_whole_xml_and_no_command(text: str, base: Verdict) -> None:
    shown = render(hostile_verdict(text, base), OPTIONS)
    assert "##[" not in shown
    assert not [line for line in shown.splitlines() if line.lstrip().startswith("::")]
    root = ElementTree.fromstring(shown)
    assert len(root.findall("testsuite/testcase")) == 1 + len(base.criteria)
    assert read_back(shown)[0].cases == 1 + len(base.criteria)
    for reason in root.findall("testsuite/testcase/failure")[1:]:
        assert reason.get("message") == one_line(text, 1000)
