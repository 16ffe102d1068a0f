"""References within a schema that a person wrote: none leads out, none leads back, and together they stay small."""

from __future__ import annotations

from collections.abc import Iterator

from gate.judge.schema_walk import SchemaPath, children, path_of, resolve
from gate.model.json import Json, JsonObject

_SCHEMAS = 5000
"""How many schemas there may be once every reference is followed."""
_CHAIN = 200
"""How deep they may nest then: well below what Python's stack bears while judging."""
_DEFINITIONS = ("$defs", "definitions")


def reference_mistakes(document: Json) -> list[tuple[SchemaPath, str]]:
    """Return (path, sentence) for each reference that cannot be followed in bounded time."""
    walker = _Walker(document)
    try:
        size = walker.visit(document, (), 0)
        for path, child in _definitions(document, ()):
            walker.visit(child, path, 0)
    except _TooDeepError:
        return [((), f"Its references nest more than {_CHAIN} schemas deep.")]
    if not walker.mistakes and size > _SCHEMAS:
        return [((), f"Its references make {size:,} schemas of this one; at most {_SCHEMAS:,} are judged.")]
    return walker.mistakes


class _TooDeepError(Exception):
    pass


class _Walker:
    """Visits every schema once, depth first, and counts what is below it with references followed."""

    def __init__(self, document: Json) -> None:
        self._document = document
        self._sizes: dict[int, int] = {}
        self._open: set[int] = set()
        self.mistakes: list[tuple[SchemaPath, str]] = []

    def visit(self, schema: Json, path: SchemaPath, depth: int) -> int:
        if not isinstance(schema, dict):
            return 1
        if depth > _CHAIN:
            raise _TooDeepError
        mark = id(schema)
        if mark in self._sizes:
            return self._sizes[mark]
        self._open.add(mark)
        size = 1 + self._follow(schema, path, depth)
        for step, child in children(schema):
            if step[0] not in _DEFINITIONS:
                size += self.visit(child, path + step, depth + 1)
        self._open.discard(mark)
        self._sizes[mark] = size
        return size

    def _follow(self, schema: JsonObject, path: SchemaPath, depth: int) -> int:
        if "$ref" not in schema:
            return 0
        ref = schema["$ref"]
        target = self._target(ref)
        if isinstance(target, str):
            self.mistakes.append(((*path, "$ref"), target))
            return 0
        if id(target) in self._open:
            text = f'"{ref}" leads back to itself; a schema of a policy cannot be recursive.'
            self.mistakes.append(((*path, "$ref"), text))
            return 0
        return self.visit(target, path_of(str(ref)), depth + 1)

    def _target(self, ref: Json) -> JsonObject | bool | str:
        """Return the schema that a reference names, or the sentence that says why there is none."""
        if not isinstance(ref, str) or not ref.startswith(("#/$defs/", "#/definitions/")):
            return f'"{ref}" leads out of the definitions, and nothing is ever fetched. Refer to #/$defs/NAME.'
        if ref.count("/") > 2:
            return f'"{ref}" leads into a definition. Give the part a name of its own under $defs.'
        try:
            target = resolve(self._document, ref)
        except KeyError:
            return f'There is nothing at "{ref}".'
        return target if isinstance(target, dict | bool) else f'There is no schema at "{ref}".'


def _definitions(schema: Json, path: SchemaPath) -> Iterator[tuple[SchemaPath, Json]]:
    """Yield the definitions, also those that nothing refers to and those within others."""
    for step, child in children(schema):
        if step[0] in _DEFINITIONS:
            yield path + step, child
        yield from _definitions(child, path + step)
