"""What git's plumbing prints: the index, and patches without context.

Formats: git-ls-files(1) with `-z --stage -v`; git-diff-index(1) with `-p --unified=0 --no-renames` and the prefixes
`a/` and `b/`, where names that hold special characters are quoted as in C (core.quotePath).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from gate.collect.readers.errors import ReportError

_RECORD = re.compile(rb"([A-Za-z?]) ([0-7]{6}) [0-9a-f]{40,64} ([0-3])\t(.+)", re.DOTALL)
_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPE = re.compile(rb'\\(?:([0-3][0-7]{2})|([abtnvfr"\\]))')
_ESCAPED = dict(zip(b'abtnvfr"\\', b'\a\b\t\n\v\f\r"\\', strict=True))
_HEADER = b"diff --git "
_DELETED = b"deleted file mode "
_MAX_LINE = 100_000_000


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One path of the index. `mode` is octal (0o100644, 0o120000, 0o160000).

    `skipped` is set where a sparse checkout leaves the file out, `unwatched` where git was told not to look whether it
    changed (`git update-index --assume-unchanged`), `unmerged` where a merge stopped.
    """

    path: str
    mode: int
    skipped: bool = False
    unwatched: bool = False
    unmerged: bool = False


def read_index(data: bytes) -> list[IndexEntry]:
    """Return the entries of `git ls-files -z --stage -v`, each path once. Raises ReportError."""
    entries: dict[str, IndexEntry] = {}
    for record in data.split(b"\0"):
        if not record:
            continue
        match = _RECORD.fullmatch(record)
        if match is None:
            raise ReportError("cannot be read as the output of git ls-files: a record has another form")
        tag, mode, stage, name = match.groups()
        path = os.fsdecode(name)
        entries[path] = IndexEntry(path, int(mode, 8), tag in b"Ss", tag.islower(), stage != b"0")
    return list(entries.values())


def read_patch(data: bytes) -> dict[str, frozenset[int]]:
    """Return the added and changed lines (from 1) of each file of a patch; a file without any has none.

    Deleted files are left out. Lines of content are counted by the numbers of their hunk, so none is taken for a
    header whatever it says. Raises ReportError.
    """
    return {path: frozenset(lines) for path, lines in _files(_Lines(data))}


class _Lines:
    """The lines of a patch, one after the other: ended by LF alone, as git counts them."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self.number = 0

    def peek(self, prefix: bytes) -> bool:
        """Whether the next line begins so."""
        return self._data.startswith(prefix, self._at)

    def more(self) -> bool:
        """Whether there is a next line."""
        return self._at < len(self._data)

    def take(self) -> bytes:
        """Return the next line without its end."""
        end = self._data.find(b"\n", self._at)
        end = len(self._data) if end < 0 else end
        line = self._data[self._at : end]
        self._at = end + 1
        self.number += 1
        return line


def _files(lines: _Lines) -> Iterator[tuple[str, list[int]]]:
    while lines.more():
        if not lines.peek(_HEADER):
            raise ReportError("cannot be read as a patch of git: a file does not begin with “diff --git”", lines.number)
        path = _path(lines.take()[len(_HEADER) :], lines.number)
        deleted = False
        touched: list[int] = []
        while lines.more() and not lines.peek(b"@@ ") and not lines.peek(_HEADER):
            deleted = lines.take().startswith(_DELETED) or deleted
        while lines.peek(b"@@ "):
            touched += _hunk(lines)
        if not deleted:
            yield path, touched


def _hunk(lines: _Lines) -> range:
    match = _HUNK.match(lines.take())
    if match is None:
        raise ReportError("cannot be read as a patch of git: a hunk has no numbers", lines.number)
    removed = int(match[1]) if match[1] is not None else 1
    added = int(match[3]) if match[3] is not None else 1
    start = int(match[2])
    if max(removed, added, start) > _MAX_LINE:
        raise ReportError("cannot be read as a patch of git: a hunk has impossible numbers", lines.number)
    _pass(lines, b"-", removed)
    _pass(lines, b"+", added)
    return range(start, start + added)


def _pass(lines: _Lines, sign: bytes, count: int) -> None:
    """Step over lines of content, and over the remark that the last one has no end."""
    for _ in range(count):
        if not lines.peek(sign):
            raise ReportError("cannot be read as a patch of git: a hunk has too few lines", lines.number + 1)
        lines.take()
    if lines.peek(b"\\ "):
        lines.take()


def _path(names: bytes, number: int) -> str:
    """Return the path of `a/PATH b/PATH`. Both sides are the same, as nothing is told as renamed."""
    half, rest = divmod(len(names), 2)
    before, after = names[:half], names[half + 1 :]
    quoted = before.startswith(b'"')
    old, new = (b'"a/', b'"b/') if quoted else (b"a/", b"b/")
    fits = rest == 1 and names[half : half + 1] == b" " and before.startswith(old) and after.startswith(new)
    if not fits or before[len(old) :] != after[len(new) :]:
        raise ReportError("cannot be read as a patch of git: the names of a file differ", number)
    plain = before[len(old) :]
    return os.fsdecode(_unquoted(plain.removesuffix(b'"')) if quoted else plain)


def _unquoted(text: bytes) -> bytes:
    def byte(match: re.Match[bytes]) -> bytes:
        return bytes([int(match[1], 8) if match[1] else _ESCAPED[match[2][0]]])

    return _ESCAPE.sub(byte, text)
