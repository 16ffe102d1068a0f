"""What is wrong with a schema that a person wrote, before it is compiled.

JSON Schema passes over what it does not know, so that a slip of the pen (`minimun: 80`) makes a criterion that anything
satisfies. Here an unknown keyword is a mistake, and so is one that asserts nothing (`format`), one whose partner is
missing (`then` without `if`), a reference that leads out of the schema or back into itself, a pattern that RE2 cannot
run, and a schema whose size would make judging slow.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from gate.judge.schema_refs import reference_mistakes
from gate.judge.schema_walk import IDENTITY, KEYWORDS, UNCHECKED, SchemaPath, depth_of, walk
from gate.model.json import Json, JsonObject

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DEPTH = 40
_BYTES = 64 * 1024
_VALUES = 2000
_PARTNERS = {"then": "if", "else": "if", "minContains": "contains", "maxContains": "contains"}


@dataclass(frozen=True, slots=True)
class SchemaMistake:
    """One mistake; `path` leads from the schema's root to the keyword that it is about."""

    path: SchemaPath
    text: str


def check(document: Json) -> tuple[SchemaMistake, ...]:
    """Return what is wrong with the schema; a schema without mistakes can be compiled and run in bounded time."""
    if not isinstance(document, dict | bool):
        return (SchemaMistake((), "A schema is an object of keywords."),)
    if depth_of(document, _DEPTH + 1) > _DEPTH:
        return (SchemaMistake((), f"This schema nests more than {_DEPTH} levels deep."),)
    size = len(json.dumps(document))
    if size > _BYTES:
        return (SchemaMistake((), f"This schema has {size:,} characters; at most {_BYTES:,} are taken."),)
    found = tuple(_metaschema(document))
    return found or tuple(_mistakes(document))


def _metaschema(document: Json) -> Iterator[SchemaMistake]:
    """Yield what the metaschema of 2020-12 says, once for each place."""
    from gate.judge.schema import validator
    from gate.judge.schema_words import explain

    seen: set[SchemaPath] = set()
    for error in validator({"$ref": DIALECT}).iter_errors(document):
        path = tuple(error.absolute_path)
        if path not in seen:
            seen.add(path)
            yield SchemaMistake(path, f"This is not JSON Schema: {explain(error)}.")


def _mistakes(document: Json) -> Iterator[SchemaMistake]:
    everything = list(walk(document))
    patterned = any("patternProperties" in schema for _, schema in everything)
    for path, schema in everything:
        for keyword in schema:
            text = _keyword_mistake(keyword, schema, path, patterned)
            if text is not None:
                yield SchemaMistake((*path, keyword), text)
        yield from _pattern_mistakes(path, schema)
    yield from (SchemaMistake(path, text) for path, text in reference_mistakes(document))


def _keyword_mistake(keyword: str, schema: JsonObject, path: SchemaPath, patterned: bool) -> str | None:
    if keyword in UNCHECKED:
        return f'"{keyword}" only describes and checks nothing, so it would pass without evidence. Use pattern or enum.'
    if keyword in IDENTITY:
        return f'"{keyword}" is not available here. Put shared schemas under $defs and refer to them with #/$defs/NAME.'
    if keyword not in KEYWORDS:
        near = get_close_matches(keyword, KEYWORDS, n=1, cutoff=0.5)
        hint = f" Did you mean {near[0]}?" if near else ""
        return f'There is no keyword "{keyword}" in JSON Schema 2020-12, so it would check nothing.{hint}'
    if keyword == "$schema" and (path or schema[keyword] != DIALECT):
        return f"The only dialect is {DIALECT}, said at the top of the schema or not at all."
    partner = _PARTNERS.get(keyword)
    if partner is not None and partner not in schema:
        return f'"{keyword}" checks nothing without "{partner}" beside it.'
    if keyword == "if" and "then" not in schema and "else" not in schema:
        return '"if" checks nothing without "then" or "else" beside it.'
    values = schema[keyword]
    if keyword == "enum" and isinstance(values, list) and len(values) > _VALUES:
        return f"This lists {len(values):,} values; at most {_VALUES:,} are taken."
    if keyword in ("unevaluatedProperties", "unevaluatedItems") and patterned:
        return f'"{keyword}" is not available in one schema with patternProperties. Use additionalProperties.'
    return None


def _pattern_mistakes(path: SchemaPath, schema: JsonObject) -> Iterator[SchemaMistake]:
    from gate.judge.schema_keywords import PatternError, compiled

    patterns: list[tuple[SchemaPath, Json]] = [(("pattern",), schema["pattern"])] if "pattern" in schema else []
    keyed = schema.get("patternProperties")
    if isinstance(keyed, dict):
        patterns += [(("patternProperties", pattern), pattern) for pattern in keyed]
    for step, pattern in patterns:
        try:
            compiled(str(pattern))
        except PatternError as error:
            text = (
                f"This pattern cannot run: {error}. Patterns are RE2, which has no look-around (?=…) (?!…) (?<…), no "
                "back-references and no \\uXXXX."
            )
            yield SchemaMistake(path + step, text)
