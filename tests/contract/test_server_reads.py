"""Everything that can be read of the tests' own GitHub, held against GitHub's description of its API by Prism."""

from __future__ import annotations

import pytest

from tests.contract.clients import REPO, Connect, sha_of
from tests.support.github_server import (
    Hub,
    add_artifact,
    add_check,
    add_comment,
    add_rule,
    add_run,
    protect,
    require_by_ruleset,
)
from tests.support.github_server.description import NOT_DESCRIBED, known_paths
from tests.support.github_server.routing import ROUTES


def populate(hub: Hub) -> None:
    """One of everything, with every kind of file."""
    repo = hub.repository()
    repo.commit(
        "feature",
        {
            "bin/run": ("100755", "#!/bin/sh\n"),
            "link": ("120000", "README.md"),
            "outside": ("120000", "../../etc/passwd"),
            "vendored": ("160000", "1" * 40),
            "logo.png": b"\x89PNG\0\0",
            "README.md": None,
            "docs/README.md": "# Shop\n\nIt sells.\n",
        },
    )
    sha = sha_of(hub)
    add_check(repo, hub.world.app("other-checker"), sha, "Readiness Gate verdict")
    add_comment(repo, 7, "Nice", hub.world.user("mallory"))
    run = add_run(repo, sha, branch="feature", id_=77)
    add_run(repo, sha_of(hub, "main"), event="push", status="in_progress", id_=78)
    artifact = add_artifact(repo, run, "readiness-evidence", b"PK\5\6" + bytes(18))
    repo.artifacts[1] = artifact
    protect(repo, "main", ["readiness-gate: main"], 15368)
    require_by_ruleset(repo, "main", ["readiness-gate: main"], 15368)
    add_rule(repo, "main", {"type": "deletion"})
    repo.open_issue("A question", hub.world.user("mallory"), number=9)


