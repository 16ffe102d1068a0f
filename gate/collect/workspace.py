"""The only door to the checkout: its inventory, contained bounded reads, and globs.

How a path is opened without being led out is in `safe_open`, how the disk is walked in `disk`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from io import FileIO
from pathlib import Path
from threading import Thread
from typing import Protocol

from gate.collect.disk import find, printable, walk
from gate.collect.safe_open import OpenProblem, kind_problem, open_file, status
from gate.formats.globs import matches_any
from gate.model.evidence import Gap


class EntryType(StrEnum):
    """What a tracked entry is."""

    FILE = "file"
    SYMLINK = "symlink"
    SUBMODULE = "submodule"


@dataclass(frozen=True, slots=True)
class Entry:
    """One tracked entry. `path` is POSIX, relative to the workspace; `sparse` is set where a sparse checkout omits it.

    A name that is not UTF-8 holds surrogates (`os.fsdecode`); `disk.printable` makes it fit to be shown.
    """

    path: str
    type: EntryType
    executable: bool = False
    sparse: bool = False


class Content:
    """The bytes of one file and their SHA-256 in hex, which of many bytes is worked out while others read them."""

    def __init__(self, path: str, data: bytes, sha256: str | None = None) -> None:
        self.path = path
        self.data = data
        self._sha256 = sha256
        self._hashing: Thread | None = None
        if sha256 is None and len(data) >= _LARGE:
            self._hashing = Thread(target=self._hash, name="sha256", daemon=True)
            self._hashing.start()

    @property
    def sha256(self) -> str:
        """Hex digest of the bytes."""
        if self._hashing is not None:
            self._hashing.join()
        return self._sha256 or self._hash()

    def _hash(self) -> str:
        self._sha256 = digest = hashlib.sha256(self.data).hexdigest()
        return digest


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
        """Yield pieces of about a megabyte. Raises ReadProblem when the file changes its size meanwhile."""
        ...

    @property
    def sha256(self) -> str:
        """Hex digest of the bytes read so far: of the whole file once the iteration has ended."""
        ...


DEFAULT_LIMIT = 64 * 1024 * 1024
REPORT_LIMIT = 256 * 1024 * 1024
_PIECE = 1 << 20
_LARGE = 8 * 1024 * 1024


class Workspace:
    """A checkout that may be hostile.

    `tracked` is what git tracks, from the workspace's root; None where there is no git, and then all that lies on disk
    counts as tracked for `entries` and `files`. `scope` narrows those two to a folder, and nothing else.
    """

    def __init__(self, root: Path, *, tracked: Sequence[Entry] | None = None, scope: str = "") -> None:
        self.root = root.resolve()
        self.scope = scope.strip("/")
        self.has_git = tracked is not None
        self._listed = None if tracked is None else tuple(sorted(tracked, key=lambda entry: entry.path))

    @cached_property
    def _all(self) -> tuple[Entry, ...]:
        return tuple(self._walk_entries()) if self._listed is None else self._listed

    @cached_property
    def _known(self) -> frozenset[str]:
        """Every tracked path and every folder above one."""
        known: set[str] = set()
        for entry in self._all:
            path = entry.path
            while path and path not in known:
                known.add(path)
                path = path.rpartition("/")[0]
        return frozenset(known)

    @cached_property
    def _scoped(self) -> tuple[Entry, ...]:
        if not self.scope:
            return self._all
        return tuple(entry for entry in self._all if entry.path.startswith(f"{self.scope}/"))

    @cached_property
    def _files(self) -> tuple[str, ...]:
        return tuple(entry.path for entry in self._scoped if entry.type is EntryType.FILE)

    @cached_property
    def _shown(self) -> tuple[str, ...]:
        """The same, as globs see them."""
        return tuple(map(printable, self._files))

    @cached_property
    def _tracked_paths(self) -> frozenset[str]:
        return frozenset(entry.path for entry in self._listed or ())

    def entries(self) -> Sequence[Entry]:
        """Return what is tracked (in scope), sorted by path; without git, all regular files and links on disk."""
        return self._scoped

    def files(self, *patterns: str) -> Sequence[str]:
        """Return the paths of tracked regular files in scope, of those that match any glob when globs are given."""
        if not patterns:
            return list(self._files)
        return [path for path, shown in zip(self._files, self._shown, strict=True) if matches_any(patterns, shown)]

    def all_files(self) -> Sequence[str]:
        """Return the paths of tracked regular files, those outside the scope too."""
        return [entry.path for entry in self._all if entry.type is EntryType.FILE]

    def is_tracked(self, path: str) -> bool:
        """Whether git tracks this path; always False where there is no git."""
        return path in self._tracked_paths

    def holds_tracked(self, path: str) -> bool:
        """Whether a path is tracked or a folder of something tracked; without git all that lies on disk counts."""
        return path.rstrip("/") in self._known

    def exists(self, path: str) -> bool:
        """Whether a path is part of the checkout: tracked, a folder of something tracked, or lying on disk."""
        plain = path.rstrip("/")
        return not plain or plain in self._known or self._status(plain) is not None

    def problem(self, path: str) -> str | None:
        """Return why a path is not a regular file that can be read ("is a symbolic link, …"), None when it is one."""
        try:
            return kind_problem(status(self.root, path).st_mode)
        except OpenProblem as problem:
            return problem.reason

    def modified(self, path: str) -> float | None:
        """Return when a file was last written (unix seconds), None where there is none."""
        found = self._status(path)
        return None if found is None else found.st_mtime

    def glob(self, *patterns: str) -> Sequence[str]:
        """Return the regular files on disk that any glob matches, sorted, tracked or not, whatever the scope.

        No link is followed and no `.git` entered. Raises GlobError.
        """
        return sorted(find(self.root, patterns))

    def read(self, path: str, limit: int = DEFAULT_LIMIT) -> Content:
        """Read one regular file whole. Raises ReadProblem (link, special file, `..`, absolute, too large, absent)."""
        with self._opened(path, limit) as (file, size):
            # One piece of one byte more than there should be: nothing is copied, and growth shows.
            return Content(path, b"".join(_pieces(path, file, size, limit, size + 1)))

    def peek(self, path: str, length: int = 1024) -> tuple[bytes, int]:
        """Return the first bytes of a regular file and its whole size in bytes. Raises ReadProblem as `read` does."""
        try:
            descriptor = open_file(self.root, path)
        except OpenProblem as problem:
            raise ReadProblem(path, problem.reason) from problem
        try:
            return os.read(descriptor, length), os.fstat(descriptor).st_size
        except OSError as error:
            raise ReadProblem(path, f"cannot be read: {error.strerror}") from error
        finally:
            os.close(descriptor)

    @contextmanager
    def stream(self, path: str, limit: int = REPORT_LIMIT) -> Iterator[Stream]:
        """Open one regular file for reading piece by piece under the same rules. Raises ReadProblem."""
        with self._opened(path, limit) as (file, size):
            yield _FileStream(path, file, size, limit)

    @contextmanager
    def _opened(self, path: str, limit: int) -> Iterator[tuple[FileIO, int]]:
        """Give an open file and its size in bytes."""
        try:
            descriptor = open_file(self.root, path)
        except OpenProblem as problem:
            raise ReadProblem(path, problem.reason) from problem
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            size = os.fstat(descriptor).st_size
            if size > limit:
                raise ReadProblem(path, f"is {size:,} bytes long, more than the {limit:,} that are read")
            yield file, size

    def _status(self, path: str) -> os.stat_result | None:
        try:
            return status(self.root, path)
        except OpenProblem:
            return None

    def _walk_entries(self) -> Iterator[Entry]:
        for item in sorted(walk(self.root), key=lambda item: item.path):
            if item.is_link or item.is_file:
                yield Entry(item.path, EntryType.SYMLINK if item.is_link else EntryType.FILE)


class _FileStream:
    """A Stream over an open file that had `size` bytes when it was opened."""

    def __init__(self, path: str, file: FileIO, size: int, limit: int) -> None:
        self._path = path
        self._file = file
        self._size = size
        self._limit = limit
        self._hash = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        """Yield the pieces."""
        for piece in _pieces(self._path, self._file, self._size, self._limit, _PIECE):
            self._hash.update(piece)
            yield piece

    @property
    def sha256(self) -> str:
        """Hex digest of what was read."""
        return self._hash.hexdigest()


def _pieces(path: str, file: FileIO, size: int, limit: int, length: int) -> Iterator[bytes]:
    """Yield a file that had `size` bytes in pieces of at most `length`. Raises ReadProblem when it has others now."""
    total = 0
    while piece := _reading(path, file, length):
        total += len(piece)
        if total > limit:
            raise ReadProblem(path, f"grew while it was read, to more than the {limit:,} that are read")
        yield piece
    if total != size:
        raise ReadProblem(path, "changed while it was read")


def _reading(path: str, file: FileIO, size: int) -> bytes:
    try:
        return file.read(size)
    except OSError as error:
        raise ReadProblem(path, f"cannot be read: {error.strerror}") from error
