"""The client against a stateful server: every method does what the forge promises."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterator

import pytest

from gate.publish.forge import Forge
from gate.publish.forge_github import GitHub
from gate.publish.forge_words import Account, CheckOutput, ForgeProblem, RequiredCheck, Sarif, Status, Trouble
from tests.publish.forge_clients import ANNOTATIONS, OUTPUT, client, head
from tests.support.github_server import (
    ACTIONS,
    ACTIONS_BOT,
    Hub,
    add_artifact,
    add_check,
    add_comment,
    add_run,
    faults,
    protect,
    require_by_ruleset,
    shop,
)
from tests.support.github_server.faults import Really
from tests.support.github_server.wire import Request, Response, as_json


@pytest.fixture
def hub() -> Iterator[Hub]:
    with shop() as running:
        yield running


@pytest.fixture
def forge(hub: Hub) -> GitHub:
    return client(hub)


def test_it_is_a_forge(forge: GitHub) -> None:
    whole: Forge = forge
    assert repr(whole) == "GitHub(octo/shop)"


# --- looking up ---


@pytest.mark.parametrize(
    ("token", "login", "app"),
    [
        ("job", "github-actions[bot]", "github-actions"),
        ("other", "other-checker[bot]", "other-checker"),
        ("person", "octo-dev", None),
    ],
)
def test_who_the_token_acts_as(hub: Hub, token: str, login: str, app: str | None) -> None:
    forge = client(hub, token)
    assert forge.viewer() == forge.viewer() == Account(login, hub.world.tokens[token].user.id, app)
    assert forge.requests == 1


def test_who_the_token_acts_as_where_there_is_no_graphql(hub: Hub) -> None:
    hub.fault("POST", "/graphql", faults.gone(), nth=0)
    assert client(hub, "person").viewer().login == "octo-dev"
    with pytest.raises(ForgeProblem) as caught:
        client(hub, "job").viewer()
    assert caught.value.trouble is Trouble.FORBIDDEN


def test_an_invalid_token_is_told_at_once(hub: Hub) -> None:
    with pytest.raises(ForgeProblem) as caught:
        client(hub, "old").viewer()
    assert caught.value.trouble is Trouble.UNAUTHENTICATED
    assert len(hub.log) == 1


def test_what_the_repository_says(forge: GitHub) -> None:
    facts = forge.repository()
    assert (facts.full_name, facts.default_branch, facts.private) == ("octo/shop", "main", False)


def test_a_pull_request(hub: Hub, forge: GitHub) -> None:
    pull = forge.pull(7)
    assert (pull.number, pull.state, pull.head_ref, pull.base_ref) == (7, "open", "feature", "main")
    assert (pull.head_sha, pull.base_sha) == (head(hub), hub.repository().branch("main"))
    assert (pull.head_repository, pull.author) == ("octo/shop", "octo-dev")
    assert forge.pull(8).head_repository == "mallory/shop"
    hub.repository().merge(7)
    assert (forge.pull(7).merged, forge.pull(7).state) == (True, "closed")
    with pytest.raises(ForgeProblem) as caught:
        forge.pull(999)
    assert caught.value.trouble is Trouble.NOT_FOUND


def test_open_pull_requests_of_a_branch(hub: Hub, forge: GitHub) -> None:
    hub.repository().refs["refs/heads/release"] = hub.repository().branch("main")
    hub.repository().open_pull("feature", "release")
    assert [pull.base_ref for pull in forge.open_pulls("octo", "feature")] in (["main", "release"], ["release", "main"])
    assert [pull.number for pull in forge.open_pulls("Mallory", "patch-1")] == [8]
    assert forge.open_pulls("octo", "patch-1") == ()


def test_a_filter_that_github_ignored_is_applied_all_the_same(hub: Hub, forge: GitHub) -> None:
    whole = client(hub).open_pulls

    def everything(request: Request, really: Really) -> Response:
        return hub.answer(Request("GET", "/repos/octo/shop/pulls?state=open", request.headers, b"", request.base))

    hub.fault("GET", "/pulls$", everything)
    assert [pull.number for pull in whole("octo", "feature")] == [7]


def test_pull_requests_of_a_commit(hub: Hub, forge: GitHub) -> None:
    assert [pull.number for pull in forge.pulls_of_commit(head(hub))] == [7]


def test_changed_files(hub: Hub, forge: GitHub) -> None:
    changes = forge.changed_files(7)
    assert [(file.path, file.status) for file in changes.files] == [("shop/money.py", "modified")]
    assert changes.complete
    assert "+RATE = 3" in (changes.files[0].patch or "")
    hub.repository().commit("feature", {f"many/{number}.txt": "x\n" for number in range(250)})
    assert len(forge.changed_files(7).files) == 251


def test_more_changed_files_than_github_lists(hub: Hub, forge: GitHub) -> None:
    hub.repository().commit("feature", {f"many/{number}.txt": "x\n" for number in range(3100)})
    changes = forge.changed_files(7)
    assert (len(changes.files), changes.complete) == (3000, False)
    assert forge.requests == 30


def test_resolving_a_revision(hub: Hub, forge: GitHub) -> None:
    hub.repository().commit("a/b c", {"x": "y"})
    assert forge.resolve("main") == forge.resolve("heads/main") == hub.repository().branch("main")
    assert forge.resolve("a/b c") == hub.repository().branch("a/b c")
    assert forge.resolve(head(hub)[:12]) == head(hub)
    with pytest.raises(ForgeProblem):
        forge.resolve("nothing")
    with pytest.raises(ForgeProblem, match="made of dots"):
        forge.resolve("..")


def test_the_history_follows_first_parents(hub: Hub, forge: GitHub) -> None:
    repo = hub.repository()
    first = repo.branch("main")
    for number in range(3):
        repo.commit("feature", {f"f{number}": "x"})
    merged = repo.merge(7)
    last = repo.commit("main", {"g": "x"}, "Subject\n\nBody")
    line = forge.commits("main", 10)
    assert [commit.sha for commit in line[:3]] == [last, merged, first]
    assert (line[0].subject, line[0].parent, line[0].when[-1]) == ("Subject", merged, "Z")
    assert len(forge.commits("main", 2)) == 2
    assert forge.commits("main", 10)[-1].parent is None


def test_a_long_history_takes_few_requests(hub: Hub, forge: GitHub) -> None:
    for number in range(150):
        hub.repository().commit("main", {"n": str(number)})
    assert len(forge.commits("main", 130)) == 130
    assert forge.requests == 2


# --- files ---


def test_t01_files_of_one_commit_cost_few_requests(hub: Hub, forge: GitHub) -> None:
    sha = hub.repository().branch("main")
    assert forge.file(".gate/policy.yml", sha, 1000) == b"version: 1\nextends: baseline\n"
    assert forge.requests == 4
    assert forge.file(".gate/waivers.yml", sha, 1000) is None
    assert forge.file("nowhere/at/all.yml", sha, 1000) is None
    assert forge.requests == 4
    assert forge.file(".gate/policy.yml", head(hub), 1000) == b"version: 1\nextends: baseline\n"
    assert forge.requests == 6  # the commit and its tree; the folder and the file are the same objects


def test_t01_a_policy_that_is_a_link_or_a_submodule_or_a_folder_is_not_read(hub: Hub, forge: GitHub) -> None:
    sha = hub.repository().commit(
        "main",
        {
            "link.yml": ("120000", "README.md"),
            "sub": ("160000", "a" * 40),
            "dir/file": "x",
            "linked": ("120000", ".gate"),
            "run.sh": ("100755", "#!/bin/sh\n"),
        },
    )
    refused = {
        "link.yml": "a link at",
        "sub": "a submodule at",
        "run.sh": "an executable file at",
        "dir": "a folder at",
        "linked/policy.yml": "a link on the way",
        "README.md/x": "a file on the way",
    }
    for path, what in refused.items():
        with pytest.raises(ForgeProblem, match=what) as caught:
            forge.file(path, sha, 1000)
        assert caught.value.trouble is Trouble.INVALID
    assert forge.file("dir/file", sha, 1000) == b"x"


def test_a_file_that_is_too_long_is_refused_before_it_is_loaded(hub: Hub, forge: GitHub) -> None:
    sha = hub.repository().commit("main", {"long": b"x" * 1001})
    with pytest.raises(ForgeProblem, match="a file of 1,001 bytes there; at most 1,000 are read"):
        forge.file("long", sha, 1000)
    assert hub.log.count("GET", "/blobs/") == 0
    assert forge.file("long", sha, 1001) == b"x" * 1001
    with pytest.raises(ForgeProblem, match="1,001 bytes"):
        forge.file("long", sha, 1000)


@pytest.mark.parametrize("data", [b"", b"\xff\x00\r\n", "ä😀".encode(), b"x" * 300_000])
def test_bytes_of_a_file_are_its_bytes(hub: Hub, forge: GitHub, data: bytes) -> None:
    sha = hub.repository().commit("main", {"file": data})
    assert forge.file("file", sha, 400_000) == data


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "a/./b", "a//b", "a/"])
def test_t22_a_path_that_leads_elsewhere_is_refused(hub: Hub, forge: GitHub, path: str) -> None:
    with pytest.raises(ForgeProblem, match="from the root of the repository"):
        forge.file(path, head(hub), 10)
    with pytest.raises(ForgeProblem, match="40 hex digits"):
        forge.file("README.md", "main", 10)


def test_a_file_of_another_repository(hub: Hub) -> None:
    other = hub.new_repository("octo/policies", {"team.yml": "version: 1\n"})
    forge = client(hub, "person")
    assert forge.file("team.yml", other.branch("main"), 100, "octo/policies") == b"version: 1\n"
    assert forge.resolve("main", "octo/policies") == other.branch("main")
    with pytest.raises(ForgeProblem, match="OWNER/NAME"):
        forge.file("team.yml", other.branch("main"), 100, "octo/../x")


def test_a_blob_that_is_not_what_its_id_stands_for_is_broken(hub: Hub, forge: GitHub) -> None:
    sha = hub.repository().branch("main")
    forged = {"content": "Zm9yZ2Vk", "encoding": "base64"}

    def lie(request: Request, really: Really) -> Response:
        return as_json({"sha": request.path.rpartition("/")[2], **forged})

    hub.fault("GET", "/git/blobs/", lie, nth=0)
    with pytest.raises(ForgeProblem, match="not what its id stands for") as caught:
        forge.file("README.md", sha, 1000)
    assert caught.value.trouble is Trouble.BROKEN
    forged["content"] = "%%%"
    with pytest.raises(ForgeProblem, match="is not base64"):
        forge.file("README.md", sha, 1000)
    forged["encoding"] = "utf-8"
    with pytest.raises(ForgeProblem, match="is not base64"):
        forge.file("README.md", sha, 1000)


def test_an_object_that_was_not_asked_for_is_broken(hub: Hub, forge: GitHub) -> None:
    hub.fault("GET", "/git/trees/", lambda request, really: as_json({"sha": "b" * 40, "tree": []}))
    with pytest.raises(ForgeProblem, match="the tree is not the one that was asked for"):
        forge.file("README.md", head(hub), 1000)


def test_a_tree_that_is_cut_is_not_searched(hub: Hub, forge: GitHub) -> None:
    def cut(request: Request, really: Really) -> Response:
        return as_json({"sha": request.path.rpartition("/")[2], "truncated": True, "tree": []})

    hub.fault("GET", "/git/trees/", cut)
    with pytest.raises(ForgeProblem, match="only a part of a folder"):
        forge.file("README.md", head(hub), 1000)


def test_t25_a_tarball_is_fetched_without_the_token(hub: Hub, forge: GitHub) -> None:
    data = forge.tarball(head(hub), 100_000)
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(data))) as archive:
        assert any(name.endswith("/shop/money.py") for name in archive.getnames())
    assert [entry.authorized for entry in hub.storage_log] == [False]
    with pytest.raises(ForgeProblem, match="more than 10 bytes"):
        forge.tarball(head(hub), 10)


# --- checks and statuses ---


def test_a_check_run_is_made_filled_and_completed(hub: Hub, forge: GitHub) -> None:
    made = forge.create_check_run(head(hub), "Verdict", "1/1/main/abc", OUTPUT, "https://example.com/run")
    assert (made.status, made.app, made.external_id) == ("in_progress", "github-actions", "1/1/main/abc")
    forge.update_check_run(made.id, CheckOutput("T", "S", annotations=ANNOTATIONS))
    done = forge.update_check_run(made.id, CheckOutput("T2", "S2", annotations=ANNOTATIONS[:3]), "failure")
    assert (done.status, done.conclusion) == ("completed", "failure")
    kept = hub.repository().checks[made.id]
    assert (len(kept.annotations), kept.title, kept.details_url) == (53, "T2", "https://example.com/run")


def test_more_annotations_than_a_request_takes_are_refused(hub: Hub, forge: GitHub) -> None:
    with pytest.raises(ForgeProblem, match="50 annotations"):
        forge.update_check_run(7, CheckOutput("T", "S", annotations=(*ANNOTATIONS, ANNOTATIONS[0])))
    assert len(hub.log) == 0


def test_all_check_runs_are_listed_newest_first(hub: Hub, forge: GitHub) -> None:
    sha = head(hub)
    for _ in range(120):
        add_check(hub.repository(), ACTIONS, sha, "Verdict")
    add_check(hub.repository(), hub.world.app("other-checker"), sha, "Other")
    runs = forge.check_runs(sha, "Verdict")
    assert len(runs) == 120
    assert [run.id for run in runs] == sorted((run.id for run in runs), reverse=True)
    assert len(forge.check_runs(sha)) == 121


def test_statuses(hub: Hub, forge: GitHub) -> None:
    sha = head(hub)
    forge.create_status(sha, Status("gate: main", "pending", "Judging"))
    made = forge.create_status(sha, Status("gate: main", "success", "Go", "https://example.com"))
    assert (made.state, made.description, made.target_url) == ("success", "Go", "https://example.com")
    assert [item.state for item in forge.statuses(sha)] == ["success", "pending"]
    creator = forge.statuses(sha)[0].creator
    assert creator is not None
    assert (creator.login, creator.app) == ("github-actions[bot]", "github-actions")


def test_what_a_branch_requires(hub: Hub, forge: GitHub) -> None:
    assert forge.required_checks("main") == ()
    protect(hub.repository(), "main", ["tests"], 15368)
    require_by_ruleset(hub.repository(), "main", ["readiness-gate: main"], 15368)
    by_rule, by_protection = forge.required_checks("main")
    assert by_rule.context == "readiness-gate: main"
    assert by_rule.app_id == 15368
    assert by_rule.by.startswith("ruleset ")
    assert by_protection == RequiredCheck("tests", 15368, "branch protection")
    hub.fault("GET", "/rules/branches/", faults.gone())
    assert forge.required_checks("main") == (by_protection,)
    hub.fault("GET", "/rules/branches/", faults.refuse(422, "no"), nth=0)
    with pytest.raises(ForgeProblem, match="422"):
        forge.required_checks("main")
    with pytest.raises(ForgeProblem, match="404"):
        forge.required_checks("nothing")


# --- comments ---


def test_t18_comments_of_all_pages_with_their_authors(hub: Hub, forge: GitHub) -> None:
    stranger = hub.world.user("mallory")
    for number in range(300):
        add_comment(hub.repository(), 7, f"Comment {number}", stranger)
    add_comment(hub.repository(), 7, "Ours", ACTIONS_BOT, ACTIONS)
    comments = forge.comments(7)
    assert (len(comments), forge.requests) == (301, 4)
    assert comments[0].author == Account("mallory", stranger.id)
    assert comments[-1].author == forge.viewer() == Account("github-actions[bot]", 41898282, "github-actions")


def test_a_comment_is_written_changed_folded_and_deleted(hub: Hub, forge: GitHub) -> None:
    made = forge.create_comment(7, "One 😀")
    assert forge.update_comment(made.id, "Two").body == "Two"
    forge.minimize_comment(made.node_id)
    assert hub.repository().comments[made.id].minimized == "outdated"
    forge.react(made.id, "eyes")
    assert [reaction[1] for reaction in hub.repository().comments[made.id].reactions] == ["eyes"]
    forge.delete_comment(made.id)
    forge.delete_comment(made.id)
    assert forge.comments(7) == ()


def test_a_comment_that_may_not_be_deleted(hub: Hub) -> None:
    made = add_comment(hub.repository(), 7, "Theirs", hub.world.user("octo-dev"))
    with pytest.raises(ForgeProblem) as caught:
        client(hub, "fork").delete_comment(made.id)
    assert caught.value.trouble is Trouble.FORBIDDEN


@pytest.mark.parametrize("body", ["half \ud800", "bytes \udcff", "😀\x00\u202e"])
def test_any_text_can_be_sent(forge: GitHub, body: str) -> None:
    try:
        assert forge.create_comment(7, body).id
    except ForgeProblem as problem:
        assert problem.trouble in (Trouble.INVALID, Trouble.BROKEN)  # noqa: PT017 - what GitHub makes of it is its business


def test_a_body_that_is_too_long_says_so(forge: GitHub) -> None:
    with pytest.raises(ForgeProblem, match=r"422 Unprocessable.*65536") as caught:
        forge.create_comment(7, "x" * 65537)
    assert caught.value.trouble is Trouble.INVALID
    assert forge.requests == 1


# --- runs ---


def test_runs_and_their_artefacts(hub: Hub) -> None:
    repo = hub.repository()
    run = add_run(repo, head(hub))
    add_artifact(repo, run, "readiness-evidence", b"PK data")
    add_artifact(repo, run, "other", b"x")
    forge = client(hub, "person")
    found = forge.workflow_run(run.id)
    assert (found.head_sha, found.event, found.head_repository) == (head(hub), "pull_request", "octo/shop")
    assert "@" not in found.path
    assert [item.id for item in forge.workflow_runs(head(hub))] == [run.id]
    assert forge.workflow_runs(head(hub), "push") == ()
    (artifact,) = forge.artifacts(run.id, "readiness-evidence")
    assert (artifact.size, artifact.run_id, artifact.head_sha) == (7, run.id, head(hub))
    assert len(forge.artifacts(run.id)) == 2
    assert forge.download_artifact(artifact.id, 7) == b"PK data"
    assert [entry.authorized for entry in hub.storage_log] == [False]
    with pytest.raises(ForgeProblem, match="more than 6 bytes"):
        forge.download_artifact(artifact.id, 6)
    forge.rerun(run.id)
    assert forge.workflow_run(run.id).attempt == 2


def test_a_log_for_code_scanning(hub: Hub, forge: GitHub) -> None:
    data = b'{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": []}]}'
    id_ = forge.upload_sarif(Sarif(head(hub), "refs/pull/7/head", data))
    assert forge.sarif_state(id_).status == "pending"
    assert forge.sarif_state(id_).status == "complete"


def test_a_log_that_is_too_long_is_not_sent(hub: Hub, forge: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.publish.forge_runs.SARIF_LIMIT", 20)
    with pytest.raises(ForgeProblem, match="takes logs of 20 packed bytes"):
        forge.upload_sarif(Sarif(head(hub), "refs/heads/main", b"{}" * 500))
    assert len(hub.log) == 0


# --- proposals ---


def test_what_somebody_may_do(hub: Hub, forge: GitHub) -> None:
    assert forge.permission("octo-dev") == "write"
    assert forge.permission("Octo-Dev") == "write"
    assert forge.permission("nobody-at-all") == "none"
    assert forge.permission("mallory") in ("none", "read")
    hub.repository().collaborators["octo-dev"] = "maintain"
    assert forge.permission("octo-dev") == "maintain"
    with pytest.raises(ForgeProblem, match="made of dots"):
        forge.permission("..")


def test_the_permission_of_somebody_else_is_none_of_theirs(hub: Hub, forge: GitHub) -> None:
    mistaken = {"permission": "admin", "role_name": "admin", "user": {"login": "octo", "id": 1}}
    hub.fault("GET", "/permission$", lambda request, really: as_json(mistaken))
    with pytest.raises(ForgeProblem, match="who was asked for"):
        forge.permission("mallory")


def test_a_file_is_proposed_on_a_branch_of_its_own(hub: Hub) -> None:
    repo, forge = hub.repository(), client(hub, "person")
    base = repo.branch("main")
    sha = forge.propose_file(".gate/waivers.yml", b"version: 1\n", "Waive it", "gate/waive-1", base)
    assert repo.branch("gate/waive-1") == sha
    assert repo.objects.commit(sha).parents == (base,)
    assert set(repo.files(sha)) == {*repo.files(base), ".gate/waivers.yml"}
    assert client(hub).file(".gate/waivers.yml", sha, 100) == b"version: 1\n"
    pull = forge.open_pull("Waive it", "Because", "gate/waive-1", "main")
    assert (pull.head_sha, pull.base_ref) == (sha, "main")
    with pytest.raises(ForgeProblem, match="422") as caught:
        forge.propose_file(".gate/waivers.yml", b"version: 2\n", "Again", "gate/waive-1", base)
    assert caught.value.trouble is Trouble.INVALID
    assert repo.branch("gate/waive-1") == sha
