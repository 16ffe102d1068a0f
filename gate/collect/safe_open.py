"""Opening what lies below one folder without being led out of it.

A path is opened component by component, each below the descriptor of the one before and none through a link, so it
does not matter what is put in place of a folder while this happens. What is opened must be a regular file: the kind
is asked of the descriptor, not of the name.

Hard links: a name that is one of several (`st_nlink` > 1) is ordinary in package stores (pnpm, uv) and backups, and
gives an author nothing that a copy would not, as long as the file is of the owner of the checkout. A file with several
names that belongs to someone else is refused.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_MAX_PATH = 4096

_KINDS = (
    (stat.S_ISLNK, "is a symbolic link, which the gate does not follow"),
    (stat.S_ISDIR, "is a folder, not a file"),
    (stat.S_ISFIFO, "is a named pipe, not a file"),
    (stat.S_ISSOCK, "is a socket, not a file"),
    (stat.S_ISCHR, "is a device, not a file"),
    (stat.S_ISBLK, "is a device, not a file"),
)
_ERRORS = {
    errno.ENOENT: "is not there",
    errno.EACCES: "may not be read by this user",
    errno.EPERM: "may not be read by this user",
    errno.ENAMETOOLONG: "has a name that is too long for the file system",
    errno.ENXIO: "is a socket or a device, not a file",
    errno.EMFILE: "could not be opened: too many files are open",
    errno.EIO: "could not be read: the file system reports an error",
}


class OpenProblem(Exception):
    """A path that was not opened. `reason` completes "PATH: …" in words for a person."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def parts_of(path: str) -> tuple[str, ...]:
    """Return the components of a path that stays below its root. Raises OpenProblem when it may not.

    Refused are: the empty path, absolute ones, `.`, `..` and empty components (with `\\` read as a separator too), NUL,
    and everything in `.git`, where tokens lie.
    """
    if not path:
        raise OpenProblem("is an empty path")
    if "\0" in path:
        raise OpenProblem("holds a NUL character")
    if path.startswith("/"):
        raise OpenProblem("is an absolute path; paths are relative to the workspace")
    if len(path) > _MAX_PATH:
        raise OpenProblem("is longer than any path of a file system")
    parts = tuple(path.split("/"))
    if ".." in path.replace("\\", "/").split("/"):
        raise OpenProblem("holds “..”, and could lead out of the workspace")
    if "" in parts or "." in parts:
        raise OpenProblem("is not written plainly (it holds an empty or “.” component)")
    if any(part.casefold() == ".git" for part in parts):
        raise OpenProblem("lies inside .git, which the gate does not read")
    return parts


@contextmanager
def open_folder(root: Path, parts: tuple[str, ...]) -> Iterator[int]:
    """Open the folder `parts` below `root` and give its descriptor. Raises OpenProblem."""
    try:
        descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise OpenProblem(f"cannot be reached: the workspace {_words(error)}") from None
    try:
        for part in parts:
            try:
                below = os.open(part, _FOLDER, dir_fd=descriptor)
            except OSError as error:
                raise OpenProblem(_folder_reason(part, descriptor, error)) from None
            os.close(descriptor)
            descriptor = below
        yield descriptor
    finally:
        os.close(descriptor)


def open_file(root: Path, path: str) -> int:
    """Open a regular file below `root` for reading and return its descriptor. Raises OpenProblem."""
    *folders, name = parts_of(path)
    with open_folder(root, tuple(folders)) as folder:
        try:
            descriptor = os.open(name, _FILE, dir_fd=folder)
        except OSError as error:
            raise OpenProblem(_file_reason(name, folder, error)) from None
        try:
            _check(os.fstat(descriptor), root.stat().st_uid)
        except OpenProblem:
            os.close(descriptor)
            raise
    return descriptor


def status(root: Path, path: str) -> os.stat_result:
    """Return the status of what lies at a path, a link's own. Raises OpenProblem when nothing is there."""
    *folders, name = parts_of(path)
    with open_folder(root, tuple(folders)) as folder:
        try:
            return os.stat(name, dir_fd=folder, follow_symlinks=False)
        except OSError as error:
            raise OpenProblem(_words(error)) from None


def kind_problem(mode: int) -> str | None:
    """Return why something with this `st_mode` is not read, None for a regular file."""
    if stat.S_ISREG(mode):
        return None
    return next((reason for test, reason in _KINDS if test(mode)), "is neither a file nor a folder")


def _check(found: os.stat_result, owner: int) -> None:
    problem = kind_problem(found.st_mode)
    if problem is not None:
        raise OpenProblem(problem)
    if found.st_nlink > 1 and found.st_uid != owner:
        raise OpenProblem("is a hard link to a file of another user")


def _folder_reason(name: str, parent: int, error: OSError) -> str:
    """Say why a folder did not open: a link below the root is told as such, whatever errno says."""
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        shown = name.encode(errors="backslashreplace").decode()
        try:
            if stat.S_ISLNK(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
                return f"lies behind the symbolic link {shown}, which the gate does not follow"
        except OSError:
            pass
        return "is not there" if error.errno == errno.ENOTDIR else _words(error)
    return _words(error)


def _file_reason(name: str, parent: int, error: OSError) -> str:
    try:
        problem = kind_problem(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
    except OSError:
        problem = None
    return problem or _words(error)


def _words(error: OSError) -> str:
    known = _ERRORS.get(error.errno or 0)
    return known or f"could not be opened: {os.strerror(error.errno or 0)}"
