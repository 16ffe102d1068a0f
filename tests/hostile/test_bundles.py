"""Bundles that somebody else wrote: whatever is in them, there is a verdict or a reason, and nothing passes by it."""

from __future__ import annotations

import copy
import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.cli import main
from tests.support.repos import ledger
from tests.support.two_stages import change_manifest, forge

Json = Any
FACTS = ("total", "passed", "failed", "errors", "skipped", "lines", "branches", "files", "by_severity", "items", "new")
TEXTS = st.text(max_size=20) | st.sampled_from(
    ["", "0", "NaN", "1e999", "@a", "`", "\u202e", "\x00", "</details>", "|"]
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FACTS) | st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
NO_NUMBERS = st.recursive(
    st.none() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FACTS), inner, max_size=3),
    max_leaves=8,
)
SLOW = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Home:
    """A repository, a bundle of it, and what `gate publish` makes of a bundle that was changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repository = ledger(folder / "repo")
        self.good = folder / "good"
        assert main(["collect", "--workspace", str(self.repository), "--bundle", str(self.good), "--quiet"]) == 0
        self._count = 0

    def copy(self) -> Path:
        """A bundle that may be changed."""
        self._count += 1
        made = self.folder / f"bundle{self._count}"
        shutil.copytree(self.good, made)
        return made

    def judged(self, bundle: Path) -> tuple[int, dict[str, Json]]:
        """Judge a bundle: the exit code and the verdict, which is empty where there is none."""
        output = self.folder / "verdict.json"
        output.unlink(missing_ok=True)
        named = ("--workspace", str(self.repository), "--bundle", str(bundle), "--output", str(output))
        markdown = f"markdown={self.folder / 'verdict.md'}"
        code = main(["publish", *named, "--format", "json", "--report", markdown, "--quiet"])
        return code, json.loads(output.read_text()) if output.exists() else {}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("bundles"))


@pytest.fixture(autouse=True)
def quiet(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    yield
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert "fault of the gate" not in said.err


def places(value: Json, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield where the values of a document are."""
    yield at
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield from places(item, (*at, key))


def replaced(value: Json, at: tuple[str | int, ...], new: Json) -> Json:
    """Return a document with another value at a place."""
    if not at:
        return new
    whole = copy.deepcopy(value)
    below = whole
    for key in at[:-1]:
        below = below[key]
    below[at[-1]] = new
    return whole


def of_kind(document: dict[str, Json], kind: str) -> list[str]:
    """The outcomes of the criteria on a kind."""
    return [item["outcome"] for item in document["criteria"] if item["evidence_kind"] == kind]


def test_the_bundle_that_nobody_changed_is_a_go(home: Home) -> None:
    code, document = home.judged(home.copy())
    assert (code, document["verdict"]) == (0, "go")


@given(data=st.data())
@SLOW
def test_a_manifest_with_anything_anywhere_is_refused_or_judged(home: Home, data: st.DataObject) -> None:
    bundle = home.copy()
    path = bundle / "manifest.json"
    manifest = json.loads(path.read_text())
    at = data.draw(st.sampled_from(list(places(manifest))))
    path.write_text(json.dumps(replaced(manifest, at, data.draw(ANY_JSON))))
    code, document = home.judged(bundle)
    assert code in (0, 1, 2)
    assert (code == 2) == (document == {})


@given(data=st.data())
@SLOW
def test_evidence_with_anything_anywhere_is_refused_or_judged(home: Home, data: st.DataObject) -> None:
    bundle = home.copy()
    names = sorted(path.relative_to(bundle).as_posix() for path in bundle.glob("evidence/*.json"))
    name = data.draw(st.sampled_from(names))
    entry = json.loads((bundle / name).read_text())
    at = data.draw(st.sampled_from(list(places(entry))))
    forge(bundle, name, json.dumps(replaced(entry, at, data.draw(ANY_JSON))).encode())
    code, document = home.judged(bundle)
    assert code in (0, 1, 2)
    assert (code == 2) == (document == {})


@given(facts=st.dictionaries(st.sampled_from(FACTS), NO_NUMBERS, max_size=6))
@pytest.mark.parametrize("kind", ["tests", "coverage", "sast", "dependencies"])
@settings(SLOW, max_examples=25)
def test_facts_that_do_not_fit_pass_nothing(home: Home, kind: str, facts: dict[str, Json]) -> None:
    bundle = home.copy()
    entry = json.loads((bundle / f"evidence/{kind}.json").read_text())
    forge(bundle, f"evidence/{kind}.json", json.dumps({**entry, "facts": facts}).encode())
    code, document = home.judged(bundle)
    assert code in (0, 1)
    assert document["verdict"] in ("no_go", "conditional")
    assert of_kind(document, kind)
    assert not {"pass", "waived"} & set(of_kind(document, kind)), facts


