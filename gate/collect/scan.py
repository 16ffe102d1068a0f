"""The one way from a tool to evidence.

A run of a tool proves something only when every step of this is true, in this order:

    found      the tool is installed, says its version, and the version is not a refused one
    canary     it finds what was planted for it (`self_test`)
    ran        it started, ended in time, and was not killed
    exit_code  it ended with a code that was declared for this use of it
    report     its report parses, and has the members that it should have
    covered    the report says that it looked at what it should have looked at
    errors     neither the report nor the exit code tells of something that went wrong

Anything short of that is a `ScanProblem` that names the step; there is no other way to a report. What was left out of a
run that did prove something (one file that does not parse) is for the collector to tell as a gap.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from gate.collect.process import Completed, Runner, ToolProblem, last_words
from gate.collect.readers.errors import ReportError
from gate.collect.scan_problem import ScanProblem, Step
from gate.collect.self_test import Canary, SelfTests
from gate.collect.tools import Tool, Toolbox

__all__ = ["CanaryMissed", "NotCovered", "Scan", "ScanProblem", "Scanned", "Scanner", "Step", "ToolErrors", "ToolRun"]

Report = TypeVar("Report")

_GIGABYTE = 1024**3


class CanaryMissed(Exception):
    """Raised by a `check` whose run had the canary in it: it was not found. The text completes "TOOL …"."""


class NotCovered(Exception):
    """Raised by a `check`: the run did not look at what it should have. The text completes "TOOL …"."""


class ToolErrors(Exception):
    """Raised by a `check`: the run tells of errors, or contradicts itself. The text completes "TOOL …"."""


@dataclass(frozen=True, slots=True)
class Scan(Generic[Report]):
    """What is to be run, and what makes it count.

    `exit_codes` are those that this use of the tool may end with. `read` takes the report from what the tool wrote to
    stdout and raises ReportError. `check` takes the report and how the run ended, returns what was covered as a short
    phrase ("505 files"), and raises NotCovered or ToolErrors. `canary` is what the tool must find before this run
    counts; None only for the canary's own run, and for a run that has the canary among what it scans: there `check`
    looks for it first, and raises CanaryMissed. `cwd` None is a new, empty folder; it is never in the workspace.
    `memory` is in bytes (`Runner.run`), `timeout` in seconds. `target` names what is scanned, for the log.
    """

    tool: str
    arguments: tuple[str, ...]
    read: Callable[[bytes], Report]
    check: Callable[[Report, Completed], str]
    exit_codes: frozenset[int]
    canary: Canary | None
    cwd: Path | None = None
    timeout: float = 600.0
    memory: int | None = 4 * _GIGABYTE
    max_report: int = 256 * 1024 * 1024
    environment: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    target: str = ""


@dataclass(frozen=True, slots=True)
class Scanned(Generic[Report]):
    """A run that proved something."""

    tool: Tool
    report: Report
    completed: Completed
    covered: str


@dataclass(frozen=True, slots=True)
class ToolRun:
    """One line of the record of what was run: for the log and `gate doctor`.

    `problem` is None for a run that proved something; then `covered` says what it looked at.
    """

    tool: str
    version: str | None
    seconds: float
    exit_code: int | None
    covered: str
    problem: str | None
    step: Step | None
    target: str = ""

    @property
    def line(self) -> str:
        """The run as one line."""
        name = " ".join(part for part in (self.tool, self.version) if part)
        on = f" on {self.target}" if self.target else ""
        ended = "" if self.exit_code is None else f", exit code {self.exit_code}"
        if self.problem is None:
            return f"{name}{on}: covered {self.covered} in {self.seconds:.2f} s{ended}"
        return f"{name}{on}: no evidence after {self.seconds:.2f} s{ended}, step {self.step}: {self.problem}"


class Scanner:
    """Runs tools, and lets nothing count that has not taken every step. Safe to use from several threads."""

    def __init__(
        self,
        runner: Runner,
        tools: Toolbox,
        self_tests: SelfTests,
        log: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._runner = runner
        self._tools = tools
        self._self_tests = self_tests
        self._log = log

    def find(self, name: str) -> Tool:
        """Return a tool. Raises ScanProblem when it is absent, does not say its version, or is refused."""
        try:
            return self._tools.find(name)
        except ToolProblem as problem:
            raise ScanProblem(problem.tool, problem.reason, Step.FOUND) from None

    def run(self, scan: Scan[Report]) -> Scanned[Report]:
        """Run a tool and return what it proved. Raises ScanProblem at the first step that it does not take."""
        record = _Record(scan.tool, scan.target)
        try:
            tool = self.find(scan.tool)
            record.version = tool.version
            if scan.canary is not None:
                self._self_tests.require(scan.canary, tool)
            return self._prove(scan, tool, record)
        except ScanProblem as problem:
            record.problem = problem
            raise
        finally:
            self._log(record.run().line)

    def _prove(self, scan: Scan[Report], tool: Tool, record: _Record) -> Scanned[Report]:
        completed = self._start(scan, tool)
        record.completed = completed
        if completed.exit_code not in scan.exit_codes:
            raise ScanProblem(tool.name, _undeclared(completed), Step.EXIT_CODE)
        if not completed.stdout.strip():
            reason = f"wrote no report{last_words(completed.stderr)}"
            raise ScanProblem(tool.name, reason, Step.REPORT, completed.stderr)
        try:
            report = scan.read(completed.stdout)
        except ReportError as error:
            raise ScanProblem(tool.name, f"wrote a report that {error.reason}", Step.REPORT) from None
        try:
            record.covered = scan.check(report, completed)
        except CanaryMissed as problem:
            raise ScanProblem(tool.name, str(problem), Step.CANARY) from None
        except NotCovered as problem:
            raise ScanProblem(tool.name, str(problem), Step.COVERED) from None
        except ToolErrors as problem:
            raise ScanProblem(tool.name, str(problem), Step.ERRORS) from None
        return Scanned(tool, report, completed, record.covered)

    def _start(self, scan: Scan[Report], tool: Tool) -> Completed:
        """Run it in an empty folder, and take every exit code: which count is decided after the log has them."""
        with tempfile.TemporaryDirectory(prefix="gate-scan-") as empty:
            Path(empty).chmod(0o755)
            try:
                return self._runner.run(
                    tool.program,
                    tool.arguments(*scan.arguments),
                    cwd=scan.cwd or Path(empty),
                    exit_codes=_ANY,
                    timeout=scan.timeout,
                    stdin=scan.stdin,
                    environment=scan.environment,
                    max_stdout=scan.max_report,
                    memory=scan.memory,
                )
            except ToolProblem as problem:
                raise ScanProblem(tool.name, problem.reason, Step.RAN) from None


_ANY = frozenset(range(256))


@dataclass(slots=True)
class _Record:
    """What becomes a ToolRun."""

    tool: str
    target: str
    version: str | None = None
    completed: Completed | None = None
    covered: str = ""
    problem: ScanProblem | None = None

    def run(self) -> ToolRun:
        done = self.completed
        return ToolRun(
            tool=self.tool,
            version=self.version,
            seconds=done.seconds if done else 0.0,
            exit_code=done.exit_code if done else None,
            covered=self.covered,
            problem=self.problem.reason if self.problem else None,
            step=self.problem.step if self.problem else None,
            target=self.target,
        )


def _undeclared(completed: Completed) -> str:
    return f"ended with exit code {completed.exit_code}{last_words(completed.stderr)}"
