"""The action on a pull request, from its event to what stands on GitHub afterwards."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from gate.commands.action import run_action
from gate.publish.publisher import publish
from tests.support.github_server import Hub, faults
from tests.support.hostile_jobs import stop_time
from tests.support.pull_job import PullJob
from tests.support.repos import POLICY, PYTHON

UNTESTED = {"ledger/money.py": PYTHON + "\n\ndef half(amount: int) -> int:\n    return eval('amount // 2')\n"}
FAILING = POLICY.replace(
    "criteria:\n", "criteria:\n  coverage.lines: {minimum: 100.0, level: must}\n  sast.no-medium: {level: must}\n"
)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between tries are counted elsewhere; here they pass at once."""
    stop_time(monkeypatch)
    defaults: dict[str, object] = publish.__kwdefaults__ or {}
    monkeypatch.setitem(defaults, "wait", lambda _seconds: None)


@pytest.fixture
def job(tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]) -> PullJob:
    return PullJob(tmp_path, hub, capsys)


def states(hub: Hub, context: str = "readiness-gate: main") -> list[str]:
    return [item.state for item in hub.repository().statuses if item.context == context]


def comments(hub: Hub) -> list[str]:
    return [item.body for item in hub.repository().comments.values()]


def test_a_go_is_published_everywhere(job: PullJob, hub: Hub) -> None:
    step = job.run()
    assert (step.code, step.outputs["verdict"]) == (0, "go")
    assert step.outputs["published"] == "check_run,status,comment"
    (check,) = hub.repository().checks.values()
    assert (check.sha, check.status, check.conclusion) == (job.head, "completed", "success")
    assert states(hub) == ["pending", "success"]
    (comment,) = comments(hub)
    assert comment.startswith("<!-- readiness-gate:readiness-gate -->\n## ✅ GO")
    assert step.summary.startswith("## ✅ GO")
    assert hub.log.count() <= 20


