"""Taking archives apart, within bounds, so that what is packed in them is searched as well.

The gate does this itself, with the standard library: gitleaks would leave out paths and binary files of an archive
without a word. Nothing is written under a name of the archive, and no link in one is followed.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

MOST_BYTES = 64 * 1024 * 1024
"""Bytes that may come out of one file of the repository, all levels together."""
MOST_MEMBERS = 10_000
MOST_LEVELS = 4

_Opened: TypeAlias = gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_COMPRESSED: tuple[tuple[bytes, Callable[[io.BytesIO], _Opened]], ...] = (
    (b"\x1f\x8b\x08", lambda file: gzip.GzipFile(fileobj=file)),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\x00", lzma.LZMAFile),
)
_BZIP2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")
"""After "BZh" and a digit: a block, or the end of an empty stream. "BZh" alone could begin a text."""
_OTHERS = {
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"Rar!\x1a\x07": "RAR",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"\x04\x22\x4d\x18": "LZ4",
    b"MSCF\x00\x00\x00\x00": "Cabinet",
    b"\x1f\x9d": "compress",
}
_TAR_MAGIC = slice(257, 262)


class ArchiveProblem(Exception):
    """An archive was not searched whole. `reason` completes "PATH: …"."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class _File(Protocol):
    """What can be read."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes."""
        ...


@dataclass(slots=True)
class _Budget:
    """What is left of the bounds."""

    size: int = MOST_BYTES
    members: int = MOST_MEMBERS

    def take(self, file: _File) -> bytes:
        """Read a file whole. Raises ArchiveProblem."""
        data = file.read(self.size + 1)
        self.size -= len(data)
        self.members -= 1
        if self.size < 0:
            raise ArchiveProblem(f"is an archive of more than {MOST_BYTES:,} bytes, which is not searched whole")
        if self.members < 0:
            raise ArchiveProblem(f"is an archive of more than {MOST_MEMBERS:,} files, which is not searched whole")
        return data


def members(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the names and contents of what is packed in a file, at any level; nothing for what is no archive.

    Names of inner levels are joined by "!". Raises ArchiveProblem, after what could be read.
    """
    try:
        yield from _members(data, "", _Budget(), MOST_LEVELS)
    except ArchiveProblem:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a damaged or hostile archive makes of the standard library
        raise ArchiveProblem(f"is an archive that cannot be taken apart ({type(error).__name__})") from None


def _members(data: bytes, above: str, budget: _Budget, levels: int) -> Iterator[tuple[str, bytes]]:
    for name, content in _direct(data, budget):
        if levels == 0:
            raise ArchiveProblem(f"holds archives in archives, more than {MOST_LEVELS} levels deep")
        inside = f"{above}!{name}" if above else name
        yield inside, content
        yield from _members(content, inside, budget, levels - 1)


def _direct(data: bytes, budget: _Budget) -> Iterator[tuple[str, bytes]]:
    if data.startswith(_ZIP) or (b"\0" in data[:8000] and zipfile.is_zipfile(io.BytesIO(data))):
        yield from _zip(data, budget)
    elif data[_TAR_MAGIC] == b"ustar":
        yield from _tar(data, budget)
    elif (unpack := _unpacker(data)) is not None:
        with unpack(io.BytesIO(data)) as file:
            yield "contents", budget.take(file)
    else:
        for magic, name in _OTHERS.items():
            if data.startswith(magic):
                raise ArchiveProblem(f"is a {name} archive, which the gate does not take apart")


def _unpacker(data: bytes) -> Callable[[io.BytesIO], _Opened] | None:
    for magic, unpack in _COMPRESSED:
        if data.startswith(magic):
            return unpack if magic != b"BZh" or data[4:10] in _BZIP2_BLOCKS else None
    return None


def _zip(data: bytes, budget: _Budget) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            if info.flag_bits & 1:
                raise ArchiveProblem("is an archive with a password, which cannot be searched")
            with archive.open(info) as file:
                yield info.filename, budget.take(file)


def _tar(data: bytes, budget: _Budget) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for info in archive:
            if not info.isreg():
                continue
            file = archive.extractfile(info)
            if file is not None:
                yield info.name, budget.take(file)
