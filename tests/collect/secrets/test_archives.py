from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.secrets import archives
from gate.collect.secrets.archives import ArchiveProblem, members


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("folder/", b"")
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_files_of_an_archive(pack: object) -> None:
    assert callable(pack)
    assert list(members(pack(a=b"one", b=b"two"))) == [("a", b"one"), ("b", b"two")]


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_files_and_tars(compress: object) -> None:
    assert callable(compress)
    assert list(members(compress(b"one"))) == [("contents", b"one")]
    assert ("contents!a", b"one") in list(members(compress(tarred(a=b"one"))))


def test_archives_in_archives() -> None:
    assert list(members(zipped(inner=zipped(a=b"one"))))[-1] == ("inner!a", b"one")
    data = b"one"
    for _ in range(archives.MOST_LEVELS + 1):
        data = gzip.compress(data)
    with pytest.raises(ArchiveProblem, match="levels deep"):
        list(members(data))


def test_a_zip_behind_other_bytes() -> None:
    assert list(members(b"#!/usr/bin/env python3\n" + b"\0" + zipped(a=b"one"))) == [("a", b"one")]


@pytest.mark.parametrize("data", [b"", b"BZh = 1\n", b"PK is no zip", b"text", b"\0" * 600])
def test_what_is_no_archive(data: bytes) -> None:
    assert list(members(data)) == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (zipped(a=b"one")[:-8], "cannot be taken apart"),
        (gzip.compress(b"one" * 100, mtime=0)[:-9], "cannot be taken apart"),
        (b"7z\xbc\xaf\x27\x1c" + b"\0" * 30, "7-Zip"),
        (b"Rar!\x1a\x07\x01\0", "RAR"),
        (b"\x28\xb5\x2f\xfd\0\0", "Zstandard"),
    ],
)
def test_what_cannot_be_taken_apart_is_told(data: bytes, reason: str) -> None:
    with pytest.raises(ArchiveProblem, match=reason):
        list(members(data))


def test_a_password() -> None:
    data = bytearray(zipped(a=b"one"))
    directory = data.index(b"PK\x01\x02", data.index(b"one") if b"one" in data else 0)
    data[directory + 8] |= 1
    # The first entry is the folder; the last one is the file.
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(ArchiveProblem, match="password"):
        list(members(bytes(data)))


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ArchiveProblem, match="bytes, which is not searched whole"):
        list(members(gzip.compress(bytes(archives.MOST_BYTES + 1))))
    many = zipped(**{f"f{number}": b"" for number in range(archives.MOST_MEMBERS + 1)})
    with pytest.raises(ArchiveProblem, match="files, which is not searched whole"):
        list(members(many))


@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", b"\x1f\x8b\x08", b"\xfd7zXZ\x00", b"BZh91AY&SY"]))
def test_whatever_comes_it_is_read_or_told(data: bytes, head: bytes) -> None:
    with suppress(ArchiveProblem):
        assert all(isinstance(content, bytes) for _, content in members(head + data))
