"""Git objects as GitHub keeps them: real ids, real modes, shared by a repository and its forks."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["blob", "tree", "commit", "tag"]
Files = dict[str, tuple[str, str]]
"""Path → mode (six digits) and object id."""
FILE, EXECUTABLE, LINK, SUBMODULE, FOLDER = "100644", "100755", "120000", "160000", "040000"


@dataclass(frozen=True)
class Commit:
    """A commit, parsed; times are seconds since 1970."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: str
    email: str
    time: int
    message: str


class Objects:
    """A store of git objects, told by their ids. Raises KeyError for an object that is not there."""

    def __init__(self) -> None:
        self._objects: dict[str, tuple[str, bytes]] = {}

    def put(self, kind: str, data: bytes) -> str:
        """Keep an object and return its id."""
        sha = hashlib.sha1(f"{kind} {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest()
        self._objects[sha] = (kind, data)
        return sha

    def get(self, sha: str, kind: str) -> bytes:
        """The bytes of an object of a kind."""
        found, data = self._objects[sha]
        if found != kind:
            raise KeyError(sha)
        return data

    def has(self, sha: str, kind: str = "commit") -> bool:
        """Whether there is such an object."""
        return self._objects.get(sha, ("", b""))[0] == kind

    def commits_beginning(self, start: str) -> list[str]:
        """The ids of commits that begin so."""
        return [sha for sha, (kind, _) in self._objects.items() if kind == "commit" and sha.startswith(start)]

    def entries(self, tree: str) -> Iterator[tuple[str, str, str]]:
        """Yield mode, name and id of what a tree holds, folders not entered."""
        data = self.get(tree, "tree")
        at = 0
        while at < len(data):
            end = data.index(b"\0", at)
            mode, _, name = data[at:end].partition(b" ")
            yield mode.decode().zfill(6), name.decode("utf-8", "surrogateescape"), data[end + 1 : end + 21].hex()
            at = end + 21

    def files(self, tree: str, folder: str = "") -> Files:
        """Everything below a tree but folders."""
        found: Files = {}
        for mode, name, sha in self.entries(tree):
            if mode == FOLDER:
                found.update(self.files(sha, f"{folder}{name}/"))
            else:
                found[f"{folder}{name}"] = (mode, sha)
        return found

    def write_files(self, files: Mapping[str, tuple[str, str]]) -> str:
        """Keep the trees of these files and return the id of the root."""
        here: dict[str, tuple[str, str]] = {}
        below: dict[str, Files] = {}
        for path, entry in files.items():
            folder, slash, rest = path.partition("/")
            if slash:
                below.setdefault(folder, {})[rest] = entry
            else:
                here[folder] = entry
        here.update({folder: (FOLDER, self.write_files(inner)) for folder, inner in below.items()})
        return self.write_tree(here)

    def write_tree(self, entries: Mapping[str, tuple[str, str]]) -> str:
        """Keep one tree of name → mode and id, in git's order."""
        lines = sorted(entries.items(), key=lambda item: os.fsencode(item[0] + ("/" if item[1][0] == FOLDER else "")))
        return self.put(
            "tree",
            b"".join(
                f"{mode.lstrip('0')} ".encode() + os.fsencode(name) + b"\0" + bytes.fromhex(sha)
                for name, (mode, sha) in lines
            ),
        )

    def write_commit(self, tree: str, parents: tuple[str, ...], message: str, time: int, who: str = "octo-dev") -> str:
        """Keep a commit of a person and return its id."""
        person = f"{who} <{who}@users.noreply.example> {time} +0000"
        lines = [f"tree {tree}", *(f"parent {sha}" for sha in parents), f"author {person}", f"committer {person}"]
        return self.put("commit", ("\n".join(lines) + f"\n\n{message}").encode())

    def commit(self, sha: str) -> Commit:
        """A commit, parsed."""
        head, _, message = self.get(sha, "commit").decode("utf-8", "replace").partition("\n\n")
        pairs = [line.partition(" ")[::2] for line in head.splitlines()]
        first = dict(reversed(pairs))
        name, _, rest = first["author"].rpartition(" <")
        email, _, when = rest.partition("> ")
        parents = tuple(value for key, value in pairs if key == "parent")
        return Commit(sha, first["tree"], parents, name, email, int(when.split()[0]), message)

    def history(self, sha: str) -> list[str]:
        """A commit and all before it, newest first; a commit never comes after its parents."""
        order: list[str] = []
        seen = {sha}
        waiting = [sha]
        while waiting:
            waiting.sort(key=lambda one: self.commit(one).time)
            one = waiting.pop()
            order.append(one)
            for parent in self.commit(one).parents:
                if parent not in seen and self.has(parent):
                    seen.add(parent)
                    waiting.append(parent)
        return order

    def merge_base(self, one: str, other: str) -> str | None:
        """The newest commit that both have, or none."""
        known = set(self.history(one))
        return next((sha for sha in self.history(other) if sha in known), None)

    def take(self, folder: Path, revision: str) -> str:
        """Copy what a revision of a repository on disk needs, and return the commit's id."""
        sha = _git(folder, "rev-parse", f"{revision}^{{commit}}").decode().strip()
        listed = _git(folder, "rev-list", "--objects", sha).decode().splitlines()
        wanted = [line.split(" ", 1)[0] for line in listed]
        stream = _git(folder, "cat-file", "--batch", stdin="\n".join(wanted).encode() + b"\n")
        at = 0
        while at < len(stream):
            end = stream.index(b"\n", at)
            _, kind, size = stream[at:end].decode().split()
            self.put(kind, stream[end + 1 : end + 1 + int(size)])
            at = end + 2 + int(size)
        return sha


def _git(folder: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-c", "safe.directory=*", *arguments]
    return subprocess.run(command, cwd=folder, input=stdin, env=environment, capture_output=True, check=True).stdout
