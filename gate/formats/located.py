"""The values of manifests: JSON whose mappings know their line, and the few tags that count. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from gate.model.json import Json

KEPT_TAGS = frozenset({"!reset", "!override"})
"""The tags that say something of how files are joined (Compose Specification, 13-merge.md); all others are dropped."""


class Located(dict[str, Json]):
    """A mapping that knows its line, from 1: that of its key where it is the value of one, else that of its start."""

    __slots__ = ("line",)

    line: int


class TaggedMapping(Located):
    """A mapping with one of the tags that are kept."""

    __slots__ = ("tag",)

    tag: str


class TaggedList(list[Json]):
    """A list with one of the tags that are kept."""

    __slots__ = ("tag",)

    tag: str


class TaggedText(str):
    """A scalar with one of the tags that are kept, as it is written."""

    __slots__ = ("tag",)

    tag: str


def line_of(value: Json, otherwise: int = 1) -> int:
    """Return the line of a mapping, `otherwise` for any other value."""
    return value.line if isinstance(value, Located) else otherwise


def tag_of(value: Json) -> str:
    """Return the tag of a value where it is one of KEPT_TAGS, "" for any other."""
    return value.tag if isinstance(value, TaggedMapping | TaggedList | TaggedText) else ""


def tagged(value: Json, tag: str) -> Json:
    """Return a mapping, a list or a text with a tag, the same value for what is none of them or for the tag ""."""
    found: TaggedMapping | TaggedList | TaggedText
    if not tag:
        return value
    if isinstance(value, dict):
        found = TaggedMapping(value)
        found.line = line_of(value)
    elif isinstance(value, list):
        found = TaggedList(value)
    elif isinstance(value, str):
        found = TaggedText(value)
    else:
        return value
    found.tag = tag
    return found


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """A document that could be read. `line` is where its content begins, from 1; `index` counts from 0."""

    value: Json
    line: int
    index: int


@dataclass(frozen=True, slots=True)
class BadYaml:
    """A document that could not. `reason` is a sentence without its full stop; `text` is what stands there."""

    reason: str
    line: int
    index: int
    text: str


Part: TypeAlias = YamlDocument | BadYaml
