"""Files, downloads and proposals on the tests' own GitHub."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
from pathlib import Path

import requests

from tests.contract.clients import REPO, Connect, sha_of
from tests.support.fakes import write
from tests.support.github_server import (
    Hub,
    add_artifact,
    add_comment,
    add_run,
)
from tests.support.repositories import commit, git, make_repository


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


def test_a_real_repository_is_taken_over_with_its_own_ids(hub: Hub, direct: Connect, tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "work")
    write(folder, {"README.md": "# Real\n", "bin/run": "#!/bin/sh\n"})
    (folder / "bin/run").chmod(0o755)
    base = commit(folder)
    write(folder, {"README.md": "# More\n"})
    head = commit(folder, "More")
    repo = hub.new_repository("octo/real")
    assert (repo.push(folder, base, "main"), repo.push(folder, "HEAD", "topic")) == (base, head)
    number = repo.open_pull("topic").number
    tree = direct()("GET", f"/repos/octo/real/git/trees/{head}?recursive=1").json()
    assert {one["path"]: one["mode"] for one in tree["tree"] if one["type"] == "blob"} == {
        "README.md": "100644",
        "bin/run": "100755",
    }
    assert tree["sha"] == git(folder, "rev-parse", "HEAD^{tree}").strip()
    files = direct()("GET", f"/repos/octo/real/pulls/{number}/files").json()
    assert [(one["filename"], one["patch"]) for one in files] == [("README.md", "@@ -1 +1 @@\n-# Real\n+# More")]
    archive = requests.get(f"{hub.storage_url}/archives/{repo.id}/{head}?sig=signed", timeout=5).content
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        modes = {item.name.partition("/")[2]: item.mode & 0o111 for item in packed if item.isreg()}
    assert modes == {"README.md": 0, "bin/run": 0o111}


def test_the_paths_of_github_enterprise_lead_to_the_same(hub: Hub, direct: Connect) -> None:
    assert direct()("GET", f"/api/v3{REPO}/pulls/7").json()["number"] == 7
    assert direct()("POST", "/api/graphql", {"query": "{ viewer { login } }"}).json()["data"]["viewer"]
