"""TRX, the test results of Visual Studio and `dotnet test`.

Format: the schema vstst.xsd (namespace http://microsoft.com/schemas/VisualStudio/TeamTest/2010): `Results` come before
`TestDefinitions`, which hold the class of each test, so results are kept until the end. A result without an outcome is
an error (the value that the format leaves out). Of a data-driven test the rows count, and the test itself only where it
failed and no row did.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gate.collect.readers import xml_events
from gate.collect.readers.case_report import Case, Outcome, Problems, Sink, TestReport, first_line, noun, shown, stated
from gate.collect.readers.errors import ReportError
from gate.collect.readers.xml_events import Attributes, Capture, local_name

FORMAT: Final = "TRX"
ROOTS: Final = frozenset({"TestRun"})
MAX_RESULTS: Final = 500_000
"""How many results one report may hold; they are kept until the definitions come."""

_RESULTS: Final = frozenset(
    {"UnitTestResult", "GenericTestResult", "WebTestResult", "ManualTestResult", "TestResultAggregation", "TestResult"}
)
_OUTCOMES: Final = {
    "passed": Outcome.PASSED,
    "warning": Outcome.PASSED,
    "failed": Outcome.FAILED,
    "notexecuted": Outcome.SKIPPED,
    "inconclusive": Outcome.SKIPPED,
    "pending": Outcome.SKIPPED,
}
"""Every other outcome (Error, Timeout, Aborted, Disconnected, NotRunnable, InProgress …) is an error."""
_BAD: Final = frozenset({Outcome.FAILED, Outcome.ERROR})
_DURATION: Final = re.compile(r"(?:([0-9]{1,6})\.)?([0-9]{1,4}):([0-9]{1,2}):([0-9]{1,2}(?:\.[0-9]{1,9})?)")


@dataclass(slots=True)
class _Result:
    outcome: Outcome
    test: str
    name: str
    seconds: float | None
    message: str = ""
    rows: int = 0
    bad_rows: int = 0


class _Reader:
    def __init__(self) -> None:
        self.capture = Capture()
        self.problems = Problems()
        self.open: list[_Result] = []
        self.done: list[_Result] = []
        self.results = 0
        self.outcomes: Counter[str] = Counter()
        self.classes: dict[str, tuple[str, str]] = {}
        self.unit: Attributes = {}
        self.run = ""
        self.summary = ""
        self.counters: Attributes = {}
        self.counters_line = 1
        self.in_error = False
        self.in_run_error = False
        self.run_message = ""

    def start(self, name: str, attributes: Attributes) -> None:
        name = local_name(name)
        if name in _RESULTS:
            self.start_result(attributes)
            return
        match name:
            case "TestRun":
                self.run = attributes.get("name", "")
            case "ErrorInfo":
                self.in_error = True
            case "Message" if self.in_error and self.open:
                self.capture.begin()
            case "UnitTest":
                self.unit = attributes
            case "TestMethod":
                known = (attributes.get("className", "").split(",")[0], self.unit.get("storage", ""))
                self.classes[self.unit.get("id", "")] = known
                if len(self.classes) > MAX_RESULTS:
                    raise ReportError(f"cannot be read as {FORMAT}: it defines more than {MAX_RESULTS:,} tests")
            case "ResultSummary":
                self.summary = attributes.get("outcome", "")
            case "Counters":
                self.counters, self.counters_line = attributes, self.capture.line
            case "RunInfo":
                self.in_run_error = attributes.get("outcome", "").lower() == "error"
            case "Text" if self.in_run_error and not self.run_message:
                self.capture.begin()

    def end(self, name: str) -> None:
        name = local_name(name)
        if name in _RESULTS:
            self.end_result()
            return
        match name:
            case "Message" if self.in_error and self.open:
                self.open[-1].message = self.open[-1].message or first_line(self.capture.take())
            case "ErrorInfo":
                self.in_error = False
            case "Text" if self.in_run_error and not self.run_message:
                self.run_message = first_line(self.capture.take())
            case "RunInfo":
                self.in_run_error = False

    def start_result(self, attributes: Attributes) -> None:
        self.results += 1
        if self.results > MAX_RESULTS:
            raise ReportError(f"cannot be read as {FORMAT}: it holds more than {MAX_RESULTS:,} results")
        told = attributes.get("outcome", "Error")
        outcome = _OUTCOMES.get(told.lower(), Outcome.ERROR)
        self.outcomes[told.lower()] += 1
        time = self.time(attributes.get("duration", ""))
        self.open.append(_Result(outcome, attributes.get("testId", ""), attributes.get("testName", ""), time))

    def end_result(self) -> None:
        result = self.open.pop()
        if self.open:
            outer = self.open[-1]
            outer.rows += 1 + result.rows
            outer.bad_rows += result.bad_rows + (result.outcome in _BAD)
        if not result.rows or (result.outcome in _BAD and not result.bad_rows):
            self.done.append(result)

    def time(self, text: str) -> float | None:
        if not text:
            return None
        found = _DURATION.fullmatch(text)
        if found is None:
            return self.problems.time(f"{text} ")
        days, hours, minutes, rest = found.groups()
        return int(days or 0) * 86_400 + int(hours) * 3_600 + int(minutes) * 60 + float(rest)

    def finish(self, sink: Sink) -> int:
        """Hand over the cases; return how many there are."""
        bad = 0
        suites = (self.run,) if self.run else ()
        for result in self.done:
            classname, storage = self.classes.get(result.test, ("", ""))
            bad += result.outcome in _BAD
            names = (*suites, storage) if storage else suites
            sink(Case(result.outcome, names, classname, result.name, seconds=result.seconds, message=result.message))
        cases = len(self.done)
        if not bad and self.summary.lower() in ("failed", "error", "aborted", "timeout", "disconnected"):
            message = self.run_message or f"the run ended as {shown(self.summary, 40)}"
            sink(Case(Outcome.ERROR, suites, name="(outside any test)", message=message))
            cases += 1
        self.compare()
        return cases

    def compare(self) -> None:
        """`total` counts data-driven tests with or without their rows; failures and errors are added up."""
        if not self.counters:
            return
        rows = sum(1 for result in self.done if result.outcome in _BAD)
        self.compare_one("total", range(min(len(self.done), self.results), self.results + 1), len(self.done))
        bad = sum(number for name, number in self.outcomes.items() if _OUTCOMES.get(name, Outcome.ERROR) in _BAD)
        names = ("failed", "error", "timeout", "aborted", "disconnected", "notRunnable")
        told = [stated(self.counters, name, self.problems, self.counters_line) for name in names]
        if told[0] is not None and not rows <= sum(number or 0 for number in told) <= max(bad, rows):
            number = sum(number or 0 for number in told)
            text = f"its counters state {number:,} failures and errors, but it holds {noun(rows, 'such result')}"
            self.problems.add(text, self.counters_line)
        passed = self.outcomes["passed"]
        leaves = sum(1 for result in self.done if result.outcome is Outcome.PASSED)
        self.compare_one("passed", range(min(leaves, passed), passed + self.outcomes["warning"] + 1), leaves)

    def compare_one(self, name: str, allowed: range, counted: int) -> None:
        number = stated(self.counters, name, self.problems, self.counters_line)
        if number is not None and number not in allowed:
            held = noun(counted, "such result") if name != "total" else noun(counted, "result")
            self.problems.add(f'its counters state {name}="{number}", but it holds {held}', self.counters_line)


def read_trx(chunks: Iterable[bytes], sink: Sink) -> TestReport:
    """Read a TRX report and hand each result to `sink`; a run that failed with no failed result is one error.

    Raises ReportError.
    """
    reader = _Reader()
    xml_events.parse(chunks, reader.start, reader.end, format=FORMAT, capture=reader.capture)
    cases = reader.finish(sink)
    return TestReport(FORMAT, cases, reader.problems.finish())
