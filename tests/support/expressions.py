"""Expressions of GitHub workflows, read as GitHub reads them: what they refer to, and whether they are ones at all.

Grammar, contexts and functions: "Evaluate expressions in workflows and actions" and "Contexts reference" of GitHub's
documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

CONTEXTS = frozenset(
    {"github", "env", "vars", "job", "jobs", "steps", "runner", "secrets", "strategy", "matrix", "needs", "inputs"}
)
FUNCTIONS = {
    "contains": (2, 2),
    "startswith": (2, 2),
    "endswith": (2, 2),
    "format": (1, 99),
    "join": (1, 2),
    "tojson": (1, 1),
    "fromjson": (1, 1),
    "hashfiles": (1, 99),
    "success": (0, 0),
    "always": (0, 0),
    "cancelled": (0, 0),
    "failure": (0, 0),
}
"""Name in small letters → the least and the most arguments."""
STATUS_FUNCTIONS = frozenset({"success", "always", "cancelled", "failure"})
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?(?:0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?))"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_-]*)|(?P<sign>&&|\|\||==|!=|<=|>=|[<>!()\[\].,*]))"
)
_BINARY = frozenset({"&&", "||", "==", "!=", "<", ">", "<=", ">="})


class ExpressionError(ValueError):
    """Text that is no expression."""


@dataclass
class Expression:
    """What an expression refers to: paths of contexts (`steps.gate.outputs.verdict`) and functions in small letters."""

    paths: list[tuple[str, ...]] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)


def in_text(text: str) -> Iterator[str]:
    """The expressions in a text, without their braces. Raises ExpressionError for braces that are left open."""
    position = 0
    while (start := text.find("${{", position)) >= 0:
        end = text.find("}}", start)
        if end < 0:
            raise ExpressionError(f"no }}}} ends {text[start : start + 60]!r}")
        yield text[start + 3 : end]
        position = end + 2


def parse(text: str) -> Expression:
    """Read one expression. Raises ExpressionError."""
    reader = _Reader(_tokens(text))
    reader.whole()
    return reader.found


def _tokens(text: str) -> list[tuple[str, str]]:
    found, position = [], 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            raise ExpressionError(f"{text[position:]!r} begins with nothing known")
        found.append((str(match.lastgroup), match[str(match.lastgroup)]))
        position = match.end()
    return found


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self.found = Expression()

    def whole(self) -> None:
        self._expression()
        if self._at != len(self._tokens):
            raise ExpressionError(f"{self._peek()[1]!r} is left over")

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _take(self, wanted: str = "") -> str:
        _kind, value = self._peek()
        if not value or (wanted and value != wanted):
            raise ExpressionError(f"{wanted or 'something'} is wanted and {value or 'the end'} found")
        self._at += 1
        return value

    def _expression(self) -> None:
        self._operand()
        while self._peek()[1] in _BINARY and self._peek()[0] == "sign":
            self._take()
            self._operand()

    def _operand(self) -> None:
        kind, value = self._peek()
        if value == "!" and kind == "sign":
            self._take()
            self._operand()
        elif value == "(" and kind == "sign":
            self._take()
            self._expression()
            self._take(")")
        elif kind in ("text", "number"):
            self._take()
        elif kind == "name":
            self._named()
        else:
            raise ExpressionError(f"a value is wanted and {value or 'the end'} found")

    def _named(self) -> None:
        name = self._take()
        if self._peek()[1] == "(":
            self._call(name)
        elif name.lower() not in ("true", "false", "null"):
            if name not in CONTEXTS:
                raise ExpressionError(f"there is no context {name}")
            self.found.paths.append((name, *self._steps()))
            return
        self._steps()

    def _call(self, name: str) -> None:
        if name.lower() not in FUNCTIONS:
            raise ExpressionError(f"there is no function {name}")
        self._take("(")
        count = 0
        while self._peek()[1] != ")":
            if count:
                self._take(",")
            self._expression()
            count += 1
        self._take(")")
        least, most = FUNCTIONS[name.lower()]
        if not least <= count <= most:
            raise ExpressionError(f"{name} takes {least} to {most} arguments and got {count}")
        self.found.functions.append(name.lower())

    def _steps(self) -> Iterator[str]:
        parts = []
        while self._peek()[1] in (".", "["):
            if self._take() == ".":
                parts.append(self._take())
            else:
                kind, value = self._peek()
                self._expression()
                parts.append(value.strip("'") if kind == "text" else "*")
                self._take("]")
        return iter(parts)
