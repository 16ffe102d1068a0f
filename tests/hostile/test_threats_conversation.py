"""Strangers, edited comments and hostile words in a pull request's conversation (T15, T18), by the action."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.commands.action import run_action
from gate.formats.strict_yaml import load
from tests.support.github_server import JOB_PERMISSIONS, Hub, add_comment, add_run, events
from tests.support.hostile_jobs import LIGHT, ONLY, assert_nothing_foreign, states, stop_time
from tests.support.pull_job import PullJob
from tests.support.repositories import git

UNTIL = f"{datetime.now(UTC).date() + timedelta(days=5)}"
POLICY = LIGHT + "waivers: .gate/waivers.yml\nwaiving: {never: [tests.minimum]}\n"


class Talk:
    """A pull request whose conversation the gate listens to. `run` is the code and the log of one answer."""

    def __init__(self, job: PullJob, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.job, self.hub, self._folder, self._capsys = job, job.hub, folder, capsys
        self.repository = job.repository
        self.hub.world.job_token("talk", {**JOB_PERMISSIONS, "contents": "write", "actions": "write"})
        self.repository.collaborators["octo-lead"] = "write"
        self.hub.world.user("octo-lead")

    def say(self, body: str, who: str = "octo-lead", edit: Callable[[dict[str, object]], object] | None = None) -> int:
        """Let somebody write a comment and the gate answer it; return the exit code."""
        comment = add_comment(self.repository, self.job.number, body, self.hub.world.user(who))
        return self.answer(events.issue_comment(self.hub, comment), edit)

    def answer(self, started: events.Started, edit: Callable[[dict[str, object]], object] | None = None) -> int:
        own = add_run(self.repository, self.repository.branch("main"), event="issue_comment")
        environ = {**started.environment(self._folder, self.hub.url), "GITHUB_RUN_ID": str(own.id)}
        environ |= {"INPUT_COMMAND": "comment", "INPUT_TOKEN": "talk", "GITHUB_JOB": "talk"}
        if edit is not None:
            path = Path(environ["GITHUB_EVENT_PATH"])
            event = json.loads(path.read_text())
            edit(event)
            path.write_text(json.dumps(event))
        self._capsys.readouterr()
        code = run_action(environ, self.job.workspace)
        self.log = "".join(self._capsys.readouterr())
        assert_nothing_foreign(self.log)
        return code

    @property
    def answers(self) -> list[str]:
        found = (item.body for item in self.repository.comments.values())
        return [body for body in found if body.startswith("<!-- readiness-gate:answer")]

    @property
    def proposed(self) -> list[str]:
        """What stands in the waivers of every branch that the gate made."""
        branches = [name.removeprefix("refs/heads/") for name in self.repository.refs if "readiness-gate/" in name]
        files = (self.repository.files(name)[".gate/waivers.yml"][1] for name in branches)
        return [self.repository.objects.get(blob, "blob").decode() for blob in files]


@pytest.fixture
def talk(tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Talk:
    stop_time(monkeypatch)
    job = PullJob(tmp_path, hub, capsys, policy=POLICY)
    git(job.workspace, "checkout", "--quiet", "main")
    (job.workspace / ".gate/waivers.yml").write_text("version: 1\nwaivers: []\n")
    git(job.workspace, "add", "--all")
    git(job.workspace, "commit", "--quiet", "-m", "waivers")
    job.base = job.repository.push(job.workspace, "main", "main")
    return Talk(job, tmp_path, capsys)


WAIVE = f"/gate waive tests.passed until {UNTIL} because the importer is rewritten"


def test_t15_a_waiver_becomes_a_pull_request_and_waives_nothing(talk: Talk) -> None:
    before = talk.repository.branch("main")
    assert talk.say(WAIVE) == 0
    assert len(talk.proposed) == 1
    assert talk.repository.branch("main") == before
    assert not talk.repository.statuses


@pytest.mark.parametrize("who", ["mallory", "octo-reader", "octo-dev", "ghost", "mallory[bot]"])
def test_t15_a_stranger_a_reader_and_the_author_waive_nothing(talk: Talk, who: str) -> None:
    """octo-dev may write, and it is octo-dev's own pull request."""
    assert talk.say(WAIVE, who) == 0
    assert talk.proposed == []
    assert len(talk.answers) == 1
    for command in ("/gate rerun", "/gate explain tests.passed"):
        assert talk.say(command, who) == 0
    assert all(run.attempt == 1 for run in talk.repository.runs.values())


def test_t15_what_the_event_says_of_somebody_is_not_believed(talk: Talk) -> None:
    def lie(event: dict[str, object]) -> None:
        comment = event["comment"]
        assert isinstance(comment, dict)
        comment["author_association"] = "OWNER"
        comment["user"]["login"] = "octo"

    assert talk.say(WAIVE, "mallory", lie) == 0
    assert talk.proposed == []


@pytest.mark.parametrize("what", ["body", "author"])
def test_t18_a_comment_that_is_another_one_by_now_is_not_obeyed(talk: Talk, what: str) -> None:
    def lie(event: dict[str, object]) -> None:
        comment = event["comment"]
        assert isinstance(comment, dict)
        if what == "body":
            comment["body"] = WAIVE
        else:
            comment["user"]["id"] = 7

    assert talk.say("/gate rerun" if what == "body" else WAIVE, "octo-lead", lie) == 2
    assert talk.proposed == talk.answers == []


