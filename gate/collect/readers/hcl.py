"""Terraform's native syntax (HCL 2, `*.tf`, `*.tofu`, `*.tfvars`), parsed by python-hcl2's grammar.

The language: https://developer.hashicorp.com/terraform/language/syntax/configuration and
https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md.

python-hcl2 parses with lark's LALR(1) parser, which does not recurse, but takes about five seconds for a megabyte. Its
own transformer recurses without a bound, and what it makes of a file has no line numbers, so the tree is walked here.
The text of a hostile file may still take long: this is run in a child with limits (`gate.collect.terraform.parsing`).
"""

from __future__ import annotations

import math
import re
import textwrap
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from gate.collect.readers.errors import ReportError
from gate.collect.readers.hcl_tree import CUT, DEPTH, Attribute, Block
from gate.model.json import Json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lark import Lark, Token, Tree

    Node: TypeAlias = "Tree[Token] | Token"

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)


def read_hcl(data: bytes) -> Block:
    """Return a file as one block without type, labels and line. Raises ReportError."""
    from lark.exceptions import LarkError, UnexpectedInput

    text = decode(data)
    try:
        tree = _parser().parse(text + "\n")
    except UnexpectedInput as error:
        where: object = error.line  # -1 or "?" at the end of the text
        line = where if isinstance(where, int) and where > 0 else None
        raise ReportError("does not parse as Terraform's syntax (HCL)", line or text.count("\n") + 1) from None
    except LarkError:
        raise ReportError("does not parse as Terraform's syntax (HCL)") from None
    return _Walk(text).file(tree)


def decode(data: bytes) -> str:
    """Return the text of a file without its byte order mark. Raises ReportError when it is not UTF-8 text."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReportError("is not UTF-8 text", data.count(b"\n", 0, error.start) + 1) from None
    if "\0" in text:
        raise ReportError("holds a NUL character, so it is not text", text.count("\n", 0, text.index("\0")) + 1)
    return text


@lru_cache(maxsize=1)
def _parser() -> Lark:
    """Build the parser: a second. python-hcl2's own keeps a pickle beside its code; this one leaves nothing behind."""
    import hcl2.parser
    from hcl2.postlexer import PostLexer
    from lark import Lark

    return Lark.open(
        "hcl2.lark",
        rel_to=hcl2.parser.__file__,
        parser="lalr",
        propagate_positions=True,
        postlex=PostLexer(),
    )


