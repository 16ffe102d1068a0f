"""What a Terraform file says, before anything is resolved: blocks, attributes and expressions.

An expression is plain JSON, so that it can be sent between processes and be kept: a list whose first member says what
the rest is.

    ["=", VALUE]                   a literal: text, number, true, false or null
    ["t", [EXPRESSION, …]]         a text put together from parts
    ["[", [EXPRESSION, …]]         a list
    ["{", [[EXPRESSION, …], …]]    an object: pairs of key and value
    [".", [STEP, …]]               a reference: `var.x.y`, `local.z[0]`; a step is a name or a whole number
    ["?", IF, THEN, ELSE]          a conditional
    ["!", EXPRESSION]              not; ["-", EXPRESSION] is the negative
    ["x", TEXT]                    anything else (calls, loops, arithmetic), as it is written, cut to 200 characters
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gate.model.json import Json, JsonObject

CUT = 200
"""How much of an expression that is not understood is kept."""
DEPTH = 30
"""How deep expressions and blocks may nest; what is deeper is kept as text, or refused."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """`name = expression`. `line` counts from 1, None in JSON; `start` and `end` are of the expression, in characters.

    `start` and `end` count in the file without its byte order mark; both are -1 in JSON.
    """

    expression: Json
    line: int | None = None
    start: int = -1
    end: int = -1


@dataclass(frozen=True, slots=True)
class Block:
    """`type "label" … { body }`."""

    type: str
    labels: tuple[str, ...] = ()
    line: int | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()

    def named(self, type_: str) -> tuple[Block, ...]:
        """The blocks of a type directly in this one."""
        return tuple(block for block in self.blocks if block.type == type_)


def to_json(block: Block) -> JsonObject:
    """Return a block as JSON."""
    attributes: JsonObject = {
        name: [item.expression, item.line, item.start, item.end] for name, item in block.attributes.items()
    }
    return {
        "type": block.type,
        "labels": list(block.labels),
        "line": block.line,
        "attributes": attributes,
        "blocks": [to_json(each) for each in block.blocks],
    }


def from_json(value: Json, depth: int = 0) -> Block:
    """Return the block that `to_json` wrote. Raises ValueError for anything else."""
    if not isinstance(value, dict) or depth > DEPTH + 1:
        raise ValueError("is no block")
    type_, labels, line = value.get("type"), value.get("labels"), value.get("line")
    attributes, blocks = value.get("attributes"), value.get("blocks")
    if not isinstance(type_, str) or not isinstance(labels, list) or not isinstance(attributes, dict):
        raise ValueError("is no block")
    if not isinstance(blocks, list):
        raise ValueError("is no block")
    return Block(
        type_,
        tuple(label for label in labels if isinstance(label, str)),
        _whole(line),
        {name: _attribute(item) for name, item in attributes.items()},
        tuple(from_json(each, depth + 1) for each in blocks),
    )


def _attribute(value: Json) -> Attribute:
    if not isinstance(value, list) or len(value) != 4 or not isinstance(value[0], list):
        raise ValueError("is no attribute")
    expression, line, start, end = value
    return Attribute(expression, _whole(line), _whole(start) or 0, _whole(end) or 0)


def _whole(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
