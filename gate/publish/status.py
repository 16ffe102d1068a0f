"""The commit status: what to require, since its context has the base branch in it and its source can be seen.

A status hangs on a commit and a context; the last writer wins. So before each write it is looked who wrote last: a
newer run of the gate has the last word, and of two jobs of one run the one that says no.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from gate.formats.plain import one_line
from gate.publish.desk import Desk
from gate.publish.forge_words import Status, StatusState
from gate.publish.identity import Identity, alike
from gate.publish.marks import run_of_url
from gate.publish.publication import Channel, ChannelResult, ChannelState
from gate.publish.words import LONGEST_DESCRIPTION, advised

_LONGEST_CONTEXT = 200
_PLAIN = re.compile(r"[!-@\[-~]+")
"""Characters of ASCII without capital letters."""


def context_of(name: str, base_ref: str) -> str:
    """Return the context of a base branch: `readiness-gate: main`.

    GitHub does not tell contexts apart by case, and its database may not tell `é` from `e`, but branches are told apart
    by both: `MAIN` could be made, with a policy of its own, to speak for `main`. So a branch whose name is not plain
    lower case has digits of its hash behind it: `readiness-gate: Release ~e020e3c67bd0c312`. Sixteen of
    them: with eight, whoever may push finds another name with the same ones in an hour.
    """
    text = f"{name}: {base_ref}"
    if _PLAIN.fullmatch(base_ref) and len(text) <= _LONGEST_CONTEXT:
        return text
    digest = hashlib.sha256(base_ref.encode("utf-8", "replace")).hexdigest()[:16]
    return f"{one_line(text, _LONGEST_CONTEXT - 18)} ~{digest}"


def newest(statuses: Iterable[Status], context: str, identity: Identity) -> Status | None:
    """Return the status of a context that was set last by us."""
    return next((item for item in statuses if alike(item.context, context) and identity.made_status(item)), None)


class StatusChannel:
    """The status of one run of the gate."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def begin(self) -> ChannelResult:
        """Say `pending`, unless there is a word that must stand. Raises ForgeProblem."""
        text = advised("the gate is at work", advisory=self._desk.advisory)
        return self.set("pending", text, self._desk.forge.statuses(self._desk.context.sha))

    def set(self, state: StatusState, text: str, statuses: Sequence[Status]) -> ChannelResult:
        """Set the status. `statuses` are those of the commit as they are now. Raises ForgeProblem."""
        desk = self._desk
        later, certain = self.newer(statuses)
        if later is not None and (certain or state in ("pending", "success")):  # see check_run.CheckRunChannel.complete
            return self.give_way(later, statuses)
        last = newest(statuses, desk.status_context, desk.identity)
        twin = last is not None and run_of_url(last.target_url, desk.context) == desk.mark.order
        if last is not None and twin and _says_no(last) and not _says_no(self.status(state, text)):
            return ChannelResult(Channel.STATUS, ChannelState.FAILED, twin_told(desk.name), last.target_url)
        made = desk.forge.create_status(desk.context.sha, self.status(state, text))
        desk.identity.learn_status(made)
        return ChannelResult(Channel.STATUS, ChannelState.PUBLISHED, url=desk.context.run_url)

    def newer(self, statuses: Iterable[Status]) -> tuple[Status | None, bool]:
        """Return the last word of a newer run of the gate, wherever it stands, and whether that run is certain.

        It may stand below ours: a run that begins late says `pending` over it.
        """
        desk = self._desk
        for item in statuses:
            their = run_of_url(item.target_url, desk.context)
            if their is None or their <= desk.mark.order or not alike(item.context, desk.status_context):
                continue
            genuine = desk.runs.genuine(*their, urgent=True) if desk.identity.made_status(item) else False
            if genuine is not False:
                return item, genuine is True
        return None, False

    def give_way(self, later: Status, statuses: Iterable[Status]) -> ChannelResult:
        """Leave the word to a newer run; where we wrote over it, say it again. Raises ForgeProblem."""
        desk = self._desk
        last = newest(statuses, desk.status_context, desk.identity)
        if last is not None and last is not later and later.state != "pending":
            desk.forge.create_status(desk.context.sha, replace(later, context=desk.status_context, creator=None))
        run = run_of_url(later.target_url, desk.context)
        told = f"A newer run ({run[0]}, attempt {run[1]})" if run else "A newer run"
        reason = f"{told} speaks for this commit; run that one again if need be."
        return ChannelResult(Channel.STATUS, ChannelState.STALE, reason, later.target_url)

    def status(self, state: StatusState, text: str) -> Status:
        """Return the status as we set it."""
        desk = self._desk
        return Status(desk.status_context, state, one_line(text, LONGEST_DESCRIPTION), desk.context.run_url)


def _says_no(status: Status) -> bool:
    return status.state in ("failure", "error")


def twin_told(name: str) -> str:
    """Return what to do where two jobs of one run publish under one name."""
    return (
        f"Another job of this run has said no under the name {name}, and that stands. Give every policy a publish.name "
        "of its own, or judge once (command: publish)."
    )
