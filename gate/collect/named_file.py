"""Reading a file that somebody named: the user on the command line, the runner, the manifest of a bundle.

What lies at a name may be a pipe without a writer, which keeps whoever opens it waiting, or a device that never ends.
So it is opened without waiting, the descriptor is asked for its kind, and no more is read than was agreed.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


class NamedFileProblem(Exception):
    """A file that is there and was not read. `reason` completes "PATH …"."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def read_named(path: Path, limit: int, *, follow: bool = True) -> bytes | None:
    """Return a regular file of at most `limit` bytes, None where nothing is there. Raises NamedFileProblem.

    With `follow` links lead where they lead: whoever named the file made them. Without it, a link is refused; the
    folders on the way are for the caller to look at.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    try:
        data = _read(os.open(path, flags), limit + 1)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        if isinstance(error, OSError) and error.errno == errno.ELOOP and not follow:
            raise NamedFileProblem("is a link, which is not followed") from error
        raise NamedFileProblem(f"cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(data) > limit:
        raise NamedFileProblem(f"is larger than {limit:,} bytes")
    return data


def _read(descriptor: int, most: int) -> bytes:
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NamedFileProblem("is not a regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            return stream.read(most)
    finally:
        os.close(descriptor)
