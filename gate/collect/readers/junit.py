"""JUnit XML, in the dialects that test tools write.

There is no standard. The common ground is Ant's: `testsuites` › `testsuite` (nested at will) › `testcase` with
`failure`, `error` and `skipped`. Surefire's schema (surefire-test-report-3.0.xsd) adds `flakyFailure`, `flakyError`,
`rerunFailure` and `rerunError`; GoogleTest's guide adds `status="notrun"` and `result="suppressed"`; CTest adds
`status="disabled"`. Cases are counted one by one; the attributes with the totals are only compared (junit_counts.py).

**Repeated cases.** A case that a tool marks as passed after failed attempts (`flakyFailure`, `flakyError`) counts once,
as passed and flaky; one that failed at each attempt (`rerunFailure`, `rerunError`) counts once, as failed. In a suite
of pytest, where a name stands for one test, a name that comes again is another attempt or the teardown of the same
test: it counts once, with the worst outcome of all, and as flaky when all that is told is that it passed at last.
Anywhere else a name that comes twice is two cases (parametrised tests share names), so no duplicate hides a failure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gate.collect.readers import xml_events
from gate.collect.readers.case_report import PassedSink, Sink, TestReport
from gate.collect.readers.errors import ReportError
from gate.collect.readers.junit_counts import Dialect
from gate.collect.readers.junit_state import FORMAT, JUnitState
from gate.collect.readers.xml_events import Attributes, EndHandler, StartHandler, local_name

ROOTS: Final = frozenset({"testsuites", "testsuite", "testcase", "testrun"})
"""Names of the root element; Eclipse writes `testrun`."""


def read_junit(chunks: Iterable[bytes], sink: Sink, passed: PassedSink | None = None) -> TestReport:
    """Read a JUnit XML report and hand each case to `sink`.

    With `passed`, cases that simply passed are not handed over one by one but told as (how many, seconds together).
    Raises ReportError (with the line) for what is no such report, what is cut off, and what `xml_events` refuses. The
    cases that were handed over before are then to be forgotten. A report without any case has `cases` 0.
    """
    state = JUnitState(sink, passed)
    start, end = _handlers(state)
    xml_events.parse(chunks, start, end, format=FORMAT, capture=state.capture, guarded=True)
    return TestReport(FORMAT, state.cases, state.problems.finish(), state.stated_seconds)


def _handlers(state: JUnitState) -> tuple[StartHandler, EndHandler]:  # noqa: C901 - calls cost too much here
    """Return the handlers of start and end tags.

    Nearly all of a large report is `<testcase …/>` without content. Those that simply passed are counted here, in local
    variables; whatever else there is goes through `state`. Depth is kept there too: a test case holds no test case.
    """
    case: Attributes | None = None
    simple = True
    count = idle = 0
    total = 0.0
    in_bulk = False
    seen: set[int] | None = None

    def start(name: str, attributes: Attributes) -> None:
        nonlocal case, simple
        if name == "testcase" and case is None:
            case = attributes
            return
        if local_name(name) == "testcase":
            if case is not None:
                raise ReportError(f"cannot be read as {FORMAT}: a test case begins inside a test case")
            case, simple = attributes, False
            state.start_case(attributes)
            return
        if case is not None and simple:
            simple = False
            state.start_case(case)
        if count and case is None:
            flush()
        state.start(name, attributes)
        enter()

    def end(name: str) -> None:
        nonlocal case, simple, count, idle, total
        if case is not None and (name == "testcase" or local_name(name) == "testcase"):
            attributes, case = case, None
            if not simple:
                simple = True
                state.end_case()
                return
            if in_bulk:
                try:
                    time = float(attributes["time"])
                    key = 0 if seen is None else hash((attributes["classname"], attributes["name"]))
                except (KeyError, ValueError):
                    time, key = -1.0, 0
                if 0.0 <= time < 1e12 and ("status" not in attributes and "result" not in attributes):
                    known = 0
                    if seen is not None:
                        known = len(seen)
                        seen.add(key)
                    if seen is None or len(seen) > known:
                        count += 1
                        total += time
                        if not time:
                            idle += 1
                        return
            state.start_case(attributes)
            state.end_case()
            return
        if count and case is None:
            flush()
        state.end(name)
        enter()

    def flush() -> None:
        nonlocal count, idle, total
        state.add_passed(count, total, idle)
        count = idle = 0
        total = 0.0

    def enter() -> None:
        nonlocal in_bulk, seen
        suite = state.suites[-1] if state.suites else None
        in_bulk = suite is not None and state.passed is not None
        seen = suite.seen if suite is not None and suite.dialect is Dialect.PYTEST else None

    return start, end
