"""Readers of a forge's JSON that hold it to its promises: a text is a text, or the answer is broken."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from gate.formats.strict_json import JsonProblem, loads
from gate.model.json import Json, JsonObject
from gate.publish.forge_words import ForgeProblem, Trouble

T = TypeVar("T")
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class NotJson(ForgeProblem):
    """An answer that is not JSON: a page of a proxy's, or a document that was cut."""

    def __init__(self, reason: str) -> None:
        super().__init__(Trouble.BROKEN, f"answered with something that is not JSON: {reason}")


def is_sha(text: str) -> bool:
    """Tell whether a text is the full id of a git object: 40 (SHA-1) or 64 (SHA-256) hex digits in lower case."""
    return _SHA.fullmatch(text) is not None


def parse(data: bytes) -> Json:
    """Return an answer's document. Raises NotJson for what is none, or only half of one."""
    try:
        return loads(data)
    except JsonProblem as problem:
        reason = problem.reason
    raise NotJson(reason)


def broken(where: str, wanted: str) -> ForgeProblem:
    """Return the problem of an answer that lacks what the forge promises."""
    return ForgeProblem(Trouble.BROKEN, f"answered without what it promises: {where} is not {wanted}")


class Fields:
    """An object of an answer. Every method raises ForgeProblem(BROKEN) when the member is of another type."""

    __slots__ = ("_value", "where")

    def __init__(self, value: Json, where: str) -> None:
        if not isinstance(value, dict):
            raise broken(where, "an object")
        self._value = value
        self.where = where

    def has(self, key: str) -> bool:
        """Tell whether the member is there and not null."""
        return self._value.get(key) is not None

    def text(self, key: str) -> str:
        """Return a text."""
        value = self._value.get(key)
        if not isinstance(value, str):
            raise self._broken(key, "a text")
        return value

    def maybe_text(self, key: str) -> str | None:
        """Return a text, None where the member is null or absent."""
        return self.text(key) if self.has(key) else None

    def sha(self, key: str) -> str:
        """Return the id of a git object."""
        value = self.text(key)
        if not is_sha(value):
            raise self._broken(key, "the id of a git object")
        return value

    def integer(self, key: str) -> int:
        """Return a whole number that is not negative, as all ids, sizes and counts are."""
        value = self._value.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self._broken(key, "a whole number")
        return value

    def maybe_integer(self, key: str) -> int | None:
        """Return a whole number, None where the member is null or absent."""
        return self.integer(key) if self.has(key) else None

    def flag(self, key: str, default: bool | None = None) -> bool:
        """Return a yes or no; the default, if there is one, where the member is null or absent."""
        value = self._value.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, bool):
            raise self._broken(key, "true or false")
        return value

    def child(self, key: str) -> Fields:
        """Return an object."""
        return Fields(self._value.get(key), f"{self.where}.{key}")

    def maybe_child(self, key: str) -> Fields | None:
        """Return an object, None where the member is null or absent."""
        return self.child(key) if self.has(key) else None

    def children(self, key: str) -> tuple[Fields, ...]:
        """Return a list of objects."""
        return tuple(elements(self._value.get(key), f"{self.where}.{key}"))

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; none where the member is null or absent."""
        value = self._value.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._broken(key, "a list of texts")
        return tuple(item for item in value if isinstance(item, str))

    def plain(self, *keys: str) -> JsonObject:
        """Return those of the members that are there and neither lists nor objects."""
        return {key: self._value[key] for key in keys if isinstance(self._value.get(key), str | bool | int)}

    def _broken(self, key: str, wanted: str) -> ForgeProblem:
        return broken(f"{self.where}.{key}", wanted)


def elements(value: Json, where: str) -> Iterator[Fields]:
    """Yield the objects of a list. Raises ForgeProblem(BROKEN) where it is not a list of objects."""
    if not isinstance(value, list):
        raise broken(where, "a list")
    for index, item in enumerate(value):
        yield Fields(item, f"{where}[{index}]")


def each(value: Json, where: str, read: Callable[[Fields], T]) -> tuple[T, ...]:
    """Read every object of a list."""
    return tuple(read(item) for item in elements(value, where))


def listed(value: Json, key: str, read: Callable[[Fields], T]) -> tuple[T, ...]:
    """Read every object of the list that is a member of an object, as in `{total_count, check_runs: [...]}`."""
    return tuple(read(item) for item in Fields(value, "the answer").children(key))
