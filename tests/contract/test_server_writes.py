"""Checks, statuses, comments and uploads on the tests' own GitHub, with GitHub's limits."""

from __future__ import annotations

import base64
import gzip
import json

from tests.contract.clients import REPO, Connect, Document, sha_of
from tests.support.github_server import (
    Hub,
    add_check,
    add_comment,
)


def sarif(document: Document) -> str:
    return base64.b64encode(gzip.compress(json.dumps(document).encode())).decode()


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
