"""Walking the folders of a checkout: no link is followed, no `.git` is entered."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gate.collect.safe_open import OpenProblem, open_folder, parts_of
from gate.formats.globs import literal_prefix, matches

_SPECIAL = "[{"


@dataclass(frozen=True, slots=True)
class OnDisk:
    """Something that is no folder. `path` is POSIX, relative to the root; names that are not UTF-8 hold surrogates."""

    path: str
    is_file: bool
    is_link: bool


def printable(path: str) -> str:
    """Return a path that can be written as UTF-8: bytes that are not become `\\udcXX`."""
    return path if path.isascii() else path.encode(errors="backslashreplace").decode()


def walk(root: Path, start: str = "", enter: Callable[[str], bool] = lambda _folder: True) -> Iterator[OnDisk]:
    """Yield what lies below `root`/`start`, in no order. `enter` is asked before each folder.

    `start` is "" or a path without a slash at its end. A folder that cannot be opened is passed over.
    """
    waiting = [start]
    while waiting:
        folder = waiting.pop()
        try:
            with open_folder(root, parts_of(folder) if folder else ()) as descriptor, os.scandir(descriptor) as listing:
                entries = list(listing)
                prefix = f"{folder}/" if folder else ""
                for entry in entries:
                    path = prefix + entry.name
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name.casefold() != ".git" and enter(path):
                            waiting.append(path)
                    elif entry.name != ".git":
                        yield OnDisk(path, entry.is_file(follow_symlinks=False), entry.is_symlink())
        except (OpenProblem, OSError):
            continue


def find(root: Path, patterns: Iterable[str]) -> set[str]:
    """Return the regular files below `root` that any of the globs matches. Raises GlobError.

    The tree is walked once for all globs that begin in the same folder, and only where one of them can still match.
    """
    groups: dict[str, list[str]] = {}
    for pattern in patterns:
        plain = pattern.removeprefix("./")
        matches(plain, "")  # what is no glob is said even where there is nothing to match
        groups.setdefault(literal_prefix(plain).rstrip("/"), []).append(plain)
    found: set[str] = set()
    for start, group in groups.items():
        if start.startswith("/") or (start and not _is_plain(start)):
            continue
        filters = [_folder_filter(pattern) for pattern in group]

        def enter(folder: str, filters: list[Callable[[str], bool]] = filters) -> bool:
            return any(may(folder) for may in filters)

        for item in walk(root, start, enter):
            if item.is_file and any(matches(pattern, printable(item.path)) for pattern in group):
                found.add(item.path)
    return found


def _is_plain(path: str) -> bool:
    try:
        parts_of(path)
    except OpenProblem:
        return False
    return True


def _folder_filter(pattern: str) -> Callable[[str], bool]:
    """Return whether a folder can hold, at any depth, what the glob matches. May say yes too often, never no."""
    leading: list[str] = []
    segments = pattern.split("/")
    bounded = True
    for segment in segments[:-1]:
        if "**" in segment or any(char in segment for char in _SPECIAL):
            bounded = False
            break
        leading.append(segment)
    if "**" in segments[-1] or any(char in segments[-1] for char in _SPECIAL):
        bounded = False

    def may(folder: str) -> bool:
        parts = folder.split("/")
        if bounded and len(parts) > len(leading):
            return False
        return all(matches(wanted, printable(part)) for wanted, part in zip(leading, parts, strict=False))

    return may
