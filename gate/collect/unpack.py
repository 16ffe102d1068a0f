"""Taking an archive that comes from somebody else apart, into a folder of ours.

What may be in it: folders and regular files with plain relative names, up to a number and a size. Everything else
(links, devices, `..`, absolute names, two names that are one on some file system, bytes that unpack to a thousand times
their size) refuses the archive as a whole, because nobody knows what the rest of it would mean.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from gate.formats.plain import one_line

if TYPE_CHECKING:
    from hashlib import _Hash as Hash

_CHUNK = 1024 * 1024
_ENCRYPTED = 0x1
_LINK_MODES = (0o120000, 0o060000, 0o020000, 0o010000, 0o140000)
_TYPE = 0o170000
_LONGEST_NAME = 1_000


class UnpackProblem(Exception):
    """An archive that was not unpacked. `reason` completes "The archive …"."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The archive {reason}")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an archive may hold: files, bytes of one file, bytes of all."""

    files: int = 1_000
    one_file: int = 256 * 1024 * 1024
    all_files: int = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What a packed tree held: per file the id that git gives to what is in it, and the links, which were not made."""

    files: dict[str, str] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)


def unpack_zip(data: bytes, folder: Path, bounds: Bounds) -> int:
    """Unpack a zip into a new folder and return how many files it had. Raises UnpackProblem."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            if len(infos) > bounds.files:
                raise UnpackProblem(f"holds {len(infos):,} entries, more than {bounds.files:,}")
            writer = _Writer(folder, bounds, str.casefold)
            for info in infos:
                if info.is_dir():
                    _checked(info.filename.rstrip("/"))
                    continue
                _check_zip_entry(info)
                with archive.open(info) as stream:
                    writer.write(info.filename, stream, hashlib.sha256())
            return writer.count
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        raise UnpackProblem(f"is not a zip that can be read: {one_line(str(error), 200)}") from None
    except (OSError, ValueError) as error:
        raise UnpackProblem(f"was not unpacked: {one_line(str(error), 200)}") from None


def unpack_tree(data: bytes, folder: Path, bounds: Bounds) -> Unpacked:
    """Unpack the packed tar of a commit's tree without its first folder; return what was in it.

    Links are part of honest trees: they are named and not made, since nothing in a tree of somebody else is followed.
    Everything else that is neither a folder nor a regular file refuses the archive. Raises UnpackProblem.
    """
    found = Unpacked()
    writer = _Writer(folder, bounds, str)  # an honest tree may hold Makefile and makefile
    try:
        with (
            gzip.GzipFile(fileobj=io.BytesIO(data)) as packed,
            tarfile.open(fileobj=packed, mode="r|") as archive,
        ):
            for number, member in enumerate(archive):
                if number > bounds.files:
                    raise UnpackProblem(f"holds more than {bounds.files:,} entries")
                _top, _slash, name = member.name.partition("/")
                if not name or member.isdir():
                    continue
                if member.issym() or member.islnk():
                    found.links.append(_checked(name))
                    continue
                stream = archive.extractfile(member) if member.isreg() else None
                if stream is None:
                    raise UnpackProblem(f"holds “{one_line(name, 100)}”, which is no regular file")
                found.files[name] = writer.write(name, stream, blob(member.size))
            _drain(packed, bounds)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise UnpackProblem(f"is not a packed tar that can be read: {one_line(str(error), 200)}") from None
    except (OSError, ValueError) as error:
        raise UnpackProblem(f"was not unpacked: {one_line(str(error), 200)}") from None
    return found


def blob(size: int) -> Hash:
    """Return what makes the id that git gives to a file of so many bytes."""
    return hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)


def _drain(packed: gzip.GzipFile, bounds: Bounds) -> None:
    """Read to the end, where the checksum is: the end of the tar alone does not show that the download was whole."""
    left = bounds.all_files
    for chunk in _chunks(packed):
        left -= len(chunk)
        if left < 0:
            raise UnpackProblem(f"unpacks to more than {bounds.all_files:,} bytes")


def _check_zip_entry(info: zipfile.ZipInfo) -> None:
    name = one_line(info.filename, 100)
    if info.flag_bits & _ENCRYPTED:
        raise UnpackProblem(f"holds “{name}”, which is encrypted")
    if (info.external_attr >> 16) & _TYPE in _LINK_MODES:
        raise UnpackProblem(f"holds “{name}”, which is no regular file")


class _Writer:
    """Writes files below a folder, within bounds. No folder on the way is a link, since we made all of them."""

    def __init__(self, folder: Path, bounds: Bounds, same: Callable[[str], str]) -> None:
        """`same` makes names alike that count as one."""
        self._same = same
        self._folder = folder
        self._bounds = bounds
        self._left = bounds.all_files
        self._seen: set[str] = set()
        self.count = 0

    def write(self, name: str, stream: IO[bytes], digest: Hash) -> str:
        """Write one file and return the digest of what it holds, in hex. Raises UnpackProblem."""
        checked = _checked(name)
        if self._same(checked) in self._seen:
            raise UnpackProblem(f"holds “{one_line(name, 100)}” twice")
        self._seen.add(self._same(checked))
        self.count += 1
        if self.count > self._bounds.files:
            raise UnpackProblem(f"holds more than {self._bounds.files:,} files")
        path = self._folder / checked
        path.parent.mkdir(parents=True, exist_ok=True)
        size = 0
        with path.open("xb") as file:
            for chunk in _chunks(stream):
                size += len(chunk)
                self._left -= len(chunk)
                if size > self._bounds.one_file:
                    raise UnpackProblem(f"holds “{one_line(name, 100)}” of more than {self._bounds.one_file:,} bytes")
                if self._left < 0:
                    raise UnpackProblem(f"unpacks to more than {self._bounds.all_files:,} bytes")
                digest.update(chunk)
                file.write(chunk)
        return digest.hexdigest()


def _chunks(stream: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK):
        yield chunk


def _checked(name: str) -> str:
    """Return a name that leads below the folder and nowhere else. Raises UnpackProblem."""
    parts = name.split("/")
    plain = name and len(name) <= _LONGEST_NAME and "\\" not in name and name.isprintable()
    if not plain or any(part in ("", ".", "..") for part in parts) or (":" in parts[0] and len(parts[0]) == 2):
        raise UnpackProblem(f"holds a file with the name “{one_line(name, 100)}”, which is no plain relative path")
    return name
