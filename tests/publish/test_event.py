"""What a run on GitHub is about: from its event, which may be forged, and from the runner, which cannot be."""

from __future__ import annotations

import copy

import pytest

from gate.errors import UserError
from gate.model.json import JsonObject
from gate.publish.event import Event, EventContext, contradictions, read_event
from gate.publish.forge_words import Pull
from gate.settings import Runner, read_runner

HEAD, BASE, MERGE = "a" * 40, "b" * 40, "c" * 40


def runner(event: str, ref: str, sha: str = MERGE, base_ref: str = "", actor: str = "ada") -> Runner:
    found = read_runner(
        {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": event,
            "GITHUB_REPOSITORY": "octo/shop",
            "GITHUB_REF": ref,
            "GITHUB_SHA": sha,
            "GITHUB_BASE_REF": base_ref,
            "GITHUB_RUN_ID": "91",
            "GITHUB_RUN_ATTEMPT": "2",
            "GITHUB_ACTOR": actor,
        }
    )
    assert found is not None
    return found


def opened(head: str | None = "octo/shop") -> JsonObject:
    repo: JsonObject | None = {"full_name": head} if head else None
    return {
        "action": "opened",
        "number": 7,
        "pull_request": {
            "number": 7,
            "head": {"sha": HEAD, "ref": "topic", "repo": repo},
            "base": {"sha": BASE, "ref": "main", "repo": {"full_name": "octo/shop"}},
        },
    }


def of_pull(payload: JsonObject | None = None, **said: str) -> EventContext:
    return read_event(
        runner("pull_request", "refs/pull/7/merge", base_ref="main", **said), opened() if payload is None else payload
    )


def test_a_pull_request_is_reported_on_its_head_not_on_the_test_merge() -> None:
    context = of_pull()
    assert (context.event, context.action) == (Event.PULL_REQUEST, "opened")
    assert (context.sha, context.base_ref, context.base_sha, context.pull) == (HEAD, "main", BASE, 7)
    assert (context.run_id, context.attempt) == (91, 2)
    assert not context.fork
    assert context.read_only is None
    assert context.run_url == "https://github.com/octo/shop/actions/runs/91/attempts/2"


@pytest.mark.parametrize("head", ["stranger/shop", None])
def test_a_fork_is_known_also_where_it_was_deleted(head: str | None) -> None:
    context = of_pull(opened(head))
    assert context.fork
    assert "from a fork" in str(context.read_only)


def test_a_repository_is_the_same_in_other_letters() -> None:
    assert not of_pull(opened("Octo/Shop")).fork


def test_dependabot_is_no_fork_and_its_token_only_reads() -> None:
    context = of_pull(actor="dependabot[bot]")
    assert not context.fork
    assert "Dependabot" in str(context.read_only)


def test_t4_an_event_that_names_another_pull_request_than_the_runner_is_refused() -> None:
    forged = opened() | {"number": 8}
    with pytest.raises(UserError, match=r"pull_request\.number = '8'.*refs/pull/7/merge.*job of its own"):
        of_pull(forged)


def test_t4_an_event_that_names_another_base_than_the_runner_is_refused() -> None:
    forged = copy.deepcopy(opened())
    pull = forged["pull_request"]
    assert isinstance(pull, dict)
    pull["base"] = {"sha": BASE, "ref": "lax"}
    with pytest.raises(UserError, match=r"pull_request\.base\.ref = 'lax'.*GITHUB_BASE_REF = 'main'"):
        of_pull(forged)


def test_t4_a_merge_group_with_another_commit_than_the_runner_is_refused() -> None:
    said: JsonObject = {
        "action": "checks_requested",
        "merge_group": {"head_sha": HEAD, "base_sha": BASE, "base_ref": "refs/heads/main"},
    }
    ref = f"refs/heads/gh-readonly-queue/main/pr-7-{BASE}"
    context = read_event(runner("merge_group", ref, sha=HEAD), said)
    assert (context.sha, context.base_ref, context.base_sha, context.pull) == (HEAD, "main", BASE, None)
    with pytest.raises(UserError, match="GITHUB_SHA"):
        read_event(runner("merge_group", ref, sha=MERGE), said)
    other: JsonObject = {"merge_group": {"head_sha": HEAD, "base_sha": BASE, "base_ref": "refs/heads/lax"}}
    with pytest.raises(UserError, match="GITHUB_REF"):
        read_event(runner("merge_group", ref, sha=HEAD), other)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"number": 7},
        {"number": "7", "pull_request": []},
        {"number": True, "pull_request": {"head": 1}},
        {"number": 7, "pull_request": {"head": {"sha": "main", "ref": "x"}, "base": {"sha": BASE, "ref": "main"}}},
        {"number": 7, "pull_request": {"head": {"sha": HEAD}, "base": {"sha": BASE, "ref": "main"}}},
        {"number": -7, "pull_request": {"number": -7}},
    ],
)
def test_t4_an_event_without_what_github_writes_is_refused_by_key(payload: JsonObject) -> None:
    with pytest.raises(UserError, match=r"number|pull_request\.(head|base)"):
        of_pull(payload)


def test_pull_request_target_is_refused_unless_the_base_says_that_data_is_only_read() -> None:
    of = runner("pull_request_target", "refs/heads/main", sha=BASE)
    with pytest.raises(UserError, match="data_only"):
        read_event(of, opened("stranger/shop"))
    context = read_event(of, opened("stranger/shop"), data_only=True)
    assert context.fork
    assert context.read_only is None, "its token may write"
    assert context.sha == HEAD


