"""`gate run`: collect, judge and report."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from gate.commands.options import Order, run_options
from gate.model.policy import Phase


@click.command("run")
@run_options
def command(
    workspace: Path,
    policy: Path | None,
    policy_from: str | None,
    profile: str | None,
    phase: Phase,
    only: tuple[str, ...],
    base: str | None,
    evidence: tuple[str, ...],
    bundle: Path | None,
    cache_dir: Path | None,
    format_: str,
    output: Path | None,
    reports: tuple[tuple[str, Path], ...],
    no_publish: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Collect evidence, judge it by the policy, and report the verdict.

    The exit code is 0 for go and conditional, 1 for no_go. On a GitHub runner the verdict is published with the token
    in GATE_TOKEN.
    """
    from gate.commands.here import github_here, policy_ref_here
    from gate.commands.on_github import run_on_github
    from gate.commands.work import progress_for, tell

    order = Order(
        workspace, policy, profile, only, phase, base, evidence, bundle, format_, output, reports, quiet, verbose,
        publish=not no_publish, cache_dir=cache_dir, policy_from=policy_from,
        policy_ref=policy_ref_here(os.environ),
    )  # fmt: skip
    progress = progress_for(order, sys.stderr)
    github = github_here(os.environ, progress.log, without_token=False) if order.publish else None
    ending = run_on_github(order, github, progress, lambda line: click.echo(line, err=True))
    tell(ending.ran.verdict, order, progress.seconds)
    return ending.exit_code
