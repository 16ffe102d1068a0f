"""zizmor's report (`--format json-v1`, https://docs.zizmor.sh/usage/#output-formats): what it found, and where.

Of its text only what zizmor itself wrote is kept: rule, description, annotation. What it quotes is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

from gate.collect.readers.errors import ReportError
from gate.model.json import Json, JsonObject

SEVERITIES = ("Unknown", "Informational", "Low", "Medium", "High")
"""From the least to the gravest, as zizmor writes them."""
CONFIDENCES = ("Unknown", "Low", "Medium", "High")
_LIMIT = 256 * 1024 * 1024
_MOST = 100_000


@dataclass(frozen=True, slots=True)
class ZizmorFinding:
    """One finding. `path` is as zizmor was given it; `line` and `column` are those of its primary place, from 1."""

    rule: str
    description: str
    url: str
    severity: str
    confidence: str
    path: str
    line: int
    column: int
    annotation: str
    ignored: bool


def read_zizmor(data: bytes) -> tuple[ZizmorFinding, ...]:
    """Return the findings of a report. Raises ReportError."""
    from gate.formats.strict_json import JsonProblem, loads

    try:
        document = loads(data, limit=_LIMIT)
    except JsonProblem as problem:
        raise ReportError(f"is not JSON: {problem.reason}", problem.line) from None
    if not isinstance(document, list):
        raise ReportError("is not zizmor's JSON: it should be a list")
    if len(document) > _MOST:
        raise ReportError(f"has {len(document):,} results; at most {_MOST:,} are read")
    return tuple(_finding(item, number) for number, item in enumerate(document, 1))


def _finding(item: Json, number: int) -> ZizmorFinding:
    if not isinstance(item, dict):
        raise ReportError(f"is not zizmor's JSON: result {number} is no object")
    determinations = _object(item, "determinations", number)
    location = _primary(item, number)
    symbolic = _object(location, "symbolic", number)
    point = _object(_object(_object(location, "concrete", number), "location", number), "start_point", number)
    ignored = item.get("ignored", False)
    if not isinstance(ignored, bool):
        raise ReportError(f"is not zizmor's JSON: `ignored` of result {number} is neither true nor false")
    return ZizmorFinding(
        rule=_text(item, "ident", number),
        description=_text(item, "desc", number),
        url=_text(item, "url", number),
        severity=_one_of(determinations, "severity", SEVERITIES, number),
        confidence=_one_of(determinations, "confidence", CONFIDENCES, number),
        path=_path(symbolic, number),
        line=_number(point, "row", number) + 1,
        column=_number(point, "column", number) + 1,
        annotation=_text(symbolic, "annotation", number),
        ignored=ignored,
    )


def _primary(item: JsonObject, number: int) -> JsonObject:
    """Return the place that a finding is about."""
    locations = item.get("locations")
    found = [each for each in locations if isinstance(each, dict)] if isinstance(locations, list) else []
    for each in found:
        if _object(each, "symbolic", number).get("kind") == "Primary":
            return each
    if not found:
        raise ReportError(f"is not zizmor's JSON: result {number} has no place")
    return found[0]


def _path(symbolic: JsonObject, number: int) -> str:
    local = _object(symbolic, "key", number).get("Local")
    if not isinstance(local, dict):
        raise ReportError(f"is not of files: result {number} has no local path")
    return _text(local, "verbatim_path", number)


def _object(item: JsonObject, name: str, number: int) -> JsonObject:
    value = item.get(name)
    if not isinstance(value, dict):
        raise ReportError(f"is not zizmor's JSON: result {number} has no object `{name}`")
    return value


def _text(item: JsonObject, name: str, number: int) -> str:
    value = item.get(name)
    if not isinstance(value, str):
        raise ReportError(f"is not zizmor's JSON: result {number} has no text `{name}`")
    return value


def _number(item: JsonObject, name: str, number: int) -> int:
    value = item.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ReportError(f"is not zizmor's JSON: result {number} has no number `{name}`")
    return value


def _one_of(item: JsonObject, name: str, choices: tuple[str, ...], number: int) -> str:
    value = _text(item, name, number)
    if value not in choices:
        raise ReportError(f"is not zizmor's JSON: result {number} has the {name} “{value[:40]}”")
    return value