def test_a_push_is_about_its_commit_and_branch() -> None:
    context = read_event(runner("push", "refs/heads/release/1.x", sha=HEAD), {"before": BASE, "after": "d" * 40})
    assert (context.sha, context.base_ref, context.base_sha) == (HEAD, "release/1.x", BASE)
    new = read_event(runner("push", "refs/heads/new", sha=HEAD), {"before": "0" * 40})
    assert new.base_sha is None
    assert read_event(runner("push", "refs/tags/v1", sha=HEAD), {}).base_ref == "v1"


@pytest.mark.parametrize("event", ["schedule", "workflow_dispatch"])
def test_a_run_by_hand_or_by_the_clock_is_about_the_branch(event: str) -> None:
    context = read_event(runner(event, "refs/heads/main", sha=HEAD), {"schedule": "0 0 * * *"})
    assert (context.sha, context.base_ref, context.pull) == (HEAD, "main", None)


def run_event() -> JsonObject:
    return {
        "action": "completed",
        "repository": {"id": 1, "full_name": "octo/shop"},
        "workflow_run": {
            "id": 55,
            "run_attempt": 3,
            "event": "pull_request",
            "path": ".github/workflows/collect.yml@main",
            "workflow_id": 9,
            "head_sha": HEAD,
            "head_branch": "topic",
            "head_repository": {"id": 2, "full_name": "stranger/shop", "owner": {"login": "stranger"}},
            "pull_requests": [{"number": 1, "head": {"sha": MERGE}}],
        },
    }


def test_the_second_stage_is_about_the_first_ones_commit() -> None:
    context = read_event(runner("workflow_run", "refs/heads/main", sha=BASE), run_event())
    assert context.sha == HEAD, "GITHUB_SHA is the tip of the default branch"
    assert context.pull is None, "the payload's list is empty for forks, and is not believed"
    run = context.triggering_run
    assert run is not None
    assert (run.id, run.attempt, run.path, run.head_owner) == (55, 3, ".github/workflows/collect.yml", "stranger")
    assert context.fork


def test_a_comment_on_an_issue_is_not_about_a_pull_request() -> None:
    comment: JsonObject = {"id": 5, "body": "/gate rerun", "user": {"login": "ada", "id": 3}}
    of = runner("issue_comment", "refs/heads/main", sha=BASE)
    with pytest.raises(UserError, match="not on a pull request"):
        read_event(of, {"action": "created", "issue": {"number": 7}, "comment": comment})
    context = read_event(of, {"action": "created", "issue": {"number": 7, "pull_request": {}}, "comment": comment})
    assert context.comment is not None
    assert (context.comment.number, context.comment.author, context.comment.body) == (7, "ada", "/gate rerun")


def test_an_event_that_is_not_known_names_those_that_are() -> None:
    with pytest.raises(UserError, match=r"“fork”.*pull_request, .*schedule"):
        read_event(runner("fork", "refs/heads/main"), {})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GITHUB_REPOSITORY", "octo"),
        ("GITHUB_REPOSITORY", "../x/y"),
        ("GITHUB_RUN_ID", ""),
        ("GITHUB_RUN_ATTEMPT", "x"),
    ],
)
def test_a_runner_that_is_none_is_told(name: str, value: str) -> None:
    environ = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "schedule",
        "GITHUB_REPOSITORY": "octo/shop",
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_SHA": HEAD,
        "GITHUB_RUN_ID": "1",
        "GITHUB_RUN_ATTEMPT": "1",
    }
    found = read_runner(environ | {name: value})
    assert found is not None
    with pytest.raises(UserError, match=name):
        read_event(found, {})


def as_known(**different: str | None) -> Pull:
    known: dict[str, str | None] = {
        "head_sha": HEAD,
        "base_ref": "main",
        "base_repository": "octo/shop",
        "head_repository": "octo/shop",
    }
    known |= different
    return Pull(
        number=7,
        state="open",
        merged=False,
        draft=False,
        author="ada",
        head_sha=str(known["head_sha"]),
        head_ref="topic",
        head_repository=known["head_repository"],
        base_sha=BASE,
        base_ref=str(known["base_ref"]),
        base_repository=str(known["base_repository"]),
    )


def test_t4_what_the_api_says_otherwise_is_told() -> None:
    context = of_pull()
    assert contradictions(context, as_known()) == ()
    assert "by now" in contradictions(context, as_known(head_sha=MERGE))[0]
    assert "another branch" in contradictions(context, as_known(base_ref="lax"))[0]
    assert "another repository" in contradictions(context, as_known(head_repository="stranger/shop"))[0]
    assert "another repository" in contradictions(context, as_known(base_repository="octo/other"))[0]
    assert contradictions(of_pull(opened(None)), as_known(head_repository=None)) == ()


def test_the_addresses_of_a_github_enterprise_are_taken() -> None:
    found = read_runner(
        {
            "GITHUB_ACTIONS": "true",
            "GITHUB_SERVER_URL": "https://git.acme.example",
            "GITHUB_API_URL": "https://git.acme.example/api/v3/",
            "GITHUB_GRAPHQL_URL": "https://git.acme.example/api/graphql",
        }
    )
    assert found is not None
    assert found.api_url == "https://git.acme.example/api/v3"
    assert found.graphql_url == "https://git.acme.example/api/graphql"
    assert found.server_url == "https://git.acme.example"
