"""Every endpoint of the tests' own GitHub, held against GitHub's own description of its API by Prism."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.support.github_server import (
    Hub,
    add_artifact,
    add_check,
    add_comment,
    add_rule,
    add_run,
    faults,
    protect,
    require_by_ruleset,
    shop,
)
from tests.support.github_server.description import NOT_DESCRIBED, known_paths
from tests.support.github_server.routing import ROUTES

Document = Any
REPO = "/repos/octo/shop"


class Client:
    """Requests as a token's bearer sends them, through Prism or directly."""

    def __init__(self, url: str, token: str = "job") -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {token}"
        self.session.headers["X-GitHub-Api-Version"] = "2022-11-28"

    def __call__(self, method: str, path: str, body: Document = None, **headers: str) -> requests.Response:
        url = path if "://" in path else self.url + path
        return self.session.request(method, url, json=body, headers=headers, timeout=20, allow_redirects=False)


Connect = Callable[..., Client]


@pytest.fixture
def connect(checked_hub: Hub) -> Connect:
    return lambda token="job": Client(checked_hub.checked_url, token)


@pytest.fixture
def direct(hub: Hub) -> Connect:
    return lambda token="job": Client(hub.url, token)


def sha_of(hub: Hub, branch: str = "feature") -> str:
    return hub.repository().branch(branch)


def sarif(document: Document) -> str:
    return base64.b64encode(gzip.compress(json.dumps(document).encode())).decode()


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


def test_a_check_run_goes_its_way(checked_hub: Hub, connect: Connect) -> None:
    client, sha = connect(), sha_of(checked_hub)
    made = client("POST", f"{REPO}/check-runs", {"name": "Gate", "head_sha": sha, "status": "in_progress"}).json()
    assert (made["status"], made["conclusion"], made["app"]["slug"]) == ("in_progress", None, "github-actions")
    note = {"path": "a.py", "start_line": 1, "end_line": 1, "annotation_level": "failure", "message": "No"}
    output = {"title": "T", "summary": "S", "annotations": [note] * 50}
    for _ in range(2):
        client("PATCH", f"{REPO}/check-runs/{made['id']}", {"output": output})
    done = client("PATCH", f"{REPO}/check-runs/{made['id']}", {"conclusion": "failure"}).json()
    assert (done["status"], done["conclusion"], done["output"]["annotations_count"]) == ("completed", "failure", 100)
    listed = client("GET", f"{REPO}/check-runs/{made['id']}/annotations?per_page=100").json()
    assert len(listed) == 100


def test_what_a_check_run_cannot_hold_is_refused_and_changes_nothing(hub: Hub, direct: Connect) -> None:
    client, sha = direct(), sha_of(hub)
    note = {"path": "a.py", "start_line": 1, "end_line": 1, "annotation_level": "failure", "message": "No"}
    output = {"title": "T", "summary": "S"}
    wrong: list[Document] = [
        {"output": {**output, "annotations": [note] * 51}},
        {"output": {**output, "summary": "x" * 65_536}},
        {"output": {**output, "text": "x" * 65_536}},
        {"output": {"summary": "S"}},
        {"output": {**output, "annotations": [{**note, "end_line": 2, "start_column": 1}]}},
        {"output": {**output, "annotations": [{**note, "start_line": 0}]}},
        {"output": {**output, "annotations": [{**note, "message": "\N{PILE OF POO}"}]}},
        {"output": {**output, "annotations": [{**note, "title": "x" * 256}]}},
        {"status": "completed"},
        {"conclusion": "stale"},
        {"head_sha": "0" * 40},
    ]
    for body in wrong:
        answer = client("POST", f"{REPO}/check-runs", {"name": "Gate", "head_sha": sha, **body})
        assert answer.status_code == 422, body
    assert hub.repository().checks == {}
    right = {**output, "summary": "é" * 65_535, "annotations": [note] * 50}
    assert client("POST", f"{REPO}/check-runs", {"name": "G", "head_sha": sha, "output": right}).status_code == 201


