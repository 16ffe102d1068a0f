"""One run of the gate on octo/shop, up to publishing: what a test needs to start several of them at once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gate.model.policy import CommentMode, PublishSettings
from gate.model.verdict import Verdict
from gate.publish.event import Event, EventContext
from gate.publish.forge_github import GitHub
from gate.publish.publication import Channel, ChannelResult, Publication
from gate.publish.publisher import Begun, begin, give_up, publish
from gate.settings import Secret
from tests.support.github_server import Hub, add_run
from tests.support.github_server.state import CheckRun, Comment, Status

NAME = "Readiness Gate verdict"
CONTEXT = "readiness-gate: main"
MARKER = "<!-- readiness-gate:readiness-gate -->"
QUIET = PublishSettings(comment=CommentMode.ON_PROBLEMS)


@dataclass
class Job:
    """A job that runs the gate about pull request 7. Times do not pass: waits are only noted."""

    hub: Hub
    run: int = 100
    attempt: int = 1
    base: str = "main"
    pull: int | None = 7
    token: str = "job"
    settings: PublishSettings = field(default_factory=PublishSettings)
    advisory: bool = False
    job: str = "gate"
    read_only: str | None = None
    path: str = ".github/workflows/gate.yml"
    checked: bool = False
    """whether all requests and answers are held against GitHub's own description"""
    log: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    begun: Begun | None = None

    def __post_init__(self) -> None:
        repo = self.hub.repository()
        self.sha = repo.branch("feature")
        known = repo.runs.get(self.run)
        if known is None:
            known = add_run(repo, self.sha, path=self.path, status="in_progress", id_=self.run)
        known.attempt = max(known.attempt, self.attempt)
        self.forge: GitHub | None = None
        if self.token:
            url = self.hub.checked_url if self.checked else self.hub.url
            self.forge = GitHub(
                "octo/shop",
                Secret(self.token),
                api_url=url,
                graphql_url=f"{url}/graphql",
                sleep=self.waits.append,
                timeout=20.0 if self.checked else 2.0,
            )

    @property
    def context(self) -> EventContext:
        """What the run is about."""
        return EventContext(
            event=Event.PULL_REQUEST if self.pull else Event.PUSH,
            action="synchronize" if self.pull else "",
            repository="octo/shop",
            sha=self.sha,
            base_ref=self.base,
            run_id=self.run,
            attempt=self.attempt,
            pull=self.pull,
            read_only=self.read_only,
        )

    def begin(self) -> Job:
        """Say that the run is at work."""
        self.begun = begin(
            settings=self.settings,
            context=self.context,
            forge=self.forge,
            job=self.job,
            policy_sha256="c" * 64,
            advisory=self.advisory,
            log=self.log.append,
        )
        return self

    def publish(self, verdict: Verdict) -> Publication:
        """Publish a verdict on the commit."""
        return publish(
            replace(verdict, commit=self.sha),
            settings=self.settings,
            context=self.context,
            forge=self.forge,
            job=self.job,
            rerun="gate run",
            changed_lines=None,
            advisory=self.advisory,
            log=self.log.append,
            begun=self.begun,
            wait=self.waits.append,
        )

    def give_up(self, reason: str) -> Publication:
        """End without a verdict."""
        if self.begun is None:
            self.begin()
        assert self.begun is not None
        return give_up(self.begun, reason)


def checks(hub: Hub) -> list[CheckRun]:
    """The check runs under the gate's name, oldest first."""
    return [run for run in hub.repository().checks.values() if run.name == NAME]


def conclusions(hub: Hub) -> list[str | None]:
    """How they ended, oldest first."""
    return [run.conclusion for run in checks(hub)]


def statuses(hub: Hub, context: str = CONTEXT) -> list[Status]:
    """The statuses of a context, oldest first."""
    return [one for one in hub.repository().statuses if one.context == context]


def states(hub: Hub, context: str = CONTEXT) -> list[str]:
    """Their states, oldest first."""
    return [one.state for one in statuses(hub, context)]


def comments(hub: Hub, number: int = 7) -> list[Comment]:
    """The comments on a pull request, oldest first."""
    return [one for one in hub.repository().comments.values() if one.number == number]


def result(publication: Publication, channel: Channel) -> ChannelResult:
    """What became of a channel."""
    return next(item for item in publication.results if item.channel is channel)


def outcome(publication: Publication) -> dict[str, str]:
    """The states of all channels by name."""
    return {item.channel.value: item.state.value for item in publication.results}
