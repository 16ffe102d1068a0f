"""JSON values, places and schemas in a few words of plain English."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from gate.model.json import Json

_TEXT = 60
_SHOWN = 3
_LONGEST = 300
WHOLE = "the value"
_TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a text",
}
BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
    "multipleOf": "a multiple of",
}
SIZES = {
    "minLength": ("at least", "character"),
    "maxLength": ("at most", "character"),
    "minItems": ("at least", "item"),
    "maxItems": ("at most", "item"),
    "minProperties": ("at least", "entry"),
    "maxProperties": ("at most", "entry"),
}


def pointer(path: Iterable[str | int]) -> str:
    """Return a path as a JSON Pointer; "" is the whole document."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def place(path: Sequence[str | int]) -> str:
    """Return a path as people write it: "workloads[3].probes.liveness", "the value" for the whole document."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f"{'.' if text else ''}{_printable(step)}"
    return text or WHOLE


def words(value: Json) -> str:
    """Return a value in short: numbers with separators, texts quoted and cut, lists and objects counted."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return f"{value:,}" if abs(value) < 10**18 else f"{float(value):g}"
        case float():
            return number(value)
        case str():
            return f'"{_printable(value)}"'
        case list():
            return _list_words(value)
        case dict():
            return "an empty object" if not value else f"an object of {count(len(value), 'entry')}"


def _printable(text: str) -> str:
    short = text if len(text) <= _TEXT else text[: _TEXT - 1] + "…"
    return "".join(char if char.isprintable() else " " for char in short)


def number(value: float) -> str:
    """Return a number with at most 4 decimals and separators between thousands."""
    if not math.isfinite(value) or (value != 0 and not 1e-4 <= abs(value) < 1e15):
        return f"{value:g}"
    return f"{value:,.4f}".rstrip("0").rstrip(".")


def describe(schema: Json) -> str:
    """Return what a schema asks for, in short, so that "wanted …" or "an item that is …" can be completed."""
    if not isinstance(schema, dict):
        return "nothing" if schema is False else "anything"
    parts = [part for keyword, value in schema.items() if (part := _describe_keyword(keyword, value))]
    return cut(" and ".join(parts) or "what the schema says")


def _describe_keyword(keyword: str, value: Json) -> str:
    if keyword in BOUNDS:
        return f"{BOUNDS[keyword]} {words(value)}"
    if keyword in SIZES and isinstance(value, int):
        bound, noun = SIZES[keyword]
        return f"{bound} {count(value, noun)}"
    match keyword, value:
        case "const", _:
            return words(value)
        case "enum", list():
            return one_of(value)
        case "type", _:
            return types(value)
        case "pattern", _:
            return f"a text that matches {words(value)}"
        case "required", list() if value:
            return f"with {', '.join(str(item) for item in value)}"
        case "properties", dict():
            return " and ".join(f"{name} {describe(item)}" for name, item in value.items())
        case "not", _:
            return f"not {describe(value)}"
        case _:
            return ""


def types(value: Json) -> str:
    """Return the `type` of a schema in words."""
    names = value if isinstance(value, list) else [value]
    return " or ".join(_TYPES.get(str(item), str(item)) for item in names)


def one_of(values: Json) -> str:
    """Return the `enum` of a schema in words."""
    if not isinstance(values, list):
        return words(values)
    if len(values) == 1:
        return words(values[0])
    shown = ", ".join(words(item) for item in values[:12])
    return f"one of {shown}" + (f" and {len(values) - 12} more" if len(values) > 12 else "")


def count(number_of: int, noun: str) -> str:
    """Return "1 item", "2 items", "2 entries"."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number_of:,} {noun if number_of == 1 else plural}"


def _list_words(value: list[Json]) -> str:
    if not value:
        return "an empty list"
    return f"a list of {count(len(value), 'item')}{examples(value)}"


def examples(value: list[Json]) -> str:
    """Return the first plain items of a list in brackets, with a space before; "" where there are none."""
    plain = [words(item) for item in value[:_SHOWN] if not isinstance(item, dict | list)]
    if not plain:
        return ""
    return f" ({', '.join(plain)}{', …' if len(value) > len(plain) else ''})"


def cut(text: str) -> str:
    """Return the text cut to what a sentence bears."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
