"""`gate evaluate`: judge a bundle that `collect` made."""

from __future__ import annotations

import os
from pathlib import Path

import click

from gate.commands.options import Order, evaluate_options
from gate.model.policy import Phase


@click.command("evaluate")
@evaluate_options
def command(
    bundle: Path,
    workspace: Path,
    policy: Path | None,
    policy_from: str | None,
    profile: str | None,
    phase: Phase,
    only: tuple[str, ...],
    format_: str,
    output: Path | None,
    reports: tuple[tuple[str, Path], ...],
    quiet: bool,
    verbose: bool,
) -> int:
    """Judge a bundle by the policy of the workspace, and report the verdict. Nothing is collected.

    In a pull request's job on a GitHub runner the policy is the base branch's.
    """
    from gate.collect.bundle import read_bundle
    from gate.commands import wiring
    from gate.commands.here import policy_ref_here
    from gate.commands.work import exit_code, tell
    from gate.pipeline import judge

    order = Order(
        workspace, policy, profile, only, phase,
        format=format_, output=output, reports=reports, quiet=quiet, verbose=verbose,
        policy_from=policy_from, policy_ref=policy_ref_here(os.environ),
    )  # fmt: skip
    judged_by = wiring.read_policy(order, wiring.machine(workspace=order.workspace))
    verdict = judge(judged_by, read_bundle(bundle, wiring.validate), now=wiring.now(), phase=phase, only=only)
    tell(verdict, order)
    return exit_code(verdict)
