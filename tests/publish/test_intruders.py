"""T3: somebody else's check runs and statuses under the gate's name."""

from __future__ import annotations

import pytest

from gate.publish import through
from gate.publish.forge_words import Status
from gate.publish.publication import Channel
from tests.support.github_server import ACTIONS, Hub, add_check, add_run
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

RUN = "https://github.com/octo/shop/actions/runs/{}/attempts/1"


@pytest.mark.parametrize(
    "name",
    [NAME, NAME.upper(), f" {NAME} ", NAME.replace(" ", "\u00a0"), NAME.replace("G", "G\u200b"), "Ｒ" + NAME[1:]],
)
def test_t3_a_check_of_another_app_with_our_name_fails_the_gate(hub: Hub, name: str) -> None:
    repo, job = hub.repository(), Job(hub)
    add_check(repo, hub.world.app("evil-ci"), job.sha, name)
    publication = job.begin().publish(GO)
    assert len(publication.intruders) == 1
    assert "“evil-ci”" in publication.intruders[0]
    ours = [run for run in repo.checks.values() if run.external_id]
    assert [run.conclusion for run in ours] == ["failure"]
    assert "evil-ci" in (ours[0].title or "")
    assert states(hub)[-1] == "failure"
    assert "evil-ci" in (statuses(hub)[-1].description or "")
    assert "speaks under this gate's name" in comments(hub)[0].body.splitlines()[1]
    assert any(line.startswith("::error title=Readiness Gate::A check run") for line in job.log)


def test_t3_a_job_of_another_workflow_with_our_name(hub: Hub) -> None:
    """It has the same app as we have with the job's token, and no external id of ours."""
    job = Job(hub)
    check = add_check(hub.repository(), ACTIONS, job.sha, NAME)
    check.details_url = "https://github.com/octo/shop/actions/runs/55/job/1"
    check.external_id = "5a0c2f1e-89aa-5c1e-b2d3-000000000000"
    publication = job.begin().publish(GO)
    assert "Rename it" in publication.intruders[0]
    assert states(hub)[-1] == "failure"


@pytest.mark.parametrize(
    ("external_id", "word"),
    [
        (f"100/1/main/{'c' * 16}", "one publish.name"),
        (f"100/1/main/{'d' * 16}", "one publish.name"),
        (f"999/1/main/{'c' * 16}", "no run of this workflow"),
        (f"777/1/main/{'c' * 16}", "no run of this workflow"),
        (f"778/1/main/{'c' * 16}", "no run of this workflow"),
        (f"779/7/main/{'c' * 16}", "no run of this workflow"),
    ],
    ids=["our-own-mark", "our-own-run", "no-such-run", "other-workflow", "other-commit", "no-such-attempt"],
)
def test_t3_a_forged_external_id(hub: Hub, external_id: str, word: str) -> None:
    repo, job = hub.repository(), Job(hub)
    add_run(repo, job.sha, path=".github/workflows/evil.yml", id_=777)
    add_run(repo, repo.branch("main"), id_=778)
    add_run(repo, job.sha, id_=779)
    add_check(repo, ACTIONS, job.sha, NAME).external_id = external_id
    publication = job.begin().publish(GO)
    assert len(publication.intruders) == 1
    assert word in publication.intruders[0]
    assert "success" not in conclusions(hub)
    assert states(hub)[-1] == "failure"


def test_t3_two_checks_of_one_older_run(hub: Hub) -> None:
    Job(hub).begin().publish(GO)
    job = Job(hub, run=101)
    add_check(hub.repository(), ACTIONS, job.sha, NAME).external_id = checks(hub)[0].external_id
    publication = job.begin().publish(GO)
    assert publication.intruders == (f"Two check runs “{NAME}” on this commit say that they are of run 100.",)


@pytest.mark.parametrize(("token", "who"), [("person", "octo-dev"), ("other", "other-checker[bot]")])
@pytest.mark.parametrize("context", [CONTEXT, CONTEXT.upper(), f"{CONTEXT} "])
def test_t3_a_status_of_somebody_else_with_our_context(hub: Hub, token: str, who: str, context: str) -> None:
    job, theirs = Job(hub), Job(hub, token=token)
    assert theirs.forge is not None
    job.begin()
    theirs.forge.create_status(job.sha, Status(context, "success", "all is well", RUN.format(100)))
    publication = job.publish(GO)
    assert publication.intruders == (f"The status “{context.strip()}” on this commit was also set by “{who}”.",)
    assert states(hub)[-1] == "failure"
    assert conclusions(hub) == ["failure"]


