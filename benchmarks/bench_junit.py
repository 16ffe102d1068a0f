"""JUnit XML with 100,000 cases: the gate's reader against junitparser, each in a process of its own.

The input is what pytest writes for 100,000 tests, some of which fail or are skipped. Both count the outcomes of all
cases and add up their times; the gate also compares the totals that the report states. Time is the best of several
runs, by turns, around reading and counting; memory is the peak of the whole process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

TITLE = "JUnit XML with 100,000 cases, against junitparser"
WANTED = {"ratio": ("at least", 2.0), "gate_peak_bytes": ("at most", 60e6)}
CASES = 100_000
RUNS = 5

_GATE = """
import json, resource, sys, time
from gate.collect.cases.case_facts import Tally
from gate.collect.readers.tests_report import read_test_report
def pieces(path):
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            yield piece
begin = time.perf_counter()
tally = Tally()
read_test_report(pieces(sys.argv[1]), tally, tally.passed)
seconds = tally.seconds
took = time.perf_counter() - begin
counts = {outcome.value: number for outcome, number in sorted(tally.outcomes.items())}
"""
_JUNITPARSER = """
import json, resource, sys, time
import junitparser
begin = time.perf_counter()
seconds = 0.0
counts = {"passed": 0, "failed": 0, "errors": 0, "skipped": 0}
def count(suite):
    global seconds
    for case in suite:
        if isinstance(case, junitparser.TestSuite):
            count(case)
            continue
        kinds = {type(result) for result in case.result}
        key = (
            "errors" if junitparser.Error in kinds
            else "failed" if junitparser.Failure in kinds
            else "skipped" if junitparser.Skipped in kinds
            else "passed"
        )
        counts[key] += 1
        seconds += case.time or 0.0
count(junitparser.JUnitXml.fromfile(sys.argv[1]))
took = time.perf_counter() - begin
"""
_TELL = """
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"seconds": took, "peak_bytes": peak, "sum": round(seconds, 3), "counts": counts}))
"""


@dataclass(frozen=True)
class _Run:
    seconds: float
    peak_bytes: int
    sum: float
    counts: dict[str, int]

    def told(self) -> tuple[float, dict[str, int]]:
        return self.sum, {name: number for name, number in self.counts.items() if number}


def write_report(path: Path, cases: int = CASES) -> None:
    """Write a report as pytest does: one line, one suite, one failure in 200 cases, one skip in 100."""
    failed, skipped = len(range(0, cases, 200)), len(range(1, cases, 100))
    with path.open("w", encoding="utf-8") as file:
        file.write('<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" ')
        file.write(f'errors="0" failures="{failed}" skipped="{skipped}" tests="{cases}" time="42.0">')
        for number in range(cases):
            name = f'classname="tests.unit.test_module_{number // 50}.TestThing" name="test_case[{number}]"'
            file.write(f'<testcase {name} time="0.{number % 1000:03}"')
            if number % 200 == 0:
                text = "&gt;       assert 1 == 2\nE       assert 1 == 2\n\ntests/unit/test_module.py:10: AssertionError"
                file.write(f'><failure message="assert 1 == 2">{text}</failure></testcase>')
            elif number % 100 == 1:
                file.write('><skipped type="pytest.skip" message="later">tests/unit/x.py:3: later</skipped></testcase>')
            else:
                file.write(" />")
        file.write("</testsuite></testsuites>")


def measure(cases: int = CASES, runs: int = RUNS) -> dict[str, float]:
    """Return times in seconds, their ratio (junitparser by gate) and peak memory in bytes."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "junit.xml")
        write_report(report, cases)
        pairs = [(_run(_GATE, report), _run(_JUNITPARSER, report)) for _ in range(runs)]
        size = report.stat().st_size
    ours, theirs = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    if ours[0].told() != theirs[0].told():
        raise SystemExit(f"the counts differ: {ours[0].told()} and {theirs[0].told()}")
    gate = min(run.seconds for run in ours)
    junitparser = min(run.seconds for run in theirs)
    return {
        "cases": cases,
        "report_bytes": size,
        "gate_seconds": gate,
        "junitparser_seconds": junitparser,
        "ratio": junitparser / gate,
        "gate_peak_bytes": max(run.peak_bytes for run in ours),
        "junitparser_peak_bytes": max(run.peak_bytes for run in theirs),
    }


def _run(program: str, report: Path) -> _Run:
    command = [sys.executable, "-c", program + _TELL, str(report)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    told = json.loads(done.stdout)
    return _Run(float(told["seconds"]), int(told["peak_bytes"]), float(told["sum"]), dict(told["counts"]))


if __name__ == "__main__":
    for key, value in measure().items():
        print(f"{key}: {value:,.2f}")
