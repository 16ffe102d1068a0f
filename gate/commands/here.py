"""The GitHub run that a command of the command line finds itself in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from typing import TYPE_CHECKING

from gate.settings import read_network, read_runner, refuse_poison, take_token

if TYPE_CHECKING:
    from gate.commands.github import GitHubRun

TOKEN = "GATE_TOKEN"  # noqa: S105 - the name of a variable


def policy_ref_here(environ: Mapping[str, str]) -> str | None:
    """Return the revision that the policy is read from: in a pull request or a merge queue the base branch's."""
    runner = read_runner(environ)
    return f"origin/{runner.base_ref}" if runner is not None and runner.base_ref else None


def github_here(environ: MutableMapping[str, str], log: Callable[[str], None]) -> GitHubRun | None:
    """Return the run of a GitHub runner, with the token of GATE_TOKEN; None where this is none. Raises UserError.

    On a runner GITHUB_TOKEN is not looked at: whoever wants a command of a `run` step to publish says so by name.
    """
    from gate.commands.github import open_run

    runner = read_runner(environ)
    if runner is None or runner.event_path is None:
        return None
    refuse_poison(environ)
    return open_run(runner, take_token(environ, TOKEN), read_network(environ), log)
