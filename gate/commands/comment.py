"""`gate comment`: answer a command in a pull request's conversation (`/gate explain`, `/gate rerun`, `/gate waive`).

Runs on issue_comment, from the default branch, with the rights to write. Who asked and what they wrote is looked up in
the API, since the event's file may have been changed; what they may do is the API's word as well. A waiver becomes a
pull request against the base branch: it holds when somebody has merged it, and not a moment before.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

import click

from gate.commands.options import Order
from gate.errors import CannotJudgeError, GateError, UserError
from gate.publish.conversation import Explain, Rerun, Unclear, Waive, read_command, refusal
from gate.publish.forge_words import ForgeProblem
from gate.report.markdown_text import code, prose

if TYPE_CHECKING:
    from gate.commands.github import GitHubRun
    from gate.commands.policy_reading import FoundPolicy
    from gate.publish.conversation import Command
    from gate.publish.event import CommentEvent, EventContext
    from gate.publish.forge import Forge
    from gate.publish.forge_words import Comment, Pull, WorkflowRun

Log = Callable[[str], None]
_DONE, _REFUSED = "+1", "-1"


@click.command("comment")
@click.option(
    "--workspace", type=click.Path(path_type=Path, file_okay=False), default=Path(), metavar="DIR", help="The checkout."
)
@click.option("--policy", type=click.Path(path_type=Path), metavar="FILE", help="[default: .gate/policy.yml]")
def command(workspace: Path, policy: Path | None) -> int:
    """Answer a command in a pull request's conversation, on a GitHub runner and the event issue_comment.

    The token is taken from GATE_TOKEN.
    """
    from gate.commands.here import github_here

    def say(line: str) -> None:
        click.echo(line, err=True)

    answer(Order(workspace, policy), github_here(os.environ, lambda _line: None), say)
    sys.stderr.flush()
    return 0


@dataclass(frozen=True, slots=True)
class Talk:
    """One command, by whoever gave it, on a pull request as the API knows it."""

    order: Order
    context: EventContext
    forge: Forge
    asked: Comment
    pull: Pull

    def found_policy(self) -> FoundPolicy:
        """Return the policy of the base branch. Raises UserError."""
        from gate.commands.policy_reading import find_policy
        from gate.commands.wiring import machine

        order = replace(self.order, policy_ref=f"origin/{self.pull.base_ref}")
        return find_policy(order, machine(workspace=order.workspace), self.forge)


def answer(order: Order, github: GitHubRun | None, say: Log) -> None:
    """Do what a comment asks for, and answer it once. Raises UserError and CannotJudgeError."""
    if github is None or github.context.comment is None:
        raise UserError("There is no comment to answer: this is for the event issue_comment on a GitHub runner.")
    if github.forge is None:
        raise UserError(f"Answering needs GitHub's API. {github.no_forge}")
    event = github.context.comment
    asks = read_command(event.body)
    if event.action != "created" or asks is None:
        say("The comment is not addressed to the gate; nothing to do.")
        return
    try:
        talk = _talk(order, github.context, github.forge, event)
        if talk is None:
            say("This comment was answered before.")
            return
        told, reaction = _result(asks, talk)
        github.forge.create_comment(event.number, f"{_marker(event.id)}\n{told}\n")
    except ForgeProblem as problem:
        raise CannotJudgeError(
            f"GitHub {problem.reason}, so the comment was not answered. The job needs the permission  pull-requests: "
            "write,  besides  actions: write  for /gate rerun and  contents: write  for /gate waive."
        ) from problem
    with suppress(ForgeProblem):  # the answer is there; a thumb less is no reason to fail
        github.forge.react(event.id, reaction)
    say(f"Answered {type(asks).__name__.lower()}.")


def _talk(order: Order, context: EventContext, forge: Forge, event: CommentEvent) -> Talk | None:
    """Return what is asked as the API knows it, None where it was answered before."""
    viewer = forge.viewer()
    every = forge.comments(event.number)
    asked = next((item for item in every if item.id == event.id), None)
    if asked is None:
        raise UserError("The comment is not there any more; nothing to answer.")
    if asked.author.id != event.author_id or asked.body != event.body:
        raise UserError(
            "The comment is another one by now than the event's file says: it was edited, or an earlier step of this "
            "job changed the file. Write a new comment."
        )
    marker = _marker(event.id)
    if any(item.body.startswith(marker) and item.author.id == viewer.id for item in every):
        return None
    return Talk(order, context, forge, asked, forge.pull(event.number))


def _result(asks: Command, talk: Talk) -> tuple[str, str]:
    """Return what is answered, in Markdown, and the reaction."""
    login = talk.asked.author.login
    own = login.lower() == talk.pull.author.lower()
    refused = refusal(asks, talk.forge.permission(login), own_pull=own)
    if refused is None and isinstance(asks, Rerun | Waive) and talk.pull.state != "open":
        refused = "This pull request is closed; there is nothing to judge any more."
    if refused is not None:
        return refused, _REFUSED
    try:
        match asks:
            case Unclear(reason):
                return prose(reason, 1_000), _REFUSED
            case Explain(criterion):
                return _explained(criterion, talk), _DONE
            case Rerun():
                return _rerun(talk), _DONE
            case Waive():
                return _proposed(asks, talk), _DONE
            case _ as never:
                assert_never(never)
    except GateError as error:
        return f"That was not done: {prose(str(error), 1_000)}", _REFUSED


def _explained(criterion: str, talk: Talk) -> str:
    policy = talk.found_policy().policy
    found = next((item for item in policy.criteria if item.id == criterion), None)
    if found is None:
        from gate.judge.policy_mistakes import did_you_mean

        near = did_you_mean(criterion, [item.id for item in policy.criteria], all_named=0)
        raise UserError(f"The policy of {talk.pull.base_ref} does not judge {criterion}.{near}")
    parameters = ", ".join(code(f"{name}: {value}") for name, value in found.parameters.items())
    lines = [f"**{prose(found.title)}** {code(found.id)} ({found.level.value}, evidence: {code(found.evidence)})"]
    lines += [prose(found.why, 1_000)] if found.why else []
    lines += [f"→ {prose(found.fix, 1_000)}"] if found.fix else []
    lines += [f"Parameters: {parameters}"] if parameters else []
    lines += [f"Switched off: {prose(found.disabled)}"] if found.disabled is not None else []
    return "\n\n".join(lines)


def _rerun(talk: Talk) -> str:
    """Run the newest run again that set our status on the head; whose it is GitHub says, not the comment."""
    from gate.publish.identity import Identity
    from gate.publish.marks import run_of_url
    from gate.publish.status import context_of, newest

    name = talk.found_policy().policy.publish.name
    statuses = talk.forge.statuses(talk.pull.head_sha)
    status = newest(statuses, context_of(name, talk.pull.base_ref), Identity(talk.forge))
    run = run_of_url(status.target_url, talk.context) if status is not None else None
    if run is None or not _is_about(talk, talk.forge.workflow_run(run[0])):
        raise UserError(
            f"There is no status of the gate on {talk.pull.head_sha[:12]} that says which run to repeat. Start the "
            "workflow by hand, or push."
        )
    try:
        talk.forge.rerun(run[0])
    except ForgeProblem as problem:
        raise UserError(
            f"Run {run[0]} was not started again: GitHub {problem.reason}. A run that is not over yet cannot be; else "
            "the job needs the permission  actions: write."
        ) from problem
    return f"Judging {code(talk.pull.head_sha[:12])} once more, in run {run[0]}."


def _is_about(talk: Talk, run: WorkflowRun) -> bool:
    """Whether a run judges this pull request, as far as GitHub tells: any job could have set a status with its address.

    A second stage's run is about the tip of the default branch.
    """
    if run.event == "workflow_run":
        return (run.head_repository or "").lower() == talk.context.repository.lower()
    return run.event in ("pull_request", "pull_request_target") and run.head_sha == talk.pull.head_sha


def _proposed(asks: Waive, talk: Talk) -> str:
    """Write the waiver to a branch of its own and open a pull request; nothing is waived by that alone."""
    from gate.commands.waive import add_waiver, waiver_files
    from gate.commands.wiring import now
    from gate.judge.waiver_days import day_of
    from gate.model.policy import Waiver

    found = talk.found_policy()
    data = found.source.read(found.path) if found.path is not None else None
    commit = found.source.origin.commit
    if found.path is None or data is None or commit is None or found.source.origin.repository:
        raise UserError(f"{talk.pull.base_ref} has no policy file of its own that a waiver could belong to.")
    today = day_of(now())
    login = talk.asked.author.login
    waiver = Waiver(asks.criterion, asks.reason, login, asks.until.isoformat(), talk.asked.url, (), today.isoformat())
    files = {name: content for name in waiver_files(data) if (content := found.source.read(name)) is not None}
    written = add_waiver(data, found.path, files, waiver, today)
    if not written.names_it:
        raise UserError(f"The policy names no file of waivers. Add  waivers: {written.file}  to {found.path} first.")
    branch = f"readiness-gate/waive-{asks.criterion}-{talk.asked.id}"
    title = f"Waive {asks.criterion} until {asks.until.isoformat()}"
    try:
        talk.forge.propose_file(written.file, written.after, title, branch, commit)
    except ForgeProblem as problem:
        raise UserError(
            f"The waiver was not written to the branch {branch}: GitHub {problem.reason}. Is it there already? Else "
            "the job needs the permission  contents: write."
        ) from problem
    body = (
        f"Asked for on pull request {talk.pull.number} by {code(login)}: {code(asks.reason, 500)}\n\n"
        f"Nothing is waived until this is merged into {code(talk.pull.base_ref)}."
    )
    try:
        pull = talk.forge.open_pull(title, body, branch, talk.pull.base_ref)
    except ForgeProblem as problem:
        return (
            f"The waiver is on the branch {code(branch)}; open a pull request from it. This job could not: GitHub "
            f"{prose(problem.reason)} (Settings › Actions › General › Allow GitHub Actions to create pull requests)."
        )
    return (
        f"The waiver is proposed in #{pull.number}. It holds when that is merged and this one is judged again. GitHub "
        "starts no workflow for what a job opens: close it and open it again to have it judged."
    )


def _marker(comment: int) -> str:
    return f"<!-- readiness-gate:answer {comment} -->"
