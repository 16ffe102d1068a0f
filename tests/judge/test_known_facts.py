"""Names that a criterion uses, held against the schema of its kind."""

from __future__ import annotations

import pytest

from gate.judge.known_facts import elements, lists_in, place_of, step, unknown_facts
from gate.model.json import Json, JsonObject

KIND: JsonObject = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "total": {"type": "integer"},
        "rate": {"type": ["number", "null"]},
        "state": {"enum": ["ok", "bad"]},
        "fixed": {"const": True},
        "lines": {"$ref": "#/$defs/tally"},
        "counts": {"type": "object", "additionalProperties": {"type": "integer"}},
        "suites": {"type": "object", "additionalProperties": {"$ref": "#/$defs/tally"}},
        "list": {"type": "array", "items": {"$ref": "#/$defs/tally"}},
        "pair": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]},
        "either": {
            "anyOf": [{"$ref": "#/$defs/tally"}, {"type": "object", "properties": {"other": {"type": "string"}}}]
        },
        "free": {"description": "anything"},
        "map": {"type": "object"},
        "never": False,
    },
    "$defs": {
        "tally": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"covered": {"type": "integer"}, "percent": {"type": "number"}},
        }
    },
}


def texts(require: Json) -> list[str]:
    return [each.text for each in unknown_facts(require, "kind", KIND, place_of(KIND))]


@pytest.mark.parametrize(
    "require",
    [
        True,
        {"required": ["total", "lines"], "properties": {"lines": {"required": ["percent"]}}},
        {"properties": {"counts": {"required": ["critical"], "properties": {"critical": {"maximum": 0}}}}},
        {"properties": {"suites": {"additionalProperties": {"required": ["covered"]}}}},
        {"properties": {"suites": {"properties": {"any": {"required": ["covered"]}}}}},
        {"properties": {"list": {"items": {"properties": {"percent": {"type": "integer"}}}}}},
        {"properties": {"pair": {"prefixItems": [{"const": "a"}, {"minimum": 1}]}}},
        {"properties": {"either": {"required": ["other", "covered"]}}},
        {"properties": {"free": {"properties": {"x": {"properties": {"y": {"minLength": 1}}}}}}},
        {"properties": {"map": {"required": ["x"]}}},
        {"properties": {"rate": {"minimum": 1, "type": ["integer", "null"]}}},
        {"properties": {"state": {"pattern": "ok"}, "fixed": {"type": "boolean"}}},
        {"patternProperties": {"^t": {"minimum": 1}}},
        {"dependentSchemas": {"total": {"required": ["rate"]}}},
    ],
)
def test_facts_that_exist(require: Json) -> None:
    assert texts(require) == []


@pytest.mark.parametrize(
    ("require", "text"),
    [
        ({"required": ["totl"]}, 'There is no fact "totl" in kind. Did you mean total?'),
        (
            {"properties": {"lines": {"required": ["zzz"]}}},
            'There is no fact "zzz" in kind › lines. There are: covered, percent.',
        ),
        (
            {"properties": {"suites": {"additionalProperties": {"required": ["cover"]}}}},
            'There is no fact "cover" in kind › suites.*. Did you mean covered?',
        ),
        (
            {"properties": {"suites": {"patternProperties": {"x": {"required": ["cover"]}}}}},
            'There is no fact "cover" in kind › suites.*. Did you mean covered?',
        ),
        (
            {"properties": {"list": {"contains": {"required": ["cover"]}}}},
            'There is no fact "cover" in kind › list[]. Did you mean covered?',
        ),
        (
            {"properties": {"list": {"prefixItems": [{"required": ["cover"]}]}}},
            'There is no fact "cover" in kind › list[0]. Did you mean covered?',
        ),
        ({"oneOf": [{"not": {"required": ["x"]}}]}, 'There is no fact "x" in kind. There are: '),
        ({"dependentSchemas": {"totl": True}}, 'There is no fact "totl" in kind. Did you mean total?'),
        ({"dependentSchemas": {"total": {"required": ["rat"]}}}, 'There is no fact "rat" in kind. Did you mean rate?'),
        ({"dependentRequired": {"total": ["rat"]}}, 'There is no fact "rat" in kind. Did you mean rate?'),
        (
            {"properties": {"total": {"minLength": 1}}},
            '"minLength" says nothing about total, which is a whole number; it would pass whatever the value.',
        ),
        (
            {"properties": {"rate": {"pattern": "a"}}},
            '"pattern" says nothing about rate, which is null or a number; it would pass whatever the value.',
        ),
        (
            {"properties": {"fixed": {"minimum": 1}}},
            '"minimum" says nothing about fixed, which is true or false; it would pass whatever the value.',
        ),
        ({"properties": {"total": {"type": "string"}}}, "total is a whole number, so this can never hold."),
    ],
)
def test_facts_that_do_not(require: Json, text: str) -> None:
    (found,) = texts(require)
    assert found.startswith(text)


