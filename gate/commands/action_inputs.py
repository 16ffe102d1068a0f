"""The inputs of the action as an order: every path from the workspace's root, every word one that there is."""

from __future__ import annotations

import os
from pathlib import Path

from gate.commands.options import Order
from gate.errors import UserError
from gate.model.policy import Phase
from gate.settings import ActionInputs, Runner, flag, lines

COMMANDS = ("run", "collect", "publish", "comment", "doctor")
DEFAULT_BUNDLE = ".gate-bundle"
"""Where the command collect leaves the bundle when no folder is named."""


def command_of(inputs: ActionInputs) -> str:
    """Return what the action is to do. Raises UserError."""
    command = inputs.command or "run"
    if command not in COMMANDS:
        raise UserError(f"The input command is {inputs.command!r}; the commands are {', '.join(COMMANDS)}.")
    return command


def order_of(inputs: ActionInputs, runner: Runner | None, workspace: Path) -> Order:
    """Return what the inputs ask for. Raises UserError."""
    from gate.commands.here import policy_ref_of
    from gate.commands.options import PROFILES, kinds, report_pair

    if inputs.profile and inputs.profile not in PROFILES:
        raise UserError(f"The input profile is {inputs.profile!r}; the profiles are {', '.join(PROFILES)}.")
    phases = [phase.value for phase in Phase]
    if inputs.phase and inputs.phase not in phases:
        raise UserError(f"The input phase is {inputs.phase!r}; the phases are {', '.join(phases)}.")
    # GITHUB_BASE_REF is set in pull requests only, and the runner sets it last: no step can write another one.
    target = policy_ref_of(runner)
    return Order(
        workspace=workspace,
        policy=_in_workspace("policy", inputs.policy, workspace),
        policy_from=inputs.policy_ref or None,
        profile=inputs.profile or None,
        only=kinds(inputs.only),
        phase=Phase(inputs.phase or "pre-merge"),
        base=inputs.base or target,
        policy_ref=target,
        evidence=lines(inputs.evidence),
        bundle=_in_workspace("bundle", inputs.bundle, workspace),
        cache_dir=_in_workspace("cache_dir", inputs.cache_dir, workspace),
        reports=tuple(
            (name, _below("reports", str(path), workspace)) for name, path in map(report_pair, lines(inputs.reports))
        ),
        verbose=flag("verbose", inputs.verbose) or bool(runner and runner.debug),
        publish=flag("publish", inputs.publish or "true"),
    )


def _in_workspace(name: str, text: str, workspace: Path) -> Path | None:
    return _below(name, text, workspace) if text else None


def _below(name: str, text: str, workspace: Path) -> Path:
    """Return a path of an input; it is one from the workspace's root, since no other exists on both sides."""
    root = os.path.abspath(workspace)  # noqa: PTH100 - without following links, unlike resolve()
    path = os.path.abspath(workspace / text)  # noqa: PTH100
    if "\0" in text or not path.startswith(f"{root}/"):
        raise UserError(f"The input {name} names {text!r}; name a path from the workspace's root.")
    return Path(path)
