"""Which requests are repeated, how often and after how long; and what is written down of them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from gate.publish.forge_json import Fields
from gate.publish.forge_session import Session
from gate.publish.forge_wire import Answer, Ask, NoAnswer
from gate.publish.forge_words import ForgeProblem, Trouble

BASE = "https://git.example/api/v3"
NOW = 1_780_000_000.0
Step = Answer | NoAnswer


class Script:
    """A wire whose answers are written beforehand."""

    base = BASE
    graphql = "https://git.example/api/graphql"

    def __init__(self, *steps: Step, files: tuple[Step, ...] = ()) -> None:
        self.steps = list(steps)
        self.files = list(files)
        self.asked: list[Ask] = []
        self.fetched: list[str] = []
        self.before_answer: Callable[[], object] = lambda: None

    def send(self, ask: Ask) -> Answer:
        self.asked.append(ask)
        self.before_answer()
        return self._next(self.steps)

    def fetch(self, url: str, limit: int) -> Answer:
        self.fetched.append(url)
        return self._next(self.files)

    def _next(self, steps: list[Step]) -> Answer:
        step = steps.pop(0)
        if isinstance(step, NoAnswer):
            raise step
        return step


class Run:
    """A session over a script, with a clock of its own that only sleeping moves."""

    def __init__(self, *steps: Step, files: tuple[Step, ...] = (), max_wait: float = 120.0) -> None:
        self.now = NOW
        self.slept: list[float] = []
        self.lines: list[str] = []
        self.wire = Script(*steps, files=files)
        self.session = Session(
            self.wire, clock=lambda: self.now, sleep=self.sleep, log=self.lines.append, max_wait=max_wait
        )

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def problem(self, act: Callable[[Session], object]) -> ForgeProblem:
        with pytest.raises(ForgeProblem) as caught:
            act(self.session)
        return caught.value


def ok(value: object = None, **headers: str) -> Answer:
    return Answer(200, headers, b"" if value is None else json.dumps(value).encode())


def error(status: int, message: str = "", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, json.dumps({"message": message}).encode())


GET = Ask("GET", "/x")
POST = Ask("POST", "/x", {"name": "n"})
LOST = NoAnswer("did not answer within 15 seconds")


def get(session: Session) -> object:
    return session.ask(GET)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "failure", [error(500), error(502), error(503), error(504), LOST, Answer(200, {}, b'{"a": [1')]
)
def test_what_sets_a_state_is_repeated_with_back_off(method: str, failure: Step) -> None:
    run = Run(failure, failure, failure, ok({"a": 1}))
    assert run.session.ask(Ask(method, "/x")) == {"a": 1}
    assert (run.slept, run.session.requests) == ([1, 2, 4], 4)


@pytest.mark.parametrize(
    ("failure", "trouble"),
    [(error(502), Trouble.BROKEN), (LOST, Trouble.UNREACHABLE), (Answer(200, {}, b"<html>"), Trouble.BROKEN)],
)
def test_four_tries_are_all(failure: Step, trouble: Trouble) -> None:
    run = Run(*[failure] * 9)
    assert run.problem(get).trouble is trouble
    assert (run.session.requests, sum(run.slept)) == (4, 7)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422])
def test_a_refusal_is_not_repeated(status: int) -> None:
    run = Run(error(status, "Resource not accessible by integration"))
    assert run.problem(get).status == status
    assert (run.session.requests, run.slept) == (1, [])


def test_an_answer_of_the_wrong_shape_is_not_asked_for_again() -> None:
    run = Run(ok([]))
    assert run.problem(lambda session: session.fields(GET, "the thing")).trouble is Trouble.BROKEN

    run = Run(ok({"login": 5}))
    found = run.problem(lambda session: session.create(POST, lambda fields: fields.text("login"), lambda: None))
    assert found.reason == "answered without what it promises: the answer.login is not a text (POST /x)"
    assert run.session.requests == 1


def test_what_another_try_does_not_mend_is_not_tried_again() -> None:
    run = Run(NoAnswer("showed a certificate that is not trusted here", transient=False))
    assert run.problem(get).trouble is Trouble.UNREACHABLE
    assert run.session.requests == 1


def test_a_server_in_trouble_says_when_it_is_back() -> None:
    run = Run(error(503, retry_after="9"), ok())
    assert run.session.ask(GET) is None
    assert run.slept == [9]


def test_the_wait_is_bounded_for_the_whole_run_and_not_for_each_request() -> None:
    run = Run(error(502), error(502), ok(), error(502), error(502), max_wait=4)
    assert run.session.ask(GET) is None  # waits 1 and 2
    assert run.problem(get).status == 502  # waits the last one
    assert (run.slept, run.session.waited) == ([1, 2, 1], 4)


def test_a_github_that_is_away_costs_a_run_a_bounded_time() -> None:
    run = Run(*[LOST] * 50)

    def time_out() -> None:
        run.now += 15

    run.wire.before_answer = time_out
    for _ in range(8):
        assert run.problem(get).trouble is Trouble.UNREACHABLE
    assert run.now - NOW <= 120 + 8 * 15


def test_t29_a_primary_limit_is_waited_for() -> None:
    limited = error(403, "API rate limit exceeded", x_ratelimit_remaining="0", x_ratelimit_reset=str(int(NOW) + 30))
    run = Run(limited, ok({"a": 1}))
    assert run.session.ask(GET) == {"a": 1}
    assert run.slept == [31]


@pytest.mark.parametrize("status", [403, 429])
def test_t29_a_secondary_limit_is_waited_for_as_it_is_told(status: int) -> None:
    run = Run(error(status, "You have exceeded a secondary rate limit.", retry_after="5"), ok())
    run.session.ask(GET)
    assert run.slept == [5]


def test_t29_a_limit_that_names_no_time_is_waited_for_longer_each_time() -> None:
    run = Run(error(429), error(429), ok(), max_wait=500)
    run.session.ask(GET)
    assert run.slept == [60, 120]


def test_t29_a_limit_that_is_too_long_is_not_waited_for() -> None:
    limited = error(403, "API rate limit exceeded", x_ratelimit_remaining="0", x_ratelimit_reset=str(int(NOW) + 3000))
    run = Run(limited)
    found = run.problem(get)
    assert (found.trouble, run.slept, run.session.requests) == (Trouble.LIMITED, [], 1)
    assert "until 2026-05-28 21:16:41 UTC, 3,001 seconds from now, and 120 seconds are left to wait" in found.reason


def test_t29_a_limit_again_and_again_ends() -> None:
    run = Run(*[error(429, retry_after="1")] * 9)
    assert run.problem(get).trouble is Trouble.LIMITED
    assert (run.session.requests, run.slept) == (4, [1, 1, 1])


def made(fields: Fields) -> int:
    return fields.integer("id")


class Finder:
    def __init__(self, *found: int | None) -> None:
        self.found = list(found)
        self.looked = 0

    def __call__(self) -> int | None:
        self.looked += 1
        return self.found.pop(0)


HALF = Answer(201, {}, b'{"id": 1')
HTML = Answer(201, {}, b"<html>")


@pytest.mark.parametrize("failure", [error(500), error(502), error(503), LOST, HALF, HTML])
def test_a_creation_is_looked_for_before_it_is_repeated(failure: Step) -> None:
    run = Run(failure)
    finder = Finder(7)
    assert run.session.create(POST, made, finder) == 7
    assert (len(run.wire.asked), finder.looked, run.slept) == (1, 1, [1])


def test_a_creation_that_is_not_found_is_repeated() -> None:
    run = Run(error(502), LOST, ok({"id": 3}))
    finder = Finder(None, None)
    assert run.session.create(POST, made, finder) == 3
    assert (len(run.wire.asked), finder.looked) == (3, 2)


def test_a_creation_is_looked_for_after_the_last_try_too() -> None:
    run = Run(*[error(502)] * 4)
    assert run.session.create(POST, made, Finder(None, None, None, 9)) == 9
    run = Run(error(502), max_wait=0)
    assert run.session.create(POST, made, Finder(9)) == 9
    run = Run(error(502), max_wait=0)
    assert run.problem(lambda session: session.create(POST, made, Finder(None))).status == 502


def test_a_creation_that_cannot_be_looked_for_is_not_repeated() -> None:
    def find() -> int | None:
        raise ForgeProblem(Trouble.FORBIDDEN, "said no")

    run = Run(error(502, "first"))
    found = run.problem(lambda session: session.create(POST, made, find))
    assert (found.status, len(run.wire.asked)) == (502, 1)


def test_a_creation_that_a_limit_turned_away_was_none() -> None:
    run = Run(error(403, "secondary rate limit", retry_after="2"), ok({"id": 3}))
    assert run.session.create(POST, made, Finder()) == 3


def test_a_renamed_repository_is_followed_with_method_and_body() -> None:
    run = Run(Answer(307, {"location": f"{BASE}/repositories/7/x?a=b"}), ok({"id": 1}))
    assert run.session.create(POST, made, Finder()) == 1
    assert run.wire.asked[1] == Ask("POST", f"{BASE}/repositories/7/x?a=b", {"name": "n"})


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/api/v3/x",
        "http://git.example/api/v3/x",
        "https://git.example:8443/api/v3/x",
        "https://git.example/elsewhere",
        "https://git.example@evil.example/api/v3/x",
        "//evil.example/x",
        "https://[",
    ],
)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_t25_a_redirection_to_another_place_is_not_followed(status: int, location: str) -> None:
    run = Run(Answer(status, {"location": location}))
    found = run.problem(get)
    assert (found.trouble, run.session.requests) == (Trouble.BROKEN, 1)
    assert "where nothing was sent" in found.reason


def test_redirections_in_a_circle_end() -> None:
    run = Run(*[Answer(301, {"location": f"{BASE}/x"})] * 9)
    assert "again and again" in run.problem(get).reason
    assert run.session.requests == 3


def test_a_redirection_that_leads_nowhere_is_broken() -> None:
    assert Run(Answer(301, {})).problem(get).status == 301


def test_pages_are_followed_on_the_same_host_only() -> None:
    run = Run(ok([1], link=f'<{BASE}/x?page=2>; rel="next"'), ok([2]))
    assert list(run.session.pages(GET)) == [[1], [2]]
    run = Run(ok([1], link='<https://evil.example/api/v3/x?page=2>; rel="next"'))
    assert "where nothing was sent" in run.problem(lambda session: list(session.pages(GET))).reason


def test_pages_are_bounded() -> None:
    run = Run(*[ok([1], link=f'<{BASE}/x?page=2>; rel="next"')] * 9)
    assert len(list(run.session.pages(GET, 5))) == 5
    assert run.session.requests == 5


def test_a_list_that_somebody_filled_without_end_is_not_cut_in_silence() -> None:
    run = Run(*[ok([1], link=f'<{BASE}/x?page=2>; rel="next"')] * 101)
    found = run.problem(lambda session: list(session.pages(GET)))
    assert (found.trouble, run.session.requests) == (Trouble.INVALID, 100)
    assert "more than 100 pages for GET /x" in found.reason


def test_a_page_that_fails_is_asked_for_again_and_not_those_before() -> None:
    run = Run(ok([1], link=f'<{BASE}/x?page=2>; rel="next"'), error(502), ok([2]))
    assert list(run.session.pages(GET)) == [[1], [2]]
    assert [ask.url for ask in run.wire.asked] == ["/x", f"{BASE}/x?page=2", f"{BASE}/x?page=2"]


def query(session: Session) -> object:
    return session.query("query", {})


@pytest.mark.parametrize(
    ("kind", "trouble"),
    [("FORBIDDEN", Trouble.FORBIDDEN), ("NOT_FOUND", Trouble.NOT_FOUND), ("UNPROCESSABLE", Trouble.INVALID)],
)
def test_graphql_tells_of_errors_under_a_status_of_200(kind: str, trouble: Trouble) -> None:
    run = Run(ok({"data": None, "errors": [{"type": kind, "message": "Resource not accessible by integration"}]}))
    found = run.problem(query)
    assert found.trouble is trouble
    assert found.reason == "refused a query: Resource not accessible by integration"


def test_t29_graphql_tells_of_limits_so_too() -> None:
    limited = ok({"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}, **{"retry-after": "4"})
    run = Run(limited, ok({"data": {"a": 1}}))
    assert run.session.query("query", {}).integer("a") == 1
    assert run.slept == [4]


def test_graphql_is_asked_at_its_own_address() -> None:
    run = Run(ok({"data": {}}))
    run.session.query("query { a }", {"b": 1})
    assert run.wire.asked == [
        Ask("POST", "https://git.example/api/graphql", {"query": "query { a }", "variables": {"b": 1}})
    ]


TO_STORAGE = Answer(302, {"location": "https://storage.example/a?sig=SIGNED"})


def download(session: Session) -> bytes:
    return session.download(Ask("GET", "/x/zip"), 4)


def test_a_file_is_fetched_where_the_answer_leads() -> None:
    run = Run(TO_STORAGE, files=(Answer(200, {}, b"data"),))
    assert download(run.session) == b"data"
    assert run.wire.fetched == ["https://storage.example/a?sig=SIGNED"]
    assert not [line for line in run.lines if "SIGNED" in line]


@pytest.mark.parametrize("failure", [LOST, Answer(403, {}), Answer(500, {})])
def test_each_try_of_a_file_asks_for_a_new_address(failure: Step) -> None:
    run = Run(TO_STORAGE, TO_STORAGE, files=(failure, Answer(200, {}, b"data")))
    assert download(run.session) == b"data"
    assert (len(run.wire.asked), run.session.requests) == (2, 4)


def test_a_file_that_is_too_long_is_refused() -> None:
    found = Run(TO_STORAGE, files=(Answer(200, {}, b"datas"),)).problem(download)
    assert (found.trouble, found.reason) == (Trouble.INVALID, "holds more than 4 bytes in the file of GET /x/zip")


def test_a_file_without_an_address_is_a_broken_answer() -> None:
    assert Run(ok({})).problem(download).trouble is Trouble.BROKEN
    assert Run(error(410, "Artifact has expired")).problem(download).trouble is Trouble.INVALID


def test_the_log_has_a_line_for_each_request() -> None:
    run = Run(error(502, x_ratelimit_remaining="990"), ok({}, **{"x-ratelimit-remaining": "989"}))
    run.session.ask(Ask("GET", "/a\x1b[31m\n::error::/b?c=d"))
    assert run.lines == [
        "GET /a[31m::error::/b: 502, 0 ms, 990 requests left",
        "waiting 1 seconds before GitHub is asked again",
        "GET /a[31m::error::/b: 200, 0 ms, 989 requests left",
    ]
