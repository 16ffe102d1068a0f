"""Facts that do not exist: every name that a criterion uses is held against the schema of its kind.

JSON Schema is satisfied by what is not there, so that a criterion on `lines.procent` would never say a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import TypeAlias

from gate.formats.json_values import mapping
from gate.judge.schema_mistakes import SchemaMistake
from gate.judge.schema_walk import ABOUT, IN_PLACE, LISTS, SchemaPath, path_of, resolve
from gate.model.json import Json, JsonObject

_TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a text",
}
_DEEPEST = 6
Place: TypeAlias = "tuple[JsonObject, ...] | None"
"""What is known of a place in the facts: the schemas that may speak of it; None where anything may be."""


def place_of(kind_schema: Json, schema: Json | None = None) -> Place:
    """Return what a schema of a kind says of its document, or of the part that `schema` describes."""
    return _spread(kind_schema, [kind_schema if schema is None else schema])


def unknown_facts(
    require: Json, kind: str, kind_schema: Json, place: Place, name: str = ""
) -> tuple[SchemaMistake, ...]:
    """Return a mistake for each name in `require` that the facts of the kind do not have at that place.

    `place` is where `require` begins (`place_of`, `step`, `elements`), `name` what that is called. Also refused: a
    keyword that says nothing about the type that a fact has (`minLength` of a number), a `type` that it never has.
    """
    finder = _Finder(require, kind, kind_schema)
    finder.look(require, place, (), name)
    return tuple({mistake.path: mistake for mistake in finder.mistakes}.values())


def step(kind_schema: Json, place: Place, name: str) -> Place | bool:
    """Return what is known one key further down; False where there can be no such key."""
    if place is None:
        return None
    below: list[Json] = []
    closed = False
    for schema in place:
        properties = mapping(schema.get("properties"))
        additional = schema.get("additionalProperties")
        if name in properties:
            below.append(properties[name])
        elif isinstance(additional, dict):
            below.append(additional)
        elif additional is False or (properties and additional is not True):
            closed = True
        elif "object" in _types_of(schema):
            return None
    if below:
        return _spread(kind_schema, below)
    return False if closed or place else None


def elements(kind_schema: Json, place: Place) -> Place | bool:
    """Return what is known of the elements of a list, or of the values of a map; False where it is neither.

    The values of a map have their key as `name`.
    """
    if place is None:
        return None
    listed = [schema["items"] for schema in place if "items" in schema]
    if listed:
        return _spread(kind_schema, listed)
    if any("properties" in schema for schema in place):
        return False
    values = [value for schema in place if isinstance(value := schema.get("additionalProperties"), dict)]
    if values:
        named: JsonObject = {"type": "object", "properties": {"name": {"type": "string"}}}
        inside = _spread(kind_schema, values)
        is_object = inside is not None and "object" in _all_types(inside)
        return (*inside, named) if inside is not None and is_object else inside
    return None if {"array", "object"} & _all_types(place) else False


def lists_in(kind_schema: Json, place: Place, above: str = "") -> Iterator[str]:
    """Yield the dotted paths of the lists and maps among the facts, those that lie within other lists left out."""
    for schema in place or ():
        for name, child in mapping(schema.get("properties")).items():
            below = _spread(kind_schema, [child])
            path = f"{above}{name}"
            if below is not None and elements(kind_schema, below) is not False:
                yield path
            elif path.count(".") < _DEEPEST:
                yield from lists_in(kind_schema, below, f"{path}.")


class _Finder:
    def __init__(self, require: Json, kind: str, kind_schema: Json) -> None:
        self._require = require
        self._kind = kind
        self._kind_schema = kind_schema
        self.mistakes: list[SchemaMistake] = []

    def look(self, schema: Json, place: Place, path: SchemaPath, name: str) -> None:
        """Walk the criterion's schema and the kind's side by side. `name` is the place in words, "" at the top."""
        if place is None or not isinstance(schema, dict):
            return
        self._types(schema, place, path, name)
        self._never(schema, place, path, name)
        self._names(schema, place, path, name)
        self._items(schema, place, path, name)
        self._values(schema, place, path, name)
        if "$ref" in schema:
            ref = schema["$ref"]
            self.look(resolve(self._require, ref), place, path_of(str(ref)), name)
        for key, child in mapping(schema.get("dependentSchemas")).items():
            self.look(child, place, (*path, "dependentSchemas", key), name)
        for keyword in IN_PLACE & schema.keys():
            branches = schema[keyword]
            if keyword in LISTS and isinstance(branches, list):
                for index, branch in enumerate(branches):
                    self.look(branch, place, (*path, keyword, index), name)
            else:
                self.look(branches, place, (*path, keyword), name)

    def _names(self, schema: JsonObject, place: Place, path: SchemaPath, name: str) -> None:
        types = _all_types(place)
        if types and "object" not in types:
            return  # a value has no names; `_types` has said so
        unknown: set[str] = set()
        for where, fact, child in _named(schema):
            if fact in unknown:
                continue
            below = step(self._kind_schema, place, fact)
            if isinstance(below, bool):
                unknown.add(fact)
                self._unknown((*path, *where), fact, place, name)
            else:
                self.look(child, below, (*path, *where), f"{name}.{fact}" if name else fact)

    def _unknown(self, path: SchemaPath, fact: str, place: Place, name: str) -> None:
        known = sorted({key for schema in place or () for key in mapping(schema.get("properties"))})
        near = get_close_matches(fact, known, n=1, cutoff=0.5)
        of = f"{self._kind} › {name}" if name else self._kind
        hint = (
            f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known)}." if known else "It holds no keys."
        )
        self.mistakes.append(SchemaMistake(path, f'There is no fact "{fact}" in {of}. {hint}'))

    def _items(self, schema: JsonObject, place: Place, path: SchemaPath, name: str) -> None:
        below: list[Json] = []
        for each in place or ():
            below += [each["items"]] if "items" in each else []
            first = each.get("prefixItems")
            below += first if isinstance(first, list) else []
        inside = _spread(self._kind_schema, below) if below else None
        for keyword in ("items", "contains", "unevaluatedItems"):
            if keyword in schema:
                self.look(schema[keyword], inside, (*path, keyword), f"{name}[]")
        prefix = schema.get("prefixItems")
        for index, child in enumerate(prefix if isinstance(prefix, list) else ()):
            self.look(child, inside, (*path, "prefixItems", index), f"{name}[{index}]")

    def _values(self, schema: JsonObject, place: Place, path: SchemaPath, name: str) -> None:
        """Look at schemas for all the keys that are not named, where the facts are a map."""
        children = [
            ((word,), schema[word]) for word in ("additionalProperties", "unevaluatedProperties") if word in schema
        ]
        patterns = mapping(schema.get("patternProperties"))
        below: list[Json] = []
        for each in place or ():
            below += mapping(each.get("properties")).values()
            below += [each["additionalProperties"]] if isinstance(each.get("additionalProperties"), dict) else []
        inside = _spread(self._kind_schema, below) if below else None
        for where, child in (*children, *((("patternProperties", key), child) for key, child in patterns.items())):
            self.look(child, inside, (*path, *where), f"{name}.*" if name else "*")

    def _never(self, schema: JsonObject, place: Place, path: SchemaPath, name: str) -> None:
        """Refuse a value that a fact with a fixed set of values never has: in `where` it would leave out everything."""
        known = _values_of(place or ())
        for keyword in ("const", "enum") if known else ():
            asked = schema.get(keyword)
            for value in asked if keyword == "enum" and isinstance(asked, list) else [asked] * (keyword in schema):
                if isinstance(value, str) and value not in known:
                    near = get_close_matches(value, known, n=1, cutoff=0.5)
                    hint = f"Did you mean {near[0]}?" if near else f"It is one of {', '.join(known)}."
                    self.mistakes.append(SchemaMistake((*path, keyword), f'{name} is never "{value}". {hint}'))

    def _types(self, schema: JsonObject, place: Place, path: SchemaPath, name: str) -> None:
        types = _all_types(place)
        if not types or not name:
            return
        has = " or ".join(_TYPES.get(item, item) for item in sorted(types))
        for keyword, about in ABOUT.items():
            if keyword in schema and about not in types and not (about == "number" and "integer" in types):
                text = f'"{keyword}" says nothing about {name}, which is {has}; it would pass whatever the value.'
                self.mistakes.append(SchemaMistake((*path, keyword), text))
        wanted = _texts(schema.get("type"))
        if wanted and not any(_overlaps(item, types) for item in wanted):
            text = f"{name} is {has}, so this can never hold."
            self.mistakes.append(SchemaMistake((*path, "type"), text))


def _named(schema: JsonObject) -> Iterator[tuple[SchemaPath, str, Json]]:
    """Yield (path, name, what is asked of it) of every name that a schema uses."""
    for keyword in ("properties", "dependentSchemas"):
        for name, child in mapping(schema.get(keyword)).items():
            yield (keyword, name), name, child if keyword == "properties" else True
    for index, name in enumerate(_texts(schema.get("required"))):
        yield ("required", index), name, True
    for name, others in mapping(schema.get("dependentRequired")).items():
        yield ("dependentRequired", name), name, True
        for index, other in enumerate(_texts(others)):
            yield ("dependentRequired", name, index), other, True


def _spread(root: Json, schemas: Iterable[Json]) -> Place:
    """Return the schemas with references and alternatives laid side by side; None when one of them allows anything."""
    found: list[JsonObject] = []
    pending = list(schemas)
    seen: set[int] = set()
    while pending:
        schema = pending.pop()
        if schema is False:
            continue
        if not isinstance(schema, dict) or not _says_something(schema):
            return None
        if id(schema) in seen:
            continue
        seen.add(id(schema))
        found.append(schema)
        if "$ref" in schema:
            pending.append(resolve(root, schema["$ref"]))
        for keyword in ("allOf", "anyOf", "oneOf"):
            branches = schema.get(keyword)
            pending += branches if isinstance(branches, list) else []
    return tuple(found)


def _says_something(schema: JsonObject) -> bool:
    return bool(schema.keys() & {"type", "properties", "items", "enum", "const", "$ref", "allOf", "anyOf", "oneOf"})


def _all_types(place: Place) -> frozenset[str]:
    return frozenset().union(*(_types_of(each) for each in place or ()))


def _values_of(place: Iterable[JsonObject]) -> list[str]:
    """Return the texts that a fact may be, none where it may be any."""
    known: list[str] = []
    for schema in place:
        if "enum" in schema or "const" in schema:
            known += _texts(schema.get("enum", schema.get("const")))
        elif not schema.keys() & {"$ref", "allOf", "anyOf", "oneOf"} and "string" in _types_of(schema):
            return []
    return known


def _types_of(schema: JsonObject) -> frozenset[str]:
    if "type" in schema:
        return frozenset(_texts(schema["type"]))
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return frozenset(map(_type_of, values)) if isinstance(values, list) else frozenset()


def _type_of(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case dict():
            return "object"


def _overlaps(wanted: str, types: frozenset[str]) -> bool:
    numbers = {"integer", "number"}
    return wanted in types or (wanted in numbers and bool(types & numbers))


def _texts(value: Json) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
