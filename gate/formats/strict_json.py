"""JSON (RFC 8259) as it is written by honest tools: no NaN, no key twice, no bombs."""

from __future__ import annotations

import json
import math
import re

from gate.model.json import Json, JsonObject

_LIMIT = 64 * 1024 * 1024
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
DEPTH = 200
"""Levels of lists and objects: what recursive readers bear with room to spare."""
MAX_DIGITS = 4300
"""Python refuses longer integers itself; reading them costs quadratic time."""


class JsonProblem(Exception):
    """Something in a JSON file that is not accepted; line and column count from 1, 1:1 where it is not known."""

    def __init__(self, reason: str, line: int = 1, column: int = 1) -> None:
        self.reason = reason
        self.line = line
        self.column = column
        super().__init__(f"{reason} (line {line}, column {column})")


class _RefusedError(ValueError):
    def __init__(self, reason: str, sign: str) -> None:
        self.reason = reason
        self.sign = sign
        super().__init__(reason)


def loads(data: bytes, *, limit: int = _LIMIT) -> Json:
    """Return the value of one JSON text of at most `limit` bytes of UTF-8. Raises JsonProblem.

    Refused: a byte order mark, NaN and the infinities, numbers beyond a float, integers of more than 4,300 digits, a
    key twice in one object, more than 200 levels, anything after the value. Halves of characters (lone surrogates) are
    replaced by U+FFFD.
    """
    if len(data) > limit:
        raise JsonProblem(f"it has {len(data):,} bytes; at most {limit:,} are read")
    text = _decode(data)
    try:
        value: Json = json.loads(
            text, parse_constant=_constant, parse_float=_float, parse_int=_integer, object_pairs_hook=_object
        )
    except json.JSONDecodeError as error:
        raise JsonProblem(_sentence(error), error.lineno, error.colno) from None
    except _RefusedError as error:
        line, column = _place(text, _find(text, error.sign))
        raise JsonProblem(error.reason, line, column) from None
    except RecursionError:
        raise JsonProblem("it nests too deep to be read") from None
    if _nests_deeper(value, DEPTH):
        raise JsonProblem(f"it nests more than {DEPTH} levels deep")
    return _whole(value) if _SURROGATE.search(text) else value


def _nests_deeper(value: Json, depth: int) -> bool:
    level = [value]
    for _ in range(depth + 1):
        level = [
            child
            for each in level
            for child in (each.values() if isinstance(each, dict) else each if isinstance(each, list) else ())
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def _whole(value: Json) -> Json:
    """Replace halves of characters (tools that cut texts leave them behind), which nothing could write down again."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {str(_whole(key)): _whole(item) for key, item in value.items()}
    return value


def _decode(data: bytes) -> str:
    if data.startswith(b"\xef\xbb\xbf"):
        raise JsonProblem("it starts with a byte order mark, which JSON does not allow")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:4]:
        raise JsonProblem("it is UTF-16 or UTF-32, or binary; JSON is UTF-8")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        line, column = _place(before, len(before))
        raise JsonProblem(f"the byte 0x{data[error.start]:02x} is not UTF-8", line, column) from None


def _constant(name: str) -> Json:
    raise _RefusedError(f"{name} is not a number that JSON knows", name)


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _RefusedError(f"{text[:40]} is too large for a number", text)
    return number


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise _RefusedError(f"a number has {len(text):,} digits; at most {MAX_DIGITS:,} are read", text)
    return int(text)


def _object(pairs: list[tuple[str, Json]]) -> JsonObject:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _RefusedError(f"the key {json.dumps(key[:80])} stands twice in one object", json.dumps(key))
            seen.add(key)
    return result


def _find(text: str, sign: str) -> int:
    """Where a refused token stands, as near as can be told afterwards: its second place for a key, else its first."""
    if not sign.startswith('"'):
        found = re.search(rf"(?<![\w.\"]){re.escape(sign[:200])}", text)
        return found.start() if found else 0
    places = [found.start() for found in re.finditer(rf"{re.escape(sign)}\s*:", text)]
    return places[1] if len(places) > 1 else places[0] if places else 0


def _place(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def _sentence(error: json.JSONDecodeError) -> str:
    if error.pos >= len(error.doc.rstrip()):
        return "it ends before it is whole" if error.doc.strip() else "it is empty"
    return error.msg[:1].lower() + error.msg[1:]
