"""Settings by their key paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.configuration.keys import Lines, Setting, key_test, settings_of, snake
from gate.formats.located_yaml import YamlDocument, read_parts

YAML = b"""\
server:
  limits:
    - {rate: 5, name: a}
    - rate: 7
  debug: false
other: {debug: null}
empty: {}
"""


def document(data: bytes) -> YamlDocument:
    (part,) = read_parts(data)
    assert isinstance(part, YamlDocument)
    return part


def test_every_plain_value_is_a_setting_in_order() -> None:
    found = [(each.key, each.value) for each in settings_of(document(YAML).value)]
    assert found == [
        ("server.limits.0.rate", 5),
        ("server.limits.0.name", "a"),
        ("server.limits.1.rate", 7),
        ("server.debug", False),
        ("other.debug", None),
    ]


def test_a_document_that_is_a_plain_value_has_no_settings() -> None:
    assert not list(settings_of("x"))


def test_lines_of_nested_settings() -> None:
    lines = Lines(YAML)
    found = [lines.of(each, nested=True) for each in settings_of(document(YAML).value)]
    assert found == [3, 3, 4, 5, 6]


def test_without_nesting_only_a_key_that_stands_once_has_a_line() -> None:
    lines = Lines(b"export PORT=1\nA: 2\nB = 3\nB = 4\n'q':5\n")
    assert [lines.of(Setting((name,), 1, 1), nested=False) for name in ("PORT", "A", "B", "q", "C")] == [
        1,
        2,
        None,
        5,
        None,
    ]


@pytest.mark.parametrize(
    ("key", "pattern", "expected"),
    [
        ("log_level", "**.log_level", True),
        ("app.logLevel", "**.log_level", True),
        ("app.log-level", "**.log_level", True),
        ("LOG_LEVEL", "**.log_level", True),
        ("APP__LOG_LEVEL", "app.log_level", True),
        ("app.logLevel", "app.logLevel", True),
        ("app.log_levels", "**.log_level", False),
        ("a.b.c", "a.*.c", True),
        ("a.b.x.c", "a.*.c", False),
        ("a.0.c", "a.*.c", True),
        ("a/b", "**.b", False),
    ],
)
def test_which_keys_a_pattern_means(key: str, pattern: str, expected: bool) -> None:
    assert key_test([pattern])(Setting(tuple(key.split(".")), 1, 1)) is expected


def test_no_pattern_means_nothing() -> None:
    assert not key_test([])(Setting(("a",), 1, 1))


@given(st.text(max_size=60))
def test_snake_case_is_lower_case_and_stays_so(text: str) -> None:
    assert "-" not in snake(text)
    assert snake(snake(text)).count("_") <= snake(text).count("_")


@given(st.binary(max_size=300))
def test_lines_of_anything(data: bytes) -> None:
    line = Lines(data).of(Setting(("a",), 1, 1), nested=False)
    assert line is None or 1 <= line <= data.count(b"\n") + data.count(b"\r") + len(data) + 1
