"""The only door to the checkout: its inventory, contained bounded reads, and globs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from gate.collect import safe_open
from gate.collect.disk import find, printable, walk
from gate.formats.globs import matches_any
from gate.model.evidence import Gap


class EntryType(StrEnum):
    """What a tracked entry is."""

    FILE = "file"
    SYMLINK = "symlink"
    SUBMODULE = "submodule"


@dataclass(frozen=True, slots=True)
class Entry:
    """One tracked entry. `path` is POSIX, relative to the workspace."""

    path: str
    type: EntryType
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of one file and their SHA-256 in hex."""

    path: str
    data: bytes
    sha256: str


class ReadProblem(Exception):
    """A file could not be read. `reason` completes "PATH: …" in words for a person; `path` is as it was asked for."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{printable(path)}: {reason}")

    def gap(self, facts: tuple[str, ...] = ()) -> Gap:
        """This problem as a gap."""
        shown = printable(self.path)
        return Gap(subject=shown, reason=self.reason, path=shown, facts=facts)


class Stream(Protocol):
    """The bytes of one regular file, piece by piece, so that a report need not fit in memory."""

    def __iter__(self) -> Iterator[bytes]:
        """Yield pieces of about a megabyte. Raises ReadProblem when the file grows past its limit."""
        ...

    @property
    def sha256(self) -> str:
        """Hex digest of the bytes read so far: of the whole file once the iteration has ended."""
        ...


DEFAULT_LIMIT = 64 * 1024 * 1024
REPORT_LIMIT = 256 * 1024 * 1024
_PIECE = 1024 * 1024


class _FileStream:
    """The pieces of one open file, held against its limit and the size that it had when it was opened."""

    def __init__(self, path: str, descriptor: int, limit: int) -> None:
        self._path = path
        self._descriptor = descriptor
        self._limit = limit
        self._size = os.fstat(descriptor).st_size
        self._digest = hashlib.sha256()
        if self._size > limit:
            raise ReadProblem(path, _too_large(limit))

    def __iter__(self) -> Iterator[bytes]:
        total = 0
        while True:
            try:
                piece = os.read(self._descriptor, _PIECE)
            except OSError as error:
                raise ReadProblem(self._path, f"could not be read: {os.strerror(error.errno or 0)}") from None
            if not piece:
                break
            total += len(piece)
            if total > self._limit:
                raise ReadProblem(self._path, _too_large(self._limit))
            self._digest.update(piece)
            yield piece
        if total != self._size:
            raise ReadProblem(self._path, "changed while it was read")

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


def _too_large(limit: int) -> str:
    return f"is larger than the {limit / 1024 / 1024:,.4g} MiB that the gate reads of such a file"


class Workspace:
    """A checkout that may be hostile.

    `tracked` is every entry that git tracks below `root`, None where there is no git. `scope` is a folder of the
    workspace ("services/payments", "" for all of it): it bounds `entries` and `files`, not what may be read or matched.
    Paths are POSIX and relative to `root`; a name on disk that is not UTF-8 holds surrogates (`os.fsdecode`).
    """

    def __init__(self, root: Path, *, tracked: Sequence[Entry] | None, scope: str = "") -> None:
        self.root = root.resolve()
        self.scope = scope.strip("/")
        self._tracked = None if tracked is None else tuple(sorted(tracked, key=lambda entry: entry.path))
        self._tracked_paths = frozenset(entry.path for entry in self._tracked or ())
        self._entries: tuple[Entry, ...] | None = None

    @property
    def has_git(self) -> bool:
        """Whether git says what is tracked; without it, everything on disk counts as an entry."""
        return self._tracked is not None

    def entries(self) -> Sequence[Entry]:
        """Return what is tracked (in scope), sorted by path; without git, all regular files and links on disk."""
        if self._entries is None:
            everything = self._on_disk() if self._tracked is None else self._tracked
            inside = f"{self.scope}/"
            self._entries = tuple(entry for entry in everything if not self.scope or entry.path.startswith(inside))
        return self._entries

    def files(self, *patterns: str) -> Sequence[str]:
        """Return the paths of tracked regular files in scope, of those that match any glob when globs are given."""
        paths = [entry.path for entry in self.entries() if entry.type is EntryType.FILE]
        if not patterns:
            return paths
        return [path for path in paths if matches_any(patterns, printable(path))]

    def is_tracked(self, path: str) -> bool:
        """Whether git tracks this path; always False where there is no git."""
        return path in self._tracked_paths

    def exists(self, path: str) -> bool:
        """Whether a file, a folder or a link lies at this path; "" is the root. What may not be opened is not there."""
        if not path:
            return True
        try:
            safe_open.status(self.root, path)
        except safe_open.OpenProblem:
            return False
        return True

    def problem(self, path: str) -> str | None:
        """Return why this path cannot be read as a file, in words; None for a regular file."""
        try:
            return safe_open.kind_problem(safe_open.status(self.root, path).st_mode)
        except safe_open.OpenProblem as problem:
            return problem.reason

    def modified(self, path: str) -> float:
        """Return when a regular file was last written, in seconds since 1970. Raises ReadProblem."""
        return self._status(path).st_mtime

    def size(self, path: str) -> int:
        """Return the size of a regular file in bytes without reading it. Raises ReadProblem."""
        return self._status(path).st_size

    def glob(self, *patterns: str) -> Sequence[str]:
        """Return the regular files on disk that match any of the globs, sorted, whether they are tracked or not.

        No link is followed and no `.git` entered. Raises GlobError.
        """
        return sorted(find(self.root, patterns))

    def read(self, path: str, limit: int = DEFAULT_LIMIT) -> Content:
        """Read one regular file whole. Raises ReadProblem (link, special file, `..`, absolute, too large, absent)."""
        with self.stream(path, limit) as stream:
            data = b"".join(stream)
            return Content(path, data, stream.sha256)

    @contextmanager
    def stream(self, path: str, limit: int = REPORT_LIMIT) -> Iterator[Stream]:
        """Open one regular file for reading piece by piece under the same rules. Raises ReadProblem."""
        try:
            descriptor = safe_open.open_file(self.root, path)
        except safe_open.OpenProblem as problem:
            raise ReadProblem(path, problem.reason) from None
        try:
            yield _FileStream(path, descriptor, limit)
        finally:
            os.close(descriptor)

    def _status(self, path: str) -> os.stat_result:
        try:
            found = safe_open.status(self.root, path)
            reason = safe_open.kind_problem(found.st_mode)
        except safe_open.OpenProblem as problem:
            reason = problem.reason
        if reason is not None:
            raise ReadProblem(path, reason)
        return found

    def _on_disk(self) -> tuple[Entry, ...]:
        found = (
            Entry(item.path, EntryType.SYMLINK if item.is_link else EntryType.FILE)
            for item in walk(self.root)
            if item.is_file or item.is_link
        )
        return tuple(sorted(found, key=lambda entry: entry.path))
