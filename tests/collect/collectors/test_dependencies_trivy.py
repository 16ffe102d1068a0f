"""`dependencies` with the real Trivy on lock files of other languages, and with broken programs in its place."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from gate.collect.collectors.dependencies import DependenciesCollector
from gate.collect.dependencies.trivy_locks import left_out
from gate.collect.tools import Tool, Toolbox
from gate.collect.workspace import Workspace
from gate.model.evidence import Collected, Evidence
from gate.model.json import Json, JsonObject
from tests.support.broken_tools import BROKEN, OneTool, install
from tests.support.fakes import EmptyToolbox, tracked, write
from tests.support.osv.osv_server import OsvServer, osv_server
from tests.support.trivy import damaged, database, needs_trivy, toolbox, trivy_context

ROOT = Path(__file__).parents[3]
LOCK = (ROOT / "tests/collect/readers/data/audits/package-lock.json").read_bytes()
SCHEMA = Draft202012Validator(json.loads((ROOT / "schemas/evidence/dependencies.schema.json").read_text()))
COUNTS = {"vulnerable", "vulnerabilities", "counts", "fixable", "all_severities"}


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return database(tmp_path / "cache")


@pytest.fixture(scope="module")
def service() -> Iterator[OsvServer]:
    with osv_server() as server:
        yield server


class BothTools(Toolbox):
    """The pip-audit of this interpreter, and Trivy."""

    def find(self, name: str) -> Tool:
        if name == "pip-audit":
            return Tool(name, "2.10", (sys.executable, "-I", "-m", "pip_audit"))
        return toolbox().find(name)


def collect(
    root: Path, files: Mapping[str, bytes], request: Mapping[str, Json], tools: Toolbox | None = None
) -> Evidence:
    write(root, files)
    whole = replace(trivy_context(root, request, tools), workspace=Workspace(root, tracked=tracked(*files)))
    evidence = DependenciesCollector().collect(whole)
    if isinstance(evidence, Collected):
        SCHEMA.validate(evidence.facts)
    return evidence


def collected(
    root: Path, files: Mapping[str, bytes], request: Mapping[str, Json], tools: Toolbox | None = None
) -> Collected:
    evidence = collect(root, files, request, tools)
    assert isinstance(evidence, Collected), evidence
    return evidence


def told(evidence: Evidence) -> dict[str, str]:
    return {gap.subject: gap.reason for gap in evidence.gaps}


@needs_trivy
def test_a_lock_file_of_npm_is_looked_up_with_what_development_needs(tmp_path: Path, cache: Path) -> None:
    evidence = collected(tmp_path / "tree", {"web/package-lock.json": LOCK}, {"database": str(cache)})
    assert evidence.gaps == ()
    facts = evidence.facts
    assert (facts["audited"], facts["ecosystems"], facts["lock_files_audited"]) == (6, {"npm": 6}, 1)
    assert facts["counts"] == {"critical": 1, "high": 0, "medium": 2, "low": 0, "unknown": 0}
    assert facts["database_age_hours"] == 30.0
    found = {(item.properties["package"], item.properties["version"]) for item in evidence.findings}
    assert found == {("lodash", "4.17.11"), ("minimist", "1.2.0"), ("minimist", "0.0.8")}  # 0.0.8 is for development
    assert {item.path for item in evidence.findings} == {"web/package-lock.json"}
    (source,) = [item for item in evidence.sources if item.tool == "trivy"]
    assert source.detail == "6 packages in 1 lock files, database of 2025-01-01"


@needs_trivy
def test_formats_of_other_languages_are_read_or_are_gaps(tmp_path: Path, cache: Path) -> None:
    files = {
        "npm-shrinkwrap.json": LOCK,
        "yarn/yarn.lock": b'# yarn lockfile v1\n\n\nlodash@4.17.11:\n  version "4.17.11"\n'
        b'  resolved "https://example.org/l.tgz#1"\n',
        "pnpm/pnpm-lock.yaml": b"lockfileVersion: '6.0'\ndependencies:\n  lodash:\n    specifier: 4.17.11\n"
        b"    version: 4.17.11\n"
        b"packages:\n  /lodash@4.17.11:\n    resolution: {integrity: sha512-x}\n    dev: false\n",
        "go/go.mod": b"module shop\n\ngo 1.21\n\nrequire github.com/gogo/protobuf v1.3.1\n",
        "go/go.sum": b"github.com/gogo/protobuf v1.3.1 h1:x=\n",
        "rust/Cargo.lock": b'version = 3\n\n[[package]]\nname = "serde"\nversion = "1.0.0"\n'
        b'source = "registry+https://crates.example/index"\n',
        "php/composer.lock": b'{"packages": [{"name": "a/b", "version": "v1.0.0"}], "packages-dev": []}',
        "ruby/gems.locked": b"GEM\n  remote: https://gems.example/\n  specs:\n    rake (13.0.0)\n\nPLATFORMS\n  ruby\n"
        b"\nDEPENDENCIES\n  rake\n",
        "java/buildscript-gradle.lockfile": b"org.a:lib:1.0=classpath\nempty=\n",
        "net/packages.lock.json": b'{"version": 1, "dependencies": {"net6.0": '
        b'{"A": {"type": "Direct", "resolved": "1.0.0"}}}}',
        "deno/deno.lock": b'{"version": "3"}',
        "sum/go.sum": b"github.com/gogo/protobuf v1.3.1 h1:x=\n",
        "bad/package-lock.json": b"{",
        "empty/Cargo.lock": b"version = 3\n",
    }
    evidence = collected(tmp_path / "tree", files, {"database": str(cache)})
    gaps = told(evidence)
    assert set(gaps) == {"deno/deno.lock", "sum/go.sum", "bad/package-lock.json", "empty/Cargo.lock"}
    assert "the gate reads no deno.lock" in gaps["deno/deno.lock"]
    assert "there is no go.mod beside it" in gaps["sum/go.sum"]
    assert "reads no package from it" in gaps["bad/package-lock.json"]
    assert evidence.facts["ecosystems"] == {
        "Go": 1,
        "Maven": 1,
        "NuGet": 1,
        "Packagist": 1,
        "RubyGems": 1,
        "crates.io": 1,
        "npm": 6,
    }
    lodash = next(item for item in evidence.findings if item.properties["package"] == "lodash")
    assert lodash.properties["files"] == ["npm-shrinkwrap.json", "pnpm/pnpm-lock.yaml", "yarn/yarn.lock"]


@needs_trivy
def test_a_hole_of_python_gets_its_severity_from_trivy(tmp_path: Path, cache: Path, service: OsvServer) -> None:
    request: JsonObject = {"osv_url": service.url(), "database": str(cache)}
    files = {"requirements.txt": b"requests==2.19.1\nsix==1.16.0\n", "other/requirements.txt": b"requests==2.18.0\n"}
    evidence = collected(tmp_path / "tree", files, request, BothTools())
    assert evidence.gaps == ()
    assert {item.severity for item in evidence.findings} <= {"high", "critical", "medium"}
    assert evidence.facts["all_severities"] is True
    for item in evidence.findings:
        assert item.properties["severity_from"] == ["trivy"]
        assert item.properties["told_by"] == ["pip-audit", "trivy"]
    assert evidence.facts["packages"] == evidence.facts["audited"] == 3


def test_without_a_database_severities_stay_unknown(tmp_path: Path, service: OsvServer) -> None:
    request: JsonObject = {"osv_url": service.url(), "database": str(tmp_path / "none")}
    evidence = collected(tmp_path / "tree", {"requirements.txt": b"requests==2.19.1\n"}, request, BothTools())
    assert evidence.gaps == ()
    assert [item.severity for item in evidence.findings] == ["unknown"]
    assert "all_severities" not in evidence.facts


@needs_trivy
@pytest.mark.parametrize(
    "how",
    [
        "no trivy.db",
        "empty trivy.db",
        "truncated trivy.db",
        "damaged pages",
        "one ecosystem is missing",
        "garbage",
        "no metadata",
    ],
)
def test_no_damaged_database_is_told_as_clean(tmp_path: Path, cache: Path, how: str) -> None:
    damaged(cache, how)
    evidence = collect(tmp_path / "tree", {"package-lock.json": LOCK}, {"database": str(cache)})
    assert isinstance(evidence, Collected)
    assert not COUNTS & evidence.facts.keys()
    assert evidence.facts["audited"] == 0
    assert "trivy" in told(evidence)["package-lock.json"]


@needs_trivy
def test_a_stale_database_is_told_with_its_key(tmp_path: Path, cache: Path) -> None:
    evidence = collect(
        tmp_path / "tree", {"package-lock.json": LOCK}, {"database": str(cache), "max_database_age_hours": 1}
    )
    assert "evidence.dependencies.max_database_age_hours" in told(evidence)["package-lock.json"]


@pytest.mark.parametrize("does", [name for name in BROKEN if name not in ("hangs", "prints without an end")])
def test_no_broken_trivy_is_told_as_clean(tmp_path: Path, cache: Path, does: str) -> None:
    clean = json.dumps({"SchemaVersion": 2, "ArtifactName": "x", "ArtifactType": "filesystem"})
    program = install(tmp_path / "bin", "trivy", does, clean)
    tools = OneTool("trivy", (str(program),))
    evidence = collect(tmp_path / "tree", {"package-lock.json": LOCK}, {"database": str(cache)}, tools)
    assert isinstance(evidence, Collected)
    assert not COUNTS & evidence.facts.keys()
    assert "was not audited" in told(evidence)["package-lock.json"]


def test_without_trivy_the_gap_says_what_to_do(tmp_path: Path) -> None:
    evidence = collect(tmp_path, {"package-lock.json": LOCK}, {}, EmptyToolbox())
    reason = told(evidence)["package-lock.json"]
    assert "trivy is not installed" in reason
    assert "evidence.dependencies.reports" in reason
    off = collect(tmp_path, {"package-lock.json": LOCK}, {"trivy": False}, EmptyToolbox())
    assert "switched off" in told(off)["package-lock.json"]


@needs_trivy
def test_an_advisory_that_trivy_cannot_read_is_a_gap(tmp_path: Path, cache: Path) -> None:
    path = cache / "db" / "trivy.db"
    path.write_bytes(path.read_bytes().replace(b"\\u003e= 1.0.0, \\u003c 1.2.3", b"\\u003e= 1.0.0, \\u003c !.!.!"))
    path.write_bytes(path.read_bytes().replace(b">= 1.0.0, < 1.2.3", b">= 1.0.0, < !.!.!"))
    evidence = collected(tmp_path / "tree", {"package-lock.json": LOCK}, {"database": str(cache)})
    assert ("minimist", "1.2.0") not in {
        (item.properties["package"], item.properties["version"]) for item in evidence.findings
    }
    assert "warned while it looked the lock files up" in told(evidence)["trivy"]


@needs_trivy
def test_what_cannot_be_given_to_trivy_is_a_gap(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "tree"
    write(root, {"package-lock.json": LOCK})
    names = ["package-lock.json", "gone/Cargo.lock", "go.mod", "go.sum"]
    asked = trivy_context(root, {"database": str(cache)})
    workspace = Workspace(root, tracked=tracked(*names))
    evidence = DependenciesCollector().collect(replace(asked, workspace=workspace))
    assert isinstance(evidence, Collected)
    gaps = told(evidence)
    assert "it is not there" in gaps["gone/Cargo.lock"]
    assert "it is not there" in gaps["go.sum"]
    assert "package-lock.json" not in gaps
    monkeypatch.setattr("gate.collect.dependencies.trivy_locks._MOST", 1)
    files = {"a/package-lock.json": LOCK, "b/package-lock.json": LOCK}
    more = collected(tmp_path / "more", files, {"database": str(cache)})
    assert "at most 1 files" in told(more)["b/package-lock.json"]


def test_what_trivy_leaves_out_of_a_lock_file_of_npm_is_a_gap() -> None:
    every = {("lodash", "4.17.11"), ("minimist", "1.2.0"), ("minimist", "0.0.8"), ("mkdirp", "0.5.1"), ("ms", "2.0.0")}
    assert left_out(LOCK, "package-lock.json", every) == []
    (one,) = left_out(LOCK, "package-lock.json", every - {("ms", "2.0.0"), ("mkdirp", "0.5.1")})
    assert one.reason == "names mkdirp 0.5.1 and 1 more, which Trivy did not look up"
    (bad,) = left_out(b"{", "package-lock.json", every)
    assert "cannot be read as JSON" in bad.reason
