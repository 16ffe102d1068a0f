"""The second of two stages at work: from the run that ended to what is published on its pull requests.

What is believed of the first stage is decided in `gate.publish.second_stage`; here it is fetched, unpacked and judged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gate.collect.bundle import Bundle, BundleError
from gate.commands import wiring
from gate.commands.bundles import check_made, from_other_jobs, read_archive, with_own
from gate.commands.folder_stage import NOTHING
from gate.commands.github import GitHubRun
from gate.commands.on_github import Ending, told_on_github
from gate.commands.options import Order
from gate.commands.policy_reading import FoundPolicy, find_policy
from gate.commands.recollect import asked, recollected
from gate.commands.work import Ran
from gate.errors import CannotJudgeError, GateError, UserError
from gate.pipeline import judge
from gate.publish.actions import neutralise
from gate.publish.changed_lines import changed_lines
from gate.publish.second_stage import (
    ARTIFACT_LIMIT,
    NoBundle,
    check_run,
    choose_artifact,
    context_of_pull,
    pulls_of_run,
    steered,
)

if TYPE_CHECKING:
    from gate.model.policy import Policy
    from gate.publish.forge import Forge
    from gate.publish.forge_words import Pull, WorkflowRun
    from gate.report.progress import PlainProgress

Log = Callable[[str], None]
_MOST_PULLS = 10
"""Pull requests with one head that are judged in one run, the oldest first: each costs some twenty of the thousand
requests that a repository's jobs have in an hour, and anybody may open one into every branch."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One run of the second stage: what it is about, and how it goes about it. `artifact` is the artefact's name."""

    order: Order
    github: GitHubRun
    forge: Forge
    artifact: str
    progress: PlainProgress
    log: Log


def judge_first_stage(
    order: Order, github: GitHubRun, artifact: str, progress: PlainProgress, log: Log
) -> tuple[Ending, ...]:
    """Judge and publish for every open pull request that the run which ended was about; none when there is none.

    Raises UserError and CannotJudgeError where it cannot be told what to judge.
    """
    from gate.publish.forge_words import ForgeProblem

    said, forge = github.context.triggering_run, github.forge
    if said is None:
        raise UserError(
            "Without --bundle this is for a workflow_run: there the artefact of the run that ended is judged."
        )
    if forge is None:
        raise UserError(f"Publishing for another run needs GitHub's API. {github.no_forge}")
    stage = Stage(order, github, forge, artifact, progress, log)
    try:
        run = forge.workflow_run(said.id)
        check_run(said, run, ())
        candidates = forge.open_pulls(run.head_owner or said.head_owner, run.head_branch)
        pulls = sorted(pulls_of_run(run, candidates, github.context.repository), key=lambda pull: pull.number)
    except ForgeProblem as problem:
        raise CannotJudgeError(
            f"GitHub {problem.reason}, so it is not known what the run {said.id} was about. The token needs the "
            "permissions  actions: read  and  pull-requests: read."
        ) from problem
    if not pulls:
        log(f"No open pull request has {run.head_sha[:12]} as its head by now; nothing is published.")
    for left in pulls[_MOST_PULLS:]:
        log(
            f"Pull request {left.number} is not judged: it is one of {len(pulls):,} with the head {run.head_sha[:12]}, "
            f"and {_MOST_PULLS} are judged in one run. Close some of the others, and run this again."
        )
    return tuple(_each(stage, run, pulls[:_MOST_PULLS]))


def _each(stage: Stage, run: WorkflowRun, pulls: Sequence[Pull]) -> Iterator[Ending]:
    """Judge each of several pull requests, also where another one of them could not be. Raises the last GateError."""
    stopped: GateError | None = None
    for pull in pulls:
        try:
            yield _of_pull(stage, run, pull)
        except GateError as error:
            if len(pulls) > 1:
                stage.log(neutralise(f"Pull request {pull.number} into {pull.base_ref}: {error}"))
            stopped = error
    if stopped is not None:
        raise stopped


def _of_pull(stage: Stage, run: WorkflowRun, pull: Pull) -> Ending:
    """Judge the bundle of a run for one pull request, by the policy of that one's base."""
    github = replace(stage.github, context=context_of_pull(stage.github.context, pull))
    order = replace(stage.order, policy_ref=f"origin/{pull.base_ref}")
    means = wiring.machine(stage.progress, order.workspace)
    found: list[FoundPolicy] = []

    def policy() -> Policy:
        found.append(find_policy(order, means, stage.forge))
        assert github.context.triggering_run is not None  # it is why we are here
        check_run(github.context.triggering_run, run, found[-1].policy.trust.collected_by)
        return found[-1].policy

    def work() -> Ran:
        return _judged(replace(stage, order=order, github=github), found[-1], run, pull)

    return told_on_github(github, policy, work, stage.log)