def test_steps() -> None:
    whole = place_of(KIND)
    assert step(KIND, whole, "nothing") is False
    assert step(KIND, None, "anything") is None
    assert isinstance(step(KIND, whole, "lines"), tuple)
    assert step(KIND, whole, "free") is None


def below(name: str) -> tuple[JsonObject, ...] | None:
    found = step(KIND, place_of(KIND), name)
    assert not isinstance(found, bool)
    return found


def test_elements_of_lists_and_maps() -> None:
    assert elements(KIND, below("list")) == place_of(KIND, {"$ref": "#/$defs/tally"})
    assert elements(KIND, below("map")) is None
    assert elements(KIND, below("pair")) is None
    assert elements(KIND, None) is None
    for name in ("total", "lines", "either", "state"):
        assert elements(KIND, below(name)) is False


def test_values_of_a_map_have_their_key_as_name() -> None:
    place = elements(KIND, below("suites"))
    assert not isinstance(place, bool)
    require: Json = {"required": ["name", "nme"], "properties": {"name": {"minimum": 1}, "percent": {"minimum": 1}}}
    found = [each.text for each in unknown_facts(require, "kind", KIND, place, "suites[]")]
    assert found == [
        '"minimum" says nothing about suites[].name, which is a text; it would pass whatever the value.',
        'There is no fact "nme" in kind › suites[]. Did you mean name?',
    ]


def test_a_number_has_no_name() -> None:
    place = elements(KIND, below("counts"))
    assert not isinstance(place, bool)
    (found,) = unknown_facts({"required": ["name"]}, "kind", KIND, place, "counts[]")
    assert (
        found.text
        == '"required" says nothing about counts[], which is a whole number; it would pass whatever the value.'
    )
    assert not unknown_facts({"type": "integer", "minimum": 1}, "kind", KIND, place, "counts[]")


def test_lists_are_found_at_any_depth() -> None:
    nested: JsonObject = {"properties": {"a": {"properties": {"b": {"type": "array", "items": {"type": "string"}}}}}}
    assert list(lists_in(nested, place_of(nested))) == ["a.b"]
    assert list(lists_in(KIND, place_of(KIND))) == ["counts", "suites", "list", "pair", "map"]
    circle: JsonObject = {"properties": {"a": {"$ref": "#"}, "b": {"type": "array", "items": {}}}}
    assert "a.a.b" in list(lists_in(circle, place_of(circle)))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"const": "okk"}, ['state is never "okk". Did you mean ok?']),
        ({"enum": ["ok", "missing"]}, ['state is never "missing". It is one of ok, bad.']),
        ({"enum": ["ok", "bad"]}, []),
        ({"not": {"const": "good"}}, ['state is never "good". It is one of ok, bad.']),
        ({"const": 5}, []),
    ],
)
def test_values_that_a_fact_never_has(asked: Json, said: list[str]) -> None:
    assert texts({"properties": {"state": asked}}) == said


def test_a_fact_that_may_be_any_text_is_not_held_against_values() -> None:
    kind: JsonObject = {"properties": {"a": {"anyOf": [{"enum": ["x"]}, {"type": "string"}]}, "b": {"type": "string"}}}
    require: Json = {"properties": {"a": {"const": "y"}, "b": {"enum": ["z"]}}}
    assert not unknown_facts(require, "kind", kind, place_of(kind))
