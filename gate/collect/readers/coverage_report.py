"""Which coverage format a report is in, by its content, and its reader."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from itertools import chain
from typing import Final, cast

from gate.collect.readers.coverage_data import CoverageReport
from gate.collect.readers.errors import ReportError

Reader = Callable[[Iterable[bytes]], CoverageReport]

_HEAD: Final = 65_536
_CLOVER: Final = re.compile(rb"<coverage\s[^>]*?\b(?:clover|generated)\s*=")
_COBERTURA: Final = re.compile(rb"<coverage\s[^>]*?\bline-rate\s*=|<packages|<sources")
_FORMATS: Final = "Cobertura, JaCoCo or Clover XML, LCOV, a Go cover profile, JSON of coverage.py or of Istanbul"


def read_coverage(chunks: Iterable[bytes]) -> CoverageReport:
    """Read a coverage report of any known format. Raises ReportError, also for a report of another kind."""
    pieces = iter(chunks)
    head, rest = _head(pieces)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text:
        raise ReportError("is empty")
    return _reader(text)(chain([head], rest))


def _head(pieces: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    head = b""
    for piece in pieces:
        head += piece
        if len(head) >= _HEAD:
            break
    return head, pieces


def _reader(head: bytes) -> Reader:
    if head.startswith((b"<", b"\xff\xfe", b"\xfe\xff")):
        return _xml_reader(head)
    if head.startswith(b"{"):
        return _read_json
    if head.startswith(b"mode:"):
        return _load("go_cover", "read_go_cover")
    if re.match(rb"(?:#[^\n]*\n|\s)*(?:TN|SF):", head):
        return _load("lcov", "read_lcov")
    raise ReportError(f"is no coverage report that is known: {_FORMATS} was expected")


def _xml_reader(head: bytes) -> Reader:
    from gate.collect.readers.xml_events import root_name

    root = root_name(head[:_HEAD])
    if root == "report":
        return _load("jacoco", "read_jacoco")
    if root == "coverage":
        if b"<lineToCover" in head:
            raise ReportError(f"is in the generic format of SonarQube; {_FORMATS} was expected")
        is_clover = _CLOVER.search(head) and not _COBERTURA.search(head)
        return _load("clover", "read_clover") if is_clover else _load("cobertura", "read_cobertura")
    if root is None:
        # The XML reader words what is wrong with it.
        return _load("cobertura", "read_cobertura")
    raise ReportError(f"has the root element <{root[:40]}>: {_FORMATS} was expected")


def _read_json(chunks: Iterable[bytes]) -> CoverageReport:
    import msgspec

    from gate.collect.readers.coverage_json import decode, whole

    data = whole(chunks)
    keys = decode(data, dict[str, msgspec.Raw], "a coverage report")
    if "files" in keys and "totals" in keys:
        return _load("coverage_py", "read_coverage_py")([data])
    first = next((bytes(value)[:_HEAD] for key, value in keys.items() if key != "total"), b"")
    if b'"statementMap"' in first:
        return _load("istanbul", "read_istanbul")([data])
    if b'"pct"' in first or ("total" in keys and b'"pct"' in bytes(keys["total"])):
        return _load("istanbul", "read_istanbul_summary")([data])
    raise ReportError(f"is JSON, but no coverage report that is known: {_FORMATS} was expected")


def _load(module: str, name: str) -> Reader:
    return cast(Reader, getattr(import_module(f"gate.collect.readers.{module}"), name))
