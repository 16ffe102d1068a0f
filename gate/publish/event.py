"""What a GitHub run is about: which commit is reported on, which branch it is to be merged into, whose it is.

Two sources that are not worth the same. The runner's own variables (GITHUB_REF, GITHUB_SHA, GITHUB_REPOSITORY,
GITHUB_RUN_ID …) are set by the runner after everything that a step can write. The event's file is not: an earlier step
of the job could have rewritten it. So a pull request's number is taken from GITHUB_REF, and what only the file says is
held against the API where there is a token (`contradictions`).

Events and their fields: "Events that trigger workflows" and "Webhook events and payloads" of GitHub's documentation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from gate.errors import UserError
from gate.model.json import JsonObject
from gate.publish.event_payload import Payload, forged
from gate.publish.forge_json import is_sha
from gate.publish.forge_words import Pull
from gate.settings import Runner

_PULL = re.compile(r"refs/pull/([1-9][0-9]{0,9})/(?:merge|head)")
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_DEPENDABOT = "dependabot[bot]"
DATA_ONLY = (
    "The workflow was started by pull_request_target: it runs with the rights of the base repository, next to a "
    "stranger's files. Use pull_request, and workflow_run for what needs rights (docs/two-stages.md); a policy on the "
    "base branch with  trust: {data_only: true}  accepts it all the same."
)
"""What is said of an event that is accepted only where nothing of the pull request is run."""


class Event(StrEnum):
    """The events that the gate knows."""

    PULL_REQUEST = "pull_request"
    PULL_REQUEST_TARGET = "pull_request_target"
    MERGE_GROUP = "merge_group"
    PUSH = "push"
    WORKFLOW_RUN = "workflow_run"
    WORKFLOW_DISPATCH = "workflow_dispatch"
    SCHEDULE = "schedule"
    RELEASE = "release"
    DEPLOYMENT = "deployment"
    REPOSITORY_DISPATCH = "repository_dispatch"
    ISSUE_COMMENT = "issue_comment"


@dataclass(frozen=True, slots=True)
class TriggeringRun:
    """The run whose end started this one (workflow_run): what the second of two stages may believe of the first."""

    id: int
    attempt: int
    event: str
    path: str
    workflow_id: int
    head_sha: str
    head_branch: str
    head_owner: str
    head_repository_id: int | None
    repository_id: int


@dataclass(frozen=True, slots=True)
class CommentEvent:
    """A comment that somebody wrote (issue_comment): `number` is the pull request's, `body` is untrusted."""

    id: int
    number: int
    action: str
    author: str
    author_id: int
    body: str


@dataclass(frozen=True, slots=True)
class EventContext:
    """What this run is about.

    `sha` is the commit to report on, "" where the event itself names none (issue_comment). `base_ref` is the branch
    that it is to be merged into; on a push the branch that was pushed to, on a tag the tag. `base_sha` is that
    branch's commit as the event says it. `read_only` says why the job's token cannot write, None where it may.
    """

    event: Event
    action: str
    repository: str
    sha: str
    base_ref: str
    run_id: int
    attempt: int
    base_sha: str | None = None
    pull: int | None = None
    head_ref: str = ""
    head_repository: str | None = None
    fork: bool = False
    read_only: str | None = None
    server_url: str = "https://github.com"
    triggering_run: TriggeringRun | None = None
    comment: CommentEvent | None = None

    @property
    def run_url(self) -> str:
        """The page of this run."""
        return f"{self.server_url}/{self.repository}/actions/runs/{self.run_id}/attempts/{self.attempt}"


def read_event(runner: Runner, event: JsonObject, *, data_only: bool = False) -> EventContext:
    """Return what a run is about.

    `event` is the content of GITHUB_EVENT_PATH. `data_only` is whether the base branch's policy says that what comes
    from the pull request is only read, which alone makes pull_request_target acceptable. Raises UserError: for an event
    that the gate does not know, for pull_request_target without that, and for a payload without what it needs.
    """
    try:
        kind = Event(runner.event_name)
    except ValueError:
        known = ", ".join(item.value for item in Event)
        raise UserError(
            f"The workflow was started by “{runner.event_name[:60]}”, which the gate does not know; use one of {known}."
        ) from None
    if kind is Event.PULL_REQUEST_TARGET and not data_only:
        raise UserError(DATA_ONLY)
    if not _REPOSITORY.fullmatch(runner.repository):
        raise UserError(f"GITHUB_REPOSITORY is {runner.repository[:80]!r}; OWNER/NAME was expected.")
    return _Reader(runner, event, kind).context()


def contradictions(context: EventContext, pull: Pull) -> tuple[str, ...]:
    """Return what the API says otherwise than the event did: sentences, none where both agree.

    The event of a pull request that was pushed to meanwhile is old, not forged; both are told apart by the words, and
    nothing may be published about a commit that is not the head any more.
    """
    found = []
    if pull.head_sha != context.sha:
        found.append(
            f"The head of the pull request is {pull.head_sha[:12]} by now, and this run is about {context.sha[:12]}."
        )
    if pull.base_ref != context.base_ref:
        found.append("The pull request goes into another branch by now than this run says.")
    if pull.base_repository.lower() != context.repository.lower():
        found.append("The pull request belongs to another repository than this run.")
    if (pull.head_repository or "").lower() != (context.head_repository or "").lower():
        found.append("The pull request comes from another repository than the event's file says.")
    return tuple(found)


