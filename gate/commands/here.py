"""The GitHub run that a command of the command line finds itself in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from typing import TYPE_CHECKING

from gate.errors import UserError
from gate.settings import Runner, read_network, read_runner, refuse_poison, take_token

if TYPE_CHECKING:
    from gate.commands.github import GitHubRun

TOKEN = "GATE_TOKEN"  # noqa: S105 - the name of a variable
_OF_A_CHANGE = ("pull_request", "pull_request_target", "merge_group")
"""Events of which the checkout holds a change that is not merged yet."""


def policy_ref_here(environ: Mapping[str, str]) -> str | None:
    """Return the revision that the policy is read from: in a pull request or a merge queue the base branch's.

    Raises UserError where there must be one and the runner does not say it.
    """
    return policy_ref_of(read_runner(environ))


def policy_ref_of(runner: Runner | None) -> str | None:
    """Return the same for a runner, None where the policy of the checkout counts. Raises UserError."""
    if runner is None:
        return None
    if not runner.base_ref and runner.event_name in _OF_A_CHANGE:
        raise UserError(
            f"The event is {runner.event_name}, and neither GITHUB_BASE_REF nor GITHUB_REF says which branch the "
            "change is to be merged into. Without that it would be judged by its own policy. Is this a GitHub runner?"
        )
    return f"origin/{runner.base_ref}" if runner.base_ref else None


def github_here(
    environ: MutableMapping[str, str], log: Callable[[str], None], *, without_token: bool = True
) -> GitHubRun | None:
    """Return the run of a GitHub runner, with the token of GATE_TOKEN; None where this is none. Raises UserError.

    Where `without_token` is False, there is none either as long as nobody handed in a token.

    On a runner GITHUB_TOKEN is not looked at: whoever wants a command of a `run` step to publish says so by name.
    """
    from gate.commands.github import open_run

    runner = read_runner(environ)
    if runner is None or runner.event_path is None:
        return None
    token = take_token(environ, TOKEN)
    if not token and not without_token:
        return None
    refuse_poison(environ)
    return open_run(runner, token, read_network(environ), log)
