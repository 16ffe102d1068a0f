"""The shape of a JSON Schema (2020-12): which keywords there are, what they speak about and what lies below them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias
from urllib.parse import unquote

from gate.model.json import Json, JsonObject

SchemaPath: TypeAlias = tuple[str | int, ...]

IN_PLACE = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else"})
"""Keywords whose schemas speak about the same value."""
SINGLE = frozenset(
    {
        "additionalProperties",
        "contains",
        "else",
        "if",
        "items",
        "not",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)
LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
MAPS = frozenset({"$defs", "definitions", "dependentSchemas", "patternProperties", "properties"})

ABOUT: dict[str, str] = {
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), "number"),
    **dict.fromkeys(("minLength", "maxLength", "pattern"), "string"),
    **dict.fromkeys(
        ("items", "prefixItems", "contains", "minContains", "maxContains", "minItems", "maxItems", "uniqueItems"),
        "array",
    ),
    "unevaluatedItems": "array",
    **dict.fromkeys(
        ("properties", "patternProperties", "additionalProperties", "propertyNames", "required", "minProperties"),
        "object",
    ),
    **dict.fromkeys(("maxProperties", "dependentRequired", "dependentSchemas", "unevaluatedProperties"), "object"),
}
"""The type that a keyword speaks about; values of any other type satisfy it, whatever it says."""
ANNOTATIONS = frozenset(
    {"$comment", "$schema", "default", "deprecated", "description", "examples", "readOnly", "title", "writeOnly"}
)
UNCHECKED = frozenset({"format", "contentEncoding", "contentMediaType", "contentSchema"})
"""Keywords that only annotate in 2020-12: a criterion that leans on them leans on nothing."""
IDENTITY = frozenset({"$anchor", "$dynamicAnchor", "$dynamicRef", "$id", "$vocabulary", "$recursiveRef"})
KEYWORDS = frozenset({*ABOUT, *IN_PLACE, *MAPS, *ANNOTATIONS, "$ref", "const", "enum", "type"})
"""What a schema of a policy may say."""


def children(schema: Json) -> Iterator[tuple[SchemaPath, Json]]:
    """Yield (path, schema) of each schema directly below this one, definitions included."""
    if not isinstance(schema, dict):
        return
    for keyword, value in schema.items():
        if keyword in SINGLE:
            yield (keyword,), value
        elif keyword in LISTS and isinstance(value, list):
            yield from (((keyword, index), item) for index, item in enumerate(value))
        elif keyword in MAPS and isinstance(value, dict):
            yield from (((keyword, name), item) for name, item in value.items())


def walk(schema: Json, path: SchemaPath = ()) -> Iterator[tuple[SchemaPath, JsonObject]]:
    """Yield (path, schema) of this schema and of every one below it that is an object."""
    if isinstance(schema, dict):
        yield path, schema
    for step, child in children(schema):
        yield from walk(child, path + step)


def in_place(schema: JsonObject, keywords: frozenset[str] = IN_PLACE) -> Iterator[tuple[SchemaPath, Json]]:
    """Yield (path, schema) of the schemas below these keywords."""
    return ((path, child) for path, child in children(schema) if path[0] in keywords)


def resolve(root: Json, ref: Json) -> Json:
    """Return the schema that a reference within the same document names. Raises KeyError where it names none."""
    if not isinstance(ref, str) or not ref.startswith("#"):
        raise KeyError(ref)
    node = root
    for name in map(str, path_of(ref)):
        if isinstance(node, list) and name.isdigit() and int(name) < len(node):
            node = node[int(name)]
        elif isinstance(node, dict) and name in node:
            node = node[name]
        else:
            raise KeyError(ref)
    return node


def path_of(ref: str) -> SchemaPath:
    """Return the path that a reference within the same document takes from its root."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in unquote(ref[1:]).split("/")[1:])


def depth_of(value: Json, cap: int) -> int:
    """Return how deep a document nests, at most `cap`; never recurses deeper than that."""
    if cap == 0 or not isinstance(value, dict | list):
        return 0
    below = value.values() if isinstance(value, dict) else value
    return 1 + max((depth_of(item, cap - 1) for item in below), default=0)
