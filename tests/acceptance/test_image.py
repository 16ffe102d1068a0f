"""The image through the command line: what the catalogue makes of it."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.images.mkimage import build
from tests.support.repos import Gate, save
from tests.support.repositories import make_repository
from tests.support.trivy import PROGRAMS, damaged, database, image, needs_trivy

POLICY = """\
version: 1
extends: strict
evidence:
  image: {archive: out/IMAGE.tar, database: ../cache, max_database_age_hours: 8760}
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository, a new database beside it, and the scanners where the gate looks."""
    from gate.collect import tools

    monkeypatch.setattr(tools, "DIRECTORIES", (PROGRAMS, *tools.DIRECTORIES))
    database(tmp_path / "cache", UpdatedAt=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    root = make_repository(tmp_path / "tree")
    (root / "Dockerfile").write_text("FROM debian:12\n")
    (root / ".gitignore").write_text("/out/\n")
    return root


def outcomes(gate: Gate, tree: Path, preset: str, *arguments: str | Path, policy: str = POLICY) -> dict[str, str]:
    (tree / ".gate").mkdir(exist_ok=True)
    (tree / ".gate" / "policy.yml").write_text(policy.replace("IMAGE", preset))
    save(tree)
    if not (tree / "out").exists():
        image(tree / "out", preset)
    said = gate.run(tree, *arguments)
    found = said.outcomes()
    return {name.removeprefix("image."): outcome for name, outcome in found.items() if name.startswith("image.")}


WHAT_A_SCAN_FINDS = ("no-critical", "no-high", "fixable")


@needs_trivy
def test_a_clean_image_passes(gate: Gate, tree: Path) -> None:
    found = outcomes(gate, tree, "clean")
    missing = {"labels", "age"}  # the made image has one label of two, and is of the first of January 2025
    assert {name for name, outcome in found.items() if outcome != "pass"} == missing, found


@needs_trivy
def test_a_vulnerable_image_fails_and_names_what_to_upgrade(gate: Gate, tree: Path) -> None:
    found = outcomes(gate, tree, "vulnerable")
    assert [found[name] for name in ("scanned", *WHAT_A_SCAN_FINDS, "non-root")] == ["pass", *["fail"] * 4]
    told = gate.run(tree).json["findings"]
    assert "CVE-2020-14343" in {finding["rule"] for finding in told}


@needs_trivy
def test_only_what_has_a_fix_counts_where_the_policy_says_so(gate: Gate, tree: Path) -> None:
    assert outcomes(gate, tree, "unfixed")["no-critical"] == "fail"
    lenient = POLICY + "criteria:\n  image.no-critical: {fixable_only: true}\n  image.no-high: {fixable_only: true}\n"
    found = outcomes(gate, tree, "unfixed", policy=lenient)
    assert [found[name] for name in WHAT_A_SCAN_FINDS] == ["pass"] * 3


@needs_trivy
@pytest.mark.parametrize("preset", ["eol", "unknownos", "nobucket", "nodpkg", "scratch"])
def test_an_image_that_nobody_looked_into_never_passes(gate: Gate, tree: Path, preset: str) -> None:
    found = outcomes(gate, tree, preset)
    assert {found[name] for name in WHAT_A_SCAN_FINDS} == {"no_evidence"}
    assert found["os-supported"] != "pass" or preset in ("nobucket", "nodpkg")
    assert found["scanned"] != "pass" or preset in ("eol", "nobucket")


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
        "metadata cut off",
        "nothing at all",
    ],
)
def test_a_database_that_is_not_whole_lets_nothing_pass(gate: Gate, tree: Path, how: str) -> None:
    damaged(tree.parent / "cache", how)
    found = outcomes(gate, tree, "clean")
    assert {found[name] for name in ("scanned", "os-supported", *WHAT_A_SCAN_FINDS)} == {"no_evidence"}


@needs_trivy
@pytest.mark.parametrize("metadata", [{"Version": 1}, {"UpdatedAt": "2020-01-01T00:00:00Z"}])
def test_a_stale_database_lets_nothing_pass(gate: Gate, tree: Path, metadata: dict[str, str | int]) -> None:
    database(tree.parent / "cache", **metadata)
    found = outcomes(gate, tree, "clean")
    assert {found[name] for name in ("scanned", "os-supported", *WHAT_A_SCAN_FINDS)} == {"no_evidence"}


def test_without_trivy_nothing_passes_but_what_the_image_says_itself(
    gate: Gate, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gate.collect import tools

    bare = tuple(folder for folder in tools.DIRECTORIES if not (folder / "trivy").exists())
    monkeypatch.setattr(tools, "DIRECTORIES", bare)
    found = outcomes(gate, tree, "clean")
    assert {found[name] for name in ("scanned", "os-supported", *WHAT_A_SCAN_FINDS)} == {"no_evidence"}
    assert found["non-root"] == "pass"


def test_a_dockerfile_without_an_image_has_no_evidence(gate: Gate, tree: Path) -> None:
    bare = "version: 1\nextends: strict\n"
    assert set(outcomes(gate, tree, "clean", policy=bare).values()) == {"no_evidence"}
    (tree / "Dockerfile").unlink()
    shutil.rmtree(tree / "out")
    (tree / "README.md").write_text("x\n")
    assert set(outcomes(gate, tree, "clean", policy=bare).values()) == {"not_applicable"}


@needs_trivy
def test_the_bill_of_materials_is_kept_in_the_bundle(gate: Gate, tree: Path, tmp_path: Path) -> None:
    direct = outcomes(gate, tree, "clean")
    bundle = tmp_path / "bundle"
    gate("collect", "--workspace", tree, "--bundle", bundle)
    data = (bundle / "attachments" / "image" / "image.cdx.json").read_bytes()
    listed = {item["path"]: item["sha256"] for item in json.loads((bundle / "manifest.json").read_text())["files"]}
    assert listed["attachments/image/image.cdx.json"] == hashlib.sha256(data).hexdigest()
    assert json.loads(data)["metadata"]["component"]["version"] == f"sha256:{_config_digest('clean')}"
    judged = gate("evaluate", "--workspace", tree, "--bundle", bundle, "--format", "json")
    again = {name: outcome for name, outcome in judged.outcomes().items() if name.startswith("image.")}
    assert again == {f"image.{name}": outcome for name, outcome in direct.items()}
    (bundle / "attachments" / "image" / "image.cdx.json").write_bytes(data + b" ")
    assert gate("evaluate", "--workspace", tree, "--bundle", bundle).code != 0


def _config_digest(preset: str) -> str:
    return hashlib.sha256(build(preset)[1]).hexdigest()
