"""Every fault does to a client what it says, and to the server's state what it says."""

from __future__ import annotations

import socket
import time

import pytest
import requests

from tests.support.github_server import Fault, Hub, faults

COMMENTS = "/repos/octo/shop/issues/7/comments"
ME = {"Authorization": "Bearer job"}


def post(hub: Hub, timeout: float = 5) -> requests.Response:
    body = {"body": "Verdict"}
    return requests.post(hub.url + COMMENTS, json=body, headers=ME, timeout=timeout, allow_redirects=False)


def comments(hub: Hub) -> int:
    return len(hub.repository().comments)


@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize("effect", [False, True])
def test_an_error_of_the_server_comes_with_or_without_the_effect(status: int, effect: bool, hub: Hub) -> None:
    fault = hub.fault("POST", "/comments$", faults.server_error(status, effect=effect))
    assert post(hub).status_code == status
    assert comments(hub) == (1 if effect else 0)
    assert post(hub).status_code == 201
    assert fault.fired == 1


ANSWERS: list[tuple[faults.What, int, str]] = [
    (faults.primary_limit(), 403, "API rate limit exceeded"),
    (faults.secondary_limit(), 403, "secondary rate limit"),
    (faults.secondary_limit(status=429), 429, "secondary rate limit"),
    (faults.fork(), 403, "Resource not accessible by integration"),
    (faults.gone(), 404, "Not Found"),
    (faults.unauthorized(), 401, "Bad credentials"),
    (faults.unprocessable(errors=[{"resource": "IssueComment"}]), 422, "Validation Failed"),
    (faults.refuse(410, "Issues are disabled for this repo"), 410, "disabled"),
]


@pytest.mark.parametrize(("what", "status", "message"), ANSWERS)
def test_a_refusal_has_no_effect_and_github_s_words(what: faults.What, status: int, message: str, hub: Hub) -> None:
    hub.fault("POST", "/comments$", what)
    answer = post(hub)
    assert (answer.status_code, comments(hub)) == (status, 0)
    assert message in answer.json()["message"]


def test_limits_say_when_to_come_back(hub: Hub) -> None:
    hub.fault("POST", "/comments$", faults.primary_limit(resets_in=30))
    hub.fault("POST", "/comments$", faults.secondary_limit(retry_after=7), nth=2)
    hub.fault("POST", "/comments$", faults.secondary_limit(retry_after=None), nth=3)
    primary, secondary, silent = post(hub), post(hub), post(hub)
    assert primary.headers["X-RateLimit-Remaining"] == "0"
    assert 25 <= int(primary.headers["X-RateLimit-Reset"]) - time.time() <= 31
    assert secondary.headers["Retry-After"] == "7"
    assert int(secondary.headers["X-RateLimit-Remaining"]) > 0
    assert "Retry-After" not in silent.headers


BROKEN = [
    (faults.silent(0.5), requests.exceptions.Timeout, 0),
    (faults.silent(0.5, effect=True), requests.exceptions.Timeout, 1),
    (faults.reset(), requests.exceptions.ConnectionError, 0),
    (faults.reset(effect=True), requests.exceptions.ConnectionError, 1),
    (faults.cut(), requests.exceptions.RequestException, 1),
    (faults.cut(effect=False), requests.exceptions.RequestException, 0),
]


@pytest.mark.parametrize(("what", "error", "made"), BROKEN)
def test_a_connection_breaks(what: faults.What, error: type[Exception], made: int, hub: Hub) -> None:
    hub.fault("POST", "/comments$", what)
    with pytest.raises(error):
        post(hub, timeout=0.2)
    assert comments(hub) == made
    assert post(hub).status_code == 201


def test_an_answer_is_no_json(hub: Hub) -> None:
    for what in (faults.html(), faults.truncated_json(), faults.wrong_type()):
        hub.faults[:] = [Fault("POST", "/comments$", what)]
        answer = post(hub)
        assert answer.ok
        if what.__name__ == "wrong type":
            assert answer.headers["Content-Type"] == "text/plain"
            assert answer.json()["body"] == "Verdict"
        else:
            with pytest.raises(requests.exceptions.JSONDecodeError):
                answer.json()
    assert comments(hub) == 2


