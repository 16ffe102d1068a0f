"""docs/facts.md: the facts of every kind of evidence as a page, made from their schemas. A test holds it against them.

Pure but for `main`. A schema is JSON Schema 2020-12 as `gate schema evidence/KIND` prints it: `properties`, `items`,
`additionalProperties` for maps, and references within the document (`#/$defs/…`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gate.formats.json_values import mapping
from gate.judge.schema_walk import resolve
from gate.judge.selectors import SELECTORS
from gate.model.json import Json, JsonObject

_HEAD = """\
# Facts

<!-- Made from schemas/evidence by `python -m gate.judge.facts_page`; change it there. -->

The names that `require` in a criterion may use, by kind of evidence. `a.b` is the key `b` in the object `a`, `a.*` is
any entry of the map `a`, `a[]` is any item of the list `a`. A fact that is not **always** there, in the object that it
belongs to, is left out when nobody could measure it; `required` makes a criterion ask for it. The document itself is at
`gate schema evidence/KIND`.

A criterion on a name that is not here is refused when the policy is read; only what a configuration file holds
(`items.*.content` of `files`) is free. What each kind reads, and how it counts, is in [evidence.md](evidence.md).
"""

_TYPES = {
    "array": ("list", "lists"),
    "boolean": ("true or false", "true or false"),
    "integer": ("whole number", "whole numbers"),
    "null": ("null", "null"),
    "number": ("number", "numbers"),
    "object": ("object", "objects"),
    "string": ("text", "texts"),
}
"""A type of JSON Schema as one and as many."""
_INNER = (("additionalProperties", ".*"), ("items", "[]"))
_DEEPEST = 12
"""Levels; a schema that refers to itself ends there."""


@dataclass(frozen=True, slots=True)
class _Fact:
    """One row: the path of the fact, its type in words, whether it is always there, and what it means."""

    name: str
    type: str
    always: bool
    description: str


def facts_markdown(schemas: Mapping[str, JsonObject]) -> str:
    """Return the page for the schemas of the facts, {kind: schema}: one section and one table for each, in their order.

    Raises KeyError for a reference that leads nowhere or out of its schema, ValueError for references in a circle.
    """
    parts = [_HEAD]
    for kind, schema in schemas.items():
        parts += _section(kind, schema)
    return "\n".join(parts).rstrip("\n") + "\n"


def _section(kind: str, schema: JsonObject) -> Iterator[str]:
    yield f"## {kind}\n"
    yield f"{_cell(_text(schema.get('description')))}\n"
    keys = [key for of, key in SELECTORS if of == kind]
    if keys:
        yield f"`select` by {_either([f'`{key}`' for key in keys])}; `require` is then about the selected part.\n"
    yield "| Fact | Type | Always | Meaning |"
    yield "|---|---|---|---|"
    for fact in _facts(schema, schema, "", 0):
        always = "yes" if fact.always else "–"
        yield f"| `{fact.name}` | {fact.type} | {always} | {_cell(fact.description)} |"
    yield ""


def _facts(root: JsonObject, schema: JsonObject, above: str, depth: int) -> Iterator[_Fact]:
    """Yield a row for every named fact below a schema, parents before children."""
    if depth > _DEEPEST:
        return
    required = schema.get("required")
    always = required if isinstance(required, list) else []
    for name, value in mapping(schema.get("properties")).items():
        below = _resolved(root, mapping(value))
        path = f"{above}.{name}" if above else name
        yield _Fact(path, _type(below), name in always, _text(below.get("description")))
        yield from _below(root, below, path, depth + 1)


def _below(root: JsonObject, schema: JsonObject, path: str, depth: int) -> Iterator[_Fact]:
    yield from _facts(root, schema, path, depth)
    for keyword, suffix in _INNER:
        value = schema.get(keyword)
        if isinstance(value, dict):
            yield from _facts(root, value, path + suffix, depth)


def _resolved(root: JsonObject, schema: JsonObject) -> JsonObject:
    """Return a schema with its local references followed, those of its items and entries too.

    What stands beside a reference wins: the description of the fact itself.
    """
    result = _followed(root, schema)
    inner = {keyword: value for keyword, _ in _INNER if isinstance(value := result.get(keyword), dict)}
    return {**result, **{keyword: _followed(root, value) for keyword, value in inner.items()}}


def _followed(root: JsonObject, schema: JsonObject) -> JsonObject:
    for _ in range(_DEEPEST):
        ref = schema.get("$ref")
        if not isinstance(ref, str):
            return schema
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        schema = {**mapping(resolve(root, ref)), **rest}
    raise ValueError(f"the references from {schema.get('$ref')!r} lead in a circle")


def _type(schema: JsonObject) -> str:
    enum = schema.get("enum")
    if isinstance(enum, list):
        return _either([f"`{'null' if value is None else value}`" for value in enum])
    return _either([_one_type(schema, name) for name in _types(schema)]) or "anything"


def _one_type(schema: JsonObject, name: str) -> str:
    entry, item = schema.get("additionalProperties"), schema.get("items")
    if name == "array" and isinstance(item, dict):
        return f"list of {_many(item)}"
    if name == "object" and isinstance(entry, dict):
        return f"map of {_many(entry)}"
    return _TYPES[name][0]


def _many(schema: JsonObject) -> str:
    return _either([_TYPES[name][1] for name in _types(schema)]) or "objects"


def _types(schema: JsonObject) -> list[str]:
    given = schema.get("type")
    return [str(item) for item in given] if isinstance(given, list) else [given] if isinstance(given, str) else []


def _either(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _cell(text: str) -> str:
    return text.replace("<", "&lt;").replace("|", "\\|").replace("*", "\\*")


def shipped() -> dict[str, JsonObject]:
    """Return the schemas of the facts that ship with the gate, {kind: schema}, by name of the kind."""
    from gate.judge.schema import names, schema

    prefix = "evidence/"
    return {name.removeprefix(prefix): schema(name) for name in names() if name.startswith(prefix)}


def main() -> None:
    """Print the page."""
    print(facts_markdown(shipped()), end="")


if __name__ == "__main__":
    main()