def test_t18_an_edited_or_deleted_comment_is_no_command(talk: Talk) -> None:
    comment = add_comment(talk.repository, talk.job.number, WAIVE, talk.hub.world.user("octo-lead"))
    for action in ("edited", "deleted"):
        assert talk.answer(events.issue_comment(talk.hub, comment, action)) == 0
    assert talk.proposed == talk.answers == []


def test_t18_a_command_is_answered_once_and_nobody_can_answer_before(talk: Talk) -> None:
    comment = add_comment(talk.repository, talk.job.number, WAIVE, talk.hub.world.user("octo-lead"))
    marker = f"<!-- readiness-gate:answer {comment.id} -->"
    add_comment(talk.repository, talk.job.number, marker, talk.hub.world.user("mallory"))
    started = events.issue_comment(talk.hub, comment)
    assert [talk.answer(started) for _ in range(3)] == [0, 0, 0]
    assert len(talk.proposed) == 1
    assert len(talk.answers) == 2


HOSTILE = {
    "yaml": 'x"\n  - {criterion: tests.minimum, reason: y, owner: z, expires: 2099-01-01}',
    "keys": "x\\nwaivers: [{criterion: tests.minimum}] #",
    "quotes": "a: b # c, 'd' \"e\" {f: g} [h] &i *j !k | > % @ `l`",
    "markup": "</details><img src=x> @octo-dev [merge](https://evil.example) <!-- readiness-gate:readiness-gate --> #1",
    "lines": "x\u2028- y\u2029\x85\x0b\x0c - criterion: tests.minimum",
    "bidi": "fine \u202e tnioj \u2066 \u200b done",
    "commands": "##[error]x ::error::y %0A::warning::z",
    "long": "because " * 300,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_t15_t16_a_reason_is_one_line_of_text_and_nothing_else(talk: Talk, name: str) -> None:
    assert talk.say(f"/gate waive tests.passed until {UNTIL} because {HOSTILE[name]}") == 0
    (text,) = talk.proposed
    document = load(text.encode(), file="").value
    assert isinstance(document, dict)
    waivers = document["waivers"]
    assert isinstance(waivers, list)
    (only,) = waivers
    assert isinstance(only, dict)
    assert (only["criterion"], only["expires"], only["owner"]) == ("tests.passed", UNTIL, "octo-lead")
    for pull in talk.repository.pulls.values():
        told = pull.body or ""
        outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", told)
        assert not set("<@[") & set(outside), "what somebody wrote stands in a code span"
        assert not set("\u202e\u2066\u2028") & set(told + pull.title)
        assert pull.title in ("Change", f"Waive tests.passed until {UNTIL}", "Add a rate", "Say hello")


@pytest.mark.parametrize(
    "command",
    [
        f"/gate waive tests.minimum until {UNTIL} because it is never waived",
        "/gate waive tests.passed until 2000-01-01 because it is over",
        "/gate waive tests.passed until 2999-01-01 because for ever",
        "/gate waive tests.passed until 2027-02-30 because no such day",
        f"/gate waive tests.* until {UNTIL} because all of them",
        f"/gate waive ../../x until {UNTIL} because paths",
        f"/gate waive nothing.here until {UNTIL} because there is none",
        f"/gate waive tests.passed until {UNTIL} because",
        f"/gate waive tests.passed tests.minimum until {UNTIL} because two",
        f"/gate WAIVE tests.passed until {UNTIL} because case",
        "/gate approve",
        "/gate rerun --force",
        "/gate explain ../../../etc/passwd",
    ],
)
def test_t15_what_cannot_be_waived_is_refused_with_an_answer(talk: Talk, command: str) -> None:
    assert talk.say(command) == 0
    assert talk.proposed == []
    (answer,) = talk.answers
    assert len(answer) < 2_000


@pytest.mark.parametrize(
    "body", [f"> {WAIVE}", f"Please\n{WAIVE}", f"`{WAIVE}`", f"/gateway\n{WAIVE}", "\u200b/gate rerun"]
)
def test_t15_a_quoted_command_is_none(talk: Talk, body: str) -> None:
    assert talk.say(body) == 0
    assert talk.proposed == talk.answers == []


def test_t15_a_rerun_repeats_runs_of_the_gate_only(talk: Talk) -> None:
    """Any job may set a status whose address is that of a deployment: a maintainer's word must not start that."""
    job = talk.job
    git(job.workspace, "checkout", "--quiet", "topic")
    job.run(**ONLY)
    assert states(talk.hub)[-1] == "success"
    deploy = add_run(talk.repository, talk.repository.branch("main"), event="push", path=".github/workflows/deploy.yml")
    last = talk.repository.statuses[-1]
    forged = f"https://github.com/octo/shop/actions/runs/{deploy.id}/attempts/1"
    talk.repository.statuses.append(type(last)(**{**vars(last), "target_url": forged, "id": last.id + 1}))
    talk.say("/gate rerun")
    assert deploy.attempt == 1
    talk.repository.statuses.pop()
    own = talk.repository.runs[job.run_id]
    own.status = "completed"
    talk.say("/gate rerun")
    assert own.attempt == 2
