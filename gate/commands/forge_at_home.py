"""The forge of a command that no runner started: for reading policies of other repositories, with one's own token."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gate.errors import UserError
from gate.settings import Runner, api_at_home, read_network, read_runner, token_at_home

if TYPE_CHECKING:
    from gate.commands.github import GitHubRun
    from gate.publish.forge import Forge


def forge_at_home(repository: str) -> Forge | None:
    """Return GitHub, as GITHUB_TOKEN's owner, for reading a repository; None on a runner and without a token."""
    from gate.commands.github import open_forge

    token = token_at_home(os.environ)
    if read_runner(os.environ) is not None or not token:
        return None
    return open_forge(_runner(repository), token, read_network(os.environ))


def run_at_home(repository: str, branch: str) -> GitHubRun:
    """Return what stands for a run where there is none: a repository and a branch of it, "" for the default one.

    Its runner has no event. Raises UserError without a token.
    """
    from gate.commands.github import GitHubRun
    from gate.publish.event import Event, EventContext
    from gate.publish.forge_words import ForgeProblem

    forge = forge_at_home(repository)
    if forge is None:
        raise UserError(
            f"{repository} is looked at through GitHub's API; set GITHUB_TOKEN to a token that may read it."
        )
    try:
        branch = branch or forge.repository().default_branch
        sha = forge.resolve(f"heads/{branch}")
    except ForgeProblem as problem:
        raise UserError(f"GitHub {problem.reason}. Check --repository, --branch and the token.") from problem
    context = EventContext(Event.WORKFLOW_DISPATCH, "", repository, sha, branch, run_id=0, attempt=0)
    return GitHubRun(_runner(repository), context, forge)


def _runner(repository: str) -> Runner:
    """Return a runner that knows a repository and the addresses of its GitHub, and no event."""
    url, site = api_at_home(os.environ), os.environ.get("GITHUB_SERVER_URL", "").rstrip("/")
    there = site or ("https://github.com" if url == "https://api.github.com" else url.removesuffix("/api/v3"))
    graphql = f"{url.removesuffix('/v3')}/graphql"
    return Runner(None, None, "", repository, "", "", "", server_url=there, api_url=url, graphql_url=graphql)
