"""Every block of the configuration as an item of the facts, with what of it is known."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gate.collect.disk import printable
from gate.collect.terraform.evaluate import (
    UNKNOWN,
    Value,
    known_object,
    unknown_paths,
)
from gate.collect.terraform.secret_names import is_secret_name
from gate.collect.terraform.tree import Module, Placed, body_of, is_off, is_sensitive, live
from gate.model.evidence import Gap
from gate.model.json import Json, JsonObject

TYPES = ("resource", "data", "module", "provider", "variable", "output", "check", "ephemeral")
_LABELS = {"resource": 2, "data": 2, "ephemeral": 2}
_ADDRESS = re.compile(r"^(?:arn:|projects/|https?://|/|alias/)|^[\w-]+:/")
"""Values that say where a secret lies."""
_MAX_UNKNOWN = 50
_MAX_TEXT = 1_000
_ALL_NODES = 400_000
"""How many parts the attributes of all items may have together."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource that is not switched off, with its body. `type` is as written ("aws_lb")."""

    type: str
    name: str
    path: str
    line: int | None
    body: dict[str, Value]
    module: Module

    def item(self, **facts: Json) -> JsonObject:
        """Return a fact about it; see `told`."""
        return told(named(self.type, self.name, self.path, self.line), **facts)


def named(kind: str, name: str, path: str, line: int | None) -> JsonObject:
    """Return the members by which a sentence names a thing."""
    found: JsonObject = {"kind": kind, "name": name, "path": printable(path)}
    return found if line is None else found | {"line": line}


def told(item: JsonObject, **facts: Json) -> JsonObject:
    """Return an item with more facts: what is None is not known, left out, and named under `unknown`."""
    unknown: list[Json] = [name for name, value in facts.items() if value is None]
    known = {name: value for name, value in facts.items() if value is not None}
    return item | known | ({"unknown": unknown} if unknown else {})


def resources(modules: Sequence[Module]) -> list[Resource]:
    """Return the resources that are not switched off."""
    return [
        Resource(*placed.block.labels, printable(placed.path), placed.block.line, body_of(placed.block, module), module)
        for module, placed in live(modules, "resource")
        if len(placed.block.labels) == 2
    ]


def all_items(modules: Sequence[Module]) -> tuple[list[Json], list[Gap]]:
    """Return every block as an item, in the order of the folders, and what was left out."""
    items: list[Json] = []
    gaps: list[Gap] = []
    left = _ALL_NODES
    for module in modules:
        for placed in module.named(*TYPES):
            item, nodes = _item(module, placed, full=left > 0)
            items.append(item)
            left -= nodes
    if left <= 0:
        gaps.append(
            Gap("items", "hold more than is kept: the attributes of the last ones are left out", facts=("items",))
        )
    return items, gaps


def _item(module: Module, placed: Placed, *, full: bool) -> tuple[JsonObject, int]:
    block = placed.block
    kind, labels = block.type, block.labels
    name = labels[-1] if labels else ""
    item = named(kind, name, placed.path, block.line)
    item["address"] = ".".join(part for part in ("" if kind == "resource" else kind, *labels) if part)
    if _LABELS.get(kind) == len(labels) == 2:
        item["type"] = labels[0]
    item["folder"] = printable(module.folder) or "."
    if kind in ("resource", "data", "module"):
        item["live"] = not is_off(block, module)
    if not full:
        return item, 1
    body = _redacted(body_of(block, module), sensitive=kind == "variable" and is_sensitive(block))
    body = body if isinstance(body, dict) else {}
    unknown: list[Json] = [*sorted(set(unknown_paths(body)))[:_MAX_UNKNOWN]]
    item["attributes"] = known_object(body)
    item["unknown"] = unknown
    return item, _nodes(body)


def _nodes(value: Value) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_nodes, inner))


def _redacted(value: Value, *, sensitive: bool = False) -> Value:
    """Return a body without the values of secrets, and without texts that are too long to be worth keeping."""
    if isinstance(value, dict):
        return {
            name: _redacted(item, sensitive=is_secret_name(name) or (sensitive and name == "default"))
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_redacted(item, sensitive=sensitive) for item in value]
    if isinstance(value, str) and (sensitive or len(value) > _MAX_TEXT):
        return UNKNOWN if value else value
    return value


def literal_secrets(modules: Sequence[Module]) -> list[Json]:
    """Return where a password, a key or a token is written down as a literal: the names, never the values."""
    found: list[Json] = []
    for module in modules:
        for placed in module.named("resource", "data", "provider", "module", "locals"):
            # Not resolved: what a variable is worth is told once, where it is written.
            found += _secrets_in(placed, _literals(placed))
        for placed in module.named("variable"):
            default = placed.block.attributes.get("default")
            name = placed.block.labels[0] if placed.block.labels else ""
            if default is not None and is_sensitive(placed.block) and _is_secret(_literal(default.expression)):
                found.append(named("variable", name, placed.path, default.line) | {"attribute": "default"})
        for placed in module.values:
            for name, attribute in placed.block.attributes.items():
                if is_secret_name(name) and _is_secret(_literal(attribute.expression)):
                    found.append(named("value", name, placed.path, attribute.line) | {"attribute": name})
    return list({str(item): item for item in found}.values())


def _secrets_in(placed: Placed, literals: Iterator[tuple[str, Json, int | None]]) -> list[Json]:
    block = placed.block
    kind = block.labels[0] if block.type in ("resource", "data") and block.labels else block.type
    name = block.labels[-1] if block.labels else block.type
    return [
        named(kind, name, placed.path, line) | {"attribute": attribute}
        for attribute, value, line in literals
        if is_secret_name(attribute) and _is_secret(value)
    ]


def _literals(placed: Placed) -> Iterator[tuple[str, Json, int | None]]:
    """Yield (name, literal, line) of the attributes of a block, those of nested blocks and objects too."""
    waiting = [placed.block]
    while waiting:
        block = waiting.pop()
        waiting += block.blocks
        for name, attribute in block.attributes.items():
            yield from ((key, value, attribute.line) for key, value in _parts(name, attribute.expression))


def _parts(name: str, expression: Json) -> Iterator[tuple[str, Json]]:
    match expression:
        case ["=", value]:
            yield name, value
        case ["{", list(pairs)]:
            for pair in pairs:
                match pair:
                    case [["=", str(key)], inner]:
                        yield from _parts(key, inner)
        case ["[", list(items)]:
            for item in items:
                yield from _parts(name, item)


def _literal(expression: Json) -> Json:
    match expression:
        case ["=", value]:
            return value
        case _:
            return None


def _is_secret(value: Json) -> bool:
    return isinstance(value, str) and bool(value.strip()) and not _ADDRESS.search(value)