READS = {
    "/repos/{owner}/{repo}": [REPO],
    "/repos/{owner}/{repo}/actions/artifacts/{artifact_id}": [f"{REPO}/actions/artifacts/1"],
    "/repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}": [f"{REPO}/actions/artifacts/1/zip"],
    "/repos/{owner}/{repo}/actions/runs": [f"{REPO}/actions/runs?head_sha=SHA&event=pull_request"],
    "/repos/{owner}/{repo}/actions/runs/{run_id}": [f"{REPO}/actions/runs/77", f"{REPO}/actions/runs/78"],
    "/repos/{owner}/{repo}/actions/runs/{run_id}/artifacts": [f"{REPO}/actions/runs/77/artifacts?name=x&per_page=100"],
    "/repos/{owner}/{repo}/branches": [f"{REPO}/branches"],
    "/repos/{owner}/{repo}/branches/{branch}": [f"{REPO}/branches/main", f"{REPO}/branches/feature"],
    "/repos/{owner}/{repo}/branches/{branch}/protection": [f"{REPO}/branches/main/protection"],
    "/repos/{owner}/{repo}/check-runs/{check_run_id}": [f"{REPO}/check-runs/CHECK"],
    "/repos/{owner}/{repo}/check-runs/{check_run_id}/annotations": [f"{REPO}/check-runs/CHECK/annotations"],
    "/repos/{owner}/{repo}/collaborators/{username}/permission": [
        f"{REPO}/collaborators/{login}/permission" for login in ("octo", "octo-dev", "octo-reader", "mallory")
    ],
    "/repos/{owner}/{repo}/commits": [f"{REPO}/commits?sha=main&per_page=1"],
    "/repos/{owner}/{repo}/commits/{ref}": [f"{REPO}/commits/SHA", f"{REPO}/commits/main"],
    "/repos/{owner}/{repo}/commits/{ref}/check-runs": [f"{REPO}/commits/SHA/check-runs?filter=all&app_id=15368"],
    "/repos/{owner}/{repo}/commits/{ref}/check-suites": [f"{REPO}/commits/SHA/check-suites"],
    "/repos/{owner}/{repo}/commits/{ref}/status": [f"{REPO}/commits/SHA/status"],
    "/repos/{owner}/{repo}/commits/{ref}/statuses": [f"{REPO}/commits/SHA/statuses"],
    "/repos/{owner}/{repo}/commits/{commit_sha}/pulls": [f"{REPO}/commits/SHA/pulls"],
    "/repos/{owner}/{repo}/compare/{basehead}": [
        f"{REPO}/compare/main...feature",
        f"{REPO}/compare/main...mallory:patch-1?per_page=1",
    ],
    "/repos/{owner}/{repo}/contents/{path}": [
        f"{REPO}/contents/{path}?ref=feature"
        for path in ("shop", "docs/README.md", "link", "outside", "vendored", "shop/money.py")
    ],
    "/repos/{owner}/{repo}/git/blobs/{file_sha}": [f"{REPO}/git/blobs/BLOB"],
    "/repos/{owner}/{repo}/git/commits/{commit_sha}": [f"{REPO}/git/commits/SHA"],
    "/repos/{owner}/{repo}/git/ref/{ref}": [f"{REPO}/git/ref/heads/main", f"{REPO}/git/ref/pull/7/merge"],
    "/repos/{owner}/{repo}/git/trees/{tree_sha}": [f"{REPO}/git/trees/SHA?recursive=1", f"{REPO}/git/trees/main"],
    "/repos/{owner}/{repo}/issues/{issue_number}": [f"{REPO}/issues/7", f"{REPO}/issues/9"],
    "/repos/{owner}/{repo}/issues/{issue_number}/comments": [f"{REPO}/issues/7/comments?per_page=100"],
    "/repos/{owner}/{repo}/issues/comments/{comment_id}": [f"{REPO}/issues/comments/COMMENT"],
    "/repos/{owner}/{repo}/pulls": [f"{REPO}/pulls?state=all", f"{REPO}/pulls?head=mallory:patch-1"],
    "/repos/{owner}/{repo}/pulls/{pull_number}": [f"{REPO}/pulls/7", f"{REPO}/pulls/8"],
    "/repos/{owner}/{repo}/pulls/{pull_number}/commits": [f"{REPO}/pulls/7/commits"],
    "/repos/{owner}/{repo}/pulls/{pull_number}/files": [f"{REPO}/pulls/7/files?per_page=2&page=2"],
    "/repos/{owner}/{repo}/rules/branches/{branch}": [f"{REPO}/rules/branches/main", f"{REPO}/rules/branches/new"],
    "/repos/{owner}/{repo}/tarball/{ref}": [f"{REPO}/tarball/SHA"],
    "/rate_limit": ["/rate_limit"],
    "/user": ["/user"],
    "/repos/{owner}/{repo}/code-scanning/sarifs/{sarif_id}": [],
}
"""Every path that can be read, as the description writes it → requests of it; SARIF has a test of its own."""


def test_every_path_that_can_be_read_has_its_requests() -> None:
    assert {route.template for route in ROUTES if route.method == "GET"} == {*READS, "/repositories/{repository_id}"}
    assert NOT_DESCRIBED.keys().isdisjoint(known_paths())


@pytest.mark.parametrize("path", [path for paths in READS.values() for path in paths])
def test_what_is_read_has_github_s_shape(path: str, checked_hub: Hub, connect: Connect) -> None:
    populate(checked_hub)
    repo = checked_hub.repository()
    words = {
        "SHA": sha_of(checked_hub),
        "BLOB": repo.files("feature")["logo.png"][1],
        "CHECK": str(next(iter(repo.checks))),
        "COMMENT": str(next(iter(repo.comments))),
    }
    for word, value in words.items():
        path = path.replace(word, value)
    answer = connect("admin")("GET", path)
    assert answer.status_code in (200, 302), answer.text
    assert checked_hub.violations == []
