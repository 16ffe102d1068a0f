"""Values of JSON as what they are wanted to be, and as nothing where they are something else.

For documents that a schema has been held against, or whose mistakes somebody else tells.
"""

from __future__ import annotations

from gate.model.json import Json, JsonObject


def mapping(value: Json) -> JsonObject:
    """Return a mapping, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def several(value: Json) -> list[Json]:
    """Return a list; one of a single value where it stands alone, and none for null."""
    return value if isinstance(value, list) else [] if value is None else [value]


def texts(value: Json) -> tuple[str, ...]:
    """Return the same as texts."""
    return tuple(map(str, several(value)))
