"""Commands in a pull request's conversation, from the comment's event to what stands on GitHub."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.commands.action import run_action
from tests.support.github_server import (
    ACTIONS,
    ACTIONS_BOT,
    JOB_PERMISSIONS,
    Hub,
    Repository,
    add_comment,
    add_run,
    events,
    faults,
)
from tests.support.github_server.state import Comment, Pull, Run, Status
from tests.support.hostile_jobs import stop_time
from tests.support.pull_job import Step, read_outputs


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between tries are counted elsewhere; here they pass at once."""
    stop_time(monkeypatch)


POLICY = """version: 1
extends: baseline
waivers: .gate/waivers.yml
criteria:
  coverage.lines: {minimum: 80.0, level: must}
waiving: {max_days: 90, never: [secrets.none]}
"""
WAIVERS = """# Exceptions, each with a date.
version: 1
waivers:
  # the importer
  - criterion: tests.passed
    reason: one test waits for a release
    owner: team-a
    created: 2026-05-01
    expires: 2026-06-30   # soon
"""
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
PULL = 8
WAIVE = "/gate waive coverage.lines until 2026-07-31 because the importer is rewritten"


class Talk:
    """A conversation on pull request 8, which comes from mallory's fork; octo-dev may write."""

    def __init__(self, folder: Path, hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
        self.hub, self._folder, self._capsys = hub, folder, capsys
        self.repository: Repository = hub.repository()
        self.base = self.repository.commit("main", {".gate/policy.yml": POLICY, ".gate/waivers.yml": WAIVERS})
        self.repository.retarget(PULL, "main")
        self.pull: Pull = self.repository.pulls[PULL]
        self.workspace = folder / "workspace"
        self.workspace.mkdir()
        self.own = add_run(
            self.repository, self.base, event="issue_comment", path=".github/workflows/talk.yml", status="in_progress"
        )
        hub.world.job_token("talk", {**JOB_PERMISSIONS, "contents": "write", "actions": "write"}, only="octo/shop")

    def say(self, body: str, who: str = "octo-dev", number: int = PULL) -> Comment:
        """Write a comment."""
        return add_comment(self.repository, number, body, self.hub.world.user(who))

    def environment(self, comment: Comment, action: str = "created", token: str = "talk") -> dict[str, str]:
        """Return what the runner sets."""
        for name in ("output", "summary"):
            (self._folder / name).write_text("")
        started = events.issue_comment(self.hub, comment, action)
        return {
            **started.environment(self._folder, self.hub.url),
            "GITHUB_RUN_ID": str(self.own.id),
            "GITHUB_OUTPUT": str(self._folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self._folder / "summary"),
            "INPUT_COMMAND": "comment",
            "INPUT_TOKEN": token,
        }

    def act(self, environ: dict[str, str]) -> Step:
        """Run the action with what a runner sets."""
        self._capsys.readouterr()
        self.hub.log.clear()
        code = run_action(environ, self.workspace)
        out, err = self._capsys.readouterr()
        return Step(code, read_outputs(self._folder / "output"), (self._folder / "summary").read_text(), out + err)

    def answer(self, comment: Comment, token: str = "talk") -> str:
        """Run the action on a comment, and return the one answer that there is."""
        step = self.act(self.environment(comment, token=token))
        assert step.code == 0, step.log
        (found,) = self.answers(comment)
        return found

    def answers(self, comment: Comment) -> list[str]:
        """The answers to a comment, without their mark."""
        marker = f"<!-- readiness-gate:answer {comment.id} -->\n"
        return [
            item.body.removeprefix(marker).strip()
            for item in self.repository.comments.values()
            if item.body.startswith(marker)
        ]

    def reactions(self, comment: Comment) -> list[str]:
        """The reactions to a comment."""
        return [content for _id, content, _who in comment.reactions]

    def proposals(self) -> list[Pull]:
        """The pull requests that were opened besides those that were there."""
        return [pull for number, pull in self.repository.pulls.items() if number > PULL]

    def nothing_was_done(self) -> bool:
        """Whether nothing was written but answers."""
        branches = [name for name in self.repository.refs if "readiness-gate/" in name]
        writes = [
            one for one in self.hub.log if one.wrote and "/comments" not in one.path and "graphql" not in one.path
        ]
        return not branches and not writes and not self.proposals()


@pytest.fixture
def talk(tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Talk:
    monkeypatch.setattr("gate.commands.wiring.now", lambda: NOW)
    return Talk(tmp_path, hub, capsys)


def acting(text: str) -> list[str]:
    """What of a Markdown text GitHub would act on: mentions, references, closing words, links, images, HTML."""
    outside = re.sub(r"(`+)(?:(?!\1).)*?\1", "", text)
    return re.findall(r"@\w|(?:^|\s)#\d|GH-\d|https?://|www\.|<[a-z/!]|!\[|\]\(", outside, re.IGNORECASE)


# --- explain ---


def test_explain_tells_what_the_base_branch_asks_for(talk: Talk) -> None:
    comment = talk.say("/gate explain coverage.lines")
    told = talk.answer(comment)
    assert "`coverage.lines`" in told
    assert "`minimum: 80.0`" in told
    assert talk.reactions(comment) == ["+1"]
    assert talk.nothing_was_done()
    assert talk.hub.log.count() <= 12, talk.hub.log.table()


def test_t1_explain_does_not_read_the_pull_requests_policy(talk: Talk) -> None:
    fork = talk.pull.head_repo
    assert fork is not None
    fork.commit("patch-1", {".gate/policy.yml": POLICY.replace("80.0", "1.0")}, who="mallory")
    assert "80.0" in talk.answer(talk.say("/gate explain coverage.lines"))


def test_a_criterion_that_is_not_known_is_told_with_one_that_is(talk: Talk) -> None:
    comment = talk.say("/gate explain coverage.line")
    told = talk.answer(comment)
    assert "does not judge" in told
    assert "coverage.lines" in told
    assert talk.reactions(comment) == ["-1"]


@pytest.mark.parametrize("body", ["/gate", "/gate merge", "/gate explain", "/gate waive coverage.lines"])
def test_what_is_no_command_is_answered_with_those_there_are(talk: Talk, body: str) -> None:
    told = talk.answer(talk.say(body))
    assert "none of the commands" in told
    assert talk.nothing_was_done()


@pytest.mark.parametrize("body", ["Nice work", "please /gate rerun", "> /gate rerun", "/gated rerun"])
def test_what_is_not_addressed_to_the_gate_is_left_alone(talk: Talk, body: str) -> None:
    comment = talk.say(body)
    step = talk.act(talk.environment(comment))
    assert step.code == 0
    assert not talk.answers(comment)
    assert talk.hub.log.count() == 0


# --- rerun ---


def judged(talk: Talk, who: str = "", run: Run | None = None) -> Run:
    """A run that judged the head and left its status."""
    made = run or add_run(talk.repository, talk.pull.head_sha, head=talk.pull.head_repo, branch="patch-1")
    set_status(talk, f"https://github.com/octo/shop/actions/runs/{made.id}/attempts/1", who)
    return made


def set_status(talk: Talk, url: str, who: str = "") -> None:
    creator = talk.hub.world.user(who) if who else ACTIONS_BOT
    world = talk.hub.world
    talk.repository.statuses.append(
        Status(world.take_id(), talk.pull.head_sha, "failure", "readiness-gate: main", "no", url, creator, world.tick())
    )


def test_rerun_starts_the_run_of_our_own_status_again(talk: Talk) -> None:
    run = judged(talk)
    comment = talk.say("/gate rerun")
    told = talk.answer(comment)
    assert f"in run {run.id}" in told
    assert (run.attempt, run.status) == (2, "queued")
    assert talk.reactions(comment) == ["+1"]


def test_rerun_starts_the_second_stage_again(talk: Talk) -> None:
    second = add_run(talk.repository, talk.base, event="workflow_run", path=".github/workflows/publish.yml")
    judged(talk, run=second)
    talk.answer(talk.say("/gate rerun"))
    assert second.attempt == 2


def test_t3_somebody_elses_status_does_not_steer_what_is_run_again(talk: Talk) -> None:
    run = judged(talk)
    other = add_run(talk.repository, talk.pull.head_sha)
    judged(talk, who="mallory", run=other)
    talk.answer(talk.say("/gate rerun"))
    assert (run.attempt, other.attempt) == (2, 1)


def test_t3_a_status_that_names_a_run_about_something_else_starts_nothing(talk: Talk) -> None:
    deploy = add_run(talk.repository, talk.base, event="workflow_dispatch", path=".github/workflows/deploy.yml")
    judged(talk, run=deploy)
    assert "no status of the gate" in talk.answer(talk.say("/gate rerun"))
    elsewhere = add_run(talk.repository, talk.repository.branch("feature"))
    judged(talk, run=elsewhere)
    assert "no status of the gate" in talk.answer(talk.say("/gate rerun"))
    assert (deploy.attempt, elsewhere.attempt) == (1, 1)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://evil.example/octo/shop/actions/runs/1/attempts/1",
        "https://github.com.evil.example/octo/shop/actions/runs/1/attempts/1",
        "https://github.com/octo/warehouse/actions/runs/1/attempts/1",
        "https://github.com/octo/shop/actions/runs/1/attempts/1/../../../2",
    ],
)
def test_a_status_whose_address_is_no_run_of_ours_starts_nothing(talk: Talk, url: str) -> None:
    set_status(talk, url)
    assert "no status of the gate" in talk.answer(talk.say("/gate rerun"))
    assert talk.hub.log.count("POST", "/rerun") == 0


