"""The SARIF log: read back by the gate's own reader and by sarif-tools, within limits, harmless whatever it quotes."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from sarif import loader

from gate.collect.readers.sarif import read_sarif
from gate.model.evidence import Collected, How, Source
from gate.model.finding import SEVERITIES, Finding, Severity
from gate.model.json import JsonObject
from gate.model.policy import Level, PolicyOrigin, Waiver
from gate.model.verdict import Decision, Outcome, Verdict
from gate.report.options import RenderOptions
from gate.report.quiet import JOINER
from gate.report.sarif import category, render, sarif_log
from gate.report.sarif_result import FINGERPRINT
from tests.report.hostile import HOSTILE
from tests.report.test_markdown import hostile_verdict
from tests.support.verdicts import CONDITIONAL, CRITERIA, GO, NO_GO, result, verdict

LINK = re.compile(r"\]\(|https?://|www\.|@\w|#\d|<[a-z/!]", re.IGNORECASE)


def run_of(value: Verdict, **options: object) -> dict[str, list[JsonObject]]:
    log = sarif_log(value, **options)  # type: ignore[arg-type]
    return cast(dict[str, list[JsonObject]], cast(list[JsonObject], log["runs"])[0])


def at(value: object, *way: str | int) -> object:
    for step in way:
        value = value[step]  # type: ignore[index]
    return value


def rules_of(run: dict[str, list[JsonObject]]) -> list[JsonObject]:
    return cast(list[JsonObject], at(run, "tool", "driver", "rules"))


def with_findings(*findings: Finding, count: int | None = None) -> Verdict:
    """A verdict in which one criterion on sast blocks because of these."""
    failed = result("sast.counts", Outcome.FAIL, finding_count=len(findings) if count is None else count)
    evidence = (Collected("sast", {}, (Source(How.PRODUCED, None, None, "bandit", "1.9.4"),), findings=findings),)
    return verdict(Decision.NO_GO, (failed,), 0.0, findings=findings, evidence=evidence)


def test_findings_come_back_from_the_gates_own_reader() -> None:
    findings = tuple(
        Finding(
            f"B{number}", severity, f"message {number}", "bandit", f"src/a b/ü{number}.py", 10 + number, f"fp{number}"
        )
        for number, severity in enumerate(SEVERITIES)
    )
    (run,) = read_sarif(render(with_findings(*findings), RenderOptions(version="1.2.3")).encode())
    assert (run.tool, run.version, run.problems) == ("Readiness Gate", "1.2.3", ())
    found = {item.path: item for item in run.findings}
    for finding in findings:
        other = found[finding.path]
        assert (other.rule, other.line, other.message) == (f"bandit/{finding.rule}", finding.line, finding.message)
        assert other.severity == ("medium" if finding.severity == "unknown" else finding.severity)


def test_sarif_tools_read_it(tmp_path: Path) -> None:
    (tmp_path / "verdict.sarif").write_text(render(NO_GO, RenderOptions()))
    report = loader.load_sarif_files(str(tmp_path / "verdict.sarif")).get_report()
    counts = {severity: report.get_issue_count_for_severity(severity) for severity in ("error", "warning", "note")}
    assert counts == {"error": 4, "warning": 1, "note": 2}
    places = {
        record["Code"]: (record["Location"], record["Line"]) for record in report.get_issues_for_severity("error")
    }
    assert places["bandit/B602"] == ("payments/run.py", 17)


def test_what_is_unmet_and_has_no_finding_is_a_result_at_the_policy() -> None:
    results = {str(item["ruleId"]): item for item in run_of(NO_GO)["results"]}
    assert set(results) == {
        "gate/coverage.lines", "gate/dependencies.audited", "gate/docs.runbook", "gate/sast.low", "gate/tests.flaky",
        "bandit/B602", "bandit/B105",
    }  # fmt: skip
    coverage = results["gate/coverage.lines"]
    assert coverage["level"] == "error"
    assert str(at(coverage, "message", "text")).startswith("81.4 % of lines are covered, the policy wants")
    assert at(coverage, "locations", 0, "physicalLocation", "artifactLocation", "uri") == ".gate/policy.yml"
    assert results["gate/docs.runbook"]["level"] == "warning"
    assert results["gate/sast.low"]["level"] == "note"


def test_what_is_waived_is_suppressed_and_says_until_when() -> None:
    (flaky,) = [item for item in run_of(NO_GO)["results"] if item["ruleId"] == "gate/tests.flaky"]
    assert flaky["suppressions"] == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "PAY-812: the sandbox drops connections (until 2027-01-31)",
        }
    ]
    (run,) = read_sarif(render(NO_GO, RenderOptions()).encode())
    assert [item.rule for item in run.findings if item.suppressed] == ["gate/tests.flaky"]


def test_of_several_waivers_the_one_that_holds_longest_is_told() -> None:
    days = ("2026-12-01", "2027-01-31", "2026-12-24")
    waivers = tuple(Waiver("own.one", f"because of {day}", "ada", day) for day in days)
    waived = result("own.one", Outcome.WAIVED, waived_until="2027-01-31")
    value = verdict(Decision.GO, (waived,), 0.0, waivers=waivers, findings=())
    (item,) = run_of(value)["results"]
    assert at(item, "suppressions", 0, "justification") == "because of 2027-01-31 (until 2027-01-31)"
    (item,) = run_of(replace(value, waivers=()))["results"]
    assert str(at(item, "suppressions", 0, "justification")).startswith("3 were found")


def test_suppressed_findings_do_not_hide_the_criterion_that_counts_them() -> None:
    told = {"suppressions": [{"kind": "external", "justification": "reviewed"}]}
    quiet = Finding("B1", "high", "m", "bandit", "a.py", 1, "f", suppressed=True)
    outside = Finding("B2", "high", "m", "bandit", "a.py", 1, "g", suppressed=True, properties=told)  # type: ignore[arg-type]
    results = run_of(with_findings(quiet, outside))["results"]
    assert [item["ruleId"] for item in results] == ["gate/sast.counts", "bandit/B1", "bandit/B2"]
    assert "suppressions" not in results[0]
    assert results[1]["suppressions"] == [{"kind": "inSource", "status": "accepted"}]
    assert results[2]["suppressions"] == [{"kind": "external", "status": "accepted", "justification": "reviewed"}]


def test_a_go_has_nothing_but_what_is_waived_and_still_proves_that_it_ran() -> None:
    (run,) = read_sarif(render(GO, RenderOptions()).encode())
    assert [(item.rule, item.suppressed) for item in run.findings] == [("gate/tests.flaky", True)]
    assert run.problems == ()
    clean = replace(GO, criteria=CRITERIA[6:], notices=(), generated_at="")
    (run,) = read_sarif(render(clean, RenderOptions()).encode())
    assert (len(run.findings), run.problems) == (0, ())


def test_the_worst_come_first_and_changed_lines_before_others() -> None:
    findings = (
        Finding("L", "low", "m", "bandit", "a.py", 1, "1", new=True),
        Finding("H", "high", "m", "bandit", "a.py", 1, "2"),
        Finding("N", "high", "m", "bandit", "a.py", 1, "3", new=True),
        Finding("C", "critical", "m", "bandit", "a.py", 1, "4"),
    )
    run = run_of(with_findings(*findings))
    assert [item["ruleId"] for item in run["results"]] == ["bandit/C", "bandit/N", "bandit/H", "bandit/L"]
    for item in run["results"]:
        assert rules_of(run)[cast(int, item["ruleIndex"])]["id"] == item["ruleId"]


def test_t29_what_is_too_much_is_cut_and_counted() -> None:
    findings = tuple(Finding(f"B{n % 7}", "low", "m", "bandit", "a.py", n + 1, f"f{n}") for n in range(999))
    worst = Finding("B9", "critical", "m", "bandit", "z.py", 9, "worst")
    run = run_of(with_findings(*findings, worst, count=100_000), most=500)
    assert len(run["results"]) == 500
    assert run["results"][0]["ruleId"] == "bandit/B9"
    told = at(run, "invocations", 0, "toolExecutionNotifications", 0)
    assert at(told, "message", "text") == "99,500 results are left out; the worst are here, the bundle has all."
    assert at(told, "level") == "warning"


def test_nothing_is_said_to_be_left_out_where_two_criteria_count_the_same_findings() -> None:
    finding = Finding("B1", "high", "m", "bandit", "a.py", 1, "f")
    value = with_findings(finding)
    twice = replace(value, criteria=(*value.criteria, result("sast.new", Outcome.FAIL, finding_count=1)), notices=())
    assert "toolExecutionNotifications" not in run_of(twice)["invocations"][0]


def test_advice_and_alarms_are_notifications() -> None:
    value = replace(GO, notices=())
    (run,) = json.loads(render(value, RenderOptions(advisory=True, alarms=("Another app speaks",))))["runs"]
    told = [item["message"]["text"] for item in run["invocations"][0]["toolExecutionNotifications"]]
    assert told == ["Another app speaks", "ADVISORY, not enforcing: the policy lets this verdict block nothing."]
    assert run["properties"]["advisory"] is True


def test_t3_a_report_that_calls_its_tool_gate_does_not_take_a_criterions_place() -> None:
    forged = Finding("coverage.patch", "low", "all is well", "gate", "a.py", 1, "f")
    value = with_findings(forged)
    patch = result("coverage.patch", Outcome.FAIL, finding_count=1)
    run = run_of(replace(value, criteria=(*value.criteria, patch)))
    assert {str(item["ruleId"]): item["level"] for item in run["results"]} == {
        "gate/coverage.patch": "warning",
        "gate (reported)/coverage.patch": "note",
    }


def test_findings_of_the_judge_belong_to_their_criterion() -> None:
    findings = (
        Finding("kubernetes.limits", "high", "no limits", "gate", "deploy.yml", 3, "a"),
        Finding("kubernetes.probes", "low", "no probe", "gate", "deploy.yml", 3, "b"),
    )
    criteria = (
        result("kubernetes.limits", Outcome.FAIL, finding_count=2),
        result("kubernetes.probes", Outcome.FAIL, Level.MAY, finding_count=1),
    )
    run = run_of(verdict(Decision.NO_GO, criteria, 0.0, findings=findings, evidence=(), notices=()))
    assert [item["ruleId"] for item in run["results"]] == ["gate/kubernetes.limits", "gate/kubernetes.probes"]
    assert str(rules_of(run)[1]["helpUri"]).endswith("#kubernetes.probes")
    assert at(rules_of(run)[0], "properties", "tags") == ["readiness-gate"]
    told = at(run, "invocations", 0, "toolExecutionNotifications", 0, "message", "text")
    assert str(told).startswith("1 result is left out")


@pytest.mark.parametrize(
    ("own", "severity", "wanted"),
    [
        (9.8, "critical", "9.8"),
        (7, "high", "7.0"),
        (9.8, "low", "2.0"),
        ("9.8", "critical", "9.5"),
        (True, "low", "2.0"),
        (float("inf"), "high", "8.0"),
        (None, "unknown", None),
        (0.0, "unknown", None),
    ],
)
def test_a_score_is_the_tools_where_it_fits_the_severity(own: object, severity: Severity, wanted: str | None) -> None:
    finding = Finding("B1", severity, "m", "bandit", "a.py", 1, "f", properties={"security_severity": own})  # type: ignore[dict-item]
    assert (
        cast(JsonObject, rules_of(run_of(with_findings(finding)))[0]["properties"]).get("security-severity") == wanted
    )


def test_a_failing_test_is_no_weakness() -> None:
    finding = Finding("tests.failed", "high", "m", "tests", "a.py", 1, "f")
    failed = result("tests.passed", Outcome.FAIL, finding_count=1)
    run = run_of(verdict(Decision.NO_GO, (failed,), 0.0, findings=(finding,)))
    assert "security-severity" not in cast(JsonObject, rules_of(run)[0]["properties"])


def test_links_lead_to_our_own_pages_only() -> None:
    elsewhere = result("own.one", Outcome.FAIL, docs="https://evil.example/#own.one")
    told = rules_of(run_of(verdict(Decision.NO_GO, (elsewhere, CRITERIA[0]), 0.0, findings=())))
    assert "helpUri" not in told[0]
    assert str(told[1]["helpUri"]).endswith("docs/criteria.md#coverage.lines")


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("src/a.py", "src/a.py"),
        ("a b/ü%.py", "a%20b/%C3%BC%25.py"),
        ("c:drive.py", "c%3Adrive.py"),
        ("x?y#z.py", "x%3Fy%23z.py"),
        ("a\u202eyp.exe", "a%E2%80%AEyp.exe"),
        ("bad\udc80.py", "bad%80.py"),
        ("bad\ud800.py", "bad%3F.py"),
        ("back\\slash", "back%5Cslash"),
    ],
)
def test_a_path_is_a_uri_reference(path: str, uri: str) -> None:
    (item,) = run_of(with_findings(Finding("B", "low", "m", "bandit", path, 7, "f")))["results"]
    assert at(item, "locations", 0, "physicalLocation") == {
        "artifactLocation": {"uri": uri},
        "region": {"startLine": 7},
    }


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../x", "a/../../x", "a//b", "./a", "C:/x", "C:\\x", "..\\x", "a\0b", "", "x" * 1025, None]
)
def test_t22_a_path_out_of_the_repository_becomes_the_policys(path: str | None) -> None:
    (item,) = run_of(with_findings(Finding("B", "low", "m", "bandit", path, 7, "f")))["results"]
    assert at(item, "locations", 0, "physicalLocation") == {
        "artifactLocation": {"uri": ".gate/policy.yml"},
        "region": {"startLine": 1},
    }


def test_without_a_policy_file_a_result_lies_at_the_first_source_of_its_kind() -> None:
    value = replace(NO_GO, policy=PolicyOrigin(None, None, "c" * 64, "baseline"))
    found = {str(item["ruleId"]): item for item in run_of(value)["results"]}
    where = ("locations", 0, "physicalLocation", "artifactLocation", "uri")
    assert at(found["gate/coverage.lines"], *where) == "coverage.xml"
    assert at(found["gate/docs.runbook"], *where) == ".gate/policy.yml"


def test_a_policy_of_another_repository_is_no_place_in_this_one() -> None:
    value = replace(NO_GO, policy=replace(NO_GO.policy, path="gate/policy.yml", repository="acme/policies"))
    found = {str(item["ruleId"]): item for item in run_of(value)["results"]}
    where = ("locations", 0, "physicalLocation", "artifactLocation", "uri")
    assert at(found["gate/coverage.lines"], *where) == "coverage.xml"


@pytest.mark.parametrize("line", [0, -3, None])
def test_lines_count_from_one(line: int | None) -> None:
    (item,) = run_of(with_findings(Finding("B", "low", "m", "bandit", "a.py", line, "f")))["results"]
    assert at(item, "locations", 0, "physicalLocation", "region", "startLine") == 1


def test_fingerprints_are_ours_and_no_hash_of_a_line_is_made_up() -> None:
    unnamed = replace(NO_GO.findings[0], fingerprint="")
    for item in run_of(replace(NO_GO, findings=(*NO_GO.findings, unnamed)))["results"]:
        assert list(cast(JsonObject, item["partialFingerprints"])) == [FINGERPRINT]
        assert at(item, "partialFingerprints", FINGERPRINT)


def test_two_rules_never_share_an_id() -> None:
    long = "r" * 400
    findings = (
        Finding("b/c", "low", "m", "a", "x.py", 1, "1"),
        Finding("c", "low", "m", "a/b", "x.py", 1, "2"),
        Finding(long + "1", "low", "m", "a", "x.py", 1, "3"),
        Finding(long + "2", "low", "m", "a", "x.py", 1, "4"),
    )
    ids = [str(rule["id"]) for rule in rules_of(run_of(with_findings(*findings)))]
    assert len(set(ids)) == 4
    assert all(len(id_) <= 255 for id_ in ids)


def test_the_category_is_the_name_and_the_base_branch() -> None:
    assert category("readiness-gate", "main") == "readiness-gate/main/"
    assert category("readiness-gate", "release/1.2") == "readiness-gate/release/1.2/"
    assert category("a b", "x\ny") == "a%20b/x%0Ay/"
    assert category("readiness-gate", "") == "readiness-gate/"
    assert cast(JsonObject, run_of(GO, id_=category("n", "main"))["automationDetails"])["id"] == "n/main/"


def texts(value: object) -> list[str]:
    """Every message and description that a reader sees."""
    if isinstance(value, dict):
        own = [str(value["text"])] if "text" in value else []
        return own + [text for item in value.values() for text in texts(item)]
    return [text for item in value for text in texts(item)] if isinstance(value, list) else []


@settings(max_examples=100, deadline=None)
@given(HOSTILE)
def test_t16_t17_whatever_is_quoted_leads_nowhere_and_mentions_nobody(text: str) -> None:
    value = hostile_verdict(text, NO_GO)
    shown = render(value, RenderOptions())
    assert shown.isascii()
    assert "##[" not in shown
    (run,) = read_sarif(shown.encode())
    assert run.problems == ()
    log = json.loads(shown)
    for told in texts(log["runs"]):
        assert not LINK.search(told), told
        assert told.replace(JOINER, "").isprintable()
    for item in log["runs"][0]["results"]:
        assert item["message"]["text"]
        uri = item["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", uri)
        assert not uri.startswith("/")
        assert ".." not in uri.split("/")


@pytest.mark.parametrize("value", [GO, CONDITIONAL, NO_GO])
def test_one_verdict_is_one_text(value: Verdict) -> None:
    assert render(value, RenderOptions()) == render(value, RenderOptions())
    assert render(value, RenderOptions()).endswith("}\n")
