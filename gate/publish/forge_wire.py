"""One request to a forge and one answer, without a word on what they mean or whether they are repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote, urlencode, urlsplit

from gate.formats.plain import one_line
from gate.model.json import Json
from gate.publish.forge_words import ForgeProblem, Trouble

JSON_LIMIT = 32 * 1024 * 1024
"""Bytes of an answer that is read into memory: a page of a hundred files with their patches has a few."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `url` is a path below the API's base, or a full address on the API's host; `body` goes as JSON."""

    method: str
    url: str
    body: Json = None
    accept: str = "application/vnd.github+json"

    @property
    def label(self) -> str:
        """Name the request in a log or a reason: untrusted parts are on one line, and no query is shown."""
        return f"{self.method} {one_line(urlsplit(self.url).path, 160)}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    data: bytes = field(repr=False, default=b"")


class NoAnswer(Exception):
    """Nothing usable came back. `reason` completes "GitHub …"; whether the request had an effect is not known.

    With `transient` another try may do better.
    """

    def __init__(self, reason: str, *, transient: bool = True) -> None:
        self.reason = reason
        self.transient = transient
        super().__init__(reason)


class Wire(Protocol):
    """How requests travel. Both methods raise NoAnswer, and nothing else, when none comes back."""

    base: str
    """the API's address without a slash at its end"""
    graphql: str

    def send(self, ask: Ask) -> Answer:
        """Ask the API, with the token; redirections are answers like any other."""
        ...

    def fetch(self, url: str, limit: int) -> Answer:
        """Get a file from another host, without the token. The body may be cut one byte behind `limit`."""
        ...


def same_origin(one: str, other: str) -> bool:
    """Tell whether two addresses have scheme, host and port in common, as far as they can be read."""
    try:
        first, second = (urlsplit(url) for url in (one, other))
        return (first.scheme, first.hostname, _port(first.scheme, first.port)) == (
            second.scheme,
            second.hostname,
            _port(second.scheme, second.port),
        )
    except ValueError:
        return False


def path(*segments: str | int, **query: str | int | None) -> str:
    """Return a path below the API's base, every segment escaped whole. A slash in a segment is no separator.

    Raises ForgeProblem(INVALID) for a segment that would lead elsewhere: an empty one, `.` and `..`, which programs on
    the way resolve however they are escaped. Parameters that are None or "" are left out.
    """
    parts = [escaped(str(segment)) for segment in segments]
    if any(part in ("", ".", "..") for part in parts):
        raise ForgeProblem(Trouble.INVALID, "was not asked: a name in the request is empty or made of dots")
    given = sorted((name, str(value)) for name, value in query.items() if value is not None and value != "")
    text = urlencode(given, quote_via=lambda value, *_: escaped(value))
    return f"/{'/'.join(parts)}{'?' if text else ''}{text}"


def escaped(text: str) -> str:
    """Percent-encode a text whole, whatever it holds: bytes that came out of a file system go as they were."""
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = text.encode("utf-8", "replace")
    return quote(data, safe="")


def _port(scheme: str, port: int | None) -> int | None:
    return port if port is not None else {"https": 443, "http": 80}.get(scheme)