def test_a_run_that_is_not_over_yet_is_not_started_again_and_that_is_told(talk: Talk) -> None:
    run = judged(talk)
    run.status, run.conclusion = "in_progress", None
    comment = talk.say("/gate rerun")
    assert "was not started again" in talk.answer(comment)
    assert (run.attempt, talk.reactions(comment)) == (1, ["-1"])


# --- waive ---


def test_waive_proposes_one_entry_more_to_the_base_branch(talk: Talk) -> None:
    comment = talk.say(WAIVE)
    told = talk.answer(comment)
    (pull,) = talk.proposals()
    assert f"#{pull.number}" in told
    assert (pull.base_ref, pull.head_ref) == ("main", f"readiness-gate/waive-coverage.lines-{comment.id}")
    assert pull.title == "Waive coverage.lines until 2026-07-31"
    changed = {
        path
        for path, entry in talk.repository.files(pull.head_sha).items()
        if talk.repository.files("main").get(path) != entry
    }
    assert changed == {".gate/waivers.yml"}
    _mode, blob = talk.repository.files(pull.head_sha)[".gate/waivers.yml"]
    after = talk.repository.objects.get(blob, "blob").decode()
    assert after.startswith(WAIVERS)
    assert after.removeprefix(WAIVERS).splitlines() == [
        "  - criterion: coverage.lines",
        '    reason: "the importer is rewritten"',
        "    owner: octo-dev",
        f'    link: "https://github.com/octo/shop/pull/8#issuecomment-{comment.id}"',
        "    created: 2026-06-01",
        "    expires: 2026-07-31",
    ]
    assert talk.repository.branch("main") == talk.base, "nothing is waived by that alone"
    assert talk.reactions(comment) == ["+1"]
    assert talk.hub.log.count() <= 30, talk.hub.log.table()


