"""The publisher against a stateful GitHub, through the real client."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.model.evidence import Collected
from gate.model.finding import Finding
from gate.model.policy import CommentMode, PublishSettings
from gate.model.verdict import Verdict
from gate.publish import publisher
from gate.publish.publication import Channel
from gate.publish.publisher import Begun
from gate.publish.telling import notes_of
from tests.support.github_server import Hub, faults
from tests.support.publishing import (
    MARKER,
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
from tests.support.verdicts import CONDITIONAL, GO, NO_GO

ALL = PublishSettings(sarif=True)
PUBLISHED = {"check_run": "published", "status": "published", "comment": "published", "sarif": "off", "log": "off"}


def flood(findings: int = 1000, files: int = 100) -> Verdict:
    """NO_GO with so many findings over so many files."""
    found = tuple(
        Finding(f"B{n % 7}", "high", f"finding {n}", "bandit", f"shop/file{n % files}.py", n + 1, f"f{n}")
        for n in range(findings)
    )
    evidence = tuple(
        replace(item, findings=found) if isinstance(item, Collected) and item.kind == "sast" else item
        for item in NO_GO.evidence
    )
    return replace(NO_GO, findings=found, evidence=evidence, finding_totals={"sast": findings})


@pytest.mark.parametrize(
    ("verdict", "conclusion", "word"),
    [(GO, "success", "GO:"), (CONDITIONAL, "success", "CONDITIONAL:"), (NO_GO, "failure", "NO-GO:")],
)
def test_a_verdict_is_on_every_channel(hub: Hub, verdict: Verdict, conclusion: str, word: str) -> None:
    job = Job(hub).begin()
    assert [run.status for run in checks(hub)] == ["in_progress"]
    assert states(hub) == ["pending"]
    publication = job.publish(verdict)
    assert outcome(publication) == PUBLISHED, publication
    (run,) = checks(hub)
    assert (run.status, run.conclusion, run.external_id) == ("completed", conclusion, f"100/1/main/{'c' * 16}")
    assert run.details_url == "https://github.com/octo/shop/actions/runs/100/attempts/1"
    assert run.title is not None
    assert run.title.startswith(word)
    assert run.summary is not None
    assert run.summary.startswith("## ")
    assert states(hub) == ["pending", conclusion]
    status = statuses(hub)[-1]
    assert status.description is not None
    assert status.description.startswith(word)
    assert status.target_url == run.details_url
    (comment,) = comments(hub)
    assert comment.body.startswith(f"{MARKER}\n## ")
    assert publication.intruders == ()
    assert publication.missing(("status", "check_run", "comment")) == ()
    assert job.log == []


def test_publishing_begins_itself_where_nobody_did(hub: Hub) -> None:
    assert outcome(Job(hub).publish(GO)) == PUBLISHED
    assert states(hub) == ["pending", "success"]


def test_t31_advice_says_so_everywhere_and_blocks_nothing(hub: Hub) -> None:
    publication = Job(hub, advisory=True).begin().publish(NO_GO)
    assert outcome(publication) == PUBLISHED
    (run,) = checks(hub)
    assert run.conclusion == "success"
    texts = [run.title, *(one.description for one in statuses(hub)), comments(hub)[0].body.splitlines()[1]]
    for text in texts:
        assert text is not None
        assert text.removeprefix("## ").startswith("ADVISORY – not enforcing")
    assert states(hub) == ["pending", "success"]
    assert run.summary is not None
    assert run.summary.startswith("## ADVISORY – not enforcing · ❌ NO-GO")


def test_t31_no_verdict_blocks_in_advisory_mode_too(hub: Hub) -> None:
    Job(hub, advisory=True).begin().give_up("The policy cannot be read.")
    assert conclusions(hub) == ["failure"]
    assert states(hub)[-1] == "error"


def test_a_gate_that_dies_between_leaves_what_blocks(hub: Hub) -> None:
    Job(hub).begin()
    assert [(run.status, run.conclusion) for run in checks(hub)] == [("in_progress", None)]
    assert states(hub) == ["pending"]
    Job(hub, attempt=2).begin().publish(GO)
    assert conclusions(hub) == ["success", "success"], "the one that died is not left contradicting"
    assert states(hub)[-1] == "success"


def test_no_verdict_is_told_with_its_reason(hub: Hub) -> None:
    publication = Job(hub).begin().give_up("policy.yml:3:1  criteria › nope\n  @octo-dev is no criterion.\n")
    (run,) = checks(hub)
    assert run.conclusion == "failure"
    assert run.title is not None
    assert run.title.startswith("no verdict: policy.yml:3:1")
    assert states(hub) == ["pending", "error"]
    assert statuses(hub)[-1].description == run.title[:140]
    (comment,) = comments(hub)
    assert "⛔ NO VERDICT" in comment.body
    assert "`@octo-dev`" in comment.body
    assert outcome(publication)["comment"] == "published"


@pytest.mark.parametrize("whose", ["the pull request comes from a fork", "Dependabot started the run"])
def test_a_fork_and_dependabot_get_log_and_summary_instead(hub: Hub, whose: str) -> None:
    job = Job(hub, read_only=f"{whose}, whose runs get a token that only reads").begin()
    before = len(hub.log)
    publication = job.publish(NO_GO)
    assert len(hub.log) == before == 0, "nothing is tried that cannot be"
    assert outcome(publication) == {
        "check_run": "degraded", "status": "degraded", "comment": "degraded", "sarif": "off", "log": "published",
    }  # fmt: skip
    assert any(line.startswith("::error") and "coverage.lines blocks" in line for line in job.log)
    assert any(whose[1:] in line for line in job.log)
    assert all(whose[1:] in note for note in notes_of(publication))
    assert [item.channel.value for item in publication.missing(("status",))] == ["status"]


@pytest.mark.parametrize("token", ["fork", "reader"])
def test_a_token_that_only_reads_degrades_every_channel(hub: Hub, token: str) -> None:
    """Dependabot's runs, and forks where the event does not tell."""
    job = Job(hub, token=token).begin()
    publication = job.publish(NO_GO)
    assert {name: state for name, state in outcome(publication).items() if name != "sarif"} == {
        "check_run": "degraded", "status": "degraded", "comment": "degraded", "log": "published",
    }  # fmt: skip
    assert "checks: write" in result(publication, Channel.CHECK_RUN).reason
    assert "statuses: write" in result(publication, Channel.STATUS).reason
    assert "pull-requests: write" in result(publication, Channel.COMMENT).reason
    assert checks(hub) == []
    assert states(hub) == []
    assert comments(hub) == []


