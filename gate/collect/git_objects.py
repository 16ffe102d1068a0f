"""Files of commits, held against the ids of the objects that they come from.

A commit's id is the hash of its tree's id, a tree's of the ids of what is in it. So who knows the commit from elsewhere
(from GitHub's API) need not believe the checkout: an earlier step of the job may have changed any file below `.git`,
and git itself does not hash what it reads. https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from gate.collect.disk import printable
from gate.collect.safe_open import OpenProblem, parts_of
from gate.collect.workspace import ReadProblem

FILE, EXECUTABLE, LINK, FOLDER, SUBMODULE = "100644", "100755", "120000", "40000", "160000"
_CALLED = {
    EXECUTABLE: "is executable (mode 100755)",
    LINK: "is a symbolic link (mode 120000)",
    FOLDER: "is a folder",
    SUBMODULE: "is a submodule (mode 160000)",
}


class Objects(Protocol):
    """Where the bytes of objects come from: `gate.collect.git.Repository`."""

    def object_size(self, id_: str) -> int:
        """Return how many bytes an object has. Raises ToolProblem."""
        ...

    def read_object(self, kind: str, id_: str) -> bytes:
        """Return the bytes of a commit, tree or blob. Raises ToolProblem."""
        ...


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One line of a tree. `mode` is octal, without leading zeros."""

    mode: str
    name: str
    id: str


def file_of_commit(objects: Objects, commit: str, path: str, limit: int) -> bytes | None:
    """Return a plain file (mode 100644) of at most `limit` bytes as it is in a commit; None where nothing is there.

    `commit` is a full id and `path` exact, case and all. Raises ReadProblem for whatever else is at the path, for a
    folder above it that is none, and for an object whose bytes are not those that its id stands for; ToolProblem where
    git cannot read one.
    """
    try:
        *folders, name = parts_of(path)
    except OpenProblem as problem:
        raise ReadProblem(path, problem.reason) from None
    tree = _tree_of(path, _checked(objects, path, "commit", commit))
    for folder in folders:
        entry = _entries(objects, path, tree).get(folder)
        if entry is None:
            return None
        if entry.mode != FOLDER:
            reason = _CALLED.get(entry.mode, "is a file")
            raise ReadProblem(path, f"lies below “{printable(folder)}”, which {reason}, not a folder")
        tree = entry.id
    entry = _entries(objects, path, tree).get(name)
    if entry is None:
        return None
    if entry.mode != FILE:
        raise ReadProblem(path, f"{_CALLED.get(entry.mode, f'has mode {entry.mode}')}; a plain file (mode 100644) is")
    size = objects.object_size(entry.id)
    if size > limit:
        raise ReadProblem(path, f"is {size:,} bytes long, more than the {limit:,} that are read")
    return _checked(objects, path, "blob", entry.id)


def hash_of(kind: str, data: bytes, like: str) -> str:
    """Return the id of an object, by SHA-1 or SHA-256 as an id of the same repository (`like`) is long."""
    algorithm = "sha1" if len(like) == 40 else "sha256"
    return hashlib.new(algorithm, f"{kind} {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest()


def read_tree(data: bytes, id_bytes: int) -> Iterator[TreeEntry]:
    """Yield the entries of a tree object: `MODE NAME\\0ID`, one after the other. Raises ValueError where it is torn."""
    position = 0
    while position < len(data):
        blank, end = data.index(b" ", position), data.index(b"\0", position)
        id_ = data[end + 1 : end + 1 + id_bytes]
        if blank > end or len(id_) != id_bytes:
            raise ValueError("the tree object is torn")
        yield TreeEntry(data[position:blank].decode("ascii").lstrip("0"), os.fsdecode(data[blank + 1 : end]), id_.hex())
        position = end + 1 + id_bytes


def _entries(objects: Objects, path: str, tree: str) -> dict[str, TreeEntry]:
    try:
        return {item.name: item for item in read_tree(_checked(objects, path, "tree", tree), len(tree) // 2)}
    except ValueError as error:
        raise ReadProblem(path, f"cannot be read: {error}") from None


def _tree_of(path: str, commit: bytes) -> str:
    first = commit.split(b"\n", 1)[0]
    if not first.startswith(b"tree "):
        raise ReadProblem(path, "cannot be read: the commit object is torn")
    return first.removeprefix(b"tree ").decode("ascii", "replace")


def _checked(objects: Objects, path: str, kind: str, id_: str) -> bytes:
    data = objects.read_object(kind, id_)
    if hash_of(kind, data, id_) != id_:
        reason = f"cannot be believed: the {kind} {id_[:12]} of this checkout holds other bytes than its id stands for"
        raise ReadProblem(path, reason)
    return data
