"""JSON as honest tools write it."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.formats.strict_json import JsonProblem, loads
from gate.model.json import Json

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


@given(DOCUMENTS, st.booleans())
def test_it_reads_what_json_reads(document: Json, ascii_only: bool) -> None:
    data = json.dumps(document, ensure_ascii=ascii_only).encode()
    assert loads(data) == json.loads(data) == document


@given(st.binary(max_size=200))
def test_no_bytes_crash_it(data: bytes) -> None:
    with contextlib.suppress(JsonProblem):
        json.loads(json.dumps(loads(data)))


@pytest.mark.parametrize(
    ("data", "reason", "line", "column"),
    [
        (b"[1,\nNaN]", "NaN is not a number that JSON knows", 2, 1),
        (b"[-Infinity]", "-Infinity is not a number that JSON knows", 1, 2),
        (b'{"a": 1,\n "a": 2}', 'the key "a" stands twice in one object', 2, 2),
        (b'{"a": "a", "b": {"c": 1, "c": 1}}', 'the key "c" stands twice in one object', 1, 26),
        (b"1e999", "1e999 is too large for a number", 1, 1),
        (b"[" + b"1" * 5000 + b"]", "a number has 5,000 digits; at most 4,300 are read", 1, 2),
        (b"\xef\xbb\xbf{}", "it starts with a byte order mark, which JSON does not allow", 1, 1),
        ("{}".encode("utf-16"), "it is UTF-16 or UTF-32, or binary; JSON is UTF-8", 1, 1),
        (b'{"a":\n"\xff"}', "the byte 0xff is not UTF-8", 2, 2),
        (b"", "it is empty", 1, 1),
        (b" \n", "it is empty", 2, 1),
        (b'{"a": [1, 2', "it ends before it is whole", 1, 12),
        (b"{} {}", "extra data", 1, 4),
        (b"[1,]", "expecting value", 1, 4),
        (b"[" * 100_000, "it nests too deep to be read", 1, 1),
        (b"[" * 300 + b"]" * 300, "it nests more than 200 levels deep", 1, 1),
    ],
)
def test_what_is_refused_is_told_with_its_place(data: bytes, reason: str, line: int, column: int) -> None:
    with pytest.raises(JsonProblem) as caught:
        loads(data)
    assert (caught.value.reason, caught.value.line, caught.value.column) == (reason, line, column)


def test_it_has_a_limit() -> None:
    with pytest.raises(JsonProblem, match="at most 3 are read"):
        loads(b"[1, 2]", limit=3)


def test_200_levels_are_read() -> None:
    assert loads(b"[" * 200 + b"]" * 200)


def test_halves_of_characters_are_replaced() -> None:
    assert loads(b'{"a\\ud83d": ["cut \\ud83d", "\\ud83d\\ude00", 1]}') == {"a�": ["cut �", "😀", 1]}


def test_a_megabyte_of_digits_costs_nothing() -> None:
    begun = time.perf_counter()
    with pytest.raises(JsonProblem):
        loads(b"1" * 1_000_000)
    assert time.perf_counter() - begun < 1
