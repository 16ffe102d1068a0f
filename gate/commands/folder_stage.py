"""`gate publish --bundle DIR`: bundles that are there already, judged, and published on what this run is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gate.collect.bundle import Bundle, BundleError
from gate.commands import wiring
from gate.commands.bundles import check_made, from_other_jobs, read_bundles, refuse_tracked
from gate.commands.checkout import open_tree
from gate.commands.github import GitHubRun
from gate.commands.on_github import Ending, ending_of, told_on_github
from gate.commands.options import Order
from gate.commands.policy_reading import FoundPolicy, find_policy
from gate.commands.work import Ran
from gate.errors import UserError
from gate.judge.missing_legs import with_missing_legs
from gate.pipeline import Machine, judge
from gate.publish.changed_lines import changed_lines
from gate.publish.event import Event

if TYPE_CHECKING:
    from gate.model.policy import Policy
    from gate.model.verdict import Verdict
    from gate.publish.forge import Forge
    from gate.publish.forge_words import ChangedFiles
    from gate.report.progress import PlainProgress

Log = Callable[[str], None]
NOTHING = Bundle((), None, None, "")


def of_folder(order: Order, folder: Path, github: GitHubRun | None, progress: PlainProgress, log: Log) -> Ending:
    """Judge the bundles of a folder by the policy of the order, and publish on the commit that this run is about.

    On GitHub bundles that are missing, damaged or of another run are no evidence: the verdict is one without. At home
    BundleError is raised: whoever names a folder there sits before it. Raises UserError.
    """
    means = wiring.machine(progress, order.workspace)
    if github is None:
        found = find_policy(order, means, None)
        bundles = read_bundles(folder)
        verdict = judge(found.policy, from_other_jobs(bundles), now=wiring.now(), phase=order.phase, only=order.only)
        verdict = with_missing_legs(_with(verdict, found.notices), found.policy.trust.legs, bundles)
        return ending_of(Ran(verdict), None, found.policy.publish)
    if github.context.triggering_run is not None:
        raise UserError(
            "In a workflow_run the gate fetches the bundle of the run that ended by itself, since nothing else knows "
            "which run that was. Leave the input bundle out."
        )
    forge, read = github.forge, []
    order, told = _where_policy_is(order, github)

    def policy() -> Policy:
        read.append(find_policy(order, means, forge))
        return read[-1].policy

    def work() -> Ran:
        return _judged(order, read[-1], folder, github, means, told)

    return told_on_github(github, policy, work, log)


def _judged(
    order: Order, found: FoundPolicy, folder: Path, github: GitHubRun, means: Machine, told: tuple[str, ...]
) -> Ran:
    from gate.commands.proposals import with_proposal

    now, forge, pull = wiring.now(), github.forge, github.context.pull
    bundle, legs, problem = _bundle(order, folder, github)
    verdict = judge(found.policy, bundle, now=now, phase=order.phase, only=order.only)
    if bundle.commit is None:
        verdict = replace(verdict, commit=github.context.sha, base=verdict.base or github.context.base_sha)
    verdict = _with(verdict, (*((problem,) if problem else ()), *told, *found.notices))
    if forge is None or pull is None:
        return Ran(with_missing_legs(verdict, found.policy.trust.legs, legs))
    changed = _changed(forge, pull)
    verdict = with_proposal(verdict, found, order, means, bundle, now, forge, pull, github.context.sha, changed)
    verdict = with_missing_legs(verdict, found.policy.trust.legs, legs)
    lines = changed_lines(changed) if changed is not None else None
    return Ran(verdict, lines.lines if lines is not None else None)


def _with(verdict: Verdict, notices: tuple[str, ...]) -> Verdict:
    return replace(verdict, notices=(*notices, *verdict.notices))


def _where_policy_is(order: Order, github: GitHubRun) -> tuple[Order, tuple[str, ...]]:
    """Return the order with the commit that the policy is read from where nothing is checked out. Raises UserError.

    An empty workspace has no policy file, and the profile would be judged in its place without anybody having said so.
    """
    if order.policy_ref is not None or order.policy_from is not None:
        return order, ()
    if open_tree(order.workspace, wiring.machine(workspace=order.workspace)).has_git:
        return order, ()
    sha = github.context.sha
    if github.forge is None or not sha:
        raise UserError(
            f"There is no checkout in {order.workspace} and no token to read the policy with, so nobody knows what to "
            "judge by. Check out, or hand in a token that may read the repository's contents."
        )
    told = f"There is no checkout in this job; the policy was read at {sha[:12]} through GitHub's API."
    return replace(order, policy_ref=sha), (told,)


def _bundle(order: Order, folder: Path, github: GitHubRun) -> tuple[Bundle, tuple[str, ...], str]:
    """Return what other jobs left, the names of their bundles, and why there is nothing."""
    try:
        refuse_tracked(open_tree(order.workspace, wiring.machine(workspace=order.workspace)), folder)
        bundles = read_bundles(folder)
        for name, bundle in bundles.items():
            check_made(name, bundle, github.context)
            _check_commit(name, bundle, github)
        return from_other_jobs(bundles), tuple(bundles), ""
    except BundleError as error:
        return NOTHING, (), f"There is no evidence to judge by: {error}"


def _check_commit(name: str, bundle: Bundle, github: GitHubRun) -> None:
    """Hold a bundle's commit against the run's: the one that is reported on, or the test merge of it.

    On pull_request_target the runner checks out the base branch, which says nothing about the pull request.
    """
    if bundle.commit is None and not bundle.made.head_sha:
        raise BundleError(f"The bundle {name} does not say which commit it is about. Collect it in a checkout.")
    context = github.context
    about = {context.sha} if context.event is Event.PULL_REQUEST_TARGET else {context.sha, github.runner.sha}
    if bundle.commit is not None and bundle.commit not in about:
        raise BundleError(
            f"The bundle {name} was collected from {bundle.commit[:12]}, and this run is about "
            f"{github.context.sha[:12]}. Collect it in this run."
        )


def _changed(forge: Forge, pull: int) -> ChangedFiles | None:
    """Return what the pull request changes, for its proposal and the annotations; None where GitHub does not tell."""
    from gate.publish.forge_words import ForgeProblem

    try:
        return forge.changed_files(pull)
    except ForgeProblem:
        return None
