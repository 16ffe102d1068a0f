"""Counting test functions in Python source, by its syntax tree.

Run as a program (`python -I python_tests.py`), it reads sources from standard input, each behind its length as eight
bytes (big-endian), and writes a JSON list with a count, or a sentence why there is none, for each. A process of its own
is given to it because a source can be made to take the parser's memory, and to leave the gate's other threads alone.
Only the standard library is imported: the program runs without the gate.
"""

from __future__ import annotations

import ast
import json
import sys
import warnings
from collections.abc import Iterable, Iterator
from typing import BinaryIO

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_BLOCKS = (ast.If, ast.Try, ast.With, ast.For, ast.While)


def count_test_functions(source: bytes) -> int:
    """Return how many functions `test*` a module has, and methods `test*` in classes of tests.

    A class of tests is named `Test*` (pytest) or has a base named `*TestCase` or `*Test` or `*Tests` (unittest and what
    is built on it). Parametrised and repeated tests count once, fixtures and functions inside functions not at all.
    Raises ValueError, SyntaxError, RecursionError or MemoryError for a source that does not parse.
    """
    return sum(1 for _ in _tests(ast.parse(source).body))


def _tests(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, _FUNCTIONS):
            if node.name.startswith("test") and not any(map(_is_fixture, node.decorator_list)):
                yield node
        elif isinstance(node, ast.ClassDef):
            if _is_test_class(node):
                yield from _tests(node.body)
        elif isinstance(node, _BLOCKS):
            for field in ("body", "orelse", "finalbody"):
                waiting += getattr(node, field, [])
            for handler in getattr(node, "handlers", []):
                waiting += handler.body


def _is_test_class(node: ast.ClassDef) -> bool:
    bases = (_last_name(base) for base in node.bases)
    return node.name.startswith("Test") or any(base.endswith(("TestCase", "Test", "Tests")) for base in bases)


def _is_fixture(decorator: ast.expr) -> bool:
    return _last_name(decorator.func if isinstance(decorator, ast.Call) else decorator) == "fixture"


def _last_name(expression: ast.expr) -> str:
    if isinstance(expression, ast.Attribute):
        return expression.attr
    return expression.id if isinstance(expression, ast.Name) else ""


def answer(source: bytes) -> int | str:
    """Return the count, or why there is none as a sentence that completes "PATH …"."""
    try:
        return count_test_functions(source)
    except SyntaxError as error:
        place = f" (line {error.lineno})" if error.lineno else ""
        return f"does not parse as Python {sys.version_info.major}.{sys.version_info.minor}{place}"
    except (RecursionError, MemoryError):
        return "is nested too deep to be parsed"
    except ValueError:
        return "does not parse as Python: it holds a NUL character"


def read_sources(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the sources of a stream. Raises ValueError when it ends too early."""
    while length := stream.read(8):
        size = int.from_bytes(length, "big")
        source = stream.read(size)
        if len(length) < 8 or len(source) < size:
            raise ValueError("the sources end too early")
        yield source


def write_sources(sources: Iterable[bytes]) -> bytes:
    """Return sources as `read_sources` takes them."""
    return b"".join(len(source).to_bytes(8, "big") + source for source in sources)


def main() -> None:
    """Answer for the sources on standard input."""
    warnings.simplefilter("ignore")
    json.dump([answer(source) for source in read_sources(sys.stdin.buffer)], sys.stdout)


if __name__ == "__main__":
    main()
