"""Schemas are found, compiled in linear time, checked when people write them, and worded when they are missed."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema.validators import Draft202012Validator

from gate.errors import UserError
from gate.judge import schema as finder
from gate.judge.schema import UnknownSchemaError, names, problems, schema, schema_text, shipped_validator, validator
from gate.judge.schema_keywords import identity
from gate.judge.schema_mistakes import check
from gate.model.json import Json, JsonObject

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"


def missed(document: Json, instance: Json) -> list[str]:
    return [f"{each.pointer}: {each}" for each in problems(validator(document), instance)]


def test_every_shipped_schema_is_found_by_name() -> None:
    on_disk = {str(path.relative_to(SCHEMAS)).removesuffix(".schema.json") for path in SCHEMAS.rglob("*.schema.json")}
    assert set(names()) == on_disk
    assert {"policy", "waivers", "evidence/docs"} <= on_disk


@pytest.mark.parametrize("name", names())
def test_shipped_schemas_are_sound(name: str) -> None:
    document = schema(name)
    assert json.loads(schema_text(name)) == document
    assert document["$id"] == f"{finder.BASE}{name}.schema.json"
    Draft202012Validator.check_schema(document)
    assert not list(undescribed(document, name))


def undescribed(node: Json, path: str) -> list[str]:
    """The properties without a description, which would be holes in the documentation."""
    found: list[str] = []
    if isinstance(node, list):
        return [hit for index, item in enumerate(node) for hit in undescribed(item, f"{path}/{index}")]
    if not isinstance(node, dict):
        return found
    properties = node.get("properties")
    conditional = {"if", "then", "else"} & set(path.split("/"))
    if isinstance(properties, dict) and not conditional:
        found += [
            f"{path}/{name}" for name, item in properties.items() if isinstance(item, dict) and not _described(item)
        ]
    return found + [hit for key, item in node.items() for hit in undescribed(item, f"{path}/{key}")]


def _described(item: JsonObject) -> bool:
    return "description" in item or "$ref" in item


def test_a_schema_that_is_not_there_has_a_near_name() -> None:
    with pytest.raises(UnknownSchemaError, match=r'There is no schema "polcy"\. Did you mean "policy"\?'):
        schema_text("polcy")
    with pytest.raises(UserError, match="There are: "):
        schema("zzzzzz")
    with pytest.raises(UserError):
        schema_text("../pyproject.toml")


def test_schemas_are_found_inside_the_package_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "schemas" / "evidence").mkdir(parents=True)
    (tmp_path / "schemas" / "evidence" / "x.schema.json").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(finder, "files", lambda _package: tmp_path)
    finder._folder.cache_clear()
    names.cache_clear()
    try:
        assert names() == ("evidence/x",)
        assert schema_text("evidence/x") == "{}"
    finally:
        finder._folder.cache_clear()
        names.cache_clear()


@pytest.mark.parametrize(
    ("document", "instance", "expected"),
    [
        ({"properties": {"failed": {"maximum": 0}}}, {"failed": 3}, "/failed: failed is 3, wanted at most 0"),
        ({"minimum": 80}, 79.99, ": the value is 79.99, wanted at least 80"),
        ({"exclusiveMinimum": 0}, 0, ": the value is 0, wanted more than 0"),
        ({"exclusiveMaximum": 1.5}, 12345678, ": the value is 12,345,678, wanted less than 1.5"),
        ({"multipleOf": 0.1}, 0.35, ": the value is 0.35, wanted a multiple of 0.1"),
        ({"minLength": 2}, "", ": the value has no character, wanted at least 2 characters"),
        ({"maxLength": 2}, "abc", ": the value has 3 characters, wanted at most 2 characters"),
        ({"minItems": 1}, [], ": the value has no item, wanted at least 1 item"),
        ({"maxItems": 0}, ["GPL", 2], ': the value has 2 items ("GPL", 2), wanted no item'),
        ({"maxItems": 1}, [[], 1, 2, 3], ": the value has 4 items (1, 2, …), wanted at most 1 item"),
        ({"minProperties": 1}, {}, ": the value has no entry, wanted at least 1 entry"),
        ({"maxProperties": 1}, {"a": 1, "b": 2}, ": the value has 2 entries, wanted at most 1 entry"),
        ({"pattern": "^a"}, "b\x1b", ': the value is "b ", wanted a text that matches "^a"'),
        ({"required": ["a"]}, {}, "/a: a is missing, wanted a value"),
        ({"properties": {"x": {"required": ["a/b"]}}}, {"x": {}}, "/x/a~1b: x.a/b is missing, wanted a value"),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, "/b: b is missing, wanted it wherever there is a"),
        ({"dependentSchemas": {"a": {"required": ["b"]}}}, {"a": 1}, "/b: b is missing, wanted a value"),
        ({"additionalProperties": False}, {"b": 1}, "/b: b is there, wanted no key"),
        (
            {"properties": {"a": True, "c": True}, "additionalProperties": False},
            {"b": 1},
            "/b: b is there, wanted no key beside a, c",
        ),
        ({"additionalProperties": {"maximum": 0}}, {"b": 1}, "/b: b is 1, wanted at most 0"),
        ({"patternProperties": {"^b": {"maximum": 0}}}, {"b": 1, "a": 1}, "/b: b is 1, wanted at most 0"),
        ({"propertyNames": {"pattern": "^a"}}, {"b": 1}, ': the key "b" is "b", wanted a text that matches "^a"'),
        (
            {"properties": {"x": {"propertyNames": {"maxLength": 1}}}},
            {"x": {"bc": 1}},
            '/x: the key "bc" of x has 2 characters, wanted at most 1 character',
        ),
        (
            {"unevaluatedProperties": False},
            {"a": 1},
            ": the value holds more than the schema speaks of, wanted nothing beside",
        ),
        ({"const": "a"}, None, ': the value is null, wanted "a"'),
        ({"enum": ["INFO", "WARNING"]}, "DEBUG", ': the value is "DEBUG", wanted one of "INFO", "WARNING"'),
        ({"enum": [True]}, 1, ": the value is 1, wanted true"),
        (
            {"enum": list(range(14))},
            "x",
            ': the value is "x", wanted one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more',
        ),
        ({"type": "integer"}, "3", ': the value is "3", wanted a whole number'),
        ({"type": ["object", "null"]}, [], ": the value is an empty list, wanted an object or null"),
        ({"type": "string"}, {"a": 1}, ": the value is an object of 1 entry, wanted a text"),
        ({"type": "string"}, {}, ": the value is an empty object, wanted a text"),
        ({"type": "array"}, 10**30, ": the value is 1e+30, wanted a list"),
        ({"type": "array"}, 1e-9, ": the value is 1e-09, wanted a list"),
        ({"type": "array"}, True, ": the value is true, wanted a list"),
        ({"uniqueItems": True}, [1, 2, 1.0], ": the value holds an item twice, wanted every item once"),
        ({"prefixItems": [True], "items": False}, [1, 2], ": the value has 2 items, wanted at most 1 item"),
        ({"items": {"minimum": 1}}, [1, 0], "/1: [1] is 0, wanted at least 1"),
        ({"contains": {"const": 3}}, [1, 2], ": none of the 2 items of the value fits, wanted at least 1 that fits: 3"),
        (
            {"contains": {"required": ["a"], "properties": {"a": {"minimum": 1}}}, "minContains": 2},
            [{"a": 1}],
            ": fewer than 2 of the 1 item of the value fits, wanted at least 2 that fits: with a and a at least 1",
        ),
        (
            {"contains": {"type": "string", "minLength": 2}, "maxContains": 1},
            ["ab", "cd"],
            ": more of the 2 items of the value fit, wanted at most 1 that fit: a text and at least 2 characters",
        ),
        (
            {"anyOf": [{"required": ["a"], "properties": {"a": {"minimum": 80}}}, {"required": ["b", "c"]}]},
            {"a": 70},
            ": a is 70; b is missing; c is missing, wanted a at least 80; or b a value and c a value",
        ),
        ({"anyOf": [{"minimum": 5}, {"const": 1}]}, 3, ": the value is 3, wanted at least 5; or 1"),
        (
            {"oneOf": [{"minimum": 1}, {"minimum": 2}]},
            3,
            ": the value fits several of the alternatives, wanted exactly one",
        ),
        ({"oneOf": [{"minimum": 5}]}, 3, ": the value is 3, wanted at least 5"),
        ({"not": {"enum": [1, 2]}}, 1, ": the value is 1, wanted anything that is not: one of 1, 2"),
        (
            {"not": {"not": {"pattern": "a"}}},
            "b",
            ': the value is "b", wanted anything that is not: not a text that matches "a"',
        ),
        ({"not": {}}, 1, ": the value is 1, wanted anything that is not: what the schema says"),
        ({"not": True}, 1, ": the value is 1, wanted anything that is not: anything"),
        ({"if": {"minimum": 1}, "then": {"maximum": 5}}, 9, ": the value is 9, wanted at most 5"),
        ({"if": {"minimum": 1}, "else": {"const": -1}}, 0, ": the value is 0, wanted -1"),
        ({"properties": {"a": False}}, {"a": 1}, "/a: a is there, wanted no value"),
        ({"$ref": "#/$defs/x", "$defs": {"x": {"minimum": 1}}}, 0, ": the value is 0, wanted at least 1"),
        ({"unevaluatedItems": False}, [1], ": the value holds more than the schema speaks of, wanted nothing beside"),
    ],
)
def test_what_is_missed_is_told_in_words(document: Json, instance: Json, expected: str) -> None:
    assert missed(document, instance) == [expected]


def test_words_are_cut() -> None:
    (found,) = problems(validator({"anyOf": [{"required": [f"name{n}"]} for n in range(200)]}), {})
    assert len(found.measured) <= 300
    assert len(found.wanted) <= 300


def test_problems_are_told_once_and_up_to_a_limit() -> None:
    document: Json = {"allOf": [{"minimum": 1}, {"minimum": 1}], "maximum": -1}
    assert len(missed(document, 0)) == 2
    assert len(problems(validator({"items": {"minimum": 1}}), [0] * 100, 7)) == 7


def test_references_between_shipped_schemas_work_and_others_do_not() -> None:
    document: JsonObject = {"$ref": f"{finder.BASE}evidence/docs.schema.json"}
    assert validator(document).is_valid({"items": {}})
    assert not validator(document).is_valid({})
    from referencing.exceptions import Unresolvable

    with pytest.raises(Unresolvable):
        validator({"$ref": "https://example.org/a.json"}).is_valid({})
    with pytest.raises(Unresolvable):
        validator({"$ref": "file:///etc/passwd"}).is_valid({})


def test_a_shipped_schema_is_compiled_once() -> None:
    assert shipped_validator("policy") is shipped_validator("policy")


@pytest.mark.parametrize(
    ("document", "instance"),
    [
        ({"pattern": "(a+)+$"}, "a" * 50_000 + "!"),
        ({"patternProperties": {"(a+)+$": False}}, {"a" * 50_000 + "!": 1}),
        ({"patternProperties": {"(a+)+$": True}, "additionalProperties": {"type": "null"}}, {"a" * 50_000 + "!": None}),
        ({"propertyNames": {"not": {"pattern": "(a|aa)+$"}}}, {"a" * 50_000 + "!": 1}),
        ({"uniqueItems": True}, [{"n": n} for n in range(20_000)]),
        ({"multipleOf": 1e-320}, 1e308),
        ({"multipleOf": 0.1}, 10**300),
        ({"$schema": "https://json-schema.org/draft/2020-12/schema", "pattern": "(a+)+$"}, "a" * 50_000 + "!"),
        (
            {"$schema": "https://json-schema.org/draft/2020-12/schema", "allOf": [{"pattern": "(a+)+$"}]},
            "a" * 50_000 + "!",
        ),
    ],
)
def test_no_schema_takes_long(document: Json, instance: Json) -> None:
    begun = time.perf_counter()
    list(validator(document).iter_errors(instance))
    assert time.perf_counter() - begun < 2


@given(
    st.recursive(st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([1.0, 0.5]), st.lists, max_leaves=6)
)
def test_items_are_the_same_as_for_json_schema(value: Json) -> None:
    others: list[Json] = [1, 1.0, True, 0, False, None, [1], [True]]
    for other in others:
        listed: list[Json] = [value, other]
        assert validator({"uniqueItems": True}).is_valid(listed) == Draft202012Validator(
            {"uniqueItems": True}
        ).is_valid(listed)


def test_objects_are_the_same_whatever_their_order() -> None:
    assert identity({"a": 1, "b": [True]}) == identity({"b": [True], "a": 1.0})
    assert identity({"a": 1}) != identity({"a": True})


SIMPLE = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["object", "array", "string", "integer", "number", "null", "boolean"]),
        "required": st.lists(st.sampled_from("abc"), unique=True),
        "minimum": st.integers(-2, 2),
        "multipleOf": st.integers(1, 3),
        "pattern": st.sampled_from(["^a", "b$", "[ab]+"]),
        "additionalProperties": st.booleans(),
        "patternProperties": st.just({"^a": {"type": "integer"}}),
        "dependentRequired": st.just({"a": ["b"]}),
        "uniqueItems": st.booleans(),
        "properties": st.just({"a": {"type": "integer"}, "b": True}),
    },
)
INSTANCES = st.recursive(
    st.none() | st.booleans() | st.integers(-4, 4) | st.text("abc", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=5,
)


@given(SIMPLE, INSTANCES)
def test_it_accepts_what_jsonschema_accepts(document: JsonObject, instance: Json) -> None:
    assert validator(document).is_valid(instance) == Draft202012Validator(document).is_valid(instance)


@given(SIMPLE, INSTANCES)
def test_every_error_has_words(document: JsonObject, instance: Json) -> None:
    for each in problems(validator(document), instance):
        assert each.measured
        assert each.wanted


def nested(levels: int) -> JsonObject:
    document: JsonObject = {"required": ["a"]}
    for _ in range(levels):
        document = {"not": document}
    return document


def doubled(levels: int) -> JsonObject:
    """Definitions that each refer twice to the next: small text, 2^levels schemas."""
    defs: JsonObject = {
        f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}, {"$ref": f"#/$defs/d{n + 1}"}]} for n in range(levels)
    }
    return {"$ref": "#/$defs/d0", "$defs": {**defs, f"d{levels}": {"required": ["a"]}}}


def chained(length: int) -> JsonObject:
    defs: JsonObject = {f"d{n}": {"$ref": f"#/$defs/d{n + 1}"} for n in range(length)}
    return {"$ref": "#/$defs/d0", "$defs": {**defs, f"d{length}": {"required": ["a"]}}}


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (5, "A schema is an object of keywords."),
        (nested(100), "nests more than 40 levels deep"),
        ({"enum": ["x" * 1000] * 100}, "at most 65,536 are taken"),
        ({"enum": list(range(3000))}, "lists 3,000 values; at most 2,000"),
        (doubled(60), "at most 5,000 are judged"),
        (chained(300), "nest more than 200 schemas deep"),
        ({"multipleOf": 0}, "wanted more than 0"),
        ({"$ref": "#/$defs/a/properties/b", "$defs": {"a": {"properties": {"b": {}}}}}, "leads into a definition"),
        ({"$ref": 5}, "wanted a text"),
        ({"$defs": {"a": {"$ref": "#/$defs/a"}}}, "leads back to itself"),
        ({"$ref": "#/$defs/a", "$defs": {"a": True, "b": {"pattern": "("}}}, "missing )"),
        ({"pattern": "((a{1000}){1000}){1000}"}, "This pattern cannot run"),
        ({"pattern": "\\p{Foo}"}, "This pattern cannot run"),
        (
            {"properties": {"a": {"$schema": "https://json-schema.org/draft/2020-12/schema"}}},
            "at the top of the schema",
        ),
    ],
)
def test_hostile_and_mistaken_schemas_are_refused_at_once(document: Json, text: str) -> None:
    begun = time.perf_counter()
    found = check(document)
    assert text in found[0].text
    assert time.perf_counter() - begun < 2


@pytest.mark.parametrize(
    "document",
    [
        True,
        {},
        {"$defs": {"a": {"definitions": {"b": {"const": 1}}}}, "$ref": "#/$defs/a"},
        {"definitions": {"a": {"minimum": 1}}, "properties": {"x": {"$ref": "#/definitions/a"}}},
        {"$defs": {"a~b/c": True}, "$ref": "#/$defs/a~0b~1c"},
        {"properties": {"minimun": {"default": {"$ref": "nothing"}}, "format": {"examples": [{"if": 1}]}}},
        chained(50),
    ],
)
def test_sound_schemas_have_no_mistake(document: Json) -> None:
    assert check(document) == ()
    validator(document).is_valid({})


@given(
    st.recursive(
        st.booleans() | st.integers() | st.sampled_from(["#/$defs/a", "string", "(", "a"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["$ref", "$defs", "a", "properties", "allOf", "not", "pattern", "type", "items", "enum", "if"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=15,
    )
)
def test_what_has_no_mistake_can_be_run(document: Json) -> None:
    if not check(document):
        instances: list[Json] = [None, 1, "a", [1], {"a": {"a": 1}}]
        for instance in instances:
            problems(validator(document), instance)
