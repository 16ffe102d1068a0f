"""Past commits of a repository, each laid out as a checkout of its own, for judging what was merged already.

Nothing of the repository runs on the way: files come as they are from git's object store (`cat-file`), so neither
filters (smudge, LFS, end of line) nor hooks nor `export-ignore` have a say, and what is written are regular files with
plain names below a folder of ours. Beside them lies a `.git` of our own: an index, a detached HEAD, no configuration of
the repository's, and its object store as an alternate. So everything that asks git (what is tracked, which lines
changed, when a file changed last) asks about that commit. Links and submodules are in the index and not on disk.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gate.collect.disk import printable
from gate.collect.git import NoRepositoryError
from gate.collect.git_command import GitCommand, find_top
from gate.collect.git_index import Listed, index_bytes
from gate.collect.process import Runner, ToolProblem
from gate.collect.readers.errors import ReportError
from gate.collect.readers.git_commits import read_blobs
from gate.collect.safe_open import OpenProblem, parts_of
from gate.collect.tools import Tool

MOST_FILES = 100_000
MOST_BYTES = 2 * 1024 * 1024 * 1024
"""Bytes of all files of a tree."""
MOST_OF_ONE = 128 * 1024 * 1024
_REGULAR = 0o10
_BATCH_BYTES = 64 * 1024 * 1024
_BATCH_FILES = 5_000
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_CONFIG = "[core]\n\trepositoryformatversion = {version}\n\tbare = false\n{more}"
_SHA256 = "[extensions]\n\tobjectformat = sha256\n"


class LayoutProblem(Exception):
    """A commit that was not laid out. `reason` completes "The commit …"."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The commit {reason}")


@dataclass(frozen=True, slots=True)
class PastCommit:
    """A commit of a branch. `subject` is untrusted, `when` RFC 3339 in UTC, "" where the commit does not say it."""

    id: str
    parents: tuple[str, ...]
    subject: str
    when: str


@dataclass(frozen=True, slots=True)
class _File:
    """An entry of a tree; `size` is in bytes, 0 for what is no file."""

    name: bytes
    mode: int
    id: str
    size: int

    @property
    def is_regular(self) -> bool:
        return self.mode >> 12 == _REGULAR


class History:
    """The past of the repository that a folder is, or lies in."""

    def __init__(self, root: Path, runner: Runner, git: Tool) -> None:
        """Find the repository. Raises NoRepositoryError."""
        root = root.resolve()
        top = find_top(root)
        if top is None:
            raise NoRepositoryError(str(root))
        self.top = top
        self._git = GitCommand(top, top, runner, git)

    def first_parents(self, commit: str, count: int) -> tuple[PastCommit, ...]:
        """Return a commit and those before it along first parents, the newest first. Raises ToolProblem."""
        listed = self._git.run("rev-list", "--first-parent", f"--max-count={count}", commit, "--").stdout
        ids = listed.decode("ascii", "replace").split()
        return tuple(read_commit(id_, self._git.run("cat-file", "commit", id_).stdout) for id_ in ids)

    def lay_out(self, commit: str, folder: Path) -> None:
        """Write the tree of a commit into a folder that is empty. Raises LayoutProblem, ToolProblem and OSError."""
        files = self._files(commit)
        written = {}
        for batch in _batches([file for file in files if file.is_regular]):
            for file, data in zip(batch, self._contents(batch), strict=True):
                written[file.name] = _write(folder, os.fsdecode(file.name), data, executable=bool(file.mode & 0o100))
        listed = (Listed(file.name, file.mode, file.id, written.get(file.name, (0,) * 9)) for file in files)
        self._make_git(commit, folder / ".git", index_bytes(listed))

    def _files(self, commit: str) -> tuple[_File, ...]:
        listing = self._git.run("ls-tree", "-r", "-z", "--long", "--full-tree", commit).stdout
        files = tuple(_file(line) for line in listing.split(b"\0") if line)
        if len(files) > MOST_FILES:
            raise LayoutProblem(f"has {len(files):,} files, more than the {MOST_FILES:,} that are laid out")
        total = sum(file.size for file in files)
        if total > MOST_BYTES:
            raise LayoutProblem(f"has files of {total:,} bytes, more than the {MOST_BYTES:,} that are laid out")
        for file in files:
            shown = printable(os.fsdecode(file.name))
            if file.size > MOST_OF_ONE:
                raise LayoutProblem(f"holds {shown} of {file.size:,} bytes, more than {MOST_OF_ONE:,}")
            try:
                parts_of(os.fsdecode(file.name))
            except OpenProblem as problem:
                raise LayoutProblem(f"holds a file “{shown}”, whose name {problem.reason}") from None
        return files

    def _contents(self, batch: Sequence[_File]) -> Iterator[bytes]:
        stdin = "".join(f"{file.id}\n" for file in batch).encode()
        try:
            found = read_blobs(self._git.run("cat-file", "--batch", stdin=stdin).stdout)
        except ReportError:
            raise LayoutProblem("is not all here: a file of it was not fetched (is this a partial clone?)") from None
        for file in batch:
            yield found[file.id]

    def _make_git(self, commit: str, folder: Path, index: bytes) -> None:
        objects = self._place("objects")
        if "\n" in str(objects):
            raise LayoutProblem("lies in a folder whose name has a line break")
        for name in ("refs/heads", "objects/info", "objects/pack"):
            (folder / name).mkdir(parents=True)
        long = len(commit) == 64
        config = _CONFIG.format(version=int(long), more=_SHA256 if long else "")
        (folder / "config").write_text(config)
        (folder / "HEAD").write_text(f"{commit}\n")
        (folder / "objects/info/alternates").write_bytes(os.fsencode(objects) + b"\n")
        (folder / "index").write_bytes(index)
        shallow = self._place("shallow")
        if shallow.is_file():
            (folder / "shallow").write_bytes(shallow.read_bytes())
        _open_up(folder)

    def _place(self, name: str) -> Path:
        """Return where a part of the repository lies, which for a worktree is not below its `.git`."""
        told = self._git.run("rev-parse", "--path-format=absolute", "--git-path", name).stdout
        return Path(os.fsdecode(told.removesuffix(b"\n")))


