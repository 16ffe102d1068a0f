"""The image collector, with the real Trivy on made images: what was not looked at never passes."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from functools import cache as once
from pathlib import Path
from typing import Any

import pytest

from gate.collect.collectors.image import ImageCollector
from gate.collect.image.trivy_image import FOUND
from gate.collect.workspace import Workspace
from gate.judge.schema import problems, shipped_validator
from gate.model.evidence import Collected, Evidence, How, Missing, Unreadable
from gate.model.json import Json
from tests.support.broken_tools import BROKEN, OneTool, install
from tests.support.fakes import EmptyToolbox, context, tracked, write
from tests.support.images.mkimage import build, make_tar
from tests.support.registry import registry
from tests.support.trivy import PROGRAMS, damaged, database, image, needs_trivy, trivy_context


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    database(tmp_path / "cache")
    (tmp_path / "tree" / "out").mkdir(parents=True)
    return tmp_path / "tree"


def collect(tree: Path, request: Mapping[str, Json], **options: Any) -> Evidence:
    asked = {"database": str(tree.parent / "cache"), "timeout_seconds": 60, **request}
    evidence = ImageCollector().collect(trivy_context(tree, asked, **options))
    if isinstance(evidence, Collected):
        assert not list(problems(schema(), evidence.facts))
    return evidence


@once
def schema() -> Any:
    return shipped_validator("evidence/image")


def collected(tree: Path, request: Mapping[str, Json], **options: Any) -> Collected:
    evidence = collect(tree, request, **options)
    assert isinstance(evidence, Collected), evidence
    return evidence


def doubted(evidence: Collected) -> bool:
    """Whether a gap leaves the counts without evidence."""
    return any(not gap.facts or set(FOUND) <= set(gap.facts) for gap in evidence.gaps)


@needs_trivy
@pytest.mark.parametrize("form", ["tar", "oci"])
def test_a_vulnerable_image(tree: Path, form: str) -> None:
    image(tree / "out", "vulnerable")
    evidence = collected(tree, {"archive": f"out/vulnerable.{form}"})
    facts = evidence.facts
    assert evidence.gaps == ()
    assert facts["counts"] == {"critical": 4, "high": 3, "medium": 1, "low": 1, "unknown": 0}
    assert facts["fixable_counts"] == {"critical": 3, "high": 3, "medium": 1, "low": 0, "unknown": 0}
    assert (facts["fixable"], facts["vulnerable"], facts["vulnerabilities"], facts["packages"]) == (7, 8, 9, 8)
    assert (facts["os_packages"], facts["language_packages"]) == (4, 4)
    assert (facts["user"], facts["non_root"], facts["healthcheck"]) == (None, False, False)
    assert facts["os"] == {"family": "debian", "version": "12.0", "eol": False}
    assert facts["size_bytes"] == sum(map(len, build("vulnerable")[0]))
    assert facts["image_id"] == f"sha256:{hashlib.sha256(build('vulnerable')[1]).hexdigest()}"
    assert (facts["digest"] is None) == (form == "tar")
    assert facts["database"] == {"updated_at": "2025-01-01T00:00:00Z", "age_hours": 30}
    assert evidence.findings[0].severity == "critical"
    openssl = next(finding for finding in evidence.findings if finding.rule == "CVE-2023-5363")
    assert openssl.properties["package"] == "libssl3"
    assert openssl.properties["fixed_version"] == "3.0.11-1~deb12u2"
    assert openssl.properties["class"] == "os"
    assert [source.how for source in evidence.sources] == [How.SUPPLIED, How.PRODUCED]


@needs_trivy
def test_a_clean_image_and_its_bill_of_materials(tree: Path) -> None:
    image(tree / "out", "clean")
    evidence = collected(tree, {"archive": ["out/clean.oci"]})
    assert evidence.gaps == ()
    assert evidence.facts["counts"] == {"critical": 0, "high": 0, "medium": 0, "low": 0, "unknown": 0}
    assert (evidence.facts["non_root"], evidence.facts["healthcheck"]) == (True, True)
    assert evidence.facts["labels"] == {"org.opencontainers.image.revision": "0" * 40}
    (bill,) = evidence.attachments
    document = json.loads(bill.data)
    assert (bill.name, document["bomFormat"], document["specVersion"]) == ("image.cdx.json", "CycloneDX", "1.6")
    purls = {item["purl"] for item in document["components"] if item["type"] == "library"}
    assert len(purls) == evidence.facts["packages"]
    assert "pkg:pypi/requests@2.32.3" in purls
    references = [item["bom-ref"] for item in document["components"]]
    assert len(references) == len(set(references))
    assert set(document["dependencies"][0]["dependsOn"]) == set(references)


@needs_trivy
@pytest.mark.parametrize(
    ("preset", "said"),
    [
        ("eol", "is past its end of life"),
        ("unknownos", "is one that the scanner does not know"),
        ("nobucket", "knows no advisory for debian 13.0"),
        ("nodpkg", "packages is empty or was removed"),
        ("scratch", "no operating system was recognised"),
    ],
)
def test_what_was_not_looked_at_is_a_gap(tree: Path, preset: str, said: str) -> None:
    image(tree / "out", preset)
    evidence = collected(tree, {"archive": f"out/{preset}.tar"})
    assert doubted(evidence)
    assert any(said in gap.reason for gap in evidence.gaps), evidence.gaps
    assert evidence.facts["non_root"] is True


@needs_trivy
def test_what_has_no_fix_is_counted_and_not_fixable(tree: Path) -> None:
    image(tree / "out", "unfixed")
    evidence = collected(tree, {"archive": "out/unfixed.tar"})
    assert evidence.facts["counts"] == {"critical": 1, "high": 0, "medium": 0, "low": 1, "unknown": 0}
    assert evidence.facts["fixable"] == 0
    assert {finding.properties["status"] for finding in evidence.findings} == {"will_not_fix", "affected"}


@needs_trivy
def test_several_images_are_judged_by_the_worst(tree: Path) -> None:
    image(tree / "out", "clean")
    image(tree / "out", "vulnerable")
    evidence = collected(tree, {"archive": "out/*.oci"})
    assert evidence.facts["images"] == 2
    assert (evidence.facts["non_root"], evidence.facts["healthcheck"]) == (False, False)
    assert evidence.facts["packages"] == 14
    assert evidence.facts["labels"] == {}
    assert [bill.name for bill in evidence.attachments] == ["image.cdx.json", "image-2.cdx.json"]


@needs_trivy
@pytest.mark.parametrize(
    "how",
    ["no trivy.db", "empty trivy.db", "truncated trivy.db", "damaged pages", "one ecosystem is missing", "no metadata"],
)
def test_without_a_whole_database_there_are_no_counts(tree: Path, how: str) -> None:
    damaged(tree.parent / "cache", how)
    image(tree / "out", "clean")
    evidence = collected(tree, {"archive": "out/clean.tar"})
    assert "counts" not in evidence.facts
    assert "packages" not in evidence.facts
    assert doubted(evidence)
    assert (evidence.facts["non_root"], evidence.facts["size_bytes"]) == (True, 235520)


@needs_trivy
@pytest.mark.parametrize(
    "metadata", [{"Version": 3}, {"UpdatedAt": "2024-06-01T00:00:00Z", "NextUpdate": "2024-06-02T00:00:00Z"}]
)
def test_without_a_new_database_there_are_no_counts(tree: Path, metadata: dict[str, str | int]) -> None:
    database(tree.parent / "cache", **metadata)
    image(tree / "out", "clean")
    evidence = collected(tree, {"archive": "out/clean.tar"})
    assert "counts" not in evidence.facts
    assert doubted(evidence)


def rebuilt(tree: Path, preset: str, **members: bytes | None) -> str:
    """Write the archive of a preset with other members (`config`, `layer0`, any name), and return its path."""
    layers, config = build(preset)
    names = [f"{index}/layer.tar" for index in range(len(layers))]
    manifest = json.dumps([{"Config": "config.json", "RepoTags": ["x/y:1"], "Layers": names}]).encode()
    held: dict[str, bytes | None] = {"config.json": config, "manifest.json": manifest}
    held |= dict(zip(names, layers, strict=True))
    for name, data in members.items():
        held[{"config": "config.json", "manifest": "manifest.json", "layer0": names[0]}.get(name, name)] = data
    (tree / "out" / "x.tar").write_bytes(make_tar({name: data for name, data in held.items() if data is not None}))
    return "out/x.tar"


def packed(layer: bytes) -> bytes:
    return gzip.compress(layer, mtime=0)


HOSTILE: dict[str, tuple[str, dict[str, bytes | None]]] = {
    "claims the layers of another image": ("contradicts itself", {"config": build("clean")[1]}),
    "claims more layers": ("claims 1 layers, and it has 2", {"config": build("eol")[1]}),
    "lacks a layer": ("the layer 0/layer.tar is not in it", {"layer0": None}),
    "lacks its configuration": ("configuration config.json is not in it", {"config": None}),
    "has a configuration that is none": ("cannot be read as JSON", {"config": b"{nothing"}),
    "has a list as configuration": ("it is no object", {"config": b"[]"}),
    "has no manifest": ("there is no manifest.json", {"manifest": None}),
    "has an empty manifest": ("holds 0 images", {"manifest": b"[]"}),
    "has two images": (
        "holds 2 images",
        {"manifest": b'[{"Config":"a","Layers":["b"]},{"Config":"a","Layers":["b"]}]'},
    ),
    "has no layers": ("without any layer", {"manifest": b'[{"Config":"config.json","Layers":[]}]'}),
    "has NaN": ("NaN is not a number", {"manifest": b"[NaN]"}),
    "has a layer that is cut off": ("its gzip does not end", {"layer0": packed(build("vulnerable")[0][0])[:-300]}),
    "has a layer that is damaged": ("does not unpack", {"layer0": b"\x1f\x8b\x08\x00" + b"\xff" * 500}),
    "leads out of itself": ("leads out of it", {"../../etc/passwd": b"x"}),
}


@needs_trivy
@pytest.mark.parametrize("what", sorted(HOSTILE))
def test_an_archive_that_is_not_one_whole_image_proves_nothing(tree: Path, what: str) -> None:
    said, members = HOSTILE[what]
    evidence = collect(tree, {"archive": rebuilt(tree, "vulnerable", **members)})
    assert isinstance(evidence, Unreadable)
    assert said in evidence.reason


@needs_trivy
def test_the_same_archive_without_any_change_is_read(tree: Path) -> None:
    layers, _ = build("vulnerable")
    for path in (rebuilt(tree, "vulnerable"), rebuilt(tree, "vulnerable", layer0=packed(layers[0]))):
        evidence = collected(tree, {"archive": path})
        assert evidence.gaps == ()
        assert evidence.facts["vulnerabilities"] == 9


def test_an_archive_with_links_bombs_and_twins(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layers, _ = build("vulnerable")
    path = tree / rebuilt(tree, "vulnerable", layer0=None)
    whole = path.read_bytes()
    for kind, said in ((tarfile.SYMTYPE, "is a link"), (tarfile.LNKTYPE, "is a link"), (tarfile.FIFOTYPE, "no plain")):
        path.write_bytes(whole)
        with tarfile.open(path, "a") as archive:
            link = tarfile.TarInfo("0/layer.tar")
            link.type, link.linkname = kind, "/etc/shadow"
            archive.addfile(link)
        assert said in reason(tree)
    path.write_bytes(whole)
    with tarfile.open(path, "a") as archive:
        for layer in (layers[0], layers[0]):
            member = tarfile.TarInfo("0/layer.tar")
            member.size = len(layer)
            archive.addfile(member, io.BytesIO(layer))
    assert "two members of the name" in reason(tree)
    monkeypatch.setattr("gate.collect.image.archive.read_image_tar", _bounded(1_000_000))
    rebuilt(tree, "vulnerable", layer0=packed(bytes(5_000_000)))
    assert "unpacks to more than" in reason(tree)


def _bounded(limit: int) -> Any:
    from gate.collect.readers.image_tar import read_image_tar

    return lambda pieces: read_image_tar(pieces, limit)


def reason(tree: Path) -> str:
    evidence = collect(tree, {"archive": "out/x.tar"}, tools=EmptyToolbox())
    assert isinstance(evidence, Unreadable), evidence
    return evidence.reason


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"not a tar", bytes(10240), gzip.compress(bytes(5000), mtime=0), b"\x7fELF" * 4000]
)
def test_what_is_no_tar_proves_nothing(tree: Path, data: bytes) -> None:
    (tree / "out" / "x.tar").write_bytes(data)
    assert reason(tree)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
def test_a_tar_that_is_cut_off_proves_nothing(tree: Path, share: float) -> None:
    path = tree / rebuilt(tree, "vulnerable")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert reason(tree)


def blobs(layout: Path) -> list[Path]:
    return sorted((layout / "blobs" / "sha256").iterdir(), key=lambda path: path.stat().st_size)


@pytest.mark.parametrize("number", [0, 1, 2, 3])
@pytest.mark.parametrize("how", ["gone", "changed", "a link", "cut off"])
def test_a_layout_with_a_bad_blob_proves_nothing(tree: Path, number: int, how: str) -> None:
    image(tree / "out", "vulnerable")
    blob = blobs(tree / "out" / "vulnerable.oci")[number]
    data = blob.read_bytes()
    blob.unlink()
    match how:
        case "changed":
            blob.write_bytes(data.replace(b"a", b"b", 1))
        case "cut off":
            blob.write_bytes(data[:-1])
        case "a link":
            (tree / "elsewhere").write_bytes(data)
            blob.symlink_to(tree / "elsewhere")
    evidence = collect(tree, {"archive": "out/vulnerable.oci"}, tools=EmptyToolbox())
    assert isinstance(evidence, Unreadable), evidence


def test_an_index_of_several_platforms_is_not_judged_by_one(tree: Path) -> None:
    image(tree / "out", "clean")
    path = tree / "out" / "clean.oci" / "index.json"
    index = json.loads(path.read_text())
    index["manifests"].append({**index["manifests"][0], "platform": {"os": "linux", "architecture": "arm64"}})
    path.write_text(json.dumps(index))
    evidence = collect(tree, {"archive": "out/clean.oci"}, tools=EmptyToolbox())
    assert isinstance(evidence, Unreadable)
    assert "names 2 images" in evidence.reason
    index["manifests"][1]["platform"] = {"os": "unknown", "architecture": "unknown"}  # BuildKit's attestations
    path.write_text(json.dumps(index))
    assert collected(tree, {"archive": "out/clean.oci"}, tools=EmptyToolbox()).facts["non_root"] is True


def test_an_oci_layout_in_one_tar_is_told_what_to_do(tree: Path) -> None:
    image(tree / "out", "clean")
    evidence = collect(tree, {"archive": "out/clean.oci.tar"}, tools=EmptyToolbox())
    assert isinstance(evidence, Unreadable)
    assert "unpack it and name the folder" in evidence.reason


def test_what_the_configuration_says_is_known_without_trivy(tree: Path) -> None:
    image(tree / "out", "clean")
    evidence = collected(tree, {"archive": "out/clean.tar"}, tools=EmptyToolbox())
    assert evidence.facts["non_root"] is True
    assert "scans" not in evidence.facts
    assert doubted(evidence)


def test_a_tracked_archive_is_not_of_this_run(tree: Path) -> None:
    image(tree / "out", "clean")
    asked = trivy_context(tree, {"archive": "out/clean.tar"}, EmptyToolbox())
    object.__setattr__(asked, "workspace", Workspace(tree, tracked=tracked("out/clean.tar")))
    evidence = ImageCollector().collect(asked)
    assert isinstance(evidence, Collected)
    assert any("is tracked in git" in gap.reason and not gap.facts for gap in evidence.gaps)


def test_nothing_is_named(tmp_path: Path) -> None:
    nothing = ImageCollector().collect(context(Workspace(tmp_path)))
    assert isinstance(nothing, Missing)
    assert nothing.not_applicable
    write(tmp_path, {"deploy/app.Dockerfile": "FROM scratch\n"})
    something = ImageCollector().collect(context(Workspace(tmp_path)))
    assert isinstance(something, Missing)
    assert not something.not_applicable
    assert "deploy/app.Dockerfile" in something.reason
    assert "archive" in something.reason


@pytest.mark.parametrize("named", ["out/none.tar", "out/*.tar", "../x.tar", "/etc/passwd", "out", "["])
def test_what_is_named_and_not_there_is_told(tree: Path, named: str) -> None:
    evidence = collect(tree, {"archive": named})
    assert isinstance(evidence, Unreadable)
    assert evidence.gaps[0].facts == ()


@needs_trivy
@pytest.mark.parametrize("named", ["--help", "x y", "-", "a;b"])
def test_a_reference_is_no_option(tree: Path, named: str) -> None:
    evidence = collect(tree, {"reference": named})
    assert isinstance(evidence, Unreadable)
    assert "is no reference of an image" in evidence.reason


@needs_trivy
def test_a_registry_that_does_not_answer_proves_nothing(tree: Path) -> None:
    image(tree / "out", "clean")
    evidence = collected(tree, {"archive": "out/clean.tar", "reference": "127.0.0.1:9/nothing:1"})
    assert any(gap.subject == "127.0.0.1:9/nothing:1" and not gap.facts for gap in evidence.gaps)


@needs_trivy
def test_an_image_in_a_registry(tree: Path) -> None:
    image(tree.parent / "images", "vulnerable")
    layout = tree.parent / "images" / "vulnerable.oci"
    digest = json.loads((layout / "index.json").read_text())["manifests"][0]["digest"]
    with registry(layout) as host:
        for reference in (f"{host}/app:1", f"{host}/app@{digest}"):
            evidence = collected(tree, {"reference": reference})
            assert evidence.gaps == ()
            assert evidence.facts["vulnerabilities"] == 9
            assert (evidence.facts["reference"], evidence.facts["digest"]) == (reference, digest)
            assert evidence.facts["non_root"] is False


def test_without_trivy_a_reference_is_missing(tree: Path) -> None:
    evidence = collect(tree, {"reference": "registry.example/a:1"}, tools=EmptyToolbox())
    assert isinstance(evidence, Missing)
    assert not evidence.not_applicable
    assert "is not installed" in evidence.reason


REPORT = (Path(__file__).parents[1] / "image" / "data" / "trivy-clean.json").read_text()


@pytest.mark.parametrize("does", sorted(BROKEN))
def test_a_broken_trivy_gives_no_counts(tree: Path, does: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.collect.trivy.trivy_run._MARGIN", 0.0)
    monkeypatch.setattr("gate.collect.trivy.trivy_canary._TIMEOUT", 1.0)
    image(tree / "out", "clean")
    program = install(tree.parent / "bin", "trivy", does, REPORT)
    evidence = collected(tree, {"archive": "out/clean.tar"}, tools=OneTool("trivy", (str(program),)))
    assert "counts" not in evidence.facts
    assert doubted(evidence)


@needs_trivy
@pytest.mark.parametrize(
    "script",
    [
        pytest.param(f'cat "{PROGRAMS.parent}/nowhere" || true', id="nothing"),
        pytest.param('"$real" "$@"; exit 139', id="139"),
        pytest.param('"$real" "$@" | head -c 2000', id="half"),
        pytest.param("kill -9 $$", id="killed"),
        pytest.param("exec sleep 60", id="out of time"),
        pytest.param('cat "$(dirname "$0")/clean.json"', id="a report about another image"),
        pytest.param('ulimit -f 0; exec "$real" "$@"', id="disk full"),
    ],
)
def test_a_scan_that_breaks_after_the_self_test_gives_no_counts(
    tree: Path, script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gate.collect.trivy.trivy_run._MARGIN", 0.0)
    image(tree / "out", "vulnerable")
    layers, _ = build("vulnerable")
    # Packed, so that Trivy has to write to its folder for temporary files.
    path = rebuilt(tree, "vulnerable", layer0=packed(layers[0]))
    program = tree.parent / "bin" / "trivy"
    program.parent.mkdir()
    (program.parent / "clean.json").write_text(REPORT)
    whole = 'case "$*" in sbom*|*/canary.tar) exec "$real" "$@";; esac'
    program.write_text(f'#!/bin/sh\nreal="{PROGRAMS / "trivy"}"\n{whole}\n{script}\n')
    program.chmod(0o755)
    tools = OneTool("trivy", (str(program),))
    evidence = collected(tree, {"archive": path, "timeout_seconds": 4}, tools=tools)
    assert "counts" not in evidence.facts, evidence.gaps
    assert doubted(evidence)


@needs_trivy
def test_configuration_in_the_tree_and_the_environment_hides_nothing(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image(tree / "out", "vulnerable")
    everything = "\n".join(f"CVE-{number}" for number in ("2011-3374", "2023-38545", "2023-5363", "2019-10744"))
    write(tree, {".trivyignore": everything, "trivy.yaml": "severity: [LOW]\nvulnerability: {ignore-unfixed: true}\n"})
    write(tree / "out", {".trivyignore": everything})
    monkeypatch.chdir(tree)
    monkeypatch.setenv("TRIVY_IGNORE_UNFIXED", "true")
    monkeypatch.setenv("TRIVY_IGNOREFILE", str(tree / ".trivyignore"))
    assert collected(tree, {"archive": "out/vulnerable.tar"}).facts["vulnerabilities"] == 9
