"""From YAML events to JSON values with marks. See `gate.formats.strict_yaml` for what the two ways of reading are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from gate.formats.yaml_nodes import Event, Mark, Node, Rules, YamlProblem
from gate.formats.yaml_scalars import ScalarError, resolve, shorten
from gate.formats.yaml_text import SourceError, decode, explain_syntax
from gate.model.json import Json, JsonObject

_EXPANDED = 10_000_000
"""What aliases may expand a file to: characters of scalars plus one for each node."""
_CORE_TAGS = "tag:yaml.org,2002:"


class _Fatal(Exception):
    """Ends the search for problems; the problem itself is noted already."""


def _loader() -> type[yaml.Loader]:
    loader: type[yaml.Loader] = getattr(yaml, "CLoader", yaml.Loader)
    return loader


class Composer:
    """Composes the documents of one file; what is wrong gathers in `problems`."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._anchors: dict[str, Node | None] = {}
        self._path: list[str | int] = []
        self._weight = 0
        self.problems: list[YamlProblem] = []

    def compose(self, data: bytes) -> list[tuple[Json, Mark]]:
        """Return each document's value and marks. They mean nothing when there are problems."""
        try:
            text = decode(data, limit=self._rules.limit, bom=not self._rules.strict)
        except SourceError as error:
            self.problems.append(YamlProblem(error.reason, error.line, error.column))
            return []
        documents: list[tuple[Json, Mark]] = []
        try:
            self._documents(cast("Iterator[Event]", yaml.parse(text, Loader=_loader())), documents)
        except _Fatal:
            pass
        except yaml.MarkedYAMLError as error:
            reason, line, column = explain_syntax(error, text)
            self.problems.append(YamlProblem(reason, line, column, tuple(self._path)))
        except (yaml.YAMLError, RecursionError) as error:
            self.problems.append(YamlProblem(f"This is not YAML that can be read: {error}", 1, 1))
        return documents

    def _documents(self, events: Iterator[Event], documents: list[tuple[Json, Mark]]) -> None:
        for event in events:
            kind: type[object] = type(event)
            if kind is DocumentStartEvent:
                if self._rules.strict:
                    self._check_document(event, len(documents))
                self._anchors.clear()
                node = self._node(next(events), events, 0)
                documents.append((node.value, node.mark))
            elif kind is StreamEndEvent:
                return

    def _check_document(self, event: Event, before: int) -> None:
        if before:
            self._note("A second document begins here; one file holds one document", event)
            raise _Fatal
        if event.version or event.tags:
            self._note("Directives (%YAML, %TAG) are not available; remove the line", event)

    def _node(self, event: Event, events: Iterator[Event], depth: int) -> Node:
        kind: type[object] = type(event)
        if kind is AliasEvent:
            return self._alias(event, depth)
        if kind is ScalarEvent:
            node = self._leaf(event)
        else:
            if depth >= self._rules.depth:
                self._note(f"This nests more than {self._rules.depth} levels deep", event)
                raise _Fatal
            self._open(event)
            if kind is MappingStartEvent:
                node = self._mapping(event, events, depth)
            else:
                node = self._list(event, events, depth)
        if event.anchor is not None:
            self._close_anchor(event.anchor, event, node)
        return node

    def _leaf(self, event: Event) -> Node:
        value = self._scalar(event)
        start = event.start_mark
        written = value is not None or event.end_mark.index > start.index
        weight = 1 + len(event.value)
        self._weight += weight
        return Node(value, Mark(start.line + 1, start.column + 1, None, written), weight, 0)

    def _open(self, event: Event) -> None:
        """Note the tag and the anchor of a collection."""
        if event.tag is not None and self._rules.strict:
            self._note(f"The tag {_tag(event.tag)} is not available; remove it", event)
        if event.anchor is not None:
            self._anchors[event.anchor] = None

    def _close_anchor(self, name: str, event: Event, node: Node) -> None:
        if not self._rules.anchors:
            self._note(f"The anchor &{shorten(name)} is not available; write the value out", event)
        self._anchors[name] = node

    def _alias(self, event: Event, depth: int) -> Node:
        mark = Mark(event.start_mark.line + 1, event.start_mark.column + 1, None, True)
        nothing = Node(None, mark, 1, 0)
        anchor = event.anchor or ""
        name = shorten(anchor)
        if not self._rules.anchors:
            self._note(f"The alias *{name} is not available; write the value out", event)
            return nothing
        if anchor not in self._anchors:
            self._note(f"The alias *{name} names no anchor above it", event)
            return nothing
        node = self._anchors[anchor]
        if node is None:
            self._note(f"The alias *{name} stands inside what it names", event)
            return nothing
        self._weight += node.weight
        if self._weight > _EXPANDED or depth + node.height > self._rules.depth:
            self._note("The aliases of this file expand to more than is read", event)
            raise _Fatal
        return node._replace(mark=mark)

    def _scalar(self, event: Event) -> Json:
        text: str = event.value
        plain = event.implicit[0]
        if event.tag is not None:
            if self._rules.strict:
                self._note(f"The tag {_tag(event.tag)} is not available; remove it", event)
                return text
            plain = event.tag.removeprefix(_CORE_TAGS) in ("int", "float", "bool", "null")
        if not plain:
            return text
        try:
            return resolve(text)
        except ScalarError as error:
            self._note(str(error), event)
            return None

    def _list(self, start: Event, events: Iterator[Event], depth: int) -> Node:
        values: list[Json] = []
        marks: list[Mark] = []
        weight = height = 0
        path = self._path
        for event in events:
            kind: type[object] = type(event)
            if kind is SequenceEndEvent:
                break
            path.append(len(values))
            node = self._node(event, events, depth + 1)
            path.pop()
            values.append(node.value)
            marks.append(node.mark)
            weight += node.weight
            height = max(height, node.height)
        mark = Mark(start.start_mark.line + 1, start.start_mark.column + 1, marks, True)
        return Node(values, mark, weight + 1, height + 1)

    def _mapping(self, start: Event, events: Iterator[Event], depth: int) -> Node:
        values: JsonObject = {}
        marks: dict[str, tuple[int, int, Mark]] = {}
        merged: list[tuple[Event, Json]] = []
        weight = height = 0
        path = self._path
        for event in events:
            kind: type[object] = type(event)
            if kind is MappingEndEvent:
                break
            key = self._key(event, depth)
            path.append(key)
            if key in marks:
                self._note(f'The key "{shorten(key)}" stands here twice, first on line {marks[key][0]}', event)
            node = self._node(next(events), events, depth + 1)
            path.pop()
            weight += node.weight + len(key) + 1
            self._weight += len(key) + 1
            height = max(height, node.height)
            if key == "<<" and event.implicit[0] and self._merges(event):
                merged.append((event, node.value))
                continue
            values[key] = node.value
            marks[key] = (event.start_mark.line + 1, event.start_mark.column + 1, node.mark)
        for event, value in merged:
            self._merge(values, value, event)
        mark = Mark(start.start_mark.line + 1, start.start_mark.column + 1, marks, True)
        return Node(values, mark, weight + 1, height + 1)

    def _merges(self, event: Event) -> bool:
        if self._rules.strict:
            self._note("Merge keys (<<) are not available; write the keys out", event)
        return True

    def _merge(self, values: JsonObject, value: Json, event: Event) -> None:
        """Add what a merge key brings; the mapping's own keys come first (the YAML merge key type, 2005)."""
        if self._rules.strict:
            return
        for source in value if isinstance(value, list) else [value]:
            if not isinstance(source, dict):
                self._note("A merge key (<<) takes a mapping or a list of mappings", event)
                return
            for key, item in source.items():
                values.setdefault(key, item)

    def _key(self, event: Event, depth: int) -> str:
        """Return the text of a key."""
        kind: type[object] = type(event)
        if kind is AliasEvent:
            node = self._alias(event, depth)
            return self._plain_key(node.value, event)
        if kind is not ScalarEvent:
            self._note("A key that is a list or a mapping is not available", event)
            raise _Fatal
        text: str = event.value
        if self._rules.strict:
            value = self._scalar(event)
            if event.anchor is not None:
                self._note(f"The anchor &{shorten(event.anchor)} is not available; remove it", event)
            if not isinstance(value, str):
                self._note(f'The key {shorten(text) or "of nothing"} is not text; quote it: "{shorten(text)}"', event)
        elif event.anchor is not None:
            self._anchors[event.anchor] = Node(text, Mark(0, 0, None, True), 1 + len(text), 0)
        return text

    def _plain_key(self, value: Json, event: Event) -> str:
        if isinstance(value, dict | list):
            self._note("A key that is a list or a mapping is not available", event)
            raise _Fatal
        return value if isinstance(value, str) else str(value)

    def _note(self, reason: str, event: Event) -> None:
        mark = event.start_mark
        self.problems.append(YamlProblem(reason, mark.line + 1, mark.column + 1, tuple(self._path)))
        if not self._rules.strict:
            raise _Fatal


def _tag(tag: str) -> str:
    return shorten(tag.replace(_CORE_TAGS, "!!"))
