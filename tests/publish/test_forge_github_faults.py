"""The client when GitHub fails: every fault, with and without the effect having happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from gate.publish.forge_github import GitHub
from gate.publish.forge_words import CheckOutput, ForgeProblem, Sarif, Status, Trouble
from tests.publish.forge_clients import ANNOTATIONS, OUTPUT, client, head
from tests.support.github_server import (
    ACTIONS,
    ACTIONS_BOT,
    Hub,
    add_check,
    add_comment,
    add_run,
    faults,
    shop,
)
from tests.support.github_server.faults import What


@pytest.fixture
def hub() -> Iterator[Hub]:
    with shop() as running:
        yield running


@pytest.fixture
def forge(hub: Hub) -> GitHub:
    return client(hub)


LOSSES: dict[str, Callable[[bool], What]] = {
    "500": lambda effect: faults.server_error(500, effect=effect),
    "502": lambda effect: faults.server_error(502, effect=effect),
    "503": lambda effect: faults.server_error(503, effect=effect),
    "reset": lambda effect: faults.reset(effect=effect),
    "silent": lambda effect: faults.silent(1.0, effect=effect),
    "cut": lambda effect: faults.cut(effect=effect),
    "half": lambda effect: faults.truncated_json() if effect else faults.html(),
}


@pytest.fixture(params=list(LOSSES))
def loss(request: pytest.FixtureRequest) -> Callable[[bool], What]:
    return LOSSES[request.param]


@pytest.mark.parametrize("effect", [True, False])
def test_one_comment_whatever_became_of_the_answer(hub: Hub, loss: Callable[[bool], What], effect: bool) -> None:
    fault = hub.fault("POST", "/comments$", loss(effect))
    made = client(hub, timeout=0.3).create_comment(7, "Body\r\nwith lines ")
    assert fault.fired == 1
    assert [comment.id for comment in hub.repository().comments.values()] == [made.id]
    assert hub.log.count("POST", "/comments$") == (1 if effect else 2)


@pytest.mark.parametrize("effect", [True, False])
def test_one_check_run_whatever_became_of_the_answer(hub: Hub, loss: Callable[[bool], What], effect: bool) -> None:
    hub.fault("POST", "/check-runs$", loss(effect))
    made = client(hub, timeout=0.3).create_check_run(head(hub), "Verdict", "1/1/main/abc", OUTPUT, "")
    assert [run.id for run in hub.repository().checks.values()] == [made.id]


@pytest.mark.parametrize("effect", [True, False])
def test_no_annotation_twice_whatever_became_of_the_answer(
    hub: Hub, loss: Callable[[bool], What], effect: bool
) -> None:
    forge = client(hub, timeout=0.3)
    made = forge.create_check_run(head(hub), "Verdict", "1/1/main/abc", OUTPUT, "")
    forge.update_check_run(made.id, CheckOutput("T", "S", annotations=ANNOTATIONS))
    hub.fault("PATCH", "/check-runs/", loss(effect))
    done = forge.update_check_run(made.id, CheckOutput("T", "S", annotations=ANNOTATIONS[:7]), "success")
    kept = hub.repository().checks[made.id]
    assert (len(kept.annotations), kept.conclusion, done.conclusion) == (57, "success", "success")


def test_no_annotation_twice_on_a_check_run_that_somebody_else_began(hub: Hub) -> None:
    made = client(hub).create_check_run(head(hub), "V", "1", CheckOutput("T", "S", annotations=ANNOTATIONS[:5]), "")
    hub.fault("PATCH", "/check-runs/", faults.server_error(502, effect=True))
    client(hub).update_check_run(made.id, CheckOutput("T", "S", annotations=ANNOTATIONS[:7]))
    assert len(hub.repository().checks[made.id].annotations) == 12


@pytest.mark.parametrize("effect", [True, False])
def test_the_status_stands_whatever_became_of_the_answer(hub: Hub, loss: Callable[[bool], What], effect: bool) -> None:
    hub.fault("POST", "/statuses/", loss(effect))
    client(hub, timeout=0.3).create_status(head(hub), Status("gate: main", "failure", "No"))
    assert {item.state for item in hub.repository().statuses} == {"failure"}


@pytest.mark.parametrize("effect", [True, False])
def test_one_pull_request_and_one_branch_whatever_became_of_the_answer(
    hub: Hub, loss: Callable[[bool], What], effect: bool
) -> None:
    forge, repo = client(hub, "person", timeout=0.3), hub.repository()
    hub.fault("POST", "/git/refs$", loss(effect))
    hub.fault("POST", "/pulls$", loss(effect))
    sha = forge.propose_file("a", b"b", "Message", "proposal", repo.branch("main"))
    pull = forge.open_pull("Title", "Body", "proposal", "main")
    assert repo.branch("proposal") == sha == pull.head_sha
    assert sorted(repo.pulls) == [7, 8, pull.number]


@pytest.mark.parametrize("effect", [True, False])
def test_one_rerun_whatever_became_of_the_answer(hub: Hub, loss: Callable[[bool], What], effect: bool) -> None:
    run = add_run(hub.repository(), head(hub))
    hub.fault("POST", "/rerun$", loss(effect))
    client(hub, "person", timeout=0.3).rerun(run.id)
    assert hub.repository().runs[run.id].attempt == 2


@pytest.mark.parametrize("effect", [True, False])
def test_reading_and_replacing_are_repeated(hub: Hub, loss: Callable[[bool], What], effect: bool) -> None:
    forge = client(hub, timeout=0.3)
    made = forge.create_comment(7, "One")
    for method, path in (("GET", "/pulls/7$"), ("PATCH", "/comments/"), ("DELETE", "/comments/")):
        hub.fault(method, path, loss(effect))
    assert forge.pull(7).number == 7
    assert forge.update_comment(made.id, "Two").body == "Two"
    forge.delete_comment(made.id)
    assert not hub.repository().comments


def test_somebody_elses_check_run_with_our_name_is_not_taken_for_ours(hub: Hub) -> None:
    theirs = add_check(hub.repository(), hub.world.app("other-checker"), head(hub), "Verdict", conclusion=None)
    theirs.external_id = "1/1/main/abc"
    done = add_check(hub.repository(), ACTIONS, head(hub), "Verdict")
    done.external_id = "1/1/main/abc"
    hub.fault("POST", "/check-runs$", faults.server_error(502))
    made = client(hub).create_check_run(head(hub), "Verdict", "1/1/main/abc", OUTPUT, "")
    assert made.id not in (theirs.id, done.id)


def test_t18_somebody_elses_comment_with_our_text_is_not_taken_for_ours(hub: Hub) -> None:
    theirs = add_comment(hub.repository(), 7, "Body", hub.world.user("mallory"))
    hub.fault("POST", "/comments$", faults.server_error(502))
    assert client(hub).create_comment(7, "Body").id != theirs.id


def test_a_server_that_stays_broken_ends_the_tries(hub: Hub) -> None:
    slept: list[float] = []
    hub.fault("GET", "/pulls/", faults.server_error(503), nth=0)
    with pytest.raises(ForgeProblem) as caught:
        client(hub, slept=slept).pull(7)
    assert (caught.value.trouble, caught.value.status) == (Trouble.BROKEN, 503)
    assert (slept, len(hub.log)) == ([1, 2, 4], 4)


def test_a_server_that_is_away_is_waited_for(hub: Hub) -> None:
    slept: list[float] = []
    with hub.down(), pytest.raises(ForgeProblem) as caught:
        client(hub, slept=slept).pull(7)
    assert (caught.value.trouble, slept) == (Trouble.UNREACHABLE, [1, 2, 4])


@pytest.mark.parametrize(
    ("fault", "wait"),
    [(faults.secondary_limit(7), 7.0), (faults.secondary_limit(3, 429), 3.0), (faults.secondary_limit(None), 60.0)],
)
def test_t29_a_secondary_limit_is_honoured(hub: Hub, fault: What, wait: float) -> None:
    slept: list[float] = []
    hub.fault("POST", "/comments$", fault)
    client(hub, slept=slept).create_comment(7, "Body")
    assert slept == [wait]
    assert len(hub.repository().comments) == 1


def test_t29_a_primary_limit_is_honoured(hub: Hub) -> None:
    slept: list[float] = []
    hub.fault("GET", "/pulls/", faults.primary_limit(20))
    client(hub, slept=slept).pull(7)
    assert len(slept) == 1
    assert 15 < slept[0] <= 22


def test_t29_a_limit_beyond_the_bound_ends_at_once(hub: Hub) -> None:
    slept: list[float] = []
    hub.fault("GET", "/pulls/", faults.primary_limit(2000), nth=0)
    with pytest.raises(ForgeProblem, match="limits the rate of requests until 20") as caught:
        client(hub, slept=slept).pull(7)
    assert (caught.value.trouble, slept, len(hub.log)) == (Trouble.LIMITED, [], 1)


@pytest.mark.parametrize(
    ("fault", "trouble"),
    [
        (faults.fork(), Trouble.FORBIDDEN),
        (faults.gone(), Trouble.NOT_FOUND),
        (faults.unauthorized(), Trouble.UNAUTHENTICATED),
        (faults.unprocessable("Validation Failed", [{"field": "body", "message": "is too long"}]), Trouble.INVALID),
        (faults.html(), Trouble.BROKEN),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_every_refusal_is_a_forge_problem(hub: Hub, fault: What, trouble: Trouble, method: str) -> None:
    forge = client(hub, max_wait=0)
    made = add_comment(hub.repository(), 7, "x", ACTIONS_BOT, ACTIONS)
    hub.fault(method, "/comments", fault)
    acts: dict[str, Callable[[], object]] = {
        "GET": lambda: forge.comments(7),
        "POST": lambda: forge.create_comment(7, "y"),
        "PATCH": lambda: forge.update_comment(made.id, "z"),
    }
    with pytest.raises(ForgeProblem) as caught:
        acts[method]()
    assert caught.value.trouble is trouble
    assert hub.log.count(method, "/comments") == 1


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_renamed_repository_is_followed(hub: Hub, status: int) -> None:
    old = "^/repos/former/shop"
    hub.fault("GET", f"{old}/pulls/7$", faults.moved("/repos/octo/shop/pulls/7", status))
    hub.fault("POST", f"{old}/issues/7/comments$", faults.moved("/repos/octo/shop/issues/7/comments", status))
    forge = client(hub, repository="former/shop")
    assert forge.pull(7).head_repository == "octo/shop"
    assert forge.create_comment(7, "Body").id in hub.repository().comments
    assert forge.requests == 4


def test_every_request_names_the_version_of_the_api_and_the_gate(hub: Hub, forge: GitHub) -> None:
    forge.viewer()
    forge.pull(7)
    forge.create_comment(7, "Body")
    for entry in hub.log:
        assert entry.api_version == "2022-11-28"
        assert (entry.user_agent or "").startswith("readiness-gate/")
        assert entry.accept == "application/vnd.github+json"


def test_t29_a_publishing_run_stays_within_thirty_requests(hub: Hub, forge: GitHub) -> None:
    """All that a run with every channel asks for, with as many annotations as are ever shown."""
    repo = hub.repository()
    repo.commit("feature", {f"many/{number}.txt": "x\n" for number in range(100)})
    sha = head(hub)
    forge.viewer()
    forge.pull(7)
    forge.changed_files(7)
    forge.file(".gate/policy.yml", repo.branch("main"), 1000)
    forge.check_runs(sha, "Verdict")
    forge.statuses(sha)
    run = forge.create_check_run(sha, "Verdict", "1", OUTPUT, "")
    for _ in range(4):
        forge.update_check_run(run.id, CheckOutput("T", "S", annotations=ANNOTATIONS))
    forge.update_check_run(run.id, OUTPUT, "failure")
    forge.create_status(sha, Status("gate: main", "failure", "No"))
    forge.comments(7)
    forge.create_comment(7, "Body")
    forge.upload_sarif(Sarif(sha, "refs/pull/7/head", b'{"version": "2.1.0", "runs": []}'))
    assert forge.requests == len(hub.log) <= 30
    assert hub.log.points < 100
