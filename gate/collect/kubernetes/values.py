"""Values of manifests, of whatever type somebody wrote there. Pure."""

from __future__ import annotations

from gate.collect.manifests.objects import mapping
from gate.formats.quantities import int_or_percent, quantity
from gate.model.json import Json, JsonObject

_LONGEST = 500
_LARGEST = 2**53
"""Beyond it, numbers of JSON are not exact; no field of a manifest means anything there."""


def whole(value: Json) -> int | None:
    """Return a whole number, None for anything else: the API server takes no text and no fraction for one."""
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST else None


def count(value: Json, otherwise: int) -> int:
    """Return a whole number that is not negative, `otherwise` for anything else."""
    found = whole(value)
    return otherwise if found is None or found < 0 else found


def words(value: Json) -> list[str]:
    """Return the texts of a list, none for anything else."""
    return [shown(item) for item in value if isinstance(item, str)] if isinstance(value, list) else []


def shown(text: str) -> str:
    """Return a text that is short enough to be told."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def labels_of(value: Json) -> dict[str, str]:
    """Return a map of labels: what is no text is no label."""
    return {key: item for key, item in mapping(value).items() if isinstance(item, str)}


def flag(value: Json) -> bool | None:
    """Return true or false, None for anything else."""
    return value if isinstance(value, bool) else None


def amount(value: Json) -> int | float | None:
    """Return a quantity as a number (cores, bytes), None for what is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        found = quantity(value)
    except (ValueError, OverflowError):
        return None
    return found if found >= 0 else None


def share(value: Json, total: int, *, up: bool) -> int | None:
    """Return how many of `total` a number or a percentage is, None for what is neither."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        return int_or_percent(value).of(total, up=up)
    except ValueError:
        return None


def known(**facts: Json) -> JsonObject:
    """Return the facts that are known: those that are not None."""
    return {name: value for name, value in facts.items() if value is not None}
