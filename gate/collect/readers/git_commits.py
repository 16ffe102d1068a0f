"""What git's plumbing prints about commits: which files they change, and the contents of objects.

Formats: git-rev-list(1) with `--parents`; git-diff-tree(1) with `--stdin -r -c --root --raw -z --no-abbrev`, where a
merge has one colon, mode and id for each parent; git-cat-file(1) with `--batch-check` and `--batch`.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from gate.collect.readers.errors import ReportError

_COMMIT = re.compile(rb"[0-9a-f]{40,64}")
_RAW = re.compile(rb"(:+)([0-7]{6}(?: [0-7]{6})+)((?: [0-9a-f]{40,64})+) ([A-Z]+)\d*")
_BLOB_MODES = frozenset({b"100644", b"100755", b"120000"})


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file that a commit changes. `new` is the id of its content afterwards, None when it has none (deleted, a
    submodule); `old` are those before, in each parent."""

    commit: str
    path: str
    new: str | None
    old: tuple[str, ...]


def read_commits(data: bytes) -> dict[str, tuple[str, ...]]:
    """Return the commits of `rev-list --parents`, in their order, and the parents of each. Raises ReportError."""
    commits = {}
    for line in data.splitlines():
        ids = line.split(b" ")
        if not all(_COMMIT.fullmatch(item) for item in ids):
            raise ReportError("cannot be read as the output of git rev-list")
        commits[ids[0].decode()] = tuple(item.decode() for item in ids[1:])
    return commits


def read_changed_files(data: bytes) -> list[ChangedFile]:
    """Return the files of `diff-tree --stdin -c --raw -z`. Raises ReportError."""
    changed = []
    commit = ""
    tokens = iter(data.split(b"\0"))
    for token in tokens:
        if not token:
            continue
        if _COMMIT.fullmatch(token):
            commit = token.decode()
            continue
        path = next(tokens, b"")
        changed.append(_changed_file(token, commit, path))
    return changed


def _changed_file(token: bytes, commit: str, path: bytes) -> ChangedFile:
    found = _RAW.fullmatch(token)
    if found is None or not commit or not path:
        raise ReportError("cannot be read as the output of git diff-tree: a record has another form")
    modes, ids = found.group(2).split(b" "), found.group(3).split()
    if not len(modes) == len(ids) == len(found.group(1)) + 1:
        raise ReportError("cannot be read as the output of git diff-tree: a record contradicts itself")
    blobs = [id_.decode() if mode in _BLOB_MODES else None for mode, id_ in zip(modes, ids, strict=True)]
    return ChangedFile(commit, os.fsdecode(path), blobs[-1], tuple(blob for blob in blobs[:-1] if blob is not None))


def read_sizes(data: bytes) -> dict[str, int | None]:
    """Return the sizes in bytes of `cat-file --batch-check`; None for what is not there. Raises ReportError."""
    sizes: dict[str, int | None] = {}
    for line in data.decode("ascii", "replace").splitlines():
        match line.split(" "):
            case [name, "blob", size] if size.isdigit():
                sizes[name] = int(size)
            case [name, "missing"]:
                sizes[name] = None
            case _:
                raise ReportError("cannot be read as the output of git cat-file --batch-check")
    return sizes


def read_blobs(data: bytes) -> dict[str, bytes]:
    """Return the contents of `cat-file --batch` by id. Raises ReportError."""
    blobs = {}
    place = 0
    while place < len(data):
        end = data.find(b"\n", place)
        head = data[place:end].split(b" ") if end >= 0 else []
        if len(head) != 3 or head[1] != b"blob" or not head[2].isdigit():
            raise ReportError("cannot be read as the output of git cat-file --batch")
        begin, length = end + 1, int(head[2])
        if data[begin + length : begin + length + 1] != b"\n":
            raise ReportError("cannot be read as the output of git cat-file --batch: it ends too soon")
        blobs[head[0].decode("ascii", "replace")] = data[begin : begin + length]
        place = begin + length + 1
    return blobs