def test_no_token_at_all(hub: Hub) -> None:
    publication = Job(hub, token="").begin().publish(NO_GO)
    assert "no token" in result(publication, Channel.STATUS).reason
    assert outcome(publication)["log"] == "published"
    assert outcome(Job(hub, token="").begin().give_up("It fell over."))["status"] == "degraded"


def test_a_token_that_is_not_valid_any_more(hub: Hub) -> None:
    publication = Job(hub, token="old").begin().publish(NO_GO)
    assert outcome(publication)["status"] == "degraded"
    assert "still valid" in result(publication, Channel.STATUS).reason


@pytest.mark.parametrize(
    ("method", "path", "channel"),
    [
        ("POST", "/check-runs$", "check_run"),
        ("PATCH", "/check-runs/", "check_run"),
        ("GET", "/statuses$", "status"),
        ("POST", "/statuses/", "status"),
        ("GET", "/comments$", "comment"),
        ("POST", "/comments$", "comment"),
    ],
)
@pytest.mark.parametrize("status", [403, 404, 422, 500])
def test_each_channel_fails_alone(hub: Hub, method: str, path: str, channel: str, status: int) -> None:
    what = faults.server_error(500) if status == 500 else faults.refuse(status, "No")
    hub.fault(method, path, what, nth=0)
    job = Job(hub).begin()
    publication = job.publish(NO_GO)
    became = outcome(publication)
    assert became.pop(channel) in ("degraded", "failed")
    assert {became[name] for name in ("check_run", "status", "comment") if name in became} == {"published"}
    assert any(channel.replace("_", " ") in line for line in job.log), job.log
    assert any(channel.replace("_", " ") in note for note in notes_of(publication))
    if channel != "comment":
        assert channel.replace("_", " ") in comments(hub)[0].body, "the comment tells what is missing"


