"""The tests collector on real files: what counts, what is a gap, what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from gate.collect.collectors.tests import TestsCollector
from gate.collect.workspace import Workspace
from gate.model.evidence import Collected, Evidence, Missing, Unreadable
from gate.model.json import Json, JsonObject
from tests.support.fakes import context, tracked, write

REPOSITORY = Path(__file__).parents[3]
DATA = REPOSITORY / "tests" / "collect" / "readers" / "data"
PASSED = '<testsuite name="s" tests="1"><testcase classname="tests.unit.test_a" name="n" time="0.5"/></testsuite>'
FAILED = """<testsuite name="s" tests="2" failures="1">
<testcase classname="tests.integration.test_b" name="m" time="1"/>
<testcase classname="tests.integration.test_b" name="o" time="1"><failure message="no database"/></testcase>
</testsuite>"""


def collect(root: Path, files: dict[str, str | bytes], request: JsonObject, *in_git: str) -> Evidence:
    write(root, files)
    evidence = TestsCollector().collect(context(Workspace(root, tracked=tracked(*in_git)), request))
    if isinstance(evidence, Collected):
        schema = json.loads((REPOSITORY / "schemas/evidence/tests.schema.json").read_text())
        jsonschema.Draft202012Validator(schema).validate(evidence.facts)
    return evidence


def collected(root: Path, files: dict[str, str | bytes], request: JsonObject, *in_git: str) -> Collected:
    evidence = collect(root, files, request, *in_git)
    assert isinstance(evidence, Collected), evidence
    return evidence


def told(evidence: Evidence) -> list[tuple[str, str]]:
    return [(gap.subject, gap.reason) for gap in evidence.gaps]


def test_reports_of_several_jobs_add_up(tmp_path: Path) -> None:
    request: JsonObject = {
        "reports": ["out/*.xml"],
        "suites": {"integration": "tests/integration/**", "unit": ["*.unit.*"]},
    }
    evidence = collected(tmp_path, {"out/a.xml": PASSED, "out/b.xml": FAILED}, request)
    assert evidence.facts == {
        "reports": 2,
        "total": 3,
        "passed": 2,
        "failed": 1,
        "errors": 0,
        "skipped": 0,
        "flaky": 0,
        "duration_seconds": 2.5,
        "pass_rate": 66.6667,
        "suites": {
            "integration": {"total": 2, "passed": 1, "failed": 1, "errors": 0, "skipped": 0},
            "unit": {"total": 1, "passed": 1, "failed": 0, "errors": 0, "skipped": 0},
        },
    }
    assert evidence.gaps == ()
    assert [(source.path, source.tool, source.detail) for source in evidence.sources] == [
        ("out/a.xml", "JUnit XML", "1 case: 1 passed"),
        ("out/b.xml", "JUnit XML", "2 cases: 1 passed, 1 failed"),
    ]
    (finding,) = evidence.findings
    assert (finding.rule, finding.message) == ("test-failed", "tests.integration.test_b::o: no database")


def test_all_formats_together(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "out/" + name.replace("/", "-"): (DATA / name).read_bytes()
        for name in ("junit/gradle.xml", "trx/vstest.trx", "nunit/nunit3.xml", "xunit/xunit2.xml", "ctrf/flaky.json")
    }
    evidence = collected(tmp_path, files, {"reports": "out/*"})
    names = ("reports", "total", "passed", "failed", "errors", "skipped", "flaky")
    assert [evidence.facts[name] for name in names] == [5, 30, 10, 6, 5, 9, 2]
    assert {source.tool for source in evidence.sources} == {
        "JUnit XML",
        "TRX",
        "NUnit 3 XML",
        "xUnit.net XML",
        "CTRF JSON",
    }


def test_a_suite_without_a_case_has_a_gap_of_its_own(tmp_path: Path) -> None:
    evidence = collected(tmp_path, {"a.xml": PASSED}, {"reports": "a.xml", "suites": {"e2e": "e2e/**", "bad": "[x"}})
    assert evidence.facts["suites"] == {
        name: {"total": 0, "passed": 0, "failed": 0, "errors": 0, "skipped": 0} for name in ("e2e", "bad")
    }
    assert [(gap.subject, gap.facts) for gap in evidence.gaps] == [
        ("suite bad", ("suites.bad",)),
        ("suite e2e", ("suites.e2e",)),
        ("suite bad", ("suites.bad",)),
    ]


def test_the_same_report_under_two_names_counts_once(tmp_path: Path) -> None:
    evidence = collected(tmp_path, {"out/a.xml": FAILED, "out/b.xml": FAILED}, {"reports": "out/*.xml"})
    assert (evidence.facts["reports"], evidence.facts["total"]) == (1, 2)
    assert evidence.sources[1].detail == "the same bytes as out/a.xml, counted once"
    assert evidence.gaps == ()


@pytest.mark.parametrize(
    ("content", "reason", "line"),
    [
        (b"", "is empty", 1),
        (FAILED[:-20].encode(), "cannot be read as JUnit XML: it ends in the middle", 3),
        (b"<testsuite/>", "holds no test case (JUnit XML), so it proves nothing", None),
        (b"<coverage/>", "is not a test report (its root element is <coverage>)", None),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><testsuite/>", "is not a test report (its root element is <a>)", None),
        (b"<!DOCTYPE testsuite [<!ENTITY b 'c'>]><testsuite/>", "holds a DTD", 1),
        (b'{"results": {"tests": [NaN]}}', "NaN is not a number", 1),
        (b"<testsuite>\n<testcase name='\xff'/></testsuite>", "the byte 0xff is not in its encoding", 2),
        (b'<testsuite tests="1094" failures="0"><testcase/></testsuite>', 'states tests="1094"', 1),
    ],
)
def test_one_bad_report_among_good_ones_casts_doubt_on_all(
    tmp_path: Path, content: bytes, reason: str, line: int | None
) -> None:
    evidence = collected(tmp_path, {"out/a.xml": PASSED, "out/b.xml": content}, {"reports": ["out/*.xml"]})
    assert evidence.facts["passed"] in (1, 2)
    (gap,) = evidence.gaps
    assert (gap.subject, gap.path, gap.line, gap.facts) == ("out/b.xml", "out/b.xml", line, ())
    assert reason in gap.reason


def test_what_was_seen_before_a_report_broke_off_does_not_count(tmp_path: Path) -> None:
    cut = '<testsuite><testcase name="x" time="1"/><testcase name="y"><failure/></testcase>'
    evidence = collected(tmp_path, {"a.xml": PASSED, "b.xml": cut}, {"reports": ["a.xml", "b.xml"]})
    assert (evidence.facts["total"], evidence.findings) == (1, ())


def test_links_and_special_files_are_gaps(tmp_path: Path) -> None:
    write(tmp_path, {"a.xml": PASSED})
    (tmp_path / "b.xml").symlink_to("/proc/self/environ")
    evidence = collected(tmp_path, {}, {"reports": ["a.xml", "b.xml"]})
    (gap,) = evidence.gaps
    assert gap.subject == "b.xml"
    assert "symbolic link" in gap.reason


def test_a_tracked_report_is_no_evidence_of_this_run(tmp_path: Path) -> None:
    evidence = collected(tmp_path, {"out/a.xml": PASSED}, {"reports": "out/a.xml"}, "out/a.xml")
    assert told(evidence) == [("out/a.xml", "is tracked in git, so it is not evidence of this run")]


def test_globs_that_match_nothing(tmp_path: Path) -> None:
    evidence = collected(tmp_path, {"a.xml": PASSED}, {"reports": ["a.xml", "out/*.xml"]})
    assert [subject for subject, _ in told(evidence)] == ["out/*.xml"]
    nothing = collect(tmp_path, {}, {"reports": ["out/*.xml"]})
    assert isinstance(nothing, Missing)
    assert "looked for out/*.xml" in nothing.reason
    assert not nothing.not_applicable
    assert [gap.subject for gap in nothing.gaps] == ["out/*.xml"]
    assert isinstance(collect(tmp_path, {}, {}), Missing)


def test_discovery_passes_over_what_is_no_test_report(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"out/a.xml": PASSED, "out/coverage.xml": "<coverage/>", "out/notes.txt": "text"}
    evidence = collected(tmp_path, files, {"discover": ["out/*"]})
    assert (evidence.facts["reports"], evidence.gaps) == (1, ())
    (tmp_path / "out/a.xml").unlink()
    assert isinstance(collect(tmp_path, {}, {"discover": ["out/*"]}), Missing)


def test_discovery_does_not_pass_over_a_broken_report(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"out/a.xml": PASSED, "out/b.xml": "<testsui", "out/c.xml": ""}
    evidence = collected(tmp_path, files, {"discover": ["out/*"]})
    assert [subject for subject, _ in told(evidence)] == ["out/b.xml", "out/c.xml"]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"a.xml": "<testsuites/>"}, "no test report holds a test case"),
        ({"a.xml": "<testsuites>"}, "a.xml: cannot be read as JUnit XML: it ends in the middle"),
        (
            {"a.xml": "<a/>", "b.xml": "", "c.xml": ""},
            "is not a test report (its root element is <a>) (and 2 more",
        ),
    ],
)
def test_reports_without_a_single_case_are_unreadable(
    tmp_path: Path, files: dict[str, str | bytes], reason: str
) -> None:
    evidence = collect(tmp_path, files, {"reports": "*.xml"})
    assert isinstance(evidence, Unreadable)
    assert reason in evidence.reason
    assert evidence.gaps


def test_all_skipped_is_told(tmp_path: Path) -> None:
    skipped = "<testsuite><testcase time='0'><skipped/></testcase></testsuite>"
    evidence = collected(tmp_path, {"a.xml": skipped}, {"reports": "a.xml"})
    assert (evidence.facts["total"], evidence.facts["skipped"], evidence.facts["passed"]) == (1, 1, 0)
    assert "pass_rate" not in evidence.facts
    assert evidence.sources[0].detail == "1 case: 1 skipped"


def test_the_time_of_a_report_stands_in_for_that_of_its_cases(tmp_path: Path) -> None:
    timed = '<testsuite time="4"><testcase/></testsuite>'
    evidence = collected(tmp_path, {"a.xml": timed, "b.xml": PASSED}, {"reports": "*.xml"})
    assert evidence.facts["duration_seconds"] == 4.5
    (tmp_path / "b.xml").unlink()
    assert (
        "duration_seconds"
        not in collected(tmp_path, {"a.xml": "<testsuite><testcase/></testsuite>"}, {"reports": "*"}).facts
    )


def test_findings_name_files_of_the_tree(tmp_path: Path) -> None:
    report = (
        """<testsuite><testcase name="n" file="/builds/shop/tests/test_a.py" line="7"><error/></testcase></testsuite>"""
    )
    evidence = collected(tmp_path, {"a.xml": report}, {"reports": "a.xml"}, "tests/test_a.py")
    (finding,) = evidence.findings
    assert (finding.rule, finding.path, finding.line) == ("test-error", "tests/test_a.py", 7)


@pytest.mark.parametrize("suites", [None, [], "x", {"a": 5}, {"a": [5]}])
def test_requests_of_no_sense_name_no_suite(tmp_path: Path, suites: Json) -> None:
    evidence = collected(tmp_path, {"a.xml": PASSED}, {"reports": "a.xml", "suites": suites})
    assert evidence.facts["total"] == 1
