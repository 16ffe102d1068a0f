"""`licenses`, from files and reports to facts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from gate.collect.collectors.licenses import LicensesCollector
from gate.collect.licenses.facts import CONTRADICTORY, DENIED, NOT_ALLOWED, UNKNOWN, license_facts
from gate.collect.reports import NOT_OF_THIS_RUN
from gate.collect.workspace import Entry, EntryType, Workspace
from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Unreadable
from gate.model.json import Json, JsonObject
from tests.support.fakes import context, write

ROOT = Path(__file__).parents[3]
DATA = ROOT / "tests/collect/readers/data/licenses"
SCHEMA = Draft202012Validator(json.loads((ROOT / "schemas/evidence/licenses.schema.json").read_text()))
LOCK = (DATA / "package-lock.json").read_bytes()
LISTS: JsonObject = {"allow": ["MIT", "ISC", "BSD-3-Clause", "Zlib"], "deny": ["GPL-*", "AGPL-*"]}


class Tree:
    def __init__(self, root: Path) -> None:
        self.root = root

    def collect(
        self,
        tracked: Mapping[str, str | bytes],
        reports: Mapping[str, str | bytes] | None = None,
        *,
        named: Json = None,
        **request: Json,
    ) -> Evidence:
        write(self.root, tracked)
        write(self.root, reports or {})
        workspace = Workspace(self.root, tracked=[Entry(name, EntryType.FILE) for name in tracked])
        wanted: JsonObject = {**LISTS, **({"reports": [*reports]} if reports else {}), **request}
        if named is not None:
            wanted["reports"] = named
        evidence = LicensesCollector().collect(context(workspace, wanted))
        if isinstance(evidence, Collected):
            SCHEMA.validate(evidence.facts)
            assert license_facts(evidence.findings, evidence.facts) == evidence.facts
        return evidence

    def collected(
        self, tracked: Mapping[str, str | bytes], reports: Mapping[str, str | bytes] | None = None, **request: Json
    ) -> Collected:
        evidence = self.collect(tracked, reports, **request)
        assert isinstance(evidence, Collected), evidence
        return evidence


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "tree")


def lock(**packages: Json) -> str:
    entries = {f"node_modules/{name}": {"version": "1.0.0", **_licence(value)} for name, value in packages.items()}
    return json.dumps({"lockfileVersion": 3, "packages": {"": {}, **entries}}, indent=2)


def _licence(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {} if value is None else {"license": value}


def sbom(**packages: str | None) -> str:
    parts = [
        {
            "type": "library",
            "name": name,
            "version": "1.0.0",
            "purl": f"pkg:npm/{name}@1.0.0",
            "licenses": [] if text is None else [{"expression": text}],
        }
        for name, text in packages.items()
    ]
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": parts}, indent=2)


def gaps(evidence: Evidence) -> dict[str, Gap]:
    return {gap.subject: gap for gap in evidence.gaps}


def test_a_real_lock_file(tree: Tree) -> None:
    evidence = tree.collected({"package-lock.json": LOCK})
    assert evidence.gaps == ()
    assert evidence.facts == {
        "packages": 18,
        "untold": 0,
        "unknown": 0,
        "known_percent": 100.0,
        "by_license": {
            "BSD-3-Clause": 1, "GPL-2.0-only": 1, "GPL-3.0-or-later": 1, "ISC": 4, "MIT": 13, "Zlib": 1,
        },
        "denied": [],
        "not_allowed": [],
        "contradictions": [],
        "development": {"packages": 3, "unknown": 0, "denied": 0, "not_allowed": 0, "left_out": False},
        **LISTS,
        "files": 1,
        "reports": 0,
        "passed_over": 0,
    }  # fmt: skip
    ((how, path, detail),) = [(source.how, source.path, source.detail) for source in evidence.sources]
    assert (how, path, detail) == (How.PRODUCED, "package-lock.json", "18 packages")


@pytest.mark.parametrize(
    "name",
    [
        "npm.cdx.json",
        "npm.spdx.json",
        "license-checker.json",
        "trivy-packages.json",
        "trivy.cdx.json",
        "trivy-licenses.json",
    ],
)
def test_real_reports_agree_with_the_lock(tree: Tree, name: str) -> None:
    evidence = tree.collected({"package-lock.json": LOCK}, {name: (DATA / name).read_bytes()})
    assert evidence.facts["packages"] == 18
    assert evidence.facts["unknown"] == 0
    assert evidence.facts["contradictions"] == []
    assert evidence.facts["reports"] == 1
    assert evidence.gaps == ()


def test_what_stands_on_no_list_and_on_the_wrong_one(tree: Tree) -> None:
    text = lock(
        a="MIT", b="GPL-3.0", c="Apache-2.0", d="MIT OR AGPL-3.0", e="MIT AND AGPL-3.0-only", f="ask us", g=None
    )
    evidence = tree.collected({"web/package-lock.json": text})
    assert evidence.facts["denied"] == ["b 1.0.0: GPL-3.0-only", "e 1.0.0: AGPL-3.0-only AND MIT"]
    assert evidence.facts["not_allowed"] == [
        "b 1.0.0: GPL-3.0-only",
        "c 1.0.0: Apache-2.0",
        "e 1.0.0: AGPL-3.0-only AND MIT",
    ]
    assert (evidence.facts["unknown"], evidence.facts["untold"], evidence.facts["known_percent"]) == (2, 1, 71.42)
    assert evidence.facts["by_license"] == {"AGPL-3.0-only": 2, "Apache-2.0": 1, "GPL-3.0-only": 1, "MIT": 3}
    told = [(item.rule, item.severity, item.line, item.message) for item in evidence.findings]
    assert told == [
        (DENIED, "high", 9, "b 1.0.0 is under GPL-3.0-only, which is denied"),
        (NOT_ALLOWED, "medium", 13, "c 1.0.0 is under Apache-2.0, which is not allowed"),
        (DENIED, "high", 21, "e 1.0.0 is under AGPL-3.0-only, which is denied (it is under AGPL-3.0-only AND MIT)"),
        (UNKNOWN, "unknown", 25, "f 1.0.0 has the licence “ask us”, which is no licence that SPDX knows"),
        (UNKNOWN, "unknown", 29, "g 1.0.0 has a licence that no source tells"),
    ]
    assert {item.path for item in evidence.findings} == {"web/package-lock.json"}
    assert len({item.fingerprint for item in evidence.findings}) == 5
    assert set(gaps(evidence)) == {"f 1.0.0", "g 1.0.0"}
    assert gaps(evidence)["f 1.0.0"].facts == ("denied", "not_allowed")
    assert "no source tells its licence (web/package-lock.json)" in gaps(evidence)["g 1.0.0"].reason


def test_a_waived_finding_changes_the_facts(tree: Tree) -> None:
    evidence = tree.collected({"package-lock.json": lock(a="GPL-3.0", b="what", c="X11")})
    waived = [replace(item, suppressed=True) for item in evidence.findings]
    facts = license_facts(waived, evidence.facts)
    assert (facts["denied"], facts["not_allowed"], facts["unknown"], facts["known_percent"]) == ([], [], 0, 100.0)


def test_without_a_list_nothing_is_said_of_it(tree: Tree) -> None:
    evidence = tree.collected({"package-lock.json": lock(a="GPL-3.0")}, allow=[], deny=[])
    assert "denied" not in evidence.facts
    assert "not_allowed" not in evidence.facts
    assert evidence.findings == ()


def test_a_list_with_a_typing_error_is_a_gap(tree: Tree) -> None:
    evidence = tree.collected({"package-lock.json": lock(a="MIT")}, allow=["MIT", "Apache2"], deny=["AGLP-*"])
    deny, allow = gaps(evidence)["evidence.licenses.deny"], gaps(evidence)["evidence.licenses.allow"]
    assert deny.reason == "“AGLP-*” matches no licence that SPDX knows"
    assert "denied" in deny.facts
    assert "did you mean Apache-2.0" in allow.reason
    assert allow.facts == ("not_allowed",)


def test_sources_that_differ(tree: Tree) -> None:
    evidence = tree.collected(
        {"package-lock.json": lock(a="MIT", b=None)}, {"out/bom.json": sbom(a="GPL-3.0-only", b="ISC")}
    )
    assert evidence.facts["packages"] == 2
    assert evidence.facts["denied"] == ["a 1.0.0: GPL-3.0-only"]
    assert evidence.facts["contradictions"] == ["a 1.0.0: GPL-3.0-only (out/bom.json); MIT (package-lock.json)"]
    assert evidence.facts["unknown"] == 0
    assert [(item.rule, item.path, item.line) for item in evidence.findings] == [
        (DENIED, "out/bom.json", 9),
        (CONTRADICTORY, "out/bom.json", 9),
    ]


def test_development_can_be_left_out(tree: Tree) -> None:
    text = lock(a="MIT", b={"license": "GPL-3.0", "dev": True}, c={"dev": True}, d={"dev": True, "license": "X11"})
    evidence = tree.collected({"package-lock.json": text})
    counts: JsonObject = {"packages": 3, "unknown": 1, "denied": 1, "not_allowed": 1}
    assert evidence.facts["development"] == {**counts, "left_out": False}
    assert (evidence.facts["packages"], evidence.facts["denied"]) == (4, ["b 1.0.0: GPL-3.0-only"])
    evidence = tree.collected({"package-lock.json": text}, development="leave_out")
    assert evidence.facts["development"] == {**counts, "left_out": True}
    assert (evidence.facts["packages"], evidence.facts["denied"], evidence.facts["unknown"]) == (1, [], 0)
    assert evidence.facts["by_license"] == {"MIT": 1}
    assert evidence.gaps == ()
    assert all(item.suppressed for item in evidence.findings)
    # Where an SBOM of what is shipped names it too, it is not for development only.
    evidence = tree.collected({"package-lock.json": text}, {"bom.json": sbom(b=None)}, development="leave_out")
    assert evidence.facts["denied"] == ["b 1.0.0: GPL-3.0-only"]


def test_python_needs_a_report(tree: Tree) -> None:
    files: dict[str, str | bytes] = {"requirements.txt": "certifi==2020.1.1\nflask\nleft\n"}
    evidence = tree.collected(files)
    assert (evidence.facts["packages"], evidence.facts["untold"], evidence.facts["known_percent"]) == (1, 1, 0)
    found = gaps(evidence)
    assert set(found) == {"certifi 2020.1.1", "flask", "left"}
    assert (found["flask"].path, found["flask"].line) == ("requirements.txt", 2)
    report = json.dumps([
        {"Name": "Flask", "Version": "3.0", "License": "BSD-3-Clause"},
        {"Name": "certifi", "Version": "2020.01.01", "License": "MPL-2.0"},
    ])  # fmt: skip
    evidence = tree.collected(files, {"licenses.json": report})
    assert evidence.facts["packages"] == 2
    assert evidence.facts["not_allowed"] == ["certifi 2020.1.1: MPL-2.0"]
    assert set(gaps(evidence)) == {"left"}


def test_a_real_python_report(tree: Tree) -> None:
    reports = {name: (DATA / name).read_bytes() for name in ("python.cdx.json", "pip-licenses-all.json")}
    evidence = tree.collected({}, reports)
    assert evidence.facts["reports"] == 2
    # Both describe one environment; cyclonedx-py names the parts of pip and of itself too.
    assert evidence.facts["packages"] == 14
    assert all("GNU" in item.message or "BSD" in item.message for item in evidence.findings if item.rule == UNKNOWN)


def test_a_lock_whose_packages_are_not_read_is_a_gap(tree: Tree) -> None:
    files: dict[str, str | bytes] = {"package-lock.json": lock(a="MIT"), "mix.lock": '%{"a": 1}\n'}
    found = gaps(tree.collected(files))
    assert "its packages are not compared" in found["mix.lock"].reason
    assert found["mix.lock"].facts == ("denied", "not_allowed")


def test_locks_without_licences_need_a_report(tree: Tree) -> None:
    cargo = '[[package]]\nname = "itoa"\nversion = "1.0.0"\nsource = "registry+https://packages.example"\n'
    evidence = tree.collected(
        {"Cargo.lock": cargo, "web/yarn.lock": 'a@^1:\n  version "1.0.0"\n'}, {"bom.json": sbom(a="MIT")}
    )
    assert evidence.facts["by_license"] == {"MIT": 1}
    assert [(gap.subject, gap.path) for gap in evidence.gaps] == [("itoa 1.0.0", "Cargo.lock")]
    assert [(item.path, item.line) for item in evidence.findings] == [("Cargo.lock", 2)]


def test_which_index_serves_a_package_is_no_matter_here(tree: Tree) -> None:
    text = "--index-url https://packages.example/simple\ncertifi==2020.1.1\n"
    evidence = tree.collected(
        {"requirements.txt": text, "setup.py": "from setuptools import setup\nsetup(install_requires=f())\n"}
    )
    assert [(gap.subject, gap.facts) for gap in evidence.gaps] == [
        ("setup.py", ()),
        ("certifi 2020.1.1", ("denied", "not_allowed")),
    ]


def test_a_lock_that_is_not_on_disk_is_a_gap(tree: Tree) -> None:
    write(tree.root, {"package-lock.json": lock(a="MIT")})
    files = [Entry(name, EntryType.FILE) for name in ("package-lock.json", "web/package-lock.json")]
    evidence = LicensesCollector().collect(context(Workspace(tree.root, tracked=files), LISTS))
    assert isinstance(evidence, Collected)
    assert [(gap.subject, gap.facts) for gap in evidence.gaps] == [("web/package-lock.json", ())]


def test_the_same_report_twice_is_read_once(tree: Tree) -> None:
    evidence = tree.collected({}, {"a.json": sbom(a="MIT"), "b.json": sbom(a="MIT")})
    assert (evidence.facts["reports"], evidence.facts["packages"]) == (1, 1)
    assert evidence.sources[1].detail == "the same bytes as a.json, read once"


def test_a_report_in_git_is_no_evidence_of_this_run(tree: Tree) -> None:
    evidence = tree.collected({"bom.json": sbom(a="MIT")}, named=["bom.json"])
    (gap,) = evidence.gaps
    assert (gap.reason, gap.facts) == (NOT_OF_THIS_RUN, ())


@pytest.mark.parametrize("text", ["", "{", sbom()[:-5], sbom(), "[]", '{"a": NaN}', "\x00"])
def test_a_report_that_proves_nothing_is_unreadable(tree: Tree, text: str) -> None:
    evidence = tree.collect({}, {"bom.json": text})
    assert isinstance(evidence, Unreadable)
    assert "bom.json" in evidence.reason
    beside = tree.collected({"package-lock.json": lock(a="MIT")}, {"bom.json": text})
    assert [(gap.subject, gap.facts) for gap in beside.gaps] == [("bom.json", ())]


def test_a_lock_that_cannot_be_read(tree: Tree) -> None:
    evidence = tree.collect({"package-lock.json": LOCK[:-9]})
    assert isinstance(evidence, Unreadable)
    assert "package-lock.json" in evidence.reason


def test_a_named_report_that_is_not_there(tree: Tree) -> None:
    evidence = tree.collect({}, named=["bom.json"])
    assert isinstance(evidence, Missing | Unreadable)
    assert not (isinstance(evidence, Missing) and evidence.not_applicable)
    assert evidence.gaps


def test_a_tree_without_dependencies_needs_no_licences(tree: Tree) -> None:
    evidence = tree.collect({"README.md": "x"})
    assert isinstance(evidence, Missing)
    assert evidence.not_applicable
    evidence = tree.collect({"package-lock.json": lock()})
    assert isinstance(evidence, Missing)
    assert evidence.not_applicable


def test_a_manifest_without_a_lock_is_no_evidence(tree: Tree) -> None:
    evidence = tree.collect({"package.json": '{"dependencies": {"a": "^1"}}'})
    assert isinstance(evidence, Missing | Unreadable)
    assert not (isinstance(evidence, Missing) and evidence.not_applicable)
    assert "package.json" in evidence.reason


def test_a_link_is_not_followed(tree: Tree, tmp_path: Path) -> None:
    outside = tmp_path / "secret.json"
    outside.write_text(sbom(a="MIT"))
    tree.root.mkdir()
    (tree.root / "bom.json").symlink_to(outside)
    evidence = tree.collect({}, named=["bom.json"])
    assert not isinstance(evidence, Collected)


def test_hostile_names_stay_harmless(tree: Tree) -> None:
    text = json.dumps({
        "lockfileVersion": 3,
        "packages": {
            "node_modules/a\x1b[2J\u202e\n::error::x": {"version": "1\n2", "license": "x\x1b]0;\x07" * 50_000}
        },
    })  # fmt: skip
    evidence = tree.collected({"package-lock.json": text})
    (finding,) = evidence.findings
    (gap,) = evidence.gaps
    for told in (finding.message, finding.properties["text"], gap.subject, gap.reason, finding.properties["license"]):
        assert isinstance(told, str)
        assert told.isprintable()
        assert len(told) < 600
