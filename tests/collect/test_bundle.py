"""The bundle: what is written is read back, and nothing else is."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.bundle import Bundle, BundleError, read_bundle, write_bundle
from gate.model.evidence import Collected, Gap, How, Missing, Source, Unreadable
from gate.model.evidence_json import evidence_entry, finding_entry, read_evidence, read_finding
from gate.model.finding import SEVERITIES, Finding
from gate.model.json import Json

EVIDENCE = (
    Collected(
        "tests",
        {"total": 3},
        (Source(How.SUPPLIED, "junit.xml", "ab" * 32, detail="3 cases"),),
        (Gap("b.xml", "is truncated", "b.xml", 7, ("total",)),),
        (Finding("test-failed", "high", "a::b", "pytest", "tests/t.py", 3, "f1", new=True, properties={"x": [1]}),),
    ),
    Missing("coverage", "no report", gaps=(Gap("x", "y"),)),
    Unreadable("sast", "bandit crashed", (Source(How.PRODUCED, tool="bandit", version="1"),)),
)
BUNDLE = Bundle(EVIDENCE, "ab" * 20, None, "2026-01-02T03:04:05Z")


def accept(_name: str, _document: Json) -> None:
    """A validator that lets everything through: the schema has tests of its own."""


def shipped(name: str, document: Json) -> None:
    """Hold a document against the schema as it is shipped."""
    import jsonschema

    text = (Path(__file__).parents[2] / "schemas" / f"{name}.schema.json").read_text()
    try:
        jsonschema.validate(document, json.loads(text))
    except jsonschema.ValidationError as error:
        raise ValueError(error.message) from error


def rewrite(folder: Path, name: str, data: bytes) -> None:
    """Forge a file and the manifest with it."""
    (folder / name).write_bytes(data)
    manifest = json.loads((folder / "manifest.json").read_text())
    for item in manifest["files"]:
        if item["path"] == name:
            item |= {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "out" / "bundle"
    write_bundle(path, BUNDLE, "1.0")
    return path


def test_a_bundle_is_read_back_as_it_was(folder: Path) -> None:
    assert read_bundle(folder, shipped) == BUNDLE


def test_the_same_evidence_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_bundle(tmp_path / "other", BUNDLE, "1.0")
    assert (tmp_path / "other/manifest.json").read_bytes() == (folder / "manifest.json").read_bytes()


def test_an_older_bundle_is_replaced_whole(folder: Path) -> None:
    write_bundle(folder, Bundle(EVIDENCE[1:2], None, None, "2026-01-02T03:04:05Z"), "1.0")
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == [
        "coverage.json",
        "coverage.jsonl.gz",
        "manifest.json",
    ]


def test_other_files_are_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("x")
    with pytest.raises(BundleError, match="holds other files"):
        write_bundle(tmp_path, BUNDLE, "1.0")
    with pytest.raises(BundleError, match="is not a folder"):
        write_bundle(tmp_path / "thesis.txt", BUNDLE, "1.0")


def test_a_bundle_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(BundleError, match="is not a folder"):
        write_bundle(tmp_path / "link", BUNDLE, "1.0")


@pytest.mark.parametrize("name", ["evidence/tests.json", "findings/tests.jsonl.gz"])
def test_a_changed_file_is_noticed(folder: Path, name: str) -> None:
    (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    with pytest.raises(BundleError, match="is not what the manifest says"):
        read_bundle(folder, accept)


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("evidence/tests.json", b"{", "is not JSON"),
        ("evidence/tests.json", b'{"kind": "tests", "kind": "x"}', "is not JSON"),
        ("evidence/tests.json", b"[]", "not an object"),
        ("evidence/tests.json", b'{"kind": "tests", "state": "fine", "gaps": [], "sources": []}', "state is 'fine'"),
        ("evidence/tests.json", json.dumps(evidence_entry(EVIDENCE[1])).encode(), "is about"),
        ("findings/tests.jsonl.gz", b"plain", "does not unpack"),
        ("findings/tests.jsonl.gz", gzip.compress(b"{}\n", mtime=0)[:-6], "does not unpack"),
        ("findings/tests.jsonl.gz", gzip.compress(b'{"rule": 1}\n', mtime=0), "severity is not text"),
    ],
)
def test_a_forged_file_is_refused_with_its_name(folder: Path, name: str, data: bytes, reason: str) -> None:
    rewrite(folder, name, data)
    with pytest.raises(BundleError, match=reason) as caught:
        read_bundle(folder, accept)
    assert name in str(caught.value)


def test_a_link_or_pipe_in_a_bundle_is_refused(folder: Path, tmp_path: Path) -> None:
    target = folder / "evidence/tests.json"
    target.rename(tmp_path / "elsewhere.json")
    target.symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(BundleError, match="is a link, which is not followed"):
        read_bundle(folder, accept)
    target.unlink()
    os.mkfifo(target)
    with pytest.raises(BundleError, match="not a regular file"):
        read_bundle(folder, accept)


def test_a_folder_of_a_bundle_may_not_be_a_link(folder: Path, tmp_path: Path) -> None:
    (folder / "evidence").rename(tmp_path / "away")
    (folder / "evidence").symlink_to(tmp_path / "away")
    with pytest.raises(BundleError, match="is a link"):
        read_bundle(folder, accept)


def test_a_manifest_that_points_outside_is_refused(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][0]["path"] = "../../etc/passwd"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match=r"manifest\.json"):
        read_bundle(folder, shipped)


def test_a_file_listed_twice_or_without_its_findings_is_refused(folder: Path) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps(manifest | {"files": [*manifest["files"], manifest["files"][0]]}))
    with pytest.raises(BundleError, match="twice"):
        read_bundle(folder, accept)
    path.write_text(json.dumps(manifest | {"files": [i for i in manifest["files"] if "findings" not in i["path"]]}))
    with pytest.raises(BundleError, match=r"no findings/tests\.jsonl\.gz"):
        read_bundle(folder, accept)


def test_no_bundle_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="gate collect --bundle"):
        read_bundle(tmp_path / "none", accept)


text = st.text(max_size=20)
findings = st.builds(
    Finding,
    rule=text,
    severity=st.sampled_from(SEVERITIES),
    message=text,
    tool=text,
    path=st.none() | text,
    line=st.none() | st.integers(1, 10**6),
    fingerprint=text,
    suppressed=st.booleans(),
    new=st.none() | st.booleans(),
    properties=st.dictionaries(text, st.integers() | text),
)
gaps = st.builds(Gap, text, text, st.none() | text, st.none() | st.integers(1), st.lists(text, max_size=2).map(tuple))
sources = st.builds(Source, st.sampled_from(How), st.none() | text, st.none() | text, st.none() | text)
collected = st.builds(
    Collected,
    text,
    st.dictionaries(text, st.integers() | text | st.lists(st.booleans())),
    st.lists(sources, max_size=2).map(tuple),
    st.lists(gaps, max_size=2).map(tuple),
    st.lists(findings, max_size=2).map(tuple),
)
missing = st.builds(Missing, text, text, st.booleans(), st.lists(gaps, max_size=2).map(tuple))
unreadable = st.builds(Unreadable, text, text, st.lists(sources, max_size=2).map(tuple))


@given(collected | missing | unreadable)
def test_any_evidence_survives_the_way_through_json(evidence: Collected | Missing | Unreadable) -> None:
    own = evidence.findings if isinstance(evidence, Collected) else ()
    entries = json.loads(json.dumps([finding_entry(item) for item in own]))
    back = tuple(read_finding(item) for item in entries)
    assert read_evidence(json.loads(json.dumps(evidence_entry(evidence))), back) == evidence
