"""`gate replay`: judge the last merged commits by the policy as it stands, for rolling it out."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gate.commands.options import ARTIFACT, PROFILES, Order, only_option
from gate.errors import CannotJudgeError, UserError

if TYPE_CHECKING:
    from gate.collect.git_history import PastCommit
    from gate.commands.past import Evidences, Replay
    from gate.model.forecast import Forecast, PastJudgement
    from gate.model.policy import Policy
    from gate.publish.forge import Forge

Log = Callable[[str], None]
MOST = 500
_AS_OF_NOW = (
    "Everything is judged as of today: the waivers that hold now, what is known of dependencies now, the age of "
    "documents as it is now."
)
_ADVISORY = "The policy is advisory, so it blocks nothing yet; this is what it would block without that."


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says beside the order."""

    last: int
    branch: str
    bundles: Path | None = None
    repository: str = ""
    artifact: str = ARTIFACT


@click.command("replay")
@click.option("--last", type=click.IntRange(1, MOST), default=10, show_default=True, metavar="N", help="How many.")
@click.option("--branch", default="HEAD", show_default=True, metavar="REV", help="The branch that they were merged to.")
@click.option(
    "--workspace", type=click.Path(path_type=Path, file_okay=False), default=Path(), metavar="DIR", help="The checkout."
)
@click.option("--policy", type=click.Path(path_type=Path), metavar="FILE", help="[default: .gate/policy.yml]")
@click.option("--profile", type=click.Choice(PROFILES), help="The profile to judge by when there is no policy file.")
@only_option
@click.option(
    "--bundles",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Bundles that past runs left, in folders of it; which commit one is of its manifest says.",
)
@click.option(
    "--repository",
    default="",
    metavar="OWNER/NAME",
    help="Take the bundles from the artefacts of past runs on GitHub, with the token in GITHUB_TOKEN (on a runner: "
    "GATE_TOKEN, without this option).",
)
@click.option("--artifact", default=ARTIFACT, show_default=True, metavar="NAME", help="The artefacts' name there.")
@click.option("--format", "format_", type=click.Choice(["console", "json", "markdown"]), default="console")
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write it there instead."
)
def command(
    last: int,
    branch: str,
    workspace: Path,
    policy: Path | None,
    profile: str | None,
    only: tuple[str, ...],
    bundles: Path | None,
    repository: str,
    artifact: str,
    format_: str,
    output: Path | None,
) -> int:
    """Judge the last merged commits by the policy as it stands, and tell which would have been blocked and why.

    A forecast, for rolling a policy out: nothing is published, and the exit code is 0 whatever it says. What only the
    run of that time could tell (tests, coverage) comes from its bundle; where there is none it is told as not known.
    """
    from gate.publish.files import write_report

    def say(line: str) -> None:
        click.echo(line, err=True)

    order = Order(workspace, policy, profile, only, format=format_, output=output)
    forecast = replayed(order, Asked(last, branch, bundles, repository, artifact), say)
    text = text_of(forecast, format_)
    if output is not None:
        write_report(output, text, workspace)
    else:
        sys.stdout.write(text)
    if not forecast.judged:
        raise CannotJudgeError(f"None of the {len(forecast.commits)} commits could be judged; the report says why.")
    return 0


def replayed(order: Order, asked: Asked, say: Log) -> Forecast:
    """Judge the commits that are asked for. Raises UserError and CannotJudgeError."""
    from gate.commands import wiring
    from gate.model.forecast import Forecast
    from gate.pipeline import stamp
    from gate.stopping import stop_if_told

    policy = wiring.read_policy(order, wiring.machine(workspace=order.workspace))
    with _replay(order, policy, asked, say) as (replay, commits):
        judged: list[PastJudgement] = []
        for commit in commits:
            stop_if_told()
            begun = time.monotonic()
            judged.append(replay.judged(commit))
            word = judged[-1].decision.value if judged[-1].decision is not None else "not judged"
            say(f"{commit.id[:8]}: {word} ({time.monotonic() - begun:.1f} s)")
        notes = (_AS_OF_NOW, *((_ADVISORY,) if policy.advisory else ()))
        moment = stamp(replay.means.now())
        return Forecast(asked.branch, policy.name, policy.origin, moment, tuple(judged), notes)


@contextmanager
def _replay(order: Order, policy: Policy, asked: Asked, say: Log) -> Iterator[tuple[Replay, tuple[PastCommit, ...]]]:
    """Give what the commits are judged with, and the commits. Results of scanners are kept from one to the next."""
    from gate.collect.folder_cache import FolderCache
    from gate.collect.git_history import History
    from gate.collect.isolation import user_for_children
    from gate.collect.process import ToolProblem
    from gate.collect.tools import SystemToolbox
    from gate.commands import wiring
    from gate.commands.past import Replay
    from gate.judge.requests import requests
    from gate.settings import read_runner

    means = wiring.machine(workspace=order.workspace)
    repository = wiring.open_repository(wiring.open_tree(order.workspace, means), means)
    try:
        commit = repository.resolve(asked.branch)
        if commit is None:
            raise UserError(f"{asked.branch} names no commit of this repository; name a branch with --branch.")
        history = History(order.workspace, means.runner, means.tools.find("git"))
        commits = history.first_parents(commit, asked.last)
    except ToolProblem as problem:
        raise CannotJudgeError(f"The history of {asked.branch} cannot be read: {problem}.") from problem
    below = order.workspace.resolve().relative_to(history.top)
    with tempfile.TemporaryDirectory(prefix="gate-replay-cache-", ignore_cleanup_errors=True) as folder:
        cache = FolderCache(Path(folder) / "cache", "this replay", means.now, lambda _line: None)
        means = replace(means, cache=cache, tools=SystemToolbox(means.runner, cache=cache))
        evidences = tuple(_evidences(asked, policy, say))
        shared = user_for_children(order.workspace, on_runner=read_runner(os.environ) is not None) is not None
        yield Replay(order, policy, requests(policy), history, below, means, evidences, shared, say), commits


def _evidences(asked: Asked, policy: Policy, say: Log) -> Iterator[Evidences]:
    from gate.commands.past_evidence import OnGitHub, read_saved

    if asked.bundles is not None:
        yield read_saved(asked.bundles, say)
    forge = _forge(asked)
    if forge is not None:
        yield OnGitHub(forge, policy.trust, asked.artifact, say)


def _forge(asked: Asked) -> Forge | None:
    """Return GitHub where artefacts are to be taken from there. Raises UserError."""
    from gate.commands.forge_at_home import forge_at_home
    from gate.commands.here import TOKEN, github_here

    run = github_here(os.environ, lambda _line: None) if os.environ.get(TOKEN) else None
    if run is not None:
        if asked.repository and asked.repository.lower() != run.context.repository.lower():
            raise UserError(f"This is a run of {run.context.repository}; its token reads no artefacts of others.")
        return run.forge
    if not asked.repository:
        return None
    forge = forge_at_home(asked.repository)
    if forge is None:
        raise UserError(
            f"The artefacts of {asked.repository} are read with a token; set GITHUB_TOKEN, or GATE_TOKEN on a runner."
        )
    return forge


def text_of(forecast: Forecast, format_: str) -> str:
    """Return the forecast as console, json or markdown; the JSON is held against its schema before."""
    import json

    from gate.commands.work import check
    from gate.report.forecast import console, markdown
    from gate.report.forecast_json import forecast_document

    if format_ != "json":
        return markdown(forecast) if format_ == "markdown" else console(forecast)
    document = forecast_document(forecast)
    check("replay", document)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