class _Reader:
    """Reads the payload of one kind of event."""

    def __init__(self, runner: Runner, event: JsonObject, kind: Event) -> None:
        self._runner = runner
        self._kind = kind
        self._payload = Payload(kind.value, event)
        self._of_this_run = EventContext(
            event=kind,
            action=self._payload.text("action", absent=""),
            repository=runner.repository,
            sha="",
            base_ref="",
            run_id=_counted("GITHUB_RUN_ID", runner.run_id),
            attempt=_counted("GITHUB_RUN_ATTEMPT", runner.run_attempt),
            server_url=runner.server_url,
        )

    def context(self) -> EventContext:
        match self._kind:
            case Event.PULL_REQUEST | Event.PULL_REQUEST_TARGET:
                return self._pull_request()
            case Event.MERGE_GROUP:
                return self._merge_group()
            case Event.WORKFLOW_RUN:
                return self._workflow_run()
            case Event.ISSUE_COMMENT:
                return self._issue_comment()
            case Event.PUSH:
                return self._push()
            case _:
                return self._at_ref()

    def _pull_request(self) -> EventContext:
        number = self._number_of_pull()
        head = self._payload.text("pull_request", "head", "repo", "full_name", absent="")
        fork = head.lower() != self._runner.repository.lower()
        base_ref = self._payload.text("pull_request", "base", "ref")
        if self._runner.base_ref and self._runner.base_ref != base_ref:
            raise forged("pull_request.base.ref", base_ref, "GITHUB_BASE_REF", self._runner.base_ref)
        return replace(
            self._of_this_run,
            sha=self._payload.sha("pull_request", "head", "sha"),
            base_ref=base_ref,
            base_sha=self._payload.sha("pull_request", "base", "sha"),
            pull=number,
            head_ref=self._payload.text("pull_request", "head", "ref"),
            head_repository=head or None,
            fork=fork,
            read_only=self._read_only(fork),
        )

    def _merge_group(self) -> EventContext:
        base_ref = self._payload.text("merge_group", "base_ref").removeprefix("refs/heads/")
        if self._runner.base_ref and self._runner.base_ref != base_ref:
            raise forged("merge_group.base_ref", base_ref, "GITHUB_REF", self._runner.ref)
        sha = self._payload.sha("merge_group", "head_sha")
        if self._runner.sha and sha != self._runner.sha:
            raise forged("merge_group.head_sha", sha, "GITHUB_SHA", self._runner.sha)
        return replace(
            self._of_this_run, sha=sha, base_ref=base_ref, base_sha=self._payload.sha("merge_group", "base_sha")
        )

    def _push(self) -> EventContext:
        before = self._payload.text("before", absent="")
        base = before if is_sha(before) and before.strip("0") else None
        read_only = self._read_only(fork=False)
        return replace(
            self._of_this_run, sha=self._pushed(), base_ref=self._ref_name(), base_sha=base, read_only=read_only
        )

    def _at_ref(self) -> EventContext:
        return replace(self._of_this_run, sha=self._pushed(), base_ref=self._ref_name())

    def _workflow_run(self) -> EventContext:
        at = "workflow_run"
        run = TriggeringRun(
            id=self._payload.number(at, "id"),
            attempt=self._payload.number(at, "run_attempt"),
            event=self._payload.text(at, "event"),
            path=self._payload.text(at, "path").split("@", 1)[0],
            workflow_id=self._payload.number(at, "workflow_id"),
            head_sha=self._payload.sha(at, "head_sha"),
            head_branch=self._payload.text(at, "head_branch", absent=""),
            head_owner=self._payload.text(at, "head_repository", "owner", "login", absent=""),
            head_repository_id=self._payload.number_or_none(at, "head_repository", "id"),
            repository_id=self._payload.number("repository", "id"),
        )
        head = self._payload.text(at, "head_repository", "full_name", absent="")
        return replace(
            self._of_this_run,
            sha=run.head_sha,
            base_ref="",
            head_ref=run.head_branch,
            head_repository=head or None,
            fork=head.lower() != self._runner.repository.lower(),
            triggering_run=run,
        )

    def _issue_comment(self) -> EventContext:
        if not self._payload.has("issue", "pull_request"):
            raise UserError("The comment is on an issue, not on a pull request; there is nothing to judge.")
        comment = CommentEvent(
            id=self._payload.number("comment", "id"),
            number=self._payload.number("issue", "number"),
            action=self._payload.text("action"),
            author=self._payload.text("comment", "user", "login"),
            author_id=self._payload.number("comment", "user", "id"),
            body=self._payload.text("comment", "body", absent=""),
        )
        return replace(self._of_this_run, sha="", base_ref="", pull=comment.number, comment=comment)

    def _number_of_pull(self) -> int:
        """Return the number that GITHUB_REF says; a merged pull request's ref is the branch, and the event has to."""
        said = self._payload.number(*(("number",) if self._payload.has("number") else ("pull_request", "number")))
        match = _PULL.fullmatch(self._runner.ref)
        if match is None or int(match[1]) == said:
            return said
        raise forged("pull_request.number", str(said), "GITHUB_REF", self._runner.ref)

    def _read_only(self, fork: bool) -> str | None:
        if self._kind is Event.PULL_REQUEST_TARGET:
            return None
        if fork:
            return "the pull request comes from a fork, whose runs get a token that only reads"
        if self._runner.actor == _DEPENDABOT:
            return "Dependabot started the run, and its runs get a token that only reads"
        return None

    def _ref_name(self) -> str:
        return re.sub(r"^refs/(?:heads|tags)/", "", self._runner.ref)

    def _pushed(self) -> str:
        if not is_sha(self._runner.sha):
            raise UserError(f"GITHUB_SHA is {self._runner.sha[:80]!r}; a commit's id was expected.")
        return self._runner.sha


def _counted(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise UserError(f"{name} is {text[:40]!r}; a number was expected. Is this a GitHub runner?")
    return int(text)
