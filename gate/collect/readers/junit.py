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

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from gate.collect.readers import xml_events
from gate.collect.readers.errors import ReportError
from gate.collect.readers.junit_counts import Comparison, Counts, Dialect, dialect_of, stands_for_more
from gate.collect.readers.test_report import Case, Outcome, Problems, Sink, TestReport, first_line, seconds
from gate.collect.readers.xml_events import Attributes, Capture, local_name

FORMAT: Final = "JUnit XML"
ROOTS: Final = frozenset({"testsuites", "testsuite", "testcase", "testrun"})
"""Names of the root element; Eclipse writes `testrun`."""

_WORST: Final = {Outcome.PASSED: 0, Outcome.SKIPPED: 1, Outcome.FAILED: 2, Outcome.ERROR: 3}
_BAD_STATUS: Final = frozenset({"fail", "failed", "failure", "error", "errored", "broken", "timeout", "timedout"})
_OFF_STATUS: Final = frozenset({"notrun", "disabled", "suppressed", "skipped", "ignored", "pending", "filtered"})
_MAY_FAIL: Final = "TEST_CASE tagged with !mayfail"
_NOT_STARTED: Final = "Unable to find executable"


@dataclass(slots=True)
class _Suite:
    names: tuple[str, ...]
    file: str
    dialect: Dialect
    comparison: Comparison
    own: Counts
    below: Counts
    seconds: float | None = None
    seen: dict[int, tuple[Outcome, bool]] = field(default_factory=dict)
    """outcome and flakiness by the hash of a name, kept for pytest only"""


