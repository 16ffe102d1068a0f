"""Check runs: several runs of the gate about one commit, and what GitHub may refuse."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from gate.model.verdict import Verdict
from gate.publish.check_run import name_of
from gate.publish.forge_words import CheckRun, ForgeProblem, Status, Trouble
from gate.publish.marks import Mark, mark_of, read_mark, run_of_url
from gate.publish.publication import Channel
from tests.publish.test_publisher import flood
from tests.support.github_server import ACTIONS, Hub, add_check, add_run, faults
from tests.support.publishing import (
    CONTEXT,
    NAME,
    Job,
    checks,
    comments,
    conclusions,
    outcome,
    result,
    states,
    statuses,
)
from tests.support.verdicts import GO, NO_GO


@pytest.mark.parametrize(
    ("name", "job", "called"),
    [
        ("readiness-gate", "gate", "Readiness Gate verdict"),
        ("readiness-gate", "Readiness Gate verdict", "Readiness Gate verdict (check)"),
        ("readiness-gate", " readiness  gate\u00a0VERDICT\u200b", "Readiness Gate verdict (check)"),
        ("payments", "payments", "payments verdict"),
        ("payments", "payments verdict", "payments verdict (check)"),
    ],
)
def test_the_name_is_never_the_job_s(name: str, job: str, called: str) -> None:
    assert name_of(name, job) == called


def test_an_external_id_is_read_as_it_was_written(hub: Hub) -> None:
    context = Job(hub, run=12, attempt=3, base="release/1.x").context
    mark = mark_of(context, "ab" * 32)
    assert str(mark) == "12/3/release/1.x/abababababababab"
    assert read_mark(str(mark)) == mark
    long = mark_of(Job(hub, base="x" * 240).context, "")
    assert len(str(long)) < 160
    assert read_mark(str(long)) == long
    assert long != mark_of(Job(hub, base="x" * 239).context, "")
    assert mark_of(Job(hub, base="").context, "").base == "-"


@pytest.mark.parametrize(
    "text",
    ["", "7f9c-uuid", "1/1/main", "1/1/main/zz", "0/1/main/" + "a" * 16, "1/1/ma in/" + "a" * 16,
     "1/1/main/" + "a" * 17, "9" * 30 + "/1/main/" + "a" * 16, "１/1/main/" + "a" * 16],
)  # fmt: skip
def test_what_is_no_external_id_of_ours(text: str) -> None:
    assert read_mark(text) is None


@pytest.mark.parametrize(
    ("url", "run"),
    [
        ("https://github.com/octo/shop/actions/runs/12/attempts/3", (12, 3)),
        ("https://github.com/Octo/Shop/actions/runs/12/attempts/3", (12, 3)),
        ("https://evil.example/octo/shop/actions/runs/12/attempts/3", None),
        ("http://github.com/octo/shop/actions/runs/12/attempts/3", None),
        ("https://github.com/octo/other/actions/runs/12/attempts/3", None),
        ("https://github.com/octo/shop/actions/runs/12", None),
        ("https://github.com@evil.example/octo/shop/actions/runs/12/attempts/3", None),
        ("", None),
        ("https://[broken", None),
    ],
)
def test_only_an_address_of_this_repository_s_runs_is_one(hub: Hub, url: str, run: tuple[int, int] | None) -> None:
    assert run_of_url(url, Job(hub).context) == run


def test_t30_an_older_run_that_ends_last_gives_way(hub: Hub) -> None:
    older, newer = Job(hub, run=100).begin(), Job(hub, run=101).begin()
    newer.publish(NO_GO)
    assert conclusions(hub) == ["failure", "failure"], "the older one, still in progress, says what the newer says"
    publication = older.publish(GO)
    assert {outcome(publication)[name] for name in ("check_run", "status", "comment")} == {"stale"}
    assert "run (101, attempt 1)" in result(publication, Channel.STATUS).reason
    assert conclusions(hub) == ["failure", "failure"]
    assert states(hub)[-1] == "failure"
    assert "NO-GO" in comments(hub)[0].body
    assert publication.missing(("status",)) == (), "the newer one has published in its place"


def test_t30_an_older_no_does_not_overwrite_a_newer_go(hub: Hub) -> None:
    older, newer = Job(hub, run=100).begin(), Job(hub, run=101).begin()
    newer.publish(GO)
    older.publish(NO_GO)
    assert conclusions(hub) == ["success", "success"]
    assert states(hub)[-1] == "success"


def test_t30_an_older_run_gives_way_to_a_newer_one_at_work(hub: Hub) -> None:
    older, newer = Job(hub, run=100).begin(), Job(hub, run=101).begin()
    older.publish(GO)
    assert conclusions(hub) == [None, None]
    assert set(states(hub)) == {"pending"}
    newer.publish(NO_GO)
    assert conclusions(hub) == ["failure", "failure"]


def test_t30_a_newer_run_that_is_through_within_our_last_request(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """It begins and ends between our last look and our conclusion, and says otherwise."""
    older, newer = Job(hub, run=100).begin(), Job(hub, run=101)
    before(monkeypatch, older, "update_check_run", lambda: newer.begin().publish(NO_GO))
    publication = older.publish(GO)
    assert conclusions(hub) == ["failure", "failure"]
    assert states(hub)[-1] == "failure"
    assert {outcome(publication)[name] for name in ("check_run", "status", "comment")} == {"stale"}


@pytest.mark.parametrize(("ours", "theirs"), [(GO, NO_GO), (NO_GO, GO)], ids=["go-then-no", "no-then-go"])
def test_t30_a_newer_run_that_is_through_before_our_status(
    hub: Hub, ours: Verdict, theirs: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, newer = Job(hub, run=100).begin(), Job(hub, run=101)
    before(monkeypatch, older, "create_status", lambda: newer.begin().publish(theirs))
    older.publish(ours)
    said = "failure" if theirs is NO_GO else "success"
    assert conclusions(hub) == [said, said]
    assert states(hub)[-1] == said


def test_t30_a_newer_run_that_is_through_before_we_begin_to_write(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """We found nothing, it began and ended, and only then we say that we are at work."""
    older, newer = Job(hub, run=100), Job(hub, run=101)
    before(monkeypatch, older, "create_check_run", lambda: None)
    before(monkeypatch, older, "create_status", lambda: newer.begin().publish(NO_GO))
    older.begin()
    assert states(hub)[-1] == "pending", "which blocks, until"
    publication = older.publish(GO)
    assert states(hub)[-1] == "failure"
    assert statuses(hub)[-1].target_url == newer.context.run_url
    assert conclusions(hub) == ["failure", "failure"]
    assert outcome(publication)["status"] == "stale"


def test_t30_runs_at_once_end_in_the_newest_ones_words(hub: Hub) -> None:
    """Three runs, each of them whole in a thread of its own, however they mingle."""
    for start in (100, 200, 300):
        jobs = [Job(hub, run=start + number) for number in range(3)]
        verdicts = (GO, NO_GO, GO) if start == 200 else (NO_GO, GO, NO_GO)
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda pair: pair[0].begin().publish(pair[1]), zip(jobs, verdicts, strict=True)))
        newest = "success" if verdicts[-1] is GO else "failure"
        assert states(hub)[-1] == newest
        assert set(conclusions(hub)[-2:]) <= {newest}, conclusions(hub)


def test_two_attempts_never_contradict_each_other(hub: Hub) -> None:
    for attempt, verdict in enumerate((NO_GO, GO, NO_GO, GO), 1):
        Job(hub, attempt=attempt).begin().publish(verdict)
        assert set(conclusions(hub)) == {"success" if verdict is GO else "failure"}
        assert len(checks(hub)) == attempt
    assert len(comments(hub)) == 1


def test_an_older_run_that_is_run_again_after_a_newer_one(hub: Hub) -> None:
    Job(hub, run=101).begin().publish(GO)
    publication = Job(hub, run=100, attempt=2).begin().publish(NO_GO)
    assert outcome(publication)["check_run"] == "stale"
    assert conclusions(hub) == ["success"], "it makes no check run that could contradict"
    assert states(hub) == ["pending", "success"]


def test_a_completed_check_that_github_does_not_change_any_more(hub: Hub) -> None:
    """Whether it can be changed is not certain; then the newest stands and the difference is told."""
    Job(hub).begin().publish(GO)
    first = checks(hub)[0].id
    hub.fault("PATCH", f"/check-runs/{first}$", faults.unprocessable(), nth=0)
    publication = Job(hub, attempt=2).begin().publish(NO_GO)
    assert conclusions(hub) == ["success", "failure"]
    assert "1 older check run" in result(publication, Channel.CHECK_RUN).reason
    assert states(hub)[-1] == "failure"


def test_only_a_few_older_runs_are_changed(hub: Hub) -> None:
    for run in range(101, 113):
        Job(hub, run=run).begin()
    hub.log.clear()
    publication = Job(hub, run=200).begin().publish(GO)
    assert "2 older check runs" in result(publication, Channel.CHECK_RUN).reason
    assert len(hub.log) <= 30


def test_t2_the_second_pull_request_of_the_same_commit(hub: Hub) -> None:
    """A pass on a lax branch must not stand for main: the status is exact, the check run careful."""
    repo = hub.repository()
    repo.commit("lax", {}, start="main")
    repo.open_pull("feature", "lax", number=9)
    Job(hub, run=100).begin().publish(NO_GO)
    Job(hub, run=101, base="lax", pull=9).begin().publish(GO)
    assert states(hub, "readiness-gate: lax")[-1] == "success"
    assert states(hub)[-1] == "failure"
    assert conclusions(hub) == ["failure", "failure"]
    title = checks(hub)[-1].title
    assert title == "Not for every branch: no go into main"


def test_t2_the_strict_branch_is_judged_after_the_lax_one(hub: Hub) -> None:
    repo = hub.repository()
    repo.commit("lax", {}, start="main")
    repo.open_pull("feature", "lax", number=9)
    Job(hub, run=100, base="lax", pull=9).begin().publish(GO)
    assert conclusions(hub) == ["success"]
    Job(hub, run=101).begin().publish(NO_GO)
    assert conclusions(hub) == ["failure", "failure"]
    assert states(hub, "readiness-gate: lax")[-1] == "success"
    Job(hub, run=102).begin().publish(GO)
    assert conclusions(hub)[-1] == "success", "the status of the lax branch was never no"


def test_t2_a_branch_that_the_commit_does_not_go_into_any_more_is_not_asked(hub: Hub) -> None:
    hub.repository().commit("develop", {}, start="main")
    Job(hub, run=100).begin().publish(NO_GO)
    hub.repository().retarget(7, "develop")
    Job(hub, run=101, base="develop").begin().publish(GO)
    assert conclusions(hub)[-1] == "success"
    assert states(hub) == ["pending", "failure"]


def test_t2_who_cannot_tell_is_careful(hub: Hub) -> None:
    hub.repository().commit("develop", {}, start="main")
    Job(hub, run=100).begin().publish(NO_GO)
    hub.repository().retarget(7, "develop")
    hub.fault("GET", "/pulls$", faults.server_error(500), nth=0)
    Job(hub, run=101, base="develop").begin().publish(GO)
    assert conclusions(hub)[-1] == "failure"


def test_annotations_that_github_refuses_do_not_hold_up_the_verdict(hub: Hub) -> None:
    job = Job(hub).begin()
    hub.fault("PATCH", "/check-runs/", faults.unprocessable(), nth=2)
    publication = job.publish(flood())
    (run,) = checks(hub)
    assert run.conclusion == "failure"
    assert len(run.annotations) == 150
    assert "50 annotations are missing" in result(publication, Channel.CHECK_RUN).reason
    assert outcome(publication)["log"] == "published"


def test_t29_annotations_stop_where_there_is_no_more_room(hub: Hub) -> None:
    job = Job(hub).begin()
    hub.fault("PATCH", "/check-runs/", faults.fork(), nth=2)
    publication = job.publish(flood())
    (run,) = checks(hub)
    assert (run.conclusion, len(run.annotations)) == ("failure", 50)
    assert "150 annotations are missing" in result(publication, Channel.CHECK_RUN).reason


def test_a_check_that_could_not_be_created_at_first_is_created_later(hub: Hub) -> None:
    fault = hub.fault("POST", "/check-runs$", faults.server_error(500), nth=0)
    job = Job(hub).begin()
    assert checks(hub) == []
    hub.faults.remove(fault)
    assert outcome(job.publish(GO))["check_run"] == "published"
    assert conclusions(hub) == ["success"]


def test_a_check_that_was_created_and_nobody_told_us_is_found_again(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    job = Job(hub)
    assert job.forge is not None
    really = job.forge.create_check_run

    def lost(*args: object) -> CheckRun:
        really(*args)  # type: ignore[arg-type]
        raise ForgeProblem(Trouble.UNREACHABLE, "did not answer")

    monkeypatch.setattr(job.forge, "create_check_run", lost)
    job.begin()
    monkeypatch.undo()
    publication = job.publish(GO)
    assert conclusions(hub) == ["success"]
    assert publication.intruders == ()


@pytest.mark.parametrize("effect", [True, False])
def test_a_bad_gateway_makes_no_second_check(hub: Hub, effect: bool) -> None:
    hub.fault("POST", "/check-runs$", faults.server_error(502, effect=effect))
    assert outcome(Job(hub).begin().publish(GO))["check_run"] == "published"
    assert conclusions(hub) == ["success"]


def test_t30_a_forged_newer_run_silences_nobody(hub: Hub) -> None:
    """A job of the pull request names a run that is none of the gate's, to make the gate give way."""
    job = Job(hub)
    evil = add_run(hub.repository(), job.sha, path=".github/workflows/evil.yml", id_=777)
    for run in (evil.id, 10**15):
        check = add_check(hub.repository(), ACTIONS, job.sha, NAME)
        check.external_id = f"{run}/1/main/{'c' * 16}"
        check.details_url = f"https://github.com/octo/shop/actions/runs/{run}/attempts/1"
        Job(hub, run=100).forge.create_status(  # type: ignore[union-attr]
            job.sha, status(f"https://github.com/octo/shop/actions/runs/{run}/attempts/1")
        )
    publication = job.begin().publish(NO_GO)
    assert outcome(publication)["check_run"] == "published"
    assert conclusions(hub)[-1] == "failure"
    assert states(hub)[-1] == "failure"
    assert "success" not in conclusions(hub), "the forged ones are made to agree"
    assert len(publication.intruders) == 4


