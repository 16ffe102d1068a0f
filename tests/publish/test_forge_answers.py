"""What an answer of GitHub's means."""

from __future__ import annotations

import json

import pytest

from gate.publish.forge_answers import (
    limit_problem,
    limited_for,
    message_of,
    next_page,
    problem_of,
    retry_after,
)
from gate.publish.forge_wire import Answer, Ask
from gate.publish.forge_words import Trouble

ASK = Ask("GET", "/repos/o/r/pulls/7?per_page=100")
NOW = 1_780_000_000.0


def answer(status: int, body: object = None, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, b"" if body is None else json.dumps(body).encode())


@pytest.mark.parametrize(
    ("status", "trouble"),
    [
        (301, Trouble.BROKEN),
        (400, Trouble.INVALID),
        (401, Trouble.UNAUTHENTICATED),
        (403, Trouble.FORBIDDEN),
        (404, Trouble.NOT_FOUND),
        (409, Trouble.INVALID),
        (410, Trouble.INVALID),
        (413, Trouble.INVALID),
        (418, Trouble.INVALID),
        (422, Trouble.INVALID),
        (429, Trouble.LIMITED),
        (500, Trouble.BROKEN),
        (599, Trouble.BROKEN),
    ],
)
def test_a_status_is_one_kind_of_trouble(status: int, trouble: Trouble) -> None:
    problem = problem_of(ASK, answer(status, {"message": "So it is"}))
    assert (problem.trouble, problem.status) == (trouble, status)
    assert f"GET /repos/o/r/pulls/7 with {status}" in problem.reason
    assert "per_page" not in problem.reason


def test_a_refusal_says_which_permission_is_missing() -> None:
    forbidden = answer(
        403, {"message": "Resource not accessible by integration"}, x_accepted_github_permissions="checks=write"
    )
    assert problem_of(ASK, forbidden).reason.endswith(
        "with 403 Forbidden: Resource not accessible by integration (the request needs checks=write)"
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"message": "Validation Failed", "errors": [{"message": "too long"}]}, "Validation Failed; too long"),
        (
            {"errors": [{"resource": "CheckRun", "field": "name", "code": "missing_field"}]},
            "CheckRun.name missing_field",
        ),
        ({"message": "No", "errors": ["one", "two"]}, "No; one; two"),
        ({"message": "No", "errors": "a sentence"}, "No; a sentence"),
        ({"message": "No", "errors": [{"resource": "X"}, 7, None]}, "No; X"),
        ({"message": 7}, ""),
        (["no object"], ""),
    ],
)
def test_the_messages_of_an_error_are_told(body: object, said: str) -> None:
    assert message_of(answer(422, body)) == said


def test_a_status_is_not_told_twice() -> None:
    assert problem_of(ASK, answer(404, {"message": "Not Found"})).reason.endswith("with 404 Not Found")


def test_a_page_of_html_is_not_a_message() -> None:
    assert message_of(Answer(403, {}, b"<html>Access denied</html>")) == ""
    assert problem_of(ASK, Answer(403, {}, b"<html>")).reason.endswith("403 Forbidden")


def test_t28_a_message_cannot_speak_to_the_runner_nor_run_on() -> None:
    said = message_of(answer(422, {"message": "a\n::error::b ##[error]c \x1b[31m\u202e" + "x" * 9000}))
    assert "::" not in said
    assert "##[" not in said
    assert "\n" not in said
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert len(said) < 320


PRIMARY = {"message": "API rate limit exceeded for installation ID 7."}
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}


@pytest.mark.parametrize(
    ("given", "before", "seconds"),
    [
        (answer(403, PRIMARY, x_ratelimit_remaining="0", x_ratelimit_reset=str(int(NOW) + 50)), 0, 51),
        (answer(403, PRIMARY, x_ratelimit_remaining="0", x_ratelimit_reset=str(int(NOW) - 50)), 0, 1),
        (answer(403, SECONDARY, retry_after="7"), 0, 7),
        (answer(429, SECONDARY, retry_after="0"), 0, 1),
        (answer(403, SECONDARY), 0, 60),
        (answer(429), 2, 240),
        (answer(403, SECONDARY, retry_after="Wed, 21 Oct 2026 07:28:00 GMT"), 0, 60),
        (answer(403, SECONDARY, retry_after="-5"), 1, 120),
        (answer(403, PRIMARY, x_ratelimit_remaining="0", x_ratelimit_reset="nan"), 0, 60),
        (answer(403, {"message": "Resource not accessible by integration"}), 0, None),
        (answer(403, {"message": "Resource not accessible by integration"}, x_ratelimit_remaining="0"), 0, None),
        (answer(404, PRIMARY), 0, None),
        (answer(200), 0, None),
    ],
)
def test_how_long_a_limit_asks_to_wait(given: Answer, before: int, seconds: float | None) -> None:
    assert limited_for(given, NOW, before) == seconds


def test_a_limit_that_is_too_long_says_until_when() -> None:
    problem = limit_problem(3600, NOW, 30, 403)
    assert (problem.trouble, problem.status) == (Trouble.LIMITED, 403)
    assert "until 2026-05-28 21:26:40 UTC, 3,600 seconds from now, and 30 seconds are left" in problem.reason


def test_a_limit_of_ages_is_still_worded() -> None:
    assert "UTC" in limit_problem(9e11, NOW, -3, 429).reason


def test_retry_after_is_read_of_any_answer() -> None:
    assert retry_after(answer(503, None, retry_after="3")) == 3
    assert retry_after(answer(503)) is None


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ('<https://a/x?page=2>; rel="next", <https://a/x?page=9>; rel="last"', "https://a/x?page=2"),
        ('<https://a/x?page=1>; rel="prev", <https://a/x?page=3>; rel="next"', "https://a/x?page=3"),
        ("<https://a/x?page=2>; rel=next", "https://a/x?page=2"),
        ('<https://a/x?page=2>; title="n"; rel="next"', "https://a/x?page=2"),
        ('<https://a/x?page=9>; rel="last"', None),
        ('<https://a/x?page=9>; rel="nextish"', None),
        ("", None),
    ],
)
def test_the_next_page_is_the_one_that_the_header_names(link: str, address: str | None) -> None:
    assert next_page(Answer(200, {"link": link})) == address