def test_checks_of_the_job_land_in_the_first_suite_and_latest_is_by_name(checked_hub: Hub, connect: Connect) -> None:
    client, sha = connect(), sha_of(checked_hub)
    ids = [client("POST", f"{REPO}/check-runs", {"name": "Gate", "head_sha": sha}).json()["id"] for _ in range(2)]
    add_check(checked_hub.repository(), checked_hub.world.app("other-checker"), sha, "Gate")
    latest = client("GET", f"{REPO}/commits/{sha}/check-runs?check_name=Gate&app_id=15368").json()
    assert [run["id"] for run in latest["check_runs"]] == [ids[1]]
    every = client("GET", f"{REPO}/commits/{sha}/check-runs?check_name=Gate&filter=all").json()
    assert every["total_count"] == 3
    assert len({run["check_suite"]["id"] for run in every["check_runs"]}) == 2


def test_a_check_of_another_app_cannot_be_changed_and_a_person_makes_none(hub: Hub, direct: Connect) -> None:
    other = add_check(hub.repository(), hub.world.app("other-checker"), sha_of(hub), "Gate", conclusion=None)
    answer = direct()("PATCH", f"{REPO}/check-runs/{other.id}", {"conclusion": "success"})
    assert answer.status_code == 403
    assert "Invalid app_id `15368`" in answer.json()["message"]
    answer = direct("person")("POST", f"{REPO}/check-runs", {"name": "Gate", "head_sha": sha_of(hub)})
    assert (answer.status_code, answer.json()["message"]) == (403, "You must authenticate via a GitHub App.")


def test_statuses_know_no_case_in_their_context(checked_hub: Hub, connect: Connect) -> None:
    client, sha = connect(), sha_of(checked_hub)
    for state, context in [("failure", "Gate: main"), ("success", "gate: MAIN")]:
        body = {"state": state, "context": context, "description": "x" * 140, "target_url": "https://example.com/1"}
        assert client("POST", f"{REPO}/statuses/{sha}", body).status_code == 201
    combined = client("GET", f"{REPO}/commits/{sha}/status").json()
    assert (combined["state"], combined["total_count"]) == ("success", 1)
    assert len(client("GET", f"{REPO}/commits/{sha}/statuses").json()) == 2
    assert client("GET", f"{REPO}/commits/{sha_of(checked_hub, 'main')}/status").json()["state"] == "pending"


def test_statuses_have_limits(hub: Hub, direct: Connect) -> None:
    client, sha = direct(), sha_of(hub)
    for body in [{"state": "success", "description": "x" * 141}, {"state": "neutral"}]:
        assert client("POST", f"{REPO}/statuses/{sha}", body).status_code == 422
    assert client("POST", f"{REPO}/statuses/{'0' * 40}", {"state": "success"}).status_code == 422
    for _ in range(1000):
        assert client("POST", f"{REPO}/statuses/{sha}", {"state": "success"}).status_code == 201
    full = client("POST", f"{REPO}/statuses/{sha}", {"state": "success"})
    assert full.status_code == 422
    assert "maximum number of statuses" in full.text


