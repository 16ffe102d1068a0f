"""Measuring layers: their digest, size and, unpacked, the same again, piece by piece and with a bound.

A layer is a tar, often packed with gzip (RFC 1952). zstd is told by its magic (RFC 8878) and cannot be unpacked here.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass

from gate.collect.readers.errors import ReportError

UNPACKED_LIMIT = 64 * 1024**3
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_STEP = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Measured:
    """A blob. `digest` and `size` are of its bytes; `diff_id` and `unpacked` of the tar in it, None for zstd."""

    digest: str
    size: int
    diff_id: str | None
    unpacked: int | None


class Measuring:
    """Measures one blob that comes in pieces. `limit` bounds what it may unpack to, in bytes."""

    def __init__(self, limit: int = UNPACKED_LIMIT) -> None:
        self._limit = limit
        self._size = 0
        self._raw = hashlib.sha256()
        self._unpacked = 0
        self._tar = hashlib.sha256()
        self._head = b""
        self._gunzip: zlib._Decompress | None = None
        self._kind: str | None = None

    def feed(self, piece: bytes) -> None:
        """Take the next piece. Raises ReportError when it does not unpack, or to too much."""
        self._size += len(piece)
        self._raw.update(piece)
        if self._kind is None:
            self._head += piece
            if len(self._head) < len(_ZSTD):
                return
            self._begin()
            piece = self._head
        self._unpack(piece)

    def end(self) -> Measured:
        """Return what was measured. Raises ReportError when the blob is cut off."""
        if self._kind is None:
            self._begin()
            self._unpack(self._head)
        if self._gunzip is not None:
            self._take(self._gunzip.flush())
        if self._gunzip is not None and not self._gunzip.eof:
            raise ReportError("is cut off: its gzip does not end")
        raw = f"sha256:{self._raw.hexdigest()}"
        if self._kind == "zstd":
            return Measured(raw, self._size, None, None)
        return Measured(raw, self._size, f"sha256:{self._tar.hexdigest()}", self._unpacked)

    def _begin(self) -> None:
        if self._head.startswith(_GZIP):
            self._kind = "gzip"
            self._gunzip = zlib.decompressobj(wbits=31)
        else:
            self._kind = "zstd" if self._head.startswith(_ZSTD) else "tar"

    def _unpack(self, piece: bytes) -> None:
        if self._gunzip is None:
            if self._kind == "tar":
                self._take(piece)
            return
        while piece:
            if self._gunzip.eof:  # another member of the same file
                if not piece.strip(b"\0"):
                    return
                self._gunzip = zlib.decompressobj(wbits=31)
            try:
                self._take(self._gunzip.decompress(piece, _STEP))
            except zlib.error:
                raise ReportError("does not unpack: its gzip is damaged") from None
            piece = self._gunzip.unconsumed_tail or self._gunzip.unused_data

    def _take(self, data: bytes) -> None:
        self._unpacked += len(data)
        if self._unpacked > self._limit:
            raise ReportError(f"unpacks to more than {self._limit:,} bytes")
        self._tar.update(data)
