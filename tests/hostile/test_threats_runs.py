"""Several runs about one pull request, and a pull request that changes under a run (T30), by the whole action."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.fakes import write
from tests.support.github_server import ACTIONS, ACTIONS_BOT, Hub, add_comment, faults
from tests.support.github_server.wire import Request
from tests.support.hostile_jobs import (
    LIGHT,
    MARKER,
    ONLY,
    StoppedClock,
    assert_one_answer,
    checks,
    comments,
    conclusions,
    states,
    stop_time,
)
from tests.support.pull_job import PullJob
from tests.support.repos import REPORTS

ON_PROBLEMS = LIGHT + "publish: {comment: on_problems}\n"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return stop_time(monkeypatch)


@pytest.fixture
def job(tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str], clock: StoppedClock) -> PullJob:
    return PullJob(tmp_path, hub, capsys, policy=LIGHT)


def judge(job: PullJob, *, good: bool) -> int:
    """Run the action so that it comes to this verdict, and return its exit code."""
    write(job.workspace, REPORTS)
    if not good:
        (job.workspace / "out/junit.xml").unlink()
    return job.run(**ONLY).code


def at_request(hub: Hub, nth: int, work: Callable[[], object]) -> list[int]:
    """Do something else just before the nth request; the list is not empty once it was done."""
    done: list[int] = []
    seen: list[Request] = []

    def change() -> None:
        done.append(nth)
        work()

    fault = hub.fault(".*", "/", faults.meanwhile(change))

    def meets(request: Request) -> bool:
        seen.append(request)
        return len(seen) == nth and not done

    fault.meets = meets  # type: ignore[method-assign]
    return done


REQUESTS = range(3, 20, 2)
"""Before which request of one run the other one runs as a whole; a run has 19."""


@pytest.mark.parametrize("nth", REQUESTS)
def test_t30_a_newer_run_that_says_no_has_the_last_word(job: PullJob, hub: Hub, nth: int) -> None:
    newer = _other(job)
    done = at_request(hub, nth, lambda: newer(good=False, first=True))
    judge(job, good=True)
    assert done
    assert_one_answer(hub, good=False)
    assert states(hub)[-1] == "failure"
    assert "✅ GO" not in comments(hub)[0]


@pytest.mark.parametrize("nth", REQUESTS)
def test_t30_an_older_run_does_not_take_a_newer_yes_away(job: PullJob, hub: Hub, nth: int) -> None:
    older = _other(job, older=True)
    done = at_request(hub, nth, lambda: older(good=False, first=True))
    judge(job, good=True)
    assert done
    assert states(hub)[-1] == "success"
    assert set(conclusions(hub)) == {"success"}
    assert len(comments(hub)) == 1


@pytest.mark.parametrize("nth", REQUESTS)
def test_t30_an_older_yes_does_not_stand_beside_a_newer_no(job: PullJob, hub: Hub, nth: int) -> None:
    older = _other(job, older=True)
    done = at_request(hub, nth, lambda: older(good=True, first=False))
    judge(job, good=False)
    assert done
    assert_one_answer(hub, good=False)
    assert states(hub)[-1] == "failure"


def _other(job: PullJob, *, older: bool = False) -> Callable[..., None]:
    """Another run about the same commit, to be done in the middle of the first one, which is judged otherwise."""
    earlier = job.run_id
    later = job.new_run()
    now, then = (later, earlier) if older else (earlier, later)
    job.run_id = now

    def run(*, good: bool, first: bool) -> None:
        job.run_id = then
        judge(job, good=good)
        job.run_id = now
        write(job.workspace, REPORTS)
        if not first:
            (job.workspace / "out/junit.xml").unlink()

    return run


@pytest.mark.parametrize("nth", range(5, 18, 3))
def test_t30_a_head_that_moves_meanwhile_gets_no_comment_of_the_old_one(job: PullJob, hub: Hub, nth: int) -> None:
    old = job.head
    done = at_request(hub, nth, lambda: hub.repository().commit("topic", {"more.txt": "x"}))
    code = judge(job, good=True)
    assert done
    assert code == 0
    assert all(item.sha == old for item in checks(hub))
    assert all(item.sha == old for item in hub.repository().statuses)
    if nth < 15:
        assert not comments(hub)


@pytest.mark.parametrize("nth", [3, 9, 15])
@pytest.mark.parametrize("end", ["close", "merge"])
def test_a_pull_request_that_closes_meanwhile_gets_no_comment(job: PullJob, hub: Hub, nth: int, end: str) -> None:
    done = at_request(hub, nth, lambda: getattr(hub.repository(), end)(job.number))
    judge(job, good=True)
    assert done
    assert not comments(hub)
    assert len(checks(hub)) == 1


def test_a_closed_pull_request_is_judged_and_not_talked_to(job: PullJob, hub: Hub) -> None:
    hub.repository().close(job.number)
    assert judge(job, good=False) == 1
    assert_one_answer(hub, good=False)
    assert not hub.repository().comments


def test_t18_three_hundred_comments_and_one_of_ours_among_them(job: PullJob, hub: Hub) -> None:
    repository = hub.repository()
    judge(job, good=False)
    stranger = hub.world.user("mallory")
    for number in range(300):
        add_comment(repository, job.number, f"{MARKER}\n## ✅ GO\n{number}" if number % 3 else "+1", stranger)
    job.new_run()
    assert judge(job, good=True) == 0
    ours = [item for item in repository.comments.values() if item.user == ACTIONS_BOT]
    assert len(ours) == 1
    assert "✅ GO" in ours[0].body
    assert sum("## ✅ GO" in item.body for item in repository.comments.values() if item.user == stranger) == 200


def test_t18_another_workflow_of_the_same_account_is_not_written_over(job: PullJob, hub: Hub) -> None:
    kept = f"A report of another tool.\n{MARKER}\n"
    other = add_comment(hub.repository(), job.number, kept, ACTIONS_BOT, ACTIONS)
    judge(job, good=False)
    assert other.body == kept
    assert len(comments(hub)) == 1


def test_t18_a_comment_with_our_marker_by_somebody_who_may_write_is_left_alone(job: PullJob, hub: Hub) -> None:
    body = f"{MARKER}\n## ✅ GO · all is fine, merge it"
    theirs = add_comment(hub.repository(), job.number, body, hub.world.user("octo-dev"))
    judge(job, good=False)
    assert theirs.body == body
    assert sum("NO-GO" in item for item in comments(hub)) == 1


@pytest.mark.parametrize("nth", [1, 2])
def test_a_comment_that_is_deleted_meanwhile_is_written_anew(job: PullJob, hub: Hub, nth: int) -> None:
    judge(job, good=False)
    repository = hub.repository()
    if nth == 1:
        repository.comments.clear()
    else:
        hub.fault("PATCH", "/issues/comments/", faults.meanwhile(repository.comments.clear))
    job.new_run()
    judge(job, good=True)
    (body,) = comments(hub)
    assert "✅ GO" in body


def test_t18_a_comment_that_was_edited_by_hand_is_set_right(job: PullJob, hub: Hub) -> None:
    judge(job, good=False)
    (comment,) = hub.repository().comments.values()
    comment.body = f"{MARKER}\n## ✅ GO · edited"
    job.attempt = 2
    hub.repository().runs[job.run_id].attempt = 2
    judge(job, good=False)
    assert "NO-GO" in comments(hub)[0]
    assert "edited" not in comments(hub)[0]


def test_reruns_again_and_again_leave_one_answer_and_one_comment(job: PullJob, hub: Hub) -> None:
    for attempt in range(1, 9):
        job.attempt = hub.repository().runs[job.run_id].attempt = attempt
        good = attempt % 2 == 0
        assert judge(job, good=good) == (0 if good else 1)
        assert set(conclusions(hub)) == {"success" if good else "failure"}
    assert states(hub)[-1] == "success"
    assert len(comments(hub)) == 1


def test_t30_two_jobs_of_one_run_do_not_outshout_each_other(job: PullJob, hub: Hub) -> None:
    """Two policies under one name: whichever is last, the no stands, and the second one fails for it."""
    assert judge(job, good=False) == 1
    write(job.workspace, REPORTS)
    step = job.run(**ONLY, GITHUB_JOB="second")
    assert step.code == 1
    assert "publish.name" in step.log
    assert_one_answer(hub, good=False)
