"""The files whose secrets are looked for: what git tracks, or what lies on disk where there is no git."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from gate.collect.disk import printable
from gate.collect.safe_open import OpenProblem, open_folder, parts_of
from gate.collect.secrets.contents import Contents, Key
from gate.collect.secrets.parts import is_binary
from gate.collect.workspace import Entry, EntryType, ReadProblem, Workspace
from gate.formats.globs import matches_any
from gate.model.evidence import Gap

FACTS = ("files_scanned", "bytes_scanned", "count", "by_rule", "allowed", "new", "ignored_guesses")
"""What a file that was not looked at casts doubt on."""
LFS_POINTER = b"version https://git-lfs.github.com/spec/v1"
LFS_SIZE = 1024


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A file that was put before gitleaks. `path` may hold surrogates."""

    path: str
    key: Key
    size: int
    binary: bool


@dataclass(slots=True)
class Tree:
    """What was put before gitleaks, what was left out by the policy, and what could not be."""

    files: list[TreeFile] = field(default_factory=list)
    excluded: int = 0
    gaps: list[Gap] = field(default_factory=list)


def add_tree(workspace: Workspace, contents: Contents, exclude: Sequence[str], limit: int) -> Tree:
    """Put every tracked file before gitleaks. Raises ScanProblem, and OSError of the temporary folder.

    Of a symbolic link that is the path that it holds, which is all that git has of it: nothing is followed. `limit` is
    in bytes of one file.
    """
    tree = Tree()
    for entry in workspace.entries():
        shown = printable(entry.path)
        if exclude and matches_any(exclude, shown):
            tree.excluded += 1
        elif entry.type is EntryType.SUBMODULE:
            reason = "is a submodule: its files belong to another repository, and were not looked at"
            tree.gaps.append(Gap(shown, reason, shown, facts=FACTS))
        else:
            _add(workspace, contents, entry, tree, limit)
    return tree


def _add(workspace: Workspace, contents: Contents, entry: Entry, tree: Tree, limit: int) -> None:
    try:
        link = entry.type is EntryType.SYMLINK
        data = link_text(workspace, entry.path) if link else workspace.read(entry.path, limit).data
    except ReadProblem as problem:
        shown = printable(entry.path)
        reason = "is left out by the sparse checkout" if entry.sparse else problem.reason
        tree.gaps.append(Gap(shown, reason, shown, facts=FACTS))
        return
    if is_lfs_pointer(data):
        shown = printable(entry.path)
        reason = "is a Git LFS pointer, not the file; check out with lfs: true"
        tree.gaps.append(Gap(shown, reason, shown, facts=FACTS))
    tree.files.append(TreeFile(entry.path, contents.add(data, entry.path), len(data), is_binary(data)))


def is_lfs_pointer(data: bytes) -> bool:
    """Whether this is what Git LFS commits in place of a file."""
    return len(data) <= LFS_SIZE and data.startswith(LFS_POINTER)


def link_text(workspace: Workspace, path: str) -> bytes:
    """Return what a symbolic link holds. Raises ReadProblem. What a checkout made a file of is read as one."""
    try:
        *folders, name = parts_of(path)
        with open_folder(workspace.root, tuple(folders)) as folder:
            return os.fsencode(os.readlink(name, dir_fd=folder))
    except OpenProblem as problem:
        raise ReadProblem(path, problem.reason) from None
    except OSError:
        # Where links are not supported (core.symlinks=false), git writes a file with the path in it.
        return workspace.read(path, LFS_SIZE * 8).data
