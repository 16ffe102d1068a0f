"""What git knows: what is tracked, which commit this is, and which lines differ from a base."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from gate.collect.changes import Changes
from gate.collect.disk import printable
from gate.collect.git_command import GitCommand, find_top
from gate.collect.process import Runner, ToolProblem
from gate.collect.readers.errors import ReportError
from gate.collect.readers.git_output import IndexEntry, read_index, read_patch
from gate.collect.safe_open import OpenProblem, parts_of
from gate.collect.tools import Tool
from gate.collect.workspace import Content, Entry, EntryType, ReadProblem, Workspace
from gate.errors import CannotJudgeError
from gate.model.evidence import Gap

_TYPES = {0o120000: EntryType.SYMLINK, 0o160000: EntryType.SUBMODULE}
_SHOWN_LIMIT = 16 * 1024 * 1024
_UNTRACKED_LIMIT = 16 * 1024 * 1024
_DIFF = (
    "diff-index",
    "--patch",
    "--unified=0",
    "--inter-hunk-context=0",
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    # Attributes of the tree could call any source file binary, and its changes would not be seen.
    "--text",
    # Looking into submodules would run git with their own configuration.
    "--ignore-submodules=all",
    "--irreversible-delete",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--relative",
)


class NoRepositoryError(Exception):
    """There is no git repository here or above."""


class Repository:
    """The git repository that a workspace is, or lies in. Paths are relative to the workspace."""

    def __init__(self, root: Path, runner: Runner, git: Tool) -> None:
        """Find the repository of `root`. Raises NoRepositoryError."""
        root = root.resolve()
        top = find_top(root)
        if top is None:
            raise NoRepositoryError(str(root))
        self.root = root
        self.top = top
        self._git = GitCommand(top, root, runner, git)

    def ls_files(self) -> Sequence[IndexEntry]:
        """Return what the index lists below the workspace. Raises ToolProblem."""
        return self._index

    def committed(self) -> frozenset[str]:
        """Return the paths below the workspace that HEAD holds; none before the first commit. Raises ToolProblem."""
        if self.head_commit() is None:
            return frozenset()
        listing = self._git.run("ls-tree", "-r", "-z", "--name-only", "HEAD").stdout
        return frozenset(os.fsdecode(name) for name in listing.split(b"\0") if name)

    def head_commit(self) -> str | None:
        """Return the full id of the commit that is checked out, None before the first one. Raises ToolProblem."""
        return self._commit("HEAD")

    def resolve(self, revision: str) -> str | None:
        """Return the full id of the commit that a revision names, None when it names none here. Raises ToolProblem.

        A name that is unknown is also looked for among the branches of `origin`: CI checkouts have no others. What
        begins with `origin/` is first looked for there: git itself would take a tag of that name before the branch.
        """
        if not revision or revision.startswith("-") or not revision.isprintable():
            return None
        if revision.startswith("origin/") and (found := self._commit(f"refs/remotes/{revision}")) is not None:
            return found
        return self._commit(revision) or self._commit(f"refs/remotes/origin/{revision}")

    def is_shallow(self) -> bool:
        """Whether the history was cut off when it was fetched. Raises ToolProblem."""
        return self._git.run("rev-parse", "--is-shallow-repository").stdout.strip() == b"true"

    def last_changed(self, path: str) -> int | None:
        """Return when the last commit up to HEAD that touches a path was made (Unix seconds), None without one.

        In a shallow clone the oldest commit seems to touch everything: ask `is_shallow` first. Raises ToolProblem.
        """
        if self.head_commit() is None:
            return None
        # Plumbing: the repository's settings of `git log` (signatures, decorations) do not reach it.
        told = self._git.run("--literal-pathspecs", "rev-list", "-1", "--timestamp", "HEAD", "--", path).stdout
        seconds = told.split(b" ", 1)[0]
        return int(seconds) if seconds.isdigit() else None

    def changes(self, base: str) -> Changes | Gap:
        """Return which lines of the working tree differ from a base, a Gap when that cannot be told. Raises nothing.

        Compared is with the merge base of `base` and HEAD where there is one, else with `base` itself. Files that are
        neither tracked nor ignored count as changed as a whole.
        """
        try:
            return self._changes(base)
        except ToolProblem as problem:
            return Gap(printable(base), f"could not be compared with: {problem}")
        except ReportError as error:
            return Gap(printable(base), f"could not be compared with: git's answer {error.reason}")

    def show_file(self, revision: str, path: str, limit: int = _SHOWN_LIMIT) -> Content:
        """Return a regular file as it is in a revision. Raises ReadProblem and ToolProblem."""
        try:
            parts_of(path)
        except OpenProblem as problem:
            raise ReadProblem(path, problem.reason) from None
        commit = self.resolve(revision)
        if commit is None:
            raise ReadProblem(path, f"cannot be read at “{printable(revision)}”: there is no such revision here")
        listing = self._git.run("ls-tree", "-z", commit, "--", path).stdout
        if not listing:
            raise ReadProblem(path, f"is not there at {printable(revision)}")
        mode, _, blob = listing.partition(b"\t")[0].decode("ascii").split(" ")
        if mode not in ("100644", "100755"):
            raise ReadProblem(path, f"is not a regular file at {printable(revision)} (mode {mode})")
        size = int(self._git.run("cat-file", "-s", blob).stdout)
        if size > limit:
            raise ReadProblem(path, f"is {size:,} bytes long, more than the {limit:,} that are read")
        data = self._git.run("cat-file", "blob", blob).stdout
        return Content(path, data, hashlib.sha256(data).hexdigest())

    def object_size(self, id_: str) -> int:
        """Return how many bytes an object has. Raises ToolProblem."""
        return int(self._git.run("cat-file", "-s", id_).stdout)

    def read_object(self, kind: str, id_: str) -> bytes:
        """Return the bytes of a commit, tree or blob by its full id. Raises ToolProblem."""
        return self._git.run("cat-file", kind, id_).stdout

    def merge_base(self, one: str, other: str) -> str | None:
        """Return the commit that two commits, by their ids, come from; None where the history at hand has none.

        Raises ToolProblem.
        """
        found = self._git.run("merge-base", one, other, exit_codes=frozenset({0, 1}))
        return found.stdout.split()[0].decode("ascii") if found.stdout else None

    def differing(self, one: str, other: str) -> tuple[str, ...]:
        """Return the paths that differ between two commits, from the top of the repository. Raises ToolProblem."""
        listing = self._git.run("diff-tree", "-r", "-z", "--name-only", "--no-renames", one, other, "--").stdout
        return tuple(sorted(os.fsdecode(name) for name in listing.split(b"\0") if name))

    @cached_property
    def _index(self) -> tuple[IndexEntry, ...]:
        data = self._git.run("ls-files", "-z", "--stage", "-v").stdout
        try:
            return tuple(read_index(data))
        except ReportError as error:
            raise ToolProblem("git", f"ls-files {error.reason}") from None

    def _commit(self, revision: str) -> str | None:
        found = self._git.run(
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            f"{revision}^{{commit}}",
            exit_codes=frozenset({0, 1, 128}),
        )
        return found.stdout.decode("ascii").strip() if found.exit_code == 0 else None

    def _changes(self, base: str) -> Changes | Gap:
        if base.startswith("-"):
            return Gap(printable(base), "is not a revision: it begins with “-”")
        commit = self.resolve(base)
        if commit is None:
            return Gap(printable(base), self._absent())
        unwatched = [entry.path for entry in self._index if entry.unwatched]
        if unwatched:
            undo = "git update-index --no-assume-unchanged"
            reason = f"git was told not to look whether this file changed; undo that with “{undo} FILE”"
            return Gap(printable(unwatched[0]), reason)
        unmerged = next((entry.path for entry in self._index if entry.unmerged), None)
        if unmerged is not None:
            return Gap(printable(unmerged), "has a merge conflict, so what changed cannot be told; end the merge first")
        compared = self.merge_base(commit, "HEAD") or commit
        lines = read_patch(self._git.run(*_DIFF, compared, "--", content=True).stdout)
        return Changes(compared, lines | self._untracked())

    def _absent(self) -> str:
        if self.is_shallow():
            return (
                "is not in this checkout, whose history was cut off; "
                "fetch all of it (fetch-depth: 0 for actions/checkout)"
            )
        return "names no commit of this repository; fetch it before the gate runs, or name another base"

    def _untracked(self) -> dict[str, frozenset[int]]:
        """Return all lines of the files that are neither tracked nor ignored; none where a file cannot be read."""
        listing = self._git.run("ls-files", "-z", "--others", "--exclude-standard").stdout
        workspace = Workspace(self.root, tracked=())
        lines: dict[str, frozenset[int]] = {}
        for path in listing.decode("utf-8", "surrogateescape").split("\0"):
            if not path or path.endswith("/"):
                continue
            try:
                data = workspace.read(path, _UNTRACKED_LIMIT).data
            except ReadProblem:
                data = b""
            count = data.count(b"\n") + (bool(data) and not data.endswith(b"\n"))
            lines[path] = frozenset(range(1, count + 1))
        return lines


def open_workspace(root: Path, runner: Runner, git: Tool | None, scope: str = "") -> Workspace:
    """Return the workspace at a folder, with what git tracks in it.

    Where there is no repository here or above, and in a folder of which git tracks nothing (an ignored one below a
    repository), there is no git, and everything on disk counts. Raises CannotJudgeError when there is a repository
    and git does not list it: without that, committed reports would pass for those of this run.
    """
    root = root.resolve()
    top = find_top(root)
    if top is None:
        return Workspace(root, tracked=None, scope=scope)
    if git is None:
        raise CannotJudgeError(
            f"{root} is in a git repository, and git is not installed to say which files are tracked. Install git."
        )
    try:
        repository = Repository(root, runner, git)
        index, committed = repository.ls_files(), repository.committed()
    except ToolProblem as problem:
        raise CannotJudgeError(
            f"git could not list what is tracked in {root}: {problem}. Check that the checkout is whole."
        ) from problem
    if not (index or committed) and root != top:
        return Workspace(root, tracked=None, scope=scope)
    entries = [_entry(item) for item in index]
    # An earlier step may take a file out of the index (`git rm --cached`) to hide that it is committed.
    hidden = committed - {entry.path for entry in entries}
    there = Workspace(root, tracked=())
    entries += [Entry(path, EntryType.FILE) for path in sorted(hidden) if there.problem(path) is None]
    return Workspace(root, tracked=entries, scope=scope)


def _entry(item: IndexEntry) -> Entry:
    return Entry(item.path, _TYPES.get(item.mode, EntryType.FILE), item.mode == 0o100755, item.skipped)
