"""Faults that tests put between a client and the server."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from tests.support.github_server.wire import (
    Refusal,
    Request,
    Response,
    as_json,
    not_accessible,
    not_found,
    redirect,
)

Really = Callable[[], Response]
"""Lets the request have its effect and gives the true answer."""
What = Callable[[Request, Really], Response]
_SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. "
    "If you reach out to GitHub Support for help, please include the request ID 0000:0000:0000:0000:00000000."
)


@dataclass
class Fault:
    """What befalls the nth request (0: every one) of this method and path; both are patterns.

    The method is matched whole, the path (without its query) anywhere.
    """

    method: str
    path: str
    what: What
    nth: int = 1
    name: str = ""
    seen: int = field(default=0, init=False)
    fired: int = field(default=0, init=False)

    def meets(self, request: Request) -> bool:
        """Count a request that matches, and say whether it is the one."""
        if not (re.fullmatch(self.method, request.method) and re.search(self.path, request.path)):
            return False
        self.seen += 1
        hit = self.nth in (0, self.seen)
        self.fired += hit
        return hit

    @property
    def label(self) -> str:
        """Its name in the request log."""
        return self.name or getattr(self.what, "__name__", "fault")


def _named(name: str, what: What) -> What:
    what.__name__ = name
    return what


def _answer(name: str, make: Callable[[], Response]) -> What:
    return _named(name, lambda request, really: make())


def server_error(status: int = 502, *, effect: bool = False) -> What:
    """500, 502 or 503; with `effect` the request did what it asked for and only its answer was lost."""
    texts = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable"}

    def what(request: Request, really: Really) -> Response:
        if effect:
            really()
        if status == 502:
            html = b"<html><head><title>502 Bad Gateway</title></head><body>Unicorn!</body></html>"
            return Response(502, html, {"Content-Type": "text/html; charset=utf-8"})
        return as_json({"message": texts[status]}, status)

    return _named(f"{status} {'with' if effect else 'without'} effect", what)


def primary_limit(resets_in: int = 2) -> What:
    """All requests of the hour are used up; `resets_in` seconds from now there are new ones."""

    def make() -> Response:
        reset = str(int(time.time()) + resets_in)
        headers = {"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
        headers |= {"X-RateLimit-Used": "1000", "X-RateLimit-Resource": "core"}
        return Refusal(403, "API rate limit exceeded for installation ID 1234.", headers).response()

    return _answer("primary limit", make)


def secondary_limit(retry_after: int | None = 1, status: int = 403) -> What:
    """Too many requests at once; 403 or 429, with or without retry-after."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return _answer("secondary limit", lambda: Refusal(status, _SECONDARY, headers).response())


def fork() -> What:
    """The token is read-only, as for forks and Dependabot."""
    return _answer("403 fork", lambda: not_accessible().response())


def gone() -> What:
    """404."""
    return _answer("404", lambda: not_found().response())


def unauthorized() -> What:
    """401: the token is not valid, or no longer."""
    return _answer("401", lambda: Refusal(401, "Bad credentials").response())


def unprocessable(message: str = "Validation Failed", errors: object = ()) -> What:
    """422 with GitHub's error body."""
    listed = list(errors) if isinstance(errors, list | tuple) else errors
    return _answer("422", lambda: Refusal(422, message, errors=listed).response())


def refuse(status: int, message: str, headers: Mapping[str, str] | None = None) -> What:
    """Any other error that GitHub words."""
    return _answer(str(status), lambda: Refusal(status, message, headers).response())


def silent(seconds: float = 3.0, *, effect: bool = False) -> What:
    """No answer for so long; then the connection closes."""
    return _damaged("silent", effect, lambda answer: replace(answer, transport="silent", seconds=seconds))


def cut(*, effect: bool = True) -> What:
    """The connection closes in the middle of the body."""
    return _damaged("cut", effect, lambda answer: replace(answer, transport="cut"))


def reset(*, effect: bool = False) -> What:
    """The connection is reset before any answer."""
    return _damaged("reset", effect, lambda answer: replace(answer, transport="reset"))


def html() -> What:
    """200 with a page of HTML, as a captive portal or a proxy answers."""
    page = b"<!DOCTYPE html><html><body><h1>Sign in to the network</h1></body></html>"
    return _answer("html", lambda: Response(200, page, {"Content-Type": "text/html; charset=utf-8"}))


def wrong_type() -> What:
    """The true answer under a media type that is not its own."""
    return _damaged("wrong type", True, lambda answer: replace(answer, headers={"Content-Type": "text/plain"}))


def truncated_json() -> What:
    """Half of the true answer, with a length that fits."""
    return _damaged("truncated", True, lambda answer: replace(answer, body=answer.body[: len(answer.body) // 2]))


def moved(location: str, status: int = 301) -> What:
    """A redirect, absolute or to a path of the same host: 301 for a renamed repository, 307 or 302 for a while."""

    def what(request: Request, really: Really) -> Response:
        target = location if "://" in location else f"{request.base}{location}"
        body = {"message": "Moved Permanently", "url": target, "documentation_url": "https://docs.github.com/rest"}
        return as_json(body, status, {"Location": target}) if status != 302 else redirect(302, target)

    return _named(str(status), what)


def meanwhile(change: Callable[[], object], *, before: bool = True) -> What:
    """Nothing is wrong, but something else happens just before this request, or between it and its answer."""

    def what(request: Request, really: Really) -> Response:
        if before:
            change()
            return really()
        answer = really()
        change()
        return answer

    return _named("meanwhile", what)


def _damaged(name: str, effect: bool, damage: Callable[[Response], Response]) -> What:
    def what(request: Request, really: Really) -> Response:
        return damage(really() if effect else Response(200, b"{}" * 64, {"Content-Type": "application/json"}))

    return _named(name, what)
