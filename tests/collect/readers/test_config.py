"""Configuration files as documents."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers.config import format_of, read_config
from gate.collect.readers.errors import ReportError


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("config/a.yml", "yaml"),
        ("a.YAML", "yaml"),
        ("a.json", "json"),
        ("pyproject.toml", "toml"),
        ("setup.cfg", "ini"),
        (".env", "env"),
        (".env.example", "env"),
        ("prod.env", "env"),
        ("Makefile", None),
    ],
)
def test_the_name_tells_the_format(path: str, expected: str | None) -> None:
    assert format_of(path) == expected


@pytest.mark.parametrize(
    ("format_name", "data", "expected"),
    [
        ("yaml", b"a: 1\nb: [x, true]\n", {"a": 1, "b": ["x", True]}),
        ("yaml", b"a: 1\n---\nb: 2\n", [{"a": 1}, {"b": 2}]),
        ("yaml", b"base: &b {x: 1}\nuse: *b\n", {"base": {"x": 1}, "use": {"x": 1}}),
        ("json", b'{"a": [1, 2.5, null]}', {"a": [1, 2.5, None]}),
        ("toml", b"a = 1979-05-27\n[t]\nx = [1]\n", {"a": "1979-05-27", "t": {"x": [1]}}),
        ("ini", b"[S]\nKey = %(x)s\nflag\n", {"S": {"Key": "%(x)s", "flag": None}}),
        ("env", b'# c\nexport A="x y"\nB=$A\nC\n', {"A": "x y", "B": "$A", "C": None}),
    ],
)
def test_each_format_becomes_a_document(format_name: str, data: bytes, expected: object) -> None:
    assert read_config(data, format_name) == expected


@pytest.mark.parametrize(
    ("format_name", "data", "reason"),
    [
        ("yaml", b"a: [1\n", "is not YAML"),
        ("yaml", b"a: .nan\n", "is not YAML"),
        ("yaml", b"# nothing\n", "no YAML document"),
        ("json", b'{"a": NaN}', "is not JSON"),
        ("json", b'{"a": 1, "a": 2}', "is not JSON"),
        ("toml", b"a = \n", "is not TOML"),
        ("toml", b"a = nan\n", "not finite"),
        ("toml", b"a = " + b"[" * 5000 + b"]" * 5000, "nests too deep"),
        ("ini", b"key = 1\n", "is not INI"),
        ("ini", b"[a]\nx=1\nx=2\n", "is not INI"),
        ("env", b"A=1\nA=2\n", "twice"),
        ("env", b"A='open\n", "no NAME=VALUE"),
        ("toml", b"\xff\xfe", "is not UTF-8"),
    ],
)
def test_what_cannot_be_read_says_why(format_name: str, data: bytes, reason: str) -> None:
    with pytest.raises(ReportError, match=reason):
        read_config(data, format_name)


@given(st.sampled_from(["yaml", "json", "toml", "ini", "env"]), st.binary(max_size=200) | st.text().map(str.encode))
def test_any_bytes_are_read_or_refused(format_name: str, data: bytes) -> None:
    with contextlib.suppress(ReportError):
        read_config(data, format_name)
