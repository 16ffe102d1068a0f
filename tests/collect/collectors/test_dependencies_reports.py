"""`dependencies` from what an earlier step supplied: which files it covers, and what it leaves open."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from gate.collect.collectors.dependencies import DependenciesCollector
from gate.collect.dependencies.dependency_facts import dependency_facts
from gate.collect.workspace import Workspace
from gate.model.evidence import Collected, Evidence, How, Unreadable
from gate.model.json import Json, JsonObject
from tests.support.fakes import context, tracked, write

ROOT = Path(__file__).parents[3]
AUDITS = ROOT / "tests/collect/readers/data/audits"
SCHEMA = Draft202012Validator(json.loads((ROOT / "schemas/evidence/dependencies.schema.json").read_text()))
LOCK = (AUDITS / "package-lock.json").read_bytes()
GO_MOD = b"module shop\n\ngo 1.21\n\nrequire github.com/gogo/protobuf v1.3.1\n"


def sample(name: str) -> bytes:
    return (AUDITS / name).read_bytes()


def collect(
    root: Path, files: Mapping[str, bytes], reports: Mapping[str, bytes], *, report_is_tracked: bool = False
) -> Evidence:
    """Collect with these files tracked and these reports beside them; nothing can be run."""
    write(root, files)
    write(root, reports)
    names = [*files, *(reports if report_is_tracked else ())]
    asked: JsonObject = {"reports": [*reports], "audit": False} if reports else {"audit": False}
    evidence = DependenciesCollector().collect(context(Workspace(root, tracked=tracked(*names)), asked))
    if isinstance(evidence, Collected):
        SCHEMA.validate(evidence.facts)
        assert dependency_facts(evidence.findings, evidence.facts) == evidence.facts
    return evidence


def collected(root: Path, files: Mapping[str, bytes], reports: Mapping[str, bytes]) -> Collected:
    evidence = collect(root, files, reports)
    assert isinstance(evidence, Collected), evidence
    return evidence


def told(evidence: Evidence) -> dict[str, str]:
    return {gap.subject: gap.reason for gap in evidence.gaps}


def test_npm_audit_covers_the_lock_file_that_it_is_about(tmp_path: Path) -> None:
    evidence = collected(tmp_path, {"web/package-lock.json": LOCK}, {"npm.json": sample("npm-audit.json")})
    assert evidence.gaps == ()
    facts = evidence.facts
    assert (facts["packages"], facts["audited"], facts["skipped"], facts["reports"]) == (5, 5, 0, 1)
    assert facts["counts"] == {"critical": 1, "high": 0, "medium": 1, "low": 0, "unknown": 0}
    assert facts["fixable_counts"] == facts["counts"]
    assert (facts["ecosystems"], facts["lock_files_audited"], facts["all_severities"]) == ({"npm": 5}, 1, True)
    assert [(item.rule, item.path, item.properties["version"]) for item in evidence.findings] == [
        ("GHSA-jf85-cpcp-j695", "web/package-lock.json", "4.17.11"),
        ("GHSA-vh95-rmgr-6w4m", "web/package-lock.json", "1.2.0"),
    ]
    assert [(item.how, item.name, item.tool) for item in evidence.sources] == [(How.SUPPLIED, "npm.json", "npm audit")]


def test_npm_audit_of_an_old_npm_covers_it_too(tmp_path: Path) -> None:
    evidence = collected(tmp_path, {"package-lock.json": LOCK}, {"npm.json": sample("npm-audit-6.json")})
    assert evidence.gaps == ()
    (finding,) = evidence.findings
    assert (finding.rule, finding.severity) == ("CVE-2019-10744", "high")


@pytest.mark.parametrize(
    ("before", "after"), [(b"4.17.11", b"4.17.12"), (b"node_modules/minimist", b"node_modules/maximist")]
)
def test_npm_audit_of_another_state_covers_nothing(tmp_path: Path, before: bytes, after: bytes) -> None:
    changed = LOCK.replace(before, after)
    report = sample("npm-audit-6.json" if before == b"4.17.11" else "npm-audit.json")
    evidence = collected(tmp_path, {"package-lock.json": changed}, {"npm.json": report})
    assert "npm did not look at it as it is here" in told(evidence)["package-lock.json"]
    assert evidence.facts["lock_files_audited"] == 0


def test_npm_audit_of_less_packages_covers_nothing(tmp_path: Path) -> None:
    evidence = collected(tmp_path, {"package-lock.json": LOCK}, {"npm.json": sample("npm-audit-clean.json")})
    assert "is about 1 packages" in told(evidence)["package-lock.json"]


def test_npm_audit_where_no_lock_file_is_tracked(tmp_path: Path) -> None:
    evidence = collected(tmp_path, {"README.md": b"x"}, {"npm.json": sample("npm-audit.json")})
    assert (evidence.facts["packages"], evidence.facts["audited"]) == (7, 7)
    assert {item.properties["version"] for item in evidence.findings} == {""}


def test_osv_scanner_covers_the_files_that_it_names(tmp_path: Path) -> None:
    files = {"web/package-lock.json": LOCK, "go.mod": GO_MOD, "go.sum": b"github.com/gogo/protobuf v1.3.1 h1:x=\n"}
    evidence = collected(tmp_path, {**files, "Cargo.lock": b"[[package]]\n"}, {"osv.json": sample("osv-scanner.json")})
    assert set(told(evidence)) == {"Cargo.lock"}
    found = {item.properties["package"]: item for item in evidence.findings}
    assert found["lodash"].path == "web/package-lock.json"
    assert found["lodash"].severity == "critical"
    protobuf = found["github.com/gogo/protobuf"]
    assert (protobuf.rule, protobuf.severity, protobuf.path) == ("CVE-2021-3121", "high", "go.mod")
    assert evidence.facts["vulnerabilities"] == 2


def test_osv_scanner_on_another_state_of_a_file_covers_nothing(tmp_path: Path) -> None:
    changed = LOCK.replace(b"4.17.11", b"4.17.4")
    evidence = collected(tmp_path, {"web/package-lock.json": changed}, {"osv.json": sample("osv-scanner.json")})
    assert "another state of the tree" in told(evidence)["web/package-lock.json"]


def test_trivy_covers_a_file_only_with_its_packages(tmp_path: Path) -> None:
    files = {"web/package-lock.json": LOCK, "requirements.txt": b"requests==2.19.1\nsix==1.16.0\n"}
    evidence = collected(tmp_path, files, {"trivy.json": sample("trivy-fs.json")})
    assert evidence.gaps == ()
    assert evidence.facts["ecosystems"] == {"PyPI": 2, "npm": 6}
    document = json.loads(sample("trivy-fs.json"))
    for result in document["Results"]:
        del result["Packages"]
    other = collected(tmp_path, files, {"trivy.json": json.dumps(document).encode()})
    assert "--list-all-pkgs" in told(other)["web/package-lock.json"]
    assert "six 1.16.0" in told(other)  # nobody looked it up
    assert len(other.findings) == len(evidence.findings)


def test_one_hole_of_four_tools_counts_once(tmp_path: Path) -> None:
    reports = {
        "npm.json": sample("npm-audit.json"),
        "osv.json": sample("osv-scanner.json"),
        "trivy.json": sample("trivy-fs.json"),
        "review.json": sample("dependency-review.json"),
    }
    evidence = collected(tmp_path, {"web/package-lock.json": LOCK}, reports)
    (lodash,) = [item for item in evidence.findings if item.properties["package"] == "lodash"]
    assert (lodash.rule, lodash.severity) == ("CVE-2019-10744", "critical")
    assert lodash.properties["told_by"] == ["dependency review", "npm audit", "osv-scanner", "trivy"]
    assert lodash.properties["severity_from"] == ["npm audit", "osv-scanner", "trivy"]
    backwards = collected(tmp_path / "b", {"web/package-lock.json": LOCK}, dict(reversed(reports.items())))
    assert backwards.findings == evidence.findings
    assert backwards.facts == evidence.facts


def test_a_dependency_review_covers_no_file(tmp_path: Path) -> None:
    evidence = collected(tmp_path, {"web/package-lock.json": LOCK}, {"review.json": sample("dependency-review.json")})
    gaps = told(evidence)
    assert "web/package-lock.json" in gaps
    assert "was skipped by dependency review" in gaps["pytest"]
    assert evidence.findings[0].path == "web/package-lock.json"


def test_a_vex_takes_findings_out_aloud(tmp_path: Path) -> None:
    reports = {"npm.json": sample("npm-audit.json"), "vex.json": sample("vex.json")}
    evidence = collected(tmp_path, {"package-lock.json": LOCK}, reports)
    by_package = {item.properties["package"]: item for item in evidence.findings}
    assert by_package["lodash"].suppressed
    assert not by_package["minimist"].suppressed
    assert (evidence.facts["vex"], evidence.facts["vulnerabilities"], evidence.facts["reports"]) == (1, 1, 1)
    assert "has no effect" in told(evidence)["CVE-2020-7598"]
    assert {item.tool for item in evidence.sources} == {"npm audit", "CycloneDX VEX"}


def test_a_vex_of_the_change_itself_is_a_gap(tmp_path: Path) -> None:
    reports = {"vex.json": sample("vex.json")}
    evidence = collect(tmp_path, {"package-lock.json": LOCK}, reports, report_is_tracked=True)
    assert "is tracked in git" in told(evidence)["vex.json"]


def test_a_vex_alone_is_no_audit(tmp_path: Path) -> None:
    evidence = collect(tmp_path, {"README.md": b"x"}, {"vex.json": sample("vex.json")})
    assert isinstance(evidence, Unreadable)


@pytest.mark.parametrize("name", ["npm-error-no-lock.json", "npm-error-service.json", "trivy-fs-empty.json"])
def test_a_report_that_proves_nothing_covers_nothing(tmp_path: Path, name: str) -> None:
    evidence = collect(tmp_path, {"package-lock.json": LOCK}, {"report.json": sample(name)})
    assert isinstance(evidence, Unreadable)
    assert {"report.json", "package-lock.json"} <= {gap.subject for gap in evidence.gaps}


def test_a_report_twice_is_one(tmp_path: Path) -> None:
    reports = {"a.json": sample("npm-audit.json"), "b.json": sample("npm-audit.json")}
    evidence = collected(tmp_path, {"package-lock.json": LOCK}, reports)
    assert evidence.facts["reports"] == 1
    assert len(evidence.findings) == 2


def test_a_lock_file_that_cannot_be_read_is_not_covered(tmp_path: Path) -> None:
    document: Json = {"results": [{"source": {"path": "Cargo.lock"}, "packages": [{"package": {}}]}]}
    evidence = collect(tmp_path, {"package-lock.json": b"{"}, {"osv.json": json.dumps(document).encode()})
    assert "package-lock.json" in told(evidence)
    npm = collected(tmp_path / "b", {"package-lock.json": b"{"}, {"npm.json": sample("npm-audit.json")})
    assert "cannot be read as JSON" in told(npm)["package-lock.json"]
