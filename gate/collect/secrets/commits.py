"""The commits of a change: every content that they bring is put before gitleaks, also what a later one takes away.

Asked of git is the content of blobs, by id, through its plumbing. Patches would show what attributes of the tree
(`-diff`, textconv) let them show; a blob is what was committed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gate.collect.collector import Context
from gate.collect.disk import printable
from gate.collect.git_command import GitCommand, find_top
from gate.collect.process import ToolProblem
from gate.collect.readers.errors import ReportError
from gate.collect.readers.git_commits import (
    ChangedFile,
    read_blobs,
    read_changed_files,
    read_commits,
    read_sizes,
)
from gate.collect.secrets.contents import Contents, Key
from gate.collect.secrets.parts import ending, is_binary
from gate.collect.secrets.tree import is_lfs_pointer
from gate.formats.globs import matches_any
from gate.model.evidence import Gap

FACTS = ("commits_scanned", "history")
MOST_COMMITS = 5_000
MOST_BYTES = 1024 * 1024 * 1024
_AT_ONCE = 64 * 1024 * 1024
"""Bytes of blobs that one answer of git holds; a larger one comes alone."""
_REV_LIST = ("rev-list", "--reverse", "--topo-order", "--parents")
_DIFF_TREE = (
    "diff-tree",
    "--stdin",
    "-r",
    # Of a merge, what differs from all of its parents: the rest is in their own commits.
    "-c",
    "--root",
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--ignore-submodules=all",
    "--relative",
    "--raw",
    "-z",
    "--no-abbrev",
)


@dataclass(frozen=True, slots=True)
class Version:
    """A content that a file had. `commit` is the one that brought it, None for one from before the change."""

    path: str
    blob: str
    key: Key
    binary: bool
    commit: str | None


@dataclass(slots=True)
class History:
    """What was put before gitleaks. `commits` is how many there are, None when that could not be told."""

    commits: int | None = None
    versions: list[Version] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


class Commits:
    """The commits between `base` and HEAD of the repository that a workspace is, or lies in."""

    def __init__(self, context: Context, base: str) -> None:
        """Find the repository. Raises ToolProblem."""
        root = context.workspace.root
        top = find_top(root)
        if top is None:
            raise ToolProblem("git", "finds no repository")
        self._git = GitCommand(top, root, context.runner, context.tools.find("git"))
        self._scope = context.workspace.scope
        self._base = base

    def add(self, contents: Contents, exclude: Sequence[str], limit: int) -> History:
        """Put every content that the commits bring before gitleaks, and those that they replace.

        Raises ScanProblem, OSError of the temporary folder, ToolProblem and ReportError of git. `limit` is in bytes.
        """
        history = History()
        listed = read_commits(self._git.run(*_REV_LIST, "HEAD", f"^{self._base}").stdout)
        if len(listed) > MOST_COMMITS:
            reason = f"has {len(listed):,} commits; at most {MOST_COMMITS:,} are looked at"
            history.gaps.append(Gap("history", reason, facts=FACTS))
            return history
        history.commits = len(listed)
        if not all(listed.values()) and self._is_shallow():
            reason = "was cut off when it was fetched; fetch all of it (fetch-depth: 0 for actions/checkout)"
            history.gaps.append(Gap("history", reason, facts=FACTS))
        if not listed:
            return history
        stdin = "".join(f"{commit}\n" for commit in listed).encode()
        changed = [
            item
            for item in read_changed_files(self._git.run(*_DIFF_TREE, stdin=stdin).stdout)
            if self._in_scope(item.path) and not (exclude and matches_any(exclude, printable(item.path)))
        ]
        wanted = _wanted(changed)
        for blob, data in self._blobs(list(wanted), limit, history, wanted):
            for path, commit in wanted[blob]:
                key = contents.add(data, path)
                history.versions.append(Version(path, blob, key, is_binary(data), commit))
            path, commit = wanted[blob][0]
            if commit is not None and is_lfs_pointer(data):
                self._gap(history, path, "is a Git LFS pointer, not the file", commit)
        order = {commit: number for number, commit in enumerate(listed)}
        history.versions.sort(key=lambda version: order.get(version.commit or "", -1))
        return history

    def read(self, blobs: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the contents of blobs that `add` has read before. Raises ToolProblem and ReportError."""
        for blob in blobs:
            yield blob, read_blobs(self._git.run("cat-file", "--batch", stdin=f"{blob}\n".encode()).stdout)[blob]

    def _is_shallow(self) -> bool:
        return self._git.run("rev-parse", "--is-shallow-repository").stdout.strip() == b"true"

    def _in_scope(self, path: str) -> bool:
        return not self._scope or path.startswith(f"{self._scope}/")

    def _blobs(
        self, blobs: Sequence[str], limit: int, history: History, wanted: Mapping[str, Sequence[tuple[str, str | None]]]
    ) -> Iterator[tuple[str, bytes]]:
        """Yield blobs with their content. What is too large or not there is a gap."""
        if not blobs:
            return
        stdin = "".join(f"{blob}\n" for blob in blobs).encode()
        sizes = read_sizes(self._git.run("cat-file", "--batch-check", stdin=stdin).stdout)
        batch: list[str] = []
        pending = total = 0
        for blob in blobs:
            size = sizes.get(blob)
            path, commit = wanted[blob][0]
            if size is None or size > limit or total + size > MOST_BYTES:
                reason = (
                    "is not in this repository" if size is None else f"is {size:,} bytes long, too large to look at"
                )
                self._gap(history, path, reason, commit)
                continue
            if batch and pending + size > _AT_ONCE:
                yield from self._read(batch)
                batch, pending = [], 0
            batch.append(blob)
            pending, total = pending + size, total + size
        if batch:
            yield from self._read(batch)

    def _read(self, batch: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        stdin = "".join(f"{blob}\n" for blob in batch).encode()
        found = read_blobs(self._git.run("cat-file", "--batch", stdin=stdin, max_stdout=1 << 30).stdout)
        for blob in batch:
            if blob not in found:
                raise ReportError("cannot be read as the output of git cat-file --batch: an object is not in it")
            yield blob, found.pop(blob)

    def _gap(self, history: History, path: str, reason: str, commit: str | None) -> None:
        where = f"in commit {commit[:12]}" if commit is not None else "before the change"
        history.gaps.append(Gap(printable(path), f"{reason} ({where})", printable(path), facts=FACTS))


def _wanted(changed: Sequence[ChangedFile]) -> dict[str, list[tuple[str, str | None]]]:
    """Return the blobs to look at, and for each the paths that it had, one for each ending, with the commit.

    `changed` is in order, parents first. The first commit that brings a blob counts; what lay there before has none.
    """
    wanted: dict[str, dict[str, tuple[str, str | None]]] = {}
    for item in changed:
        for old in item.old:
            # One that an earlier commit of the change brought is known by now.
            wanted.setdefault(old, {}).setdefault(ending(item.path), (item.path, None))
        if item.new is not None:
            wanted.setdefault(item.new, {}).setdefault(ending(item.path), (item.path, item.commit))
    return {blob: list(paths.values()) for blob, paths in wanted.items()}
