"""Writing git's index: what a tree tracks, in the binary form in which git keeps it. Pure.

Format: version 2 of https://git-scm.com/docs/index-format (a header, entries sorted by their names, a checksum).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from dataclasses import dataclass

_LONGEST = 0xFFF
_WORD = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry: `mode` as git writes it (0o100644, 0o120000, 0o160000), `id` in hex.

    `stat` are seconds and nanoseconds of ctime and mtime, device, inode, uid, gid and size of the file as it lies on
    disk; git looks into a file only where they differ. Zeros make it look.
    """

    name: bytes
    mode: int
    id: str
    stat: tuple[int, ...] = (0,) * 9


def index_bytes(entries: Iterable[Listed]) -> bytes:
    """Return an index of these entries; ids of 64 digits make one of a SHA-256 repository."""
    ordered = sorted(entries, key=lambda entry: entry.name)
    body = b"".join([struct.pack(">4sLL", b"DIRC", 2, len(ordered)), *map(_entry, ordered)])
    algorithm = "sha256" if ordered and len(ordered[0].id) == 64 else "sha1"
    return body + hashlib.new(algorithm, body, usedforsecurity=False).digest()


def _entry(entry: Listed) -> bytes:
    *times, device, inode, uid, gid, size = (value & _WORD for value in entry.stat)
    head = struct.pack(">10L", *times, device, inode, entry.mode, uid, gid, size)
    packed = head + bytes.fromhex(entry.id) + struct.pack(">H", min(len(entry.name), _LONGEST)) + entry.name
    return packed + b"\0" * (8 - len(packed) % 8)
