"""What a value misses, in plain English: the errors of JSON Schema as "failed is 3, wanted at most 0"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from gate.judge.json_words import (
    BOUNDS,
    SIZES,
    WHOLE,
    count,
    cut,
    describe,
    examples,
    one_of,
    place,
    pointer,
    types,
    words,
)
from gate.model.json import Json, JsonObject

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a value misses.

    `pointer` is the JSON Pointer (RFC 6901) of the place, relative to the document that was checked. `measured` is half
    a sentence ("failed is 3"), `wanted` completes "wanted …" ("at most 0"). Both may quote the document, which is
    untrusted: they are for code spans, and cut to 300 characters.
    """

    pointer: str
    measured: str
    wanted: str

    def __str__(self) -> str:
        return f"{self.measured}, wanted {self.wanted}"


def explain(error: ValidationError) -> Problem:
    """Return what an error of `gate.judge.schema.validator` means."""
    path: list[str | int] = list(error.absolute_path)
    name = place(path)
    if "propertyNames" in error.absolute_schema_path:
        name = f"the key {words(cast(Json, error.instance))}{f' of {name}' if path else ''}"
    keyword = str(error.validator)
    if keyword in ("required", "dependentRequired", "additionalProperties") and error.message:
        path = [*path, error.message]
    measured, wanted = _words_of(_miss(error, name))
    return Problem(pointer(path), cut(measured), cut(wanted))


_Words = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Miss:
    """An error, with the unset values of the library read away. `name` is the place in words."""

    name: str
    pointer: str
    keyword: str | None
    asked: Json
    held: Json
    schema: JsonObject
    message: str
    cause: str
    branches: tuple[tuple[Problem, ...], ...]

    @property
    def below(self) -> str:
        """The place of the key that the message names."""
        return self.message if self.name == WHOLE else f"{self.name}.{self.message}"

    @property
    def items(self) -> str:
        """How many items the list has."""
        return count(len(self.held), "item") if isinstance(self.held, list) else words(self.held)


def _miss(error: ValidationError, name: str) -> _Miss:
    branches: dict[str | int, list[Problem]] = {}
    for below in error.context or ():
        branches.setdefault(below.relative_schema_path[0], []).append(explain(below))
    return _Miss(
        name=name,
        pointer=pointer(error.absolute_path),
        keyword=error.validator if isinstance(error.validator, str) else None,
        asked=cast(Json, error.validator_value),
        held=cast(Json, error.instance),
        schema=cast(JsonObject, error.schema) if isinstance(error.schema, dict) else {},
        message=error.message,
        cause=str(error.cause.args[0]) if isinstance(error.cause, KeyError) else "the other",
        branches=tuple(map(tuple, branches.values())),
    )


def _words_of(miss: _Miss) -> _Words:
    if miss.keyword in BOUNDS:
        return f"{miss.name} is {words(miss.held)}", f"{BOUNDS[miss.keyword]} {words(miss.asked)}"
    if miss.keyword in SIZES and isinstance(miss.asked, int | float):
        return _size(miss, miss.keyword, int(miss.asked))
    return _EXPLAINERS.get(str(miss.keyword), _other)(miss)


def _size(miss: _Miss, keyword: str, asked: int) -> _Words:
    bound, noun = SIZES[keyword]
    size = len(miss.held) if isinstance(miss.held, str | list | dict) else 0
    held = f"{miss.name} has {count(size, noun) if size else f'no {noun}'}"
    if isinstance(miss.held, list) and bound == "at most":
        held += examples(miss.held)
    return held, f"{bound} {count(asked, noun)}" if asked else f"no {noun}"


def _required(miss: _Miss) -> _Words:
    return f"{miss.below} is missing", "a value"


def _dependent(miss: _Miss) -> _Words:
    return f"{miss.below} is missing", f"it wherever there is {miss.cause}"


def _additional(miss: _Miss) -> _Words:
    known = miss.schema.get("properties")
    names = ", ".join(known) if isinstance(known, dict) else ""
    return f"{miss.below} is there", f"no key beside {names}" if names else "no key"


def _type(miss: _Miss) -> _Words:
    return f"{miss.name} is {words(miss.held)}", types(miss.asked)


def _const(miss: _Miss) -> _Words:
    return f"{miss.name} is {words(miss.held)}", words(miss.asked)


def _enum(miss: _Miss) -> _Words:
    return f"{miss.name} is {words(miss.held)}", one_of(miss.asked)


def _pattern(miss: _Miss) -> _Words:
    return f"{miss.name} is {words(miss.held)}", f"a text that matches {words(miss.asked)}"


def _unique(miss: _Miss) -> _Words:
    return f"{miss.name} holds an item twice", "every item once"


def _items(miss: _Miss) -> _Words:
    most = miss.schema.get("prefixItems")
    return f"{miss.name} has {miss.items}", f"at most {count(len(most) if isinstance(most, list) else 0, 'item')}"


def _contains(miss: _Miss) -> _Words:
    what = describe(miss.schema.get("contains", True))
    if miss.keyword == "maxContains":
        return f"more of the {miss.items} of {miss.name} fit", f"at most {words(miss.asked)} that fit: {what}"
    least = miss.schema.get("minContains", 1)
    found = "none" if miss.keyword == "contains" else f"fewer than {words(least)}"
    return f"{found} of the {miss.items} of {miss.name} fits", f"at least {words(least)} that fits: {what}"


def _any_of(miss: _Miss) -> _Words:
    if not miss.branches:
        return f"{miss.name} fits several of the alternatives", "exactly one"
    held = "; ".join(dict.fromkeys(each.measured for problems in miss.branches for each in problems))
    wanted = "; or ".join(" and ".join(_wish(each, miss.pointer) for each in problems) for problems in miss.branches)
    return held, wanted


def _wish(problem: Problem, told: str) -> str:
    """Return what is wanted with the name that it is wanted of, which the sentence has not said yet."""
    return problem.wanted if problem.pointer == told else f"{problem.measured.split(' ', 1)[0]} {problem.wanted}"


def _not(miss: _Miss) -> _Words:
    return f"{miss.name} is {words(miss.held)}", f"anything that is not: {describe(miss.asked)}"


def _unevaluated(miss: _Miss) -> _Words:
    return f"{miss.name} holds more than the schema speaks of", "nothing beside"


def _other(miss: _Miss) -> _Words:
    if miss.keyword is None:
        return f"{miss.name} is there", "no value"
    return f"{miss.name} is {words(miss.held)}", f"{miss.keyword} {words(miss.asked)}"


_EXPLAINERS: dict[str, Callable[[_Miss], _Words]] = {
    "additionalProperties": _additional,
    "anyOf": _any_of,
    "const": _const,
    "contains": _contains,
    "dependentRequired": _dependent,
    "enum": _enum,
    "items": _items,
    "maxContains": _contains,
    "minContains": _contains,
    "not": _not,
    "oneOf": _any_of,
    "pattern": _pattern,
    "required": _required,
    "type": _type,
    "unevaluatedItems": _unevaluated,
    "unevaluatedProperties": _unevaluated,
    "uniqueItems": _unique,
}
