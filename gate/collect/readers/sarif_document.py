"""How the bytes of a SARIF 2.1.0 document become its parts, and what is refused.

Format: OASIS Static Analysis Results Interchange Format (SARIF) Version 2.1.0.
"""

from __future__ import annotations

import re
from typing import NoReturn

import msgspec

from gate.collect.readers.errors import ReportError
from gate.collect.readers.sarif_parts import Log
from gate.collect.readers.sarif_twice import decode_log, refuse_twice

MAX_RESULTS = 500_000
"""Results that one report may hold: many times what a person can act on, and few enough to fit in memory."""

_MAX_MESSAGES = 8 * MAX_RESULTS
_LEAST_RESULT = len('{"message":{}}')
_SAMPLES, _SAMPLE = 64, 4096
_SMALL = 64 * 1024 * 1024


def decode(data: bytes) -> Log:
    """Return the wanted parts of a SARIF 2.1.0 document in UTF-8 (a byte order mark is skipped).

    Raises ReportError: not JSON (with the line), NaN or Infinity, not SARIF, another version, no runs, a member of a
    wrong type, a member given twice where that hides results, or more than MAX_RESULTS results.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:4]:
        raise ReportError("is in UTF-16 or UTF-32, but SARIF is UTF-8. Let the tool, or the shell, write it as UTF-8.")
    body = data[3:] if data.startswith(b"\xef\xbb\xbf") else data
    if not data[:64].strip() and not data.strip():
        raise ReportError("is empty; a report of a scan that found nothing still holds one run.")
    if len(data) > _SMALL and data.count(b'"message"') > _MAX_MESSAGES:
        raise ReportError(f"holds more than {_MAX_MESSAGES:,} messages. Split it, one file for each tool.")
    if _looks_crowded(body):
        _refuse_crowded(body)
    try:
        log, doubled = decode_log(body)
    except msgspec.ValidationError as error:
        _check_version(body)
        raise ReportError(f"is not SARIF 2.1.0: {_plain(str(error))}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _refuse(data, len(data) - len(body), error)
    if log.version != "2.1.0":
        _check_version(body)
    _check(log)
    refuse_twice(body, log, doubled)
    return log


def _plain(text: str) -> str:
    """Return msgspec's sentence with the place first named in words ("`$.runs[0].tool`" means runs[0].tool)."""
    return text.replace(" - at `$.", " at `").replace(" - at `$`", " at the top").replace("null", "nothing")


def _refuse(data: bytes, skipped: int, error: Exception) -> NoReturn:
    if isinstance(error, RecursionError):
        raise ReportError("is nested too deep to be a report.") from None
    if isinstance(error, UnicodeDecodeError):
        raise ReportError("is not UTF-8. Let the tool write its report as UTF-8.") from None
    text = str(error)
    if "truncated" in text:
        line = data.count(b"\n") + 1
        raise ReportError(f"is cut off after {len(data):,} bytes: its JSON does not end.", line) from None
    place = re.search(r"\(byte (\d+)\)", text)
    offset = int(place[1]) + skipped if place else 0
    what = text.removeprefix("JSON is malformed: ").split(" (byte")[0]
    number = data[offset : offset + 9].lstrip(b"-")
    if number.startswith((b"NaN", b"Infinity")):
        what = "NaN and Infinity are no numbers in JSON"
    raise ReportError(f"is not JSON: {what}, at byte {offset:,}.", data.count(b"\n", 0, offset) + 1) from None


class _Versioned(msgspec.Struct):
    version: msgspec.Raw = msgspec.Raw(b"null")


def _check_version(body: bytes) -> None:
    """Raise ReportError unless the document says version 2.1.0: other versions have other members."""
    try:
        version = bytes(msgspec.json.decode(body, type=_Versioned).version).strip()
    except msgspec.ValidationError:
        raise ReportError("is not SARIF: a report is one JSON object.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # What is of a wrong type came first, and what is no JSON at all after it.
        _refuse(body, 0, error)
    if version == b"null":
        raise ReportError('is not SARIF: it has no "version". A SARIF report begins with "version": "2.1.0".')
    if version != b'"2.1.0"':
        shown = version[:40].decode(errors="replace").strip('"')
        raise ReportError(f"is SARIF {shown}; only 2.1.0 is read. Let the tool write SARIF 2.1.0.")


def _check(log: Log) -> None:
    if not log.runs:
        raise ReportError("holds no run, so nothing says that anything was scanned.")
    _refuse_many(sum(len(run.results or ()) for run in log.runs))


def _refuse_many(count: int) -> None:
    if count > MAX_RESULTS:
        raise ReportError(f"holds {count:,} results; at most {MAX_RESULTS:,} are read. Split it, or narrow the scan.")


def _looks_crowded(body: bytes) -> bool:
    """Whether a report may hold half of MAX_RESULTS, by a few samples of it: counting all would take too long."""
    if len(body) < MAX_RESULTS * _LEAST_RESULT:
        return False
    step = len(body) // _SAMPLES
    found = sum(body.count(b'"message"', place, place + _SAMPLE) for place in range(0, len(body), step))
    return 2 * found * step > MAX_RESULTS * _SAMPLE


def _refuse_crowded(body: bytes) -> None:
    """Refuse too many results before they are built, which would take twelve times the memory of their text."""
    try:
        log = msgspec.json.decode(body, type=_Sketch)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return  # the reading itself says what is wrong
    _refuse_many(sum(len(run.results or ()) for run in log.runs or ()))


class _SketchRun(msgspec.Struct, gc=False):
    results: list[msgspec.Raw] | None = None


class _Sketch(msgspec.Struct, gc=False):
    runs: list[_SketchRun] | None = None
