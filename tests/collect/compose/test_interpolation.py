"""Variables in Compose files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.compose.interpolation import fill, interpolated
from gate.formats.located_yaml import Located

VARIABLES = {"TAG": "1.4", "EMPTY": "", "name": "api"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("x:${TAG}", "x:1.4"),
        ("x:$TAG-a", "x:1.4-a"),
        ("$name$name", "apiapi"),
        ("${NONE:-a}", "a"),
        ("${NONE-a}", "a"),
        ("${EMPTY:-a}", "a"),
        ("${EMPTY-a}", ""),
        ("${TAG:-a}", "1.4"),
        ("${NONE:-${TAG}}", "1.4"),
        ("${NONE:-${ALSO:-b}}c", "bc"),
        ("${TAG:+yes}${NONE:+no}${EMPTY+set}${EMPTY:+no}", "yesset"),
        ("${TAG:?needed}${EMPTY?needed}", "1.4"),
        ("${NONE:?needed}", "${NONE:?needed}"),
        ("${NONE}", "${NONE}"),
        ("$NONE.", "$NONE."),
        ("$$TAG and $${TAG}", "$TAG and ${TAG}"),
        ("cost: 5$", "cost: 5$"),
        ("$1 ${1} ${-}", "$1 ${1} ${-}"),
        ("${TAG", "${TAG"),
        ("", ""),
    ],
)
def test_the_grammar_of_the_specification(text: str, filled: str) -> None:
    assert fill(text, VARIABLES) == filled


def test_values_are_filled_and_keys_are_not() -> None:
    document = Located({"$TAG": ["$TAG", 3, None, Located({"a": "${TAG}"})]})
    document.line = 7
    document["$TAG"][3].line = 9  # type: ignore[index, union-attr]
    filled = interpolated(document, VARIABLES)
    assert filled == {"$TAG": ["1.4", 3, None, {"a": "1.4"}]}
    assert isinstance(filled, Located)
    assert filled.line == 7


@given(st.text("${}:-+?aB_1", max_size=60))
def test_nothing_makes_it_raise_and_text_without_dollars_stays(text: str) -> None:
    fill(text, VARIABLES)
    plain = text.replace("$", "")
    assert fill(plain, VARIABLES) == plain


def test_deep_defaults_end() -> None:
    assert "x" in fill("${A:-" * 2000 + "x" + "}" * 2000, {})
