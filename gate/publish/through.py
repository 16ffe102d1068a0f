"""One run's way through the channels of a forge, from what it has to say to what became of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from gate.model.policy import CommentMode, PublishSettings
from gate.model.verdict import Decision, Verdict
from gate.publish.check_run import CheckRunChannel, newer
from gate.publish.code_scanning import Place, publish_sarif
from gate.publish.comment import Wanted, publish_comment
from gate.publish.desk import Desk, guarded, lasting
from gate.publish.event import EventContext
from gate.publish.forge_words import CheckOutput, Conclusion, StatusState
from gate.publish.intruders import OnCommit, intruders
from gate.publish.publication import Channel, ChannelResult, ChannelState, Publication
from gate.publish.status import StatusChannel
from gate.publish.telling import notes
from gate.publish.words import conclusion, description, title
from gate.report.annotations import Annotations
from gate.report.markdown import render
from gate.report.options import RenderOptions

BUDGET = 65_000
"""Bytes of a check run's summary; GitHub takes 65,535 characters."""
Sleep = Callable[[float], None]
Intruders = Sequence[str]
T = TypeVar("T")
_BLIND = "GitHub did not tell whether somebody else speaks under its name."
_MOVED = "The pull request goes into another branch by now, and this verdict is not about that one."


@dataclass(frozen=True, slots=True)
class Saying:
    """What is to be said, given who else speaks under our names; the comment also tells what became of the rest."""

    output: Callable[[Intruders], CheckOutput]
    conclusion: Callable[[Intruders], Conclusion]
    state: Callable[[Intruders], StatusState]
    description: Callable[[Intruders], str]
    comment: Callable[[Intruders, Sequence[str]], Wanted]
    annotations: Annotations = field(default_factory=lambda: Annotations(()))
    verdict: Verdict | None = None
    """for code scanning; None where there is none"""


def of_verdict(verdict: Verdict, found: Annotations, *, rerun: str, advisory: bool) -> Saying:
    """Return what a verdict has to say."""

    def markdown(budget: int, alarms: Intruders, extra: Sequence[str]) -> str:
        options = RenderOptions(budget=budget, rerun=rerun, advisory=advisory)
        return render(verdict, replace(options, alarms=tuple(alarms), extra_notes=tuple(extra)))

    def output(alarms: Intruders) -> CheckOutput:
        unseen = (found.note(),) if found.note() else ()
        return CheckOutput(title(verdict, advisory=advisory, intruders=alarms), markdown(BUDGET, alarms, unseen))

    def ends(alarms: Intruders) -> Conclusion:
        return conclusion(verdict, advisory=advisory, intruders=alarms)

    def comment(alarms: Intruders, extra: Sequence[str]) -> Wanted:
        quiet = verdict.decision is Decision.GO and not alarms
        return Wanted(lambda budget: markdown(budget, alarms, extra), quiet)

    def described(alarms: Intruders) -> str:
        return description(verdict, advisory=advisory, intruders=alarms)

    return Saying(output, ends, ends, described, comment, found, verdict)


def wanted_channels(settings: PublishSettings, context: EventContext) -> frozenset[Channel]:
    """Return the channels on GitHub that the policy wants and the event has a place for."""
    wanted = {
        Channel.CHECK_RUN: settings.check_run,
        Channel.STATUS: settings.status,
        Channel.COMMENT: settings.comment is not CommentMode.NEVER and context.pull is not None,
        Channel.SARIF: settings.sarif,
    }
    return frozenset(channel for channel, is_wanted in wanted.items() if is_wanted)


