"""Branches, tags and refs whose names want to be taken for the base branch (T1, T2)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gate.publish.status import context_of
from tests.support.github_server import Hub, add_run, faults
from tests.support.hostile_jobs import (
    CONTEXT,
    LIGHT,
    ONLY,
    about,
    assert_nothing_foreign,
    assert_one_answer,
    checks,
    comments,
    conclusions,
    states,
)
from tests.support.pull_job import PullJob, Step
from tests.support.repositories import git

LAX = LIGHT + "criteria:\n  tests.passed: {enabled: false, reason: x}\n  tests.minimum: {enabled: false, reason: x}\n"
STRICT = LIGHT + "criteria:\n  tests.minimum: {minimum: 5, level: must}\n"


@pytest.fixture
def job(tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]) -> PullJob:
    """A pull request that main's policy does not let through."""
    return PullJob(tmp_path, hub, capsys, policy=STRICT)


def verdict(job: PullJob, step: Step) -> dict[str, Any]:
    document = json.loads((job.workspace / step.outputs["report_json"]).read_text())
    assert isinstance(document, dict)
    return document


def lax_commit(job: PullJob, policy: str = LAX) -> str:
    """A commit whose policy lets everything through, beside the pull request's own branch."""
    git(job.workspace, "checkout", "--quiet", "--detach", job.base)
    (job.workspace / ".gate/policy.yml").write_text(policy)
    git(job.workspace, "commit", "--quiet", "--all", "-m", "lax")
    made = git(job.workspace, "rev-parse", "HEAD").strip()
    git(job.workspace, "checkout", "--quiet", "topic")
    return made


@pytest.mark.parametrize(
    "ref",
    ["refs/tags/origin/main", "refs/heads/origin/main", "refs/origin/main", "refs/remotes/origin/origin/main"],
)
@pytest.mark.parametrize("token", ["job", ""])
def test_t1_a_tag_or_branch_that_is_called_like_the_base_is_not_it(job: PullJob, ref: str, token: str) -> None:
    """git takes refs/tags/origin/main for `origin/main` before the branch, and fetch-depth 0 fetches all tags."""
    git(job.workspace, "update-ref", ref, lax_commit(job))
    step = job.run(token=token, **ONLY)
    assert (step.code, step.outputs["verdict"]) == (1, "no_go")
    found = verdict(job, step)
    assert (found["policy"]["commit"], found["base"]) == (job.base, job.base)


@pytest.mark.parametrize("name", ["heads/main", "refs/heads/main", "remotes/origin/main", "origin/main"])
def test_t1_a_branch_on_github_that_is_called_like_a_ref_of_the_base_is_not_it(job: PullJob, name: str) -> None:
    job.repository.push(job.workspace, lax_commit(job), name)
    step = job.run(**ONLY)
    assert (step.code, step.outputs["verdict"]) == (1, "no_go")
    assert verdict(job, step)["policy"]["commit"] == job.base


def test_t1_a_moved_remote_branch_is_not_believed_where_github_can_be_asked(job: PullJob) -> None:
    git(job.workspace, "update-ref", "refs/remotes/origin/main", lax_commit(job))
    step = job.run(**ONLY)
    assert step.code == 1
    assert verdict(job, step)["policy"]["commit"] == job.base


def test_t1_without_a_branch_to_be_merged_into_there_is_no_verdict(job: PullJob) -> None:
    """Else the policy of the checkout would count, which is the change's own."""
    job.change({".gate/policy.yml": LAX})
    queue = {"GITHUB_EVENT_NAME": "merge_group", "GITHUB_REF": "refs/heads/gh-readonly-queue/main/pr-1-x"}
    for event in ({}, queue):
        step = job.run(**ONLY, **{"GITHUB_BASE_REF": "", **event})
        assert (step.code, step.outputs["verdict"]) == (2, "error")
        assert "which branch the change is to be merged into" in step.log
    assert not states(job.hub)


def test_t2_no_two_branches_have_one_context() -> None:
    """Digits enough that nobody looks for a second name with the same ones: whoever may push may name a branch."""
    names = ["main", "Main", "MAIN", "ma\u0131n", "ma\u0456n", "main\u200b", "m\u00e4in", "ma\u0308in", "m" * 250]
    names += ["m" * 251, f"{'m' * 250}n", "emoji-🚀", "emoji-🛰", "a/b", "A/b"]
    contexts = [context_of("readiness-gate", name).casefold() for name in names]
    assert len(set(contexts)) == len(names)
    for context in contexts:
        _name, wave, digits = context.rpartition(" ~")
        assert not wave or len(digits) == 16


@pytest.mark.parametrize("name", ["release/🚀-Ünïcode", "R" * 240, "a'b\"c;$(id)`id`", "x%0A##error#1", "<b>&amp;|"])
def test_t2_t28_a_base_branch_of_any_name_is_judged_by_its_own_policy(job: PullJob, name: str) -> None:
    job.repository.push(job.workspace, lax_commit(job), name)
    job.repository.retarget(job.number, name)
    about(job, ref=name)
    git(job.workspace, "update-ref", f"refs/remotes/origin/{name}", job.repository.branch(name))
    step = job.run(**ONLY, GITHUB_BASE_REF=name)
    assert states(job.hub) == []
    assert_nothing_foreign(step.log)
    (ended,) = {item.context for item in job.repository.statuses}
    assert ended == context_of("readiness-gate", name)
    assert verdict(job, step)["policy"]["commit"] == job.repository.branch(name)


