"""What became of publishing: one result a channel, and what was noticed on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Channel(StrEnum):
    """Where a verdict is shown. `log` is the fall-back of check run and annotations: lines in the job's log."""

    CHECK_RUN = "check_run"
    STATUS = "status"
    COMMENT = "comment"
    SUMMARY = "summary"
    SARIF = "sarif"
    LOG = "log"


class ChannelState(StrEnum):
    """What became of one channel."""

    PUBLISHED = "published"
    OFF = "off"
    """the policy does not want it, or the event has no place for it (a comment on a push)"""
    DEGRADED = "degraded"
    """something else stands in: the summary for the comment, the log for the annotations"""
    FAILED = "failed"
    STALE = "stale"
    """not written, because a newer run speaks for this commit, or the head has moved"""


@dataclass(frozen=True, slots=True)
class ChannelResult:
    """One channel. `reason` is a sentence: why it is not published, and how to mend that. `url` leads to it."""

    channel: Channel
    state: ChannelState
    reason: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Publication:
    """The whole. `intruders` are sentences about same-named checks and statuses of others: each blocks the merge."""

    results: tuple[ChannelResult, ...]
    intruders: tuple[str, ...] = ()

    def missing(self, required: Sequence[str]) -> tuple[ChannelResult, ...]:
        """Return the channels that had to be published and were not: exit code 4.

        A stale one is not missing: whoever is newer has published in our place. Neither is one that the event has no
        place for: there is no comment on a push. A policy cannot require what it switches off.
        """
        fine = (ChannelState.PUBLISHED, ChannelState.STALE, ChannelState.OFF)
        return tuple(item for item in self.results if item.channel in required and item.state not in fine)