@pytest.mark.parametrize(
    ("who", "told"),
    [
        ("stranger", "needs the permission “write”"),
        ("octo-reader", "needs the permission “write”"),
        ("helper", "needs the permission “write”"),
        ("mallory", "needs the permission “write”"),
    ],
)
def test_t15_who_may_not_write_may_not_waive(talk: Talk, who: str, told: str) -> None:
    talk.repository.collaborators["helper"] = "triage"
    comment = talk.say(WAIVE, who)
    assert told in talk.answer(comment)
    assert talk.reactions(comment) == ["-1"]
    assert talk.nothing_was_done()


@pytest.mark.parametrize("role", ["write", "maintain", "admin"])
def test_t15_nobody_waives_for_a_pull_request_of_their_own(talk: Talk, role: str) -> None:
    talk.repository.collaborators["mallory"] = role
    assert "of their own" in talk.answer(talk.say(WAIVE, "mallory"))
    assert talk.nothing_was_done()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (WAIVE.replace("coverage.lines", "no.such"), "no.such"),
        (WAIVE.replace("coverage.lines", "secrets.none"), "secrets.none"),
        (WAIVE.replace("2026-07-31", "2026-05-31"), "ends before the day"),
        (WAIVE.replace("2026-07-31", "2028-01-01"), "allows 90 at most"),
        (WAIVE.replace("2026-07-31", "2026-02-30"), "There is no day"),
    ],
)
def test_t15_what_the_policy_does_not_allow_is_refused_in_words(talk: Talk, body: str, told: str) -> None:
    comment = talk.say(body)
    assert told in talk.answer(comment).replace("`", "")
    assert talk.reactions(comment) == ["-1"]
    assert talk.nothing_was_done()


def test_a_policy_that_names_no_file_of_waivers_is_told(talk: Talk) -> None:
    talk.base = talk.repository.commit("main", {".gate/policy.yml": POLICY.replace("waivers: .gate/waivers.yml\n", "")})
    assert "names no file of waivers" in talk.answer(talk.say(WAIVE))
    assert talk.nothing_was_done()


