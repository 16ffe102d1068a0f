"""Plain YAML scalars by the core schema of YAML 1.2.2 (section 10.3.2): `no`, `on`, `12:30` and dates are text."""

from __future__ import annotations

import math
import re

from gate.model.json import Json

_CONSTANTS: dict[str, Json] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_FIRST = frozenset("0123456789+-.")
_NUMBER = re.compile(
    r"(?P<integer>[-+]?[0-9]+)|(?P<octal>0o[0-7]+)|(?P<hexadecimal>0x[0-9a-fA-F]+)"
    r"|(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<unbounded>[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
)
MAX_DIGITS = 300
"""An integer of more digits has no finite float beside it, and costs quadratic time to read."""


class ScalarError(ValueError):
    """A scalar that has no JSON value; the message says why and what to do."""


def resolve(text: str) -> Json:
    """Return the value of a plain scalar. Raises ScalarError for numbers that are not finite or absurdly long."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _FIRST:
        return text
    found = _NUMBER.fullmatch(text)
    if found is None:
        return text
    if found.lastgroup == "unbounded":
        raise ScalarError(f"{text} is not a finite number; write a number, or quote it if it is text")
    if found.lastgroup == "float":
        number = float(text)
        if not math.isfinite(number):
            raise ScalarError(f"{shorten(text)} is too large for a number; quote it if it is text")
        return number
    if len(text) > MAX_DIGITS:
        raise ScalarError(f"{shorten(text)} has more than {MAX_DIGITS} digits; quote it if it is text")
    return int(text, {"octal": 8, "hexadecimal": 16}.get(str(found.lastgroup), 10))


def shorten(text: str, length: int = 40) -> str:
    """Return the text cut to so many characters, for a message."""
    return text if len(text) <= length else text[: length - 1] + "…"
