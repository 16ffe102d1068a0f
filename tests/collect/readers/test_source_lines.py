from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers.source_lines import code_lines
from tests.collect.readers.coverage_samples import DATA

EVERY = range(1, 200)


def code(path: str, text: str) -> list[int]:
    return sorted(code_lines(path, text.encode(), EVERY))


PYTHON = '''"""Module."""
import os  # 2

X = [
    1,
]


@decorated
def f(
    a,
):
    """Doc."""
    if a:
        pass
    elif a > 2:
        global X
    try:
        return 1
    except (
        OSError
    ):
        ...
    match a:
        case 1:
            return 2
    for b in a: print(b)
    with open(
        a
    ):
        raise X


class C:
    y: int
'''


def test_python_counts_where_statements_begin() -> None:
    assert code("a.py", PYTHON) == [2, 4, 9, 14, 15, 16, 18, 19, 20, 24, 26, 27, 28, 31, 34, 35]


def test_a_changed_line_inside_a_statement_counts_as_the_statement() -> None:
    assert code_lines("a.py", PYTHON.encode(), {5}) == {4}
    assert code_lines("a.py", PYTHON.encode(), {11}) == {9}
    assert code_lines("a.py", PYTHON.encode(), {1, 3, 13, 17, 99}) == frozenset()


def test_python_agrees_with_coverage_py() -> None:
    """The project that the samples were made from: its rates.py."""
    rates = (
        'RATES = {"eur": 1.0}\n\n\ndef rate(name):\n    try:\n        return RATES[name]\n'
        "    except KeyError:\n        return None\n"
    )
    report = json.loads((DATA / "coverage_py_relative.json").read_text())["files"]["src/pay/rates.py"]
    assert code("rates.py", rates) == sorted(report["executed_lines"] + report["missing_lines"])


@pytest.mark.parametrize(
    "text", ["def f(:\n  x\n", "x = 1\0\n", "x = " + "(" * 3000, "x" + ".a" * 100_000, "-" * 100_000 + "1"]
)
def test_python_that_does_not_parse_counts_line_by_line(text: str) -> None:
    assert 1 in code("a.py", text)


def test_other_languages_leave_out_blanks_comments_and_brackets() -> None:
    text = "// why\n\n/* a\n b\n*/\nfunction f() {\n  /* short */\n  return 1; // here\n}\n});\n * doc\n"
    assert code("a.js", text) == [6, 8]
    assert code("broken.py", "# why\nx = (\n") == [2]
    assert code("a.rb", "# why\nputs 1\n\n  # more\nend\n") == [2, 5]


def test_go_counts_inside_functions_only() -> None:
    text = (
        'package a\n\nimport (\n\t"x"\n)\n\ntype T struct {\n\tA int\n}\n\n'
        "func f() {\n\t// why\n\treturn\n}\n\nfunc g() int { return 1 }\n\nconst c = 1\n\nvar h = func() {\n\tf()\n}\n"
    )
    assert code("a.go", text) == [11, 13, 16, 20, 21]
    assert code("types.go", "package a\n\ntype T struct {\n\tA int\n}\n") == []


@given(st.sampled_from(["a.py", "a.go", "a.rs", "Makefile"]), st.binary(max_size=200), st.sets(st.integers(1, 30)))
def test_code_lines_are_lines_of_the_file(path: str, data: bytes, changed: set[int]) -> None:
    found = code_lines(path, data, changed)
    assert all(1 <= number <= 201 for number in found)
    if not path.endswith(".py"):
        assert found <= changed
