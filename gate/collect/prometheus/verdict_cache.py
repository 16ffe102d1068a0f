"""What promtool or amtool said of one copy, kept under the tool's version, how the gate used it, and the copy's bytes.

The path is no part of it: each copy is looked at by itself, under a name of the gate's choice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import TypeVar

import msgspec

from gate.collect.cache import Cache, from_cache
from gate.model.json import Json

_FORMAT = "1"
"""Of the values; another one is another key."""
T = TypeVar("T")


class VerdictCache:
    """The verdicts of one tool of one version, used in one way. Safe to use from several threads but for the count.

    `shape` is the type of what is kept, `identity` says how the tool is used. A value of another shape counts as
    nothing.
    """

    def __init__(self, cache: Cache, tool: str, version: str, identity: str) -> None:
        self._cache = cache
        self._space = tool
        self.version = version
        self._shared = (_FORMAT, version, identity)
        self._origins: list[str] = []

    def get(self, copy: bytes, shape: type[T], fits: Callable[[T], bool]) -> T | None:
        """Return what was said of a copy; None where it is not known, or what is kept does not fit."""
        kept = self._cache.get(self._space, (*self._shared, sha256(copy).hexdigest()))
        if kept is None:
            return None
        try:
            value = msgspec.convert(kept.value, type=shape)
        except (msgspec.ValidationError, RecursionError):
            return None
        if not fits(value):
            return None
        self._origins.append(kept.origin)
        return value

    def put(self, copy: bytes, value: Json) -> None:
        """Keep what was said of a copy."""
        self._cache.put(self._space, (*self._shared, sha256(copy).hexdigest()), value)

    @property
    def cached(self) -> str:
        """How many verdicts came from the cache, and when they were found; "" for none."""
        return from_cache(len(self._origins), self._origins)


def in_shares(items: Sequence[T], jobs: int, most: int, least: int) -> list[Sequence[T]]:
    """Return the items in shares for so many processes, of `least` to `most` items but for the last."""
    size = min(most, max(least, -(-len(items) // max(1, jobs))))
    return [items[start : start + size] for start in range(0, len(items), size)]
