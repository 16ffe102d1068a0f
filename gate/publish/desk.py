"""What all channels of one run share, and how what befalls one of them stays with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from gate.formats.plain import one_line
from gate.publish.event import EventContext
from gate.publish.forge import Forge
from gate.publish.forge_words import ForgeProblem, Trouble
from gate.publish.identity import Identity
from gate.publish.marks import Mark
from gate.publish.publication import Channel, ChannelResult, ChannelState
from gate.publish.runs import Runs

Log = Callable[[str], None]
"""Writes one line to the job's log as it is; whoever calls it has made the line harmless."""
_LASTING = frozenset({Trouble.UNAUTHENTICATED, Trouble.FORBIDDEN, Trouble.NOT_FOUND, Trouble.LIMITED})
_PERMISSIONS = {
    Channel.CHECK_RUN: "checks: write",
    Channel.STATUS: "statuses: write",
    Channel.COMMENT: "pull-requests: write",
    Channel.SARIF: "security-events: write",
}


@dataclass(frozen=True, slots=True)
class Desk:
    """One run of the gate before GitHub. `check_name` and `status_context` are what it publishes under."""

    forge: Forge
    context: EventContext
    mark: Mark
    name: str
    check_name: str
    status_context: str
    advisory: bool
    identity: Identity = field(repr=False)
    runs: Runs = field(repr=False)


def guarded(channel: Channel, work: Callable[[], ChannelResult]) -> ChannelResult:
    """Return what became of a channel, whatever happens in it.

    A token that may not, and a limit, are what the fall-backs are made for: DEGRADED. Everything else is FAILED.
    """
    try:
        return work()
    except ForgeProblem as problem:
        return ChannelResult(channel, _state(problem), told(channel, problem))
    except Exception as error:  # noqa: BLE001 - a channel's fault must neither change nor hide the verdict
        text = f"This is a fault of the gate ({type(error).__name__}); please report it."
        return ChannelResult(channel, ChannelState.FAILED, text)


def lasting(result: ChannelResult | None) -> bool:
    """Whether trying a channel once more in the same run is no use."""
    return result is not None and result.state is ChannelState.DEGRADED


def told(channel: Channel, problem: ForgeProblem) -> str:
    """Return what GitHub made of a request, as a sentence with what to do about it."""
    text = one_line(f"GitHub {problem.reason}", 300).rstrip(".")
    if problem.trouble in (Trouble.FORBIDDEN, Trouble.NOT_FOUND) and channel in _PERMISSIONS:
        return f"{text}. Give the job the permission `{_PERMISSIONS[channel]}`."
    if problem.trouble is Trouble.UNAUTHENTICATED:
        return f"{text}. Give the gate a token that is still valid."
    return f"{text}."


def _state(problem: ForgeProblem) -> ChannelState:
    return ChannelState.DEGRADED if problem.trouble in _LASTING else ChannelState.FAILED