def test_t30_who_may_not_look_runs_up_says_no_and_never_yes(hub: Hub) -> None:
    older = Job(hub, run=100).begin()
    Job(hub, run=101).begin().publish(GO)
    hub.fault("GET", "/actions/runs", faults.fork(), nth=0)
    older.publish(NO_GO)
    assert states(hub)[-1] == "failure"
    hub.faults.clear()
    Job(hub, run=102).begin().publish(NO_GO)
    hub.fault("GET", "/actions/runs", faults.fork(), nth=0)
    Job(hub, run=99).begin().publish(GO)
    assert states(hub)[-1] == "failure"
    assert "success" not in conclusions(hub)


def before(patch: pytest.MonkeyPatch, job: Job, method: str, then: Callable[[], object]) -> None:
    """Let something happen once, just before a request of a job's client."""
    really = getattr(job.forge, method)
    todo = [then]

    def requested(*args: object, **named: object) -> object:
        if todo:
            todo.pop()()
        return really(*args, **named)

    patch.setattr(job.forge, method, requested)


def status(url: str) -> Status:
    """A success under the gate's context that leads somewhere."""
    return Status(CONTEXT, "success", "all is well", url)


def test_a_mark_orders_runs() -> None:
    assert Mark(2, 1, "main", "").order > Mark(1, 9, "main", "").order
    assert Mark(1, 10, "main", "").order > Mark(1, 9, "main", "").order
