"""Whether a secret in one version of a file is the one in another, without keeping it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from typing import TypeAlias

from gate.collect.secrets.contents import Place
from gate.collect.secrets.parts import readings

Identity: TypeAlias = tuple[str, bytes]

_LONG = 1000
_MARK = 5
_BEFORE, _AFTER = 20, 80


class Identities:
    """Tells secrets apart by rule and by the lines they stand on.

    Of these a hash is kept, in memory only, with a key that is thrown away with this object.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def of(self, path: str, data: bytes, places: tuple[Place, ...]) -> dict[Place, Identity]:
        """Return the identity of each place in a file."""
        lines = readings(data)[-1].split(b"\n")
        return {place: (place.rule, self._hash(_text(path, lines, place))) for place in places}

    def _hash(self, text: bytes) -> bytes:
        return hashlib.blake2b(text, key=self._key, digest_size=32).digest()


def marks(path: str, data: bytes, places: Iterable[Place]) -> dict[Place, str]:
    """Return what each place in a file is told by in a fingerprint: five hexadecimal digits of what stands there.

    So another secret in the place of one that is waived is another finding, but once in a million times; and twenty
    bits give nothing of it away to those who see the report and not the file.
    """
    lines = readings(data)[-1].split(b"\n")
    return {place: hashlib.sha256(_text(path, lines, place)).hexdigest()[:_MARK] for place in places}


def by_path(found: Iterable[tuple[str, Place]]) -> dict[str, list[Place]]:
    """Return the places of each file."""
    files: dict[str, list[Place]] = {}
    for path, place in found:
        files.setdefault(path, []).append(place)
    return files


def _text(path: str, lines: list[bytes], place: Place) -> bytes:
    if place.inside is not None:
        # What is in an archive is told apart by where it is in it.
        return f"{path}!{place.inside}:{place.line}:{place.column}".encode("utf-8", "surrogateescape")
    if place.line == 0:
        return path.encode("utf-8", "surrogateescape")
    text = b"\n".join(line.strip() for line in lines[place.line - 1 : place.end_line])
    if len(text) <= _LONG or place.line != place.end_line:
        return text
    # One of many statements on a line of a file that a machine wrote.
    line = lines[place.line - 1]
    return line[max(0, place.column - _BEFORE) : place.column + _AFTER]
