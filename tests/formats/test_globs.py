"""Globs on paths."""

from __future__ import annotations

import os

import pytest
import re2
from hypothesis import example, given
from hypothesis import strategies as st

from gate.formats.globs import GlobError, matches, translate

PARTS = st.sampled_from(["**/", "*", "?", "a", "b.tf", "/", ".", "x/", "[ab]", "{a,b}", "{a,*.tf}", "**", "]", ","])


@given(st.lists(PARTS, min_size=1, max_size=6).map("".join), st.text("ab.tfx/", min_size=1, max_size=8))
@example("**/x", "x")
@example("**", "a/b")
@example("./a/*.tf", "a/b.tf")
def test_the_quick_look_at_the_ending_changes_nothing(pattern: str, path: str) -> None:
    try:
        expression = translate(pattern.removeprefix("./"))
    except GlobError:
        return
    assert matches(pattern, path) is (re2.fullmatch(expression, path) is not None)


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("**/*.tf", "main.tf", True),
        ("**/*.tf", "a/b/main.tf", True),
        ("*.tf", "a/main.tf", False),
        ("./a.txt", "a.txt", True),
        ("a", "b/a", False),
        ("*.{yml,yaml}", "a.yaml", True),
        (r"a\udc80.txt", os.fsdecode(b"a\x80.txt"), True),
        ("*.txt", os.fsdecode(b"a\x80.txt"), True),
    ],
)
def test_examples(pattern: str, path: str, fits: bool) -> None:
    assert matches(pattern, path) is fits
