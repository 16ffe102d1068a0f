"""The second of two stages at work: from the run that ended to what is published on its pull requests.

What is believed of the first stage is decided in `gate.publish.second_stage`; here it is fetched, unpacked and judged.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from gate.collect.bundle import Bundle, BundleError
from gate.commands import wiring
from gate.commands.bundles import check_made, from_other_jobs, read_bundles, with_own
from gate.commands.github import GitHubRun
from gate.commands.on_github import Ending, ending_of, told_on_github
from gate.commands.options import Order
from gate.commands.policy_reading import FoundPolicy, find_policy
from gate.commands.work import Ran
from gate.errors import CannotJudgeError, UserError
from gate.pipeline import Checkout, collect, judge
from gate.publish.changed_lines import ChangedLines, changed_lines
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
    from gate.collect.changes import Changes
    from gate.model.evidence import Gap
    from gate.model.policy import Policy
    from gate.publish.forge import Forge
    from gate.publish.forge_words import ChangedFiles, Pull, WorkflowRun
    from gate.report.progress import PlainProgress

Log = Callable[[str], None]
T = TypeVar("T")
_TREE_LIMIT = 256 * 1024 * 1024
_TREE_FILES = 100_000
_UNPACKED = 2 * 1024 * 1024 * 1024
DEFAULT_ARTIFACT = "readiness-evidence"


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
        pulls = pulls_of_run(run, candidates, github.context.repository)
    except ForgeProblem as problem:
        raise CannotJudgeError(
            f"GitHub {problem.reason}, so it is not known what the run {said.id} was about. The token needs the "
            "permissions  actions: read  and  pull-requests: read."
        ) from problem
    if not pulls:
        log(f"No open pull request has {run.head_sha[:12]} as its head by now; nothing is published.")
    return tuple(_of_pull(stage, run, pull) for pull in pulls)


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
    from gate.judge.steered import with_steering

    policy = found.policy
    changed = _asked(lambda: stage.forge.changed_files(pull.number), "which files the pull request changes")
    lines = changed_lines(changed)
    bundle, problem = _bundle(stage, run)
    own = policy.trust.recollect
    if own:
        bundle = with_own(bundle, _recollected(stage, found, pull, lines, changed))
    verdict = judge(policy, bundle, now=wiring.now(), phase=stage.order.phase, only=stage.order.only)
    told = (*((problem,) if problem else ()), *found.notices, *verdict.notices, *_about(bundle, pull, own))
    verdict = replace(verdict, notices=told, commit=pull.head_sha, base=pull.base_sha)
    files = steered(changed, {found.path} if found.path else ())
    verdict = with_steering(verdict, files, blocks=policy.trust.changed_workflows_block)
    return Ran(verdict, lines.lines if lines is not None else None)


def _about(bundle: Bundle, pull: Pull, own: tuple[str, ...]) -> Iterator[str]:
    if bundle.commit is not None and bundle.commit not in (pull.head_sha, pull.merge_sha):
        yield (
            f"The evidence was collected from {bundle.commit[:12]}, which is neither the head nor the present test "
            "merge of the pull request: its base has moved on since."
        )
    if own:
        yield f"Collected again from the tree of {pull.head_sha[:12]}, whatever the bundle said: {', '.join(own)}."


def _bundle(stage: Stage, run: WorkflowRun) -> tuple[Bundle, str]:
    """Return what the first stage left, and why there is nothing: then the verdict is one without evidence."""
    nothing = Bundle((), None, None, "")
    chosen = choose_artifact(
        _asked(lambda: stage.forge.artifacts(run.id, stage.artifact), "which artefacts the run left"),
        stage.artifact,
        run,
    )
    if isinstance(chosen, NoBundle):
        return nothing, chosen.reason
    data = _asked(lambda: stage.forge.download_artifact(chosen.id, ARTIFACT_LIMIT), "what is in the artefact")
    if chosen.digest is not None and chosen.digest != f"sha256:{hashlib.sha256(data).hexdigest()}":
        return nothing, f"The artefact “{stage.artifact}” is not what GitHub's digest says, so it is no evidence."
    try:
        return _read(stage, data), ""
    except BundleError as error:
        return nothing, f"The artefact “{stage.artifact}” is no evidence: {error}"


def _read(stage: Stage, data: bytes) -> Bundle:
    from gate.collect.unpack import Bounds, UnpackProblem, unpack_zip

    with tempfile.TemporaryDirectory(prefix="gate-", ignore_cleanup_errors=True) as folder:
        inside = Path(folder) / stage.artifact.replace("/", "-")
        inside.mkdir()
        try:
            unpack_zip(data, inside, Bounds())
            bundles = read_bundles(inside)
        except UnpackProblem as problem:
            raise BundleError(f"The archive {problem.reason}.") from None
        except BundleError as error:
            raise BundleError(str(error).replace(f"{folder}/", "")) from None
    for name, bundle in bundles.items():
        check_made(name, bundle, stage.github.context)
    return from_other_jobs(bundles)


def _recollected(
    stage: Stage, found: FoundPolicy, pull: Pull, lines: ChangedLines | None, changed: ChangedFiles
) -> Bundle:
    """Run our own scanners over the tree of the pull request's head, which is data: nothing in it is executed."""
    from gate.collect.all_collectors import collectors
    from gate.judge.requests import requests

    policy = found.policy
    with _tree(stage.forge, pull.head_sha) as (root, left_out):
        means = wiring.machine(stage.progress, root)
        workspace = wiring.open_tree(root, means, policy.scope)
        checkout = Checkout(workspace, pull.head_sha, _changes(pull, lines, changed))
        bundle = collect(collectors(policy.trust.recollect), requests(policy), checkout, means)
    if left_out:
        stage.log(f"{len(left_out):,} links in the tree of {pull.head_sha[:12]} were not followed.")
    return bundle


