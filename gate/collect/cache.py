"""Results that need not be worked out again, kept under what they depend on.

The key of an entry is everything that its value depends on: the tool, its version, the rules, the hash of the input.
So an entry is never stale, and a folder of them can be thrown away at any time. What it is not is proof against whoever
can write to the folder: a run on a fork's pull request gets no cache at all (`commands.wiring`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gate.model.json import Json


@dataclass(frozen=True, slots=True)
class Cached:
    """A value that was kept. `origin` says when and by which run, for the evidence; it begins with the day."""

    value: Json
    origin: str


class Cache(Protocol):
    """Keeps values. Safe to use from several threads.

    The last part of a key is the input (the hash of a file); entries that share all other parts (tool, version, rules,
    options) are kept together, so thousands of files are one file of the cache. What comes out of a cache has the shape
    that someone gave it: whoever takes a value checks it, and a misfit counts as nothing.
    """

    def get(self, space: str, key: Sequence[str]) -> Cached | None:
        """Return the value that was kept under a key; None when there is none, or it cannot be trusted."""
        ...

    def put(self, space: str, key: Sequence[str], value: Json) -> None:
        """Keep a value. It may not be kept at all: raises nothing."""
        ...

    def save(self) -> None:
        """Write what is new, once, when everything has been put. Raises nothing."""
        ...


class _NoCache:
    """Keeps nothing."""

    def get(self, space: str, key: Sequence[str]) -> Cached | None:  # noqa: ARG002 - the port's signature
        """Return nothing."""
        return None

    def put(self, space: str, key: Sequence[str], value: Json) -> None:
        """Keep nothing."""

    def save(self) -> None:
        """Write nothing."""


NO_CACHE: Cache = _NoCache()
"""The cache of a run that has none."""


def from_cache(count: int, origins: Iterable[str]) -> str:
    """Return how a source says what it did not work out now: "485 from the cache of 2026-11-20 (run 12)"."""
    known = sorted(set(origins))
    if not count or not known:
        return ""
    first, last = known[0][:_DAY], known[-1][:_DAY]
    when = known[0] if len(known) == 1 else first if first == last else f"{first} to {last}"
    return f"{count:,} from the cache of {when}"


_DAY = len("2026-11-20")
