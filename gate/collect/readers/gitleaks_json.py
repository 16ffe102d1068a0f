"""gitleaks' JSON report (`gitleaks dir -f json`, gitleaks 8.19 and later), without any secret.

`Secret`, `Match`, `Line` and all else that could hold one is dropped here, before anybody else sees it.
"""

from __future__ import annotations

from dataclasses import dataclass

from gate.collect.readers.errors import ReportError
from gate.model.json import Json, JsonObject

_LIMIT = 256 * 1024 * 1024
_MOST = 500_000


@dataclass(frozen=True, slots=True)
class Leak:
    """One result. `file` is the path as gitleaks was given it; lines and `column` count as gitleaks counts them.

    A rule on the name of a file alone tells of line 0.
    """

    file: str
    rule: str
    line: int
    end_line: int
    column: int


def read_gitleaks(data: bytes) -> tuple[Leak, ...]:
    """Return the results of a report. Raises ReportError, whose text holds nothing of the report but its numbers."""
    from gate.formats.strict_json import JsonProblem, loads

    if not data.strip():
        raise ReportError("is empty")
    try:
        document = loads(data, limit=_LIMIT)
    except JsonProblem as problem:
        # The reason may quote a key or a number of the report.
        raise ReportError("is not JSON that can be read", problem.line) from None
    if not isinstance(document, list):
        raise ReportError("is not gitleaks' JSON: it should be a list")
    if len(document) > _MOST:
        raise ReportError(f"has {len(document):,} results; at most {_MOST:,} are read")
    return tuple(_leak(item, number) for number, item in enumerate(document, 1))


def _leak(item: Json, number: int) -> Leak:
    if not isinstance(item, dict):
        raise ReportError(f"is not gitleaks' JSON: result {number} is no object")
    line, end_line = _number(item, "StartLine", number), _number(item, "EndLine", number)
    if end_line < line:
        raise ReportError(f"contradicts itself: result {number} ends before it begins")
    rule, file = _text(item, "RuleID", number), _text(item, "File", number)
    return Leak(file, rule, line, end_line, _number(item, "StartColumn", number))


def _text(item: JsonObject, name: str, number: int) -> str:
    value = item.get(name)
    if not isinstance(value, str) or not value:
        raise ReportError(f"is not gitleaks' JSON: result {number} has no {name}")
    return value


def _number(item: JsonObject, name: str, number: int) -> int:
    value = item.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ReportError(f"is not gitleaks' JSON: {name} of result {number} is no whole number from 0")
    return value
