"""A GitHub that fails while the action runs: on every request that writes, with and without the effect (T29)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from gate.publish import forge_github
from tests.support.github_server import Hub, faults
from tests.support.github_server.faults import What
from tests.support.github_server.wire import Request
from tests.support.hostile_jobs import (
    LIGHT,
    ONLY,
    StoppedClock,
    assert_nothing_foreign,
    assert_one_answer,
    checks,
    comments,
    conclusions,
    states,
    stop_time,
)
from tests.support.pull_job import PullJob, Step

WRITES = {
    "begin check": ("POST", "/check-runs$", 1),
    "begin status": ("POST", "/statuses/", 1),
    "conclude": ("PATCH", "/check-runs/", 1),
    "status": ("POST", "/statuses/", 2),
    "comment": ("POST", "/comments$", 1),
}
LONGEST = 125.0
"""Seconds that a run may wait in all, as docs and client say, and a little for rounding."""
EXCUSE = re.compile(r"The (check run|status|comment) was not published: GitHub .{10,}|, and not all of it: .{10,}")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return stop_time(monkeypatch)


@pytest.fixture
def job(tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str], clock: StoppedClock) -> PullJob:
    return PullJob(tmp_path, hub, capsys, policy=LIGHT)


def assert_sound(step: Step, job: PullJob, clock: StoppedClock, *, good: bool) -> None:
    """What holds whatever befell the run."""
    assert step.code == (0 if good else 1)
    assert step.outputs["verdict"] == ("go" if good else "no_go")
    assert sum(clock.slept) <= LONGEST
    assert_one_answer(job.hub, good=good)
    assert_nothing_foreign(step.log)
    assert job.hub.log.count() <= 80
    published = set(step.outputs["published"].split(",")) - {""}
    if published != {"check_run", "status", "comment"}:
        assert EXCUSE.search(step.log), step.log[-800:]
        assert "was not published" in step.summary
    if "status" in published:
        assert states(job.hub)[-1] == ("success" if good else "failure")
    if "check_run" in published:
        assert conclusions(job.hub) == ["success" if good else "failure"]


@pytest.mark.parametrize("effect", [False, True], ids=["without", "with"])
@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize("write", WRITES)
def test_t29_a_server_error_on_one_write_changes_nothing(
    job: PullJob, clock: StoppedClock, write: str, status: int, effect: bool
) -> None:
    method, path, nth = WRITES[write]
    fault = job.hub.fault(method, path, faults.server_error(status, effect=effect), nth)
    step = job.run(**ONLY)
    assert fault.fired == 1
    assert step.outputs["published"] == "check_run,status,comment"
    assert_sound(step, job, clock, good=True)
    assert len(checks(job.hub)) == len(comments(job.hub)) == 1


@pytest.mark.parametrize("effect", [False, True], ids=["without", "with"])
@pytest.mark.parametrize("write", ["begin check", "begin status", "conclude", "comment"])
def test_t29_a_server_error_on_every_write_leaves_the_verdict_to_the_exit_code(
    job: PullJob, clock: StoppedClock, write: str, effect: bool
) -> None:
    (job.workspace / "out/junit.xml").unlink()
    method, path, _nth = WRITES[write]
    job.hub.fault(method, path, faults.server_error(502, effect=effect), 0)
    assert_sound(job.run(**ONLY), job, clock, good=False)
    assert len(comments(job.hub)) <= 1


FAULTS: dict[str, What] = {
    "primary limit": faults.primary_limit(3000),
    "secondary limit": faults.secondary_limit(60),
    "secondary limit without a time": faults.secondary_limit(None),
    "fork": faults.fork(),
    "not found": faults.gone(),
    "unauthorized": faults.unauthorized(),
    "too long": faults.unprocessable("Only 65535 characters are allowed"),
    "gone for good": faults.refuse(410, "Issues are disabled for this repo"),
    "forbidden": faults.refuse(403, "Unable to create comment because issue is locked."),
    "conflict": faults.refuse(409, "Conflict ::error::x ##[error]y"),
    "cut with effect": faults.cut(effect=True),
    "cut without effect": faults.cut(effect=False),
    "reset": faults.reset(effect=True),
    "html": faults.html(),
    "half": faults.truncated_json(),
}


@pytest.mark.parametrize("often", [1, 0], ids=["once", "always"])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("write", ["begin check", "begin status", "conclude", "comment"])
def test_t29_whatever_befalls_a_write_nothing_contradicts_the_verdict(
    job: PullJob, clock: StoppedClock, write: str, fault: str, often: int
) -> None:
    method, path, _nth = WRITES[write]
    planned = job.hub.fault(method, path, FAULTS[fault], often)
    step = job.run(**ONLY)
    assert planned.fired
    assert_sound(step, job, clock, good=True)


@pytest.mark.parametrize("fault", ["primary limit", "unauthorized", "not found", "cut without effect", "html"])
@pytest.mark.parametrize("path", ["/check-runs$", "/statuses", "/pulls/21$", "/comments$", "/git/ref/"])
def test_t29_whatever_befalls_a_look_nothing_contradicts_the_verdict(
    job: PullJob, clock: StoppedClock, path: str, fault: str
) -> None:
    """A look that brings nothing may cost the verdict (exit code 3); it never makes a yes of a no."""
    (job.workspace / "out/junit.xml").unlink()
    job.hub.fault("GET", path, FAULTS[fault], 0)
    step = job.run(**ONLY)
    assert step.code in (1, 3)
    assert sum(clock.slept) <= LONGEST
    assert_one_answer(job.hub, good=False)


@pytest.mark.parametrize("nth", range(1, 18, 4))
def test_t29_a_github_that_goes_away_during_the_run_does_not_hold_it_up(
    job: PullJob, clock: StoppedClock, nth: int
) -> None:
    job.hub.fault("GET|POST|PATCH|DELETE", "/", faults.unauthorized(), 0)
    job.hub.faults[-1].meets = _from(nth)  # type: ignore[assignment, method-assign]
    (job.workspace / "out/junit.xml").unlink()
    step = job.run(**ONLY)
    assert step.code in (1, 3)
    assert sum(clock.slept) <= LONGEST
    assert_one_answer(job.hub, good=False)


def _from(nth: int) -> Callable[[Request], bool]:
    seen: list[Request] = []

    def meets(request: Request) -> bool:
        seen.append(request)
        return len(seen) >= nth

    return meets


def test_t29_a_github_that_never_answers_costs_a_bounded_time(
    job: PullJob, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = forge_github.GitHub
    monkeypatch.setattr(forge_github, "GitHub", partial(real, timeout=0.2))
    job.hub.fault("POST", "/", faults.silent(1.0), 0)
    (job.workspace / "out/junit.xml").unlink()
    assert_sound(job.run(**ONLY), job, clock, good=False)


def test_a_github_that_is_not_there_ends_in_no_verdict_and_says_so(job: PullJob, clock: StoppedClock) -> None:
    with job.hub.down():
        step = job.run(**ONLY)
    assert (step.code, step.outputs["verdict"]) == (3, "error")
    assert sum(clock.slept) <= LONGEST
    assert "could not be checked" in step.log
    assert not checks(job.hub)


@pytest.mark.parametrize("early", [True, False])
def test_a_repository_that_is_renamed_meanwhile_is_followed(job: PullJob, clock: StoppedClock, early: bool) -> None:
    job.hub.world.job_token("job")
    rename = faults.meanwhile(lambda: job.hub.world.rename("octo/shop", "store"), before=early)
    job.hub.fault(*(("GET", "/git/ref/") if early else ("POST", "/statuses/")), rename)
    step = job.run(**ONLY)
    repository = job.hub.repository("octo/store")
    ended = [item.conclusion for item in repository.checks.values()]
    # A run that finds at once that it is of another repository now than its runner says does not judge.
    assert (step.code, ended) == ((3, ["failure"]) if early else (0, ["success"])), step.log
    assert [item.state for item in repository.statuses][-1] == ("error" if early else "success")
    assert len(repository.comments) == 1
    assert sum(clock.slept) <= LONGEST
