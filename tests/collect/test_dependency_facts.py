"""Facts and findings of an audit."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gate.collect.dependency_facts import dependency_facts, findings_of, one_per_hole
from gate.collect.known_packages import Place
from gate.collect.readers.pip_audit_json import AuditedPackage, Vulnerability
from gate.model.json import JsonObject


def hole(*ids: str, fixes: tuple[str, ...] = ()) -> Vulnerability:
    return Vulnerability(ids[0], frozenset(ids[1:]), fixes)


def test_aliases_are_one_hole_also_by_way_of_a_third() -> None:
    found = one_per_hole(
        [
            hole("PYSEC-1", "X-1", fixes=("2.0",)),
            hole("GHSA-b"),
            hole("GHSA-a", "CVE-2020-2"),
            hole("CVE-2020-2", "X-1", fixes=("1.10", "1.9")),
        ]
    )
    assert [(item.id, sorted(item.aliases), item.fixed_versions) for item in found] == [
        ("CVE-2020-2", ["GHSA-a", "PYSEC-1", "X-1"], ("1.9", "1.10", "2.0")),
        ("GHSA-b", [], ()),
    ]


def test_the_smallest_cve_names_the_hole() -> None:
    (found,) = one_per_hole([hole("CVE-2020-10", "CVE-2020-9", "GHSA-x")])
    assert found.id == "CVE-2020-9"


IDS = st.sampled_from([f"{family}-{number}" for family in ("CVE-2020", "GHSA", "PYSEC") for number in range(4)])
HOLES = st.lists(st.builds(Vulnerability, IDS, st.frozensets(IDS, max_size=2)), max_size=8)


@given(HOLES)
def test_holes_never_share_an_id_and_lose_none(holes: list[Vulnerability]) -> None:
    found = one_per_hole(holes)
    sets = [{item.id, *item.aliases} for item in found]
    assert sum(map(len, sets)) == len(set().union(*sets))
    assert set().union(*sets) == {name for item in holes for name in (item.id, *item.aliases)}
    assert found == one_per_hole(found) == one_per_hole(reversed(holes))


def test_a_finding_names_package_version_place_and_fix() -> None:
    audited = [
        AuditedPackage("torch", "2.1.0", (hole("CVE-1", "GHSA-1", fixes=("2.2", "2.3", "2.4", "2.5")), hole("X")))
    ]
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
        "ecosystem": "PyPI",
        "files": ["a.lock", "b.txt"],
    }
    moved = findings_of(audited, {("torch", "2.1.0"): {"2.1.0+cpu": (Place("c.txt", 1),)}})
    assert [item.fingerprint for item in moved] == [first.fingerprint, second.fingerprint]
    assert len({first.fingerprint, second.fingerprint}) == 2


def test_two_audits_of_one_package_are_one() -> None:
    audited = [AuditedPackage("a", "1", (hole("CVE-1"),)), AuditedPackage("a", "1", (hole("GHSA-1", "CVE-1"),))]
    (found,) = findings_of(audited, {})
    assert (found.rule, found.path, found.properties["files"]) == ("CVE-1", None, [])


def test_suppressed_findings_are_not_counted_and_counting_twice_changes_nothing() -> None:
    audited = [
        AuditedPackage("a", "1", (hole("CVE-1", fixes=("2",)), hole("CVE-2"))),
        AuditedPackage("b", "1", (hole("X"),)),
    ]
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