def test_a_base_without_a_policy_is_told(talk: Talk) -> None:
    talk.base = talk.repository.commit("main", {".gate/policy.yml": None})
    assert "no policy file of its own" in talk.answer(talk.say(WAIVE))


def test_a_policy_that_is_broken_is_told(talk: Talk) -> None:
    talk.base = talk.repository.commit("main", {".gate/policy.yml": "version: 7\n"})
    assert "was not done" in talk.answer(talk.say(WAIVE))
    assert talk.nothing_was_done()


def test_a_token_that_may_open_no_pull_request_leaves_the_branch_and_names_it(talk: Talk) -> None:
    message = "GitHub Actions is not permitted to create or approve pull requests."
    talk.hub.fault("POST", "/pulls$", faults.refuse(403, message), nth=0)
    comment = talk.say(WAIVE)
    told = talk.answer(comment)
    branch = f"readiness-gate/waive-coverage.lines-{comment.id}"
    assert f"`{branch}`" in told
    assert "Allow GitHub Actions to create pull requests" in told
    assert f"refs/heads/{branch}" in talk.repository.refs
    assert not talk.proposals()


def test_a_token_that_may_not_write_contents_is_told_to_who_asked(talk: Talk) -> None:
    comment = talk.say(WAIVE)
    told = talk.answer(comment, token="job")
    assert "contents: write" in told
    assert talk.reactions(comment) == ["-1"]


def test_a_branch_that_is_there_already_is_never_moved(talk: Talk) -> None:
    comment = talk.say(WAIVE)
    branch = f"readiness-gate/waive-coverage.lines-{comment.id}"
    before = talk.repository.commit(branch, {"x": "1"}, start="main")
    assert "Is it there already" in talk.answer(comment)
    assert talk.repository.branch(branch) == before


HOSTILE = (
    "fixes #12 @octo/everyone and octo/shop#3 see https://evil.example ![x](//evil.example/p.png) <img src=x> "
    '`code` "quote" \\ ": x, owner: [admin]} - criterion: secrets.none %0A # end -->'
)


def test_t17_nothing_of_a_reason_acts_anywhere(talk: Talk) -> None:
    comment = talk.say(f"/gate waive coverage.lines until 2026-07-31 because {HOSTILE}")
    told = talk.answer(comment)
    (pull,) = talk.proposals()
    commit = talk.repository.objects.commit(pull.head_sha)
    assert commit.message == pull.title == "Waive coverage.lines until 2026-07-31"
    assert pull.body is not None
    assert acting(pull.body) == []
    assert acting(told.replace(f"#{pull.number}", "")) == []
    assert "fixes #12" in pull.body, "it is told, in a code span"


def test_t20_a_reason_cannot_write_yaml(talk: Talk) -> None:
    from gate.formats.strict_yaml import load

    talk.answer(talk.say(f"/gate waive coverage.lines until 2026-07-31 because {HOSTILE}"))
    (pull,) = talk.proposals()
    _mode, blob = talk.repository.files(pull.head_sha)[".gate/waivers.yml"]
    value = load(talk.repository.objects.get(blob, "blob"), file="w").value
    assert isinstance(value, dict)
    waivers = value["waivers"]
    assert isinstance(waivers, list)
    assert len(waivers) == 2
    new = waivers[-1]
    assert isinstance(new, dict)
    assert (new["criterion"], new["owner"], new["expires"]) == ("coverage.lines", "octo-dev", "2026-07-31")
    assert new["reason"] == HOSTILE


@pytest.mark.parametrize("sign", ["\u202e", "\u0007", "\u200b", "\u2028", "\x85", "\ufeff", "\U000e0041"])
def test_t16_signs_that_nobody_sees_do_not_reach_the_file(talk: Talk, sign: str) -> None:
    talk.answer(talk.say(f"/gate waive coverage.lines until 2026-07-31 because it{sign}is late"))
    for pull in talk.proposals():
        _mode, blob = talk.repository.files(pull.head_sha)[".gate/waivers.yml"]
        assert sign not in talk.repository.objects.get(blob, "blob").decode()
        assert sign not in (pull.body or "")


# --- once, and only what the API knows ---


