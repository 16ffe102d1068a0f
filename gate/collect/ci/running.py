"""Which jobs can never run, why, and on which events the others do. Only what is certain. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from gate.collect.ci.expressions import is_false, known_on, runs_after_failure
from gate.collect.ci.path_filters import Paths
from gate.collect.ci.triggers import named, never_fires
from gate.collect.ci.workflow import Job, Workflow, own_folder

CALL = "workflow_call"
_MOST_CALLS = 200
"""Callers that are followed; GitHub itself nests ten levels, of 50 workflows in all."""


@dataclass(slots=True)
class Running:
    """How a workflow runs. `never` says why none of it can, `jobs` why a job cannot, `events` what it runs on.

    `silent` are the triggers that can never fire, with why.

    `events` of a workflow that is called are those of its callers; `uncalled` is True where it is only to be called,
    and nothing of the tree calls it: another repository may.
    """

    never: str | None = None
    silent: dict[str, str] = field(default_factory=dict)
    uncalled: bool = False
    jobs: dict[str, str] = field(default_factory=dict)
    events: dict[str, frozenset[str]] = field(default_factory=dict)


def how_they_run(
    workflows: Sequence[Workflow], *, all_known: bool, tracked: Collection[str] | None = None
) -> dict[str, Running]:
    """Return how each workflow runs, by path. `all_known` is False where some could not be read.

    `tracked` is all that git tracks, None where that is not known.
    """
    names = {name for workflow in workflows for name in (workflow.name, workflow.path)} if all_known else None
    paths = None if tracked is None else Paths(tracked)
    found = {workflow.path: _alone(workflow, names, paths) for workflow in workflows}
    by_path = {workflow.path: workflow for workflow in workflows}
    _call(by_path, found)
    for workflow in workflows:
        running = found[workflow.path]
        if running.never is None and workflow.jobs and all(job.id in running.jobs for job in workflow.jobs):
            running.never = _of_all_jobs(workflow, running)
    return found


def _of_all_jobs(workflow: Workflow, running: Running) -> str:
    first = workflow.jobs[0]
    why = running.jobs[first.id]
    return f"its job {first.id} {why}" if len(workflow.jobs) == 1 else f"none of its jobs can run: {first.id} {why}"


def _alone(workflow: Workflow, names: set[str] | None, paths: Paths | None) -> Running:
    running = Running()
    events: set[str] = set()
    for event, given in workflow.events.items():
        reason = never_fires(event, given, names, paths)
        if reason is None:
            events.add(named(event, given))
        else:
            running.silent[event] = reason
    if "on" not in workflow.value:
        running.never = "it has no `on`, so nothing starts it"
    elif not workflow.events:
        running.never = "its `on` is empty, so nothing starts it"
    elif not events:
        running.never = next(iter(running.silent.values()))
    elif not workflow.jobs:
        running.never = "it has no jobs"
    else:
        running.never = _refused(workflow)
    if running.never is not None:
        running.jobs = {job.id: f"is in a workflow that never runs: {running.never}" for job in workflow.jobs}
        return running
    running.jobs = _never_jobs(workflow)
    running.events = {
        job.id: frozenset(event for event in events if event == CALL or not _not_on(job, event))
        for job in workflow.jobs
        if job.id not in running.jobs
    }
    return running


def _not_on(job: Job, event: str) -> bool:
    return is_false(job.value.get("if"), known_on(event.partition(":")[0]))


def _refused(workflow: Workflow) -> str | None:
    """Return why GitHub refuses the whole file. Ids of jobs have no case."""
    ids = {job.id.casefold() for job in workflow.jobs}
    for job in workflow.jobs:
        for needed in job.needs:
            if needed.casefold() not in ids:
                return f"GitHub refuses it: its job {job.id} needs {needed}, which is not there"
        if not job.uses and job.value.get("runs-on") in (None, "", [], {}):
            return f"GitHub refuses it: its job {job.id} has no runs-on"
        if not job.uses and not job.steps:
            return f"GitHub refuses it: its job {job.id} has no steps"
    circle = _circle(workflow)
    return f"GitHub refuses it: its job {circle} needs itself, over others" if circle else None


def _circle(workflow: Workflow) -> str | None:
    """Return a job that waits for itself."""
    left = {job.id.casefold(): {needed.casefold() for needed in job.needs} for job in workflow.jobs}
    waiting: defaultdict[str, list[str]] = defaultdict(list)
    for id_, needs in left.items():
        for needed in needs:
            waiting[needed].append(id_)
    ready = [id_ for id_, needs in left.items() if not needs]
    while ready:
        done = ready.pop()
        left.pop(done, None)
        for id_ in waiting[done]:
            left[id_].discard(done)
            if not left[id_]:
                ready.append(id_)
    return next(iter(left), None)


def _never_jobs(workflow: Workflow) -> dict[str, str]:
    """Return the jobs that cannot run, with why; those that wait for such a one cannot either."""
    never: dict[str, str] = {}
    waiting: defaultdict[str, list[Job]] = defaultdict(list)
    for job in workflow.jobs:
        for needed in job.needs:
            waiting[needed.casefold()].append(job)
        reason = _never_by_itself(job)
        if reason is not None:
            never[job.id] = reason
    spread = list(never)
    while spread:
        gone = spread.pop()
        for job in waiting[gone.casefold()]:
            if job.id not in never and not runs_after_failure(job.value.get("if")):
                never[job.id] = f"needs {gone}, which never runs"
                spread.append(job.id)
    return never


def _never_by_itself(job: Job) -> str | None:
    if is_false(job.value.get("if")):
        return "has an `if` that is always false"
    strategy = job.value.get("strategy")
    matrix = strategy.get("matrix") if isinstance(strategy, dict) else None
    if isinstance(matrix, dict):
        for name, values in matrix.items():
            if values == [] and name not in ("include", "exclude"):
                return f"has an empty matrix: {name} has no value"
    return None


def _call(workflows: Mapping[str, Workflow], found: dict[str, Running]) -> None:
    """Give those that are called the events of their callers; note those that nothing calls."""
    callers: defaultdict[str, list[tuple[str, Job]]] = defaultdict(list)
    for path, workflow in workflows.items():
        for job in workflow.jobs:
            called = own_folder(job.uses) if job.uses else None
            if called in found:
                callers[called].append((path, job))
    for path in workflows:
        running = found[path]
        if running.never is not None or not any(CALL in events for events in running.events.values()):
            continue
        brought = _brought(path, callers, found, set())
        own = {event for events in running.events.values() for event in events} - {CALL}
        running.uncalled = not brought and not own
        running.events = {
            id_: frozenset((events - {CALL}) | (brought if CALL in events else frozenset()))
            for id_, events in running.events.items()
        }


def _brought(
    path: str, callers: Mapping[str, list[tuple[str, Job]]], found: Mapping[str, Running], seen: set[str]
) -> frozenset[str]:
    """Return the events on which a workflow is called, over any number of calls."""
    if path in seen or len(seen) > _MOST_CALLS:
        return frozenset()
    seen.add(path)
    brought: set[str] = set()
    for caller, job in callers.get(path, ()):
        events = found[caller].events.get(job.id, frozenset())
        brought |= events - {CALL}
        if CALL in events:
            brought |= _brought(caller, callers, found, seen)
    return frozenset(brought)
