"""A run on GitHub: judged, and told to GitHub from before anything is collected until the verdict is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gate.errors import CannotJudgeError, GateError, UserError
from gate.model.policy import Policy, PublishSettings
from gate.model.verdict import Decision, Verdict
from gate.publish.event import DATA_ONLY, Event, EventContext, contradictions
from gate.publish.publication import Channel, Publication
from gate.report.options import RenderOptions
from gate.stopping import stop_if_told

if TYPE_CHECKING:
    from gate.commands.github import GitHubRun
    from gate.commands.options import Order
    from gate.commands.work import Ran
    from gate.publish.code_scanning import Place
    from gate.publish.publisher import Begun
    from gate.report.progress import PlainProgress

Log = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended. `publication` is None where nothing was to be published; `summary` is the policy's word."""

    ran: Ran
    exit_code: int
    publication: Publication | None = None
    summary: bool = True
    summary_required: bool = False


def exit_code(verdict: Verdict, publication: Publication | None, settings: PublishSettings) -> int:
    """Return 1 where the merge is blocked, 4 where it is not and a required channel is missing, else 0.

    The job summary is written last and by whoever writes it: a required one that cannot be written is theirs to tell.

    Who speaks under the gate's name blocks like a criterion. A policy that is advisory blocks nothing.
    """
    intruders = publication.intruders if publication is not None else ()
    if (verdict.decision is Decision.NO_GO or intruders) and not verdict.advisory:
        return 1
    wanted = tuple(name for name in settings.required if name != Channel.SUMMARY)
    missing = publication.missing(wanted) if publication is not None else ()
    return 4 if missing else 0


def told_on_github(github: GitHubRun, policy: Callable[[], Policy], work: Callable[[], Ran], log: Log) -> Ending:
    """Do the work, and publish what it came to: that it began, the verdict, or that there is none.

    `policy` reads the policy that says which channels there are, `work` collects and judges. Both may raise, and what
    they raise is raised again when GitHub knows that there is no verdict.
    """
    try:
        read = policy()
        accept(github.context, read)
        check_event(github)
    except BaseException as error:
        _no_verdict(_begun(github, PublishSettings(), "", advisory=False, log=log), error)
        raise
    begun = _begun(github, read.publish, read.origin.sha256, advisory=read.advisory, log=log)
    try:
        ran = work()
        stop_if_told()
    except BaseException as error:
        _no_verdict(begun, error)
        raise
    publication = _published(github, begun, ran, read.publish, log)
    return ending_of(ran, publication, read.publish)


def run_on_github(order: Order, github: GitHubRun | None, progress: PlainProgress, log: Log) -> Ending:
    """Collect, judge and publish; without a run on GitHub there is nobody to publish to. Raises GateError."""
    from gate.commands import wiring
    from gate.commands.judged_commit import check_commit, refuse_other_run
    from gate.commands.policy_reading import FoundPolicy, find_policy
    from gate.commands.work import run_by

    if github is not None:
        refuse_other_run(github)
    means = wiring.machine(progress, order.workspace)
    found: list[FoundPolicy] = []

    def policy() -> Policy:
        found.append(find_policy(order, means, github.forge if github is not None else None))
        return found[-1].policy

    def work() -> Ran:
        if github is not None:
            check_commit(order, means, github)
        forge, pull = (github.forge, github.context.pull) if github is not None else (None, None)
        return run_by(found[-1], order, means, progress, forge, pull)

    if github is not None:
        return told_on_github(github, policy, work, log)
    settings = policy().publish
    return ending_of(work(), None, settings)


def ending_of(ran: Ran, publication: Publication | None, settings: PublishSettings) -> Ending:
    """Return how a run ended that came to this."""
    code = exit_code(ran.verdict, publication, settings)
    return Ending(ran, code, publication, settings.summary, "summary" in settings.required)


def accept(context: EventContext, policy: Policy) -> None:
    """Raise UserError for an event that the policy does not accept."""
    if context.event is Event.PULL_REQUEST_TARGET and not policy.trust.data_only:
        raise UserError(DATA_ONLY)


def check_event(github: GitHubRun) -> None:
    """Hold what the event's file says of a pull request against the API.

    A head that moved on is no forgery: the verdict is about the commit that was checked out, and the channels know what
    is stale. Everything else that differs ends the run. Raises CannotJudgeError where GitHub does not answer, since
    what only the file says may have been written by an earlier step.
    """
    from gate.publish.forge_words import ForgeProblem

    context, forge = github.context, github.forge
    if forge is None or context.pull is None or context.comment is not None or context.triggering_run is not None:
        return  # in the second of two stages the pull request is the API's in the first place
    try:
        pull = forge.pull(context.pull)
    except ForgeProblem as problem:
        raise CannotJudgeError(
            f"GitHub {problem.reason}, so what the event says of pull request {context.pull} could not be checked. The "
            "token needs the permission  pull-requests: read."
        ) from problem
    found = contradictions(replace(context, sha=pull.head_sha), pull)
    if found:
        raise CannotJudgeError(
            f"{' '.join(found)} The run that the change of the pull request started judges it as it is now."
        )


def _begun(github: GitHubRun, settings: PublishSettings, sha256: str, *, advisory: bool, log: Log) -> Begun:
    from gate.publish.publisher import begin

    return begin(
        settings=settings,
        context=github.context,
        forge=github.forge,
        job=github.runner.job,
        policy_sha256=sha256,
        advisory=advisory,
        log=log,
    )


def _published(github: GitHubRun, begun: Begun, ran: Ran, settings: PublishSettings, log: Log) -> Publication:
    from gate.publish.publisher import publish

    return publish(
        ran.verdict,
        settings=settings,
        context=github.context,
        forge=github.forge,
        job=github.runner.job,
        rerun=RenderOptions().rerun,
        changed_lines=ran.changed_lines,
        advisory=begun.advisory,
        log=log,
        begun=begun,
        place=place_of(github),
    )


def place_of(github: GitHubRun) -> Place:
    """Return where the run stands, for code scanning: on pull_request the checkout is the test merge."""
    from gate.publish.code_scanning import Place

    merged = github.runner.sha if github.context.event is Event.PULL_REQUEST else None
    return Place(github.context, github.runner.ref, merged)


def _no_verdict(begun: Begun, error: BaseException) -> None:
    """Tell GitHub that there is no verdict. What it cannot be told stays in progress, which blocks as well."""
    from gate.publish.publisher import give_up

    if isinstance(error, GateError):
        reason = str(error)
    elif isinstance(error, KeyboardInterrupt):
        reason = "The gate was stopped."
    else:
        reason = f"This is a fault of the gate ({type(error).__name__})."
    give_up(begun, reason)
