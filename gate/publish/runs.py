"""Whether a run that something names is one of this workflow's. Nobody can write what GitHub says of its runs.

The external id of a check run and the address of a status can be written by any job whose token may write those; a gate
that gave way to every higher number in them could be silenced by a job of the pull request.
"""

from __future__ import annotations

from gate.publish.event import EventContext
from gate.publish.forge import Forge
from gate.publish.forge_words import ForgeProblem, Trouble, WorkflowRun

_MOST_LOOKED_UP = 3
"""Runs that are asked for one by one, each: to give way to, and to find out who speaks under our name."""


class Runs:
    """Looks runs up: those of the commit all at once, the rest one by one, and of these never more than a few."""

    def __init__(self, forge: Forge, context: EventContext) -> None:
        self._forge = forge
        self._context = context
        self._known: dict[int, WorkflowRun | None] = {}
        self._left = {True: _MOST_LOOKED_UP, False: _MOST_LOOKED_UP}
        self._asked: set[tuple[int, int]] = set()
        self._listed = False
        self._closed = False
        """whether GitHub does not tell us (the job has no `actions: read`)"""

    def genuine(self, run: int, attempt: int, *, urgent: bool = False) -> bool | None:
        """Whether there is this attempt of this run, of the same workflow and about the same commit.

        None where GitHub does not tell, or too many were asked for; `urgent` ones have a number of their own. This run
        itself is genuine without being looked up, up to its own attempt.
        """
        if run == self._context.run_id and attempt <= self._context.attempt:
            return True
        self._list()
        own = self._look_up(self._context.run_id, 1, urgent=urgent)
        other = self._look_up(run, attempt, urgent=urgent)
        if self._closed or own is None or run not in self._known:
            return None
        if other is None or other.attempt < attempt:
            return False
        # A run that was started by the end of another is about the tip of the default branch, whatever it judges.
        about = self._context.triggering_run is not None or other.head_sha == own.head_sha
        return about and other.path == own.path and other.repository_id == own.repository_id

    def _list(self) -> None:
        """Take in all runs for the commit, which a run that another one started is none of."""
        if self._listed or self._closed or self._context.triggering_run is not None:
            return
        self._listed = True
        try:
            self._known = {item.id: item for item in self._forge.workflow_runs(self._context.sha)}
        except ForgeProblem:
            self._closed = True

    def _look_up(self, run: int, attempt: int, *, urgent: bool) -> WorkflowRun | None:
        """Return a run. What began after we last asked, an attempt or a whole run, is asked for again."""
        known = self._known.get(run)
        if self._closed or (run in self._known and (known is None or known.attempt >= attempt)):
            return known
        if (run, attempt) in self._asked:
            return known
        if run != self._context.run_id:
            if not self._left[urgent]:
                return self._known.pop(run, None)  # it is not known whether there is such an attempt
            self._left[urgent] -= 1
        self._asked.add((run, attempt))
        try:
            self._known[run] = self._forge.workflow_run(run)
        except ForgeProblem as problem:
            # Not to be allowed to see our own run means that we see none.
            if problem.trouble is Trouble.NOT_FOUND and run != self._context.run_id:
                self._known[run] = None
            else:
                self._closed = True
        return self._known.get(run)
