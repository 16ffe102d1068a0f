"""The YAML of manifests: document by document, with the line of every mapping, in one pass over libyaml's events.

Where `strict_yaml` refuses, this reads on: a document that cannot be read does not take those beside it with it. What
is bounded is what an alias expands to and how deep things nest; what is refused is what has no one meaning, such as a
key that stands twice. Scalars follow the core schema of YAML 1.2 (`gate.formats.yaml_scalars`); keys are their text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from gate.formats.located import KEPT_TAGS, BadYaml, Located, Part, YamlDocument, line_of, tag_of, tagged
from gate.formats.yaml_scalars import ScalarError, resolve, shorten
from gate.formats.yaml_text import SourceError, decode, explain_syntax
from gate.model.json import Json

if TYPE_CHECKING:
    from gate.formats.yaml_nodes import Event

__all__ = ["LIMIT", "BadYaml", "Located", "Part", "YamlDocument", "line_of", "read_parts", "tag_of", "tagged"]

LIMIT = 16 * 1024 * 1024
"""Bytes of a file that are read at most."""
_EXPANDED = 2_000_000
"""Nodes that one document may have when its aliases are written out."""
_DEEPEST = 100
_kind: Callable[[object], type[object]] = type
"""The class of an event: PyYAML's, which the port `Event` stands for."""
_MARKER = re.compile(r"^(?:---|\.\.\.)(?=[ \t\r\n]|\Z)", re.MULTILINE)
_MAY_MEAN = frozenset("0123456789+-.~nNtTfF") | {""}
"""With what a plain scalar begins that may be more than text."""
_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null"))
_TEMPLATE = re.compile(r"\{\{[^{}\n]*\}\}|\{%[^%\n]*%\}")


def read_parts(data: bytes, limit: int = LIMIT) -> list[Part]:
    """Return the documents of a file in order, those without content left out.

    Anchors and merge keys are followed; tags are dropped, but for KEPT_TAGS. Bytes that are no text of a YAML file are
    one bad document.
    """
    try:
        text = decode(data, limit=limit, bom=True)
    except SourceError as error:
        return [BadYaml(error.reason, error.line, 0, "")]
    try:
        return list(_Composer().documents(text, 0, 0))
    except (yaml.YAMLError, RecursionError):
        # Something in here is not YAML. Every `---` at the start of a line begins a document (YAML 1.2.2, 9.1), so the
        # others can be read by themselves.
        return list(_apart(text))


def _apart(text: str) -> Iterator[Part]:
    index = 0
    for piece, line in _pieces(text):
        parts: list[Part]
        try:
            parts = list(_Composer().documents(piece, line, index))
        except yaml.MarkedYAMLError as error:
            reason, at, _column = explain_syntax(error, piece)
            parts = [BadYaml(_template_first(reason, piece), line + at, index, piece)]
        except (yaml.YAMLError, RecursionError) as error:
            parts = [BadYaml(f"This is not YAML that can be read: {error}", line + 1, index, piece)]
        yield from parts
        index += len(parts)


def _pieces(text: str) -> Iterator[tuple[str, int]]:
    """Yield the text from each marker to the next, and how many lines stand before it."""
    starts = [0, *(match.start() for match in _MARKER.finditer(text) if match.start()), len(text)]
    line = 0
    for start, end in pairwise(starts):
        piece = text[start:end]
        if piece.strip():
            yield piece, line
        line += piece.count("\n")


def _template_first(reason: str, text: str) -> str:
    """Return the reason, or that the text is a template: then it is no mistake, but nothing to judge either."""
    found = _TEMPLATE.search(text)
    if found is None:
        return reason
    return f"This is a template, which holds {shorten(found.group(), 60)}, and not YAML before it is rendered"


