"""Text of others as one harmless line."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.plain_text import plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\tb\x00c", "a b c"),
        ("::set-output::", ": :set-output: :"),
        ("##[x]", "# #[x]"),
        ("\x1b[1;31mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x1b\\", "red link"),
        ("ab\u202edc\u200b", "abdc"),
        ("one\r\ntwo\u2028three", "one two three"),
        ("", ""),
    ],
)
def test_a_text_becomes_one_plain_line(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_the_end_is_what_is_kept() -> None:
    assert plain("x" * 500 + "end", 10) == "…xxxxxxend"


@given(st.text(), st.integers(2, 50))
def test_nothing_that_steers_comes_through(text: str, limit: int) -> None:
    line = plain(text, limit)
    assert len(line) <= limit
    assert "::" not in line
    assert all(unicodedata.category(char)[0] != "C" and char.isprintable() for char in line)
