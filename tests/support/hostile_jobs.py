"""What tests of hostile pull requests and flaky networks share: light policies, time that does not pass, what is left.

The policies judge the tests and one setting, so that a run takes a second and not ten.
"""

from __future__ import annotations

import re
import types

import pytest

from gate.commands import github
from tests.support.github_server import Hub
from tests.support.github_server.state import CheckRun
from tests.support.pull_job import PullJob

NAME = "Readiness Gate verdict"
CONTEXT = "readiness-gate: main"
MARKER = "<!-- readiness-gate:readiness-gate -->"
LIGHT = """version: 1
name: Ledger
extends: baseline
evidence:
  tests: {reports: [out/junit.xml], suites: {unit: "tests/**"}}
"""
ONLY = {"INPUT_ONLY": "tests"}
"""Inputs that let a run collect the tests alone."""
_COMMAND = re.compile(r"^\s*::([a-z-]+)|##\[([a-z]+)", re.MULTILINE)
_OURS = {"group", "endgroup", "error", "warning", "notice", "debug"}


class StoppedClock:
    """Stands for the module `time` where the action builds its client: sleeping only moves the clock."""

    def __init__(self) -> None:
        self.now = 1_780_000_000.0
        self.slept: list[float] = []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)


def stop_time(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    """Let no run of the action wait; `slept` is how long it would have."""
    clock = StoppedClock()
    monkeypatch.setattr(github, "time", types.SimpleNamespace(time=clock.time, sleep=clock.sleep))
    return clock


def about(job: PullJob, **different: object) -> None:
    """Let the event's file say something else of the pull request: `number`, or of its `base` (`ref` and `sha`)."""
    event = job.event()
    pull = event["pull_request"]
    assert isinstance(pull, dict)
    if (number := different.pop("number", None)) is not None:
        event["number"] = pull["number"] = number
    pull["base"].update(different)
    job.event = lambda: event  # type: ignore[method-assign]


def checks(hub: Hub, name: str = NAME) -> list[CheckRun]:
    """The check runs of the gate on octo/shop, oldest first."""
    return [item for item in hub.repository().checks.values() if item.name == name]


def conclusions(hub: Hub) -> list[str | None]:
    """How they ended, None for what is in progress, oldest first."""
    return [item.conclusion for item in checks(hub)]


def states(hub: Hub, context: str = CONTEXT) -> list[str]:
    """What the status of a context said, oldest first."""
    return [item.state for item in hub.repository().statuses if item.context == context]


def comments(hub: Hub, marker: str = MARKER) -> list[str]:
    """The comments with the gate's marker, whoever wrote them, oldest first."""
    return [item.body for item in hub.repository().comments.values() if item.body.startswith(marker)]


def assert_one_answer(hub: Hub, *, good: bool) -> None:
    """Nothing on the pull request says yes where the answer is no, no two checks differ, and one comment speaks."""
    ended = conclusions(hub)
    assert len(set(ended)) <= 1, ended
    assert len(comments(hub)) <= 1
    if not good:
        assert "success" not in ended
        assert states(hub)[-1:] != ["success"]


def assert_nothing_foreign(log: str) -> None:
    """No line of the log is a command to the runner that the gate does not give."""
    for match in _COMMAND.finditer(log):
        assert (match.group(1) or match.group(2)) in _OURS, match.group(0)
        assert match.group(2) is None, match.group(0)
    assert "\x1b" not in log
