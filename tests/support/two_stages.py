"""Both stages of a fork's pull request: a job that collects and may only read, and one that publishes.

stages = TwoStages(tmp_path, hub, capsys)     # octo/shop, pull request 21 from octo-reader's fork
stages.collect()                              # the first stage, with a token that only reads
stages.upload()                               # its bundle, as the run's artefact
step = stages.publish()                       # the second, from the default branch, without a checkout
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from gate.commands.action import run_action
from tests.support.github_server import Hub, add_artifact, add_run, events
from tests.support.github_server.state import Artifact, Run
from tests.support.pull_job import PullJob, Step, read_outputs
from tests.support.repos import POLICY
from tests.support.repositories import git

ARTIFACT = "readiness-evidence"
COLLECT = ".github/workflows/readiness-evidence.yml"
PUBLISH = ".github/workflows/readiness-publish.yml"
Manifest = dict[str, Any]


def zipped(folder: Path) -> bytes:
    """Pack the files of a folder as upload-artifact does: names from the folder's root, no entry for a folder."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder).as_posix())
    return packed.getvalue()


def forge(bundle: Path, name: str, data: bytes) -> None:
    """Replace a file of a bundle, and what the manifest says of it: what whoever made the bundle can do."""
    (bundle / name).parent.mkdir(parents=True, exist_ok=True)
    (bundle / name).write_bytes(data)

    def listed(manifest: Manifest) -> None:
        entry = {"path": name, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        manifest["files"] = [item for item in manifest["files"] if item["path"] != name] + [entry]

    change_manifest(bundle, listed)


def change_manifest(bundle: Path, change: Callable[[Manifest], object]) -> None:
    """Change what the manifest of a bundle says."""
    path = bundle / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


class TwoStages:
    """Both stages. `job` is the first stage's, `run` its run; `bundle` the folder that it leaves."""

    def __init__(
        self,
        folder: Path,
        hub: Hub,
        capsys: pytest.CaptureFixture[str],
        *,
        policy: str = POLICY,
        change: Mapping[str, str | None] | None = None,
        fork: bool = True,
    ) -> None:
        self.hub, self._folder, self._capsys = hub, folder, capsys
        (folder / "first").mkdir()
        (folder / "second").mkdir()
        self.job = PullJob(folder / "first", hub, capsys, policy=policy, change=change, fork=fork)
        self.repository = self.job.repository
        self.run = self.start()
        self.bundle = self.job.workspace / ".gate-bundle"
        self.workspace = folder / "second/workspace"
        self.workspace.mkdir()
        self.published = 0

    def start(self, *, event: str = "pull_request", path: str = COLLECT) -> Run:
        """Let GitHub start a run of the first stage on the head as it is now."""
        made = add_run(
            self.repository,
            self.job.head,
            event=event,
            path=path,
            head=self.job.head_repository,
            branch="topic",
            status="in_progress",
        )
        self.run, self.job.run_id = made, made.id
        return made

    def collect(self, **different: str) -> Step:
        """Run the first stage, with a token that only reads."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.job.environment("fork").items():
                if name.startswith("GITHUB_"):  # what the bundle says of its run is read from the real environment
                    patch.setenv(name, value)
            return self.job.run(token="fork", INPUT_COMMAND="collect", **different)

    def upload(self, data: bytes | None = None, name: str = ARTIFACT, digest: str | None = None) -> Artifact:
        """Hang the bundle, or other bytes, on the run as an artefact."""
        packed = zipped(self.bundle) if data is None else data
        return add_artifact(self.repository, self.run, name, packed, digest=digest)

    def check_out(self) -> None:
        """Give the second stage a checkout of the default branch."""
        git(self._folder, "clone", "--quiet", "--branch", "main", str(self.job.workspace), str(self.workspace))

    def environment(self, token: str = "job", **different: str) -> dict[str, str]:
        """End the first stage, and return what the runner sets for the second."""
        self.run.status, self.run.conclusion = "completed", self.run.conclusion or "success"
        started = events.workflow_run(self.hub, self.run)
        own = add_run(
            self.repository,
            self.repository.branch("main"),
            event="workflow_run",
            path=PUBLISH,
            branch="main",
            status="in_progress",
        )
        folder = self._folder / "second"
        for name in ("output", "summary"):
            (folder / name).write_text("")
        return {
            **started.environment(folder, self.hub.url),
            "GITHUB_RUN_ID": str(own.id),
            "GITHUB_JOB": "publish",
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
            "INPUT_COMMAND": "publish",
            "INPUT_TOKEN": token,
            **different,
        }

    def publish(self, token: str = "job", **different: str) -> Step:
        """Run the second stage."""
        return self.act(self.environment(token, **different))

    def act(self, environ: dict[str, str]) -> Step:
        """Run the action with what a runner sets."""
        folder = self._folder / "second"
        self._capsys.readouterr()
        self.hub.log.clear()
        code = run_action(environ, self.workspace)
        out, err = self._capsys.readouterr()
        return Step(code, read_outputs(folder / "output"), (folder / "summary").read_text(), out + err)

    # --- what stands on GitHub ---

    def states(self, context: str = "readiness-gate: main") -> list[str]:
        """The states of a status on the pull request's head, the oldest first."""
        return [item.state for item in self.repository.statuses if item.context == context]

    def comments(self) -> list[str]:
        """The bodies of all comments."""
        return [item.body for item in self.repository.comments.values()]

    def conclusions(self) -> list[str | None]:
        """How the check runs ended."""
        return [item.conclusion for item in self.repository.checks.values()]

    def document(self, step: Step) -> Manifest:
        """The JSON report of the second stage."""
        found = json.loads((self.workspace / step.outputs["report_json"]).read_text())
        assert isinstance(found, dict)
        return found
