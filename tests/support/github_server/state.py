"""What the server remembers: people, apps, tokens, checks, comments, runs; nothing that GitHub could not hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from tests.support.github_server.wire import Json

if TYPE_CHECKING:
    from tests.support.github_server.repository import Repository

TokenKind = Literal["installation", "fine-grained", "classic"]


def stamp(seconds: int) -> str:
    """A time as GitHub writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class User:
    """An account."""

    login: str
    id: int
    type: Literal["User", "Bot", "Organization"] = "User"


@dataclass(frozen=True)
class App:
    """A GitHub App; it acts as a bot of its own."""

    id: int
    slug: str
    name: str
    bot: User


@dataclass
class Token:
    """What a bearer may do: permission → `read` or `write`; `only` names the repositories it may see (none: all)."""

    text: str = field(repr=False)
    user: User
    app: App | None
    permissions: dict[str, str]
    kind: TokenKind = "installation"
    only: frozenset[str] | None = None
    expired: bool = False

    def may(self, permission: str, level: str) -> bool:
        """Whether it holds a permission at this level."""
        return permission == "metadata" or self.permissions.get(permission) in ({"write", level})


@dataclass
class Suite:
    """A check suite: the checks of one app (for Actions: of one workflow run) on a commit."""

    id: int
    app: App
    sha: str
    branch: str | None
    created: int


@dataclass
class CheckRun:
    """A check run; conclusion is set exactly when the status is `completed`."""

    id: int
    name: str
    sha: str
    suite: Suite
    status: str
    conclusion: str | None
    external_id: str
    details_url: str
    started: str | None
    completed: str | None
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[Json] = field(default_factory=list)
    actions: list[Json] = field(default_factory=list)


@dataclass(frozen=True)
class Status:
    """A commit status."""

    id: int
    sha: str
    state: str
    context: str
    description: str | None
    target_url: str | None
    creator: User
    created: int


@dataclass
class Comment:
    """A comment on an issue or pull request."""

    id: int
    number: int
    body: str
    user: User
    app: App | None
    created: int
    updated: int
    reactions: list[tuple[int, str, User]] = field(default_factory=list)
    minimized: str | None = None

    @property
    def node_id(self) -> str:
        """The id that GraphQL knows it by."""
        return f"IC_{self.id}"


@dataclass
class Pull:
    """A pull request (or, without a head, a plain issue)."""

    number: int
    title: str
    body: str | None
    user: User
    base_ref: str
    base_sha: str
    head_ref: str
    head_sha: str
    head_repo: Repository | None
    created: int
    updated: int
    draft: bool = False
    locked: bool = False
    closed: int | None = None
    merged: int | None = None
    merge_sha: str | None = None
    merged_by: User | None = None
    label_of_gone_head: str = "unknown"
    reactions: list[tuple[int, str, User]] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether it can still be merged."""
        return self.closed is None


@dataclass
class Run:
    """A run of a workflow."""

    id: int
    name: str
    path: str
    workflow_id: int
    event: str
    head_sha: str
    head_branch: str | None
    head_repo: Repository
    status: str
    conclusion: str | None
    number: int
    created: int
    attempt: int = 1
    pulls: tuple[int, ...] = ()


@dataclass
class Artifact:
    """An artefact of a run: a zip."""

    id: int
    run: int
    name: str
    data: bytes = field(repr=False)
    created: int
    expires: int
    digest: str
    expired: bool = False


@dataclass
class Sarif:
    """An upload to code scanning; `polls` is how often it still answers `pending`."""

    id: str
    sha: str
    ref: str
    document: Json | None
    errors: list[str]
    polls: int
