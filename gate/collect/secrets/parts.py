"""How a file is put before gitleaks: in parts that it reads whole, with a mark at the end, under a name without a past.

- gitleaks reads files in pieces and looks at each on its own, so it misses what lies across a border (measured with
  8.30.1: in a file of one long line). Parts are smaller than a piece, and overlap.
- It passes over what begins like a binary format, however it goes on. An empty line goes before every part.
- It leaves out paths that its rules, its ignore file or the repository's configuration name. Parts are numbered; of the
  name only what a rule asks for is kept.
- It does not read UTF-16. Such files are put before it as UTF-8 too; lines stay the same.
- A rule of the gate's own finds the mark: a part whose mark was not found, at its place, was not read to its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MARK_RULE = "readiness-gate-end"
BEFORE = b"\n"
AFTER = b"\n\n~~readiness-gate:end~~\n"
PART = 72 * 1024
"""Bytes of a part. gitleaks 8.30 reads pieces of 100,000 bytes."""
OVERLAP = 16 * 1024
"""Bytes that a part shares with the one before: more than the longest secret, which is a private key of 16,384 bits."""

_NAMES = (
    (re.compile(r"(?i)\.ya?ml$"), ".yaml"),
    (re.compile(r"(?i)\.(?:tf|hcl)$"), ".tf"),
    (re.compile(r"(?i)\.php$"), ".php"),
    (re.compile(r"(?i)nuget\.config$"), "nuget.config"),
    (re.compile(r"(?i)(?:^|/)[^/]+\.p(?:12|fx)$"), ".p12"),
)
"""What the default rules of gitleaks ask of a name (`path = …`), and the ending that satisfies them."""

_BYTE_ORDER_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_SAMPLE = 4096
_MOSTLY = 0.4


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a file. `data` is what gitleaks gets.

    `line` is how many lines of the file lie before the part, `start` how many bytes of its first line do. `mark_line`
    is the line of `data`, from 1, that holds the mark.
    """

    data: bytes
    line: int
    start: int
    mark_line: int


def ending(path: str) -> str:
    """Return what is kept of a name, because a rule asks for it; "" for most names."""
    return next((kept for pattern, kept in _NAMES if pattern.search(path)), "")


def readings(data: bytes) -> tuple[bytes, ...]:
    """Return what gitleaks is to read of a file: its bytes, and for text in UTF-16 or UTF-32 the same in UTF-8.

    Both, because a file may begin like UTF-16 and go on otherwise.
    """
    encoding = _wide_encoding(data)
    if encoding is None:
        return (data,)
    return data, data.decode(encoding, "replace").encode("utf-8", "replace")


def is_binary(data: bytes) -> bool:
    """Whether a file holds no text: a NUL stands in its first 8,000 bytes (what git goes by), and it is not UTF-16."""
    return b"\0" in data[:8000] and _wide_encoding(data) is None


def parts(data: bytes, *, size: int = PART, overlap: int = OVERLAP) -> Iterator[Part]:
    """Yield the parts of a file; none for an empty one. They end at the end of a line where there is one to end at."""
    begin = line = first = 0
    while begin < len(data):
        end = _end(data, begin, size, overlap)
        framed = BEFORE + data[begin:end] + AFTER
        yield Part(framed, line, begin - first, framed.count(b"\n"))
        if end == len(data):
            return
        following = _begin(data, begin, end, overlap)
        line += data.count(b"\n", begin, following)
        newline = data.rfind(b"\n", begin, following)
        first = first if newline < 0 else newline + 1
        begin = following


def _end(data: bytes, begin: int, size: int, overlap: int) -> int:
    end = begin + size
    if end >= len(data):
        return len(data)
    newline = data.rfind(b"\n", begin + 2 * overlap, end)
    return end if newline < 0 else newline + 1


def _begin(data: bytes, begin: int, end: int, overlap: int) -> int:
    """Return where the next part begins: `overlap` before the end of this one, or at the line that holds this place."""
    wanted = end - overlap
    newline = data.rfind(b"\n", max(begin, wanted - overlap), wanted)
    return wanted if newline < 0 else newline + 1


def _wide_encoding(data: bytes) -> str | None:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return encoding
    sample = data[:_SAMPLE]
    half = len(sample) // 2
    if half < 2:
        return None
    # Latin text in UTF-16 without a mark: every other byte is NUL, and the others are not.
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > _MOSTLY * half and even < odd / 8:
        return "utf-16-le"
    return "utf-16-be" if even > _MOSTLY * half and odd < even / 8 else None
