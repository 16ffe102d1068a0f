"""The GitHub action: inputs in, outputs and job summary out. Every output is written, even when the gate falls over."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gate.commands.action_inputs import DEFAULT_BUNDLE, command_of, order_of
from gate.commands.options import ARTIFACT, Order
from gate.errors import GateError, NotPublishedError
from gate.model.verdict import Verdict
from gate.publish.actions import SUMMARY_LIMIT, command, neutralise, summary_room, write_outputs, write_summary
from gate.publish.publication import Channel, ChannelState, Publication
from gate.settings import ActionInputs, Runner, read_inputs, read_network, read_runner, refuse_poison, take_token
from gate.stopping import NO_VERDICT, stop_if_told, told_to_stop

if TYPE_CHECKING:
    from gate.commands.github import GitHubRun
    from gate.commands.on_github import Ending
    from gate.report.progress import GroupedProgress

WORKSPACE = Path("/github/workspace")
REPORTS = Path(".gate-reports")
"""Where the two reports are left, from the workspace's root: the next step sees the same path, on the host too."""
OUTPUTS = ("verdict", "score", "failed", "report_json", "report_markdown", "published", "bundle")


@dataclass(frozen=True, slots=True)
class Result:
    """The action's outputs, those that are not named being empty, and its exit code."""

    exit_code: int
    outputs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Job:
    """One run of the action."""

    inputs: ActionInputs
    runner: Runner | None
    workspace: Path
    network: Mapping[str, str]


NOTHING = Result(NO_VERDICT, {"verdict": "error"})


def run_action(environ: MutableMapping[str, str], workspace: Path = WORKSPACE) -> int:
    """Run as an action and return the exit code, which is what a required check enforces."""
    result = NOTHING
    runner = read_runner(environ)
    token = take_token(environ)
    try:
        refuse_poison(environ)
        inputs = replace(read_inputs(environ), token=token)
        result = _done(Job(inputs, runner, workspace, read_network(environ)))
        stop_if_told()
    except GateError as error:
        _say(command("error", str(error), title="Readiness Gate"))
        result = Result(NO_VERDICT if told_to_stop() else error.exit_code, NOTHING.outputs)
    except KeyboardInterrupt:
        result = NOTHING
        _say(command("error", "The gate was stopped before a verdict.", title="Readiness Gate"))
    except Exception as error:  # noqa: BLE001 - the outputs below must be written whatever happened
        import traceback

        for line in traceback.format_exc().splitlines():
            _say(neutralise(line))
        text = f"This is a fault of the gate ({type(error).__name__}); no verdict was reached. Please report it."
        _say(command("error", text, title="Readiness Gate"))
    if runner is not None and runner.output is not None:
        try:
            write_outputs(runner.output, dict.fromkeys(OUTPUTS, "") | dict(result.outputs))
        except GateError as error:
            _say(command("error", str(error), title="Readiness Gate"))
            return result.exit_code or error.exit_code
    return result.exit_code


def _done(job: Job) -> Result:
    """Do what the input `command` says."""
    work: Mapping[str, Callable[[Job], Result]] = {
        "run": _judged,
        "collect": _collected,
        "publish": _published,
        "comment": _answered,
        "doctor": _examined,
    }
    return work[command_of(job.inputs)](job)


def _judged(job: Job) -> Result:
    from gate.commands.on_github import run_on_github

    order, progress = _ordered(job)
    github = _github(job, order, progress)
    ending = run_on_github(order, github, progress, _say)
    return _told(job, order, (ending,), progress.seconds)


def _collected(job: Job) -> Result:
    from gate.commands.work import collect_for_policy

    order, progress = _ordered(job)
    order = replace(order, bundle=order.bundle or job.workspace / DEFAULT_BUNDLE)
    github = _github(job, order, progress) if job.inputs.token else None
    collect_for_policy(order, progress, github.forge if github is not None else None)
    assert order.bundle is not None
    return Result(0, {"bundle": str(order.bundle.relative_to(job.workspace))})


def _published(job: Job) -> Result:
    from gate.commands.publish import published

    order, progress = _ordered(job)
    github = _github(job, order, progress)
    endings = published(order, github, job.inputs.artifact or ARTIFACT, progress, _say)
    return _told(job, order, endings, progress.seconds)


