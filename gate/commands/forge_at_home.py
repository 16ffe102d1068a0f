"""The forge of a command that no runner started: for reading policies of other repositories, with one's own token."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gate.settings import Runner, api_at_home, read_network, read_runner, token_at_home

if TYPE_CHECKING:
    from gate.publish.forge import Forge


def forge_at_home(repository: str) -> Forge | None:
    """Return GitHub, as GITHUB_TOKEN's owner, for reading a repository; None on a runner and without a token."""
    from gate.commands.github import open_forge

    token = token_at_home(os.environ)
    if read_runner(os.environ) is not None or not token:
        return None
    url = api_at_home(os.environ)
    here = Runner(None, None, "", repository, "", "", "", api_url=url, graphql_url=f"{url}/graphql")
    return open_forge(here, token, read_network(os.environ))
