"""The GitHub action: whatever happens and whoever wrote the tree, five outputs, an exit code, and no forged command."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from gate.collect.collector import Context
from gate.collect.collectors.docs import DocsCollector
from gate.commands import action
from gate.commands.action import OUTPUTS, run_action
from gate.model.evidence import Evidence
from tests.support.fakes import write
from tests.support.repos import POLICY, ledger
from tests.support.repositories import commit, git

COMMAND = re.compile(r"^\s*::([a-z-]+)|##\[([a-z]+)", re.MULTILINE)
OURS = {"group", "endgroup", "error", "warning", "notice", "debug"}


@dataclass(frozen=True)
class Step:
    """What one run of the action left."""

    code: int
    outputs: dict[str, str]
    summary: str
    log: str


class Job:
    """A job on a GitHub runner, in a folder."""

    def __init__(self, folder: Path, workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.workspace = workspace
        self.output = folder / "output"
        self.summary = folder / "summary"
        self._capsys = capsys
        self.output.touch()
        self.summary.touch()

    def run(self, **environ: str) -> Step:
        """Run the action."""
        self._capsys.readouterr()
        runner = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_EVENT_NAME": "push",
        }
        code = run_action(runner | environ, self.workspace)
        out, err = self._capsys.readouterr()
        summary = self.summary.read_text() if self.summary.is_file() else ""
        return Step(
            code, read_outputs(self.output) if stat.S_ISREG(self.output.lstat().st_mode) else {}, summary, out + err
        )


def read_outputs(path: Path) -> dict[str, str]:
    """Read an output file as the runner does."""
    found: dict[str, str] = {}
    lines = iter(path.read_text().splitlines())
    for line in lines:
        name, sign, delimiter = line.partition("<<")
        assert sign
        value = []
        for below in lines:
            if below == delimiter:
                break
            value.append(below)
        else:
            raise ValueError("no end of a value")
        found[name] = "\n".join(value)
    return found


@pytest.fixture
def job(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Job:
    return Job(tmp_path, ledger(tmp_path / "ledger"), capsys)


def assert_nothing_foreign(step: Step) -> None:
    for match in COMMAND.finditer(step.log):
        assert (match.group(1) or match.group(2)) in OURS, match.group(0)
        assert match.group(2) is None, match.group(0)
    assert "\x1b" not in step.log


def test_a_go_leaves_outputs_a_summary_and_both_reports(job: Job) -> None:
    step = job.run()
    assert step.code == 0
    assert step.outputs == {
        "verdict": "go",
        "score": "100",
        "failed": "0",
        "report_json": ".gate-reports/verdict.json",
        "report_markdown": ".gate-reports/verdict.md",
        "published": "",
        "bundle": "",
    }
    verdict = json.loads((job.workspace / step.outputs["report_json"]).read_text())
    assert verdict["verdict"] == "go"
    assert "tests.passed" in (job.workspace / step.outputs["report_markdown"]).read_text()
    assert step.summary.strip()
    assert "::group::tests" in step.log
    assert step.log.count("::group::") == step.log.count("::endgroup::") == len(verdict["evidence"])
    assert_nothing_foreign(step)


def test_a_no_go_fails_the_step_and_puts_what_blocks_on_the_page(job: Job) -> None:
    (job.workspace / "out/junit.xml").unlink()
    step = job.run()
    assert (step.code, step.outputs["verdict"], step.outputs["failed"]) == (1, "no_go", "2")
    errors = [line for line in step.log.splitlines() if line.startswith("::error")]
    assert len(errors) == 2
    assert any("tests.passed blocks" in line and "out/junit.xml" in line for line in errors)
    assert_nothing_foreign(step)


def test_reports_belong_to_the_owner_of_the_checkout(job: Job) -> None:
    if os.geteuid() == 0:
        for folder, _names, _files in os.walk(job.workspace):
            os.chown(folder, 1001, 1002)
    step = job.run()
    owner = job.workspace.stat()
    for path in (job.workspace / ".gate-reports", *(job.workspace / ".gate-reports").iterdir()):
        assert (path.stat().st_uid, path.stat().st_gid) == (owner.st_uid, owner.st_gid)
    assert stat.S_IMODE((job.workspace / step.outputs["report_json"]).stat().st_mode) == 0o644


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({"INPUT_PROFILE": "produktion"}, "baseline, production, strict"),
        ({"INPUT_PHASE": "later"}, "pre-merge"),
        ({"INPUT_ONLY": "test"}, "Did you mean tests?"),
        ({"INPUT_VERBOSE": "yes"}, "true or false"),
        ({"INPUT_POLICY": "/etc/passwd"}, "workspace's root"),
        ({"INPUT_POLICY": "nowhere.yml"}, "nowhere.yml is not there"),
        ({"INPUT_EVIDENCE": "tests=out/*.xml"}, "KIND.KEY=VALUE"),
        ({"INPUT_REPORTS": "verdict.json"}, "FORMAT=FILE"),
        ({"INPUT_REPORTS": "pdf=verdict.pdf"}, "console, markdown, json"),
        ({"INPUT_COMMAND": "merge"}, "run, collect, publish, comment, doctor"),
        ({"INPUT_PUBLISH": "maybe"}, "true or false"),
        ({"INPUT_COMMAND": "publish"}, "There is nothing to judge"),
        ({"INPUT_COMMAND": "comment"}, "issue_comment"),
        ({"PYTHONPATH": "/nowhere"}, "PYTHONPATH"),
        ({"GIT_DIR": "/nowhere", "LD_PRELOAD": "/x.so"}, "GIT_DIR, LD_PRELOAD"),
        ({"INPUT_BUNDLE": "/tmp"}, "workspace's root"),
        ({"INPUT_POLICY": "../policy.yml"}, "workspace"),
        ({"INPUT_BUNDLE": "../bundle"}, "workspace"),
        ({"INPUT_REPORTS": "json=../verdict.json"}, "workspace"),
        ({"INPUT_REPORTS": "json=/tmp/readiness-gate-outside/verdict.json"}, "workspace"),
    ],
)
def test_a_mistake_in_an_input_is_exit_code_2_with_every_output(job: Job, inputs: Mapping[str, str], told: str) -> None:
    (job.workspace.parent / "policy.yml").write_text(POLICY)
    step = job.run(**inputs)
    assert step.code == 2
    assert step.outputs == dict.fromkeys(OUTPUTS, "") | {"verdict": "error"}
    assert told in step.log
    assert "::error title=Readiness Gate::" in step.log
    assert not (job.workspace / ".gate-reports").exists()
    assert not (job.workspace.parent / "bundle").exists()
    assert not (job.workspace.parent / "verdict.json").exists()
    assert not Path("/tmp/readiness-gate-outside").exists()


def test_every_mistake_of_a_policy_is_told_in_one_annotation(job: Job) -> None:
    policy = job.workspace / ".gate/policy.yml"
    policy.write_text(policy.read_text() + "  coverage.linez: {minimum: 90}\n  tests.minimum: {minimum: none}\n")
    step = job.run()
    assert step.code == 2
    assert step.outputs == dict.fromkeys(OUTPUTS, "") | {"verdict": "error"}
    (line,) = [line for line in step.log.splitlines() if line.startswith("::error")]
    assert ".gate/policy.yml:18" in line
    assert "coverage.lines" in line
    assert ".gate/policy.yml:19" in line


class BrokenPipeline:
    """Raises what nobody expects."""

    def __call__(self, *_arguments: object) -> None:
        raise ZeroDivisionError("::error::forged\n::set-output name=verdict::go")


def test_a_crash_of_the_gate_still_writes_every_output(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(action, "_judged", BrokenPipeline())
    step = job.run()
    assert step.code == 3
    assert step.outputs == dict.fromkeys(OUTPUTS, "") | {"verdict": "error"}
    assert "fault of the gate (ZeroDivisionError)" in step.log
    assert_nothing_foreign(step)
    assert "\n::error::forged" not in step.log


def stopped(*_arguments: object) -> None:
    raise KeyboardInterrupt


def test_a_cancelled_job_still_gets_every_output(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(action, "_judged", stopped)
    step = job.run()
    assert step.code == 3
    assert step.outputs["verdict"] == "error"
    assert "stopped before a verdict" in step.log


def crash(_self: DocsCollector, _context: Context) -> Evidence:
    raise RecursionError("::stop-commands::x")


def test_a_collector_that_crashes_blocks_and_takes_no_other_with_it(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DocsCollector, "collect", crash)
    step = job.run()
    assert (step.code, step.outputs["verdict"]) == (1, "no_go")
    verdict = json.loads((job.workspace / step.outputs["report_json"]).read_text())
    outcomes = {item["id"]: item["outcome"] for item in verdict["criteria"]}
    assert outcomes["docs.readme"] == "error"
    assert outcomes["tests.passed"] == "pass"
    assert "RecursionError" in next(item["reason"] for item in verdict["evidence"] if item["kind"] == "docs")
    assert_nothing_foreign(step)


def test_bare_names_and_undeclared_inputs_are_not_read(job: Job) -> None:
    forged = {"POLICY": "nowhere.yml", "PROFILE": "x", "ONLY": "inventory", "INPUT_FAIL": "false", "GATE_POLICY": "x"}
    forged |= {"BANDIT_SKIP": "B101", "INPUT_NO_FAIL": "true"}
    step = job.run(**forged)
    assert (step.code, step.outputs["verdict"], step.outputs["score"]) == (0, "go", "100")


@pytest.mark.parametrize(
    ("variable", "policy", "code"),
    [
        ("GITHUB_OUTPUT", "", 4),
        ("GITHUB_STEP_SUMMARY", "", 0),
        ("GITHUB_STEP_SUMMARY", "publish: {required: [summary]}\n", 4),
    ],
)
def test_a_link_in_place_of_a_file_of_the_runner_is_not_followed(
    job: Job, tmp_path: Path, variable: str, policy: str, code: int
) -> None:
    (job.workspace / ".gate/policy.yml").write_text(POLICY + policy)
    victim = tmp_path / "victim"
    victim.write_text("mine\n")
    file = job.output if variable == "GITHUB_OUTPUT" else job.summary
    file.unlink()
    file.symlink_to(victim)
    step = job.run()
    assert victim.read_text() == "mine\n"
    assert step.code == code
    assert variable in step.log
    assert "Traceback" not in step.log


def test_a_pipe_in_place_of_the_output_file_does_not_hang(job: Job) -> None:
    job.output.unlink()
    os.mkfifo(job.output)
    step = job.run()
    assert step.code == 4
    assert "GITHUB_OUTPUT" in step.log


def test_a_link_in_place_of_the_reports_folder_is_not_followed(job: Job, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (job.workspace / ".gate-reports").symlink_to(elsewhere)
    step = job.run()
    assert not list(elsewhere.iterdir())
    assert step.code == 2
    assert step.outputs["verdict"] == "error"


def test_a_link_in_place_of_a_report_is_replaced_and_not_followed(job: Job, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine\n")
    (job.workspace / ".gate-reports").mkdir()
    (job.workspace / ".gate-reports/verdict.json").symlink_to(victim)
    step = job.run()
    assert step.code == 0
    assert victim.read_text() == "mine\n"
    assert not (job.workspace / ".gate-reports/verdict.json").is_symlink()


HOSTILE_NAMES = (
    "a\n::error::forged.py",
    "::error file=a::forged.py",
    "::set-output name=verdict::go.py",
    "##[error]forged.py",
    "\x1b[2J\x1b]0;owned\x07.py",
    "</details><script>alert(1)</script>.py",
    "`**@everyone**`#1.py",
    "\u202efdp.exe.py",
    "% 0A%0A::error::forged.py",
)
BAD_PYTHON = "import subprocess\nsubprocess.call(input(), shell=True)\n"
BROKEN_PYTHON = "def broken(:\n"


@pytest.fixture
def hostile(job: Job) -> Job:
    files = {f"ledger/{name}".replace("</", "<"): BAD_PYTHON for name in HOSTILE_NAMES}
    files |= {f"ledger/broken/{name}".replace("</", "<"): BROKEN_PYTHON for name in HOSTILE_NAMES}
    write(job.workspace, files)
    commit(job.workspace, "::error::forged by a subject")
    return job


def test_hostile_names_of_files_forge_nothing(hostile: Job) -> None:
    policy = hostile.workspace / ".gate/policy.yml"
    policy.write_text(POLICY.replace("extends: baseline", "extends: strict"))
    step = hostile.run(
        INPUT_VERBOSE="true", INPUT_REPORTS="console=out/page.txt\nmarkdown=out/page.md\njson=out/page.json"
    )
    assert (step.code, step.outputs["verdict"]) == (1, "no_go")
    assert set(step.outputs) == set(OUTPUTS)
    assert_nothing_foreign(step)
    assert "forged" in step.log  # it is told, as text
    for line in step.log.splitlines():
        if line.lstrip().startswith("::error"):
            assert line.startswith("::error title="), line
            assert " blocks::" in line, line
    for name in ("page.txt", "page.md", "page.json"):
        text = (hostile.workspace / "out" / name).read_text()
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert not re.search(r"^\s*::", text, re.MULTILINE), name
        assert "##[" not in text, name
    assert "<script" not in outside_code((hostile.workspace / "out/page.md").read_text())
    assert "<script" not in outside_code(step.summary)
    found = json.loads((hostile.workspace / "out/page.json").read_text())
    assert any("\n::error::forged.py" in (item["path"] or "") for item in found["findings"])


def outside_code(markdown: str) -> str:
    """Return Markdown without its fences and code spans."""
    without = re.sub(r"^(`{3,}).*?^\1`*$", "", markdown, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", without, flags=re.DOTALL)


def test_a_pull_request_is_judged_by_the_policy_of_its_base_branch(job: Job, tmp_path: Path) -> None:
    """T1: the change cannot bring the policy that it is judged by."""
    upstream = tmp_path / "upstream.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(job.workspace), str(upstream))
    git(job.workspace, "remote", "add", "origin", str(upstream))
    git(job.workspace, "fetch", "--quiet", "origin")
    (job.workspace / ".gate/policy.yml").write_text(
        "version: 1\ncriteria:\n  tests.passed: {enabled: false, reason: x}\n"
    )
    commit(job.workspace, "lower the bar")
    (job.workspace / "out/junit.xml").unlink()
    step = job.run(GITHUB_BASE_REF="main", GITHUB_EVENT_NAME="pull_request")
    assert (step.code, step.outputs["verdict"]) == (1, "no_go")
    verdict = json.loads((job.workspace / step.outputs["report_json"]).read_text())
    assert verdict["policy"]["ref"] == "origin/main"
    assert "tests.passed" in verdict["blocked_by"]
    assert verdict["base"]


def test_a_pull_request_without_its_base_branch_is_told_how_to_fetch_it(job: Job) -> None:
    step = job.run(GITHUB_BASE_REF="main", GITHUB_EVENT_NAME="pull_request")
    assert (step.code, step.outputs["verdict"]) == (2, "error")
    assert "fetch-depth: 0" in step.log


@pytest.mark.parametrize(
    "name", ["main\n::error::x", "--upload-pack=x", "../../etc", "main;id", "x" * 5000, "@{-1}", "\0"]
)
def test_a_forged_name_of_the_base_branch_is_no_verdict(job: Job, name: str) -> None:
    step = job.run(GITHUB_BASE_REF=name)
    assert step.code in (2, 3)
    assert step.outputs["verdict"] == "error"
    assert_nothing_foreign(step)


def test_a_summary_is_never_more_than_github_takes(job: Job) -> None:
    write(job.workspace, {f"ledger/{number:04}{'x' * 180}.py": BAD_PYTHON for number in range(700)})
    shutil.rmtree(job.workspace / "out")
    step = job.run(INPUT_ONLY="tests,docs,inventory")
    assert len(step.summary.encode()) <= 1024 * 1024
    assert step.outputs["verdict"] == "no_go"


def test_a_workspace_that_is_not_there_is_a_mistake(job: Job, tmp_path: Path) -> None:
    job.workspace = tmp_path / "nowhere"
    step = job.run()
    assert (step.code, step.outputs["verdict"]) == (2, "error")
    assert str(tmp_path / "nowhere") in step.log


def test_a_read_only_place_for_reports_is_told(job: Job) -> None:
    (job.workspace / ".gate-reports").write_text("a file is in the way\n")
    step = job.run()
    assert (step.code, step.outputs["verdict"]) == (2, "error")
    assert ".gate-reports" in step.log
