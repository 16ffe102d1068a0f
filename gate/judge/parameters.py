"""The parameters of a catalogue criterion: what they may be, and how their values get into its schema.

A `quantity` ("512Mi") and a `duration` ("30s") have two forms: as the policy wrote it, for sentences, and the plain
number (cores or bytes, seconds) that schemas compare with facts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias, cast, get_args

from gate.formats.globs import GlobError, translate
from gate.formats.quantities import duration, quantity
from gate.model.json import Json, JsonObject

ParameterType: TypeAlias = Literal["integer", "number", "text", "boolean", "globs", "texts", "quantity", "duration"]
Bound: TypeAlias = float | str

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_WORDS: dict[ParameterType, str] = {
    "integer": "a whole number",
    "number": "a number",
    "text": "a text",
    "boolean": "true or false",
    "globs": "a glob or a list of globs",
    "texts": "a text or a list of texts",
    "quantity": 'a quantity such as "512Mi" or "250m"',
    "duration": 'a duration such as "30s" or "1h30m"',
}
_AMOUNTS = {"quantity": quantity, "duration": duration}


@dataclass(frozen=True, slots=True)
class ParameterMistake:
    """What is wrong with one parameter. `unknown` is True when there is no parameter of that name."""

    name: str
    text: str
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. `globs` and `texts` take one text or a list; their value is always a list.

    `minimum` and `maximum` bound a number; those of a quantity or a duration may be written as such. `unit` is for
    people ("%", "s", "words").
    """

    name: str
    type: ParameterType
    default: Json
    description: str = ""
    unit: str = ""
    minimum: Bound | None = None
    maximum: Bound | None = None
    enum: tuple[Json, ...] = ()

    def normal(self, value: Json) -> Json:
        """Return the value as sentences show it: a text of a list parameter as a list, a number of seconds as "30s"."""
        if self.type in ("globs", "texts") and isinstance(value, str):
            return [value]
        if self.type == "duration" and isinstance(value, int | float) and not isinstance(value, bool):
            return f"{Decimal(repr(duration(value))):f}s"
        return value

    def compared(self, value: Json) -> Json:
        """Return the value in the form that schemas compare with facts: an amount is a number, a list a list."""
        amount = _AMOUNTS.get(self.type)
        if amount is not None and isinstance(value, str | int | float):
            return amount(value)
        return self.normal(value)

    def mistake(self, value: Json) -> str | None:
        """Return a sentence that says why the value cannot be, None when it can."""
        if self.type in _AMOUNTS:
            return self._amount_mistake(value)
        normal = self.normal(value)
        if not _fits(self.type, normal):
            return f"{value!r} is not {_WORDS[self.type]}."
        if self.enum and value not in self.enum:
            return f"{value!r} is not one of {', '.join(map(repr, self.enum))}."
        if self.type == "globs" and isinstance(normal, list):
            return _glob_mistake(normal)
        if isinstance(normal, int | float) and not isinstance(normal, bool):
            return self._bound_mistake(normal)
        return None

    def _amount_mistake(self, value: Json) -> str | None:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return f"{value!r} is not {_WORDS[self.type]}."
        try:
            amount = _AMOUNTS[self.type](value)
        except ValueError as error:
            return str(error)
        if self.enum and value not in self.enum:
            return f"{value!r} is not one of {', '.join(map(repr, self.enum))}."
        return self._bound_mistake(amount, str(value))

    def _bound_mistake(self, value: float, written: str = "") -> str | None:
        unit = f" {self.unit}" if self.unit else ""
        shown = written or f"{value:g}"
        if self.minimum is not None and value < self._number(self.minimum):
            return f"{shown} is below {bound_words(self.minimum, 'g')}{unit}, the least it can be."
        if self.maximum is not None and value > self._number(self.maximum):
            return f"{shown} is above {bound_words(self.maximum, 'g')}{unit}, the most it can be."
        return None

    def _number(self, bound: Bound) -> float:
        return _AMOUNTS[self.type](bound) if isinstance(bound, str) else bound


def bound_words(bound: Bound, spec: str = ",g") -> str:
    """Return a bound for people: as it was written, or the number in a format of Python's."""
    return bound if isinstance(bound, str) else format(bound, spec)


def read_parameter(name: str, given: JsonObject) -> Parameter:
    """Return the parameter that an entry describes. Raises KeyError, TypeError or ValueError where it cannot be."""
    type_ = given["type"]
    if type_ not in get_args(ParameterType):
        raise ValueError(f"parameter {name} has the type {type_!r}")
    enum = given.get("enum", [])
    if not isinstance(enum, list):
        raise TypeError(f"enum of parameter {name} is not a list")
    return Parameter(
        name=name,
        type=cast(ParameterType, type_),
        default=given["default"],
        description=str(given.get("description", "")),
        unit=str(given.get("unit", "")),
        minimum=_bound(given.get("minimum"), str(type_)),
        maximum=_bound(given.get("maximum"), str(type_)),
        enum=tuple(enum),
    )


def substitute(value: Json, values: Mapping[str, Json]) -> Json:
    """Return the document with every text that is "{name}" as a whole replaced by that parameter's value.

    Under `pattern` a list of globs becomes the one expression that matches what any of them matches.
    """
    if isinstance(value, str):
        found = _PLACEHOLDER.fullmatch(value)
        return values[found[1]] if found and found[1] in values else value
    if isinstance(value, list):
        return [substitute(item, values) for item in value]
    if isinstance(value, dict):
        filled = {key: substitute(item, values) for key, item in value.items()}
        globs = filled.get("pattern")
        if isinstance(globs, list) and isinstance(value["pattern"], str):
            filled["pattern"] = f"^(?:{'|'.join(translate(str(glob)) for glob in globs)})$"
        return filled
    return value


def placeholders(value: Json) -> frozenset[str]:
    """Return the names of the placeholders in a document."""
    if isinstance(value, str):
        found = _PLACEHOLDER.fullmatch(value)
        return frozenset({found[1]}) if found else frozenset()
    children = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
    return frozenset().union(*map(placeholders, children))


def _fits(type_: ParameterType, value: Json) -> bool:
    match type_:
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        case "text":
            return isinstance(value, str) and value != ""
        case "boolean":
            return isinstance(value, bool)
        case "globs":
            return isinstance(value, list) and value != [] and all(isinstance(item, str) for item in value)
        case "texts":
            return isinstance(value, list) and all(isinstance(item, str) and item for item in value)
        case _:
            return False


def _glob_mistake(patterns: list[Json]) -> str | None:
    for pattern in patterns:
        try:
            translate(str(pattern))
        except GlobError as error:
            return f"{error}."
    return None


def _bound(value: Json, type_: str) -> Bound | None:
    if value is None:
        return None
    if isinstance(value, str) and type_ in _AMOUNTS:
        _AMOUNTS[type_](value)
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a bound")
    return value