class _Composer:
    """Composes documents. `problem` is the first thing wrong with the present one: (reason, line)."""

    def __init__(self) -> None:
        self._anchors: dict[str, tuple[Json, int, int] | None] = {}
        self._weight = 0
        self._deepest = 0
        self._problem: tuple[str, int] | None = None
        self._before = 0

    def documents(self, text: str, before: int, index: int) -> Iterator[Part]:
        """Yield the documents of a text with so many lines and documents before it. Raises yaml.YAMLError."""
        loader = getattr(yaml, "CLoader", yaml.Loader)(text)
        events = cast("Iterator[Event]", iter(loader.get_event, None))
        self._before = before
        for event in events:
            kind = _kind(event)
            if kind is not DocumentStartEvent:
                continue
            self._begin()
            first = next(events)
            line = first.start_mark.line + before + 1
            value = self._node(first, events, 0)
            if self._problem is not None:
                reason, at = self._problem
                yield BadYaml(_template_first(reason, text), at, index, text)
            elif value is None and first.end_mark.index == first.start_mark.index:
                continue
            else:
                yield YamlDocument(value, line, index)
            index += 1

    def _begin(self) -> None:
        self._anchors.clear()
        self._weight = self._deepest = 0
        self._problem = None

    def _node(self, event: Event, events: Iterator[Event], depth: int) -> Json:
        kind = _kind(event)
        self._weight += 1
        if kind is ScalarEvent:
            value = _scalar(event)
            if event.anchor is not None:
                self._anchors[event.anchor] = (value, 1, 0)
            return value
        if kind is AliasEvent:
            return self._alias(event, depth)
        if depth >= _DEEPEST:
            # The parser itself would go on for as long as memory lasts.
            raise yaml.YAMLError(f"it nests more than {_DEEPEST} levels deep")
        if event.anchor is None:
            self._deepest = max(self._deepest, depth)
            return self._collection(event, events, depth)
        return self._anchored(event.anchor, event, events, depth)

    def _anchored(self, anchor: str, event: Event, events: Iterator[Event], depth: int) -> Json:
        """Compose a collection, and note what an alias of it brings: its weight and its height."""
        self._anchors[anchor] = None
        outer, self._deepest, before = self._deepest, depth, self._weight
        value = self._collection(event, events, depth)
        self._anchors[anchor] = (value, self._weight - before + 1, self._deepest - depth + 1)
        self._deepest = max(outer, self._deepest)
        return value

    def _collection(self, event: Event, events: Iterator[Event], depth: int) -> Json:
        kind = _kind(event)
        if kind is MappingStartEvent:
            value: Json = self._mapping(event, events, depth)
        else:
            value = self._list(events, depth)
        return value if event.tag not in KEPT_TAGS else tagged(value, event.tag or "")

    def _list(self, events: Iterator[Event], depth: int) -> list[Json]:
        values: list[Json] = []
        for item in events:
            kind = _kind(item)
            if kind is SequenceEndEvent:
                break
            values.append(self._node(item, events, depth + 1))
        return values

    def _mapping(self, start: Event, events: Iterator[Event], depth: int) -> Located:
        values = Located()
        values.line = start.start_mark.line + self._before + 1
        merged: list[tuple[Event, Json]] = []
        for event in events:
            kind = _kind(event)
            if kind is MappingEndEvent:
                break
            # Most keys and values are plain scalars: they are not worth a call each.
            is_plain = kind is ScalarEvent and event.anchor is None
            key = event.value if is_plain else self._key(event, events, depth)
            first = next(events)
            kind = _kind(first)
            if kind is ScalarEvent and first.anchor is None:
                self._weight += 1
                value = _scalar(first)
            else:
                value = self._node(first, events, depth + 1)
                # What an alias brings stands where its anchor is.
                if kind is MappingStartEvent and isinstance(value, Located):
                    value.line = event.start_mark.line + self._before + 1
            if key == "<<" and event.implicit[0]:
                merged.append((event, value))
            elif key in values:
                self._note(f'The key "{shorten(key)}" stands here twice, and only one of them can count', event)
            else:
                values[key] = value
        for event, value in merged:
            self._merge(values, value, event)
        return values

    def _merge(self, values: Located, value: Json, event: Event) -> None:
        """Add what a merge key brings; the mapping's own keys come first (the YAML merge key type, 2005)."""
        for source in value if isinstance(value, list) else [value]:
            if not isinstance(source, dict):
                self._note("A merge key (<<) takes a mapping or a list of mappings", event)
                return
            self._weight += len(source)
            for key, item in source.items():
                values.setdefault(key, item)

    def _key(self, event: Event, events: Iterator[Event], depth: int) -> str:
        kind = _kind(event)
        if kind is ScalarEvent:
            if event.anchor is not None:
                self._anchors[event.anchor] = (event.value, 1, 0)
            return event.value
        value = self._node(event, events, depth + 1)
        if isinstance(value, str):
            return value
        self._note("A key that is not text stands here", event)
        return ""

    def _alias(self, event: Event, depth: int) -> Json:
        anchor = event.anchor or ""
        known = self._anchors.get(anchor)
        if known is None:
            where = "stands inside what it names" if anchor in self._anchors else "names no anchor above it"
            self._note(f"The alias *{shorten(anchor)} {where}", event)
            return None
        value, weight, height = known
        self._weight += weight
        self._deepest = max(self._deepest, depth + height)
        if self._weight > _EXPANDED or self._deepest > _DEEPEST:
            self._note("The aliases here expand to more than is read", event)
            return None
        return value

    def _note(self, reason: str, event: Event) -> None:
        if self._problem is None:
            self._problem = (reason, event.start_mark.line + self._before + 1)


def _scalar(event: Event) -> Json:
    text = event.value
    if not event.implicit[0]:
        tag = event.tag
        if tag is None:
            return text
        if tag not in _PLAIN_TAGS:
            return tagged(text, tag) if tag in KEPT_TAGS else text
    if text[:1] not in _MAY_MEAN:
        return text
    try:
        return resolve(text)
    except ScalarError:
        return text
