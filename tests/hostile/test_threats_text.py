"""Names and texts that want to act where they are shown (T16, T17, T22, T28, T29), by the action to GitHub."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest

from tests.support.fakes import write
from tests.support.github_server import Hub
from tests.support.hostile_jobs import LIGHT, ONLY, assert_nothing_foreign, checks, comments, states, stop_time
from tests.support.pull_job import PullJob, Step
from tests.support.repos import POLICY

EVIL = (
    "@octo-dev #1 octo/shop#7 GH-1 https://evil.example [merge](https://evil.example) ![x](https://evil.example/p.png)"
    " <img src=x onerror=y> </details></table> <!-- readiness-gate:readiness-gate --> ::error::x ##[error]y %0A::set"
    " ✅ GO \u202eevil\u202c \u200b\u2066 | `a` ``b`` ```c \x1b[31m **bold** $(id) ${{ github.token }}"
)
FENCED = re.compile(r"^(`{3,}|~{3,}).*?^\1`*\s*$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
OUR_TAGS = re.compile(r"</?(?:details|summary|br)>|<!-- readiness-gate:[^>]*-->")
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


@pytest.fixture
def job(tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> PullJob:
    stop_time(monkeypatch)
    return PullJob(tmp_path, hub, capsys, policy=LIGHT)


def outside_code(text: str) -> str:
    """What of a Markdown text GitHub takes for Markdown: all but fences, code spans and HTML of ours."""
    return OUR_TAGS.sub("", SPAN.sub("", FENCED.sub("", text))).replace("\\", "")


def assert_harmless(text: str) -> None:
    """Nothing of EVIL acts in a Markdown text."""
    assert not UNSEEN.search(text)
    plain = outside_code(text)
    for word in ("@octo-dev", "octo/shop#", "<img", "</table", "onerror", "evil.example", "**bold**"):
        assert word not in plain, plain[max(0, plain.index(word) - 200) : plain.index(word) + 100]
    assert "<!--" not in plain


def assert_all_harmless(job: PullJob, step: Step) -> None:
    for text in (step.summary, *comments(job.hub), checks(job.hub)[-1].summary):
        assert_harmless(str(text))
    assert_nothing_foreign(step.log)
    assert set(step.outputs) == {
        "verdict", "score", "failed", "report_json", "report_markdown", "published", "bundle"
    }  # fmt: skip
    for value in step.outputs.values():
        assert "\n" not in value


def failing(name: str, message: str) -> str:
    def safe(text: str) -> str:
        return quoteattr(UNSEEN.sub(lambda found: found[0] if found[0] > "\x7f" else "?", text))

    case = f"<testcase classname={safe(name)} name={safe(name)} file={safe(name)} line='1'>"
    return f"<testsuite name={safe(name)}>{case}<failure message={safe(message)}/></testcase></testsuite>"


def test_t16_t17_t28_names_of_tests_act_nowhere(job: PullJob) -> None:
    write(job.workspace, {"out/junit.xml": failing(EVIL, EVIL)})
    step = job.run(**ONLY)
    assert step.code == 1
    assert_all_harmless(job, step)
    assert states(job.hub)[-1] == "failure"
    assert "evil" not in (job.hub.repository().statuses[-1].description or "")


def test_t16_t22_names_of_files_act_nowhere(tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    shell = "import subprocess\n\n\ndef run(command):\n    return subprocess.call(command, shell=True)\n"
    names = [
        "ledger/@octo-dev <img src=x>.py",
        "ledger/a,line=1,title=x::evil.py",
        "ledger/[merge](https:evil.example).py",
        "ledger/`x`|y.py",
        "ledger/\u202eyp.evil.py",
        "ledger/::error::x.py",
        "ledger/%0A::error::y.py",
        "ledger/##[error]z.py",
        "ledger/-rf.py",
        "ledger/ .py",
    ]
    policy = POLICY.replace("criteria:\n", "criteria:\n  sast.no-high: {level: must}\n")
    job = PullJob(tmp_path, hub, capsys, policy=policy, change=dict.fromkeys(names, shell))
    step = job.run(INPUT_ONLY="sast")
    assert step.code == 1
    assert_all_harmless(job, step)
    annotated = {item["path"] for item in checks(hub)[-1].annotations}
    assert annotated <= set(names)
    for item in checks(hub)[-1].annotations:
        assert not UNSEEN.search(f"{item['path']}{item['message']}{item['title']}")


def test_t16_t17_what_the_proposal_says_acts_nowhere(job: PullJob) -> None:
    lines = "".join(f"# {line}\n" for line in ("```", "````", "~~~", EVIL.replace("\x1b", "")))
    job.change({".gate/policy.yml": LIGHT.replace("name: Ledger", "name: '@octo-dev <img src=x>'") + lines})
    step = job.run(**ONLY)
    assert_all_harmless(job, step)
    assert "What" in step.summary


def test_t16_a_title_and_a_branch_of_the_pull_request_are_not_shown(job: PullJob, hub: Hub) -> None:
    hub.repository().pulls[job.number].title = EVIL
    hub.repository().pulls[job.number].body = EVIL
    step = job.run(**ONLY)
    assert "evil" not in comments(hub)[0] + step.summary + step.log


def test_t28_a_login_and_an_actor_of_any_kind_steer_nothing(job: PullJob) -> None:
    step = job.run(**ONLY, GITHUB_ACTOR="x[bot]\n::error::y", GITHUB_HEAD_REF=EVIL, GITHUB_WORKFLOW=EVIL)
    assert step.code == 0
    assert_nothing_foreign(step.log)


@pytest.mark.parametrize("name", ["job", "Readiness Gate verdict", "READINESS gate  verdict", "x\n::error::y"])
def test_t3_a_job_that_is_called_like_the_check_run_is_not_mixed_up_with_it(job: PullJob, hub: Hub, name: str) -> None:
    step = job.run(**ONLY, GITHUB_JOB=name)
    assert step.code == 0
    (check,) = hub.repository().checks.values()
    assert " ".join(check.name.casefold().split()) != " ".join(name.casefold().split())
    assert_nothing_foreign(step.log)


def test_t29_a_flood_of_findings_costs_no_more_requests_and_fits(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    """1,000 findings in 100 files: at most 30 requests, 200 annotations, one comment within GitHub's limit."""
    lines = "import subprocess\n" + "".join(f"subprocess.call('x{n}' + input(), shell=True)\n" for n in range(10))
    change = {f"ledger/flood_{n}.py": lines for n in range(100)}
    policy = POLICY.replace("criteria:\n", "criteria:\n  sast.no-high: {level: must}\n")
    job = PullJob(tmp_path, hub, capsys, policy=policy, change=change)
    step = job.run(INPUT_ONLY="sast")
    assert step.code == 1
    assert hub.log.count() <= 30, hub.log.table()
    (check,) = checks(hub)
    assert len(check.annotations) == 200
    (comment,) = comments(hub)
    assert len(comment) <= 65_536
    assert len(step.summary.encode()) <= 1_048_576
    document = json.loads((job.workspace / step.outputs["report_json"]).read_text())
    assert sum(item["kind"] == "sast" for item in document["evidence"]) == 1
