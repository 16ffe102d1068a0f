from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers.errors import ReportError
from gate.collect.readers.git_commits import ChangedFile, read_blobs, read_changed_files, read_commits, read_sizes

A, B, C, ZERO = "a" * 40, "b" * 40, "c" * 40, "0" * 40


def test_commits_and_their_parents() -> None:
    assert read_commits(f"{A}\n{B} {A}\n{C} {A} {B}\n".encode()) == {A: (), B: (A,), C: (A, B)}
    assert read_commits(b"") == {}


def test_changed_files() -> None:
    data = (
        f"{A}\0:000000 100644 {ZERO} {B} A\0new\nline\0"
        f":100755 000000 {B} {ZERO} D\0gone\0"
        f":160000 160000 {B} {C} M\0submodule\0"
        f"{C}\0::100644 120000 100644 {A} {B} {C} MM\0merged\0"
    ).encode()
    assert read_changed_files(data) == [
        ChangedFile(A, "new\nline", B, ()),
        ChangedFile(A, "gone", None, (B,)),
        ChangedFile(A, "submodule", None, ()),
        ChangedFile(C, "merged", C, (A, B)),
    ]


@pytest.mark.parametrize(
    "data",
    [
        f":100644 100644 {A} {B} M\0a\0",
        f"{A}\0:100644 {A} {B} M\0a\0",
        f"{A}\0::100644 100644 {A} {B} M\0a\0",
        f"{A}\0:100644 100644 {A} {B} M",
        f"{A}\0what\0a\0",
    ],
)
def test_other_records_are_refused(data: str) -> None:
    with pytest.raises(ReportError):
        read_changed_files(data.encode())


def test_sizes() -> None:
    assert read_sizes(f"{A} blob 12\n{B} missing\n".encode()) == {A: 12, B: None}
    with pytest.raises(ReportError):
        read_sizes(f"{A} tree 12\n".encode())


def test_other_lists_are_refused() -> None:
    with pytest.raises(ReportError):
        read_commits(b"fatal: bad\n")


@given(st.lists(st.binary(max_size=40), max_size=9))
def test_blobs(contents: list[bytes]) -> None:
    names = [f"{number:040x}" for number in range(len(contents))]
    data = b"".join(
        f"{name} blob {len(content)}\n".encode() + content + b"\n"
        for name, content in zip(names, contents, strict=True)
    )
    assert read_blobs(data) == dict(zip(names, contents, strict=True))
    if data:
        with pytest.raises(ReportError):
            read_blobs(data[:-1])


@given(st.binary(max_size=100))
def test_bytes_are_read_or_refused(data: bytes) -> None:
    for read in (read_commits, read_changed_files, read_sizes, read_blobs):
        with suppress(ReportError):
            read(data)
