"""The values between the YAML parser and the readers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from gate.model.json import Json


class YamlProblem(Exception):
    """Something in a YAML file that is not accepted; line and column count from 1."""

    def __init__(self, reason: str, line: int, column: int, path: tuple[str | int, ...] = ()) -> None:
        self.reason = reason
        self.line = line
        self.column = column
        self.path = path
        super().__init__(f"{reason} (line {line}, column {column})")


class Mark(NamedTuple):
    """Where a value stands and, for a mapping, each key: {key: (line, column, mark of the value)}."""

    line: int
    column: int
    children: dict[str, tuple[int, int, Mark]] | list[Mark] | None
    written: bool = False
    """False for the nothing that stands between two `---`"""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a reading allows. Strict: one document, no anchors, tags, merge keys or directives."""

    limit: int
    depth: int
    strict: bool
    anchors: bool = False


class Node(NamedTuple):
    """A composed value. `weight` is what it expands to, `height` how deep it nests."""

    value: Json
    mark: Mark
    weight: int
    height: int


class Place(Protocol):
    """A place in the text, from 0."""

    line: int
    column: int
    index: int


class Event(Protocol):
    """What PyYAML's events carry, each its part of it."""

    start_mark: Place
    end_mark: Place
    anchor: str | None
    tag: str | None
    value: str
    implicit: tuple[bool, bool]
    version: tuple[int, int] | None
    tags: dict[str, str] | None