def test_comments_are_written_paged_changed_and_deleted(checked_hub: Hub, connect: Connect) -> None:
    client, repo = connect(), checked_hub.repository()
    for number in range(150):
        add_comment(repo, 7, f"Comment {number}", checked_hub.world.user("mallory"))
    made = client("POST", f"{REPO}/issues/7/comments", {"body": "Verdict"}).json()
    assert (made["user"]["login"], made["user"]["id"]) == ("github-actions[bot]", 41898282)
    assert made["performed_via_github_app"]["slug"] == "github-actions"
    first = client("GET", f"{REPO}/issues/7/comments?per_page=500")
    assert len(first.json()) == 100
    second = client("GET", first.links["next"]["url"])
    ids = [one["id"] for one in first.json() + second.json()]
    assert ids == sorted(ids)
    assert ids[-1] == made["id"]
    assert "next" not in second.links
    assert client("PATCH", f"{REPO}/issues/comments/{made['id']}", {"body": "New"}).json()["body"] == "New"
    assert client("POST", f"{REPO}/issues/comments/{made['id']}/reactions", {"content": "eyes"}).status_code == 201
    assert client("POST", f"{REPO}/issues/7/reactions", {"content": "rocket"}).status_code == 201
    assert client("DELETE", f"{REPO}/issues/comments/{made['id']}").status_code == 204
    assert client("GET", f"{REPO}/issues/comments/{made['id']}").status_code == 404


def test_comments_have_limits(hub: Hub, direct: Connect) -> None:
    for body in ("x" * 65_537, "  "):
        assert direct()("POST", f"{REPO}/issues/7/comments", {"body": body}).status_code == 422
    assert direct()("POST", f"{REPO}/issues/7/comments", {"body": "\N{ROCKET}" * 65_536}).status_code == 201
    hub.repository().pulls[7].locked = True
    assert direct()("POST", f"{REPO}/issues/7/comments", {"body": "x"}).status_code == 403


def test_sarif_is_pending_before_it_is_complete(checked_hub: Hub, connect: Connect) -> None:
    client, sha = connect(), sha_of(checked_hub)
    body = {"commit_sha": sha, "ref": "refs/pull/7/merge", "sarif": sarif({"version": "2.1.0", "runs": []})}
    made = client("POST", f"{REPO}/code-scanning/sarifs", body)
    assert made.status_code == 202
    states = [client("GET", made.json()["url"]).json()["processing_status"] for _ in range(2)]
    assert states == ["pending", "complete"]
    many = sarif({"version": "2.1.0", "runs": [{}] * 21})
    made = client("POST", f"{REPO}/code-scanning/sarifs", {**body, "sarif": many})
    client("GET", made.json()["url"])
    assert client("GET", made.json()["url"]).json()["processing_status"] == "failed"


def test_sarif_is_refused_where_it_cannot_be(hub: Hub, direct: Connect) -> None:
    body = {"commit_sha": sha_of(hub), "ref": "refs/heads/feature", "sarif": sarif({"version": "2.1.0"})}
    wrong = [
        ({"sarif": "???"}, 400),
        ({"sarif": "aGVsbG8="}, 400),
        ({"ref": "feature"}, 422),
        ({"commit_sha": "1"}, 422),
    ]
    for change, status in wrong:
        assert direct()("POST", f"{REPO}/code-scanning/sarifs", {**body, **change}).status_code == status
    assert direct("fork")("POST", f"{REPO}/code-scanning/sarifs", body).status_code == 403
    hub.repository().code_scanning = False
    off = direct()("POST", f"{REPO}/code-scanning/sarifs", body)
    assert (off.status_code, "not enabled" in off.text) == (403, True)