def read_commit(id_: str, data: bytes) -> PastCommit:
    """Read a commit object: headers, an empty line, the message."""
    head, _, message = data.partition(b"\n\n")
    lines = head.decode("utf-8", "replace").split("\n")
    parents = tuple(line.removeprefix("parent ").strip() for line in lines if line.startswith("parent "))
    committer = next((line for line in lines if line.startswith("committer ")), "")
    subject = message.lstrip(b"\n").split(b"\n", 1)[0].decode("utf-8", "replace")
    return PastCommit(id_, parents, subject, _when(committer))


def _when(committer: str) -> str:
    """Return the time of `committer NAME <MAIL> SECONDS ZONE`."""
    words = committer.rpartition("> ")[2].split()
    if not words or not words[0].isdecimal() or len(words[0]) > 11:
        return ""
    return datetime.fromtimestamp(int(words[0]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _file(line: bytes) -> _File:
    """Read `MODE TYPE ID SIZE<tab>PATH` of `git ls-tree --long`; that of a submodule is `-`."""
    head, _, name = line.partition(b"\t")
    try:
        octal, _type, id_, size = head.decode("ascii").split()
        mode = int(octal, 8)
        return _File(name, mode, id_, int(size) if mode >> 12 == _REGULAR else 0)
    except ValueError:
        raise ToolProblem("git", "ls-tree tells of a file in another form than expected") from None


def _batches(files: Sequence[_File]) -> Iterator[list[_File]]:
    """Yield the files in groups that fit in memory."""
    batch: list[_File] = []
    size = 0
    for file in files:
        if batch and (size + file.size > _BATCH_BYTES or len(batch) >= _BATCH_FILES):
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.size
    if batch:
        yield batch


def _write(folder: Path, name: str, data: bytes, *, executable: bool) -> tuple[int, ...]:
    """Write one new file that everybody may read, and return what git's index says of it.

    All folders on the way are ours: none is a link, since no link was ever made.
    """
    path = folder / name
    if not path.parent.is_dir():
        _make_folder(path.parent)
    descriptor = os.open(path, _NEW, 0o755 if executable else 0o644)
    with os.fdopen(descriptor, "wb") as stream:
        os.fchmod(descriptor, 0o755 if executable else 0o644)
        stream.write(data)
        stream.flush()
        found = os.fstat(descriptor)
    seconds = (divmod(at, 1_000_000_000) for at in (found.st_ctime_ns, found.st_mtime_ns))
    times = (part for pair in seconds for part in pair)
    return (*times, found.st_dev, found.st_ino, found.st_uid, found.st_gid, found.st_size)


def _make_folder(folder: Path) -> None:
    if not folder.parent.is_dir():
        _make_folder(folder.parent)
    folder.mkdir()
    folder.chmod(0o755)


def _open_up(folder: Path) -> None:
    """Let the children read all of a folder, whatever the umask."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
