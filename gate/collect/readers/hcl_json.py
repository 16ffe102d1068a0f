"""Terraform's JSON syntax (`*.tf.json`, `*.tfvars.json`) as the same blocks as its native one.

The mapping is https://developer.hashicorp.com/terraform/language/syntax/json: a block type is a member whose value is
an object with one level for each label, and every such level may be a list of objects instead. Texts are templates.
Inside of a resource nothing tells a nested block from an attribute with an object, so all of them are attributes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.collect.readers.errors import ReportError
from gate.collect.readers.hcl_tree import CUT, DEPTH, Attribute, Block
from gate.formats.strict_json import JsonProblem, loads
from gate.model.json import Json, JsonObject

LABELS = {
    "resource": 2,
    "data": 2,
    "ephemeral": 2,
    "module": 1,
    "provider": 1,
    "variable": 1,
    "output": 1,
    "check": 1,
    "locals": 0,
    "terraform": 0,
    "moved": 0,
    "import": 0,
    "removed": 0,
}
"""Block type → how many labels it has."""
_NESTED = {"backend": 1, "cloud": 0, "required_providers": 0}
"""The same for the blocks in `terraform`."""
_REFERENCE = re.compile(r"\$\{\s*([A-Za-z_][\w-]*(?:\.[\w-]+|\[\d{1,9}\])*)\s*\}")
_STEP = re.compile(r"[\w-]+")


def read_hcl_json(data: bytes, *, values: bool = False) -> Block:
    """Return a file as one block without type and labels; with `values` a file of variables. Raises ReportError."""
    try:
        document = loads(data)
    except JsonProblem as problem:
        raise ReportError(f"cannot be read as JSON: {problem.reason}", problem.line) from None
    if not isinstance(document, dict):
        raise ReportError("is no object, as a file of Terraform is")
    if values:
        return Block("", (), None, {name: Attribute(_literal(value)) for name, value in document.items()})
    blocks: list[Block] = []
    for name, value in document.items():
        if name in LABELS:
            blocks += _blocks(name, value, LABELS[name], ())
        elif name != "//":
            raise ReportError(f"holds {name[:40]!r}, which is no block of Terraform")
    return Block("", (), None, {}, tuple(blocks))


def _blocks(type_: str, value: Json, labels: int, names: tuple[str, ...]) -> Iterator[Block]:
    """Yield the blocks of one type. Raises ReportError."""
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, dict):
            raise ReportError(f"has no object where the body of a {type_} block belongs")
        if labels == 0:
            yield _block(type_, names, item)
            continue
        for name, below in item.items():
            if name != "//":
                yield from _blocks(type_, below, labels - 1, (*names, name))


def _block(type_: str, names: tuple[str, ...], body: JsonObject) -> Block:
    attributes: dict[str, Attribute] = {}
    blocks: list[Block] = []
    for name, value in body.items():
        if name == "//":
            continue
        if type_ == "terraform" and name in _NESTED:
            blocks += _blocks(name, value, _NESTED[name], ())
        else:
            attributes[name] = Attribute(_expression(value, 0))
    return Block(type_, names, None, attributes, tuple(blocks))


def _expression(value: Json, depth: int) -> Json:
    if depth > DEPTH:
        return ["x", "…"]
    if isinstance(value, list):
        return ["[", [_expression(item, depth + 1) for item in value]]
    if isinstance(value, dict):
        return ["{", [[["=", key], _expression(item, depth + 1)] for key, item in value.items()]]
    return _template(value) if isinstance(value, str) else ["=", value]


def _literal(value: Json) -> Json:
    """Return a value of a file of variables: nothing in it is a template."""
    if isinstance(value, list):
        return ["[", [_literal(item) for item in value]]
    if isinstance(value, dict):
        return ["{", [[["=", key], _literal(item)] for key, item in value.items()]]
    return ["=", value]


def _template(text: str) -> Json:
    if "${" not in text and "%{" not in text:
        return ["=", text]
    parts: list[Json] = []
    at = 0
    for found in _REFERENCE.finditer(text):
        if found.start() > at:
            parts.append(["=", text[at : found.start()]])
        parts.append([".", [int(step) if step.isdigit() else step for step in _STEP.findall(found[1])]])
        at = found.end()
    if at < len(text):
        parts.append(["=", text[at:]])
    literal = [str(part[1]) for part in parts if isinstance(part, list) and part[0] == "="]
    if any("${" in each or "%{" in each for each in literal):
        return ["x", text[:CUT]]
    # "${x}" alone is the value itself, whatever its type.
    return parts[0] if len(parts) == 1 else ["t", parts]
