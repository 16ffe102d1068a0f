"""The commit status, which is what to require."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.publish.forge_words import Status
from gate.publish.identity import alike
from gate.publish.publication import Channel
from gate.publish.status import context_of
from tests.support.github_server import Hub
from tests.support.publishing import CONTEXT, Job, checks, outcome, result, states, statuses
from tests.support.verdicts import GO, NO_GO


@pytest.mark.parametrize("base", ["main", "release/1.x", "a-b_c.d+e", "dependabot/pip/x-1.0"])
def test_a_plain_branch_stands_in_the_context_as_it_is(base: str) -> None:
    assert context_of("readiness-gate", base) == f"readiness-gate: {base}"


@pytest.mark.parametrize("base", ["MAIN", "Main", "maín", "mаin", "ｍain", "main\u200b", "x" * 240])
def test_t2_a_branch_that_github_may_take_for_another_has_a_context_of_its_own(base: str) -> None:
    made = context_of("readiness-gate", base)
    assert not alike(made, CONTEXT)
    assert "~" in made
    assert len(made) <= 200
    assert made != context_of("readiness-gate", base + "x")
    assert all(not alike(made, context_of("readiness-gate", other)) for other in ("Main", "MAIN") if other != base)


def test_t2_no_branch_can_be_named_into_another_s_context() -> None:
    assert context_of("a", "b: main") != context_of("a: b", "main"), "no branch's name may hold a blank"
    assert context_of("readiness-gate", "main ~12345678") != context_of("readiness-gate", "main")


def test_t2_a_pass_on_one_branch_is_none_on_another(hub: Hub) -> None:
    hub.repository().commit("lax", {}, start="main")
    hub.repository().retarget(7, "lax")
    Job(hub, base="lax").begin().publish(GO)
    assert states(hub) == [], "nothing was said for main"
    hub.repository().retarget(7, "main")
    Job(hub, run=101).begin()
    assert states(hub) == ["pending"]


def test_a_description_has_at_most_140_characters(hub: Hub) -> None:
    job = Job(hub).begin()
    job.give_up("x" * 1000)
    description = statuses(hub)[-1].description
    assert description is not None
    assert len(description) == 140
    assert description.endswith("…")
    assert outcome(job.publish(GO))["status"] == "failed", "what was given up stays given up"


def test_another_job_of_the_same_run_that_said_no_is_not_overruled(hub: Hub) -> None:
    """Two legs of a matrix with one publish.name: the later one would else overwrite the no."""
    Job(hub).begin().publish(NO_GO)
    job = Job(hub).begin()
    publication = job.publish(GO)
    assert states(hub)[-1] == "failure"
    assert all(run.conclusion == "failure" for run in checks(hub))
    assert any("publish.name" in text for text in publication.intruders)


def test_two_jobs_with_one_name_without_check_runs(hub: Hub) -> None:
    settings = replace(Job(hub).settings, check_run=False)
    Job(hub, settings=settings).begin().publish(NO_GO)
    publication = Job(hub, settings=settings).begin().publish(GO)
    assert states(hub)[-1] == "failure"
    assert "publish.name" in result(publication, Channel.STATUS).reason
    assert publication.missing(("status",)) != ()


def test_t30_statuses_alone_tell_which_run_is_newer(hub: Hub) -> None:
    settings = replace(Job(hub).settings, check_run=False)
    older = Job(hub, run=100, settings=settings).begin()
    Job(hub, run=101, settings=settings).begin().publish(NO_GO)
    publication = older.publish(GO)
    assert states(hub)[-1] == "failure"
    assert outcome(publication)["status"] == "stale"
    assert states(hub, "readiness-gate: main") == ["pending", "pending", "failure"]


def test_a_broken_address_of_a_status_breaks_nothing(hub: Hub) -> None:
    job = Job(hub).begin()
    assert job.forge is not None
    job.forge.create_status(job.sha, Status(CONTEXT, "success", "mine", "https://[broken"))
    publication = job.publish(NO_GO)
    assert states(hub)[-1] == "failure"
    assert len(publication.intruders) == 1
