"""Runs of workflows, their artefacts, and code scanning."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Sequence

from gate.model.json import JsonObject
from gate.publish import forge_read as read
from gate.publish.forge_json import Fields, listed
from gate.publish.forge_part import Part, checked_sha
from gate.publish.forge_wire import Ask
from gate.publish.forge_words import Artifact, ForgeProblem, Sarif, SarifState, Trouble, WorkflowRun

SARIF_LIMIT = 10 * 1024 * 1024
"""Bytes of a packed log that code scanning takes."""


class Runs(Part):
    """Runs, artefacts and code scanning; see forge.ActionsForge."""

    def workflow_run(self, id_: int) -> WorkflowRun:
        """Return a run of a workflow, its latest attempt."""
        return read.workflow_run(self.session.fields(Ask("GET", self.at("actions", "runs", id_)), "the run"))

    def workflow_runs(self, sha: str, event: str = "") -> Sequence[WorkflowRun]:
        """Return the runs for a commit, newest first."""
        ask = Ask("GET", self.at("actions", "runs", head_sha=checked_sha(sha), event=event, per_page=100))
        found = [run for page in self.session.pages(ask) for run in listed(page, "workflow_runs", read.workflow_run)]
        return tuple(sorted(found, key=lambda run: run.id, reverse=True))

    def rerun(self, run: int) -> None:
        """Run a workflow again, all of its jobs. After a failure of unknown effect its attempt tells whether it is."""
        before = self.workflow_run(run).attempt

        def find() -> bool | None:
            return True if self.workflow_run(run).attempt > before else None

        ask = Ask("POST", self.at("actions", "runs", run, "rerun"))
        self.session.create(ask, lambda _: True, find)

    def artifacts(self, run: int, name: str | None = None) -> Sequence[Artifact]:
        """Return the artefacts of a run."""
        ask = Ask("GET", self.at("actions", "runs", run, "artifacts", name=name, per_page=100))

        def one(fields: Fields) -> Artifact:
            return read.artifact(fields, run)

        found = [item for page in self.session.pages(ask) for item in listed(page, "artifacts", one)]
        return tuple(item for item in found if name is None or item.name == name)

    def download_artifact(self, id_: int, limit: int) -> bytes:
        """Return an artefact's archive (zip) of at most `limit` bytes. The token stays with GitHub's own host."""
        return self.session.download(Ask("GET", self.at("actions", "artifacts", id_, "zip")), limit)

    def upload_sarif(self, sarif: Sarif) -> str:
        """Hand a log to code scanning and return the id of the upload.

        Repeated like a state that is set: a log of the same tool for the same commit and ref replaces the one before.
        """
        packed = gzip.compress(sarif.data, mtime=0)
        if len(packed) > SARIF_LIMIT:
            raise ForgeProblem(Trouble.INVALID, f"takes logs of {SARIF_LIMIT:,} packed bytes; this has {len(packed):,}")
        body: JsonObject = {
            "commit_sha": checked_sha(sarif.commit),
            "ref": sarif.ref,
            "sarif": base64.b64encode(packed).decode(),
            "tool_name": sarif.tool,
        }
        return self.session.fields(Ask("POST", self.at("code-scanning", "sarifs"), body), "the upload").text("id")

    def sarif_state(self, id_: str) -> SarifState:
        """Return how far code scanning is with an upload."""
        ask = Ask("GET", self.at("code-scanning", "sarifs", id_))
        return read.sarif_state(self.session.fields(ask, "the upload"))
