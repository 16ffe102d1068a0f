"""Requests and responses between the HTTP door and the endpoints, and the errors as GitHub words them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

Json = dict[str, object]
DOCUMENTATION = "https://docs.github.com/rest"
Transport = Literal["whole", "cut", "silent", "reset"]
"""How a response travels: as it is, cut in mid-body, never, or as a reset of the connection."""


@dataclass(frozen=True)
class Request:
    """What a client sent; header names are in lower case; `base` is the URL that it took for the API's."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    base: str

    @property
    def path(self) -> str:
        """The path without the query, still percent-encoded; GitHub Enterprise's prefix is taken off."""
        path = urlsplit(self.target).path
        if path == "/api/graphql":
            return "/graphql"
        return path.removeprefix("/api/v3") or "/"

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the query, the last one of a name counts."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    def document(self) -> Json:
        """The body as an object; raises Refusal 400 as GitHub does for anything else."""
        if not self.body:
            return {}
        try:
            found = json.loads(self.body)
        except ValueError:
            raise Refusal(400, "Problems parsing JSON") from None
        if not isinstance(found, dict):
            raise Refusal(400, "Body should be a JSON object")
        return found


@dataclass(frozen=True)
class Response:
    """An answer; `seconds` is how long a silent one keeps the client waiting."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    transport: Transport = "whole"
    seconds: float = 0.0


class Refusal(Exception):
    """An error answer: status, message and what GitHub adds to it."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None, **more: object) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})
        self.more = more

    def response(self) -> Response:
        """The answer with GitHub's error object as its body."""
        body = {"message": self.message, **self.more, "documentation_url": DOCUMENTATION, "status": str(self.status)}
        return as_json(body, self.status, self.headers)


def as_json(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    media = {"Content-Type": "application/json; charset=utf-8"}
    return Response(status, json.dumps(value).encode(), {**media, **(headers or {})})


def redirect(status: int, location: str) -> Response:
    """An answer that leads elsewhere."""
    return Response(status, b"", {"Location": location, "Content-Type": "text/html; charset=utf-8"})


def not_found() -> Refusal:
    """The answer for what there is not and for what the token may not see."""
    return Refusal(404, "Not Found")


def not_accessible(needs: str = "", kind: str = "integration") -> Refusal:
    """The answer for a permission that the token has not; `needs` is like `checks=write`."""
    headers = {"X-Accepted-GitHub-Permissions": needs} if needs else {}
    return Refusal(403, f"Resource not accessible by {kind}", headers)


def invalid(resource: str, field_: str, code: str, message: str = "") -> Refusal:
    """The answer 422 "Validation Failed" with one error in it."""
    error = {"resource": resource, "code": code, "field": field_}
    if message:
        error["message"] = message
    return Refusal(422, "Validation Failed", errors=[error])


def malformed(what: str) -> Refusal:
    """The answer 422 for a body that breaks the schema of an endpoint."""
    return Refusal(422, f"Invalid request.\n\n{what}")


def text_of(body: Json, name: str, default: str | None = None) -> str:
    """A string of the body; raises Refusal 422 when it is absent without a default, or no string."""
    value = body.get(name)
    if value is None and default is not None:
        return default
    if value is None:
        raise malformed(f'"{name}" wasn\'t supplied.')
    if not isinstance(value, str):
        raise malformed(f"For '{name}', {json.dumps(value)[:80]} is not a string.")
    return value


def number_of(text: str) -> int:
    """A number in a path; raises Refusal 404 for anything else."""
    if not text.isascii() or not text.isdigit():
        raise not_found()
    return int(text)


def page(
    request: Request,
    items: Sequence[object],
    total_key: str = "",
    cap: int | None = None,
    make: Callable[[object], object] | None = None,
) -> Response:
    """One page of a list with its Link header; with a key the list lies in an object with `total_count`.

    `make` turns only the items of the page into their answers.
    """
    per_page = min(max(_whole(request.query.get("per_page"), 30), 1), 100)
    number = max(_whole(request.query.get("page"), 1), 1)
    shown = items if cap is None else items[:cap]
    last = max((len(shown) + per_page - 1) // per_page, 1)
    cut = shown[(number - 1) * per_page : number * per_page]
    chosen = [one if make is None else make(one) for one in cut]
    links = ", ".join(f'<{_page_url(request, at)}>; rel="{name}"' for name, at in _neighbours(number, last))
    value: object = {"total_count": len(items), total_key: chosen} if total_key else chosen
    return as_json(value, headers={"Link": links} if links else {})


def _neighbours(number: int, last: int) -> Iterator[tuple[str, int]]:
    if number > 1:
        yield "prev", min(number - 1, last)
    if number < last:
        yield "next", number + 1
        yield "last", last
    if number > 1:
        yield "first", 1


def _page_url(request: Request, number: int) -> str:
    kept = [pair for pair in urlsplit(request.target).query.split("&") if pair and not pair.startswith("page=")]
    return f"{request.base}{request.path}?{'&'.join([*kept, f'page={number}'])}"


def _whole(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() else default


def decoded(part: str) -> str:
    """A part of a path without its percent signs."""
    return unquote(part)


@contextmanager
def as_refusal(error: type[Exception], refusal: Refusal) -> Iterator[None]:
    """Answer with a refusal when a state says that something is not there."""
    try:
        yield
    except error:
        raise refusal from None