def _changes(pull: Pull, lines: ChangedLines | None, changed: ChangedFiles) -> Changes | Gap:
    from gate.collect.changes import Changes
    from gate.model.evidence import Gap

    base = pull.base_sha[:12]
    if lines is None:
        return Gap(base, f"could not be compared with: GitHub lists only {len(changed.files):,} of the changed files")
    if lines.unknown:
        return Gap(base, f"could not be compared with: GitHub does not tell which lines of {lines.unknown[0]} changed")
    return Changes(pull.base_sha, lines.lines)


@contextmanager
def _tree(forge: Forge, commit: str) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Give the tree of a commit in a folder of our own that the children may read, and what was left out of it."""
    from gate.collect.unpack import Bounds, UnpackProblem, unpack_tree

    data = _asked(lambda: forge.tarball(commit, _TREE_LIMIT), f"the tree of {commit[:12]}")
    with tempfile.TemporaryDirectory(prefix="gate-tree-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        root = Path(folder) / "tree"
        root.mkdir()
        try:
            left_out = unpack_tree(data, root, Bounds(_TREE_FILES, _TREE_LIMIT, _UNPACKED))
        except UnpackProblem as problem:
            raise CannotJudgeError(f"The tree of {commit[:12]}, as GitHub packs it, {problem.reason}.") from problem
        yield root, left_out


def _asked(ask: Callable[[], T], what: str) -> T:
    """Ask GitHub for something that there is no verdict without. Raises CannotJudgeError."""
    from gate.publish.forge_words import ForgeProblem

    try:
        return ask()
    except ForgeProblem as problem:
        raise CannotJudgeError(f"GitHub {problem.reason}, so it is not known {what}.") from problem


def of_folder(order: Order, folder: Path, github: GitHubRun | None, progress: PlainProgress, log: Log) -> Ending:
    """Judge the bundles of a folder by the policy of the order, and publish on the commit that this run is about."""
    means = wiring.machine(progress, order.workspace)
    forge = github.forge if github is not None else None
    bundles: Mapping[str, Bundle] = read_bundles(folder)
    found: list[FoundPolicy] = []

    def policy() -> Policy:
        found.append(find_policy(order, means, forge))
        return found[-1].policy

    def work() -> Ran:
        if github is not None:
            for name, bundle in bundles.items():
                check_made(name, bundle, github.context)
        whole = from_other_jobs(bundles)
        verdict = judge(found[-1].policy, whole, now=wiring.now(), phase=order.phase, only=order.only)
        return Ran(replace(verdict, notices=(*verdict.notices, *found[-1].notices)))

    if github is not None:
        return told_on_github(github, policy, work, log)
    settings = policy().publish
    return ending_of(work(), None, settings)