def test_a_file_is_proposed_by_the_git_database(checked_hub: Hub, connect: Connect) -> None:
    client, base = connect("person"), sha_of(checked_hub, "main")
    blob = client("POST", f"{REPO}/git/blobs", {"content": "waivers: []\n", "encoding": "utf-8"}).json()["sha"]
    assert blob == hashlib.sha1(b"blob 12\0waivers: []\n", usedforsecurity=False).hexdigest()
    entry = {"path": ".gate/waivers.yml", "mode": "100644", "type": "blob", "sha": blob}
    old = client("GET", f"{REPO}/git/commits/{base}").json()["tree"]["sha"]
    tree = client("POST", f"{REPO}/git/trees", {"base_tree": old, "tree": [entry]}).json()["sha"]
    commit = {"message": "Waive", "tree": tree, "parents": [base]}
    sha = client("POST", f"{REPO}/git/commits", commit).json()["sha"]
    assert client("POST", f"{REPO}/git/refs", {"ref": "refs/heads/gate/waiver", "sha": sha}).status_code == 201
    assert client("POST", f"{REPO}/git/refs", {"ref": "refs/heads/gate/waiver", "sha": sha}).status_code == 422
    opened = client("POST", f"{REPO}/pulls", {"title": "Waive", "head": "gate/waiver", "base": "main"})
    assert opened.status_code == 201
    files = client("GET", f"{REPO}/pulls/{opened.json()['number']}/files").json()
    assert [(one["filename"], one["status"], one["additions"]) for one in files] == [(".gate/waivers.yml", "added", 1)]
    again = client("POST", f"{REPO}/pulls", {"title": "Waive", "head": "gate/waiver", "base": "main"})
    assert "already exists" in again.text
    moved = client("PATCH", f"{REPO}/git/refs/heads/gate/waiver", {"sha": base})
    assert (moved.status_code, "fast forward" in moved.text) == (422, True)
    assert client("DELETE", f"{REPO}/git/refs/heads/gate/waiver").status_code == 204
    assert checked_hub.repository().pulls[opened.json()["number"]].is_open is False


def test_a_file_is_written_by_the_contents(checked_hub: Hub, connect: Connect) -> None:
    client, path = connect("person"), f"{REPO}/contents/.gate/waivers.yml"
    body = {"message": "Waive", "content": base64.b64encode(b"waivers: []\n").decode(), "branch": "feature"}
    made = client("PUT", path, body)
    assert made.status_code == 201
    assert client("PUT", path, body).status_code == 422
    assert client("PUT", path, {**body, "sha": "0" * 40}).status_code == 409
    assert client("PUT", path, {**body, "sha": made.json()["content"]["sha"]}).status_code == 200
    assert checked_hub.repository().pulls[7].head_sha == sha_of(checked_hub)


def test_a_link_s_content_is_its_target_s_but_its_mode_is_told_by_the_tree(hub: Hub, direct: Connect) -> None:
    hub.repository().commit("main", {".gate/policy.yml": ("120000", "../README.md")})
    content = direct()("GET", f"{REPO}/contents/.gate/policy.yml").json()
    assert (content["type"], base64.b64decode(content["content"])) == ("file", b"# Shop\n\nIt sells.\n")
    tree = direct()("GET", f"{REPO}/git/trees/main?recursive=1").json()["tree"]
    assert {one["path"]: one["mode"] for one in tree}[".gate/policy.yml"] == "120000"


def test_a_large_file_is_not_told_inline(checked_hub: Hub, connect: Connect) -> None:
    checked_hub.repository().commit("main", {"large": b"x" * 1_000_001})
    content = connect()("GET", f"{REPO}/contents/large").json()
    assert (content["content"], content["encoding"]) == ("", "none")
    raw = connect()("GET", f"{REPO}/contents/large", Accept="application/vnd.github.raw+json")
    assert len(raw.content) == 1_000_001


def test_files_of_a_pull_request_end_at_three_thousand(checked_hub: Hub, connect: Connect) -> None:
    checked_hub.repository().commit("feature", {f"many/{number}.txt": "x\n" for number in range(3100)})
    client = connect()
    last = client("GET", f"{REPO}/pulls/7/files?per_page=100&page=30")
    assert len(last.json()) == 100
    assert "next" not in last.links
    assert client("GET", f"{REPO}/pulls/7/files?per_page=100&page=31").json() == []
    assert client("GET", f"{REPO}/pulls/7").json()["changed_files"] == 3101
    compared = client("GET", f"{REPO}/compare/main...feature").json()
    assert len(compared["files"]) == 300