def test_a_comment_is_answered_once(talk: Talk) -> None:
    comment = talk.say(WAIVE)
    talk.answer(comment)
    step = talk.act(talk.environment(comment))
    assert step.code == 0
    assert "answered before" in step.log
    assert len(talk.answers(comment)) == 1
    assert len(talk.proposals()) == 1


def test_t18_somebody_elses_comment_with_our_mark_is_no_answer(talk: Talk) -> None:
    comment = talk.say("/gate explain coverage.lines")
    talk.say(f"<!-- readiness-gate:answer {comment.id} -->\nno", "mallory")
    talk.act(talk.environment(comment))
    assert len(talk.answers(comment)) == 2


def test_t18_our_own_answers_are_no_commands(talk: Talk) -> None:
    comment = add_comment(talk.repository, PULL, "/gate rerun", ACTIONS_BOT, ACTIONS)
    judged(talk)
    assert "needs the permission" in talk.answer(comment)


@pytest.mark.parametrize("action", ["edited", "deleted"])
def test_a_comment_that_was_edited_is_no_command(talk: Talk, action: str) -> None:
    comment = talk.say(WAIVE)
    assert talk.act(talk.environment(comment, action)).code == 0
    assert talk.nothing_was_done()
    assert not talk.answers(comment)


def test_a_comment_that_was_edited_meanwhile_is_refused(talk: Talk) -> None:
    comment = talk.say(WAIVE)
    environ = talk.environment(comment)
    comment.body = "/gate waive secrets.none until 2026-07-31 because of nothing"
    step = talk.act(environ)
    assert step.code == 2
    assert "another one by now" in step.log
    assert talk.nothing_was_done()


def test_a_comment_that_is_gone_is_told(talk: Talk) -> None:
    comment = talk.say(WAIVE)
    environ = talk.environment(comment)
    del talk.repository.comments[comment.id]
    assert talk.act(environ).code == 2
    assert talk.nothing_was_done()


@pytest.mark.parametrize("who", ["body", "author", "number", "id"])
def test_t4_an_event_that_was_rewritten_does_nothing(talk: Talk, who: str) -> None:
    comment = talk.say("Nice work", "mallory")
    helpful = talk.say("Thanks", "octo-dev")
    environ = talk.environment(comment)
    path = Path(environ["GITHUB_EVENT_PATH"])
    event = json.loads(path.read_text())
    event["comment"]["body"] = WAIVE
    if who == "author":
        event["comment"]["user"] |= {"login": "octo-dev", "id": talk.hub.world.user("octo-dev").id}
    if who == "number":
        event["issue"]["number"] = 7
    if who == "id":
        event["comment"]["id"] = helpful.id
    path.write_text(json.dumps(event))
    step = talk.act(environ)
    assert step.code == 2
    assert talk.nothing_was_done()


def test_a_comment_on_a_plain_issue_is_not_for_the_gate(talk: Talk) -> None:
    issue = talk.repository.open_issue("Broken", talk.hub.world.user("mallory"))
    comment = talk.say(WAIVE, number=issue.number)
    step = talk.act(talk.environment(comment))
    assert step.code == 2
    assert "not on a pull request" in step.log
    assert talk.nothing_was_done()


def test_on_a_closed_pull_request_there_is_nothing_to_judge(talk: Talk) -> None:
    run = judged(talk)
    talk.repository.close(PULL)
    for body in (WAIVE, "/gate rerun"):
        assert "is closed" in talk.answer(talk.say(body))
    assert run.attempt == 1
    assert talk.nothing_was_done()


def test_a_reaction_that_is_refused_takes_no_answer_back(talk: Talk) -> None:
    talk.hub.fault("POST", "/reactions", faults.server_error(500, effect=False), nth=0)
    assert "coverage.lines" in talk.answer(talk.say("/gate explain coverage.lines"))


def test_an_answer_that_cannot_be_written_is_told_in_the_log(talk: Talk) -> None:
    comment = talk.say("/gate explain coverage.lines")
    step = talk.act(talk.environment(comment, token="fork"))
    assert step.code == 3
    assert "pull-requests: write" in step.log.replace("%0A", " ")


def test_an_answer_is_written_once_though_github_says_that_it_was_not(talk: Talk) -> None:
    talk.hub.fault("POST", "/comments$", faults.server_error(502, effect=True))
    talk.answer(talk.say("/gate explain coverage.lines"))


def test_without_a_token_nothing_can_be_answered(talk: Talk) -> None:
    step = talk.act(talk.environment(talk.say(WAIVE), token=""))
    assert step.code == 2
    assert "needs GitHub's API" in step.log
