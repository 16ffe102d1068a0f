"""Criteria that pass without evidence: whether a schema accepts a document that says nothing.

For each chain of `required` the emptiest document that honours it is tried: what is required and has keys or items of
its own is there and empty, what is optional is left out. A chain that ends in a value (`failed`) asks for evidence; one
that ends in an object or list which may be empty does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, product
from typing import Literal, TypeAlias

from gate.judge.schema_mistakes import SchemaMistake
from gate.judge.schema_walk import SchemaPath, path_of, resolve
from gate.model.json import Json, JsonObject

_ALTERNATIVES = 64
"""How many ways through anyOf, oneOf and if are followed; a schema with more is judged by the first of them."""
_VIEWS = 1000
_ABOUT_KEYS = frozenset({"additionalProperties", "dependentRequired", "patternProperties", "properties", "required"})
_ABOUT_ITEMS = frozenset({"contains", "items", "prefixItems", "uniqueItems"})

_Placed: TypeAlias = tuple[SchemaPath, Json]
_View: TypeAlias = tuple[tuple[SchemaPath, JsonObject], ...]
"""Schemas that hold together: one way through the alternatives."""


def vacuous(require: Json, *, deep: bool = True) -> tuple[SchemaMistake, ...]:
    """Return why the schema passes without evidence, or can never pass; nothing for a schema that asks for something.

    The schema has passed `gate.judge.schema_mistakes.check`. With `deep`, required objects and lists must not be
    acceptable while they are empty either; without it (a document of the repository's own) only the whole must not.
    """
    if require is False or (isinstance(require, dict) and require.get("not") in (True, {})):
        return (SchemaMistake((), "This schema accepts nothing, so it could never pass."),)
    if _accepts(require, require, {}):
        hint = _hint([((), require)], "object")
        return (
            SchemaMistake((), f"This schema accepts an empty document, so it would pass without any evidence.{hint}"),
        )
    views = _views(require, [((), require)])
    if any(_container(view) == "array" for view in views) and _accepts(require, require, []):
        return (
            SchemaMistake((), f"This schema accepts an empty list, so it would pass without any evidence.{_MIN_ITEMS}"),
        )
    seen: set[tuple[SchemaPath, ...]] = set()
    found = (mistake for view in views for mistake in _nested(require, view, seen)) if deep else ()
    return tuple({mistake.path: mistake for mistake in found}.values())


def _nested(root: Json, view: _View, seen: set[tuple[SchemaPath, ...]]) -> Iterator[SchemaMistake]:
    """Yield a mistake for each required object or list that is accepted while it is empty.

    `seen` holds the views that were looked at: each is looked at once, and not more than `_VIEWS` in all.
    """
    mark = tuple(path for path, _ in view)
    if mark in seen or len(seen) >= _VIEWS:
        return
    seen.add(mark)
    for name in dict.fromkeys(chain.from_iterable(_texts(part.get("required")) for _, part in view)):
        placed = list(_speaking_of(name, view))
        for below in _views(root, placed):
            kind = _container(below)
            if kind is None:
                continue
            if _may_be_empty(root, below, kind):
                noun = "an empty object" if kind == "object" else "an empty list"
                text = f'This accepts {noun} as "{name}", so it would pass without evidence of it.{_hint(placed, kind)}'
                yield SchemaMistake(placed[0][0], text)
            else:
                yield from _nested(root, below, seen)


def _speaking_of(name: str, view: _View) -> Iterator[_Placed]:
    for path, part in view:
        properties = part.get("properties")
        if isinstance(properties, dict) and name in properties:
            yield (*path, "properties", name), properties[name]


def _views(root: Json, placed: Iterable[_Placed]) -> list[_View]:
    """Return the ways through schemas that hold together; at most `_ALTERNATIVES`."""
    groups = [_views_of(root, path, schema) for path, schema in placed]
    ways = islice(product(*groups), _ALTERNATIVES)
    return [tuple(chain.from_iterable(way)) for way in ways]


def _views_of(root: Json, path: SchemaPath, schema: Json) -> list[_View]:
    if not isinstance(schema, dict):
        return [()]
    together: list[_Placed] = []
    if "$ref" in schema:
        together.append((path_of(str(schema["$ref"])), resolve(root, schema["$ref"])))
    together += _listed(schema, path, "allOf")
    groups: list[list[_View]] = [[((path, schema),)], _views(root, together)]
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            branches = _listed(schema, path, keyword)
            groups.append(list(chain.from_iterable(_views(root, [branch]) for branch in branches)))
    if "if" in schema:
        ends: list[_Placed] = [((*path, word), schema.get(word, True)) for word in ("then", "else")]
        groups.append(list(chain.from_iterable(_views(root, [end]) for end in ends)))
    ways = islice(product(*groups), _ALTERNATIVES)
    return [tuple(chain.from_iterable(way)) for way in ways]


def _listed(schema: JsonObject, path: SchemaPath, keyword: str) -> list[_Placed]:
    branches = schema.get(keyword)
    return (
        [((*path, keyword, index), item) for index, item in enumerate(branches)] if isinstance(branches, list) else []
    )


def _container(view: _View) -> Literal["object", "array"] | None:
    """Return what the schemas say something about the inside of; None for a plain value."""
    keys = frozenset(chain.from_iterable(part for _, part in view))
    if keys & _ABOUT_ITEMS:
        return "array"
    return "object" if keys & _ABOUT_KEYS else None


def _may_be_empty(root: Json, view: _View, kind: str) -> bool:
    """Whether an empty object or list is accepted, other than by a schema that wants it empty."""
    if any(part.get("maxItems") == 0 or part.get("maxProperties") == 0 for _, part in view):
        return False
    empty: Json = {} if kind == "object" else []
    return all(_accepts(root, part, empty) for _, part in view)


def _accepts(root: Json, schema: Json, value: Json) -> bool:
    from gate.judge.schema import validator

    if isinstance(root, dict) and isinstance(schema, dict) and root is not schema:
        schema = {**schema, **{word: root[word] for word in ("$defs", "definitions") if word in root}}
    return validator(schema).is_valid(value)


def _texts(value: Json) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


_MIN_ITEMS = "\nAdd  minItems: 1"


def _hint(placed: Sequence[_Placed], kind: str) -> str:
    if kind == "array":
        return _MIN_ITEMS
    names: list[str] = []
    for _, schema in placed:
        if isinstance(schema, dict) and isinstance(properties := schema.get("properties"), dict):
            names += properties
    return f"\nAdd  required: [{', '.join(names[:6])}]" if names else "\nAdd  required: [NAME]  with what must be there"
