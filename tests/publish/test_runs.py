"""Whose a run is, as GitHub tells it, at few requests."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.publish.event import TriggeringRun
from gate.publish.runs import Runs
from tests.support.github_server import Hub, add_run, faults
from tests.support.publishing import Job


def runs_of(job: Job, *, second_stage: bool = False) -> Runs:
    assert job.forge is not None
    context = job.context
    if second_stage:
        first = TriggeringRun(9, 1, "pull_request", "collect.yml", 1, job.sha, "feature", "octo", 1, 1)
        context = replace(context, triggering_run=first)
    return Runs(job.forge, context)


def test_this_run_is_not_asked_for(hub: Hub) -> None:
    assert runs_of(Job(hub)).genuine(100, 1) is True
    assert len(hub.log) == 0


def test_all_runs_of_a_commit_cost_one_request(hub: Hub) -> None:
    runs = runs_of(Job(hub))
    for number in range(200, 220):
        Job(hub, run=number)
    assert all(runs.genuine(number, 1) for number in range(200, 220))
    assert len(hub.log) == 1


def test_what_began_after_the_list_was_made_is_asked_for(hub: Hub) -> None:
    job = Job(hub)
    Job(hub, run=101)
    runs = runs_of(job)
    assert runs.genuine(101, 2) is False
    Job(hub, run=101, attempt=3)
    assert runs.genuine(101, 3) is True, "another attempt"
    Job(hub, run=102)
    assert runs.genuine(102, 1) is True, "another run"
    count = len(hub.log)
    assert runs.genuine(102, 1) is True
    assert len(hub.log) == count


def test_of_too_many_it_is_not_known(hub: Hub) -> None:
    runs = runs_of(Job(hub))
    said = [runs.genuine(number, 1) for number in range(10**9, 10**9 + 6)]
    assert said == [False, False, False, None, None, None]
    assert runs.genuine(10**9 + 9, 1, urgent=True) is False, "what decides on giving way has room of its own"
    Job(hub, run=101)
    assert runs.genuine(101, 1) is None
    assert runs.genuine(101, 1, urgent=True) is True
    assert runs.genuine(101, 2) is None


@pytest.mark.parametrize(
    ("path", "branch", "second_stage", "genuine"),
    [
        (".github/workflows/gate.yml", "feature", False, True),
        (".github/workflows/evil.yml", "feature", False, False),
        (".github/workflows/gate.yml", "main", False, False),
        (".github/workflows/gate.yml", "main", True, True),
        (".github/workflows/evil.yml", "main", True, False),
    ],
)
def test_the_workflow_and_the_commit_are_held_against_ours(
    hub: Hub, path: str, branch: str, second_stage: bool, genuine: bool
) -> None:
    runs = runs_of(Job(hub), second_stage=second_stage)
    add_run(hub.repository(), hub.repository().branch(branch), path=path, id_=555)
    assert runs.genuine(555, 1) is genuine


@pytest.mark.parametrize("second_stage", [True, False])
@pytest.mark.parametrize("what", [faults.fork(), faults.gone(), faults.server_error(500)], ids=["403", "404", "500"])
def test_nothing_is_known_where_github_does_not_tell(hub: Hub, what: faults.What, second_stage: bool) -> None:
    runs = runs_of(Job(hub), second_stage=second_stage)
    Job(hub, run=101)
    hub.fault("GET", "/actions/runs", what, nth=0)
    assert runs.genuine(101, 1) is None
    hub.faults.clear()
    assert runs.genuine(101, 1) is None, "it is not asked again and again"
