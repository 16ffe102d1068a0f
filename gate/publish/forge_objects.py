"""Files by git's objects: commit, trees, blob.

The contents API follows links and says so nowhere; a tree says what everything is (GitHub's "Git database" API).
Trees and blobs never change under their ids, so what was read once is kept.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from gate.publish.forge_json import Fields, broken
from gate.publish.forge_part import Place
from gate.publish.forge_session import Session
from gate.publish.forge_wire import Ask
from gate.publish.forge_wire import path as below
from gate.publish.forge_words import ForgeProblem, TreeEntry, Trouble

FILES = frozenset({"100644"})
FOLDER = "040000"
_KINDS = {FOLDER: "a folder", "120000": "a link", "160000": "a submodule", "100755": "an executable file"}
_KEPT_BLOB = 512 * 1024
_KEPT_BLOBS = 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a tree. `size` is of a blob, in bytes, where GitHub says it."""

    mode: str
    sha: str
    size: int | None


class Objects:
    """Reads files of commits."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._roots: dict[tuple[Place, str], str] = {}
        self._trees: dict[tuple[Place, str], dict[str, Entry]] = {}
        self._blobs: dict[tuple[Place, str], bytes] = {}

    def file(self, place: Place, commit: str, path: str, limit: int) -> bytes | None:
        """Return a file's bytes, None where there is nothing at the path. Raises ForgeProblem; see forge.ReadForge."""
        names = path.split("/")
        if any(name in ("", ".", "..") for name in names):
            raise ForgeProblem(Trouble.INVALID, "was not asked: a path leads from the root of the repository to a file")
        tree = self._root(place, commit)
        for name in names[:-1]:
            entry = self._entries(place, tree).get(name)
            if entry is None:
                return None
            if entry.mode != FOLDER:
                raise _not_a_file(entry, "on the way to the file")
            tree = entry.sha
        entry = self._entries(place, tree).get(names[-1])
        if entry is None:
            return None
        if entry.mode not in FILES:
            raise _not_a_file(entry, "at the path")
        return self._blob(place, entry, limit)

    def everything(self, place: Place, commit: str) -> tuple[TreeEntry, ...]:
        """Return all that is below a commit's root but the folders themselves. Raises ForgeProblem."""
        fields = self._get(place, "trees", self._root(place, commit), "the tree", recursive=1)
        if fields.flag("truncated", False):
            raise ForgeProblem(Trouble.BROKEN, "lists only a part of the tree, which has too many entries")
        found = [(entry.text("path"), entry.text("mode"), entry.sha("sha")) for entry in fields.children("tree")]
        return tuple(TreeEntry(path, mode, sha) for path, mode, sha in found if mode != FOLDER)

    def _root(self, place: Place, commit: str) -> str:
        key = (place, commit)
        if key not in self._roots:
            fields = self._get(place, "commits", commit, "the commit")
            self._roots[key] = fields.child("tree").sha("sha")
        return self._roots[key]

    def _entries(self, place: Place, tree: str) -> dict[str, Entry]:
        key = (place, tree)
        if key not in self._trees:
            fields = self._get(place, "trees", tree, "the tree")
            if fields.flag("truncated", False):
                raise ForgeProblem(Trouble.BROKEN, "lists only a part of a folder that has too many entries")
            self._trees[key] = {
                entry.text("path"): Entry(entry.text("mode"), entry.sha("sha"), entry.maybe_integer("size"))
                for entry in fields.children("tree")
            }
        return self._trees[key]

    def _blob(self, place: Place, entry: Entry, limit: int) -> bytes:
        key = (place, entry.sha)
        if entry.size is not None and entry.size > limit:
            raise _too_long(entry.size, limit)
        data = self._blobs.get(key)
        if data is None:
            data = _content(self._get(place, "blobs", entry.sha, "the blob"), entry.sha)
            if len(data) <= _KEPT_BLOB and len(self._blobs) < _KEPT_BLOBS:
                self._blobs[key] = data
        if len(data) > limit:
            raise _too_long(len(data), limit)
        return data

    def _get(self, place: Place, kind: str, sha: str, where: str, recursive: int | None = None) -> Fields:
        ask = Ask("GET", below("repos", place.owner, place.name, "git", kind, sha, recursive=recursive))
        fields = self._session.fields(ask, where)
        if fields.text("sha") != sha:
            raise broken(where, "the one that was asked for")
        return fields


def _content(fields: Fields, sha: str) -> bytes:
    """Return a blob's bytes, held against its id. Raises ForgeProblem(BROKEN)."""
    if fields.text("encoding") != "base64":
        raise broken(f"{fields.where}.encoding", "base64")
    try:
        data = base64.b64decode("".join(fields.text("content").split()), validate=True)
    except (binascii.Error, ValueError):
        raise broken(f"{fields.where}.content", "base64") from None
    stated = b"blob %d\0" % len(data)
    digest = hashlib.sha256 if len(sha) == 64 else hashlib.sha1
    if digest(stated + data, usedforsecurity=False).hexdigest() != sha:
        raise broken(f"{fields.where}.content", "what its id stands for")
    return data


def _not_a_file(entry: Entry, where: str) -> ForgeProblem:
    return ForgeProblem(
        Trouble.INVALID,
        f"has {_KINDS.get(entry.mode, 'something else' if entry.mode not in FILES else 'a file')} {where}, "
        "where a regular file in folders is expected",
    )


def _too_long(size: int, limit: int) -> ForgeProblem:
    return ForgeProblem(Trouble.INVALID, f"has a file of {size:,} bytes there; at most {limit:,} are read")
