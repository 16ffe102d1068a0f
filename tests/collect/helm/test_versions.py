"""Versions of packages, and whether two are the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.helm.versions import package_version, same_version
from gate.collect.workspace import Workspace
from tests.support.fakes import write


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({"pyproject.toml": '[project]\nversion = "1.2.3"\n'}, ("pyproject.toml", "1.2.3")),
        ({"pyproject.toml": '[tool.poetry]\nversion = "1.2.3"\n'}, ("pyproject.toml", "1.2.3")),
        ({"package.json": '{"version": "2.0.0"}', "VERSION": "3\n"}, ("package.json", "2.0.0")),
        ({"package.json": '{"version": "0.0.0"}', "VERSION": "v3.1\n"}, ("VERSION", "v3.1")),
        ({"Cargo.toml": '[package]\nversion = "0.4.0"\n'}, ("Cargo.toml", "0.4.0")),
        ({"Cargo.toml": '[workspace.package]\nversion = "0.5.0"\n'}, ("Cargo.toml", "0.5.0")),
        ({"Cargo.toml": "[package]\nversion = {workspace = true}\n", "version.txt": "1.0"}, ("version.txt", "1.0")),
        ({"deploy/VERSION": "7.0.0", "VERSION": "6.0.0"}, ("deploy/VERSION", "7.0.0")),
        ({"VERSION": "two\nlines\n", "package.json": "[]"}, None),
        ({"pyproject.toml": "[project", "package.json": "{", "VERSION": "\udcff"}, None),
        ({}, None),
    ],
)
def test_the_nearest_version_counts(tmp_path: Path, files: dict[str, str], wanted: tuple[str, str] | None) -> None:
    write(tmp_path, {path: text.encode("utf-8", "surrogateescape") for path, text in files.items()})
    found = package_version(Workspace(tmp_path), "deploy/chart")
    assert (None if found is None else (found.path, found.version)) == wanted


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1.2.3", "v1.2.3", True),
        ("1.2", "1.2.0", True),
        ("1.0.0rc1", "1.0.0-rc.1", True),
        ("1.0.0-alpha", "1.0.0a0", True),
        ("1.0.0+build.5", "1.0.0", True),
        ("1.2.3", "1.2.4", False),
        ("1.0.0-rc.1", "1.0.0", False),
        ("latest", "1.0.0", False),
        ("stable", "stable", True),
        ("1.0.0-rc.1", "1.0.0-beta.1", False),
    ],
)
def test_versions_are_compared_as_such(one: str, other: str, same: bool) -> None:
    assert same_version(one, other) is same
    assert same_version(other, one) is same


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_texts_can_be_compared(one: str, other: str) -> None:
    assert same_version(one, one)
    assert same_version(one, other) == same_version(other, one)
