"""What passes without evidence, and what asks for some."""

from __future__ import annotations

import pytest

from gate.judge.vacuity import vacuous
from gate.model.json import Json

LEAF: Json = {"required": ["percent"], "properties": {"percent": {"minimum": 80}}}
OPEN: Json = {"properties": {"percent": {"minimum": 80}}}


@pytest.mark.parametrize(
    "require",
    [
        {"required": ["failed"], "properties": {"failed": {"maximum": 0}}},
        {"required": ["reports"]},
        {"required": ["lines"], "properties": {"lines": LEAF}},
        {"required": ["lines"], "properties": {"lines": {"$ref": "#/$defs/leaf"}}, "$defs": {"leaf": LEAF}},
        {"required": ["denied"], "properties": {"denied": {"maxItems": 0}}},
        {"required": ["denied"], "properties": {"denied": {"maxItems": 0, "items": {"type": "string"}}}},
        {"required": ["by_rule"], "properties": {"by_rule": {"maxProperties": 0, "properties": {"a": True}}}},
        {"required": ["tools"], "properties": {"tools": {"minItems": 1, "items": {"required": ["name"]}}}},
        {"required": ["tools"], "properties": {"tools": {"contains": {"const": "a"}}}},
        {"required": ["a"], "properties": {"a": {"not": {"const": 0}}}},
        {"allOf": [{"required": ["lines"]}, {"properties": {"lines": LEAF}}]},
        {"allOf": [{"required": ["lines"], "properties": {"lines": OPEN}}, {"properties": {"lines": LEAF}}]},
        {"required": ["a"], "properties": {"a": {"type": "object", "minProperties": 1}}},
        {"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": {"required": ["c"]}},
        {"type": "array", "minItems": 1, "items": {"const": 1}},
    ],
)
def test_what_asks_for_evidence(require: Json) -> None:
    assert vacuous(require) == ()


@pytest.mark.parametrize(
    ("require", "path"),
    [
        (True, ()),
        (False, ()),
        ({}, ()),
        ({"not": {}}, ()),
        ({"not": True}, ()),
        ({"type": "object"}, ()),
        ({"not": {"required": ["zzz"]}}, ()),
        ({"properties": {"a": {"minimum": 1}}}, ()),
        ({"anyOf": [{"required": ["a"]}, True]}, ()),
        ({"type": "array", "items": {"const": 1}}, ()),
        ({"required": ["b"], "properties": {"b": OPEN}}, ("properties", "b")),
        ({"required": ["b"], "properties": {"b": {"$ref": "#/$defs/o"}}, "$defs": {"o": OPEN}}, ("properties", "b")),
        (
            {"required": ["a"], "properties": {"a": {"required": ["b"], "properties": {"b": OPEN}}}},
            ("properties", "a", "properties", "b"),
        ),
        ({"required": ["a"], "properties": {"a": {"items": {"const": 1}}}}, ("properties", "a")),
        ({"required": ["a"], "properties": {"a": {"uniqueItems": True}}}, ("properties", "a")),
        ({"required": ["a"], "properties": {"a": {"additionalProperties": {"maximum": 0}}}}, ("properties", "a")),
        (
            {"allOf": [{"required": ["a"]}, {"properties": {"a": OPEN}}]},
            ("allOf", 1, "properties", "a"),
        ),
        (
            {"required": ["x"], "anyOf": [{"required": ["a"], "properties": {"a": OPEN}}]},
            ("anyOf", 0, "properties", "a"),
        ),
        (
            {"required": ["a"], "properties": {"a": {"oneOf": [LEAF, OPEN]}}},
            ("properties", "a"),
        ),
        (
            {"required": ["x"], "if": {"required": ["y"]}, "then": {"required": ["a"], "properties": {"a": OPEN}}},
            ("then", "properties", "a"),
        ),
    ],
)
def test_what_passes_without(require: Json, path: tuple[str | int, ...]) -> None:
    assert [each.path for each in vacuous(require)] == [path]


def test_documents_of_the_repository_are_only_asked_as_a_whole() -> None:
    require: Json = {"required": ["log"], "properties": {"log": {"properties": {"level": {"const": "INFO"}}}}}
    assert vacuous(require, deep=False) == ()
    assert [each.path for each in vacuous(require)] == [("properties", "log")]


def test_it_says_what_to_add() -> None:
    assert vacuous({"properties": {"failed": {"maximum": 0}}})[0].text.endswith("\nAdd  required: [failed]")
    listed: Json = {"required": ["a"], "properties": {"a": {"items": {"const": 1}}}}
    assert vacuous(listed)[0].text.endswith("\nAdd  minItems: 1")


def test_many_alternatives_do_not_take_long() -> None:
    import time

    branch: Json = {"anyOf": [{"required": [name]} for name in "abcdefgh"]}
    begun = time.perf_counter()
    vacuous({"required": ["x"], "allOf": [branch] * 30, "properties": {"x": {"allOf": [branch] * 30}}})
    level: Json = {"required": ["end"]}
    for _ in range(8):
        ways: Json = {"anyOf": [{"required": [name], "properties": {"x": level}} for name in "ab"]}
        level = {"required": ["x"], "allOf": [ways, ways]}
    assert vacuous(level) == ()
    assert time.perf_counter() - begun < 10
