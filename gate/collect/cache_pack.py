"""One file of the cache: entries whose keys differ in the last part only. Bytes in, entries out, and back.

Format (JSON, UTF-8): `{"version": 1, "key": [SPACE, PART, …], "entries": {LAST: [VALUE, ORIGIN, USED, SHA256], …}}`.
`key` is the whole key but its last part, so that a file that was put in another's place is known. ORIGIN begins with
the day of the run that made the value; USED is the day on which it was last asked for. SHA256 is of key, origin and
value as they are written. A value is decoded when it is asked for, and not before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Literal

import msgspec

from gate.model.json import Json

VALUE_LIMIT = 1024 * 1024
"""Bytes of one value."""
ORIGIN = re.compile(r"\d{4}-\d\d-\d\d[ -~]{0,120}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class PackProblem(Exception):
    """Bytes that are no file of the cache. The text completes "FILE …"."""


class Entry(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """A value as it is written, where it came from, when it was last asked for (a day), and its checksum."""

    value: msgspec.Raw
    origin: str
    used: str
    sha256: str


class _Pack(msgspec.Struct, forbid_unknown_fields=True):
    version: Literal[1]
    key: tuple[str, ...]
    entries: dict[str, Entry]


def read_pack(data: bytes, key: Sequence[str]) -> dict[str, Entry]:
    """Return the entries of a file that should hold those of a key. Raises PackProblem."""
    try:
        pack = msgspec.json.decode(data, type=_Pack)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PackProblem(f"is no file of the cache: {error}") from None
    if pack.key != tuple(key):
        raise PackProblem("holds the entries of another key")
    return pack.entries


def write_pack(key: Sequence[str], entries: Mapping[str, Entry], limit: int) -> bytes:
    """Return entries as a file of at most `limit` bytes. The ones that were asked for longest ago are left out."""
    data = msgspec.json.encode(_Pack(1, tuple(key), dict(entries)))
    if len(data) <= limit:
        return data
    newest = sorted(entries.items(), key=lambda item: (item[1].used, item[1].origin[:10]), reverse=True)
    kept: dict[str, Entry] = {}
    left = limit * 3 // 4
    for last, entry in newest:
        # A hundred bytes of JSON around each, and a name that may be written in escapes.
        left -= len(bytes(entry.value)) + len(entry.origin) + len(entry.sha256) + 6 * len(last) + 100
        if left < 0:
            break
        kept[last] = entry
    return msgspec.json.encode(_Pack(1, tuple(key), kept))


def make_entry(key: Sequence[str], value: Json, origin: str, day: str) -> Entry | None:
    """Return a value as an entry; None for one that is too large or cannot be written as JSON."""
    try:
        raw = msgspec.json.encode(value)
        checksum = _checksum(key, origin, raw)
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError):
        return None
    return Entry(msgspec.Raw(raw), origin, day, checksum) if len(raw) <= VALUE_LIMIT else None


def value_of(key: Sequence[str], entry: Entry) -> Json:
    """Return the value of an entry. Raises PackProblem when it is not what was written under this key."""
    raw = bytes(entry.value)
    if len(raw) > VALUE_LIMIT or not ORIGIN.fullmatch(entry.origin) or not _DAY.fullmatch(entry.used):
        raise PackProblem("holds an entry that the gate did not write")
    if _checksum(key, entry.origin, raw) != entry.sha256:
        raise PackProblem("holds an entry whose checksum is another one")
    try:
        value: Json = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PackProblem(f"holds an entry that is not JSON: {error}") from None
    return value


def _checksum(key: Sequence[str], origin: str, raw: bytes) -> str:
    head = msgspec.json.encode([list(key), origin])
    return sha256(head + b"\n" + raw).hexdigest()