@dataclass(frozen=True, slots=True)
class Through:
    """One run that has begun. `begun` is what became of beginning, by channel."""

    desk: Desk
    settings: PublishSettings
    check: CheckRunChannel
    status: StatusChannel
    begun: Mapping[Channel, ChannelResult]

    def all(self, saying: Saying, place: Place | None, wait: Sleep) -> Publication:
        """Publish through every channel that is wanted. Raises nothing."""
        wanted = wanted_channels(self.settings, self.desk.context)
        seen = self._look()
        found = self._intruders(seen)
        moved = self._moved()
        results = {}
        if Channel.CHECK_RUN in wanted:
            results[Channel.CHECK_RUN] = self._conclude(saying, seen, found, moved)
        if Channel.STATUS in wanted:
            results[Channel.STATUS] = self._say(saying, found, moved)
        found = self._look_again(saying, found, results)
        if Channel.COMMENT in wanted:
            results[Channel.COMMENT] = self._comment(saying, found, results)
        if Channel.SARIF in wanted:
            results[Channel.SARIF] = self._scan(saying, place, wait, results)
        off = (channel for channel in _ORDER if channel not in wanted)
        results |= {channel: ChannelResult(channel, ChannelState.OFF) for channel in off}
        return Publication(tuple(results[channel] for channel in _ORDER), found)

    def _conclude(self, saying: Saying, seen: OnCommit, found: Intruders, moved: bool) -> ChannelResult:
        before = self.begun.get(Channel.CHECK_RUN)
        if before is not None and lasting(before):
            return before

        def work() -> ChannelResult:
            if moved:
                self.check.conclude(CheckOutput(_MOVED, _MOVED), "failure")
                return ChannelResult(Channel.CHECK_RUN, ChannelState.STALE, _MOVED)
            batches = saying.annotations.batches()
            output, ends = saying.output(found), saying.conclusion(found)
            return self.check.complete(output, ends, batches, seen.checks or (), seen.statuses or ())

        return guarded(Channel.CHECK_RUN, work)

    def _say(self, saying: Saying, found: Intruders, moved: bool) -> ChannelResult:
        before = self.begun.get(Channel.STATUS)
        if before is not None and lasting(before):
            return before
        if moved:
            return ChannelResult(Channel.STATUS, ChannelState.STALE, _MOVED)

        def work() -> ChannelResult:
            now = self.desk.forge.statuses(self.desk.context.sha)
            return self.status.set(saying.state(found), saying.description(found), now)

        return guarded(Channel.STATUS, work)

    def _look_again(self, saying: Saying, found: Intruders, results: dict[Channel, ChannelResult]) -> tuple[str, ...]:
        """Look at the commit once more; take back what intruders or a newer run have made wrong meanwhile."""
        seen = self._look()
        both = tuple(dict.fromkeys((*found, *self._intruders(seen))))
        if both != tuple(found):
            self._alarm(saying, both, results)
        else:
            self._make_up(seen, results)
        for channel, looked in ((Channel.CHECK_RUN, seen.checks), (Channel.STATUS, seen.statuses)):
            if looked is None and _is_published(results, channel):
                results[channel] = replace(results[channel], reason=f"{results[channel].reason} {_BLIND}".strip())
        return both

    def _alarm(self, saying: Saying, found: Intruders, results: dict[Channel, ChannelResult]) -> None:
        """Say on every channel that was published already what else was found."""

        def check() -> ChannelResult:
            self.check.conclude(saying.output(found), saying.conclusion(found))
            return results[Channel.CHECK_RUN]

        for channel, work in (
            (Channel.CHECK_RUN, check),
            (Channel.STATUS, lambda: self._say(saying, found, moved=False)),
        ):
            if _is_published(results, channel):
                results[channel] = guarded(channel, work)

    def _make_up(self, seen: OnCommit, results: dict[Channel, ChannelResult]) -> None:
        """Give way to a newer run that was through between our last look and our write.

        One that is not through yet writes after us.
        """
        found = seen.checks or ()
        run, certain = newer(found, self.desk)
        if run is not None and certain and run[0].status == "completed" and _is_published(results, Channel.CHECK_RUN):
            theirs: Conclusion = "success" if run[0].conclusion == "success" else "failure"
            work = partial(self.check.give_way, run, theirs, found)
            results[Channel.CHECK_RUN] = guarded(Channel.CHECK_RUN, work)
        status, certain = self.status.newer(seen.statuses or ())
        if status is not None and certain and _is_published(results, Channel.STATUS):
            work = partial(self.status.give_way, status, seen.statuses or ())
            results[Channel.STATUS] = guarded(Channel.STATUS, work)

    def _comment(self, saying: Saying, found: Intruders, results: Mapping[Channel, ChannelResult]) -> ChannelResult:
        stale = next((item for item in results.values() if item.state is ChannelState.STALE), None)
        if stale is not None:
            return replace(stale, channel=Channel.COMMENT, url="")
        wanted = saying.comment(found, notes(results.values()))
        if self.settings.comment is CommentMode.ALWAYS:
            wanted = replace(wanted, quiet=False)
        return guarded(Channel.COMMENT, lambda: publish_comment(self.desk, wanted, self._passed))

    def _passed(self) -> bool:
        """Whether a newer run speaks by now, for certain; False where GitHub does not tell."""
        sha, forge = self.desk.context.sha, self.desk.forge
        if self.settings.status:
            return self.status.newer(_told(lambda: forge.statuses(sha)) or ())[1]
        if self.settings.check_run:
            return newer(_told(lambda: forge.check_runs(sha, self.desk.check_name)) or (), self.desk)[1]
        return False

    def _scan(
        self, saying: Saying, place: Place | None, wait: Sleep, results: Mapping[Channel, ChannelResult]
    ) -> ChannelResult:
        verdict = saying.verdict
        if verdict is None or place is None:
            return ChannelResult(Channel.SARIF, ChannelState.DEGRADED, "There is no verdict to upload findings of.")
        stale = next((item for item in results.values() if item.state is ChannelState.STALE), None)
        if stale is not None:
            return replace(stale, channel=Channel.SARIF, url="")
        forge, name = self.desk.forge, self.settings.name
        return guarded(Channel.SARIF, lambda: publish_sarif(forge, place, verdict, name=name, wait=wait))

    def _intruders(self, seen: OnCommit) -> tuple[str, ...]:
        """Return who else speaks under our names. Where our own look at it falls over, that is told as one."""
        try:
            return intruders(seen, self.desk, self.desk.runs, self.check.run)
        except Exception as error:  # noqa: BLE001 - what lies on the commit may have been made for this
            return (f"What is on this commit under this gate's name cannot be read ({type(error).__name__}).",)

    def _look(self) -> OnCommit:
        """Return what is on the commit, of what we publish; what GitHub does not tell is None."""
        sha, forge = self.desk.context.sha, self.desk.forge
        checks = _told(lambda: forge.check_runs(sha)) if self.settings.check_run else None
        return OnCommit(checks, _told(lambda: forge.statuses(sha)) if self.settings.status else None)

    def _moved(self) -> bool:
        """Whether the pull request goes into another branch by now; False where GitHub does not tell."""
        number = self.desk.context.pull
        if number is None:
            return False
        pull = _told(lambda: (self.desk.forge.pull(number),))
        return pull is not None and pull[0].base_ref != self.desk.context.base_ref


_ORDER = (Channel.CHECK_RUN, Channel.STATUS, Channel.COMMENT, Channel.SARIF)


def _is_published(results: Mapping[Channel, ChannelResult], channel: Channel) -> bool:
    return channel in results and results[channel].state is ChannelState.PUBLISHED


def _told(ask: Callable[[], Sequence[T]]) -> Sequence[T] | None:
    """Return what a look brings, None where it brings nothing: what needs it says so, and the rest goes on."""
    try:
        return ask()
    except Exception:  # noqa: BLE001 - see desk.guarded
        return None
