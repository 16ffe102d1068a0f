"""Lock files of Python."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers.errors import ReportError
from gate.collect.readers.python_locks import LIMIT, lock_format, read_lock
from gate.collect.readers.python_packages import LockedPackage, PythonLock

DATA = Path(__file__).parent / "data/python"

Shown = tuple[str, str | None, bool]


def lock(text: str, format_name: str) -> tuple[LockedPackage, ...]:
    return read_lock(text.encode(), format_name).packages


def shown(path: str) -> set[Shown]:
    found = read_lock((DATA / path).read_bytes(), lock_format(path) or "")
    return {(item.name, item.version, item.hashed) for item in found.packages}


def test_uv_lock() -> None:
    packages = read_lock((DATA / "uv/uv.lock").read_bytes(), "uv").packages
    assert {(item.name, item.version) for item in packages if not item.local} == {
        ("certifi", "2026.10.18"),
        ("click", "8.1.7"),
        ("colorama", "0.4.6"),
        ("idna", "3.20"),
        ("iniconfig", "2.3.1"),
        ("mccabe", "0.7.0"),
        ("pyjwt", "2.15.1"),
        ("tomli-w", "1.2.0"),
    }
    assert {(item.name, item.target) for item in packages if item.local} == {
        ("shop", "."),
        ("shop-core", "packages/core"),
    }
    assert all(item.hashed and item.index is None for item in packages if not item.local)
    lines = (DATA / "uv/uv.lock").read_text().splitlines()
    for item in packages:
        assert item.line is not None
        assert lines[item.line] == f'name = "{item.name}"'


def test_poetry_lock_of_both_layouts() -> None:
    wanted = {
        ("certifi", "2024.12.14", True),
        ("iniconfig", "2.3.1", True),
        ("pyjwt", "2.8.0", True),
        ("six", "1.17.0", True),
    }
    assert shown("poetry/poetry.lock") == wanted
    assert shown("poetry1/poetry.lock") == wanted
    for path in ("poetry/poetry.lock", "poetry1/poetry.lock"):
        packages = read_lock((DATA / path).read_bytes(), "poetry").packages
        assert all(item.line is not None and item.target is None and item.index is None for item in packages)


def test_pdm_lock() -> None:
    assert shown("pdm/pdm.lock") == {
        ("certifi", "2026.10.18", True),
        ("iniconfig", "2.3.1", True),
        ("pyjwt", "2.8.0", True),
    }


def test_pipfile_lock_with_its_development_packages() -> None:
    packages = read_lock((DATA / "pipenv/Pipfile.lock").read_bytes(), "pipenv").packages
    assert {(item.name, item.version, item.hashed, item.line) for item in packages} == {
        ("certifi", "2026.10.18", True, 17),
        ("pyjwt", "2.8.0", True, 26),
        ("iniconfig", "2.3.1", True, 37),
    }


def test_pylock_of_two_tools() -> None:
    assert shown("pip/pylock.toml") == {
        ("certifi", "2024.7.4", True),
        ("click", "8.5.1", True),
        ("pyjwt", "2.8.0", True),
    }
    assert {name for name, _, _ in shown("uv/pylock.toml")} >= {"certifi", "click", "colorama", "iniconfig", "pyjwt"}


def test_formats_are_known_by_name() -> None:
    names = ["a/uv.lock", "poetry.lock", "pdm.lock", "b/Pipfile.lock", "pylock.toml", "pylock.dev.toml", "Cargo.lock"]
    assert [lock_format(name) for name in names] == ["uv", "poetry", "pdm", "pipenv", "pylock", "pylock", None]


UV = 'version = 1\n[[package]]\nname = "a"\nversion = "1.0"\n'


@pytest.mark.parametrize(
    ("source", "target", "local", "index"),
    [
        ('{ registry = "https://pypi.org/simple" }', None, False, None),
        ('{ registry = "https://u:hunter2@nexus/simple" }', None, False, "https://nexus/simple"),
        ('{ git = "https://u:hunter2@h/a.git?rev=1#0123" }', "https://h/a.git?rev=1#0123", False, None),
        ('{ url = "https://h/a.whl" }', "https://h/a.whl", False, None),
        ('{ path = "a.whl" }', "a.whl", False, None),
        ('{ directory = "../a" }', "../a", True, None),
        ('{ editable = "." }', ".", True, None),
        ('{ virtual = "x" }', "x", True, None),
    ],
)
def test_sources_of_uv(source: str, target: str | None, local: bool, index: str | None) -> None:
    (found,) = lock(f"{UV}source = {source}\n", "uv")
    assert (found.target, found.local, found.index) == (target, local, index)
    assert found.hashed is False


@pytest.mark.parametrize(
    ("source", "target", "local", "index"),
    [
        ('type = "git"\nurl = "https://h/a.git"', "https://h/a.git", False, None),
        ('type = "directory"\nurl = "lib"', "lib", True, None),
        ('type = "file"\nurl = "a.whl"', "a.whl", False, None),
        ('type = "legacy"\nurl = "https://nexus/simple"', None, False, "https://nexus/simple"),
    ],
)
def test_sources_of_poetry(source: str, target: str | None, local: bool, index: str | None) -> None:
    package = '[[package]]\nname = "a"\nversion = "1"\nfiles = []\n'
    text = f'{package}[package.source]\n{source}\n[metadata]\nlock-version = "2.0"\n'
    (found,) = lock(text, "poetry")
    assert (found.target, found.local, found.index, found.line) == (target, local, index, 1)


@pytest.mark.parametrize(
    ("more", "target", "local"),
    [
        ('git = "https://h/a.git"', "https://h/a.git", False),
        ('path = "./lib"\neditable = true', "./lib", True),
        ('path = "./a-1.whl"', "./a-1.whl", False),
        ("", None, False),
    ],
)
def test_sources_of_pdm(more: str, target: str | None, local: bool) -> None:
    (found,) = lock(f'[metadata]\nlock_version = "4.4"\n[[package]]\nname = "A"\nversion = "1"\n{more}\n', "pdm")
    assert (found.name, found.target, found.local) == ("a", target, local)


def test_older_pdm_locks_keep_hashes_apart() -> None:
    (found,) = lock(
        '[[package]]\nname = "a"\nversion = "1"\n[metadata]\nlock_version = "3.1"\n'
        '[metadata.files]\n"a 1" = [{file = "a.whl", hash = "sha256:00"}]\n',
        "pdm",
    )
    assert found.hashed


def pipfile(packages: object, **meta: object) -> str:
    sources = [
        {"name": "pypi", "url": "https://pypi.org/simple"},
        {"name": "own", "url": "https://u:hunter2@nexus/simple"},
    ]
    return json.dumps({"_meta": {"pipfile-spec": 6, "sources": sources} | meta, "default": packages}, indent=4)


def test_sources_of_pipenv() -> None:
    found = lock(
        pipfile(
            {
                "a": {"version": "==1.0", "index": "own"},
                "b": {"git": "https://u:hunter2@h/b.git", "ref": "0123"},
                "c": {"path": ".", "editable": True},
                "d": {"version": "==1"},
            }
        ),
        "pipenv",
    )
    assert [(item.name, item.version, item.index, item.target, item.local) for item in found] == [
        ("a", "1.0", "https://nexus/simple", None, False),
        ("b", None, None, "https://h/b.git", False),
        ("c", None, None, ".", True),
        ("d", "1", None, None, False),
    ]


def test_pylock_sources() -> None:
    (first, second, third) = lock(
        'lock-version = "1.0"\ncreated-by = "x"\n'
        '[[packages]]\nname = "a"\nvcs = {type = "git", url = "https://h/a", commit-id = "0123"}\n'
        '[[packages]]\nname = "b"\ndirectory = {path = "lib"}\n'
        '[[packages]]\nname = "c"\narchive = {url = "https://h/c.zip", hashes = {sha256 = "00"}}\n',
        "pylock",
    )
    assert (first.target, first.local, first.hashed) == ("https://h/a", False, False)
    assert (second.target, second.local) == ("lib", True)
    assert (third.target, third.hashed) == ("https://h/c.zip", True)


@pytest.mark.parametrize(
    ("format_name", "text", "reason"),
    [
        ("uv", "version = 2\n", "lock version 2"),
        ("uv", "", "lock version None"),
        ("uv", "version = true\n", "lock version True"),
        ("uv", 'version = 1\n[[package]]\nversion = "1"\n', "without a name"),
        ("uv", 'version = 1\n[[package]]\nname = "a"\nversion = "dev!"\n', "which is none"),
        ("uv", "version = 1\n[[package]]\nname = 1\n", "not text"),
        ("uv", "version = 1\npackage = 3\n", "list of tables"),
        ("uv", 'version = 1\n[[package]]\nname = "a"\nsource = 1\n', "not a table"),
        ("uv", "version = 1\n[[package", "not TOML"),
        ("uv", "a = " + "[" * 5000, ""),
        ("uv", "version = " + "1" * 5000, ""),
        ("uv", "version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "not TOML"),
        ("poetry", '[metadata]\nlock-version = "3.0"\n', "lock-version '3.0'"),
        ("poetry", '[[package]]\nname = "a"\n', "lock-version None"),
        ("pdm", '[metadata]\nlock_version = "9"\n', "lock_version '9'"),
        ("pylock", 'lock-version = "2.0"\ncreated-by = "x"\npackages = []\n', "version"),
        ("pylock", 'lock-version = "1.0"\npackages = []\n', "PEP 751"),
        ("pipenv", "[]", "no JSON object"),
        ("pipenv", "{", "not JSON"),
        ("pipenv", '{"_meta": {"pipfile-spec": 6}, "default": {}, "default": {}}', "twice"),
        ("pipenv", '{"_meta": {"pipfile-spec": 5}}', "pipfile-spec 5"),
        ("pipenv", pipfile({"a": {"version": "*"}}), "no exact version"),
        ("pipenv", pipfile({"a": {"version": "==1.*"}}), "no exact version"),
        ("pipenv", pipfile({"a": 3}), "not a table"),
    ],
)
def test_what_is_no_lock_is_refused(format_name: str, text: str, reason: str) -> None:
    with pytest.raises(ReportError) as caught:
        lock(text, format_name)
    assert reason in caught.value.reason


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ReportError, match="not UTF-8"):
        read_lock(b"version = 1\n# \xff\n", "uv")
    with pytest.raises(ReportError, match="at most"):
        read_lock(b" " * (LIMIT + 1), "uv")
    many = "version = 1\n" + '[[package]]\nname = "a"\n' * 50_001
    with pytest.raises(ReportError, match="50,001 packages"):
        lock(many, "uv")


def test_lines_are_left_out_where_they_cannot_be_told() -> None:
    (found,) = lock('version = 1\npackage = [{name = "a", version = "1"}]\n', "uv")
    assert found.line is None


FORMATS = st.sampled_from(["uv", "poetry", "pdm", "pylock", "pipenv"])


@given(st.binary(max_size=200), FORMATS)
def test_any_bytes_are_read_or_refused(data: bytes, format_name: str) -> None:
    with suppress(ReportError):
        assert isinstance(read_lock(data, format_name), PythonLock)


@given(st.data(), FORMATS)
def test_a_lock_that_is_cut_anywhere_is_refused_or_names_no_more_than_before(
    draw: st.DataObject, format_name: str
) -> None:
    folder = {"pylock": "pip", "pipenv": "pipenv"}.get(format_name, format_name)
    name = {"pylock": "pylock.toml", "pipenv": "Pipfile.lock"}.get(format_name, f"{format_name}.lock")
    data = (DATA / folder / name).read_bytes()
    whole = {item.name for item in read_lock(data, format_name).packages}
    cut = data[: draw.draw(st.integers(0, len(data) - 1))]
    with suppress(ReportError):
        assert {item.name for item in read_lock(cut, format_name).packages} <= whole
