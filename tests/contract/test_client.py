"""Every request that the gate's client can make, held against GitHub's own description of its API."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest

from gate.publish.forge import Forge
from gate.publish.forge_github import GitHub
from gate.publish.forge_words import Sarif, Status
from gate.settings import Secret
from tests.publish.forge_clients import ANNOTATIONS, OUTPUT
from tests.support.github_server import Hub, add_artifact, add_check, add_comment, add_run, require_by_ruleset

Call = Callable[[GitHub, Hub], object]


def client(hub: Hub, token: str) -> GitHub:
    url = hub.checked_url
    return GitHub("octo/shop", Secret(token), api_url=url, graphql_url=f"{url}/graphql", sleep=lambda _: None)


def sha(hub: Hub, branch: str = "feature") -> str:
    return hub.repository().branch(branch)


def comment(hub: Hub) -> int:
    return add_comment(hub.repository(), 7, "Old", hub.world.user("github-actions[bot]")).id


def started(hub: Hub) -> int:
    own = hub.world.app("github-actions")
    return add_check(hub.repository(), own, sha(hub), "Gate", conclusion=None).id


def run(hub: Hub) -> int:
    return add_run(hub.repository(), sha(hub), branch="feature").id


def artifact(hub: Hub) -> int:
    repo = hub.repository()
    return add_artifact(repo, repo.runs[run(hub)], "readiness-evidence", b"PK\5\6" + bytes(18)).id


def sarif(hub: Hub) -> Sarif:
    return Sarif(sha(hub), "refs/pull/7/merge", b'{"version": "2.1.0", "runs": []}')


CALLS: dict[str, Call] = {
    "viewer": lambda github, hub: github.viewer(),
    "repository": lambda github, hub: github.repository(),
    "pull": lambda github, hub: github.pull(8),
    "open_pulls": lambda github, hub: github.open_pulls("mallory", "patch-1"),
    "pulls_of_commit": lambda github, hub: github.pulls_of_commit(sha(hub)),
    "changed_files": lambda github, hub: github.changed_files(7),
    "resolve": lambda github, hub: github.resolve("main"),
    "file": lambda github, hub: github.file(".gate/policy.yml", sha(hub), 1000),
    "tree": lambda github, hub: github.tree(sha(hub)),
    "tarball": lambda github, hub: github.tarball(sha(hub), 100_000),
    "commits": lambda github, hub: github.commits("main", 3),
    "check_runs": lambda github, hub: (started(hub), github.check_runs(sha(hub), "Gate")),
    "create_check_run": lambda github, hub: github.create_check_run(
        sha(hub), "Gate", "1/1/main/abc", OUTPUT, "https://github.com/octo/shop/actions/runs/1"
    ),
    "update_check_run": lambda github, hub: github.update_check_run(
        started(hub), type(OUTPUT)(OUTPUT.title, OUTPUT.summary, OUTPUT.text, ANNOTATIONS), "failure"
    ),
    "statuses": lambda github, hub: github.statuses(sha(hub)),
    "create_status": lambda github, hub: github.create_status(
        sha(hub), Status("readiness-gate: main", "success", "ok")
    ),
    "required_checks": lambda github, hub: github.required_checks("main"),
    "comments": lambda github, hub: github.comments(7),
    "create_comment": lambda github, hub: github.create_comment(7, "Verdict"),
    "update_comment": lambda github, hub: github.update_comment(comment(hub), "New"),
    "delete_comment": lambda github, hub: github.delete_comment(comment(hub)),
    "minimize_comment": lambda github, hub: github.minimize_comment(f"IC_{comment(hub)}"),
    "react": lambda github, hub: github.react(comment(hub), "eyes"),
    "workflow_run": lambda github, hub: github.workflow_run(run(hub)),
    "workflow_runs": lambda github, hub: github.workflow_runs(sha(hub), "pull_request"),
    "rerun": lambda github, hub: github.rerun(run(hub)),
    "artifacts": lambda github, hub: github.artifacts(run(hub), "readiness-evidence"),
    "download_artifact": lambda github, hub: github.download_artifact(artifact(hub), 1000),
    "upload_sarif": lambda github, hub: github.upload_sarif(sarif(hub)),
    "sarif_state": lambda github, hub: github.sarif_state(github.upload_sarif(sarif(hub))),
    "permission": lambda github, hub: github.permission("octo-dev"),
    "propose_file": lambda github, hub: github.propose_file(
        ".gate/waivers.yml", b"waivers: []\n", "Waive", "gate/waiver", sha(hub, "main")
    ),
    "open_pull": lambda github, hub: (
        hub.repository().commit("gate/waiver", {"a": "b"}),
        github.open_pull("Waive", "Because", "gate/waiver", "main"),
    ),
}
"""Every method of a forge → a call of it."""


def test_every_method_of_a_forge_is_called() -> None:
    methods = {name for name, _ in inspect.getmembers(Forge, inspect.isfunction) if not name.startswith("_")}
    assert methods == set(CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_what_the_client_asks_is_what_github_describes(name: str, checked_hub: Hub) -> None:
    repo = checked_hub.repository()
    require_by_ruleset(repo, "main", ["readiness-gate: main"], 15368)
    github = client(checked_hub, "person" if name in ("rerun", "propose_file", "open_pull") else "job")
    CALLS[name](github, checked_hub)
    assert checked_hub.violations == []
    asked = list(checked_hub.log)
    assert asked
    assert all(entry.status < 400 for entry in asked if entry.path != "/user"), checked_hub.log.table()
    assert {entry.api_version for entry in asked} == {"2022-11-28"}
    assert all(entry.user_agent and entry.authorized for entry in asked)
    assert not any(entry.authorized for entry in checked_hub.storage_log)
