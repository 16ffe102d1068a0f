"""JSON Schema 2020-12 with every keyword in linear time and no surprise.

`jsonschema` does the work. Replaced are the keywords that it runs through backtracking patterns (`pattern`,
`patternProperties`, `additionalProperties`), through pairwise comparison (`uniqueItems`), or through floats
(`multipleOf`), and those whose message does not say what is missing. Importing this module costs the import of
jsonschema and RE2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any, Protocol, cast

import re2
from jsonschema.exceptions import ValidationError
from jsonschema.validators import Draft202012Validator, extend

from gate.model.json import Json

_MEMORY = 1 << 20
"""Bytes that RE2 may use for one pattern; it refuses larger ones when they are compiled."""


class PatternError(ValueError):
    """A pattern that RE2 cannot run; the message says why."""


class Descender(Protocol):
    """The part of a validator that a keyword uses."""

    def descend(
        self, instance: Json, schema: Any, path: str | int | None = None, schema_path: str | int | None = None
    ) -> Iterator[ValidationError]:
        """Yield the errors of a part of the instance."""
        ...


class _Pattern(Protocol):
    def search(self, text: str) -> object | None: ...


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> _Pattern:
    """Return the compiled pattern. Raises PatternError, also for what RE2 leaves out because it needs backtracking."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        return cast(_Pattern, re2.compile(pattern, options=options))
    except re2.error as error:
        reason = error.args[0] if error.args else error
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise PatternError(text) from None


def _pattern(_validator: Descender, pattern: str, instance: Json, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and compiled(pattern).search(instance) is None:
        yield ValidationError("pattern")


def _pattern_properties(
    validator: Descender, patterns: Mapping[str, Any], instance: Json, _schema: Any
) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    for pattern, schema in patterns.items():
        search = compiled(pattern).search
        for name, value in instance.items():
            if search(name) is not None:
                yield from _descend(validator, value, schema, name, pattern)


def _properties(
    validator: Descender, properties: Mapping[str, Any], instance: Json, _schema: Any
) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        for name, schema in properties.items():
            if name in instance:
                yield from _descend(validator, instance[name], schema, name, name)


def _descend(validator: Descender, value: Json, schema: Any, name: str, schema_path: str) -> Iterator[ValidationError]:
    """Descend, and keep the place of what the schema `false` forbids, which the library loses."""
    if schema is False:
        error = ValidationError(name, validator=None, validator_value=False, instance=value, schema=False)  # type: ignore[arg-type]
        error.path.appendleft(name)
        yield error
    else:
        yield from validator.descend(value, schema, path=name, schema_path=schema_path)


def _additional_properties(
    validator: Descender, additional: Any, instance: Json, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """Yield one error for each name that is too much; the message is the name."""
    if not isinstance(instance, dict):
        return
    known = schema.get("properties", {})
    patterns = [compiled(pattern) for pattern in schema.get("patternProperties", {})]
    for name, value in instance.items():
        if name in known or any(pattern.search(name) is not None for pattern in patterns):
            continue
        if additional is False:
            yield ValidationError(name)
        else:
            yield from validator.descend(value, additional, path=name)


def _required(_validator: Descender, names: list[str], instance: Json, _schema: Any) -> Iterator[ValidationError]:
    """Yield one error for each name that is missing; the message is the name."""
    if isinstance(instance, dict):
        yield from (ValidationError(name) for name in names if name not in instance)


def _dependent_required(
    _validator: Descender, dependencies: Mapping[str, list[str]], instance: Json, _schema: Any
) -> Iterator[ValidationError]:
    """Yield one error for each name that is missing; the message is that name, the cause the one that asks for it."""
    if not isinstance(instance, dict):
        return
    for name, wanted in dependencies.items():
        if name in instance:
            yield from (ValidationError(each, cause=KeyError(name)) for each in wanted if each not in instance)


def _multiple_of(_validator: Descender, step: float, instance: Json, _schema: Any) -> Iterator[ValidationError]:
    """Compare as decimal numbers, as people write them: 0.3 is a multiple of 0.1."""
    if isinstance(instance, int | float) and not isinstance(instance, bool):
        quotient = Fraction(str(instance)) / Fraction(str(step))
        if quotient.denominator != 1:
            yield ValidationError("multipleOf")


def _unique_items(_validator: Descender, wanted: bool, instance: Json, _schema: Any) -> Iterator[ValidationError]:
    if wanted and isinstance(instance, list):
        seen: set[object] = set()
        for item in instance:
            mark = identity(item)
            if mark in seen:
                yield ValidationError("uniqueItems")
                return
            seen.add(mark)


def identity(value: Json) -> object:
    """Return a hashable that is equal for equal JSON values: 1 and 1.0 are equal, 1 and true are not."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, list):
        return ("array", tuple(identity(item) for item in value))
    if isinstance(value, dict):
        return ("object", frozenset((key, identity(item)) for key, item in value.items()))
    return value


# The stubs type the result as a value of type Validator, and it is a class of that protocol.
GateValidator: type[Draft202012Validator] = cast(
    "type[Draft202012Validator]",
    extend(  # type: ignore[no-untyped-call] # the stubs leave it untyped
        Draft202012Validator,
        {
            "additionalProperties": _additional_properties,
            "dependentRequired": _dependent_required,
            "multipleOf": _multiple_of,
            "pattern": _pattern,
            "patternProperties": _pattern_properties,
            "properties": _properties,
            "required": _required,
            "uniqueItems": _unique_items,
        },
    ),
)
"""Errors of this class are for `gate.judge.schema_words.explain`; their messages are not for people."""