def test_a_no_go_is_published_with_its_annotations(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    job = PullJob(tmp_path, hub, capsys, policy=FAILING, change=UNTESTED)
    step = job.run()
    assert (step.code, step.outputs["verdict"]) == (1, "no_go")
    (check,) = hub.repository().checks.values()
    assert check.conclusion == "failure"
    assert [(item["path"], item["start_line"]) for item in check.annotations] == [("ledger/money.py", 8)]
    assert states(hub) == ["pending", "failure"]
    assert "❌ NO-GO" in comments(hub)[0]
    assert "::error" not in step.log, "what the check run carries is not told twice"


def test_a_second_push_updates_the_one_comment(job: PullJob, hub: Hub) -> None:
    job.run()
    first = job.head
    job.change({"ledger/third.py": "X = 1\n"})
    job.new_run()
    step = job.run()
    assert step.code == 0
    assert len(comments(hub)) == 1
    assert job.head[:7] in comments(hub)[0]
    assert first[:7] not in comments(hub)[0].split("\n")[2]


def test_a_rerun_leaves_one_answer(job: PullJob, hub: Hub) -> None:
    assert job.run().code == 0
    job.attempt = 2
    (job.workspace / "out/junit.xml").unlink()
    assert job.run().code == 1
    conclusions = [item.conclusion for item in hub.repository().checks.values()]
    assert conclusions == ["failure", "failure"], "an older success beside a failure could be taken for the answer"
    assert states(hub)[-1] == "failure"
    assert len(comments(hub)) == 1


@pytest.mark.parametrize("token", ["fork", "reader", ""])
def test_a_token_that_may_not_write_leaves_the_verdict_to_the_exit_code(job: PullJob, hub: Hub, token: str) -> None:
    step = job.run(token=token)
    assert (step.code, step.outputs["published"]) == (0, "")
    assert not hub.repository().checks
    assert not hub.repository().statuses
    assert not comments(hub)
    assert "was not published" in step.summary


@pytest.mark.parametrize("token", ["old", "no-such-token"])
def test_a_token_that_is_none_any_more_is_told_and_nothing_is_judged(job: PullJob, hub: Hub, token: str) -> None:
    step = job.run(token=token)
    assert step.code in (2, 3)
    assert step.outputs["verdict"] == "error"


def test_a_pull_request_from_a_fork_is_judged_and_told_in_the_summary(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    job = PullJob(tmp_path, hub, capsys, policy=FAILING, change=UNTESTED, fork=True)
    step = job.run(token="fork")
    assert (step.code, step.outputs["published"]) == (1, "")
    assert "from a fork" in step.summary
    assert "::error file=ledger/money.py,line=8" in step.log, "the log stands in for the check run"
    assert hub.log.count("POST") == hub.log.count("PATCH") == 0


def test_a_channel_that_must_be_and_is_not_is_exit_code_4(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    job = PullJob(tmp_path, hub, capsys, policy=POLICY + "publish: {required: [status]}\n")
    hub.fault("POST", "/statuses/", faults.server_error(500, effect=False), nth=0)
    step = job.run()
    assert (step.code, step.outputs["verdict"]) == (4, "go")
    assert step.outputs["published"] == "check_run,comment"


def test_a_policy_that_cannot_be_read_is_told_on_github(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    job = PullJob(tmp_path, hub, capsys, policy="version: 1\ncriteria: {coverage.linez: {minimum: 3}}\n")
    step = job.run()
    assert (step.code, step.outputs["verdict"]) == (2, "error")
    (check,) = hub.repository().checks.values()
    assert (check.status, check.conclusion) == ("completed", "failure")
    assert states(hub)[-1] == "error"
    assert "coverage.linez" in comments(hub)[0]


def test_t1_the_policy_of_the_pull_request_is_a_proposal(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    lax = POLICY + "advisory: true\npublish: {status: false, check_run: false, comment: false}\n"
    job = PullJob(tmp_path, hub, capsys, policy=FAILING, change=UNTESTED | {".gate/policy.yml": lax})
    step = job.run()
    assert (step.code, step.outputs["verdict"]) == (1, "no_go")
    assert states(hub) == ["pending", "failure"]
    assert "What this change wants of the policy" in comments(hub)[0]
    document = json.loads((job.workspace / step.outputs["report_json"]).read_text())
    assert document["proposal"] is not None
    assert document["policy"]["commit"] == job.base


def test_t2_a_pull_request_that_moved_to_another_base_is_not_judged_by_the_old_one(job: PullJob, hub: Hub) -> None:
    hub.repository().push(job.workspace, "main", "lax")
    hub.repository().retarget(job.number, "lax")
    step = job.run()
    assert step.code == 3
    assert "another branch by now" in step.log
    assert "success" not in states(hub)


def test_t4_an_event_that_was_rewritten_is_refused(job: PullJob, hub: Hub) -> None:
    event = job.event()
    pull = event["pull_request"]
    assert isinstance(pull, dict)
    pull["head"] = {"sha": job.head, "ref": "topic", "repo": {"full_name": "octo-reader/shop"}}
    job.event = lambda: event  # type: ignore[method-assign]
    step = job.run()
    assert step.code == 3
    assert "another repository" in step.log
    assert not hub.repository().checks or all(item.conclusion != "success" for item in hub.repository().checks.values())


def test_t25_the_token_is_nowhere(job: PullJob, hub: Hub) -> None:
    secret = "tok" + "en-7f3a9c-of-the-job"
    hub.world.job_token(secret, only="octo/shop")
    for fault in (None, faults.server_error(500, effect=False)):
        if fault is not None:
            hub.fault("POST", "/check-runs", fault, nth=0)
            job.attempt += 1
        step = job.run(token=secret, INPUT_VERBOSE="true")
        written = [path.read_bytes() for path in job.workspace.rglob("*") if path.is_file()]
        everything = "\n".join([step.log, step.summary, *step.outputs.values(), *comments(hub)]).encode()
        assert not [data for data in (*written, everything) if secret.encode() in data]


def test_t31_advisory_is_said_everywhere_and_blocks_nothing(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    job = PullJob(tmp_path, hub, capsys, policy=FAILING + "advisory: true\n", change=UNTESTED)
    step = job.run()
    assert (step.code, step.outputs["verdict"]) == (0, "no_go")
    (check,) = hub.repository().checks.values()
    assert check.conclusion == "success"
    assert str(check.title).startswith("ADVISORY")
    assert str(hub.repository().statuses[-1].description).startswith("ADVISORY")
    for text in (comments(hub)[0], step.summary, step.log):
        assert "ADVISORY" in text


def test_a_crash_between_beginning_and_end_leaves_what_blocks(
    job: PullJob, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_arguments: object, **_named: object) -> None:
        raise MemoryError

    monkeypatch.setattr("gate.commands.work.judge", crash)
    step = job.run()
    assert step.code == 3
    (check,) = hub.repository().checks.values()
    assert (check.status, check.conclusion) == ("completed", "failure")
    assert states(hub)[-1] == "error"


def test_a_fault_while_the_policy_is_read_is_told_too(job: PullJob, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_arguments: object, **_named: object) -> None:
        raise MemoryError

    monkeypatch.setattr("gate.commands.policy_reading.find_policy", crash)
    step = job.run()
    assert step.code == 3
    assert states(hub)[-1] == "error"


def test_nothing_is_asked_and_nothing_said_where_publishing_is_off(job: PullJob, hub: Hub) -> None:
    step = job.run(INPUT_PUBLISH="false")
    assert (step.code, step.outputs["published"]) == (0, "")
    assert hub.log.count() == 0


def test_sarif_goes_to_code_scanning_where_the_policy_wants_it(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = FAILING + "publish: {sarif: true}\n"
    job = PullJob(tmp_path, hub, capsys, policy=policy, change=UNTESTED)
    step = job.run()
    assert "sarif" in step.outputs["published"].split(",")
    (upload,) = hub.repository().sarifs.values()
    assert (upload.sha, upload.ref) == (job.head, f"refs/pull/{job.number}/head"), "the head is what was checked out"


def test_t1_a_job_that_checks_nothing_out_shows_what_the_change_wants_of_the_policy(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    lax = FAILING.replace("coverage.lines: {minimum: 100.0, level: must}", "coverage.lines: {minimum: 1.0, level: may}")
    job = PullJob(tmp_path, hub, capsys, policy=FAILING, change=UNTESTED | {".gate/policy.yml": lax})
    assert job.run(INPUT_COMMAND="collect", INPUT_BUNDLE="bundle").code == 0
    shutil.copytree(job.workspace / "bundle", tmp_path / "empty/bundle")
    collected = hub.log.count()
    code = run_action(job.environment("job", INPUT_COMMAND="publish", INPUT_BUNDLE="bundle"), tmp_path / "empty")
    assert (code, states(hub)) == (1, ["pending", "failure"])
    (comment,) = comments(hub)
    assert "### What this change wants of the policy" in comment
    assert "-  coverage.lines: {minimum: 100.0, level: must}" in comment
    assert "+  coverage.lines: {minimum: 1.0, level: may}" in comment
    assert hub.log.count() - collected <= 30
