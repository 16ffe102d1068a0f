"""What the server was asked, in order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.support.github_server.wire import Json, Request


@dataclass(frozen=True)
class Entry:
    """One request: never the token, only whether one was sent and of which account."""

    method: str
    path: str
    query: dict[str, str]
    account: str | None
    authorized: bool
    user_agent: str | None
    api_version: str | None
    accept: str | None
    body: Json | None
    size: int
    status: int
    points: int
    fault: str = ""

    @property
    def wrote(self) -> bool:
        """Whether it was meant to change something."""
        return self.method not in ("GET", "HEAD", "OPTIONS")


@dataclass
class Log:
    """All requests so far."""

    entries: list[Entry] = field(default_factory=list)

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self.entries))

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def points(self) -> int:
        """What they cost of GitHub's secondary limit: 1 for a reading one, 5 for a writing one."""
        return sum(entry.points for entry in self.entries)

    def of(self, method: str = ".*", path: str = "") -> list[Entry]:
        """The requests whose method and path match these patterns (the method whole, the path anywhere)."""
        return [one for one in self if re.fullmatch(method, one.method) and re.search(path, one.path)]

    def count(self, method: str = ".*", path: str = "") -> int:
        """How many there are of them."""
        return len(self.of(method, path))

    def clear(self) -> None:
        """Forget all of them."""
        self.entries.clear()

    def table(self) -> str:
        """One line a request: number, status, points, bytes sent, method, path with query, fault."""
        lines = [f"{'#':>3} {'status':>6} {'pts':>3} {'bytes':>7} request"]
        for number, one in enumerate(self, 1):
            query = "?" + "&".join(f"{key}={value}" for key, value in one.query.items()) if one.query else ""
            fault = f"   [{one.fault}]" if one.fault else ""
            lines.append(
                f"{number:>3} {one.status:>6} {one.points:>3} {one.size:>7} {one.method} {one.path}{query}{fault}"
            )
        lines.append(f"{len(self.entries)} requests, {self.points} points, {sum(one.wrote for one in self)} writes")
        return "\n".join(lines)


def entry_of(request: Request, status: int, account: str | None, fault: str) -> Entry:
    """What to remember of a request."""
    try:
        body: Json | None = request.document() or None
    except Exception:  # noqa: BLE001 - whatever it was, it was no JSON object
        body = None
    reading = request.method in ("GET", "HEAD", "OPTIONS")
    if request.path == "/graphql" and body is not None:
        reading = not str(body.get("query", "")).lstrip().startswith("mutation")
    return Entry(
        method=request.method,
        path=request.path,
        query=request.query,
        account=account,
        authorized="authorization" in request.headers,
        user_agent=request.headers.get("user-agent"),
        api_version=request.headers.get("x-github-api-version"),
        accept=request.headers.get("accept"),
        body=body,
        size=len(request.body),
        status=status,
        points=1 if reading else 5,
        fault=fault,
    )
