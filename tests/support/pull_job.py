"""A job of a GitHub runner that judges a pull request: a real checkout, and the tests' own GitHub.

job = PullJob(tmp_path, hub, capsys)          # octo/shop gets `main` and `topic` of a real repository, pull request 21
step = job.run(token="job")                   # the action, in this process
assert step.code == 0 and hub.repository().statuses[-1].state == "success"
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from gate.commands.action import run_action
from tests.support.fakes import write
from tests.support.github_server import Hub, add_run
from tests.support.github_server.repository import Repository
from tests.support.repos import POLICY, REPORTS, ledger
from tests.support.repositories import commit, git

NUMBER = 21


@dataclass
class Step:
    """What one run of the action left."""

    code: int
    outputs: dict[str, str]
    summary: str
    log: str


class PullJob:
    """Jobs on one pull request. `workspace` is the checkout, `repository` what GitHub has."""

    def __init__(
        self,
        folder: Path,
        hub: Hub,
        capsys: pytest.CaptureFixture[str],
        *,
        policy: str = POLICY,
        change: Mapping[str, str | None] | None = None,
        fork: bool = False,
    ) -> None:
        self.hub = hub
        self.repository = hub.repository()
        self._folder = folder
        self._capsys = capsys
        self.workspace = ledger(folder / "workspace", policy=policy)
        git(self.workspace, "branch", "-M", "main")
        self.base = self.repository.push(self.workspace, "main", "main")
        git(self.workspace, "update-ref", "refs/remotes/origin/main", self.base)
        git(self.workspace, "checkout", "--quiet", "-b", "topic")
        self.head_repository: Repository = hub.fork(self.repository, "octo-reader") if fork else self.repository
        self.change(change or {"ledger/more.py": "def half(amount: int) -> int:\n    return amount // 2\n"})
        self.number = NUMBER
        self.repository.open_pull("topic", title="Change", number=NUMBER, fork=self.head_repository if fork else None)
        self.run_id = 0
        self.attempt = 1
        self.new_run()

    def change(self, files: Mapping[str, str | None]) -> str:
        """Commit a change on the pull request's branch, here and on GitHub; reports stay as they lie."""
        for name, text in files.items():
            if text is None:
                (self.workspace / name).unlink()
            else:
                write(self.workspace, {name: text})
        shutil.rmtree(self.workspace / "out", ignore_errors=True)
        shutil.rmtree(self.workspace / ".gate-reports", ignore_errors=True)
        self.head = commit(self.workspace)
        write(self.workspace, REPORTS)
        self.head_repository.push(self.workspace, "topic", "topic")
        return self.head

    def new_run(self) -> int:
        """Let GitHub start a run of the workflow."""
        made = add_run(
            self.repository,
            self.head,
            head=self.head_repository,
            branch="topic",
            status="in_progress",
        )
        self.run_id, self.attempt = made.id, 1
        return made.id

    def environment(self, token: str, **different: str) -> dict[str, str]:
        """Return what the runner sets."""
        for name in ("output", "summary"):
            (self._folder / name).write_text("")
        event = self._folder / "event.json"
        event.write_text(json.dumps(self.event()))
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REPOSITORY": self.repository.full_name,
            "GITHUB_REF": f"refs/pull/{self.number}/merge",
            "GITHUB_SHA": self.repository.pulls[self.number].merge_sha or self.head,
            "GITHUB_BASE_REF": "main",
            "GITHUB_RUN_ID": str(self.run_id),
            "GITHUB_RUN_ATTEMPT": str(self.attempt),
            "GITHUB_JOB": "gate",
            "GITHUB_ACTOR": "octo-dev",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_API_URL": self.hub.url,
            "GITHUB_GRAPHQL_URL": self.hub.graphql_url,
            "GITHUB_OUTPUT": str(self._folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self._folder / "summary"),
            "INPUT_TOKEN": token,
            **different,
        }

    def event(self) -> dict[str, object]:
        """Return the event's file of a pull request, with what the gate reads of it."""
        head: dict[str, object] = {
            "sha": self.head,
            "ref": "topic",
            "repo": {"full_name": self.head_repository.full_name},
        }
        base = {"sha": self.base, "ref": "main", "repo": {"full_name": self.repository.full_name}}
        return {
            "action": "synchronize",
            "number": self.number,
            "pull_request": {"number": self.number, "head": head, "base": base},
            "repository": {"id": self.repository.id, "full_name": self.repository.full_name},
        }

    def run(self, token: str = "job", **different: str) -> Step:
        """Run the action."""
        environ = self.environment(token, **different)
        self._capsys.readouterr()
        code = run_action(environ, self.workspace)
        out, err = self._capsys.readouterr()
        return Step(code, read_outputs(self._folder / "output"), (self._folder / "summary").read_text(), out + err)


def read_outputs(path: Path) -> dict[str, str]:
    """Read an output file as the runner does."""
    found: dict[str, str] = {}
    lines = iter(path.read_text().splitlines())
    for line in lines:
        name, sign, delimiter = line.partition("<<")
        assert sign, line
        value = []
        for below in lines:
            if below == delimiter:
                break
            value.append(below)
        found[name] = "\n".join(value)
    return found