def test_a_fault_of_ours_in_a_channel_is_no_abort(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    job = Job(hub).begin()
    assert job.forge is not None

    def broken(*_: object) -> None:
        raise ZeroDivisionError("with something secret in it")

    monkeypatch.setattr(job.forge, "create_status", broken)
    publication = job.publish(GO)
    assert outcome(publication) == PUBLISHED | {"status": "failed"}
    assert "ZeroDivisionError" in result(publication, Channel.STATUS).reason
    assert not any("secret" in line for line in job.log)


def test_a_fault_in_the_annotations_does_not_hold_up_the_verdict(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr(publisher, "annotate", broken)
    assert outcome(Job(hub).begin().publish(NO_GO)) == PUBLISHED
    assert conclusions(hub) == ["failure"]


def test_what_the_policy_switches_off_is_not_touched(hub: Hub) -> None:
    nothing = PublishSettings(check_run=False, status=False, comment=CommentMode.NEVER)
    publication = Job(hub, settings=nothing).begin().publish(NO_GO)
    assert outcome(publication) == {
        "check_run": "off", "status": "off", "comment": "off", "sarif": "off", "log": "published",
    }  # fmt: skip
    assert not any(entry.wrote for entry in hub.log if entry.path != "/graphql")


def test_a_push_has_no_comment(hub: Hub) -> None:
    publication = Job(hub, pull=None, base="feature").begin().publish(GO)
    assert outcome(publication) == PUBLISHED | {"comment": "off"}
    assert states(hub, "readiness-gate: feature") == ["pending", "success"]


def test_findings_go_to_code_scanning(hub: Hub) -> None:
    job = Job(hub, settings=ALL).begin()
    assert outcome(job.publish(NO_GO))["sarif"] == "published"
    assert len(hub.repository().sarifs) == 1
    assert outcome(Job(hub, run=101, settings=ALL).begin().give_up("It fell over."))["sarif"] == "degraded"


def test_t29_a_flood_of_findings_costs_few_requests(hub: Hub) -> None:
    job = Job(hub, settings=ALL).begin()
    publication = job.publish(flood())
    print(hub.log.table())
    assert outcome(publication) == PUBLISHED | {"sarif": "published"}
    assert len(hub.log) <= 30
    (run,) = checks(hub)
    assert len(run.annotations) == 200
    assert run.summary is not None
    assert len(run.summary) <= 65_535
    assert len(comments(hub)[0].body) <= 65_536
    sizes = [len(e.body["output"].get("annotations", ())) for e in hub.log.of("PATCH", "/check-runs/") if e.body]  # type: ignore[attr-defined]
    assert sizes == [50, 50, 50, 50], "the conclusion comes last, with the last annotations"


def test_t29_a_rerun_of_the_flood_costs_few_requests_too(hub: Hub) -> None:
    Job(hub, settings=ALL).begin().publish(flood())
    hub.log.clear()
    Job(hub, attempt=2, settings=ALL).begin().publish(flood(1001))
    print(hub.log.table())
    assert len(hub.log) <= 30
    assert len(comments(hub)) == 1


def test_t29_a_rate_limit_that_would_take_too_long_degrades(hub: Hub) -> None:
    job = Job(hub).begin()
    hub.hourly_limit = 0
    publication = job.publish(NO_GO)
    assert {state for name, state in outcome(publication).items() if name in ("check_run", "status")} == {"degraded"}
    assert outcome(publication)["log"] == "published"
    assert [run.status for run in checks(hub)] == ["in_progress"], "which blocks"


def test_the_network_goes_away(hub: Hub) -> None:
    job = Job(hub).begin()
    with hub.down():
        publication = job.publish(GO)
    assert {outcome(publication)[name] for name in ("check_run", "status", "comment")} == {"failed"}
    assert states(hub) == ["pending"]


def test_a_closed_pull_request_gets_no_comment(hub: Hub) -> None:
    job = Job(hub).begin()
    hub.repository().close(7)
    assert outcome(job.publish(GO)) == PUBLISHED | {"comment": "off"}
    assert comments(hub) == []


def test_t30_the_head_moved_while_publishing(hub: Hub) -> None:
    moved = faults.meanwhile(lambda: hub.repository().commit("feature", {"shop/new.py": "A = 1\n"}))
    job = Job(hub).begin()
    hub.fault("PATCH", "/check-runs/", moved)
    publication = job.publish(GO)
    assert outcome(publication) == PUBLISHED | {"comment": "stale"}
    assert comments(hub) == []
    assert {one.sha for one in statuses(hub)} == {job.sha}, "what is said of a commit stays true of it"


def test_t2_a_retargeted_pull_request_gets_no_verdict_of_the_old_base(hub: Hub) -> None:
    hub.repository().commit("lax", {}, start="main")
    job = Job(hub, base="lax")
    hub.repository().retarget(7, "lax")
    job.begin()
    hub.repository().retarget(7, "main")
    publication = job.publish(GO)
    assert outcome(publication) == PUBLISHED | {"check_run": "stale", "status": "stale", "comment": "stale"}
    assert conclusions(hub) == ["failure"]
    assert states(hub, "readiness-gate: lax") == ["pending"]
    assert states(hub) == []


def test_the_base_branch_is_renamed_while_judging(hub: Hub) -> None:
    job = Job(hub).begin()
    hub.repository().rename_branch("main", "trunk")
    assert outcome(job.publish(GO))["status"] == "stale"
    assert outcome(Job(hub, run=101, base="trunk").begin().publish(GO))["status"] == "published"
    assert states(hub, "readiness-gate: trunk") == ["pending", "success"]


def test_t28_what_github_says_is_no_command_in_the_log(hub: Hub) -> None:
    hub.fault("POST", "/statuses/", faults.refuse(422, "no\n::set-output name=verdict::go\n##[add-path]/tmp"), nth=0)
    job = Job(hub).begin()
    job.publish(NO_GO)
    lines = "\n".join(job.log).splitlines()
    assert any("The status was not published" in line for line in lines)
    assert not any("##[" in line or line.lstrip().startswith("::set-output") for line in lines)


def test_a_forge_that_cannot_tell_what_is_there_says_so(hub: Hub) -> None:
    job = Job(hub).begin()
    hub.fault("GET", "/commits/[^/]+/check-runs$", faults.server_error(500), nth=0)
    publication = job.publish(GO)
    assert outcome(publication) == PUBLISHED | {"log": "published"}
    assert "did not tell" in result(publication, Channel.CHECK_RUN).reason


def test_who_we_are_is_learnt_from_what_we_made_where_nobody_tells(hub: Hub) -> None:
    Job(hub).begin().publish(NO_GO)
    hub.fault(".*", "^/(graphql|user)$", faults.server_error(500), nth=0)
    publication = Job(hub, run=101).begin().publish(GO)
    assert outcome(publication) == PUBLISHED
    assert publication.intruders == ()
    assert len(comments(hub)) == 1
    assert set(conclusions(hub)) == {"success"}


def test_an_event_about_no_commit_publishes_nothing(hub: Hub) -> None:
    job = Job(hub)
    job.sha = ""
    job.begin()
    assert isinstance(job.begun, Begun)
    assert job.begun.through is None
    assert "no commit" in job.begun.why


def test_a_job_of_the_same_name_gets_another_check(hub: Hub) -> None:
    Job(hub, job="readiness gate VERDICT").begin().publish(GO)
    assert [run.name for run in hub.repository().checks.values()] == [f"{NAME} (check)"]
