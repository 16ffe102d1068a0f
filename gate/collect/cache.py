"""Results that need not be worked out again, kept under what they depend on.

The key of an entry is everything that its value depends on: the tool, its version, the rules, the hash of the input.
So an entry is never stale, and a folder of them can be thrown away at any time. What it is not is proof against whoever
can write to the folder: a run on a fork's pull request gets no cache at all (`commands.wiring`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gate.model.json import Json


@dataclass(frozen=True, slots=True)
class Cached:
    """A value that was kept. `origin` says when and by which run, for the evidence."""

    value: Json
    origin: str


class Cache(Protocol):
    """Keeps values. Safe to use from several threads."""

    def get(self, space: str, key: Sequence[str]) -> Cached | None:
        """Return the value that was kept under a key; None when there is none, or it cannot be trusted."""
        ...

    def put(self, space: str, key: Sequence[str], value: Json) -> None:
        """Keep a value. It may not be kept at all: raises nothing."""
        ...


class _NoCache:
    """Keeps nothing."""

    def get(self, space: str, key: Sequence[str]) -> Cached | None:  # noqa: ARG002 - the port's signature
        """Return nothing."""
        return None

    def put(self, space: str, key: Sequence[str], value: Json) -> None:
        """Keep nothing."""


NO_CACHE: Cache = _NoCache()
"""The cache of a run that has none."""
