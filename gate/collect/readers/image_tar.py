"""An image archive of `docker save` (also of podman, buildah, kaniko, skopeo `docker-archive:`), read in one pass.

The members of the archive are measured as they go by, and small ones that look like JSON are kept. What the two readers
of one archive, the gate and Trivy, could see differently is refused: a member that is a link and is used, a name twice,
`..`.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gate.collect.readers.errors import ReportError
from gate.collect.readers.layers import UNPACKED_LIMIT, Measured, Measuring

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_KEPT = 4 * 1024 * 1024
_MAX_MEMBERS = 20_000
_PIECE = 1 << 20


@dataclass(slots=True)
class ArchiveMembers:
    """What an archive holds: measured files, the bytes of those that may be JSON, and what is no file."""

    files: dict[str, Measured] = field(default_factory=dict)
    documents: dict[str, bytes] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)


def read_image_tar(pieces: Iterable[bytes], limit: int = UNPACKED_LIMIT) -> ArchiveMembers:
    """Return what an archive holds. `limit` bounds the unpacked bytes of all layers. Raises ReportError.

    What `pieces` raises while it is read goes through.
    """
    source = _Source(pieces)
    members = ArchiveMembers()
    try:
        with tarfile.open(fileobj=io.BufferedReader(source, _PIECE), mode="r|", errorlevel=1) as archive:
            for count, member in enumerate(archive):
                if count >= _MAX_MEMBERS:
                    raise ReportError(f"has more than {_MAX_MEMBERS:,} members")
                limit -= _member(archive, member, members, limit)
    except (tarfile.TarError, EOFError, ValueError, OverflowError, RecursionError) as error:
        if source.problem is not None:
            raise source.problem from None
        if not source.total:
            raise ReportError("is empty") from None
        words = " ".join(str(error).split())[:100]
        raise ReportError(f"is no tar that can be read ({words})") from None
    return members


def _member(archive: tarfile.TarFile, member: tarfile.TarInfo, members: ArchiveMembers, limit: int) -> int:
    """Take one member, and return how much it unpacked to."""
    name = member.name.removeprefix("./")
    if name.startswith("/") or ".." in name.split("/"):
        raise ReportError(f"has a member that leads out of it ({name[:100]!r})")
    if member.isdir():
        return 0
    if name in members.files or name in members.others:
        raise ReportError(f"has two members of the name {name[:100]!r}")
    if not member.isreg() or member.issparse():
        members.others[name] = "a link" if member.islnk() or member.issym() else "no plain file"
        return 0
    stream = archive.extractfile(member)
    measuring = Measuring(limit)
    kept: list[bytes] | None = [] if member.size <= _KEPT else None
    while stream is not None and (piece := stream.read(_PIECE)):
        measuring.feed(piece)
        if kept is not None:
            kept.append(piece)
    try:
        measured = measuring.end()
    except ReportError as error:
        raise ReportError(f"has a layer {name[:100]!r} that {error.reason}") from None
    if measured.size != member.size:
        raise ReportError(f"is cut off in its member {name[:100]!r}")
    members.files[name] = measured
    data = b"".join(kept or ())
    if data[:1] in (b"{", b"["):
        members.documents[name] = data
    return measured.unpacked or 0


class _Source(io.RawIOBase):
    """Pieces as a file. tarfile hides what its file raises in an error of its own; `problem` keeps it."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces: Iterator[bytes] = iter(pieces)
        self._left = memoryview(b"")
        self.total = 0
        self.problem: Exception | None = None

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill a buffer."""
        target = memoryview(buffer)
        if not self._left:
            try:
                self._left = memoryview(next(self._pieces, b""))
            except Exception as error:
                self.problem = error
                raise
        length: int = min(len(target), len(self._left))
        target[:length] = self._left[:length]
        self._left = self._left[length:]
        self.total += length
        return length
