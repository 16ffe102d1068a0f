"""What the job's token may do of what the policy's channels need, and what stands in for a channel that it may not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gate.commands.examination import Answer, no, unknown, yes
from gate.model.policy import PublishSettings
from gate.publish.event import EventContext
from gate.publish.forge_probes import Probed, Probes
from gate.publish.publication import Channel
from gate.publish.through import wanted_channels

_IN_DOUBT = Probed(None, "looks at what a request holds before it looks at the permission, so it does not show")
SECOND_STAGE = "publish from a second workflow, which has the rights: docs/two-stages.md"


@dataclass(frozen=True, slots=True)
class Need:
    """What a channel needs of the token. `stands_in` says what happens without it."""

    channel: Channel
    permission: str
    stands_in: str


NEEDS = (
    Need(Channel.CHECK_RUN, "checks: write", "the findings go to the job's log instead"),
    Need(Channel.STATUS, "statuses: write", "nothing stands in: where the status is required, it is awaited for ever"),
    Need(Channel.COMMENT, "pull-requests: write", "the job summary stands in for it"),
    Need(Channel.SARIF, "security-events: write", "no alert appears in code scanning"),
)


def channel_answers(
    probes: Probes,
    settings: PublishSettings,
    context: EventContext,
    branch: str,
    *,
    status_required: bool,
    doubtful: bool = False,
) -> Iterator[Answer]:
    """Yield an answer for each permission that the policy's channels need.

    `doubtful` is set where GitHub is seen to look at permissions last, so that its not refusing says nothing.
    """
    wanted = wanted_channels(settings, context)
    ask: dict[Channel, Callable[[], Probed]] = {
        Channel.CHECK_RUN: probes.checks,
        Channel.STATUS: probes.statuses,
        Channel.COMMENT: lambda: probes.comments(context.pull or 0),
        Channel.SARIF: probes.code_scanning,
    }
    yield _reading("permission.contents", "contents: read", "the policy of the base branch", probes.contents(branch))
    yield _reading(
        "permission.actions", "actions: read", "whether a run that a status names is one of ours", probes.actions()
    )
    for need in NEEDS:
        if need.channel in wanted:
            required = need.channel in settings.required or (need.channel is Channel.STATUS and status_required)
            probed = ask[need.channel]()
            yield channel_answer(need, _IN_DOUBT if doubtful and probed.may else probed, context, required=required)
    if settings.comment != "never" and context.pull is None:
        yield unknown("channel.comment", "comment: this is about no pull request, so whether it may is not known")


def channel_answer(need: Need, probed: Probed, context: EventContext, *, required: bool) -> Answer:
    """Return what a probe says of one channel. Pure."""
    id_, name = f"channel.{need.channel.value}", need.channel.value
    if probed.off:
        told = f"{name}: code scanning is off in this repository, so {need.stands_in}"
        return no(
            id_, told, "Settings › Advanced Security › Code scanning, or  publish: {sarif: false}", required=required
        )
    if probed.may:
        return yes(id_, f"{name}: the token may ({need.permission})")
    if probed.may is None:
        told = f"{name}: whether the token has {need.permission} is not known: GitHub {probed.told}"
        return unknown(id_, told, required=required)
    told = f"{name}: the token may not ({need.permission}); {need.stands_in}"
    mend = SECOND_STAGE if context.read_only is not None else f"give the job  permissions: {{{need.permission}}}"
    return no(id_, told, mend, required=required)


def summary_answer(there: bool, *, required: bool) -> Answer:
    """Return whether there is a job summary to write to."""
    if there:
        return yes("channel.summary", "summary: the job has one")
    told = "summary: the runner gave no file for the job summary"
    return no("channel.summary", told, "run it as a step of a job", required=required)


def _reading(id_: str, permission: str, what: str, probed: Probed) -> Answer:
    if probed.may:
        return yes(id_, f"the token may read {what} ({permission})")
    told = f"the token may not read {what}: GitHub {probed.told}"
    mend = f"give the job  permissions: {{{permission}}}"
    # Without `actions: read` the gate still publishes; it then gives way to no newer run.
    required = id_ == "permission.contents"
    return (no if probed.may is False else unknown)(id_, told, mend, required=required)