class _Walk:
    """Makes blocks of lark's tree."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._readers: dict[str, Callable[[Tree[Token], int], Json]] = {
            "expr_term": self._term,
            "string": self._string,
            "literal_value": lambda node, _depth: ["=", {"true": True, "false": False}.get(_word(node))],
            "int_lit": lambda node, _depth: _number(_word(node)),
            "float_lit": lambda node, _depth: _number(_word(node)),
            "tuple": self._tuple,
            "object": self._object,
            "identifier": self._reference,
            "get_attr_expr_term": self._reference,
            "index_expr_term": self._reference,
            "conditional": self._conditional,
            "unary_op": self._unary,
            "heredoc_template": self._heredoc,
            "heredoc_template_trim": self._heredoc,
            "interpolation": self._term,
        }

    def file(self, tree: Tree[Token]) -> Block:
        """Return the whole file. Raises ReportError."""
        body = next((child for child in _trees(tree) if child.data == "body"), None)
        attributes, blocks = ({}, ()) if body is None else self._body(body, 0)
        return Block("", (), None, attributes, blocks)

    def _body(self, body: Tree[Token], depth: int) -> tuple[dict[str, Attribute], tuple[Block, ...]]:
        if depth > DEPTH:
            raise ReportError(f"nests blocks more than {DEPTH} levels deep", body.meta.line if body.children else None)
        attributes: dict[str, Attribute] = {}
        blocks: list[Block] = []
        for child in _trees(body):
            if child.data == "attribute":
                name, value = _word(child), child.children[-1]
                if name in attributes:
                    raise ReportError(f"sets {_shown(name)} twice in one block", child.meta.line)
                start, end = self._span(value)
                attributes[name] = Attribute(self._expression(value, 0), child.meta.line, start, end)
            elif child.data == "block":
                blocks.append(self._block(child, depth))
        return attributes, tuple(blocks)

    def _block(self, node: Tree[Token], depth: int) -> Block:
        names: list[str] = []
        inner: tuple[dict[str, Attribute], tuple[Block, ...]] = ({}, ())
        for child in _trees(node):
            if child.data == "body":
                inner = self._body(child, depth + 1)
            elif child.data == "string":
                value = self._string(child, 0)
                literal = value[1] if isinstance(value, list) and value[0] == "=" else None
                if not isinstance(literal, str):
                    raise ReportError("has a block whose label is no plain text", child.meta.line)
                names.append(literal)
            elif child.data != "new_line_or_comment":
                names.append(_word(child))
        return Block(names[0], tuple(names[1:]), node.meta.line, *inner)

    def _expression(self, node: Node, depth: int) -> Json:
        from lark import Tree

        reader = self._readers.get(str(node.data)) if isinstance(node, Tree) else None
        if reader is None or depth > DEPTH or not isinstance(node, Tree):
            return self._other(node)
        return reader(node, depth + 1)

    def _other(self, node: Node) -> Json:
        start, end = self._span(node)
        return ["x", " ".join(self._text[start : min(end, start + 2 * CUT)].split())[:CUT]]

    def _span(self, node: Node) -> tuple[int, int]:
        from lark import Tree

        where = node.meta if isinstance(node, Tree) else node
        return int(getattr(where, "start_pos", 0) or 0), int(getattr(where, "end_pos", 0) or 0)

    def _term(self, node: Tree[Token], depth: int) -> Json:
        """Return what parentheses, an interpolation or nothing at all is around."""
        inner = _children(node)
        return self._expression(inner[0], depth) if len(inner) == 1 else self._other(node)

    def _string(self, node: Tree[Token], depth: int) -> Json:
        parts: list[Json] = []
        for part in _trees(node):
            (child,) = part.children
            if isinstance(child, str):
                escaped = child.type in ("ESCAPED_INTERPOLATION", "ESCAPED_DIRECTIVE")
                parts.append(["=", _unescaped(child[1:] if escaped else str(child))])
            else:
                parts.append(self._expression(child, depth))
        if len(parts) == 1 and isinstance(parts[0], list) and parts[0][0] == "=":
            return parts[0]
        return ["t", parts] if parts else ["=", ""]

    def _tuple(self, node: Tree[Token], depth: int) -> Json:
        return ["[", [self._expression(child, depth) for child in _children(node)]]

    def _object(self, node: Tree[Token], depth: int) -> Json:
        return ["{", [self._pair(child, depth) for child in _trees(node) if child.data == "object_elem"]]

    def _pair(self, node: Tree[Token], depth: int) -> Json:
        key, value = _children(node)
        return [self._key(key), self._expression(value, depth)]

    def _key(self, node: Tree[Token]) -> Json:
        """Return a key: a bare name stands for itself there."""
        (inner,) = node.children
        word = inner
        while not isinstance(word, str) and len(word.children) == 1:
            if word.data == "string":
                break
            word = word.children[0]
        return ["=", str(word)] if isinstance(word, str) else self._expression(inner, 0)

    def _reference(self, node: Tree[Token], _depth: int) -> Json:
        steps: list[Json] = []
        current: Node = node
        while not isinstance(current, str):
            if current.data == "identifier":
                steps.append(_word(current))
                return [".", steps[::-1]]
            inner = _children(current)
            if current.data == "expr_term" and len(inner) == 1:
                current = inner[0]
                continue
            step = self._step(inner[1]) if len(inner) == 2 else None
            if step is None or current.data not in ("get_attr_expr_term", "index_expr_term"):
                break
            steps.append(step)
            current = inner[0]
        return self._other(node)

    def _step(self, node: Tree[Token]) -> Json:
        if node.data == "get_attr":
            return _word(node)
        inner = _children(node)
        if node.data == "short_index" and isinstance(number := _number(str(node.children[-1])), list):
            return number[1]
        value = self._expression(inner[0], 0) if node.data == "braces_index" and len(inner) == 1 else None
        return value[1] if isinstance(value, list) and value[0] == "=" else None

    def _conditional(self, node: Tree[Token], depth: int) -> Json:
        parts = _children(node)
        return ["?", *(self._expression(part, depth) for part in parts)] if len(parts) == 3 else self._other(node)

    def _unary(self, node: Tree[Token], depth: int) -> Json:
        sign, value = str(node.children[0]), self._expression(node.children[-1], depth)
        number = value[1] if isinstance(value, list) and value[0] == "=" else None
        if sign == "-" and isinstance(number, int | float) and not isinstance(number, bool):
            return ["=", -number]
        return [sign, value] if sign in "!-" else self._other(node)

    def _heredoc(self, node: Tree[Token], _depth: int) -> Json:
        whole = str(node.children[0])
        if "${" in whole or "%{" in whole:
            return self._other(node)
        _marker, _, rest = whole.rstrip().partition("\n")
        body, newline, _marker = rest.rpartition("\n")
        return ["=", (textwrap.dedent(body) if whole.startswith("<<-") else body) + newline]


def _trees(node: Tree[Token]) -> Iterator[Tree[Token]]:
    return (child for child in node.children if not isinstance(child, str))


def _children(node: Tree[Token]) -> Sequence[Tree[Token]]:
    """Return what is no token, line break or comment."""
    return [child for child in _trees(node) if child.data != "new_line_or_comment"]


def _word(node: Node) -> str:
    """Return the first name below a node."""
    while not isinstance(node, str):
        node = next((child for child in node.children if not isinstance(child, str)), node.children[-1])
    return str(node)


def _number(text: str) -> Json:
    try:
        value = int(text) if text.lstrip("-").isdigit() and len(text) < CUT else float(text)
    except ValueError:
        return ["x", text[:CUT]]
    return ["=", value] if math.isfinite(value) else ["x", text[:CUT]]


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    if code is None:
        return _ESCAPES.get(found[3], found[0])
    number = int(code, 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "�"


def _shown(name: str) -> str:
    return name[:60]
