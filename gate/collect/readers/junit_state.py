"""What a JUnit XML reader knows between two events. See `junit` for the format and its dialects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gate.collect.readers.case_report import Case, Outcome, PassedSink, Problems, Sink, first_line, seconds
from gate.collect.readers.errors import ReportError
from gate.collect.readers.junit_counts import Comparison, Counts, Dialect, dialect_of, stands_for_more
from gate.collect.readers.junit_suite import Suite
from gate.collect.readers.xml_events import MAX_DEPTH, Attributes, Capture, local_name

FORMAT: Final = "JUnit XML"
_WORST: Final = {Outcome.PASSED: 0, Outcome.SKIPPED: 1, Outcome.FAILED: 2, Outcome.ERROR: 3}
_BAD_STATUS: Final = frozenset({"fail", "failed", "failure", "error", "errored", "broken", "timeout", "timedout"})
_OFF_STATUS: Final = frozenset({"notrun", "disabled", "suppressed", "skipped", "ignored", "pending", "filtered"})
_MAY_FAIL: Final = "TEST_CASE tagged with !mayfail"
_NOTSTARTED: Final = "Unable to find executable"


class JUnitState:
    """The state between two events, for everything that is not the hot path."""

    def __init__(self, sink: Sink, passed: PassedSink | None) -> None:
        self.sink = sink
        self.passed = passed
        self.capture = Capture()
        self.problems = Problems()
        self.suites: list[Suite] = []
        self.cases = 0
        self.depth = 0
        self.case: Attributes | None = None
        self.outcome = Outcome.PASSED
        self.message = ""
        self.wants_text = False
        self.flaky = 0
        self.excused = False
        self.stated_seconds: float | None = None

    def start(self, name: str, attributes: Attributes) -> None:
        """Handle the start of an element."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ReportError(f"cannot be read as {FORMAT}: it nests deeper than {MAX_DEPTH} elements")
        handler = START.get(name) or START.get(local_name(name))
        if handler is not None:
            handler(self, attributes)

    def end(self, name: str) -> None:
        """Handle the end of an element."""
        self.depth -= 1
        handler = END.get(name) or END.get(local_name(name))
        if handler is not None:
            handler(self)

    # --- suites ---------------------------------------------------------------------------------------------------

    def start_suite(self, attributes: Attributes) -> None:
        """Open a suite, or what holds suites."""
        if self.case is not None:
            raise ReportError(f"cannot be read as {FORMAT}: a suite begins inside a test case")
        name = attributes.get("name", "")
        outer = self.suites[-1] if self.suites else None
        names = outer.names if outer else ()
        dialect = dialect_of(attributes, outer.dialect if outer else Dialect.PLAIN)
        file = attributes.get("file") or attributes.get("filepath") or (outer.file if outer else "")
        comparison = Comparison(attributes, self.problems, self.capture.line)
        suite = Suite((*names, name) if name else names, file, dialect, comparison, Counts(), Counts())
        suite.seconds = seconds(attributes.get("time", "") or "nan")
        self.suites.append(suite)

    def end_suite(self) -> None:
        """Close a suite and compare its attributes with its cases."""
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
        """Open a test case."""
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
        """Take notice of `status` or `result`, which few dialects have."""
        if status in _BAD_STATUS:
            self.worsen(Outcome.FAILED)
        elif status in _OFF_STATUS:
            self.worsen(Outcome.SKIPPED)

    def worsen(self, outcome: Outcome) -> None:
        """Let an outcome count if it is worse than what is known."""
        if _WORST[outcome] > _WORST[self.outcome]:
            self.outcome = outcome

    def end_case(self) -> None:
        """Close a test case and hand it over."""
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
                self.outcome, flaky, repeats, was_flaky = self.repeat(suite, (classname, name), flaky)
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
        self, suite: Suite, identity: tuple[str, str], flaky: bool
    ) -> tuple[Outcome, bool, Outcome | None, bool]:
        """Return (outcome, flaky, outcome of the attempt before, whether that was flaky) of a case of pytest."""
        key = hash(identity)
        if key not in suite.seen:
            suite.seen.add(key)
            if flaky or self.outcome is not Outcome.PASSED:
                suite.told[key] = (self.outcome, flaky)
            return self.outcome, flaky, None, False
        suite.own.repeated += 1
        outcome, was_flaky = suite.told.get(key, (Outcome.PASSED, False))
        worst = max(outcome, self.outcome, key=_WORST.__getitem__)
        flaky = worst is Outcome.PASSED
        suite.told[key] = (worst, flaky)
        return worst, flaky, outcome, was_flaky

    def add_passed(self, count: int, seconds_taken: float, idle: int) -> None:
        """Add cases of the innermost suite that simply passed."""
        own = self.suites[-1].own
        own.cases += count
        own.idle += idle
        self.cases += count
        if self.passed is not None:
            self.passed(count, seconds_taken)

    # --- what is told about a case --------------------------------------------------------------------------------

    def start_bad(self, outcome: Outcome, attributes: Attributes) -> None:
        """A failure or an error begins, in a case or directly in a suite."""
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

    def start_outside(self, suite: Suite) -> None:
        """An error directly in a suite belongs to no case; it counts as one error."""
        self.message = ""
        suite.own.extras += 1
        suite.own.errors += 1

    def end_bad(self) -> None:
        """A failure or an error ends."""
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
        """A failure begins."""
        self.start_bad(Outcome.FAILED, attributes)

    def start_error(self, attributes: Attributes) -> None:
        """An error begins."""
        self.start_bad(Outcome.ERROR, attributes)

    def start_skipped(self, attributes: Attributes) -> None:
        """A case says that it did not run."""
        if self.case is None:
            return
        message = attributes.get("message", "")
        if self.suites:
            self.suites[-1].own.skipped_elements += 1
        if message == _MAY_FAIL:  # Catch2: whatever follows was expected
            self.excused = True
        if message == _NOTSTARTED:  # CTest: the test program is not there, and the run fails for it
            if self.suites:
                self.suites[-1].own.error_elements += 1
                self.suites[-1].own.extras += 1
            self.outcome, self.message = Outcome.ERROR, message
            return
        self.worsen(Outcome.SKIPPED)

    def start_property(self, attributes: Attributes) -> None:
        """Learn the tool from a property."""
        if attributes.get("name") == "go.version":
            for suite in self.suites:
                suite.dialect = Dialect.GO

    def start_attempt(self, _attributes: Attributes) -> None:
        """A case tells of an attempt that failed."""
        if self.case is not None:
            self.flaky += 1


START: Final[dict[str, Callable[[JUnitState, Attributes], None]]] = {
    "testsuites": JUnitState.start_suite,
    "testrun": JUnitState.start_suite,
    "testsuite": JUnitState.start_suite,
    "testcase": JUnitState.start_case,
    "property": JUnitState.start_property,
    "failure": JUnitState.start_failure,
    "warning": JUnitState.start_failure,  # PHPUnit: a run with warnings is not a success
    "error": JUnitState.start_error,
    "skipped": JUnitState.start_skipped,
    "skip": JUnitState.start_skipped,
    "ignored": JUnitState.start_skipped,
    "flakyFailure": JUnitState.start_attempt,
    "flakyError": JUnitState.start_attempt,
    "rerunFailure": JUnitState.start_attempt,
    "rerunError": JUnitState.start_attempt,
}
END: Final[dict[str, Callable[[JUnitState], None]]] = {
    "testsuites": JUnitState.end_suite,
    "testrun": JUnitState.end_suite,
    "testsuite": JUnitState.end_suite,
    "testcase": JUnitState.end_case,
    "failure": JUnitState.end_bad,
    "warning": JUnitState.end_bad,
    "error": JUnitState.end_bad,
}
