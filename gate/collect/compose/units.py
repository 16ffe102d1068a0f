"""Sizes, times and numbers as Compose writes them. Pure.

Sizes are those of the Compose Specification (11-extension.md, "Specifying byte values"): a number and b, k or kb, m or
mb, g or gb, in powers of 1024. Times are Go durations.
"""

from __future__ import annotations

import re

from gate.formats.quantities import go_duration
from gate.model.json import Json

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(b|k|m|g|t)?(?:i?b)?", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{0,9}(?:\.[0-9]{1,9})?(?<=[0-9])")
_FACTORS = {"": 1, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}


def size(value: Json) -> int | None:
    """Return a size in bytes, None for what is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value)
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) and len(value) < 40 else None
    return None if found is None else int(float(found[1]) * _FACTORS[(found[2] or "").lower()])


def number(value: Json) -> float | None:
    """Return a number that may be written as text, None for what is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    return float(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else None


def seconds(value: Json) -> int | float | None:
    """Return a time in seconds, None for what is none. A bare number is seconds."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    try:
        return go_duration(value) if isinstance(value, str) else None
    except ValueError:
        return None
