"""Licences of dependencies through the whole program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.fakes import write
from tests.support.repos import Gate, ledger

POLICY = """version: 1
extends: baseline
evidence:
  licenses:
    reports: [out/bom.json]
    allow: [MIT, "BSD-*"]
    deny: [AGPL-*]
criteria:
  licenses.read: {level: must}
  licenses.known: {level: must}
  licenses.denied: {level: must}
  licenses.allowed: {level: must}
  licenses.consistent: {level: must}
"""
CRITERIA = ("licenses.read", "licenses.known", "licenses.denied", "licenses.allowed", "licenses.consistent")


@pytest.fixture
def gate(capsys: pytest.CaptureFixture[str]) -> Gate:
    return Gate(capsys)


def sbom(license_: str | None) -> str:
    licenses = [] if license_ is None else [{"expression": license_}]
    component = {
        "type": "library",
        "name": "idna",
        "version": "3.15",
        "purl": "pkg:pypi/idna@3.15",
        "licenses": licenses,
    }
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [component]}, indent=1)


def outcomes(gate: Gate, folder: Path) -> dict[str, str]:
    found = gate.run(folder, "--only", "licenses").outcomes()
    return {name: found[name] for name in CRITERIA}


@pytest.mark.parametrize(
    ("license_", "unmet"),
    [
        ("BSD-3-Clause", {}),
        ("AGPL-3.0-or-later OR MIT", {}),
        ("ISC", {"licenses.allowed": "fail"}),
        ("AGPL-3.0", {"licenses.denied": "fail", "licenses.allowed": "fail"}),
        (
            "BSD License",
            {"licenses.known": "fail", "licenses.denied": "no_evidence", "licenses.allowed": "no_evidence"},
        ),
        (None, {"licenses.known": "fail", "licenses.denied": "no_evidence", "licenses.allowed": "no_evidence"}),
    ],
)
def test_a_licence_decides(gate: Gate, tmp_path: Path, license_: str | None, unmet: dict[str, str]) -> None:
    folder = ledger(tmp_path / "tree", policy=POLICY)
    write(folder, {"out/bom.json": sbom(license_)})
    assert outcomes(gate, folder) == {name: unmet.get(name, "pass") for name in CRITERIA}


@pytest.mark.parametrize("text", [None, "", "{", sbom("MIT")[:-4], '{"bomFormat": "CycloneDX", "specVersion": "1.5"}'])
def test_no_report_is_no_evidence(gate: Gate, tmp_path: Path, text: str | None) -> None:
    folder = ledger(tmp_path / "tree", policy=POLICY)
    write(folder, {} if text is None else {"out/bom.json": text})
    assert "pass" not in outcomes(gate, folder).values()


def test_the_command_line_can_name_lists(gate: Gate, tmp_path: Path) -> None:
    folder = ledger(tmp_path / "tree")
    write(folder, {"out/bom.json": sbom("MIT")})
    pairs = (
        "licenses.reports=out/bom.json",
        "licenses.deny=MIT",
        "licenses.allow=[ISC, 'BSD-*']",
        "licenses.development=leave_out",
    )
    said = gate.collect(folder, "licenses", *(part for pair in pairs for part in ("--evidence", pair)))
    facts = said.evidence("licenses")["facts"]
    assert facts["denied"] == ["idna 3.15: MIT"]
    assert facts["allow"] == ["ISC", "BSD-*"]


def test_a_policy_s_list_stands_in_place_of_the_profile_s(gate: Gate, tmp_path: Path) -> None:
    folder = ledger(tmp_path / "tree", policy=POLICY)
    write(folder, {"out/bom.json": sbom("Apache-2.0")})
    said = gate.run(folder, "--only", "licenses")
    assert said.code == 1
    assert said.evidence("licenses")["facts"]["not_allowed"] == ["idna 3.15: Apache-2.0"]
    assert [item["rule"] for item in said.json["findings"]] == ["licenses.not-allowed"]


def test_a_misspelt_denial_denies_nothing_and_says_so(gate: Gate, tmp_path: Path) -> None:
    folder = ledger(tmp_path / "tree", policy=POLICY.replace("AGPL-*", "AGLP-*"))
    write(folder, {"out/bom.json": sbom("MIT")})
    assert outcomes(gate, folder)["licenses.denied"] == "no_evidence"


def test_a_repository_without_dependencies(gate: Gate, tmp_path: Path) -> None:
    folder = ledger(
        tmp_path / "tree", policy=POLICY.replace("    reports: [out/bom.json]\n", ""), **{"requirements.txt": None}
    )
    assert set(outcomes(gate, folder).values()) == {"not_applicable"}
