"""Lock files that tell licences."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers.errors import ReportError
from gate.collect.readers.license_locks import read_composer_lock, read_npm_lock
from gate.model.json import Json, JsonObject

DATA = Path(__file__).parent / "data/licenses"
LOCK = (DATA / "package-lock.json").read_bytes()


def npm(packages: Json, version: Json = 3) -> bytes:
    return json.dumps({"lockfileVersion": version, "packages": packages}).encode()


def test_a_real_lock() -> None:
    found = read_npm_lock(LOCK)
    assert len(found) == 18
    assert sorted(item.name for item in found if item.development) == ["lru-cache", "semver", "yallist"]
    (forge,) = [item for item in found if item.name == "node-forge"]
    assert forge.licenses == ("(BSD-3-Clause OR GPL-2.0)",)
    lines = {line.strip() for line in LOCK.decode().splitlines()}
    assert all(item.anchor in lines for item in found)


def test_what_is_no_dependency_is_left_out() -> None:
    packages: JsonObject = {
        "": {"name": "shop", "license": "UNLICENSED"},
        "packages/web": {"version": "1.0.0"},
        "node_modules/web": {"resolved": "packages/web", "link": True},
        "node_modules/@acme/a": {"version": "1.0.0", "license": "MIT"},
        "node_modules/b/node_modules/@acme/a": {"version": "2.0.0"},
        "node_modules/alias": {
            "name": "real",
            "version": "3.0.0",
            "license": {"type": "ISC", "url": "x"},
            "devOptional": True,
        },
        "packages/web/node_modules/c": {
            "version": "4.0.0",
            "licenses": [{"type": "MIT"}, {"type": "X11"}, {"url": "x"}],
            "dev": True,
        },
    }
    found = {
        f"{item.name} {item.version}": (item.licenses, item.development) for item in read_npm_lock(npm(packages, 2))
    }
    assert found == {
        "@acme/a 1.0.0": (("MIT",), False),
        "@acme/a 2.0.0": ((), False),
        "real 3.0.0": (("ISC",), False),
        "c 4.0.0": (("MIT", "X11"), True),
    }


def test_the_first_version_has_names_only() -> None:
    inner: JsonObject = {"b": {"version": "2.0.0", "dev": True}}
    data = json.dumps(
        {"lockfileVersion": 1, "dependencies": {"a": {"version": "1.0.0", "dependencies": inner}}}
    ).encode()
    found = [(item.name, item.version, item.licenses, item.development) for item in read_npm_lock(data)]
    assert found == [("a", "1.0.0", (), False), ("b", "2.0.0", (), True)]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"[]", "is no object"),
        (b'{"lockfileVersion": 9}', "has the lockfileVersion 9"),
        (b'{"lockfileVersion": 3}', "has no packages"),
        (b'{"lockfileVersion": 3, "packages": []}', "has no packages"),
        (npm({"node_modules/a": "MIT"}), "no object"),
        (npm({"node_modules/a": {"license": 5}}), "no text"),
        (npm({"node_modules/a": {"version": []}}), "no text"),
        (npm({"node_modules/a": {"name": {}}}), "no text"),
        (b'{"lockfileVersion": 1, "dependencies": []}', "no object"),
        (b'{"lockfileVersion": 1, "dependencies": {"a": 1}}', "no object"),
        (LOCK[:-3], "is not package-lock.json"),
        (b'{"lockfileVersion": 3, "packages": {"node_modules/a": {"license": "MIT", "license": "GPL-3.0"}}}', "twice"),
    ],
)
def test_a_broken_lock_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ReportError) as caught:
        read_npm_lock(data)
    assert reason in caught.value.reason


def composer(packages: Json, dev: Json = None) -> bytes:
    return json.dumps({"packages": packages, "packages-dev": dev}).encode()


def test_composer() -> None:
    data = composer(
        [
            {"name": "acme/A", "version": "v1.0.0", "license": ["LGPL-2.1-only", "GPL-3.0-or-later"]},
            {"name": "acme/b", "version": "2.0.0", "license": "MIT"},
            {"name": "acme/c", "version": "dev-main"},
        ],
        [{"name": "acme/d", "version": "1.0", "license": ["proprietary"]}],
    )
    found = [(item.name, item.version, item.licenses, item.development) for item in read_composer_lock(data)]
    assert found == [
        ("acme/a", "1.0.0", ("(LGPL-2.1-only) OR (GPL-3.0-or-later)",), False),
        ("acme/b", "2.0.0", ("MIT",), False),
        ("acme/c", "dev-main", (), False),
        ("acme/d", "1.0", ("proprietary",), True),
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"[]",
        b"{}",
        composer({}),
        composer(["a"]),
        composer([{"version": "1"}]),
        composer([{"name": "a", "license": [{}]}]),
    ],
)
def test_a_broken_composer_lock_is_refused(data: bytes) -> None:
    with pytest.raises(ReportError):
        read_composer_lock(data)


VALUES = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["MIT", "node_modules/a", "1.0.0"])
KEYS = st.sampled_from(
    ["packages", "dependencies", "node_modules/a", "", "license", "version", "name", "packages-dev", "dev"]
)
DOCUMENTS = st.recursive(VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4))


@given(DOCUMENTS, st.integers(1, 3))
def test_no_document_makes_a_reader_stumble(document: Json, version: int) -> None:
    whole: Json = {**document, "lockfileVersion": version} if isinstance(document, dict) else document
    for read in (read_npm_lock, read_composer_lock):
        with contextlib.suppress(ReportError):
            assert all(item.ecosystem for item in read(json.dumps(whole).encode()))