def test_downloads_lead_to_another_host_that_wants_no_token(checked_hub: Hub, connect: Connect) -> None:
    repo = checked_hub.repository()
    artifact = add_artifact(repo, add_run(repo, sha_of(checked_hub)), "readiness-evidence", b"zip")
    for path in (f"{REPO}/actions/artifacts/{artifact.id}/zip", f"{REPO}/tarball/{sha_of(checked_hub)}"):
        answer = connect()("GET", path)
        assert answer.status_code == 302
        location = answer.headers["Location"]
        assert location.startswith(checked_hub.storage_url)
        assert requests.get(location, timeout=5).status_code == 200
        assert requests.get(location, headers={"Authorization": "Bearer job"}, timeout=5).status_code == 400
    assert [entry.authorized for entry in checked_hub.storage_log] == [False, True] * 2


def test_a_run_is_run_again(checked_hub: Hub, connect: Connect) -> None:
    run = add_run(checked_hub.repository(), sha_of(checked_hub))
    assert connect("person")("POST", f"{REPO}/actions/runs/{run.id}/rerun").status_code == 201
    assert (run.attempt, run.status, run.conclusion) == (2, "queued", None)
    assert connect("person")("POST", f"{REPO}/actions/runs/{run.id}/rerun-failed-jobs").status_code == 403


def test_graphql_says_who_one_is_and_minimises(hub: Hub, direct: Connect) -> None:
    said = direct()("POST", "/graphql", {"query": "query { viewer { login databaseId } }"}).json()
    assert said == {"data": {"viewer": {"login": "github-actions[bot]", "databaseId": 41898282}}}
    comment = add_comment(hub.repository(), 7, "Old", hub.world.user("mallory"))
    query = (
        "mutation($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) "
        "{ minimizedComment { isMinimized } } }"
    )
    body = {"query": query, "variables": {"id": comment.node_id}}
    assert direct("fork")("POST", "/graphql", body).json()["errors"][0]["type"] == "FORBIDDEN"
    assert "errors" not in direct()("POST", "/graphql", body).json()
    assert comment.minimized == "outdated"
    wrong = {"query": query, "variables": {"id": "IC_0"}}
    assert direct()("POST", "/graphql", wrong).json()["errors"][0]["type"] == "NOT_FOUND"


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


# --- Prism itself ---


def test_a_request_that_breaks_the_schema_is_held(checked_hub: Hub, connect: Connect) -> None:
    body = {"name": "Gate", "head_sha": sha_of(checked_hub), "status": "nonsense"}
    assert connect()("POST", f"{REPO}/check-runs", body).status_code == 422
    assert "Request body property status must be equal to one of the allowed values" in checked_hub.violations[0]
    assert len(checked_hub.log) == 0
    checked_hub.violations.clear()


def test_an_answer_that_breaks_the_schema_is_held(checked_hub: Hub, connect: Connect) -> None:
    checked_hub.world.users["octo"] = checked_hub.repository().owner
    checked_hub.repository().pulls[7].title = None  # type: ignore[assignment]
    connect()("GET", f"{REPO}/pulls/7")
    assert "title" in checked_hub.violations[0]
    checked_hub.violations.clear()


@pytest.mark.slow
def test_a_violation_fails_the_test_at_its_end() -> None:
    hub = shop()
    hub.__enter__()
    client = Client(hub.checked_url)
    client("POST", f"{REPO}/issues/7/reactions", {"content": "applause"})
    with pytest.raises(AssertionError, match="must be equal to one of the allowed values"):
        hub.__exit__(None, None, None)


def test_an_answer_that_a_fault_made_passes_prism_as_it_is(checked_hub: Hub, connect: Connect) -> None:
    checked_hub.fault("GET", "/pulls/7$", faults.html())
    checked_hub.fault("GET", "/pulls/8$", faults.cut())
    assert connect()("GET", f"{REPO}/pulls/7").headers["Content-Type"].startswith("text/html")
    with pytest.raises(requests.exceptions.RequestException):
        connect()("GET", f"{REPO}/pulls/8")
    assert checked_hub.violations == []