def _answered(job: Job) -> Result:
    from gate.commands.comment import answer

    order, progress = _ordered(job)
    answer(order, _github(job, order, progress), _say)
    return Result(0, {})


def _examined(job: Job) -> Result:
    from gate.commands.doctor_github import examine

    order, progress = _ordered(job)
    return Result(examine(order, _github(job, order, progress), print), {})


def _ordered(job: Job) -> tuple[Order, GroupedProgress]:
    from gate.report.progress import GroupedProgress

    return order_of(job.inputs, job.runner, job.workspace), GroupedProgress(sys.stderr, neutralise=neutralise)


def _github(job: Job, order: Order, progress: GroupedProgress) -> GitHubRun | None:
    """Return the run on GitHub, None where nothing is to be published or this is no runner."""
    from gate.commands.github import open_run

    if job.runner is None or not order.publish or (job.runner.event_path is None and not job.inputs.token):
        return None
    return open_run(job.runner, job.inputs.token, job.network, progress.log if order.verbose else lambda _line: None)


def _told(job: Job, order: Order, endings: Sequence[Ending], seconds: Mapping[str, float]) -> Result:
    """Write the reports, the summary and the outputs of what was judged; the worst of several is the action's."""
    from gate.commands.work import file_options, tell, text_of
    from gate.publish.files import write_report

    if not endings:
        return Result(0, {})
    worst = max(endings, key=lambda ending: (ending.exit_code, -ending.ran.verdict.score))
    verdict = worst.ran.verdict
    for ending in endings:
        tell(ending.ran.verdict, order, seconds)
    summarised = [_summarise(job.runner, ending) for ending in endings]
    written = {}
    stop_if_told()
    for name, file in (("json", "verdict.json"), ("markdown", "verdict.md")):
        write_report(job.workspace / REPORTS / file, text_of(verdict, name, file_options()), job.workspace)
        written[name] = str(REPORTS / file)
    outputs = {
        "verdict": verdict.decision.value,
        "score": f"{verdict.score:g}",
        "failed": str(len(verdict.blocked_by)),
        "report_json": written["json"],
        "report_markdown": written["markdown"],
        "published": _channels(endings),
    }
    if order.bundle is not None and command_of(job.inputs) == "run":
        outputs["bundle"] = str(order.bundle.relative_to(job.workspace))
    return Result(worst.exit_code or (0 if all(summarised) else NotPublishedError.exit_code), outputs)


def _channels(endings: Sequence[Ending]) -> str:
    """Return the channels that every one of the verdicts was published to."""
    each = [
        {item.channel for item in ending.publication.results if item.state is ChannelState.PUBLISHED}
        if ending.publication is not None
        else set()
        for ending in endings
    ]
    shown = set.intersection(*each) - {Channel.LOG}
    return ",".join(channel.value for channel in Channel if channel in shown)


def _summarise(runner: Runner | None, ending: Ending) -> bool:
    """Write the job summary, and what blocks onto the run's page where no channel did that.

    Returns False where the policy requires the summary and there is none.
    """
    if ending.publication is None:
        _annotate(ending.ran.verdict)
    if runner is None or runner.summary is None or not ending.summary:
        return runner is None or not ending.summary_required
    try:
        write_summary(runner.summary, _summary(ending.ran.verdict, ending.publication, summary_room(runner.summary)))
    except NotPublishedError as error:
        _say(command("error" if ending.summary_required else "warning", str(error), title="Readiness Gate"))
        return not ending.summary_required
    return True


def _summary(verdict: Verdict, publication: Publication | None, room: int) -> str:
    """Return the job summary: what GitHub would drop whole is cut before."""
    from gate.commands.work import file_options
    from gate.publish.telling import notes_of
    from gate.report.markdown import MINIMUM_BUDGET, render

    options = replace(file_options(), budget=max(MINIMUM_BUDGET, min(room, SUMMARY_LIMIT)), advisory=verdict.advisory)
    if publication is not None:
        options = replace(options, alarms=publication.intruders, extra_notes=notes_of(publication))
    return render(verdict, options)


def _annotate(verdict: Verdict) -> None:
    """Put what blocks onto the run's page: GitHub shows ten errors of a step."""
    for item in verdict.criteria:
        if item.id in verdict.blocked_by:
            _say(command("error", neutralise(item.reason).removeprefix("| "), title=f"{item.id} blocks"))


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
