"""Whether a run that something names is one of this workflow's. Nobody can write what GitHub says of its runs.

The external id of a check run and the address of a status can be written by any job whose token may write those; a gate
that gave way to every higher number in them could be silenced by a job of the pull request.
"""

from __future__ import annotations

from gate.publish.event import EventContext
from gate.publish.forge import Forge
from gate.publish.forge_words import ForgeProblem, Trouble, WorkflowRun

_MOST_LOOKED_UP = 4


class Runs:
    """Looks runs up, each once and never more than a few: of the rest it is not known whose they are."""

    def __init__(self, forge: Forge, context: EventContext) -> None:
        self._forge = forge
        self._context = context
        self._known: dict[int, WorkflowRun | None] = {}
        self._closed = False
        """whether GitHub does not tell us (the job has no `actions: read`)"""

    def genuine(self, run: int, attempt: int) -> bool | None:
        """Whether there is this attempt of this run, of the same workflow and about the same commit.

        None where GitHub does not tell. This run itself is genuine without being looked up, up to its own attempt.
        """
        if run == self._context.run_id and attempt <= self._context.attempt:
            return True
        own, other = self._look_up(self._context.run_id), self._look_up(run)
        if self._closed or run not in self._known:
            return None
        if own is None or other is None or other.attempt < attempt:
            return False
        # A run that was started by the end of another is about the tip of the default branch, whatever it judges.
        about = self._context.triggering_run is not None or other.head_sha == own.head_sha
        return about and other.path == own.path and other.repository_id == own.repository_id

    def _look_up(self, run: int) -> WorkflowRun | None:
        if self._closed or run in self._known:
            return self._known.get(run)
        if len(self._known) >= _MOST_LOOKED_UP:
            return None
        try:
            self._known[run] = self._forge.workflow_run(run)
        except ForgeProblem as problem:
            # Not to be allowed to see our own run means that we see none.
            if problem.trouble is Trouble.NOT_FOUND and run != self._context.run_id:
                self._known[run] = None
            else:
                self._closed = True
        return self._known.get(run)
