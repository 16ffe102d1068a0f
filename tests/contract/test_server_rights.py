"""Who may what on the tests' own GitHub, and the states that things move through."""

from __future__ import annotations

import pytest
import requests

from tests.contract.clients import REPO, Connect, sha_of
from tests.support.github_server import (
    Hub,
)

# --- who may what ---


@pytest.mark.parametrize(
    ("token", "method", "path", "status", "message"),
    [
        ("nobody", "GET", REPO, 401, "Bad credentials"),
        ("old", "GET", REPO, 401, "Bad credentials"),
        ("job", "GET", "/user", 403, "Resource not accessible by integration"),
        ("job", "GET", f"{REPO}/branches/main/protection", 403, "Resource not accessible by integration"),
        ("person", "GET", f"{REPO}/branches/main/protection", 403, "Resource not accessible by personal access token"),
        ("admin", "GET", f"{REPO}/branches/main/protection", 404, "Branch not protected"),
        ("fork", "POST", f"{REPO}/check-runs", 403, "Resource not accessible by integration"),
        ("fork", "POST", f"{REPO}/statuses/SHA", 403, "Resource not accessible by integration"),
        ("fork", "POST", f"{REPO}/issues/7/comments", 403, "Resource not accessible by integration"),
        ("outside", "POST", f"{REPO}/issues/7/comments", 403, "Resource not accessible by integration"),
        ("job", "GET", f"{REPO}/pulls/99", 404, "Not Found"),
        ("job", "GET", "/repos/octo/none", 404, "Not Found"),
        ("job", "GET", f"{REPO}/pulls/seven", 404, "Not Found"),
    ],
)
def test_who_may_not_is_told_as_github_tells_it(
    token: str, method: str, path: str, status: int, message: str, hub: Hub, direct: Connect
) -> None:
    answer = direct(token)(method, path.replace("SHA", sha_of(hub)), {} if method == "POST" else None)
    assert (answer.status_code, answer.json()["message"]) == (status, message)
    assert set(answer.json()) >= {"message", "documentation_url", "status"}


def test_a_private_repository_is_not_there_for_those_who_may_not_see_it(hub: Hub, direct: Connect) -> None:
    hub.repository().private = True
    for token, status in [("job", 200), ("person", 200), ("stranger", 404), ("outside", 404)]:
        assert direct(token)("GET", REPO).status_code == status
    assert direct("reader")("GET", f"{REPO}/pulls/7").status_code == 403
    assert requests.get(f"{hub.url}{REPO}", timeout=5).status_code == 404


def test_an_unknown_version_and_a_nameless_client_are_refused(hub: Hub, direct: Connect) -> None:
    assert direct()("GET", REPO, **{"X-GitHub-Api-Version": "2026-03-10"}).status_code == 400
    assert direct()("GET", REPO, **{"User-Agent": ""}).status_code == 403


def test_the_hour_ends_for_everyone(hub: Hub, direct: Connect) -> None:
    hub.hourly_limit = 2
    client = direct()
    answers = [client("GET", REPO) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 403]
    assert answers[2].headers["X-RateLimit-Remaining"] == "0"
    assert "rate limit exceeded" in answers[2].text
    assert client("GET", "/rate_limit").json()["resources"]["core"]["remaining"] == 0


# --- states that move ---


def test_a_pull_request_moves_through_the_states_it_can_be_in(checked_hub: Hub, connect: Connect) -> None:
    client, repo = connect(), checked_hub.repository()
    before = client("GET", f"{REPO}/pulls/7").json()
    repo.commit("feature", {"shop/more.py": "MORE = 1\n"})
    moved = client("GET", f"{REPO}/pulls/7").json()
    assert moved["head"]["sha"] != before["head"]["sha"]
    assert moved["merge_commit_sha"] == repo.refs["refs/pull/7/merge"] != before["merge_commit_sha"]
    repo.commit("main", {"shop/money.py": "conflict\n"})
    repo.commit("feature", {"shop/even.py": "EVEN = 2\n"})
    conflict = client("GET", f"{REPO}/pulls/7").json()
    assert (conflict["mergeable"], conflict["mergeable_state"], conflict["merge_commit_sha"]) == (False, "dirty", None)
    repo.merge(8)
    merged = client("GET", f"{REPO}/pulls/8").json()
    assert (merged["state"], merged["merged"], merged["merge_commit_sha"]) == ("closed", True, repo.branch("main"))
    repo.close(7)
    assert client("GET", f"{REPO}/pulls/7").json()["state"] == "closed"
    assert client("GET", f"{REPO}/pulls").json() == []
    assert [one["number"] for one in client("GET", f"{REPO}/commits/{repo.branch('main')}/pulls").json()] == [8]


def test_a_branch_and_a_repository_are_renamed(hub: Hub, direct: Connect) -> None:
    client, repo = direct(), hub.repository()
    repo.rename_branch("main", "trunk")
    assert client("GET", f"{REPO}/pulls/7").json()["base"]["ref"] == "trunk"
    assert client("GET", f"{REPO}/branches/main").status_code == 404
    hub.world.rename("octo/shop", "store")
    answer = client("GET", REPO)
    assert answer.status_code == 301
    assert client("GET", answer.headers["Location"]).json()["full_name"] == "octo/store"


def test_a_fork_s_owner_can_delete_its_branch(checked_hub: Hub, connect: Connect) -> None:
    checked_hub.repository("mallory/shop").delete_branch("patch-1")
    checked_hub.repository().pulls[8].head_repo = None
    told = connect()("GET", f"{REPO}/pulls/8").json()
    assert (told["state"], told["head"]["repo"], told["head"]["label"]) == ("closed", None, "mallory:patch-1")
