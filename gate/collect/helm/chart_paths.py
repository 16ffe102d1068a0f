"""Paths and folders as charts and kustomizations name them."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from gate.collect.disk import printable
from gate.formats.globs import GlobError, matches
from gate.model.json import Json


def is_chosen(folder: str, path: str, wanted: Sequence[str], left_out: Sequence[str]) -> bool:
    """Whether the globs of a request choose a folder, by its own path or that of the file that makes it what it is."""
    names = (printable(folder) or ".", printable(path))
    return (not wanted or _any(wanted, names)) and not _any(left_out, names)


def globs_of(value: Json) -> tuple[str, ...]:
    """Return the globs of a request: one text or a list."""
    values = value if isinstance(value, list) else [value]
    return tuple(glob.strip("/") for glob in values if isinstance(glob, str))


def folder_of(path: str) -> str:
    """Return the folder of a path, "" for the root."""
    return posixpath.dirname(path)


def within(folder: str, inner: str) -> str:
    """Return a path below a folder, which may be ""."""
    return f"{folder}/{inner}" if folder else inner


def resolved(folder: str, reference: str) -> str | None:
    """Return where a relative path leads to from a folder ("" for the root), None for out of the workspace."""
    if reference.startswith("/") or "\\" in reference or "\0" in reference:
        return None
    path = posixpath.normpath(posixpath.join(folder, reference))
    if path == ".." or path.startswith("../"):
        return None
    return "" if path == "." else path


def _any(globs: Sequence[str], names: Sequence[str]) -> bool:
    for glob in globs:
        try:
            if any(matches(glob, name) for name in names):
                return True
        except GlobError:
            continue
    return False
