"""Sentences: numbers that stay on their side, words that fit them, and text that cannot break out."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gate.judge.wording import (
    NO_VALUE,
    Words,
    bounds_of,
    clean,
    cores,
    listed,
    memory,
    number,
    paths_in,
    say,
    seconds,
    size,
)
from gate.model.json import Json

JSON: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def fill(template: str, document: dict[str, Json], bounds: tuple[float, ...] = ()) -> str:
    return Words((document,), {"minimum": 90, "path": ["a.md"]}, bounds).fill(template)


@pytest.mark.parametrize(
    ("value", "bounds", "told"),
    [
        (0, (), "0"),
        (2310, (), "2,310"),
        (-2310, (), "-2,310"),
        (81.4, (), "81.4"),
        (90.0, (90.0,), "90"),
        (81.3953, (90.0,), "81.4"),
        (89.96, (90.0,), "89.96"),
        (89.9999, (90.0,), "89.9999"),
        (89.99999999, (90.0,), "89.99999999"),
        (90.04, (90.0,), "90.04"),
        (90.04, (80.0,), "90"),
        (99.97, (), "99.97"),
        (0.04, (), "0.04"),
        (0.0000001, (), "0.0000001"),
        (1e-20, (), "1e-20"),
        (1234567.89, (), "1,234,567.9"),
        (1e300, (), "1e+300"),
        (10**40, (), "1.000e+40"),
        (float("nan"), (), "not a number"),
        (float("inf"), (), "not a number"),
    ],
)
def test_numbers(value: float, bounds: tuple[float, ...], told: str) -> None:
    assert number(value, bounds) == told


@example(89.95, 90.0)
@given(st.floats(0, 100), st.floats(0, 100))
def test_a_percentage_never_moves_to_or_over_its_bound(value: float, bound: float) -> None:
    told = float(number(value, [bound]).replace(",", ""))
    assert (told < bound) == (value < bound)
    assert (told > bound) == (value > bound)


@pytest.mark.parametrize(
    ("value", "bounds", "told"),
    [
        (0.25, (), "0.2 s"),
        (59.9, (), "59.9 s"),
        (60, (), "1 min"),
        (200, (), "3 min 20 s"),
        (7500, (), "2 h 5 min"),
        (90061, (), "25 h 1 min"),
        (1800.04, (1800.0,), "1,800.04 s"),
        (1800, (1800.0,), "30 min"),
        (float("inf"), (), "not a number s"),
    ],
)
def test_times(value: float, bounds: tuple[float, ...], told: str) -> None:
    assert seconds(value, bounds) == told


@pytest.mark.parametrize(
    ("value", "bounds", "told"),
    [
        (0, (), "0 bytes"),
        (1, (), "1 byte"),
        (999, (), "999 bytes"),
        (2_500_000, (), "2.5 MB"),
        (4_812_733, (), "4.8 MB"),
        (500_049_999, (500_000_000.0,), "500.05 MB"),
        (3_000_000_000_000, (), "3 TB"),
    ],
)
def test_sizes(value: float, bounds: tuple[float, ...], told: str) -> None:
    assert size(value, bounds) == told


@pytest.mark.parametrize(
    ("value", "bounds", "told"),
    [
        (0, (), "0"),
        (1023, (), "1023"),
        (536_870_912, (), "512Mi"),
        (1_610_612_736, (), "1.5Gi"),
        (1_024_000, (), "1000Ki"),
        (536_870_912 + 1000, (536_870_912.0,), "512.001Mi"),
        (2**63 - 1, (), "8Ei"),
        (-(2**20), (), "-1Mi"),
        (float("inf"), (), "not a number"),
    ],
)
def test_memory(value: float, bounds: tuple[float, ...], told: str) -> None:
    assert memory(value, bounds) == told


@pytest.mark.parametrize(
    ("value", "bounds", "told"),
    [
        (0.25, (), "250m"),
        (1.5, (), "1500m"),
        (2, (), "2"),
        (2.0, (), "2"),
        (0, (), "0"),
        (0.00005, (), "0.1m"),
        (0.2500001, (0.25,), "250.0001m"),
        (float("nan"), (), "not a number"),
    ],
)
def test_processors(value: float, bounds: tuple[float, ...], told: str) -> None:
    assert cores(value, bounds) == told


@pytest.mark.parametrize(
    ("template", "document", "told"),
    [
        ("{lines.percent} % are covered", {"lines": {"percent": 81.4}}, "81.4 % are covered"),
        ("{failed|test failed|tests failed}", {"failed": 1}, "1 test failed"),
        ("{failed|test failed|tests failed}", {"failed": 2310}, "2,310 tests failed"),
        ("{failed|test failed|tests failed}", {"failed": 0}, "0 tests failed"),
        ("{failed|no test|test|tests} failed", {"failed": 0}, "no test failed"),
        ("{failed|test|tests}", {"failed": True}, "yes"),
        ("{failed|test|tests}", {"failed": "many"}, "many"),
        ("{failed|tests}", {"failed": 1}, "1 tests"),
        ("{pages||page|pages}", {"pages": []}, ""),
        ("{pages|none|the page|the pages}", {"pages": ["a"]}, "the page a"),
        ("{pages|none|the page|the pages}", {"pages": ["a", "b"]}, "the pages a and b"),
        ("{h:choices|none|the heading|the headings}", {"h": ["A|B"]}, "the heading A or B"),
        ("{h:choices}", {"h": "A|B"}, "A or B"),
        ("{n:most}", {"n": 0}, "none"),
        ("{n:most}", {"n": 3}, "at most 3"),
        ("{bytes:bytes} in {time:seconds}", {"bytes": 1500, "time": 61}, "1.5 kB in 1 min 1 s"),
        ("{limits.cpu:cores}, {limits.memory:memory}", {"limits": {"cpu": 0.5, "memory": 2**28}}, "500m, 256Mi"),
        ("{a} and {b}", {"a": None}, f"{NO_VALUE} and {NO_VALUE}"),
        ("{found} || nothing was found", {}, "nothing was found"),
        ("{found} || nothing was found", {"found": None}, "nothing was found"),
        ("{found} || nothing was found", {"found": "x"}, "x"),
        ("{a} || {b} || {c}", {"b": 2}, "2"),
        ("{worst.0.path}", {"worst": [{"path": "a.py"}]}, "a.py"),
        ("{worst.1.path} || none", {"worst": [{"path": "a.py"}]}, "none"),
        ("{worst.x} || none", {"worst": [1]}, "none"),
        ("{worst.0}", {"worst": [7]}, "7"),
        ("{a.b} || none", {"a": 1}, "none"),
        ("{a.b}", {"a.b": 1, "a": {"b": 2}}, "1"),
        ("{minimum}", {"minimum": 1}, "1"),
        ("{parameters.minimum}", {"minimum": 1}, "90"),
        ("{parameters.path}", {"path": "b.md"}, "a.md"),
        ("{on} {off}", {"on": True, "off": False}, "yes no"),
        (
            "{absent}",
            {"absent": {"lfs": 2, "deep": {"x": 1}, "many": [1, 2]}},
            "lfs 2, deep 1 entry and many 2 entries",
        ),
        (
            "{tools}",
            {"tools": [{"name": "bandit", "version": "1"}, {"x": 1}, "c", "d"]},
            "bandit, 1 entry, c and 1 more",
        ),
        ("{text}", {"text": ""}, "an empty text"),
        ("{empty}", {"empty": []}, "nothing"),
        ("no {{braces}} here {", {}, "no {no value} here {"),
        ("", {}, ""),
    ],
)
def test_templates(template: str, document: dict[str, Json], told: str) -> None:
    assert fill(template, document) == told


def test_a_template_looks_in_its_documents_in_order() -> None:
    words = Words(({"a": 1}, {"a": 2, "b": 3}), {"c": 4})
    assert words.fill("{a} {b} {parameters.c}") == "1 3 4"
    assert paths_in("{a} {b.c|x|y} {d:bytes}") == ("a", "b.c", "d")


def test_it_is_known_when_only_the_last_words_are_left() -> None:
    words = Words(({"a": 1},), {})
    assert words.falls_back("{b} || none")
    assert not words.falls_back("{a} || none")
    assert not words.falls_back("{b}")


def test_bounds_are_what_a_schema_compares_with() -> None:
    schema: Json = {"properties": {"a": {"minimum": 1}, "b": {"anyOf": [{"exclusiveMaximum": 2.5}, {"const": True}]}}}
    assert sorted(bounds_of(schema)) == [1.0, 2.5]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("plain", "plain"),
        ("a\nb\r\n\tc", "a b c"),
        ("::error::x\n::set-output name=a::b", "::error::x ::set-output name=a::b"),
        ("a\x1b[31mred\x00", "a[31mred"),
        ("abc\u202edef\u2066\u200b\ufeff", "abcdef"),
        ("\u2028line\u2029", "line"),
        ("\ud800", ""),
        ("é ✅ 日本", "é ✅ 日本"),
        ("x" * 500, "x" * 199 + "…"),
        ("\u200b" * 5000 + "tail", "…"),
    ],
)
def test_text_of_evidence_is_cleaned(text: str, told: str) -> None:
    assert clean(text) == told


@given(st.text(max_size=2000))
def test_clean_text_is_one_short_line_of_what_can_be_seen(text: str) -> None:
    told = clean(text)
    assert len(told) <= 200
    assert len(told.splitlines()) <= 1
    assert all(unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in told)
    assert clean(told) == told


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=5), st.text(max_size=60))
def test_no_document_and_no_template_breaks_a_sentence(document: dict[str, Json], template: str) -> None:
    assert isinstance(fill(template, document), str)
    for name in document:
        for unit in ("", ":bytes", ":seconds", ":most", ":memory", ":cores", ":choices", "|one|many"):
            assert "\n" not in fill(f"{{{name}{unit}}}" if "\n" not in name else "", document)


@given(JSON)
def test_any_value_is_told_on_one_line(value: Json) -> None:
    told = say(value)
    assert told
    assert len(told.splitlines()) == 1


def test_lists_are_cut_and_counted() -> None:
    assert listed([]) == "nothing"
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a", "b", "c", *"defg"]) == "a, b, c and 4 more"
    assert listed(["a\nb"]) == "a b"
