"""A checkout that an earlier step, or the change, laid out against the gate (T1, T4, T22, T25, T26), by the action."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.github_server import Hub
from tests.support.hostile_jobs import LIGHT, ONLY, conclusions, states, stop_time
from tests.support.pull_job import PullJob, Step
from tests.support.repositories import git, make_repository

LAX = (
    "version: 1\ncriteria:\n  tests.passed: {enabled: false, reason: x}\n  tests.minimum: {enabled: false, reason: x}\n"
)


@pytest.fixture
def job(tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> PullJob:
    """A pull request whose tests left no report: main's policy does not let it through."""
    stop_time(monkeypatch)
    job = PullJob(tmp_path, hub, capsys, policy=LIGHT)
    (job.workspace / "out/junit.xml").unlink()
    return job


def document(job: PullJob, step: Step) -> dict[str, Any]:
    found = json.loads((job.workspace / step.outputs["report_json"]).read_text())
    assert isinstance(found, dict)
    return found


def assert_blocked_by_main(job: PullJob, step: Step) -> None:
    assert (step.code, step.outputs["verdict"]) == (1, "no_go"), step.log
    assert states(job.hub)[-1] == "failure"
    assert conclusions(job.hub) == ["failure"]
    assert document(job, step)["policy"]["commit"] == job.base


def lax_blob(job: PullJob) -> str:
    (job.workspace / "lax.yml").write_text(LAX)
    made = git(job.workspace, "hash-object", "-w", "lax.yml").strip()
    (job.workspace / "lax.yml").unlink()
    return made


def replaced_blob(job: PullJob) -> None:
    policy = git(job.workspace, "rev-parse", f"{job.base}:.gate/policy.yml").strip()
    git(job.workspace, "replace", policy, lax_blob(job))


def replaced_commit(job: PullJob) -> None:
    git(job.workspace, "replace", job.base, job.change({".gate/policy.yml": LAX}))
    (job.workspace / "out/junit.xml").unlink()


def grafted(job: PullJob) -> None:
    (job.workspace / ".git/info").mkdir(exist_ok=True)
    (job.workspace / ".git/info/grafts").write_text(f"{job.head}\n")


def alternates(job: PullJob) -> None:
    """Another store of objects that has other bytes under the id of the policy, and ours without it."""
    policy = git(job.workspace, "rev-parse", f"{job.base}:.gate/policy.yml").strip()
    place = job.workspace / ".git/objects" / policy[:2] / policy[2:]
    place.chmod(0o644)
    place.unlink()
    other = job.workspace.parent / "objects"
    (other / policy[:2]).mkdir(parents=True)
    (other / policy[:2] / policy[2:]).write_bytes(zlib.compress(f"blob {len(LAX)}\0{LAX}".encode()))
    (job.workspace / ".git/objects/info/alternates").write_text(f"{other}\n")


def shallow(job: PullJob) -> None:
    (job.workspace / ".git/shallow").write_text(f"{job.head}\n")


def packed_refs(job: PullJob) -> None:
    lax = git(job.workspace, "commit-tree", "-m", "x", f"{job.head}^{{tree}}").strip()
    (job.workspace / ".git/refs/remotes/origin/main").unlink()
    (job.workspace / ".git/packed-refs").write_text(f"{lax} refs/remotes/origin/main\n")


@pytest.mark.parametrize("trick", [replaced_blob, replaced_commit, grafted, shallow, packed_refs])
def test_t1_git_does_not_tell_another_policy_than_the_commit_has(
    job: PullJob, trick: Callable[[PullJob], None]
) -> None:
    trick(job)
    assert_blocked_by_main(job, job.run(**ONLY))


def test_t1_another_store_of_objects_is_not_believed(job: PullJob) -> None:
    alternates(job)
    step = job.run(**ONLY)
    assert step.code in (1, 2)
    assert "success" not in [*states(job.hub), *conclusions(job.hub)]
    if step.code == 2:
        assert "other bytes than its id stands for" in step.log


CONFIGURED = {
    "fsmonitor": '[core]\n\tfsmonitor = "touch CANARY; false"\n',
    "include": "[include]\n\tpath = MORE\n",
    "hooks": "[core]\n\thooksPath = HOOKS\n",
    "filter": '[filter "x"]\n\tclean = "touch CANARY; cat"\n\tsmudge = "touch CANARY; cat"\n',
    "textconv": '[diff "x"]\n\ttextconv = "touch CANARY; cat"\n\tcommand = "touch CANARY"\n',
    "alias": '[alias]\n\tcat-file = "!touch CANARY"\n\trev-parse = "!touch CANARY"\n',
    "transport": '[remote "origin"]\n\turl = "ext::sh -c touch% CANARY"\n\tpromisor = true\n',
    "editor": '[core]\n\teditor = "touch CANARY"\n\tpager = "touch CANARY"\n\tsshCommand = "touch CANARY"\n',
    "alternate refs": '[core]\n\talternateRefsCommand = "touch CANARY"\n',
}


