"""The words in which the gate and a forge speak: plain values, read from the forge's answers and held to their types.

Every text in them may be somebody else's (a branch's name, a login, a comment) and is data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from gate.model.annotation import Annotation
from gate.model.json import JsonObject

Conclusion: TypeAlias = Literal["success", "failure"]
"""The only ways in which a check run of ours ends: `neutral` and `skipped` satisfy a required check."""
StatusState: TypeAlias = Literal["success", "failure", "pending", "error"]


class Trouble(StrEnum):
    """Why a forge did not do what was asked."""

    UNAUTHENTICATED = "unauthenticated"
    """401: the token is none, or not any more"""
    FORBIDDEN = "forbidden"
    """403: the token may not; on forks and Dependabot's pull requests it may only read"""
    NOT_FOUND = "not_found"
    """404: not there, or the token may not see it"""
    INVALID = "invalid"
    """400, 409, 410, 413, 422: refused as it was asked"""
    LIMITED = "limited"
    """403 or 429: a rate limit that would have kept us waiting for too long"""
    UNREACHABLE = "unreachable"
    """no answer: refused, timed out, cut, not the certificate that was expected"""
    BROKEN = "broken"
    """5xx after every retry, or an answer that is not what the forge promises"""


class ForgeProblem(Exception):
    """A request that came to nothing.

    `reason` completes "GitHub …" and holds neither the token nor text of the forge's beyond its own short message.
    `status` is the HTTP status, None where there was no answer.
    """

    def __init__(self, trouble: Trouble, reason: str, status: int | None = None) -> None:
        self.trouble = trouble
        self.reason = reason
        self.status = status
        super().__init__(f"GitHub {reason}")


@dataclass(frozen=True, slots=True)
class Account:
    """Who a token acts as, or who wrote something. `app` is the slug of the app that it was done through."""

    login: str
    id: int
    app: str | None = None


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request. `head_repository` is None where the fork was deleted; `merge_sha` is the test merge."""

    number: int
    state: Literal["open", "closed"]
    merged: bool
    draft: bool
    author: str
    head_sha: str
    head_ref: str
    head_repository: str | None
    base_sha: str
    base_ref: str
    base_repository: str
    merge_sha: str | None = None
    merged_at: str | None = None


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file of a pull request. `patch` is a unified diff without headers, None where GitHub gives none (too long)."""

    path: str
    status: str
    previous_path: str | None = None
    patch: str | None = None


@dataclass(frozen=True, slots=True)
class ChangedFiles:
    """What a pull request changes. `complete` is False from 3,000 files on, where GitHub stops counting."""

    files: tuple[ChangedFile, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """What a commit's tree has at a path: `mode` as git says it (100644, 120000 a link, 160000 a submodule), its id."""

    path: str
    mode: str
    sha: str


@dataclass(frozen=True, slots=True)
class CheckRun:
    """A check run as it stands. `status` is queued, in_progress or completed; `app` the slug of who made it."""

    id: int
    name: str
    head_sha: str
    status: str
    conclusion: str | None
    external_id: str
    app: str
    app_id: int
    url: str = ""
    suite: int | None = None


@dataclass(frozen=True, slots=True)
class CheckOutput:
    """What a check run shows. `summary` and `text` hold at most 65,535 characters, `annotations` 50 a request."""

    title: str
    summary: str
    text: str = ""
    annotations: Sequence[Annotation] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """A commit status. `context` is not told apart by case; `description` has at most 140 characters."""

    context: str
    state: StatusState
    description: str
    target_url: str = ""
    creator: Account | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a pull request or issue, with whoever wrote it."""

    id: int
    node_id: str
    body: str
    author: Account
    created_at: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Sarif:
    """A SARIF log for code scanning: at most 10 MB packed. `ref` is a full one (refs/pull/7/merge, refs/heads/main)."""

    commit: str
    ref: str
    data: bytes
    """the log as it is, not packed"""
    tool: str = "Readiness Gate"


@dataclass(frozen=True, slots=True)
class SarifState:
    """How far code scanning is with a log: pending, complete or failed."""

    status: str
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkflowRun:
    """A run of a workflow. `path` is the workflow's file, with `@ref` cut off; `event` what started it.

    `started_at` is when its latest attempt was started, RFC 3339 in UTC.
    """

    id: int
    attempt: int
    event: str
    path: str
    workflow_id: int
    head_sha: str
    head_branch: str
    head_repository: str | None
    head_repository_id: int | None
    repository_id: int
    status: str
    conclusion: str | None
    head_owner: str = ""
    started_at: str = ""


@dataclass(frozen=True, slots=True)
class Artifact:
    """An artefact of a run. `digest` is sha256:HEX of the archive where GitHub says it; `created_at` RFC 3339, UTC."""

    id: int
    name: str
    size: int
    expired: bool
    run_id: int
    digest: str | None = None
    head_sha: str | None = None
    created_at: str = ""


@dataclass(frozen=True, slots=True)
class RequiredCheck:
    """A status or check that a branch requires. `app_id` is the only source that counts, None where any does.

    `by` tells whose rule it is: `ruleset NAME-OR-ID` or `branch protection`.
    """

    context: str
    app_id: int | None
    by: str


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of a branch's history, with its first parent. `when` is RFC 3339 in UTC."""

    sha: str
    parent: str | None
    subject: str
    when: str
    author: str = ""


@dataclass(frozen=True, slots=True)
class RepositoryFacts:
    """What a repository says of itself."""

    id: int
    full_name: str
    default_branch: str
    private: bool
    archived: bool = False
    settings: JsonObject = field(default_factory=dict)
