"""Which tracked file a path in a coverage report means.

Tools write one file in many ways: absolute on the machine of the CI job, relative to a `<source>`, as a Go import path,
as a Java package path, with `./` or backslashes. In order: the path itself; joined to a source folder; below a Go
module; then the tracked file with the most trailing segments in common, if that is one file and no agreement by chance.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

_DRIVE = re.compile(r"/?[A-Za-z]:/")


class Miss(Enum):
    """Why a path means no tracked file."""

    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Written:
    """A path as a report writes it, with what the report says about where it is."""

    path: str
    roots: tuple[str, ...] = ()
    hint: str = ""


def normalise(path: str) -> str:
    """Return a path with forward slashes, without `file://`, `.`, `..` where it can be told, and double slashes."""
    path = path.strip().removeprefix("file://").replace("\\", "/")
    if not path:
        return ""
    clean = posixpath.normpath(path)
    return "/" + clean.lstrip("/") if clean.startswith("/") else clean


def is_absolute(path: str) -> bool:
    """Whether a normalised path begins at a root, a Windows drive included."""
    return path.startswith("/") or _DRIVE.match(path) is not None


@dataclass(frozen=True, slots=True)
class _Match:
    """The tracked file with the most trailing segments in common with a written path."""

    path: str
    agreed: int
    prefix: str
    """what the written path has in front of the agreement"""


@dataclass
class PathMap:
    """Maps written paths onto tracked files. Build it with `path_map`."""

    tracked: frozenset[str]
    workspace: str
    modules: Mapping[str, str]
    suffixes: dict[str, list[str]] = field(default_factory=dict)
    """trailing segments → the tracked files that end so, for the base names that reports mention"""
    prefixes: frozenset[str] = frozenset()
    """what stands in front of the tracked path in absolute paths that agree by two segments or more"""

    def resolve(self, written: Written) -> str | Miss:
        """Return the tracked path that is meant, else why there is none."""
        candidates = self._candidates(written)
        for candidate in candidates:
            if candidate in self.tracked:
                return candidate
        ambiguous = False
        for candidate in candidates:
            match = self._longest(candidate, written.hint)
            if isinstance(match, _Match) and self._agrees(match, candidate):
                return match.path
            ambiguous |= match is Miss.AMBIGUOUS
        return Miss.AMBIGUOUS if ambiguous else Miss.UNKNOWN

    def _candidates(self, written: Written) -> list[str]:
        """Return the ways to spell a path, the most specific first, relative to the workspace if it lies there."""
        path = normalise(written.path)
        spellings = [path]
        if not is_absolute(path):
            roots = [normalise(root) for root in written.roots]
            # A root that is the working directory itself says nothing: the plain path comes first and is tried exactly.
            spellings += [posixpath.normpath(posixpath.join(root, path)) for root in roots if root not in ("", ".")]
            spellings += self._below_modules(path)
            spellings.sort(key=len, reverse=True)
        inside = [self._inside(spelling) for spelling in spellings]
        return list(dict.fromkeys(item for item in inside if item not in ("", ".")))

    def _inside(self, path: str) -> str:
        root = self.workspace.rstrip("/") + "/"
        return path.removeprefix(root) if len(root) > 1 else path

    def _below_modules(self, path: str) -> list[str]:
        """Return the paths that an import path has below the Go modules of the tree."""
        return [
            posixpath.join(folder, path.removeprefix(module + "/"))
            for module, folder in self.modules.items()
            if path.startswith(module + "/")
        ]

    def _longest(self, path: str, hint: str) -> _Match | Miss:
        segments = path.lstrip("/").split("/")
        for start in range(len(segments)):
            found = self.suffixes.get("/".join(segments[start:]))
            if not found:
                continue
            if len(found) > 1 and hint:
                found = [item for item in found if hint in item.split("/")[:-1]] or found
            if len(found) > 1:
                return Miss.AMBIGUOUS
            return _Match(found[0], len(segments) - start, "/".join(segments[:start]))
        return Miss.UNKNOWN

    def _agrees(self, match: _Match, written: str) -> bool:
        """Whether an agreement is more than chance: two segments, a path of one segment, or a known prefix.

        An absolute `/usr/lib/python3/abc.py` does not mean a tracked `abc.py`. Kotlin leaves out of its folders what
        all packages have in common, so that one segment must do.
        """
        if match.agreed >= 2 or "/" not in written.lstrip("/") or written.endswith(".kt"):
            return True
        return match.agreed == match.path.count("/") + 1 and match.prefix in self.prefixes


def _suffixes(tracked: Iterable[str], names: frozenset[str]) -> dict[str, list[str]]:
    index: dict[str, list[str]] = {}
    for path in tracked:
        segments = path.split("/")
        if segments[-1] in names:
            for start in range(len(segments)):
                index.setdefault("/".join(segments[start:]), []).append(path)
    return index


def path_map(
    tracked: Sequence[str], written: Iterable[Written], workspace: str = "", modules: Mapping[str, str] | None = None
) -> PathMap:
    """Return the map for these written paths.

    `workspace` is the absolute path of the checkout, `modules` are the Go modules of the tree {module path: folder}.
    """
    paths = list(written)
    names = frozenset(normalise(item.path).rpartition("/")[2] for item in paths)
    found = PathMap(frozenset(tracked), workspace, modules or {}, _suffixes(tracked, names))
    prefixes = set()
    for item in paths:
        path = normalise(item.path)
        if is_absolute(path):
            match = found._longest(path, item.hint)
            if isinstance(match, _Match) and match.agreed >= 2 and match.agreed == match.path.count("/") + 1:
                prefixes.add(match.prefix)
    found.prefixes = frozenset(prefixes)
    return found


_MODULE = re.compile(r'^module\s+"?([^\s"]+)"?', re.MULTILINE)


def go_module(text: str) -> str | None:
    """Return the module path that a go.mod states."""
    match = _MODULE.search(text)
    return match[1] if match else None
