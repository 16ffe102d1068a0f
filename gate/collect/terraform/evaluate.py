"""What an expression is worth, as far as the files tell: literals, variables with known values, locals, simple choices.

What is not known is `UNKNOWN`, never a guess. Values are bounded: references to references can write a value of any
size in a few lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeAlias

from gate.collect.terraform.secret_names import is_secret_name
from gate.model.json import Json, JsonObject


class Unknown:
    """The one value that stands for what the files do not tell."""

    def __repr__(self) -> str:
        """Show it as what it is."""
        return "UNKNOWN"


UNKNOWN: Final = Unknown()
Value: TypeAlias = "str | int | float | bool | Unknown | list[Value] | dict[str, Value] | None"
"""JSON in which any part may be unknown."""

_MAX_NODES = 2_000
"""How many parts one value may have."""
_MAX_TEXT = 4_000
_MAX_LEVELS = 40
"""How deep one value may nest."""
_MAX_DEPTH = 120
"""How deep expressions and the references in them may lead, all together."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that a folder of Terraform files knows.

    `find` returns the value of a first step and a name (`var`, `region`), UNKNOWN where the files do not tell.
    """

    find: Callable[[str, str, int], Value]


NOTHING_KNOWN = Scope(lambda _first, _name, _depth: UNKNOWN)


def evaluate(expression: Json, scope: Scope = NOTHING_KNOWN, depth: int = 0) -> Value:
    """Return the value of an expression (`readers.hcl_tree`). Raises nothing; what is too large is UNKNOWN."""
    value = _value(expression, scope, depth)
    return UNKNOWN if _too_large(value) else value


def _value(expression: Json, scope: Scope, depth: int) -> Value:
    depth += 1
    if depth > _MAX_DEPTH:
        return UNKNOWN
    match expression:
        case ["=", str() | int() | float() | bool() | None as literal]:
            return literal
        case ["t", list(parts)]:
            return _text([_value(part, scope, depth) for part in parts])
        case ["[", list(items)]:
            return [_value(item, scope, depth) for item in items]
        case ["{", list(pairs)]:
            return _object(pairs, scope, depth)
        case [".", [str(first), *steps]]:
            return _reference(first, steps, scope, depth)
        case ["?", condition, yes, no]:
            chosen = _value(condition, scope, depth)
            return _value(yes if chosen else no, scope, depth) if isinstance(chosen, bool) else UNKNOWN
        case ["!", inner]:
            inside = _value(inner, scope, depth)
            return not inside if isinstance(inside, bool) else UNKNOWN
        case _:
            return UNKNOWN


def _text(parts: Sequence[Value]) -> Value:
    texts = []
    for part in parts:
        if isinstance(part, bool):
            texts.append("true" if part else "false")
        elif isinstance(part, str | int | float):
            texts.append(str(part))
        else:
            return UNKNOWN
    whole = "".join(texts)
    return whole if len(whole) <= _MAX_TEXT else UNKNOWN


def _object(pairs: Sequence[Json], scope: Scope, depth: int) -> Value:
    found: dict[str, Value] = {}
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2:
            return UNKNOWN
        key = _value(pair[0], scope, depth)
        if isinstance(key, bool) or not isinstance(key, str | int | float):
            return UNKNOWN
        found[str(key)] = _value(pair[1], scope, depth)
    return found


def _reference(first: str, steps: Sequence[Json], scope: Scope, depth: int) -> Value:
    if not steps or not isinstance(steps[0], str):
        return UNKNOWN
    value = scope.find(first, steps[0], depth + 2)
    for step in steps[1:]:
        value = _below(value, step)
    # A secret must not reach an attribute with an innocent name.
    hidden = isinstance(value, str) and any(isinstance(step, str) and is_secret_name(step) for step in steps)
    return UNKNOWN if hidden else value


def _below(value: Value, step: Json) -> Value:
    if isinstance(value, dict) and isinstance(step, str | int):
        return value.get(str(step), UNKNOWN)
    if isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
        return value[step]
    return UNKNOWN


def _too_large(value: Value) -> bool:
    """Whether a value has more parts than are kept, or nests too deep; shared parts count wherever they stand."""
    left = _MAX_NODES
    waiting: list[tuple[Value, int]] = [(value, 0)]
    while waiting:
        current, level = waiting.pop()
        left -= 1
        if left < 0 or level > _MAX_LEVELS:
            return True
        if isinstance(current, dict | list):
            inner = current.values() if isinstance(current, dict) else current
            waiting += ((item, level + 1) for item in islice(inner, left + 1))
    return False


def known(value: Value) -> Json | Unknown:
    """Return a value as JSON: members of objects that are not known are left out; a list with any is not known."""
    if isinstance(value, dict):
        return {name: kept for name, item in value.items() if not isinstance(kept := known(item), Unknown)}
    if isinstance(value, list):
        items = [known(item) for item in value]
        if any(isinstance(item, Unknown) for item in items):
            return UNKNOWN
        return [item for item in items if not isinstance(item, Unknown)]
    return value


def known_object(values: Mapping[str, Value]) -> JsonObject:
    """Return the members that are known."""
    kept = known(dict(values))
    return kept if isinstance(kept, dict) else {}


def unknown_paths(value: Value, path: str = "") -> Iterator[str]:
    """Yield the dotted paths of what is not known: "vpc_id", "scaling_config.0.max_size"."""
    if isinstance(value, Unknown):
        yield path
    elif isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for name, item in pairs:
            yield from unknown_paths(item, f"{path}.{name}" if path else str(name))