def _judged(stage: Stage, found: FoundPolicy, run: WorkflowRun, pull: Pull) -> Ran:
    """Judge one pull request: by the bundle, by what is collected again, and by what it changes of its own rules."""
    from gate.commands.proposals import with_proposal
    from gate.judge.missing_legs import with_missing_legs
    from gate.judge.steered import with_steering

    policy, now = found.policy, wiring.now()
    changed = asked(lambda: stage.forge.changed_files(pull.number), "which files the pull request changes")
    lines = changed_lines(changed)
    bundle, legs, problem = _bundle(stage, run)
    told = [*((problem,) if problem else ()), *found.notices, *_about(bundle, run, pull)]
    if policy.trust.recollect:
        own, about_own = recollected(policy, stage.forge, pull, lines, stage.progress)
        bundle, told = with_own(bundle, own), [*told, *about_own]
    verdict = judge(
        policy,
        bundle,
        now=now,
        phase=stage.order.phase,
        only=stage.order.only,
        recollected=policy.trust.recollect,
    )
    verdict = replace(verdict, notices=(*told, *verdict.notices), commit=pull.head_sha, base=pull.base_sha)
    files = steered(changed, {found.path} if found.path else ())
    verdict = with_steering(verdict, files, blocks=policy.trust.changed_workflows_block)
    means = wiring.machine(stage.progress, stage.order.workspace)
    verdict = with_proposal(
        verdict, found, stage.order, means, bundle, now, stage.forge, pull.number, pull.head_sha, changed
    )
    verdict = with_missing_legs(verdict, policy.trust.legs, legs)
    return Ran(verdict, lines.lines if lines is not None else None)


def _about(bundle: Bundle, run: WorkflowRun, pull: Pull) -> Iterator[str]:
    if bundle.made.attempt is not None and bundle.made.attempt < run.attempt:
        yield (
            f"The evidence was left by attempt {bundle.made.attempt} of run {run.id}, and its latest attempt is "
            f"{run.attempt}: that one left none."
        )
    if bundle.commit is not None and bundle.commit not in (pull.head_sha, pull.merge_sha):
        yield (
            f"The evidence was collected from {bundle.commit[:12]}, which is neither the head nor the present test "
            "merge of the pull request: its base has moved on since."
        )


def _bundle(stage: Stage, run: WorkflowRun) -> tuple[Bundle, tuple[str, ...], str]:
    """Return what the first stage left, the names of its bundles, and why there is nothing of it."""
    chosen = choose_artifact(
        asked(lambda: stage.forge.artifacts(run.id, stage.artifact), "which artefacts the run left"),
        stage.artifact,
        run,
    )
    if isinstance(chosen, NoBundle):
        return NOTHING, (), chosen.reason
    data = asked(lambda: stage.forge.download_artifact(chosen.id, ARTIFACT_LIMIT), "what is in the artefact")
    if chosen.digest is not None and chosen.digest != f"sha256:{hashlib.sha256(data).hexdigest()}":
        return NOTHING, (), f"The artefact “{stage.artifact}” is not what GitHub's digest says, so it is no evidence."
    try:
        bundles = _read(stage, data)
        return from_other_jobs(bundles), tuple(bundles), ""
    except BundleError as error:
        return NOTHING, (), f"The artefact “{stage.artifact}” is no evidence: {error}"


def _read(stage: Stage, data: bytes) -> dict[str, Bundle]:
    bundles = read_archive(data, stage.artifact)
    for name, bundle in bundles.items():
        check_made(name, bundle, stage.github.context)
    return bundles
