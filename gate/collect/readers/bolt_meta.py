"""Whether a bbolt database is whole, as far as its first two pages tell (bbolt's `meta` in internal/common/meta.go).

Each of the first two pages holds, behind a header of 16 bytes: magic (uint32 0xED0CDAED), version (uint32 2), page size
(uint32), flags (uint32), root (uint64, uint64), free list (uint64), the number of pages in use (uint64), transaction
(uint64) and an FNV-1a checksum (uint64) of what is before it, in the byte order of the machine (little-endian on all
that Trivy is built for). A copy that was cut short opens without an error, and what is not there is not found.
"""

from __future__ import annotations

import struct

from gate.collect.readers.errors import ReportError

MAGIC = 0xED0CDAED
_VERSION = 2
_HEADER = 16
_META = struct.Struct("<IIIIQQQQQQ")
_PAGE_SIZES = frozenset(1 << power for power in range(9, 18))
HEAD_BYTES = 2 * max(_PAGE_SIZES)
"""How much of the beginning of the file `check_bolt` needs to see."""


def check_bolt(head: bytes, size: int) -> None:
    """Check the beginning of a database that has `size` bytes. Raises ReportError."""
    if size == 0:
        raise ReportError("is empty")
    first = _meta(head, 0)
    page_sizes = sorted(_PAGE_SIZES) if first is None else [first[0]]
    metas = [first, *(_meta(head, page_size) for page_size in page_sizes)]
    whole = [meta for meta in metas if meta is not None]
    if not whole:
        raise ReportError("is no bbolt database: neither of its first two pages is whole")
    page_size, pages, _ = max(whole, key=lambda meta: meta[2])
    if size < page_size * pages:
        raise ReportError(f"is cut short: it has {size:,} bytes of the {page_size * pages:,} that it uses")


def _meta(head: bytes, start: int) -> tuple[int, int, int] | None:
    """Return page size, pages in use and transaction of one meta page; None where it is none or damaged."""
    begin = start + _HEADER
    raw = head[begin : begin + _META.size]
    if len(raw) < _META.size:
        return None
    magic, version, page_size, _, _, _, _, pages, transaction, checksum = _META.unpack(raw)
    if magic != MAGIC or version != _VERSION or page_size not in _PAGE_SIZES or checksum != _fnv(raw[:-8]):
        return None
    return page_size, pages, transaction


def _fnv(data: bytes) -> int:
    """FNV-1a of 64 bits (RFC 9923)."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value
