"""Lock files of Python: uv.lock, poetry.lock, pdm.lock, Pipfile.lock and pylock.toml.

Formats: pylock.toml is https://packaging.python.org/en/latest/specifications/pylock-toml/ (PEP 751); the others are
those of their tools: uv's version 1, Poetry's lock-version 1 and 2, PDM's lock_version 4, Pipenv's pipfile-spec 6.
A file of any other version is refused, so that a field that moved is not read as absent.

The project itself is no dependency: it is told as a local package, for whoever asks what the lock covers.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import cast

from gate.collect.readers.errors import ReportError
from gate.collect.readers.python_packages import (
    LockedPackage,
    PythonLock,
    is_pypi,
    normal_name,
    normal_version,
    without_credentials,
)
from gate.formats.strict_json import JsonProblem, loads

LIMIT = 32 * 1024 * 1024
"""Bytes of one lock file."""
_MAX_PACKAGES = 50_000

_HEADER = re.compile(rb"^\[\[packages?\]\][ \t]*\r?$", re.MULTILINE)
_PYLOCK = re.compile(r"pylock(?:\.[^.]+)?\.toml")


def lock_format(path: str) -> str | None:
    """Return uv, poetry, pdm, pipenv or pylock by the name of the file, None for any other."""
    name = PurePosixPath(path).name
    known = {"uv.lock": "uv", "poetry.lock": "poetry", "pdm.lock": "pdm", "Pipfile.lock": "pipenv"}
    return known.get(name, "pylock" if _PYLOCK.fullmatch(name) else None)


def read_lock(data: bytes, format_name: str) -> PythonLock:
    """Return the packages of a lock file in a format of `lock_format`. Raises ReportError.

    The same package may come more than once: in several versions, for several platforms or sources.
    """
    if len(data) > LIMIT:
        raise ReportError(f"has {len(data):,} bytes; at most {LIMIT:,} of a lock file are read")
    if format_name == "pipenv":
        return PythonLock("Pipfile.lock", tuple(_pipenv(data)))
    document = _toml(data)
    readers: dict[str, Callable[[Mapping[str, object]], Iterator[LockedPackage]]] = {
        "uv": _uv,
        "poetry": _poetry,
        "pdm": _pdm,
        "pylock": _pylock,
    }
    packages = list(readers[format_name](document))
    if len(packages) > _MAX_PACKAGES:
        raise ReportError(f"names {len(packages):,} packages; at most {_MAX_PACKAGES:,} are read")
    lines = _header_lines(data)
    if len(lines) == len(packages):
        packages = [replace(package, line=line) for package, line in zip(packages, lines, strict=True)]
    return PythonLock("pylock.toml" if format_name == "pylock" else f"{format_name}.lock", tuple(packages))


def _header_lines(data: bytes) -> list[int]:
    """The lines of the headers of the packages, as the tools lay their files out."""
    lines, number, at = [], 1, 0
    for found in _HEADER.finditer(data):
        number += data.count(b"\n", at, found.start())
        at = found.start()
        lines.append(number)
    return lines


def _toml(data: bytes) -> Mapping[str, object]:
    try:
        return tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ReportError("is not UTF-8 text", data.count(b"\n", 0, error.start) + 1) from None
    except tomllib.TOMLDecodeError as error:
        raise ReportError(f"is not TOML: {error}") from None
    except RecursionError:
        raise ReportError("nests too deep to be read") from None
    except ValueError as error:
        # A number of more digits than Python reads.
        raise ReportError(f"is not TOML that can be read: {error}") from None


def _tables(document: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    """Return a list of tables; a lock of nothing may leave it out."""
    value = document.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ReportError(f"holds a “{key}” that is not a list of tables")
    return cast("list[Mapping[str, object]]", value)


def _table(parent: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = parent.get(key, {})
    if not isinstance(value, dict):
        raise ReportError(f"holds a “{key}” that is not a table")
    return value


def _text(table: Mapping[str, object], key: str) -> str | None:
    value = table.get(key)
    if value is not None and not isinstance(value, str):
        raise ReportError(f"holds a “{key}” that is not text")
    return value


def _first(table: Mapping[str, object], *keys: str) -> str | None:
    """The text under the first of the keys that is there."""
    return next((text for key in keys if (text := _text(table, key)) is not None), None)


def _name(table: Mapping[str, object]) -> str:
    name = normal_name(_text(table, "name") or "")
    if name is None:
        raise ReportError("holds a package without a name that PyPI would take")
    return name


def _version(table: Mapping[str, object], name: str) -> str | None:
    text = _text(table, "version")
    if text is None:
        return None
    version = normal_version(text)
    if version is None:
        raise ReportError(f"gives {name} the version “{text[:40]}”, which is none (PEP 440)")
    return version


def _index(url: str | None) -> str | None:
    return None if url is None or is_pypi(url) else without_credentials(url)


def _require(version: object, wanted: Callable[[str], bool], what: str) -> None:
    if isinstance(version, bool) or not isinstance(version, int | str) or not wanted(str(version)):
        raise ReportError(f"has {what} {version!r:.40}, which this gate does not know")


def _uv(document: Mapping[str, object]) -> Iterator[LockedPackage]:
    _require(document.get("version"), lambda version: version == "1", "the lock version")
    for table in _tables(document, "package"):
        name = _name(table)
        source = _table(table, "source")
        files = [*_tables(table, "wheels"), *([_table(table, "sdist")] if "sdist" in table else [])]
        folder = next(
            (path for key in ("editable", "virtual", "directory") if (path := _text(source, key)) is not None), None
        )
        target = folder or next(
            (url for key in ("git", "url", "path") if (url := _text(source, key)) is not None), None
        )
        yield LockedPackage(
            name,
            _version(table, name),
            hashed=bool(files) and all("hash" in file for file in files),
            index=_index(_text(source, "registry")),
            target=without_credentials(target) if target else None,
            local=folder is not None,
        )


def _poetry(document: Mapping[str, object]) -> Iterator[LockedPackage]:
    metadata = _table(document, "metadata")
    _require(metadata.get("lock-version"), lambda version: version.split(".")[0] in ("1", "2"), "the lock-version")
    old_files = _table(metadata, "files")
    for table in _tables(document, "package"):
        name = _name(table)
        # Version 1 keeps the files of all packages in one table, under the names as they are written there.
        files = _tables(table, "files") or _tables(old_files, str(table.get("name")))
        source = _table(table, "source")
        kind, url = _text(source, "type"), _text(source, "url")
        direct = kind in ("git", "hg", "svn", "url", "file", "directory")
        yield LockedPackage(
            name,
            _version(table, name),
            hashed=bool(files) and all("hash" in file for file in files),
            index=None if direct else _index(url),
            target=without_credentials(url or kind or "") if direct else None,
            local=kind == "directory",
        )


def _pdm(document: Mapping[str, object]) -> Iterator[LockedPackage]:
    metadata = _table(document, "metadata")
    _require(metadata.get("lock_version"), lambda version: version.split(".")[0] in ("3", "4"), "the lock_version")
    # lock_version 3 keeps the files in one table, by "name version".
    old_files = _table(metadata, "files")
    for table in _tables(document, "package"):
        name = _name(table)
        files = _tables(table, "files") or _tables(old_files, f"{table.get('name')} {table.get('version')}")
        target = _first(table, "git", "hg", "url", "path")
        local = _text(table, "path") is not None and not re.search(r"\.(?:whl|zip|tar\.\w+|tgz)$", str(target))
        hashed = bool(files) and all("hash" in file for file in files)
        shown = without_credentials(target) if target else None
        yield LockedPackage(name, _version(table, name), hashed, target=shown, local=local)


def _pylock(document: Mapping[str, object]) -> Iterator[LockedPackage]:
    from packaging.pylock import Pylock, PylockUnsupportedVersionError, PylockValidationError

    try:
        lock = Pylock.from_dict(document)
    except PylockUnsupportedVersionError as error:
        raise ReportError(f"is of a version that this gate does not know: {error}") from None
    except (PylockValidationError, ValueError, RecursionError) as error:
        raise ReportError(f"is not a lock file by PEP 751: {str(error)[:300]}") from None
    for package in lock.packages:
        # The specification makes hashes a must for every file of a package; a repository or folder has none.
        direct = package.vcs or package.directory or package.archive
        target = None
        if direct is not None:
            target = without_credentials(getattr(direct, "url", None) or direct.path or "")
        yield LockedPackage(
            package.name,
            str(package.version) if package.version is not None else None,
            hashed=bool(package.archive or package.sdist or package.wheels),
            index=_index(package.index),
            target=target,
            local=package.directory is not None,
        )


def _pipenv(data: bytes) -> Iterator[LockedPackage]:
    try:
        document = loads(data, limit=LIMIT)
    except JsonProblem as problem:
        raise ReportError(f"is not JSON: {problem.reason}", problem.line) from None
    if not isinstance(document, dict):
        raise ReportError("is not a Pipfile.lock: it is no JSON object")
    meta = _table(document, "_meta")
    _require(meta.get("pipfile-spec"), lambda version: version == "6", "the pipfile-spec")
    indexes = {_text(source, "name"): _text(source, "url") for source in _tables(meta, "sources")}
    default = next(iter(indexes.values()), None)
    lines = _pipenv_lines(data)
    for category in document:
        if category == "_meta":
            continue
        packages = _table(document, category)
        for key in packages:
            table = _table(packages, key)
            yield _pipenv_package(key, table, indexes, default, lines.get(key))


def _pipenv_package(
    key: str,
    table: Mapping[str, object],
    indexes: Mapping[str | None, str | None],
    default: str | None,
    line: int | None,
) -> LockedPackage:
    name = _name({"name": key})
    target = _first(table, "git", "hg", "file", "path")
    pin = _text(table, "version")
    version = normal_version(pin.lstrip("=")) if pin is not None and pin.startswith("==") else None
    if target is None and version is None:
        raise ReportError(f"gives {name} no exact version", line)
    return LockedPackage(
        name,
        version,
        hashed=bool(table.get("hashes")),
        index=_index(indexes.get(_text(table, "index"), default)),
        target=without_credentials(target) if target is not None else None,
        local="path" in table,
        line=line,
    )


def _pipenv_lines(data: bytes) -> dict[str, int]:
    """The line on which each package first stands, as Pipenv lays the file out; packages elsewhere have none."""
    lines: dict[str, int] = {}
    for number, line in enumerate(data.decode("utf-8").splitlines(), 1):
        if found := re.match(r' {8}"([^"\\]+)": \{', line):
            lines.setdefault(found[1], number)
    return lines
