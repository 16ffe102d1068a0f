"""Reading git's plumbing: any bytes give lines or a ReportError. Real patches are in tests/collect/test_git.py."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers.errors import ReportError
from gate.collect.readers.git_output import IndexEntry, read_index, read_patch

OID = b"0123456789abcdef0123456789abcdef01234567"


def record(tag: bytes, mode: bytes, stage: bytes, path: bytes) -> bytes:
    return tag + b" " + mode + b" " + OID + b" " + stage + b"\t" + path + b"\0"


def test_an_index() -> None:
    data = (
        record(b"H", b"100644", b"0", b"a\tb\nc")
        + record(b"h", b"100755", b"0", b"unwatched")
        + record(b"S", b"120000", b"0", b"sparse")
        + record(b"s", b"100644", b"0", b"both")
        + record(b"M", b"100644", b"1", b"merge")
        + record(b"M", b"100644", b"2", b"merge")
        + record(b"H", b"160000", b"0", b"sub\xff")
    )
    assert read_index(data) == [
        IndexEntry("a\tb\nc", 0o100644),
        IndexEntry("unwatched", 0o100755, unwatched=True),
        IndexEntry("sparse", 0o120000, skipped=True),
        IndexEntry("both", 0o100644, skipped=True, unwatched=True),
        IndexEntry("merge", 0o100644, unmerged=True),
        IndexEntry(os.fsdecode(b"sub\xff"), 0o160000),
    ]
    assert read_index(b"") == []


@pytest.mark.parametrize("data", [b"x\0", b"H 100644 short 0\ta\0", record(b"H", b"100648", b"0", b"a"), b"H\0"])
def test_what_is_no_index(data: bytes) -> None:
    with pytest.raises(ReportError, match="cannot be read as the output of git ls-files"):
        read_index(data)


HEAD = b"diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", {}),
        (HEAD + b"@@ -1 +1 @@\n-a\n+b\n", {"x": {1}}),
        (HEAD + b"@@ -3,0 +4,2 @@ def f():\n+a\n+b\n@@ -9,2 +11,0 @@\n-a\n-b\n", {"x": {4, 5}}),
        (HEAD + b"@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n", {"x": {1}}),
        (b"diff --git a/x b/x\nold mode 100644\nnew mode 100755\n", {"x": set()}),
        (b"diff --git a/x b/x\ndeleted file mode 100644\nindex 1..0\n", {}),
        (b"diff --git a/x b/x b/x b/x\nnew mode 1\n", {"x b/x": set()}),
        (b'diff --git "a/\\303\\251\\n\\"\\\\\\t" "b/\\303\\251\\n\\"\\\\\\t"\nnew mode 1\n', {'é\n"\\\t': set()}),
        (HEAD + b"@@ -0,0 +1,3 @@\n+diff --git a/y b/y\n+@@ -1 +1 @@\n++++ b/z\n", {"x": {1, 2, 3}}),
        (HEAD + b"@@ -1 +1 @@\n-a\r\n+b\rc\n", {"x": {1}}),
        (HEAD + b"@@ -1 +1 @@\n-a\n+b" + HEAD[:0], {"x": {1}}),
    ],
)
def test_patches(data: bytes, expected: dict[str, set[int]]) -> None:
    assert read_patch(data) == expected


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"* Unmerged path x\n", "does not begin with"),
        (b"diff --git a/x b/y\n", "the names of a file differ"),
        (b"diff --git x x\n", "the names of a file differ"),
        (b'diff --git "a/x" b/x\n', "the names of a file differ"),
        (HEAD + b"@@ nonsense\n", "a hunk has no numbers"),
        (HEAD + b"@@ -1 +1,2 @@\n-a\n+b\n", "a hunk has too few lines"),
        (HEAD + b"@@ -1,2 +1 @@\n-a\n+b\n", "a hunk has too few lines"),
        (HEAD + b"@@ -1 +1,99999999999 @@\n-a\n+b\n", "a hunk has impossible numbers"),
    ],
)
def test_what_is_no_patch(data: bytes, reason: str) -> None:
    with pytest.raises(ReportError, match=reason):
        read_patch(data)


PIECE = st.sampled_from(
    [
        b"diff --git a/x b/x\n",
        b"@@ -1 +1 @@\n",
        b"@@ -0,0 +1,2 @@\n",
        b"+a\n",
        b"-a\n",
        b"\\ No\n",
        b"deleted file mode 1\n",
    ]
)


@given(st.lists(st.one_of(PIECE, st.binary(max_size=12)), max_size=12).map(b"".join))
def test_any_bytes_are_a_patch_or_are_refused(data: bytes) -> None:
    try:
        got = read_patch(data)
    except ReportError:
        return
    assert all(number >= 0 for numbers in got.values() for number in numbers)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_index_or_are_refused(data: bytes) -> None:
    try:
        entries = read_index(data)
    except ReportError:
        return
    assert len({entry.path for entry in entries}) == len(entries)