@pytest.mark.parametrize("name", CONFIGURED)
def test_t4_nothing_that_the_checkout_configures_runs(job: PullJob, tmp_path: Path, name: str) -> None:
    canary, hooks, more = tmp_path / "canary", tmp_path / "hooks", tmp_path / "more"
    hooks.mkdir()
    for hook in ("post-index-change", "post-checkout", "reference-transaction", "fsmonitor-watchman"):
        (hooks / hook).write_text(f"#!/bin/sh\ntouch {canary}\n")
        (hooks / hook).chmod(0o755)
    more.write_text(CONFIGURED["fsmonitor"].replace("CANARY", str(canary)))
    text = CONFIGURED[name].replace("CANARY", str(canary)).replace("HOOKS", str(hooks)).replace("MORE", str(more))
    with (job.workspace / ".git/config").open("a") as config:
        config.write(text)
    job.change({".gitattributes": "* filter=x diff=x merge=x\n"})
    (job.workspace / "out/junit.xml").unlink()
    canary.unlink(missing_ok=True)
    assert_blocked_by_main(job, job.run(**ONLY))
    assert not canary.exists()


def test_t4_a_bare_repository_in_the_tree_is_never_opened(job: PullJob, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    files = {"ledger/HEAD": "ref: refs/heads/main\n", "ledger/objects/.keep": "", "ledger/refs/.keep": ""}
    config = f'[core]\n\tbare = true\n\tfsmonitor = "touch {canary}; false"\n'
    job.change({**files, "ledger/config": config})
    (job.workspace / "out/junit.xml").unlink()
    assert_blocked_by_main(job, job.run(**ONLY))
    assert not canary.exists()


@pytest.mark.parametrize("name", ["git", "python", "python3", "bandit", "pip-audit", "gitleaks", "trivy", "sh"])
def test_t26_programs_and_modules_of_the_tree_are_not_run(
    job: PullJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    canary = tmp_path / "canary"
    script = f"#!/bin/sh\ntouch {canary}\n"
    module = f"open({str(canary)!r}, 'w')\n"
    files = dict.fromkeys(
        ("json.py", "sitecustomize.py", "gate/__init__.py", "yaml/__init__.py", "conftest.py"), module
    )
    job.change({**files, f"bin/{name}": script, name: script})
    for path in (f"bin/{name}", name):
        (job.workspace / path).chmod(0o755)
    (job.workspace / "out/junit.xml").unlink()
    monkeypatch.setenv("PATH", f"{job.workspace}/bin:{job.workspace}:{os.environ['PATH']}")
    monkeypatch.chdir(job.workspace)
    step = job.run(INPUT_ONLY="tests,sast")
    assert step.code == 1
    assert not canary.exists()


@pytest.mark.parametrize("kind", ["link", "folder link", "pipe", "device", "passwords", "environ"])
def test_t22_t25_a_report_that_is_no_plain_file_of_the_workspace_is_not_read(
    job: PullJob, tmp_path: Path, kind: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    report = outside / "junit.xml"
    report.write_text('<testsuite tests="1"><testcase classname="a" name="b"/></testsuite>')
    target = job.workspace / "out/junit.xml"
    match kind:
        case "link":
            target.symlink_to(report)
        case "folder link":
            for path in target.parent.iterdir():
                path.unlink()
            target.parent.rmdir()
            target.parent.symlink_to(outside)
        case "pipe":
            os.mkfifo(target)
        case "device":
            target.symlink_to("/dev/zero")
        case "passwords":
            target.symlink_to("../../../../../../../../../etc/passwd")
        case _:
            target.symlink_to("/proc/self/environ")
    step = job.run(**ONLY)
    assert_blocked_by_main(job, step)
    assert "root:" not in step.log + step.summary
    assert str(tmp_path) not in step.summary


VARIABLES = ("LD_PRELOAD", "PYTHONPATH", "HTTPS_PROXY", "https_proxy", "REQUESTS_CA_BUNDLE", "GIT_DIR", "PIP_CA_BUNDLE")


@pytest.mark.parametrize("name", [*VARIABLES, "SSL_CERT_FILE", "NODE_OPTIONS", "BASH_ENV", "GIT_CONFIG_GLOBAL"])
def test_t4_a_poisoned_environment_ends_the_run_before_anything_is_sent(job: PullJob, name: str) -> None:
    step = job.run(**ONLY, **{name: "/tmp/x"})
    assert (step.code, step.outputs["verdict"]) == (2, "error")
    assert name in step.log
    assert job.hub.log.count() == 0


def test_t4_undeclared_inputs_and_bare_names_steer_nothing(job: PullJob) -> None:
    step = job.run(
        **ONLY,
        ADVISORY="true",
        INPUT_ADVISORY="true",
        POLICY="lax.yml",
        INPUT_STATUS="success",
        TOKEN="job",
    )
    assert_blocked_by_main(job, step)


def test_t22_a_workspace_inside_another_repository_is_not_the_one_that_is_judged(job: PullJob, tmp_path: Path) -> None:
    """A checkout into a subfolder leaves the workspace itself without a repository; one above it is not ours."""
    make_repository(tmp_path / "other")
    job.workspace.rename(tmp_path / "other/workspace")
    job.workspace = tmp_path / "other/workspace"
    (job.workspace / ".git").rename(tmp_path / "taken")
    step = job.run(**ONLY)
    assert (step.code, step.outputs["verdict"]) == (3, "error")
    assert "success" not in states(job.hub)
