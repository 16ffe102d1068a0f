"""What is said about publishing itself: in the job's log, and in the notes of the summary and the comment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gate.formats.plain import one_line
from gate.model.verdict import Verdict
from gate.publish.actions import command, neutralise
from gate.publish.desk import Log
from gate.publish.log_annotations import log_commands
from gate.publish.publication import Channel, ChannelResult, ChannelState, Publication
from gate.report.annotations import Annotations

_NAMES = {
    Channel.CHECK_RUN: "check run",
    Channel.STATUS: "status",
    Channel.COMMENT: "comment",
    Channel.SUMMARY: "job summary",
    Channel.SARIF: "SARIF upload",
    Channel.LOG: "annotations in the log",
}
_SAID = {
    ChannelState.DEGRADED: "was not published",
    ChannelState.FAILED: "was not published",
    ChannelState.STALE: "was left to a newer run or head",
}


def notes(results: Iterable[ChannelResult]) -> tuple[str, ...]:
    """Return a sentence for every channel that was not published, or not whole: for `RenderOptions.extra_notes`."""
    return tuple(text for item in results if (text := _note(item)))


def notes_of(publication: Publication) -> tuple[str, ...]:
    """Return what the job summary is to say about publishing; intruders are `RenderOptions.alarms` instead."""
    return notes(publication.results)


def tell(log: Log, publication: Publication) -> None:
    """Write to the job's log what became of the channels. Intruders are errors on the run's page."""
    for text in notes_of(publication):
        log(neutralise(text))
    alarm(log, publication.intruders)


def alarm(log: Log, intruders: Sequence[str]) -> None:
    """Write intruders to the job's log."""
    for text in intruders:
        log(command("error", neutralise(text).removeprefix("| "), title="Readiness Gate"))


def fall_back(log: Log, verdict: Verdict, found: Annotations, check: ChannelResult | None) -> ChannelResult:
    """Write the annotations to the log where no check run carries them."""
    carried = (ChannelState.PUBLISHED, ChannelState.STALE)
    if check is not None and check.state in carried and not (check.state is ChannelState.PUBLISHED and check.reason):
        return ChannelResult(Channel.LOG, ChannelState.OFF)
    for line in log_commands(verdict, found):
        log(line)
    return ChannelResult(Channel.LOG, ChannelState.PUBLISHED)


def _note(item: ChannelResult) -> str:
    reason = one_line(item.reason, 400)
    if item.state in _SAID:
        return f"The {_NAMES[item.channel]} {_SAID[item.state]}: {reason}"
    if item.state is ChannelState.PUBLISHED and reason:
        return f"The {_NAMES[item.channel]} is published, and not all of it: {reason}"
    return ""
