"""Check runs and statuses under our names that somebody else made (T3 of the threat model): each one blocks the merge.

What is used cannot be written by whoever makes a check run or a status: its app or creator, which check runs we made
ourselves, and what GitHub says of a run that an external id names. What remains possible: a job of the very same
workflow, or one that writes after the last look. Against these only GitHub's own means help: a ruleset that requires
the workflow itself, or an app of its own as the required source.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gate.formats.plain import one_line
from gate.publish.desk import Desk
from gate.publish.forge_words import CheckRun, Status
from gate.publish.identity import alike
from gate.publish.marks import read_mark, run_of_url
from gate.publish.runs import Runs

_MOST = 5
_NO_RUN = (
    "which is no run of this workflow. Where two workflows judge one commit, put their triggers into one workflow, or "
    "give their policies different publish.name."
)


@dataclass(frozen=True, slots=True)
class OnCommit:
    """What is on a commit, newest first. None is what GitHub did not tell, or nobody asked for."""

    checks: Sequence[CheckRun] | None = field(default=None)
    statuses: Sequence[Status] | None = field(default=None)


def intruders(seen: OnCommit, desk: Desk, runs: Runs, own: CheckRun | None) -> tuple[str, ...]:
    """Return a sentence for each foreign check run and status of our names, at most a few.

    `own` is the check run that this run made, None where it made none. Check runs are left out where `seen` has none.
    """
    found = [*_checks(seen.checks or (), desk, runs, own), *_statuses(seen.statuses or (), desk, runs)]
    each = tuple(dict.fromkeys(found))
    more = (f"There are {len(each) - _MOST} more like these.",) if len(each) > _MOST else ()
    return (*each[:_MOST], *more)


def _checks(checks: Iterable[CheckRun], desk: Desk, runs: Runs, own: CheckRun | None) -> Iterator[str]:
    told: set[tuple[int, int, str]] = set()
    named = sorted((item for item in checks if alike(item.name, desk.check_name)), key=lambda item: item.id)
    for check in named:
        mark = read_mark(check.external_id)
        if own is not None and check.id == own.id:
            continue
        if not desk.identity.made_check(check):
            yield f"A check run {_quoted(check.name)} on this commit was made by another app ({_quoted(check.app)})."
        elif mark is None or check.name != desk.check_name:
            yield (
                f"A check run {_quoted(check.name)} on this commit is not the gate's: some other job or step has that "
                "name. Rename it."
            )
        elif own is not None and mark.speaker == desk.mark.speaker:
            yield (
                f"A second check run {_quoted(check.name)} on this commit says that it is this run's: either two of "
                "its jobs judge under one publish.name, or somebody pretends."
            )
        elif mark.speaker in told:
            yield f"Two check runs {_quoted(check.name)} on this commit say that they are of run {mark.run}."
        elif runs.genuine(mark.run, mark.attempt) is False:
            yield (f"A check run {_quoted(check.name)} on this commit names run {mark.run}, {_NO_RUN}")
        if mark is not None:
            told.add(mark.speaker)


def _statuses(statuses: Iterable[Status], desk: Desk, runs: Runs) -> Iterator[str]:
    for status in statuses:
        if not alike(status.context, desk.status_context):
            continue
        if not desk.identity.made_status(status):
            who = _quoted(status.creator.login) if status.creator is not None else "somebody unknown"
            yield f"The status {_quoted(status.context)} on this commit was also set by {who}."
            continue
        run = run_of_url(status.target_url, desk.context)
        if run is None:
            yield f"The status {_quoted(status.context)} on this commit was also set by some other job or step."
        elif runs.genuine(*run) is False:
            yield f"The status {_quoted(status.context)} on this commit names run {run[0]}, {_NO_RUN}"


def _quoted(text: str) -> str:
    return f"“{one_line(text, 60)}”"
