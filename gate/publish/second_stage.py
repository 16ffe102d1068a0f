"""The second of two stages: what may be believed of the run whose end started this one. Pure.

The first stage runs in a pull request's own workflow, without secrets, and leaves a bundle as its artefact; the second
runs from the default branch and publishes. Nothing in the artefact says which pull request it is about: the number, the
commit and the base come from the event's run id and the API alone (docs/two-stages.md).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from gate.errors import UserError
from gate.publish.event import EventContext, TriggeringRun
from gate.publish.forge_words import Artifact, ChangedFiles, Pull, WorkflowRun

ARTIFACT_LIMIT = 64 * 1024 * 1024
"""Bytes of an artefact's archive that are downloaded."""
_STEERING = (".github/", ".gate/")


@dataclass(frozen=True, slots=True)
class NoBundle:
    """There is no artefact to judge by. `reason` is a sentence; the verdict is one without evidence."""

    reason: str


def check_run(said: TriggeringRun, found: WorkflowRun, workflows: Collection[str]) -> None:
    """Hold the event's run against the API's. `workflows` are the files that may be the first stage, any where empty.

    A pull request may add a workflow that has the name of the first stage, so its file decides, not its name. Raises
    UserError.
    """
    if said.id != found.id or said.head_sha != found.head_sha or said.repository_id != found.repository_id:
        raise UserError(
            f"The event speaks of run {said.id} at {said.head_sha[:12]}, and GitHub knows it as run {found.id} at "
            f"{found.head_sha[:12]}. An earlier step of this job changed the event's file: run the gate in a job "
            "of its own."
        )
    if found.event != "pull_request":
        raise UserError(
            f"The run that ended was started by {found.event}; the first of two stages runs on pull_request. Runs of "
            "other events have the rights to publish by themselves."
        )
    if workflows and found.path not in workflows:
        raise UserError(
            f"The run that ended is of {found.path}, and the policy takes evidence from {', '.join(sorted(workflows))} "
            "only (trust › collected_by)."
        )


def pulls_of_run(run: WorkflowRun, candidates: Sequence[Pull], repository: str) -> tuple[Pull, ...]:
    """Return the pull requests that a run was about: open, from its repository, with its commit as their head.

    None where the head has moved on or the pull request is closed: then there is nothing to say about it any more.
    """
    return tuple(
        pull
        for pull in candidates
        if pull.state == "open"
        and pull.head_sha == run.head_sha
        and pull.base_repository.lower() == repository.lower()
        and (pull.head_repository or "").lower() == (run.head_repository or "").lower()
    )


def context_of_pull(context: EventContext, pull: Pull) -> EventContext:
    """Return what is to be published on: the pull request as the API knows it."""
    return replace(
        context,
        sha=pull.head_sha,
        base_ref=pull.base_ref,
        base_sha=pull.base_sha,
        pull=pull.number,
        head_ref=pull.head_ref,
        head_repository=pull.head_repository,
        fork=(pull.head_repository or "").lower() != pull.base_repository.lower(),
    )


def choose_artifact(artifacts: Sequence[Artifact], name: str, run: WorkflowRun) -> Artifact | NoBundle:
    """Return the artefact with the bundle: one, of this run, whole and not too large."""
    named = [item for item in artifacts if item.name == name]
    found = [item for item in named if item.run_id == run.id and item.head_sha in (None, run.head_sha)]
    if not found:
        others = ", ".join(sorted(f"“{item.name}”" for item in artifacts)[:5])
        there = f" It left {others}." if others else ""
        return NoBundle(
            f"The run {run.id} left no artefact “{name}”, so there is no evidence.{there} Look at why its job did not "
            "get as far as uploading the bundle."
        )
    if len(found) > 1 and run.started_at:
        # What older attempts left may still be listed; what came since this attempt began is this one's.
        found = [item for item in found if item.created_at >= run.started_at] or found
    if len(found) > 1:
        return NoBundle(f"The run {run.id} left {len(found)} artefacts “{name}”; which of them counts nobody can tell.")
    (item,) = found
    if item.expired:
        return NoBundle(f"The artefact “{name}” of run {run.id} has expired. Run the first stage again.")
    if item.size > ARTIFACT_LIMIT:
        return NoBundle(
            f"The artefact “{name}” has {item.size:,} bytes, more than the {ARTIFACT_LIMIT:,} that are read."
        )
    return item


def steered(changed: ChangedFiles, further: Collection[str] = ()) -> tuple[str, ...]:
    """Return the files of a pull request that decide how its own evidence came about: workflows, policy, `further`.

    Evidence of a first stage whose workflow the pull request changes is the author's word. Where GitHub did not list
    all files, that alone counts as such a change.
    """
    paths = {path for file in changed.files for path in (file.path, file.previous_path) if path is not None}
    found = {path for path in paths if path.startswith(_STEERING) or path in further}
    if not changed.complete:
        found.add("(more files than GitHub lists)")
    return tuple(sorted(found))
