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
from gate.publish.marks import Mark, page_of, run_of_url
from gate.publish.publication import Channel, ChannelResult, ChannelState
from gate.publish.words import LONGEST_DESCRIPTION, advised

_LONGEST_CONTEXT = 200
_PLAIN = re.compile(r"[!-@\[-~]+")
"""Characters of ASCII without capital letters."""


def context_of(name: str, base_ref: str) -> str:
    """Return the context of a base branch: `readiness-gate: main`.

    GitHub does not tell contexts apart by case, and its database may not tell `é` from `e`, but branches are told apart
    by both: `MAIN` could be made, with a policy of its own, to speak for `main`. So a branch whose name is not plain
    lower case has a few digits of its hash behind it: `readiness-gate: Release ~1f2e3d4c`.
    """
    text = f"{name}: {base_ref}"
    if _PLAIN.fullmatch(base_ref) and len(text) <= _LONGEST_CONTEXT:
        return text
    digest = hashlib.sha256(base_ref.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{one_line(text, _LONGEST_CONTEXT - 10)} ~{digest}"


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
        for last in statuses:
            if alike(last.context, desk.status_context) and desk.identity.made_status(last):
                standing = self._standing(last, state)
                if standing is not None:
                    return standing
                if run_of_url(last.target_url, desk.context) is not None:
                    break
        made = desk.forge.create_status(desk.context.sha, self.status(state, text))
        desk.identity.learn_status(made)
        return ChannelResult(Channel.STATUS, ChannelState.PUBLISHED, url=desk.context.run_url)

    def hand_over(self, state: StatusState, to: Mark) -> ChannelResult:
        """Say again what a newer run said just before we wrote over it. Raises ForgeProblem."""
        desk = self._desk
        url = page_of(desk.context, to)
        text = f"{state}: the verdict of run {to.run}, attempt {to.attempt}, which is newer"
        desk.forge.create_status(desk.context.sha, replace(self.status(state, text), target_url=url))
        return ChannelResult(Channel.STATUS, ChannelState.STALE, f"A newer run ({to.run}) speaks for this commit.", url)

    def status(self, state: StatusState, text: str) -> Status:
        """Return the status as we set it."""
        desk = self._desk
        return Status(desk.status_context, state, one_line(text, LONGEST_DESCRIPTION), desk.context.run_url)

    def _standing(self, last: Status, state: StatusState) -> ChannelResult | None:
        """Return why a status of ours stays as it is, None where it may be written over."""
        desk, order = self._desk, self._desk.mark.order
        their = run_of_url(last.target_url, desk.context)
        if their is None:
            return None
        says_no = last.state in ("failure", "error")
        if their > order:
            genuine = desk.runs.genuine(*their)
            if genuine is False or (genuine is None and state in ("failure", "error")):  # see check_run.newer
                return None
            reason = (
                f"A newer run ({their[0]}, attempt {their[1]}) speaks for this commit; run that one again if need be."
            )
            return ChannelResult(Channel.STATUS, ChannelState.STALE, reason, last.target_url)
        if their == order and says_no and state in ("pending", "success"):
            return ChannelResult(Channel.STATUS, ChannelState.FAILED, twin_told(desk.name), last.target_url)
        return None


def twin_told(name: str) -> str:
    """Return what to do where two jobs of one run publish under one name."""
    return (
        f"Another job of this run has said no under the name {name}, and that stands. Give every policy a publish.name "
        "of its own, or judge once (command: publish)."
    )
