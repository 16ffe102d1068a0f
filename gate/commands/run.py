"""`gate run`: collect, judge and report."""

from __future__ import annotations

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

    The exit code is 0 for go and conditional, 1 for no_go.
    """
    from gate.commands.work import exit_code, progress_for, run, tell

    order = Order(
        workspace, policy, profile, only, phase, base, evidence, bundle, format_, output, reports, quiet, verbose,
        publish=not no_publish, cache_dir=cache_dir, policy_from=policy_from,
    )  # fmt: skip
    progress = progress_for(order, sys.stderr)
    verdict = run(order, progress)
    tell(verdict, order, progress.seconds)
    return exit_code(verdict)
