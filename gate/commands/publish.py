"""`gate publish`: judge bundles that other jobs made, and publish the verdict on GitHub."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gate.commands.options import Order, publish_options
from gate.errors import UserError
from gate.model.policy import Phase

if TYPE_CHECKING:
    from gate.commands.github import GitHubRun
    from gate.commands.on_github import Ending
    from gate.report.progress import PlainProgress


@click.command("publish")
@publish_options
def command(
    bundle: Path | None,
    artifact: str,
    workspace: Path,
    policy: Path | None,
    policy_from: str | None,
    profile: str | None,
    phase: Phase,
    only: tuple[str, ...],
    format_: str,
    output: Path | None,
    reports: tuple[tuple[str, Path], ...],
    no_publish: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Judge bundles that `gate collect` made in other jobs, and publish the verdict on GitHub.

    With --bundle DIR: that bundle, or all those in folders of DIR (the legs of a matrix). Without it, in a
    workflow_run: the artefact of the run that ended, for the pull requests that it was about. The token is taken from
    GATE_TOKEN.
    """
    from gate.commands.here import github_here, policy_ref_here
    from gate.commands.work import progress_for, tell

    order = Order(
        workspace, policy, profile, only, phase, bundle=bundle, format=format_, output=output, reports=reports,
        quiet=quiet, verbose=verbose, publish=not no_publish, policy_from=policy_from,
        policy_ref=policy_ref_here(os.environ),
    )  # fmt: skip
    progress = progress_for(order, sys.stderr)
    github = github_here(os.environ, progress.log) if order.publish else None
    endings = published(order, github, artifact, progress, lambda line: click.echo(line, err=True))
    for ending in endings:
        tell(ending.ran.verdict, order)
    return max((ending.exit_code for ending in endings), default=0)


def published(
    order: Order, github: GitHubRun | None, artifact: str, progress: PlainProgress, log: Callable[[str], None]
) -> tuple[Ending, ...]:
    """Judge and publish what the order names: a folder of bundles, or what the run that ended left."""
    from gate.commands.folder_stage import of_folder
    from gate.commands.second_stage import judge_first_stage

    if order.bundle is not None:
        return (of_folder(order, order.bundle, github, progress, log),)
    if github is None:
        raise UserError("There is nothing to judge: name a folder with --bundle, or run in a workflow_run on GitHub.")
    return judge_first_stage(order, github, artifact, progress, log)
