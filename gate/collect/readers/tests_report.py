"""Which format a test report is in, told by its content and never by its name, and the reader for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from gate.collect.readers import ctrf, junit, nunit, trx, xunit
from gate.collect.readers.case_report import PassedSink, Sink, TestReport, shown
from gate.collect.readers.errors import ReportError
from gate.collect.readers.xml_events import HEAD, root_name

_XML: Final = {
    **dict.fromkeys(trx.ROOTS, trx.read_trx),
    **dict.fromkeys(nunit.ROOTS, nunit.read_nunit),
    **dict.fromkeys(xunit.ROOTS, xunit.read_xunit),
}
_ADVICE: Final = {
    "test-results": "it is NUnit 2; let the runner write NUnit 3",
    "robot": "it is Robot Framework's own output; give robot --xunit and name that file",
    "testng-results": "it is TestNG's own output; name the JUnit reports beside it",
    "Site": "it is CTest's dashboard format; give ctest --output-junit and name that file",
}
_CTRF: Final = re.compile(rb'"(?:results|reportFormat)"\s*:')
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")


class NotATestReportError(ReportError):
    """The file is something else, and says so: a coverage report, a configuration, a picture."""


def read_test_report(chunks: Iterable[bytes], sink: Sink, passed: PassedSink | None = None) -> TestReport:
    """Read a test report of any known format and hand each case to `sink`.

    With `passed`, cases of JUnit XML that simply passed are only counted (`read_junit`), which is faster.
    Raises NotATestReportError for a file that is clearly something else, ReportError (with the line where it is known)
    for a test report that cannot be read. Cases that were handed over before an error are then to be forgotten.
    """
    head, rest = _peek(chunks)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise ReportError("is empty", 1)
    if start.startswith((b"<", *_UTF_16)):
        root = root_name(head[:HEAD])
        if root is None or root in junit.ROOTS:
            return junit.read_junit(rest, sink, passed)
        reader = _XML.get(root)
        if reader is None:
            advice = f": {_ADVICE[root]}" if root in _ADVICE else ""
            raise NotATestReportError(f"is not a test report (its root element is <{shown(root, 60)}>){advice}")
        return reader(rest, sink)
    if start.startswith(b"{"):
        if not _CTRF.search(head):
            raise NotATestReportError("is not a test report: it is JSON, but not CTRF")
        return ctrf.read_ctrf(rest, sink)
    raise NotATestReportError("is not a test report: it is neither XML nor JSON")


def _peek(chunks: Iterable[bytes]) -> tuple[bytes, Iterable[bytes]]:
    """Return the first bytes (all of them, if fewer than HEAD) and the whole again."""
    pieces: Iterator[bytes] = iter(chunks)
    first: list[bytes] = []
    size = 0
    for piece in pieces:
        first.append(piece)
        size += len(piece)
        if size >= HEAD:
            break
    return b"".join(first), chain(first, pieces)
