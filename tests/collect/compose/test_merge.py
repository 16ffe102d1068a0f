"""How Compose joins two files."""

from __future__ import annotations

import pytest

from gate.collect.compose.merge import as_mapping, extended, merged
from gate.formats.located_yaml import Located
from gate.model.json import Json, JsonObject


@pytest.mark.parametrize(
    ("key", "ours", "theirs", "both"),
    [
        ("image", "a", "b", "b"),
        ("image", "a", None, "a"),
        ("command", ["a", "b"], ["c"], ["c"]),
        ("test", ["CMD", "a"], ["NONE"], ["NONE"]),
        ("dns", ["1"], ["2", "1"], ["1", "2"]),
        ("dns", ["1"], "2", "2"),
        ("environment", ["A=1", "B"], {"A": "2"}, {"A": "2", "B": None}),
        ("extra_hosts", ["a: 1"], ["b=2"], {"a": "1", "b": "2"}),
        ("depends_on", ["a"], {"b": {"condition": "x"}}, {"a": None, "b": {"condition": "x"}}),
        ("deploy", {"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}),
        (
            "volumes",
            ["a:/x", "/y"],
            ["b:/x:ro", {"target": "/y", "source": "z"}],
            ["b:/x:ro", {"target": "/y", "source": "z"}],
        ),
        ("secrets", ["a", {"source": "b"}], [{"source": "b", "mode": 1}, "c"], ["a", {"source": "b", "mode": 1}, "c"]),
        ("configs", ["a"], ["a"], ["a"]),
        ("ports", ["80:80"], ["80:80", {"target": 90}], ["80:80", {"target": 90}]),
    ],
)
def test_two_files_as_one(key: str, ours: Json, theirs: Json, both: Json) -> None:
    assert merged({key: ours}, {key: theirs}) == {key: both}
    assert merged({}, {key: ours}) == {key: ours}


def test_a_service_keeps_its_own_line_and_forgets_what_it_extends() -> None:
    service = Located({"extends": "base", "image": "x"})
    service.line = 7
    base: JsonObject = {"user": "1"}
    whole = extended(base, service)
    assert whole == {"user": "1", "image": "x"}
    assert whole.line == 7
    assert base == {"user": "1"}


def test_what_is_no_mapping_is_an_empty_one() -> None:
    assert as_mapping("x") == as_mapping(None) == as_mapping([3]) == {}
