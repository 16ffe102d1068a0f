"""Requests that are repeated where that is safe, with a bounded wait, and answered with JSON or with ForgeProblem.

What may be repeated (a GET, a PATCH that sets a state) is tried four times. A creation is never repeated blindly: after
a failure of which nobody knows whether it had an effect, the creation is looked for first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from gate.model.json import Json, JsonObject
from gate.publish.forge_answers import (
    REDIRECTIONS,
    TRANSIENT,
    graphql_limited_for,
    limit_problem,
    limited_for,
    message_of,
    next_page,
    problem_of,
    retry_after,
)
from gate.publish.forge_json import Fields, NotJson, broken, parse
from gate.publish.forge_wire import Answer, Ask, NoAnswer, Wire, same_origin
from gate.publish.forge_words import ForgeProblem, Trouble

T = TypeVar("T")
TRIES = 4
FIRST_PAUSE = 1.0
"""Seconds before the second try; each further pause is twice as long."""
MOST_PAGES = 100
_MOST_HOPS = 3


class _Unknown(Exception):
    """A try that failed without telling whether it had an effect; another is welcome in `after` seconds."""

    def __init__(self, problem: ForgeProblem, transient: bool = True, after: float = 0.0) -> None:
        self.problem = problem
        self.transient = transient
        self.after = after
        super().__init__(problem.reason)


class _Limited(Exception):
    """A try that a rate limit turned away: it had no effect."""

    def __init__(self, answer: Answer, seconds: Callable[[Answer, float, int], float | None]) -> None:
        self.answer = answer
        self.seconds = seconds
        super().__init__()


class Session:
    """All requests of one run. `requests` counts them.

    `waited` are the seconds that went into pauses and into tries that nothing came back from; from `max_wait` on,
    nothing is tried again: a GitHub that is away costs a run that much, and a time-out for each further request.
    """

    def __init__(
        self,
        wire: Wire,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        log: Callable[[str], None],
        max_wait: float,
    ) -> None:
        self._wire = wire
        self._clock = clock
        self._sleep = sleep
        self._log = log
        self._max_wait = max_wait
        self.waited = 0.0
        self.requests = 0

    def ask(self, ask: Ask) -> Json:
        """Return the document that answers a request that may be repeated, None where the answer is empty."""
        return self._tried(ask, _document)

    def create(self, ask: Ask, read: Callable[[Fields], T], find: Callable[[], T | None]) -> T:
        """Create something once. `find` looks for it after a failure of unknown effect. Raises ForgeProblem."""

        def look() -> Sequence[T]:
            found = find()
            return () if found is None else (found,)

        return self._tried(ask, lambda answer: read(Fields(_document(answer), "the answer")), look)

    def fields(self, ask: Ask, where: str) -> Fields:
        """Return the object that answers a request that may be repeated."""
        return Fields(self.ask(ask), where)

    def pages(self, ask: Ask, most: int | None = None) -> Iterator[Json]:
        """Yield the documents of a list, a page each. Raises ForgeProblem.

        With `most`, whoever asks knows what it means that there are more; without, a list of more than a hundred pages
        is refused: what somebody else can fill must not push what is looked for out of sight.
        """
        following: str | None = ask.url
        for _ in range(most or MOST_PAGES):
            if following is None:
                return
            document, following = self._tried(Ask(ask.method, following, accept=ask.accept), self._page)
            yield document
        if following is not None and most is None:
            raise ForgeProblem(Trouble.INVALID, f"lists more than {MOST_PAGES} pages for {ask.label}; no more are read")

    def query(self, query: str, variables: JsonObject) -> Fields:
        """Return the `data` of a GraphQL request that may be repeated. Raises ForgeProblem."""
        ask = Ask("POST", self._wire.graphql, {"query": query, "variables": variables})
        return self._tried(ask, _graphql_data)

    def download(self, ask: Ask, limit: int) -> bytes:
        """Return a file of at most `limit` bytes to which a request is redirected. Raises ForgeProblem.

        The address that GitHub gives is good for a minute, so each try asks for a new one.
        """

        def follow(answer: Answer) -> bytes:
            target = answer.headers.get("location", "")
            if answer.status not in REDIRECTIONS or not target:
                raise broken("the address of the file", "there")
            return self._fetch(ask, target, limit)

        return self._tried(ask, follow, file=True)

    def _tried(
        self, ask: Ask, read: Callable[[Answer], T], recover: Callable[[], Sequence[T]] = tuple, *, file: bool = False
    ) -> T:
        """Try a request until it is answered. After each failure of unknown effect `recover` may find the answer."""
        limits = 0
        for attempt in range(TRIES):
            last = attempt == TRIES - 1
            try:
                return self._once(ask, read, file=file)
            except _Limited as limited:
                self._wait_for_limit(limited, limits, last)
                limits += 1
                continue
            except _Unknown as unknown:
                failed = unknown
            again = failed.transient and not last and self._pause(max(failed.after, FIRST_PAUSE * 2.0**attempt))
            for found in self._recovered(recover, failed.problem):
                return found
            if not again:
                raise failed.problem
        raise AssertionError("the last try returns or raises")

    def _recovered(self, recover: Callable[[], Sequence[T]], problem: ForgeProblem) -> Sequence[T]:
        """Look for what a failed creation may have left behind; where that cannot be told, its problem stands."""
        try:
            return recover()
        except ForgeProblem:
            pass
        raise problem

    def _once(self, ask: Ask, read: Callable[[Answer], T], *, file: bool) -> T:
        answer = self._answered(ask, file=file)
        if limited_for(answer, self._clock(), 0) is not None:
            raise _Limited(answer, limited_for)
        if answer.status in TRANSIENT:
            raise _Unknown(problem_of(ask, answer), after=retry_after(answer) or 0.0)
        if answer.status >= 400 or (answer.status >= 300 and not file):
            raise problem_of(ask, answer)
        try:
            return read(answer)
        except ForgeProblem as problem:
            if problem.trouble is not Trouble.BROKEN:
                raise
            named = ForgeProblem(Trouble.BROKEN, f"{problem.reason} ({ask.label})", answer.status)
            half = isinstance(problem, NotJson)  # the rest may come with the next try; a wrong type stays wrong
        raise _Unknown(named, transient=half)

    def _answered(self, ask: Ask, *, file: bool) -> Answer:
        """Send a request and follow it where the repository was renamed, on the same host only."""
        for _ in range(_MOST_HOPS):
            answer = self._sent(ask)
            target = answer.headers.get("location", "")
            if answer.status not in REDIRECTIONS or not target:
                return answer
            if not same_origin(target, self._wire.base) or not target.startswith(f"{self._wire.base}/"):
                if file:
                    return answer
                raise ForgeProblem(Trouble.BROKEN, f"redirected {ask.label} to another place, where nothing was sent")
            ask = Ask(ask.method, target, ask.body, ask.accept)
        raise ForgeProblem(Trouble.BROKEN, f"redirected {ask.label} again and again", answer.status)

    def _sent(self, ask: Ask) -> Answer:
        started = self._clock()
        self.requests += 1
        try:
            answer = self._wire.send(ask)
        except NoAnswer as lost:
            self.waited += self._since(started)
            self._log(f"{ask.label}: GitHub {lost.reason}, {self._milliseconds(started)}")
            problem, transient = ForgeProblem(Trouble.UNREACHABLE, f"{lost.reason} ({ask.label})"), lost.transient
        else:
            left = answer.headers.get("x-ratelimit-remaining", "")
            room = f", {left.strip()} requests left" if left.strip().isdecimal() else ""
            self._log(f"{ask.label}: {answer.status}, {self._milliseconds(started)}{room}")
            return answer
        raise _Unknown(problem, transient)

    def _fetch(self, ask: Ask, url: str, limit: int) -> bytes:
        started = self._clock()
        self.requests += 1
        try:
            answer = self._wire.fetch(url, limit)
        except NoAnswer as lost:
            self.waited += self._since(started)
            problem, transient = ForgeProblem(Trouble.UNREACHABLE, f"{lost.reason} ({ask.label})"), lost.transient
        else:
            self._log(f"the file of {ask.label}: {answer.status}, {self._milliseconds(started)}")
            if answer.status >= 300:
                raise _Unknown(ForgeProblem(Trouble.BROKEN, f"did not hand out the file of {ask.label}", answer.status))
            if len(answer.data) > limit:
                raise ForgeProblem(Trouble.INVALID, f"holds more than {limit:,} bytes in the file of {ask.label}")
            return answer.data
        self._log(f"the file of {ask.label}: GitHub {problem.reason}, {self._milliseconds(started)}")
        raise _Unknown(problem, transient)

    def _page(self, answer: Answer) -> tuple[Json, str | None]:
        following = next_page(answer)
        if following is not None and not following.startswith(f"{self._wire.base}/"):
            raise ForgeProblem(Trouble.BROKEN, "named a next page that lies in another place, where nothing was sent")
        return parse(answer.data), following

    def _wait_for_limit(self, limited: _Limited, before: int, last: bool) -> None:
        now = self._clock()
        seconds = limited.seconds(limited.answer, now, before) or FIRST_PAUSE
        if last or not self._pause(seconds):
            raise limit_problem(seconds, now, self._max_wait - self.waited, limited.answer.status) from None

    def _pause(self, seconds: float) -> bool:
        """Sleep, if that much is left of what a run may wait in all; tell whether it was."""
        if self.waited + seconds > self._max_wait:
            return False
        self._log(f"waiting {seconds:,.0f} seconds before GitHub is asked again")
        self.waited += seconds
        self._sleep(seconds)
        return True

    def _milliseconds(self, started: float) -> str:
        return f"{self._since(started) * 1000:,.0f} ms"

    def _since(self, started: float) -> float:
        return max(0.0, self._clock() - started)


def _document(answer: Answer) -> Json:
    return parse(answer.data) if answer.data.strip() else None


_GRAPHQL_TROUBLES = {
    "FORBIDDEN": Trouble.FORBIDDEN,
    "INSUFFICIENT_SCOPES": Trouble.FORBIDDEN,
    "NOT_FOUND": Trouble.NOT_FOUND,
}


def _graphql_data(answer: Answer) -> Fields:
    """Return the data of GraphQL's answer, which tells of errors under a status of 200."""
    body = Fields(_document(answer), "the answer")
    errors = body.children("errors") if body.has("errors") else ()
    if not errors:
        return body.child("data")
    kinds = [error.maybe_text("type") or "" for error in errors]
    if "RATE_LIMITED" in kinds:
        raise _Limited(answer, graphql_limited_for)
    trouble = next((_GRAPHQL_TROUBLES[kind] for kind in kinds if kind in _GRAPHQL_TROUBLES), Trouble.INVALID)
    raise ForgeProblem(trouble, f"refused a query: {message_of(answer)}", answer.status)
