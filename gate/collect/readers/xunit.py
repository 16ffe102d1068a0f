"""xUnit.net v2 XML: `assemblies` › `assembly` › `collection` › `test`, and `errors` outside tests.

Format: "xUnit.net XML format v2+": `result` is Pass, Fail, Skip or NotRun; an assembly states total, passed, failed,
skipped, not-run and errors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
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

FORMAT: Final = "xUnit.net XML"
ROOTS: Final = frozenset({"assemblies", "assembly"})

_OUTCOMES: Final = {
    "pass": Outcome.PASSED,
    "fail": Outcome.FAILED,
    "skip": Outcome.SKIPPED,
    "notrun": Outcome.SKIPPED,
}


class _Reader:
    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.capture = Capture()
        self.problems = Problems()
        self.cases = 0
        self.assembly: Attributes = {}
        self.assembly_line = 1
        self.collection = ""
        self.counts: Counter[str] = Counter()
        self.test: Attributes | None = None
        self.error: Attributes | None = None
        self.message = ""
        self.seconds: float | None = None

    def start(self, name: str, attributes: Attributes) -> None:
        match local_name(name):
            case "assembly":
                self.assembly, self.assembly_line = attributes, self.capture.line
                self.counts = Counter()
                time = seconds(attributes.get("time", "") or "nan")
                if time is not None:
                    self.seconds = (self.seconds or 0.0) + time
            case "collection":
                self.collection = attributes.get("name", "")
            case "test":
                if self.test is not None:
                    raise ReportError(f"cannot be read as {FORMAT}: a test begins inside a test")
                self.test, self.message = attributes, ""
            case "error":
                self.error, self.message = attributes, ""
            case "message" if self.test is not None or self.error is not None:
                self.capture.begin()

    def end(self, name: str) -> None:
        match local_name(name):
            case "message":
                self.message = self.message or first_line(self.capture.take())
            case "test" if self.test is not None:
                self.end_test(self.test)
                self.test = None
            case "error" if self.error is not None:
                self.counts["errors"] += 1
                self.hand(Case(Outcome.ERROR, self.suites(), name=self.error.get("name", ""), message=self.message))
                self.error = None
            case "assembly":
                self.compare()

    def suites(self) -> tuple[str, ...]:
        return tuple(name for name in (self.assembly.get("name", ""), self.collection) if name)

    def hand(self, case: Case) -> None:
        self.cases += 1
        self.sink(case)

    def end_test(self, test: Attributes) -> None:
        result = test.get("result", "").lower()
        outcome = _OUTCOMES.get(result)
        if outcome is None:
            line = self.capture.line
            self.problems.add(f'holds a test with result="{shown(test.get("result", ""), 40)}", which is none', line)
            outcome = Outcome.ERROR
        self.counts["total"] += 1
        self.counts["not-run" if result == "notrun" else outcome.value] += 1
        line_text = test.get("source-line", "")
        line_number = int(line_text) if line_text.isascii() and line_text.isdigit() and len(line_text) < 9 else None
        self.hand(
            Case(
                outcome,
                self.suites(),
                test.get("type", ""),
                test.get("name", "") or test.get("method", ""),
                test.get("source-file", ""),
                line_number,
                self.problems.time(test.get("time", "")),
                message=self.message,
            )
        )

    def compare(self) -> None:
        for name in ("total", "passed", "failed", "errors"):
            self.compare_one(name, (self.counts[name],))
        skipped, not_run = self.counts["skipped"], self.counts["not-run"]
        self.compare_one("skipped", (skipped, skipped + not_run))

    def compare_one(self, name: str, counted: tuple[int, ...]) -> None:
        number = stated(self.assembly, name, self.problems, self.assembly_line)
        less_not_run = counted[0] - self.counts["not-run"] if name == "total" else counted[0]
        if number is None or number in counted or number == less_not_run:
            return
        where = f'assembly "{shown(self.assembly.get("name", ""), 80)}"'
        held = noun(counted[0], "such test") if name != "total" else noun(counted[0], "test")
        self.problems.add(f'{where} states {name}="{number}", but holds {held}', self.assembly_line)


def read_xunit(chunks: Iterable[bytes], sink: Sink) -> TestReport:
    """Read an xUnit.net v2 report and hand each test to `sink`; errors outside tests are errors. Raises ReportError."""
    reader = _Reader(sink)
    xml_events.parse(chunks, reader.start, reader.end, format=FORMAT, capture=reader.capture)
    return TestReport(FORMAT, reader.cases, reader.problems.finish(), reader.seconds)
