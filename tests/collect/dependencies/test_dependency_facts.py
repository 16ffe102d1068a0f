"""Facts and findings of an audit."""

from __future__ import annotations

from dataclasses import replace

from gate.collect.dependencies.dependency_facts import dependency_facts, findings_of
from gate.collect.dependencies.known_packages import Place
from gate.collect.dependencies.merge import Told
from gate.collect.dependencies.vex import Placed
from gate.collect.readers.audit import AuditedPackage, Vulnerability
from gate.collect.readers.cyclonedx_vex import Affected, Statement
from gate.model.finding import Severity
from gate.model.json import JsonObject


def hole(*ids: str, fixes: tuple[str, ...] = (), severity: Severity = "unknown") -> Vulnerability:
    return Vulnerability(ids[0], frozenset(ids[1:]), fixes, severity)


def by_pip_audit(*packages: AuditedPackage) -> list[Told]:
    return [Told("pip-audit", package) for package in packages]


def test_a_finding_names_package_version_place_and_fix() -> None:
    audited = by_pip_audit(
        AuditedPackage("torch", "2.1.0", (hole("CVE-1", "GHSA-1", fixes=("2.2", "2.3", "2.4", "2.5")), hole("X")))
    )
    places = (Place("b.txt", 3), Place("a.lock", 9))
    first, second = findings_of(audited, {("torch", "2.1.0"): {"2.1.0+cpu": places}})
    assert first.message == "torch 2.1.0+cpu: CVE-1 (fixed in 2.2, 2.3, 2.4, …)"
    assert second.message == "torch 2.1.0+cpu: X (no fixed version is known)"
    assert (first.path, first.line, first.severity, first.tool) == ("b.txt", 3, "unknown", "pip-audit")
    assert first.properties == {
        "package": "torch",
        "version": "2.1.0+cpu",
        "aliases": ["GHSA-1"],
        "fixed_versions": ["2.2", "2.3", "2.4", "2.5"],
        "fixable": True,
        "severity_from": [],
        "told_by": ["pip-audit"],
        "ecosystem": "PyPI",
        "files": ["a.lock", "b.txt"],
    }
    moved = findings_of(audited, {("torch", "2.1.0"): {"2.1.0+cpu": (Place("c.txt", 1),)}})
    assert [item.fingerprint for item in moved] == [first.fingerprint, second.fingerprint]
    assert len({first.fingerprint, second.fingerprint}) == 2


def test_two_audits_of_one_package_are_one() -> None:
    audited = by_pip_audit(
        AuditedPackage("a", "1", (hole("CVE-1"),)), AuditedPackage("a", "1", (hole("GHSA-1", "CVE-1"),))
    )
    (found,) = findings_of(audited, {})
    assert (found.rule, found.path, found.properties["files"]) == ("CVE-1", None, [])


def test_suppressed_findings_are_not_counted_and_counting_twice_changes_nothing() -> None:
    audited = by_pip_audit(
        AuditedPackage("a", "1", (hole("CVE-1", fixes=("2",)), hole("CVE-2"))),
        AuditedPackage("b", "1", (hole("X"),)),
    )
    findings = findings_of(audited, {})
    facts: JsonObject = {"audited": 2, "packages": 3}
    counted = dependency_facts(findings, facts)
    assert counted["vulnerable"] == 2
    assert counted["vulnerabilities"] == 3
    assert counted["counts"] == {"critical": 0, "high": 0, "medium": 0, "low": 0, "unknown": 3}
    assert counted["fixable"] == 1
    assert dependency_facts(findings, counted) == counted
    fewer = dependency_facts([replace(item, suppressed=item.rule != "CVE-2") for item in findings], counted)
    assert (fewer["vulnerable"], fewer["vulnerabilities"], fewer["fixable"], fewer["packages"]) == (1, 1, 0, 3)


def test_nothing_audited_has_no_counts() -> None:
    assert dependency_facts([], {"audited": 0, "packages": 3}) == {"audited": 0, "packages": 3}


def test_the_highest_severity_counts_and_who_told_it() -> None:
    told = [
        Told("pip-audit", AuditedPackage("a", "1", (hole("PYSEC-1", "CVE-1"),))),
        Told("trivy", AuditedPackage("a", "1", (hole("CVE-1", fixes=("2",), severity="low"),))),
        Told("osv-scanner", AuditedPackage("a", "1", (hole("GHSA-1", "PYSEC-1", severity="high"),))),
    ]
    (found,) = findings_of(told, {})
    assert (found.rule, found.severity, found.tool) == ("CVE-1", "high", "osv-scanner")
    assert found.properties["severity_from"] == ["osv-scanner"]
    assert found.properties["told_by"] == ["osv-scanner", "pip-audit", "trivy"]
    assert found.properties["aliases"] == ["GHSA-1", "PYSEC-1"]
    facts = dependency_facts([found], {"audited": 1})
    assert facts["counts"] == facts["fixable_counts"] == {"critical": 0, "high": 1, "medium": 0, "low": 0, "unknown": 0}
    assert facts["all_severities"] is True


def test_one_hole_without_a_severity_leaves_all_severities_out_until_it_is_waived() -> None:
    told = by_pip_audit(AuditedPackage("a", "1", (hole("CVE-1", severity="low"), hole("CVE-2"))))
    findings = findings_of(told, {})
    facts = dependency_facts(findings, {"audited": 1})
    assert "all_severities" not in facts
    waived = [replace(item, suppressed=item.rule == "CVE-2") for item in findings]
    again = dependency_facts(waived, facts)
    assert again["all_severities"] is True
    assert "all_severities" not in dependency_facts(findings, again)


def test_a_statement_of_a_vex_takes_a_finding_out_and_is_counted() -> None:
    package = AuditedPackage("lodash", "4.17.11", (hole("GHSA-1", "CVE-1", severity="high"),), "npm")
    told = [Told("npm audit", package, "web/package-lock.json")]
    statement = Statement(frozenset({"cve-1"}), "not_affected", "code_not_reachable", (Affected(("npm", "lodash")),))
    (found,) = findings_of(told, {}, [Placed(statement, "vex.json")])
    assert found.suppressed
    assert found.path == "web/package-lock.json"
    assert found.properties["vex"] == {"state": "not_affected", "why": "code_not_reachable", "from": "vex.json"}
    facts = dependency_facts([found], {"audited": 1})
    assert (facts["vulnerable"], facts["vulnerabilities"], facts["vex"]) == (0, 0, 1)
