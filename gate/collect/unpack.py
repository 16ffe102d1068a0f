"""Taking an archive that comes from somebody else apart, into a folder of ours.

What may be in it: folders and regular files with plain relative names, up to a number and a size. Everything else
(links, devices, `..`, absolute names, two names that are one on some file system, bytes that unpack to a thousand times
their size) refuses the archive as a whole, because nobody knows what the rest of it would mean.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gate.formats.plain import one_line

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
                    writer.write(info.filename, stream)
            return writer.count
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        raise UnpackProblem(f"is not a zip that can be read: {one_line(str(error), 200)}") from None
    except (OSError, ValueError) as error:
        raise UnpackProblem(f"was not unpacked: {one_line(str(error), 200)}") from None


def unpack_tree(data: bytes, folder: Path, bounds: Bounds) -> tuple[str, ...]:
    """Unpack the packed tar of a commit's tree without its first folder; return what was left out.

    Links and submodules are part of honest trees: links are left out and named, since nothing in a tree of somebody
    else is followed. Everything else that is no regular file refuses the archive. Raises UnpackProblem.
    """
    left_out: list[str] = []
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
                    left_out.append(_checked(name))
                    continue
                stream = archive.extractfile(member) if member.isreg() else None
                if stream is None:
                    raise UnpackProblem(f"holds “{one_line(name, 100)}”, which is no regular file")
                writer.write(name, stream)
            _drain(packed, bounds)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise UnpackProblem(f"is not a packed tar that can be read: {one_line(str(error), 200)}") from None
    except (OSError, ValueError) as error:
        raise UnpackProblem(f"was not unpacked: {one_line(str(error), 200)}") from None
    return tuple(left_out)


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

    def write(self, name: str, stream: IO[bytes]) -> None:
        """Write one file. Raises UnpackProblem."""
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
                file.write(chunk)


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
