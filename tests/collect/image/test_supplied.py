"""Reports of an earlier step: Trivy's and Grype's, alone and together with the gate's own scan."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gate.collect.collectors.image import ImageCollector
from gate.collect.image.findings import image_facts
from gate.model.evidence import Collected, Evidence, Unreadable
from gate.model.json import Json
from tests.support.fakes import EmptyToolbox, write
from tests.support.trivy import NOW, database, image, needs_trivy, trivy_context

DATA = Path(__file__).parent / "data"
Document = dict[str, Any]


def document(name: str) -> Document:
    found = json.loads((DATA / name).read_text())
    assert isinstance(found, dict)
    return found


def collect(tree: Path, *documents: Document | bytes, **request: Json) -> Evidence:
    files = {f"r{n}.json": item if isinstance(item, bytes) else json.dumps(item) for n, item in enumerate(documents)}
    write(tree, files)
    asked: dict[str, Json] = {"reports": "r*.json", **request}
    return ImageCollector().collect(trivy_context(tree, asked, EmptyToolbox()))


def collected(tree: Path, *documents: Document | bytes, **request: Json) -> Collected:
    evidence = collect(tree, *documents, **request)
    assert isinstance(evidence, Collected), evidence
    return evidence


def test_a_report_of_trivy(tmp_path: Path) -> None:
    evidence = collected(tmp_path, document("trivy-vulnerable.json"))
    assert evidence.gaps == ()
    assert evidence.facts["counts"] == {"critical": 4, "high": 3, "medium": 1, "low": 1, "unknown": 0}
    assert (evidence.facts["packages"], evidence.facts["non_root"]) == (8, False)
    assert "size_bytes" not in evidence.facts  # trivy 0.59 does not tell
    assert len(evidence.attachments) == 1
    assert evidence.facts["database"] == {"updated_at": "2025-01-02T00:00:00Z", "age_hours": 6}


def test_a_report_of_grype(tmp_path: Path) -> None:
    evidence = collected(tmp_path, document("grype-vulnerable.json"))
    assert evidence.gaps == ()
    assert evidence.facts["counts"] == {"critical": 2, "high": 0, "medium": 0, "low": 1, "unknown": 1}
    assert evidence.facts["fixable"] == 2
    assert evidence.facts["size_bytes"] == 235520
    assert "packages" not in evidence.facts
    assert "non_root" not in evidence.facts
    assert evidence.facts["os"] == {"family": "debian", "version": "12"}
    yaml = next(finding for finding in evidence.findings if finding.properties["package"] == "PyYAML")
    assert (yaml.rule, yaml.properties["aliases"]) == ("CVE-2020-14343", ["GHSA-8q59-q68h-6hv4"])


def test_two_tools_about_one_image_count_each_vulnerability_once(tmp_path: Path) -> None:
    evidence = collected(tmp_path, document("grype-vulnerable.json"), document("trivy-vulnerable.json"))
    assert evidence.facts["images"] == 1
    assert evidence.facts["vulnerabilities"] == 10
    assert evidence.facts["non_root"] is False
    tools = {finding.rule: finding.tool for finding in evidence.findings}
    assert tools["CVE-2020-14343"] in ("grype + trivy", "trivy + grype")
    assert tools["CVE-2099-1"] == "grype"


def test_the_same_report_twice_adds_nothing(tmp_path: Path) -> None:
    evidence = collected(tmp_path, document("trivy-vulnerable.json"), document("trivy-vulnerable.json"))
    assert evidence.facts["scans"] == 1


@needs_trivy
def test_a_report_beside_the_gate_s_own_scan(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    image(tree, "vulnerable")
    cache = database(tmp_path / "cache")
    write(tree, {"grype.json": (DATA / "grype-vulnerable.json").read_text()})
    asked: dict[str, Json] = {"archive": "vulnerable.tar", "reports": ["grype.json"], "database": str(cache)}
    evidence = ImageCollector().collect(trivy_context(tree, asked))
    assert isinstance(evidence, Collected)
    assert (evidence.facts["scans"], evidence.facts["images"], evidence.facts["vulnerabilities"]) == (2, 1, 10)


def without_packages(report: Document) -> None:
    for result in report["Results"]:
        del result["Packages"]


def suppressed(report: Document) -> None:
    report["Results"][0]["ExperimentalModifiedFindings"] = [{"Type": "vulnerability", "Status": "ignored"}]


def set_(*path: str | int, to: Any) -> Callable[[Document], None]:
    def change(report: Any) -> None:
        for step in path[:-1]:
            report = report[step]
        report[path[-1]] = to

    return change


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("trivy-vulnerable.json", without_packages, "make it with --list-all-pkgs"),
        ("trivy-vulnerable.json", suppressed, "were taken out"),
        ("trivy-vulnerable.json", set_("CreatedAt", to="2024-12-01T00:00:00Z"), "at most 48 are accepted"),
        ("trivy-vulnerable.json", set_("CreatedAt", to="2025-06-01T00:00:00Z"), "has not come yet"),
        ("trivy-vulnerable.json", set_("CreatedAt", to=""), "does not say when"),
        ("trivy-clean.json", set_("Results", to=None), "packages is empty or was removed"),
        ("trivy-clean.json", set_("Metadata", "OS", to=None), "no operating system was recognised"),
        ("trivy-clean.json", set_("Metadata", "OS", "EOSL", to=True), "past its end of life"),
        ("trivy-clean.json", set_("Metadata", "OS", "Family", to="none"), "does not know"),
        ("grype-vulnerable.json", set_("matches", to=[]), "names no vulnerability"),
        ("grype-vulnerable.json", set_("distro", to=None), "names no distribution"),
        ("grype-vulnerable.json", set_("ignoredMatches", to=[{}]), "were taken out"),
        (
            "grype-vulnerable.json",
            set_("descriptor", "db", "status", "built", to="2024-01-01T00:00:00Z"),
            "at most 48 are accepted",
        ),
    ],
)
def test_what_a_report_leaves_open_is_a_gap(
    tmp_path: Path, name: str, change: Callable[[Document], None], said: str
) -> None:
    report = document(name)
    change(report)
    evidence = collected(tmp_path, report)
    told = [gap for gap in evidence.gaps if said in gap.reason]
    assert told, evidence.gaps
    assert "counts" in told[0].facts


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'{"SchemaVersion": 2}',
        b'{"SchemaVersion": 1, "ArtifactType": "container_image"}',
        b'{"SchemaVersion": true, "ArtifactType": "container_image"}',
        b'{"SchemaVersion": 2, "ArtifactType": "container_image", "Results": {}}',
        b'{"SchemaVersion": 2, "ArtifactType": "container_image", "Results": [NaN]}',
        b'{"SchemaVersion": 2, "ArtifactType": "filesystem", "Results": []}',
        b'{"SchemaVersion": 2, "SchemaVersion": 2, "ArtifactType": "container_image"}',
        b'{"matches": null, "descriptor": {"name": "grype"}}',
        b'{"matches": [], "descriptor": {"name": "syft"}}',
        b'{"matches": [], "descriptor": {}, "source": {"type": "directory"}}',
        b'{"matches": [{}], "descriptor": {}, "source": {"type": "image"}}',
        b'{"matches": [], "descriptor": {"db": {"error": "gone"}}, "source": {"type": "image", "target": {}}}',
        b'{"matches": [], "descriptor": {}, "source": {"type": "image", "target": {"config": "%%%"}}}',
    ],
)
def test_what_is_no_report_about_an_image_proves_nothing(tmp_path: Path, data: bytes) -> None:
    assert isinstance(collect(tmp_path, data), Unreadable)


def test_a_bad_report_beside_a_good_one_leaves_everything_in_doubt(tmp_path: Path) -> None:
    evidence = collected(tmp_path, document("trivy-clean.json"), b"{")
    assert any(gap.subject == "r1.json" and not gap.facts for gap in evidence.gaps)


def test_an_older_limit_is_a_setting(tmp_path: Path) -> None:
    write(tmp_path, {"r.json": (DATA / "trivy-clean.json").read_text()})
    later = NOW + timedelta(days=30)
    asked: dict[str, Json] = {"reports": "r.json", "max_database_age_hours": 1000}
    evidence = ImageCollector().collect(trivy_context(tmp_path, asked, EmptyToolbox(), now=later))
    assert isinstance(evidence, Collected)
    assert evidence.gaps == ()


def test_waived_findings_are_counted_no_more(tmp_path: Path) -> None:
    from dataclasses import replace

    evidence = collected(tmp_path, document("trivy-vulnerable.json"))
    waived = [replace(finding, suppressed=finding.severity == "critical") for finding in evidence.findings]
    facts = image_facts(waived, evidence.facts)
    assert facts["counts"] == {"critical": 0, "high": 3, "medium": 1, "low": 1, "unknown": 0}
    assert image_facts(evidence.findings, facts) == evidence.facts
    assert image_facts([], {"reference": "x"}) == {"reference": "x"}
