"""CTRF, the Common Test Report Format: one JSON document with `results.tests`.

Format: the CTRF schema (`results` › `tool`, `summary`, `tests[]` with name, status, duration in milliseconds). `status`
is passed, failed, skipped, pending or other; only `passed` is a pass. Extra members are ignored.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import Final

from gate.collect.readers.case_report import Case, Outcome, Problems, Sink, TestReport, first_line, noun, shown
from gate.collect.readers.errors import ReportError
from gate.formats.strict_json import JsonProblem, loads
from gate.model.json import Json, JsonObject

FORMAT: Final = "CTRF JSON"
MAX_BYTES: Final = 64 * 1024 * 1024
"""How large a report may be: JSON is held in memory whole."""

_OUTCOMES: Final = {
    "passed": Outcome.PASSED,
    "failed": Outcome.FAILED,
    "skipped": Outcome.SKIPPED,
    "pending": Outcome.SKIPPED,
    "other": Outcome.SKIPPED,
}


def read_ctrf(chunks: Iterable[bytes], sink: Sink) -> TestReport:
    """Read a CTRF report and hand each test to `sink`. Raises ReportError: not strict JSON, not CTRF, too large."""
    results = _results(_whole(chunks))
    tests = results.get("tests")
    if not isinstance(tests, list):
        raise ReportError(f'cannot be read as {FORMAT}: it has no list "results.tests"')
    problems = Problems()
    counts: Counter[str] = Counter()
    for number, test in enumerate(tests):
        if not isinstance(test, dict):
            raise ReportError(f"cannot be read as {FORMAT}: results.tests[{number}] is no object")
        sink(_case(test, number, counts, problems))
    summary = results.get("summary")
    if isinstance(summary, dict):
        _compare(summary, len(tests), counts, problems)
    return TestReport(FORMAT, len(tests), problems.finish(), _stated_seconds(summary))


def _whole(chunks: Iterable[bytes]) -> bytes:
    parts = []
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > MAX_BYTES:
            raise ReportError(f"cannot be read as {FORMAT}: it has more than {MAX_BYTES // 1024 // 1024} MiB")
        parts.append(chunk)
    return b"".join(parts)


def _results(data: bytes) -> JsonObject:
    if not data.strip():
        raise ReportError("is empty", 1)
    try:
        document = loads(data, limit=MAX_BYTES)
    except JsonProblem as error:
        raise ReportError(f"cannot be read as {FORMAT}: {error.reason}", error.line) from None
    results = document.get("results") if isinstance(document, dict) else None
    if not isinstance(results, dict):
        raise ReportError(f'cannot be read as {FORMAT}: it has no object "results"')
    return results


def _case(test: JsonObject, number: int, counts: Counter[str], problems: Problems) -> Case:
    status = test.get("status")
    outcome = _OUTCOMES.get(status) if isinstance(status, str) else None
    if not isinstance(status, str) or outcome is None:
        told = shown(repr(status), 40)
        problems.add(f"results.tests[{number}] has the status {told}, which CTRF does not know")
        outcome, status = Outcome.ERROR, "unknown"
    counts[status] += 1
    line = test.get("line")
    return Case(
        outcome,
        _suites(test.get("suite")),
        "",
        _text(test, "name"),
        _text(test, "filePath") or _text(test, "filepath"),
        line if isinstance(line, int) and not isinstance(line, bool) and 0 < line < 10**9 else None,
        _seconds(test.get("duration"), problems),
        outcome is Outcome.PASSED and test.get("flaky") is True,
        first_line(_text(test, "message")),
    )


def _suites(value: Json) -> tuple[str, ...]:
    """`suite` is a list of names in newer versions of the format, and one name ("a > b") in older ones."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(" > ") if part.strip())
    if isinstance(value, list):
        return tuple(part for part in value if isinstance(part, str) and part)
    return ()


def _text(test: JsonObject, key: str) -> str:
    value = test.get(key)
    return value if isinstance(value, str) else ""


def _seconds(value: Json, problems: Problems) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if value < 0 or value > 10**12 or not math.isfinite(value):
        problems.time(f"{shown(str(value), 30)} ms")
        return None
    return value / 1000


def _compare(summary: JsonObject, total: int, counts: Counter[str], problems: Problems) -> None:
    held = {"tests": total, **{name: counts[name] for name in _OUTCOMES}}
    for name, number in held.items():
        told = summary.get(name)
        if told is None or told == number:
            continue
        what = noun(number, "test") if name == "tests" else f"{number:,} with that status"
        problems.add(f"its summary states {name}: {shown(str(told), 40)}, but it holds {what}")


def _stated_seconds(summary: Json) -> float | None:
    if not isinstance(summary, dict):
        return None
    start, stop = summary.get("start"), summary.get("stop")
    if isinstance(start, int | float) and isinstance(stop, int | float) and 0 <= stop - start < 10**12:
        return (stop - start) / 1000
    return None
