"""Variables in Compose files. Pure.

The grammar is that of the Compose Specification (12-interpolation.md): `$NAME`, `${NAME}`, `${NAME:-default}`,
`${NAME-default}`, `${NAME:?message}`, `${NAME?message}`, `${NAME:+other}`, `${NAME+other}`, and `$$` for a dollar.
Defaults may hold variables themselves.

A variable that neither `.env` nor a default tells is set where the services are started: its text stays as it is, so
that whoever reads the value sees that it is not known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from gate.formats.located_yaml import Located, tag_of, tagged
from gate.model.json import Json

_NAME = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")
_OPERATORS = (":-", ":?", ":+", "-", "?", "+")
_DEEPEST = 20
_LITERAL = "\ufdd0"
"""What a literal dollar is until the end."""


def interpolated(value: Json, variables: Mapping[str, str]) -> Json:
    """Return a document with its values, not its keys, filled in. Tags stay where they are."""
    if isinstance(value, str):
        return tagged(fill(value, variables), tag_of(value)) if "$" in value else value
    if isinstance(value, list):
        return tagged([interpolated(item, variables) for item in value], tag_of(value))
    if isinstance(value, dict):
        filled = Located((key, interpolated(item, variables)) for key, item in value.items())
        filled.line = value.line if isinstance(value, Located) else 1
        return tagged(filled, tag_of(value))
    return value


def fill(text: str, variables: Mapping[str, str]) -> str:
    """Return one text filled in; `$$` becomes `$`. What is not a variable by the grammar stays as it is."""
    filled, _end = _fill(text, 0, variables, "", 0)
    return filled.replace(_LITERAL, "$")


def _fill(text: str, start: int, variables: Mapping[str, str], closing: str, depth: int) -> tuple[str, int]:
    """Return the text from `start` filled in, and where it ended: behind the closing bracket, or at the end."""
    parts: list[str] = []
    place = start
    while place < len(text):
        char = text[place]
        if char == closing:
            return "".join(parts), place + 1
        if char != "$":
            parts.append(char)
            place += 1
        elif text.startswith("$$", place):
            parts.append(_LITERAL)
            place += 2
        else:
            value, place = _variable(text, place, variables, depth)
            parts.append(value)
    return "".join(parts), place


def _variable(text: str, place: int, variables: Mapping[str, str], depth: int) -> tuple[str, int]:
    """Return the value of the variable that begins at a dollar, and where it ends."""
    braced = text.startswith("${", place)
    named = _NAME.match(text, place + (2 if braced else 1))
    if named is None or depth > _DEEPEST:
        return "$", place + 1
    name, end = named.group(), named.end()
    if not braced:
        return variables.get(name, text[place:end]), end
    if text.startswith("}", end):
        return variables.get(name, text[place : end + 1]), end + 1
    operator = next((sign for sign in _OPERATORS if text.startswith(sign, end)), None)
    if operator is None:
        return "$", place + 1
    other, after = _fill(text, end + len(operator), variables, "}", depth + 1)
    written = text[place:after]
    return _chosen(variables.get(name), operator, other, written), after


def _chosen(value: str | None, operator: str, other: str, written: str) -> str:
    given = bool(value) if operator.startswith(":") else value is not None
    match operator[-1]:
        case "-":
            return value if given and value is not None else other
        case "+":
            return other if given else ""
        case _:
            return value if given and value is not None else written
