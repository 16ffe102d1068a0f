"""NUnit 3 XML: `test-run` › `test-suite` (nested) › `test-case`.

Format: "Test Result XML Format" of NUnit 3: `result` is Passed, Failed, Skipped, Inconclusive or Warning, `label` says
more (Error, Invalid, Cancelled, Ignored, Explicit), `site` says where a suite failed. A suite whose set-up failed marks
its cases itself; one whose tear-down failed does not, so that is an error outside the cases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gate.collect.readers import xml_events
from gate.collect.readers.case_report import (
    Case,
    Outcome,
    Problems,
    Sink,
    TestReport,
    first_line,
    noun,
    seconds,
    shown,
    stated,
)
from gate.collect.readers.errors import ReportError
from gate.collect.readers.xml_events import Attributes, Capture, local_name

FORMAT: Final = "NUnit 3 XML"
ROOTS: Final = frozenset({"test-run"})

_OUTCOMES: Final = {
    "passed": Outcome.PASSED,
    "warning": Outcome.PASSED,
    "failed": Outcome.FAILED,
    "skipped": Outcome.SKIPPED,
    "inconclusive": Outcome.SKIPPED,
}
_ERROR_LABELS: Final = frozenset({"error", "invalid", "cancelled", "notrunnable"})


@dataclass(slots=True)
class _Suite:
    attributes: Attributes
    bad_cases: int = 0
    message: str = ""


class _Reader:
    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.capture = Capture()
        self.problems = Problems()
        self.cases = 0
        self.counts: Counter[str] = Counter()
        self.run: Attributes = {}
        self.suites: list[_Suite] = []
        self.case: Attributes | None = None
        self.message = ""
        self.in_failure = False

    def start(self, name: str, attributes: Attributes) -> None:
        match local_name(name):
            case "test-run":
                self.run = attributes
            case "test-suite":
                self.suites.append(_Suite(attributes))
            case "test-case":
                if self.case is not None:
                    raise ReportError(f"cannot be read as {FORMAT}: a test case begins inside a test case")
                self.case, self.message = attributes, ""
            case "failure" | "reason":
                self.in_failure = True
            case "message" if self.in_failure:
                self.capture.begin()

    def end(self, name: str) -> None:
        match local_name(name):
            case "message" if self.in_failure:
                self.end_message(first_line(self.capture.take()))
            case "failure" | "reason":
                self.in_failure = False
            case "test-case" if self.case is not None:
                self.end_case(self.case)
                self.case = None
            case "test-suite":
                self.end_suite(self.suites.pop())
            case "test-run":
                self.compare()

    def end_message(self, text: str) -> None:
        if self.case is not None:
            self.message = self.message or text
        elif self.suites:
            self.suites[-1].message = self.suites[-1].message or text

    def end_case(self, case: Attributes) -> None:
        result = case.get("result", "").lower()
        outcome = _OUTCOMES.get(result)
        if outcome is None:
            told = shown(case.get("result", ""), 40)
            self.problems.add(f'holds a test case with result="{told}", which is none', self.capture.line)
            outcome = Outcome.ERROR
        if outcome is Outcome.FAILED and case.get("label", "").lower() in _ERROR_LABELS:
            outcome = Outcome.ERROR
        if outcome in (Outcome.FAILED, Outcome.ERROR):
            for suite in self.suites:
                suite.bad_cases += 1
        self.counts[result] += 1
        name = case.get("name", "") or case.get("fullname", "")
        seconds_taken = self.problems.time(case.get("duration", ""))
        self.hand(outcome, case.get("classname", ""), name, seconds_taken, self.message)

    def end_suite(self, suite: _Suite) -> None:
        attributes = suite.attributes
        if attributes.get("result", "").lower() != "failed":
            return
        site = attributes.get("site", "").lower()
        told_by_cases = site in ("child", "parent") or suite.bad_cases > 0
        if site == "teardown" or not told_by_cases:
            name = attributes.get("name", "")
            self.hand(Outcome.ERROR, attributes.get("classname", ""), f"(outside any test) {name}", None, suite.message)
            for outer in self.suites:
                outer.bad_cases += 1

    def hand(self, outcome: Outcome, classname: str, name: str, taken: float | None, message: str) -> None:
        self.cases += 1
        names = (suite.attributes.get("name", "") for suite in self.suites)
        suites = tuple(name for name in names if name)
        self.sink(Case(outcome, suites, classname, name, seconds=taken, message=message))

    def compare(self) -> None:
        counts = self.counts
        total = sum(counts.values())
        self.compare_one("total", total, total - counts["skipped"])
        self.compare_one("passed", counts["passed"], 0)
        self.compare_one("failed", counts["failed"], 0)
        self.compare_one("skipped", counts["skipped"], 0)

    def compare_one(self, name: str, most: int, least: int) -> None:
        """`total` may leave out what was skipped; older versions count warnings as passed."""
        number = stated(self.run, name, self.problems, 1)
        if number is None or number == most or (name == "total" and least <= number <= most):
            return
        if name == "passed" and number == most + self.counts["warning"]:
            return
        self.problems.add(f'the run states {name}="{number}", but holds {noun(most, "such test case")}', 1)


def read_nunit(chunks: Iterable[bytes], sink: Sink) -> TestReport:
    """Read an NUnit 3 report and hand each test case to `sink`. Raises ReportError."""
    reader = _Reader(sink)
    xml_events.parse(chunks, reader.start, reader.end, format=FORMAT, capture=reader.capture)
    time = seconds(reader.run.get("duration", "") or "nan")
    return TestReport(FORMAT, reader.cases, reader.problems.finish(), time)