class _Reader:
    """The state between two events."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.capture = Capture()
        self.problems = Problems()
        self.suites: list[_Suite] = []
        self.cases = 0
        self.case: Attributes | None = None
        self.outcome = Outcome.PASSED
        self.message = ""
        self.wants_text = False
        self.flaky = 0
        self.excused = False
        self.stated_seconds: float | None = None

    def start(self, name: str, attributes: Attributes) -> None:
        handler = _START.get(name) or _START.get(local_name(name))
        if handler is not None:
            handler(self, attributes)

    def end(self, name: str) -> None:
        handler = _END.get(name) or _END.get(local_name(name))
        if handler is not None:
            handler(self)

    # --- suites ---------------------------------------------------------------------------------------------------

    def start_suite(self, attributes: Attributes) -> None:
        if self.case is not None:
            raise ReportError(f"cannot be read as {FORMAT}: a suite begins inside a test case")
        name = attributes.get("name", "")
        outer = self.suites[-1] if self.suites else None
        names = outer.names if outer else ()
        dialect = dialect_of(attributes, outer.dialect if outer else Dialect.PLAIN)
        file = attributes.get("file") or attributes.get("filepath") or (outer.file if outer else "")
        comparison = Comparison(attributes, self.problems, self.capture.line)
        suite = _Suite((*names, name) if name else names, file, dialect, comparison, Counts(), Counts())
        suite.seconds = seconds(attributes.get("time", "") or "nan")
        self.suites.append(suite)

    def end_suite(self) -> None:
        suite = self.suites.pop()
        suite.below.add(suite.own)
        suite.comparison.check(suite.own, suite.below, suite.dialect, outermost=not self.suites)
        if self.suites:
            outer = self.suites[-1]
            outer.below.add(suite.below)
            if outer.seconds is None and suite.seconds is not None:
                self.stated_seconds = (self.stated_seconds or 0.0) + suite.seconds
        elif suite.seconds is not None:
            self.stated_seconds = suite.seconds

    # --- cases ----------------------------------------------------------------------------------------------------

    def start_case(self, attributes: Attributes) -> None:
        if self.case is not None:
            raise ReportError(f"cannot be read as {FORMAT}: a test case begins inside a test case")
        self.case = attributes
        self.outcome = Outcome.PASSED
        self.message = ""
        self.flaky = 0
        self.excused = False
        status = attributes.get("status")
        if status is not None and status != "run":
            self.read_status(status.lower())
        result = attributes.get("result")
        if result is not None and result != "completed":
            self.read_status(result.lower())

    def read_status(self, status: str) -> None:
        if status in _BAD_STATUS:
            self.worsen(Outcome.FAILED)
        elif status in _OFF_STATUS:
            self.worsen(Outcome.SKIPPED)

    def worsen(self, outcome: Outcome) -> None:
        if _WORST[outcome] > _WORST[self.outcome]:
            self.outcome = outcome

    def end_case(self) -> None:
        attributes = self.case
        if attributes is None:
            return
        self.case = None
        suite = self.suites[-1] if self.suites else None
        if self.excused and self.outcome is Outcome.FAILED:
            self.outcome = Outcome.SKIPPED
        text = attributes.get("time", "")
        line = attributes.get("line", "")
        number = int(line) if line.isascii() and line.isdigit() and len(line) < 9 else None
        classname = attributes.get("classname") or attributes.get("class") or ""
        name = attributes.get("name", "")
        file = attributes.get("file") or attributes.get("filepath") or ""
        time = self.problems.time(text) if text else None
        flaky = self.flaky > 0 and self.outcome is Outcome.PASSED
        repeats: Outcome | None = None
        was_flaky = False
        if suite is not None:
            self.count(suite.own, attributes, time)
            if suite.dialect is Dialect.PYTEST:
                number = None if number is None else number + 1
                self.outcome, flaky, repeats, was_flaky = self.repeat(suite, (classname, name, file), flaky)
            file = file or suite.file
        if repeats is None:
            self.cases += 1
        names = suite.names if suite is not None else ()
        self.sink(
            Case(self.outcome, names, classname, name, file, number, time, flaky, self.message, repeats, was_flaky)
        )

    def count(self, counts: Counts, attributes: Attributes, time: float | None) -> None:
        """Count a case for the comparison with the attributes of its suite."""
        counts.cases += 1
        counts.retries += self.flaky
        if stands_for_more(attributes):
            counts.extras += 1
        match self.outcome:
            case Outcome.PASSED:
                if not time:
                    counts.idle += 1
            case Outcome.FAILED:
                counts.failed += 1
            case Outcome.ERROR:
                counts.errors += 1
            case Outcome.SKIPPED:
                counts.skipped += 1
                if attributes.get("status") in ("disabled", "notrun") or attributes.get("result") == "suppressed":
                    counts.disabled += 1

    def repeat(
        self, suite: _Suite, identity: tuple[str, str, str], flaky: bool
    ) -> tuple[Outcome, bool, Outcome | None, bool]:
        """Return (outcome, flaky, outcome of the attempt before, whether that was flaky) of a case of pytest."""
        key = hash(identity)
        before = suite.seen.get(key)
        if before is None:
            suite.seen[key] = (self.outcome, flaky)
            return self.outcome, flaky, None, False
        suite.own.repeated += 1
        outcome, was_flaky = before
        worst = max(outcome, self.outcome, key=_WORST.__getitem__)
        flaky = worst is Outcome.PASSED
        suite.seen[key] = (worst, flaky)
        return worst, flaky, outcome, was_flaky

    # --- what is told about a case --------------------------------------------------------------------------------

    def start_bad(self, outcome: Outcome, attributes: Attributes) -> None:
        suite = self.suites[-1] if self.suites else None
        if suite is not None:
            if outcome is Outcome.FAILED:
                suite.own.failure_elements += 1
            else:
                suite.own.error_elements += 1
        if self.case is not None:
            if _WORST[outcome] > _WORST[self.outcome]:
                self.outcome = outcome
                self.message = ""
        elif suite is None:
            return
        else:
            self.start_outside(suite)
            outcome = Outcome.ERROR
        if not self.message:
            self.message = first_line(attributes.get("message") or "")
            self.wants_text = not self.message
            if self.wants_text:
                self.capture.begin()

    def start_outside(self, suite: _Suite) -> None:
        """An error directly in a suite belongs to no case; it counts as one error."""
        self.message = ""
        suite.own.extras += 1
        suite.own.errors += 1

    def end_bad(self) -> None:
        if self.wants_text:
            self.wants_text = False
            self.message = first_line(self.capture.take())
        if self.case is None and self.suites:
            suite = self.suites[-1]
            self.cases += 1
            self.sink(
                Case(Outcome.ERROR, suite.names, name="(outside any test)", file=suite.file, message=self.message)
            )

    def start_failure(self, attributes: Attributes) -> None:
        self.start_bad(Outcome.FAILED, attributes)

    def start_error(self, attributes: Attributes) -> None:
        self.start_bad(Outcome.ERROR, attributes)

    def start_skipped(self, attributes: Attributes) -> None:
        if self.case is None:
            return
        message = attributes.get("message", "")
        if self.suites:
            self.suites[-1].own.skipped_elements += 1
        if message == _MAY_FAIL:  # Catch2: whatever follows was expected
            self.excused = True
        if message == _NOT_STARTED:  # CTest: the test program is not there, and the run fails for it
            if self.suites:
                self.suites[-1].own.error_elements += 1
                self.suites[-1].own.extras += 1
            self.outcome, self.message = Outcome.ERROR, message
            return
        self.worsen(Outcome.SKIPPED)

    def start_property(self, attributes: Attributes) -> None:
        if attributes.get("name") == "go.version":
            for suite in self.suites:
                suite.dialect = Dialect.GO

    def start_attempt(self, _attributes: Attributes) -> None:
        if self.case is not None:
            self.flaky += 1


_START: Final[dict[str, Callable[[_Reader, Attributes], None]]] = {
    "testsuites": _Reader.start_suite,
    "testrun": _Reader.start_suite,
    "testsuite": _Reader.start_suite,
    "testcase": _Reader.start_case,
    "property": _Reader.start_property,
    "failure": _Reader.start_failure,
    "warning": _Reader.start_failure,  # PHPUnit: a run with warnings is not a success
    "error": _Reader.start_error,
    "skipped": _Reader.start_skipped,
    "skip": _Reader.start_skipped,
    "ignored": _Reader.start_skipped,
    "flakyFailure": _Reader.start_attempt,
    "flakyError": _Reader.start_attempt,
    "rerunFailure": _Reader.start_attempt,
    "rerunError": _Reader.start_attempt,
}
_END: Final[dict[str, Callable[[_Reader], None]]] = {
    "testsuites": _Reader.end_suite,
    "testrun": _Reader.end_suite,
    "testsuite": _Reader.end_suite,
    "testcase": _Reader.end_case,
    "failure": _Reader.end_bad,
    "warning": _Reader.end_bad,
    "error": _Reader.end_bad,
}


def read_junit(chunks: Iterable[bytes], sink: Sink) -> TestReport:
    """Read a JUnit XML report and hand each case to `sink`.

    Raises ReportError (with the line) for what is no such report, what is cut off, and what `xml_events` refuses. The
    cases that were handed over before are then to be forgotten. A report without any case has `cases` 0.
    """
    reader = _Reader(sink)
    xml_events.parse(chunks, reader.start, reader.end, format=FORMAT, capture=reader.capture)
    return TestReport(FORMAT, reader.cases, reader.problems.finish(), reader.stated_seconds)
