"""Values of JSON as what they are wanted to be."""

from __future__ import annotations

import pytest

from gate.formats.json_values import mapping, several, texts
from gate.model.json import Json


@pytest.mark.parametrize("value", [None, 1, "a", ["a"], True])
def test_what_is_no_mapping_is_an_empty_one(value: Json) -> None:
    assert mapping(value) == {}


def test_a_mapping_is_itself() -> None:
    value: Json = {"a": 1}
    assert mapping(value) is value


@pytest.mark.parametrize(
    ("value", "listed", "told"),
    [
        (None, [], ()),
        ([], [], ()),
        ("a", ["a"], ("a",)),
        (["a", 2], ["a", 2], ("a", "2")),
        ({"a": 1}, [{"a": 1}], ("{'a': 1}",)),
        (0, [0], ("0",)),
    ],
)
def test_one_value_is_a_list_of_one_and_null_is_none(value: Json, listed: list[Json], told: tuple[str, ...]) -> None:
    assert several(value) == listed
    assert texts(value) == told
