"""The only door to the checkout: its inventory, contained bounded reads, and globs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

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
        super().__init__(f"{path}: {reason}")

    def gap(self, facts: tuple[str, ...] = ()) -> Gap:
        """This problem as a gap."""
        return Gap(subject=self.path, reason=self.reason, path=self.path, facts=facts)


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


class Workspace:
    """A checkout that may be hostile."""

    root: Path

    def entries(self) -> Sequence[Entry]:
        """Return what is tracked (in scope), sorted by path; without git, all regular files and links on disk."""
        raise NotImplementedError

    def files(self, *patterns: str) -> Sequence[str]:
        """Return the paths of tracked regular files in scope, of those that match any glob when globs are given."""
        raise NotImplementedError

    def is_tracked(self, path: str) -> bool:
        """Whether git tracks this path; always False where there is no git."""
        raise NotImplementedError

    def glob(self, pattern: str) -> Sequence[str]:
        """Return the regular files on disk that match, sorted, tracked or not; no link is followed, no `.git` entered."""
        raise NotImplementedError

    def read(self, path: str, limit: int = DEFAULT_LIMIT) -> Content:
        """Read one regular file whole. Raises ReadProblem (link, special file, `..`, absolute, too large, absent)."""
        raise NotImplementedError

    def stream(self, path: str, limit: int = REPORT_LIMIT) -> AbstractContextManager[Stream]:
        """Open one regular file for reading piece by piece under the same rules. Raises ReadProblem."""
        raise NotImplementedError
