"""Why a run of a tool proved nothing."""

from __future__ import annotations

from enum import StrEnum

from gate.collect.process import ToolProblem


class Step(StrEnum):
    """The steps that a run has to take before it proves anything."""

    FOUND = "found"
    CANARY = "canary"
    RAN = "ran"
    EXIT_CODE = "exit_code"
    REPORT = "report"
    COVERED = "covered"
    ERRORS = "errors"


class ScanProblem(ToolProblem):
    """A run proved nothing. `step` is the one that it did not take; `reason` completes "TOOL …".

    `stderr` is what the tool complained with where it ended without a report: text of a stranger.
    """

    def __init__(self, tool: str, reason: str, step: Step, stderr: str = "") -> None:
        self.step = step
        self.stderr = stderr
        super().__init__(tool, reason)