@pytest.mark.parametrize("url", ["", "https://ci.example/1", RUN.format(4242)])
def test_t3_a_status_by_the_same_token_that_is_no_run_of_ours(hub: Hub, url: str) -> None:
    job = Job(hub).begin()
    assert job.forge is not None
    job.forge.create_status(job.sha, Status(CONTEXT, "success", "all is well", url))
    publication = job.publish(GO)
    assert len(publication.intruders) == 1
    assert states(hub)[-1] == "failure"


def test_t3_an_intruder_that_comes_while_we_publish(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    job, theirs = Job(hub).begin(), Job(hub, token="person")
    assert job.forge is not None
    assert theirs.forge is not None
    really, forge = job.forge.create_status, theirs.forge

    def create_status(sha: str, status: Status) -> Status:
        made = really(sha, status)
        monkeypatch.undo()
        forge.create_status(sha, Status(CONTEXT, "success", "all is well"))
        return made

    monkeypatch.setattr(job.forge, "create_status", create_status)
    publication = job.publish(GO)
    assert len(publication.intruders) == 1
    assert states(hub) == ["pending", "success", "success", "failure"]
    assert conclusions(hub) == ["failure"]
    assert "octo-dev" in comments(hub)[0].body


def test_t3_advice_names_intruders_and_blocks_nothing(hub: Hub) -> None:
    job = Job(hub, advisory=True)
    add_check(hub.repository(), hub.world.app("evil-ci"), job.sha, NAME)
    publication = job.begin().publish(GO)
    assert len(publication.intruders) == 1
    assert [run.conclusion for run in checks(hub)] == ["success", "success"]
    assert states(hub)[-1] == "success"
    assert "evil-ci" in comments(hub)[0].body


def test_t3_many_intruders_are_told_shortly(hub: Hub) -> None:
    job = Job(hub)
    for number in range(9):
        add_check(hub.repository(), hub.world.app(f"evil-{number}"), job.sha, NAME)
    publication = job.begin().publish(GO)
    assert len(publication.intruders) == 6
    assert publication.intruders[-1] == "There are 4 more like these."


def test_t3_no_false_alarm_in_everyday_life(hub: Hub) -> None:
    """Other checks and statuses, older runs and attempts of ours, and more of them than are looked up."""
    job = Job(hub)
    add_check(hub.repository(), ACTIONS, job.sha, "gate")
    add_check(hub.repository(), hub.world.app("codecov"), job.sha, "codecov/patch")
    person = Job(hub, token="person")
    assert person.forge is not None
    person.forge.create_status(job.sha, Status("ci/build", "success", "fine"))
    for run in range(100, 109):
        assert Job(hub, run=run).begin().publish(NO_GO).intruders == ()
    assert Job(hub, run=108, attempt=2).begin().publish(GO).intruders == ()
    assert states(hub)[-1] == "success"
    assert hub.repository().checks
    assert len(comments(hub)) == 1


def test_t3_one_run_may_speak_about_two_base_branches(hub: Hub) -> None:
    """The second of two stages, where a commit is the head of two pull requests."""
    hub.repository().commit("next", {}, start="main")
    hub.repository().open_pull("feature", "next", number=9)
    assert Job(hub).begin().publish(GO).intruders == ()
    publication = Job(hub, base="next", pull=9).begin().publish(GO)
    assert publication.intruders == ()
    assert conclusions(hub) == ["success", "success"]


def test_t3_what_is_not_ours_to_publish_is_nobody_s_to_forge(hub: Hub) -> None:
    from dataclasses import replace

    job = Job(hub)
    job.settings = replace(job.settings, check_run=False)
    add_check(hub.repository(), hub.world.app("evil-ci"), job.sha, NAME)
    assert job.begin().publish(GO).intruders == ()


def test_t3_a_look_that_falls_over_blocks(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> tuple[str, ...]:
        raise RecursionError

    job = Job(hub).begin()
    monkeypatch.setattr(through, "intruders", broken)
    publication = job.publish(GO)
    assert "RecursionError" in publication.intruders[0]
    assert states(hub)[-1] == "failure"


def test_t3_a_failure_that_github_does_not_take_any_more_is_told(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.support.github_server import faults

    job, theirs = Job(hub).begin(), Job(hub, token="person")
    assert job.forge is not None
    assert theirs.forge is not None
    really, forge = job.forge.create_status, theirs.forge

    def create_status(sha: str, status: Status) -> Status:
        made = really(sha, status)
        monkeypatch.undo()
        forge.create_status(sha, Status(CONTEXT, "success", "all is well"))
        hub.fault("PATCH", "/check-runs/", faults.unprocessable(), nth=0)
        return made

    monkeypatch.setattr(job.forge, "create_status", create_status)
    publication = job.publish(GO)
    assert outcome(publication)["check_run"] == "failed"
    assert result(publication, Channel.STATUS).state.value == "published"
    assert states(hub)[-1] == "failure"