def test_t2_one_commit_for_two_branches_passes_only_where_it_may(job: PullJob, hub: Hub) -> None:
    lax = lax_commit(job, LIGHT)
    job.repository.push(job.workspace, lax, "lax")
    git(job.workspace, "update-ref", "refs/remotes/origin/lax", lax)
    assert job.run(**ONLY).code == 1
    second = job.repository.open_pull("topic", "lax")
    job.number = second.number
    about(job, number=second.number, ref="lax", sha=lax)
    job.new_run()
    assert job.run(**ONLY, GITHUB_BASE_REF="lax").code == 0
    assert (states(hub)[-1], states(hub, "readiness-gate: lax")[-1]) == ("failure", "success")
    assert "success" not in conclusions(hub), "a check run cannot tell branches apart"
    assert len(comments(hub)) == 2, "one on each pull request"


def test_t2_t31_a_push_run_by_the_branch_s_own_policy_does_not_say_yes_beside_a_no(job: PullJob, hub: Hub) -> None:
    """With `on: [push, pull_request]` one commit is judged twice, and on the push by whatever policy it has itself."""
    job.change({".gate/policy.yml": LIGHT + "advisory: true\n"})
    for first in ("pull_request", "push"):
        job.repository.checks.clear()
        job.repository.statuses.clear()
        for event in sorted(("pull_request", "push"), key=lambda name: name != first):
            job.new_run()
            names = {"GITHUB_EVENT_NAME": event}
            if event == "push":
                names |= {"GITHUB_REF": "refs/heads/topic", "GITHUB_BASE_REF": "", "GITHUB_SHA": job.head}
            assert job.run(**ONLY, **names).code == (1 if event == "pull_request" else 0)
        assert conclusions(hub) == ["failure", "failure"]
        assert states(hub)[-1] == "failure"


def test_t2_a_run_that_began_for_one_base_and_ends_for_another_says_yes_to_neither(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    job = PullJob(tmp_path, hub, capsys, policy=LIGHT)
    hub.repository().push(job.workspace, "main", "strict")
    move = faults.meanwhile(lambda: hub.repository().retarget(job.number, "strict"), before=False)
    hub.fault("POST", "/statuses/", move)
    step = job.run(**ONLY)
    assert conclusions(hub) == ["failure"]
    assert states(hub) == ["pending"]
    assert comments(hub) == []
    assert "another branch by now" in step.log


def test_a_base_that_is_renamed_meanwhile_gets_no_verdict_under_its_old_name(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    job = PullJob(tmp_path, hub, capsys, policy=LIGHT)
    rename = faults.meanwhile(lambda: hub.repository().rename_branch("main", "trunk"), before=False)
    hub.fault("POST", "/statuses/", rename)
    job.run(**ONLY)
    assert_one_answer(hub, good=False)
    assert CONTEXT not in {item.context for item in hub.repository().statuses if item.state == "success"}


def test_t3_a_default_branch_that_is_judged_in_place_of_the_pull_request_is_no_verdict(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    """What actions/checkout takes on pull_request_target and workflow_run is the default branch."""
    job = PullJob(tmp_path, hub, capsys, policy=LIGHT + "trust: {data_only: true}\n")
    git(job.workspace, "checkout", "--quiet", "main")
    for event in ("pull_request", "pull_request_target"):
        step = job.run(**ONLY, GITHUB_EVENT_NAME=event, GITHUB_SHA=job.base if event != "pull_request" else job.head)
        assert (step.code, step.outputs["verdict"]) == (3, "error")
        assert f"The checkout holds {job.base[:12]}" in step.log
        assert states(hub)[-1] == "error"
        job.new_run()
    assert "success" not in conclusions(hub)


def test_t3_the_command_run_in_a_workflow_run_publishes_nothing(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    job = PullJob(tmp_path, hub, capsys, policy=LIGHT)
    head = {"id": 1, "full_name": "octo/shop", "owner": {"login": "octo"}}
    ended = {"id": job.run_id, "run_attempt": 1, "event": "pull_request", "path": ".github/workflows/x.yml"}
    ended |= {"workflow_id": 4, "head_sha": job.head, "head_branch": "topic", "head_repository": head}
    event: dict[str, object] = {"action": "completed", "workflow_run": ended}
    event["repository"] = {"id": hub.repository().id}
    job.event = lambda: event  # type: ignore[method-assign]
    job.run_id = add_run(hub.repository(), job.base, event="workflow_run").id
    git(job.workspace, "checkout", "--quiet", "main")
    names = {"GITHUB_EVENT_NAME": "workflow_run", "GITHUB_REF": "refs/heads/main", "GITHUB_BASE_REF": ""}
    step = job.run(**ONLY, **names, GITHUB_SHA=job.base)
    assert (step.code, step.outputs["verdict"]) == (2, "error")
    assert "Use the command publish" in step.log
    assert not checks(hub)
    assert not hub.repository().statuses


def test_the_test_merge_of_a_shallow_checkout_is_the_pull_requests(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    job = PullJob(tmp_path, hub, capsys, policy=LIGHT)
    git(job.workspace, "checkout", "--quiet", "--detach", job.base)
    git(job.workspace, "merge", "--quiet", "--no-ff", "-m", "Merge", job.head)
    merge = git(job.workspace, "rev-parse", "HEAD").strip()
    (job.workspace / ".git/shallow").write_text(f"{merge}\n")
    step = job.run(**ONLY)
    assert (step.code, step.outputs["verdict"]) == (0, "go"), step.log
    assert states(hub)[-1] == "success"
