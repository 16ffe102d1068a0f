"""Archives of somebody else: unpacked within bounds, or not at all."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.collect.unpack import Bounds, UnpackProblem, unpack_tree, unpack_zip

SMALL = Bounds(files=5, one_file=1_000, all_files=2_000)


def zipped(*entries: tuple[str, bytes], mode: int | None = None, flag: int = 0) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if mode is not None:
                info.external_attr = mode << 16
            archive.writestr(info, data)
    found = bytearray(buffer.getvalue())
    if flag:
        for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            at = found.index(magic) + offset
            found[at] |= flag
    return bytes(found)


def tarred(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def test_a_bundle_is_unpacked(tmp_path: Path) -> None:
    count = unpack_zip(
        zipped(("manifest.json", b"{}"), ("evidence/", b""), ("evidence/tests.json", b"[]")), tmp_path, SMALL
    )
    assert count == 2
    assert (tmp_path / "evidence/tests.json").read_bytes() == b"[]"


@pytest.mark.parametrize(
    "name",
    ["../up", "a/../../up", "/etc/passwd", "a//b", "./a", "a/.", "C:/x", "a\\b", "a\nb", "\u202ea", "x" * 1_001],
)
def test_t23_a_name_that_leads_elsewhere_refuses_the_archive(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "in"
    with pytest.raises(UnpackProblem, match="no plain relative path"):
        unpack_zip(zipped(("fine", b"x"), (name, b"x")), folder, SMALL)
    assert {path.name for path in tmp_path.rglob("*")} <= {"in", "fine"}


def test_t23_a_bomb_is_stopped_while_it_unpacks(tmp_path: Path) -> None:
    with pytest.raises(UnpackProblem, match="more than 1,000 bytes"):
        unpack_zip(zipped(("bomb", b"\0" * 50_000_000)), tmp_path, SMALL)
    assert (tmp_path / "bomb").stat().st_size < 1_000


def test_t23_many_files_and_many_bytes_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnpackProblem, match="holds 6 entries, more than 5"):
        unpack_zip(zipped(*((f"f{n}", b"") for n in range(6))), tmp_path / "a", SMALL)
    with pytest.raises(UnpackProblem, match="unpacks to more than 2,000 bytes"):
        unpack_zip(zipped(*((f"f{n}", b"x" * 900) for n in range(3))), tmp_path / "b", SMALL)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_t22_what_is_no_file_refuses_the_archive(tmp_path: Path, kind: int) -> None:
    with pytest.raises(UnpackProblem, match="no regular file"):
        unpack_zip(zipped(("link", b"/proc/self/environ"), mode=kind | 0o777), tmp_path, SMALL)
    assert not (tmp_path / "link").exists()


def test_one_name_twice_is_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"), pytest.raises(UnpackProblem, match="twice"):
        unpack_zip(zipped(("manifest.json", b"1"), ("manifest.json", b"2")), tmp_path, SMALL)
    with pytest.raises(UnpackProblem, match="twice"):
        unpack_zip(zipped(("Manifest.json", b"1"), ("manifest.json", b"2")), tmp_path / "case", SMALL)


def test_a_file_below_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnpackProblem, match="was not unpacked"):
        unpack_zip(zipped(("a", b"1"), ("a/b", b"2")), tmp_path, SMALL)


def test_an_encrypted_entry_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnpackProblem, match="encrypted"):
        unpack_zip(zipped(("a", b"1"), flag=1), tmp_path, SMALL)


@given(data=st.binary(max_size=300), at=st.integers(0, 200), cut=st.integers(0, 200))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_bytes_are_it_is_unpacked_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, at: int, cut: int
) -> None:
    whole = zipped(("manifest.json", b"{}" * 40), ("evidence/tests.json", b"[1, 2, 3]"))
    for spoiled in (data, whole[:at] + data + whole[at:], whole[: len(whole) - cut]):
        folder = tmp_path_factory.mktemp("zip")
        with contextlib.suppress(UnpackProblem):
            unpack_zip(spoiled, folder, SMALL)
        assert all(path.stat().st_size <= SMALL.one_file for path in folder.rglob("*") if path.is_file())


def test_a_tree_is_unpacked_without_its_first_folder(tmp_path: Path) -> None:
    data = tarred(
        (member("octo-shop-abc/", tarfile.DIRTYPE), b""),
        (member("octo-shop-abc/src/app.py"), b"x = 1\n"),
        (member("octo-shop-abc/Makefile"), b"a"),
        (member("octo-shop-abc/makefile"), b"b"),
        (member("octo-shop-abc/link", tarfile.SYMTYPE, "/etc/passwd"), b""),
    )
    found = unpack_tree(data, tmp_path, SMALL)
    assert found.links == ["link"]
    assert found.files["Makefile"] == hashlib.sha1(b"blob 1\0a", usedforsecurity=False).hexdigest()
    assert sorted(found.files) == ["Makefile", "makefile", "src/app.py"]
    assert (tmp_path / "src/app.py").read_bytes() == b"x = 1\n"
    assert not (tmp_path / "link").is_symlink()


@pytest.mark.parametrize("kind", [tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE])
def test_a_tree_with_a_device_is_refused(tmp_path: Path, kind: bytes) -> None:
    with pytest.raises(UnpackProblem, match="no regular file"):
        unpack_tree(tarred((member("top/dev", kind), b"")), tmp_path, SMALL)


def test_a_tree_that_leads_out_or_never_ends_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnpackProblem, match="no plain relative path"):
        unpack_tree(tarred((member("top/../../x"), b"x")), tmp_path / "a", SMALL)
    with pytest.raises(UnpackProblem, match="more than 1,000 bytes"):
        unpack_tree(tarred((member("top/big"), b"\0" * 5_000_000)), tmp_path / "b", SMALL)
    with pytest.raises(UnpackProblem, match="more than 5 entries"):
        unpack_tree(tarred(*((member(f"top/d{n}/", tarfile.DIRTYPE), b"") for n in range(9))), tmp_path / "c", SMALL)


@pytest.mark.parametrize("cut", [0, 5, 40, -20])
def test_a_tree_that_ends_early_is_refused(tmp_path: Path, cut: int) -> None:
    data = tarred((member("top/a"), bytes(range(256)) * 3), (member("top/b"), b"y" * 300))
    with pytest.raises(UnpackProblem):
        unpack_tree(data[:cut] if cut else gzip.compress(b"not a tar at all" * 99), tmp_path, SMALL)