def test_redirects_lead_where_they_say(hub: Hub) -> None:
    hub.fault("POST", "/comments$", faults.moved("/repositories/1/issues/7/comments", 307))
    hub.fault("POST", "/comments$", faults.moved("https://elsewhere.example/", 302), nth=2)
    first, second = post(hub), post(hub)
    assert (first.status_code, first.headers["Location"]) == (307, f"{hub.url}/repositories/1/issues/7/comments")
    assert (second.status_code, second.headers["Location"]) == (302, "https://elsewhere.example/")


def test_something_else_happens_before_or_between(hub: Hub) -> None:
    repo = hub.repository()

    def another_run() -> None:
        # A client of its own, over HTTP, while the first one waits.
        requests.post(hub.url + COMMENTS, json={"body": "Another"}, headers=ME, timeout=5)

    hub.fault("POST", "/comments$", faults.meanwhile(another_run))
    hub.fault("GET", "/pulls/7$", faults.meanwhile(lambda: repo.close(7), before=False))
    post(hub)
    assert [one.body for one in repo.comments.values()] == ["Another", "Verdict"]
    states = [requests.get(f"{hub.url}/repos/octo/shop/pulls/7", timeout=5).json()["state"] for _ in range(2)]
    assert states == ["open", "closed"]


def test_nth_zero_is_every_one_and_faults_count_apart(hub: Hub) -> None:
    every = hub.fault("GET", "/pulls/", faults.gone(), nth=0)
    second = hub.fault("GET", "/pulls/8$", faults.gone(), nth=2)
    for number in (7, 8, 8):
        assert requests.get(f"{hub.url}/repos/octo/shop/pulls/{number}", timeout=5).status_code == 404
    assert (every.fired, every.seen, second.fired, second.seen) == (3, 3, 1, 2)


def test_the_server_is_away_for_a_while_and_remembers(hub: Hub) -> None:
    post(hub)
    with hub.down():
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(hub.url.rpartition(":")[2])), 1)
        with pytest.raises(requests.exceptions.ConnectionError):
            post(hub)
    assert post(hub).status_code == 201
    assert comments(hub) == 2


def test_the_log_says_what_was_asked_and_never_the_token(hub: Hub) -> None:
    hub.world.job_token("a-word-that-is-the-token")
    headers = {"Authorization": "Bearer a-word-that-is-the-token", "X-GitHub-Api-Version": "2022-11-28"}
    requests.post(hub.url + COMMENTS, json={"body": "x"}, headers={**headers, "User-Agent": "gate"}, timeout=5)
    hub.fault("GET", "", faults.server_error(503))
    requests.get(f"{hub.url}{COMMENTS}?per_page=100", timeout=5)
    first, second = hub.log
    assert (first.account, first.authorized, first.user_agent) == ("github-actions[bot]", True, "gate")
    assert (first.api_version, first.body, first.points, first.wrote) == ("2022-11-28", {"body": "x"}, 5, True)
    assert (second.account, second.authorized, second.query, second.points) == (None, False, {"per_page": "100"}, 1)
    assert hub.log.points == 6
    assert (hub.log.count("POST"), hub.log.count("GET|POST", "/comments$"), hub.log.count("PATCH")) == (1, 2, 0)
    table = hub.log.table()
    assert "503   1       0 GET /repos/octo/shop/issues/7/comments?per_page=100   [503 without effect]" in table
    assert "2 requests, 6 points, 1 writes" in table
    assert "a-word-that-is-the-token" not in table + repr(hub.log) + repr(hub.world.tokens.values())


def test_closing_does_not_wait_for_a_silent_answer(hub: Hub) -> None:
    hub.fault("POST", "/comments$", faults.silent(30))
    with pytest.raises(requests.exceptions.Timeout):
        post(hub, timeout=0.2)
    start = time.monotonic()
    with hub.down():
        pass
    assert time.monotonic() - start < 5
