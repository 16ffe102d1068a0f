"""All endpoints: importing this module registers them."""

from __future__ import annotations

from tests.support.github_server import (
    action_endpoints,
    check_endpoints,
    git_endpoints,
    issue_endpoints,
    meta_endpoints,
    pull_endpoints,
    repo_endpoints,
)

ALL = (
    action_endpoints,
    check_endpoints,
    git_endpoints,
    issue_endpoints,
    meta_endpoints,
    pull_endpoints,
    repo_endpoints,
)
