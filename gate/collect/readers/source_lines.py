"""Which lines of a source file hold code, for files that no coverage report knows.

Python is parsed: a line counts if a statement begins on it, or if a changed line lies in a statement that begins on it,
as coverage.py counts. Of other languages all lines count but those that are blank, plainly comments, or only closing
brackets; of Go only those inside functions.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Final

_HASH: Final = frozenset(
    {".py", ".pyw", ".rb", ".sh", ".pl", ".pm", ".r", ".ex", ".exs", ".jl", ".tf", ".coffee", ".cr", ".nim"}
)
_NO_CODE: Final = re.compile(r"[\s{}()\[\];,]*\Z")
_PARSE_LIMIT: Final = 2 * 1024 * 1024


def code_lines(path: str, data: bytes, changed: Iterable[int]) -> frozenset[int]:
    """Return which of the changed lines of a file hold code, from 1; of Python, where their statements begin."""
    wanted = frozenset(changed)
    suffix = path[path.rfind(".") :].lower() if "." in path else ""
    if suffix in (".py", ".pyw") and len(data) <= _PARSE_LIMIT:
        spans = _python_statements(data)
        if spans is not None:
            return frozenset(first for first, last in spans if any(line in wanted for line in range(first, last + 1)))
    lines = data.decode("utf-8", "replace").splitlines()
    return wanted.intersection(_go_lines(lines) if suffix == ".go" else _plain_lines(lines, suffix))


def _python_statements(data: bytes) -> list[tuple[int, int]] | None:
    """Return (first, last line) of each statement, of a compound one its head; None if this is no Python."""
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return list(_spans(tree))


def _spans(tree: ast.Module) -> Iterator[tuple[int, int]]:
    for node in ast.walk(tree):
        if (
            not isinstance(node, ast.stmt | ast.ExceptHandler)
            or _is_docstring(node)
            or isinstance(node, ast.Global | ast.Nonlocal)
        ):
            continue
        last = node.end_lineno or node.lineno
        if isinstance(node, ast.Match):
            last = max(node.lineno, node.cases[0].pattern.lineno - 1)
        elif isinstance(body := getattr(node, "body", None), list):
            last = max(node.lineno, body[0].lineno - 1)
        decorators = getattr(node, "decorator_list", [])
        yield min([node.lineno, *(item.lineno for item in decorators)]), last


def _is_docstring(node: ast.AST) -> bool:
    """Whether a statement is only a constant: a docstring, or `...`, which no tool counts either."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _plain_lines(lines: list[str], suffix: str) -> Iterator[int]:
    marks = ("#",) if suffix in _HASH else ("//", "/*", "*", "--", "<!--")
    in_comment = False
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if in_comment:
            in_comment = "*/" not in text
        elif text.startswith("/*") and "*/" not in text:
            in_comment = True
        elif not text.startswith(marks) and not _NO_CODE.match(text):
            yield number


def _go_lines(lines: list[str]) -> Iterator[int]:
    """Yield the code lines inside functions, told by the columns in which gofmt puts `func` and its closing brace."""
    inside = False
    code = set(_plain_lines(lines, ".go"))
    for number, line in enumerate(lines, 1):
        if line.startswith("func ") or re.match(r"var .*\bfunc\(", line):
            inside = not line.rstrip().endswith("}")
            if number in code:
                yield number
        elif line.startswith("}"):
            inside = False
        elif inside and number in code:
            yield number
