"""What is wrong with an object by its schema, in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING

from gate.collect.kubernetes.values import shown
from gate.model.json import JsonObject

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError
    from jsonschema_rs import Validator as Compiled

    from gate.collect.kubernetes.api_schemas import Schemas

_MOST = 10
_MOST_NAMES = 5
_MOST_GUESSES = 2
_LONGEST = 60
_NOUNS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a map",
    "array": "a list",
}


def problems_of(compiled: Compiled, value: JsonObject, schemas: Schemas, *, brief: bool = False) -> list[str]:
    """Return the first few problems of an object, [] for one that fits. `brief` says only that there are some.

    Raises ValueError for what no JSON document can hold.
    """
    if compiled.is_valid(value):
        return []
    if brief:
        return ["the object does not fit the schema of its kind"]
    errors = list(islice(compiled.iter_errors(value), _MOST))
    return list(dict.fromkeys(explain(error, schemas) for error in errors))


def explain(error: ValidationError, schemas: Schemas) -> str:
    """Return one problem: where, what is there, what is wanted."""
    where = path_of(error.instance_path)
    details = error.kind.as_dict()
    match error.kind.name:
        case "type":
            return f"{where} is {_of(error.instance)}, and must be {_either(details.get('types'))}"
        case "required":
            return f"{where} has no {shown(str(details.get('property')))}"
        case "additionalProperties":
            return f"{where} has {_unknown(details.get('unexpected'), error, schemas)}"
        case "enum":
            return f"{where} is {_of(error.instance)}, and must be {_choices(details.get('options'))}"
        case "oneOf" | "anyOf":
            return f"{where} is {_of(error.instance)}, and must be {_alternatives(details.get('context'))}"
        case name:
            return f"{where} is {_of(error.instance)}, which {name} in the schema does not allow"


def path_of(steps: Sequence[str | int]) -> str:
    """Return "spec.containers[0].image", and "the object" for no step at all."""
    found = ""
    for step in steps:
        if isinstance(step, int):
            found += f"[{step}]"
        else:
            found += f".{step}" if found else step
    return shown(found) or "the object"


def _of(value: object) -> str:
    """Return what a value is; never the text of a long one."""
    match value:
        case None:
            return "empty"
        case bool():
            return "true" if value else "false"
        case dict():
            return "a map"
        case list():
            return "a list"
        case str():
            return f'the text "{value}"' if len(value) <= _LONGEST and value.isprintable() else "text"
    return str(value)[:_LONGEST]


def _either(types: object) -> str:
    names = [_NOUNS.get(str(name), str(name)) for name in types if name != "null"] if isinstance(types, list) else []
    return " or ".join(names) or "something else"


def _choices(options: object) -> str:
    listed = [str(option) for option in options if option is not None] if isinstance(options, list) else []
    return " or ".join(listed[:8]) or "one of what the schema names"


def _alternatives(context: object) -> str:
    names: list[str] = []
    for group in context if isinstance(context, list) else ():
        for error in group:
            types = error.kind.as_dict().get("types")
            names += [name for name in types if name != "null"] if isinstance(types, list) else []
    return _either(list(dict.fromkeys(names)))


def _unknown(names: object, error: ValidationError, schemas: Schemas) -> str:
    listed = [str(name) for name in names] if isinstance(names, list) else []
    allowed = _allowed(error, schemas)
    told = [_with_nearest(name, allowed if at < _MOST_GUESSES else []) for at, name in enumerate(listed[:_MOST_NAMES])]
    more = f" and {len(listed) - len(told)} more" if len(listed) > len(told) else ""
    noun = "a field that there is not" if len(listed) == 1 else "fields that there are not"
    return f"{noun}: {', '.join(told)}{more}"


def _allowed(error: ValidationError, schemas: Schemas) -> list[str]:
    steps = [str(step) for step in error.schema_path]
    if steps and steps[0] == "$defs":
        return schemas.properties(steps[:-1])
    return ["apiVersion", "kind", "metadata", "spec"]


def _with_nearest(name: str, allowed: list[str]) -> str:
    near = get_close_matches(name[:_LONGEST], allowed, 1, 0.75)
    return f"{shown(name)} ({near[0]}?)" if near else shown(name)
