"""A GitHub of the tests' own: a stateful HTTP server on the loopback interface.

    def test_publishes(hub):                                  # octo/shop, #7 from a branch, #8 from a fork
        run(GITHUB_API_URL=hub.url, INPUT_TOKEN="job")        # tokens are words: job, fork, reader, person, other …
        hub.fault("POST", "/statuses/", faults.server_error(502, effect=True))   # the 1st; nth=0 for every one
        hub.fault("PATCH", "/check-runs/", faults.meanwhile(lambda: hub.repository().commit("feature", {"a": "b"})), 2)
        with hub.down(): ...                                  # connection refused
        assert hub.repository().statuses[-1].state == "success"                  # state: pulls, checks, comments, …
        print(hub.log.table()); assert hub.log.count("POST", "/comments$") == 1; assert hub.log.points < 100

`hub.url` is the server itself, `hub.checked_url` (fixture `checked_hub`) the same behind Prism, which holds every
request and answer against GitHub's own OpenAPI description. `hub.storage_url` is the other host of downloads;
`hub.storage_log` tells what it was asked. `repository.push(folder, "HEAD", "main")` takes over a real git repository.
`events.pull_request(hub, 7).environment(folder)` writes the event's file and gives the runner's GITHUB_* variables.
`add_comment`, `add_check`, `add_run`, `add_artifact`, `protect`, `require_by_ruleset` make what others left there.
"""

from __future__ import annotations

from tests.support.github_server import faults
from tests.support.github_server.action_endpoints import add_artifact, add_run, expire
from tests.support.github_server.check_endpoints import add_check, new_suite
from tests.support.github_server.faults import Fault
from tests.support.github_server.hub import Hub
from tests.support.github_server.issue_endpoints import add_comment
from tests.support.github_server.people import ACTIONS, ACTIONS_BOT, JOB_PERMISSIONS, READ_ONLY
from tests.support.github_server.repo_endpoints import add_rule, protect, require_by_ruleset
from tests.support.github_server.repository import Repository
from tests.support.github_server.shop import shop

__all__ = [
    "ACTIONS",
    "ACTIONS_BOT",
    "JOB_PERMISSIONS",
    "READ_ONLY",
    "Fault",
    "Hub",
    "Repository",
    "add_artifact",
    "add_check",
    "add_comment",
    "add_rule",
    "add_run",
    "expire",
    "faults",
    "new_suite",
    "protect",
    "require_by_ruleset",
    "shop",
]