@given(
    findings=st.lists(st.dictionaries(st.sampled_from(["rule", "severity", "line", "path", "x"]), ANY_JSON), max_size=4)
)
@settings(SLOW, max_examples=25)
def test_findings_of_any_shape_are_refused_or_shown(home: Home, findings: list[Json]) -> None:
    bundle = home.copy()
    usual = {"rule": "r", "severity": "low", "message": "m", "tool": "t", "path": None, "line": None}
    lines = [json.dumps({**usual, "fingerprint": "f", **item}) for item in findings]
    forge(bundle, "findings/sast.jsonl.gz", gzip.compress("\n".join(lines).encode(), mtime=0))
    assert home.judged(bundle)[0] in (0, 1, 2)


def test_evidence_of_a_kind_that_nobody_knows_is_harmless(home: Home) -> None:
    bundle = home.copy()
    entry = json.loads((bundle / "evidence/docs.json").read_text())
    forge(bundle, "evidence/everything.json", json.dumps({**entry, "kind": "everything"}).encode())
    forge(bundle, "findings/everything.jsonl.gz", gzip.compress(b"", mtime=0))
    code, document = home.judged(bundle)
    assert (code, document["verdict"]) == (0, "go")
    (about,) = [item for item in document["trust"] if item["kind"] == "everything"]
    assert about["believed"] == "supplied"


def test_evidence_of_a_kind_under_the_name_of_another_is_refused(home: Home) -> None:
    bundle = home.copy()
    forge(bundle, "evidence/tests.json", (bundle / "evidence/docs.json").read_bytes())
    assert home.judged(bundle) == (2, {})


def test_a_bundle_of_two_hundred_files_is_read_and_one_of_more_is_refused(home: Home) -> None:
    bundle = home.copy()
    there = len(json.loads((bundle / "manifest.json").read_text())["files"])
    for number in range(200 - there):
        forge(bundle, f"attachments/docs/a{number}", b"x" * number)
    assert home.judged(bundle)[0] == 0
    forge(bundle, "attachments/docs/more", b"x")
    assert home.judged(bundle) == (2, {})


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("evidence/tests.json", b""),
        ("evidence/tests.json", b"[" * 100_000),
        ("evidence/tests.json", b'{"kind": "tests"' + b" " * 1_000_000),
        ("evidence/tests.json", '{"kind": "tests", "ſtate": 1}'.encode("utf-16")),
        ("evidence/tests.json", b'{"kind": "tests", "facts": {"total": ' + b"9" * 100_000 + b"}}"),
        ("findings/tests.jsonl.gz", b"\x1f\x8b\x08\x00"),
        ("findings/tests.jsonl.gz", gzip.compress(b"\xff\xfe\n", mtime=0)),
        ("findings/tests.jsonl.gz", gzip.compress(b"{}\n" * 10, mtime=0)),
        ("findings/tests.jsonl.gz", gzip.compress(b"null\n", mtime=0)),
        ("findings/tests.jsonl.gz", gzip.compress(b"[" * 50_000, mtime=0)),
    ],
)
def test_t21_bytes_that_are_no_document_are_refused(home: Home, name: str, data: bytes) -> None:
    bundle = home.copy()
    forge(bundle, name, data)
    assert home.judged(bundle) == (2, {})


def test_t21_findings_that_unpack_without_end_are_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.collect.bundle._UNPACKED_LIMIT", 1_000_000)
    bundle = home.copy()
    forge(bundle, "findings/tests.jsonl.gz", gzip.compress(b"\n" * 2_000_000, mtime=0))
    assert home.judged(bundle) == (2, {})


def test_a_manifest_that_lists_a_file_twice_or_one_that_is_not_there_is_refused(home: Home) -> None:
    def twice(manifest: dict[str, Json]) -> None:
        manifest["files"].append(manifest["files"][0])

    def absent(manifest: dict[str, Json]) -> None:
        manifest["files"].append({**manifest["files"][0], "path": "attachments/docs/none"})

    for change in (twice, absent):
        bundle = home.copy()
        change_manifest(bundle, change)
        assert home.judged(bundle) == (2, {})


def test_evidence_without_its_findings_is_refused(home: Home) -> None:
    def without(manifest: dict[str, Json]) -> None:
        manifest["files"] = [item for item in manifest["files"] if not item["path"].startswith("findings/")]

    bundle = home.copy()
    change_manifest(bundle, without)
    assert home.judged(bundle) == (2, {})


def test_a_bundle_that_lists_nothing_passes_nothing(home: Home) -> None:
    bundle = home.copy()
    change_manifest(bundle, lambda manifest: manifest.update(files=[]))
    code, document = home.judged(bundle)
    assert (code, document["verdict"]) == (1, "no_go")
    assert {item["outcome"] for item in document["criteria"]} <= {"no_evidence", "not_applicable"}


def test_a_bundle_in_which_nothing_applies_is_no_go(home: Home) -> None:
    bundle = home.copy()
    for path in bundle.glob("evidence/*.json"):
        entry = json.loads(path.read_text())
        none = {"state": "missing", "reason": "there is nothing", "not_applicable": True, "facts": None, "sources": []}
        forge(bundle, f"evidence/{path.name}", json.dumps({**entry, **none}).encode())
    document = home.judged(bundle)[1]
    assert document["verdict"] == "no_go", [(item["id"], item["outcome"]) for item in document["criteria"]]
