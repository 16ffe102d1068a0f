"""The sole finder and compiler of schemas. Nothing is ever fetched: what does not ship with the gate does not exist.

`schema_text` and `names` find the shipped ones; `validator` compiles any; `check` says what is wrong with one that a
person wrote (`gate.judge.schema_mistakes`); `problems` says what a document misses (`gate.judge.schema_words`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from gate.errors import CannotJudgeError, UserError
from gate.model.json import Json, JsonObject

if TYPE_CHECKING:
    from jsonschema.protocols import Validator
    from referencing import Registry, Resource

    from gate.judge.schema_words import Problem

BASE = "https://readiness-gate.dev/schemas/"
"""What every `$id` begins with; a name, not a place to fetch from."""
_SUFFIX = ".schema.json"


class UnknownSchemaError(UserError):
    """There is no shipped schema of that name."""

    def __init__(self, name: str) -> None:
        near = get_close_matches(name, names(), n=1)
        hint = f' Did you mean "{near[0]}"?' if near else f" There are: {', '.join(names())}."
        super().__init__(f'There is no schema "{name}".{hint}')


@cache
def _folder() -> Traversable:
    """Where the schemas are: inside the package in a wheel, beside it in a checkout."""
    inside = files("gate").joinpath("schemas")
    if inside.is_dir():
        return inside
    beside = Path(__file__).resolve().parents[2] / "schemas"
    if not beside.is_dir():
        raise CannotJudgeError("The schemas that ship with the gate are not there. Install it again.")
    return beside


@cache
def names() -> tuple[str, ...]:
    """Return the names of the shipped schemas, sorted: "evidence/tests", "policy", "verdict" …"""
    return tuple(sorted(_found(_folder(), "")))


def _found(folder: Traversable, prefix: str) -> Iterator[str]:
    for item in folder.iterdir():
        if item.is_dir():
            yield from _found(item, f"{prefix}{item.name}/")
        elif item.name.endswith(_SUFFIX):
            yield prefix + item.name.removesuffix(_SUFFIX)


def schema_text(name: str) -> str:
    """Return a shipped schema as it lies in its file. Raises UnknownSchemaError."""
    if name not in names():
        raise UnknownSchemaError(name)
    *folders, last = name.split("/")
    return _folder().joinpath(*folders, last + _SUFFIX).read_text(encoding="utf-8")


@cache
def schema(name: str) -> JsonObject:
    """Return a shipped schema as a document that nobody may change. Raises UnknownSchemaError."""
    document: Json = json.loads(schema_text(name))
    if not isinstance(document, dict):
        raise CannotJudgeError(f"The schema {name} that ships with the gate is damaged. Install it again.")
    return document


def validator(document: Json) -> Validator:
    """Return a compiled schema; one that came from a person has passed `check` before.

    Patterns run in linear time, `format` asserts nothing, and a `$ref` reaches the document itself, what ships with the
    gate and the metaschemas.
    """
    from gate.judge.schema_keywords import GateValidator

    compiled: Validator = GateValidator(cast("JsonObject | bool", _unmarked(document)), registry=_registry())
    return compiled


@cache
def shipped_validator(name: str) -> Validator:
    """Return a shipped schema compiled. Raises UnknownSchemaError."""
    return validator(schema(name))


def problems(compiled: Validator, instance: Json, limit: int = 20) -> tuple[Problem, ...]:
    """Return what the instance misses, in the order of the schema, each once, at most `limit`."""
    from gate.judge.schema_words import explain

    return tuple(islice(dict.fromkeys(map(explain, compiled.iter_errors(instance))), limit))


@cache
def _registry() -> Registry[Any]:
    """Return the shipped schemas and the metaschemas of 2020-12 by their `$id`; asking for any other is an error."""
    from jsonschema_specifications import REGISTRY
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012

    found: list[tuple[str, Resource[Any]]] = [
        (f"{BASE}{name}{_SUFFIX}", DRAFT202012.create_resource(_unmarked(schema(name)))) for name in names()
    ]
    found += [
        (uri, DRAFT202012.create_resource(_unmarked(REGISTRY.contents(uri)))) for uri in REGISTRY if "2020-12" in uri
    ]
    registry: Registry[Any] = Registry().with_resources(found)
    return registry.crawl()


def _unmarked(document: Json) -> Json:
    """Leave `$schema` out: jsonschema would go on with its own class from there, and with backtracking patterns."""
    if isinstance(document, dict):
        return {key: value for key, value in document.items() if key != "$schema"}
    return document
