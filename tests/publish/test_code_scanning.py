"""The SARIF channel: which commit and ref, what fits, how often GitHub is asked, and what each refusal says."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from gate.collect.readers.sarif import read_sarif
from gate.model.finding import Finding
from gate.model.verdict import Verdict
from gate.publish.code_scanning import WAITS, Place, ScanningForge, Target, fitting, publish_sarif, refused, target
from gate.publish.event import Event, EventContext, TriggeringRun
from gate.publish.forge_words import ForgeProblem, Sarif, SarifState, Trouble
from gate.publish.publication import Channel, ChannelResult, ChannelState
from tests.report.test_annotations import blocked_by
from tests.support.verdicts import GO, NO_GO

HEAD, MERGE, OTHER = "a" * 40, "b" * 40, "c" * 40
PULL = EventContext(Event.PULL_REQUEST, "opened", "acme/pay", HEAD, "main", 7, 1, pull=42)
SECOND_STAGE = replace(PULL, event=Event.WORKFLOW_RUN)
PUSH = EventContext(Event.PUSH, "", "acme/pay", HEAD, "main", 7, 1)
RUN = TriggeringRun(9, 1, "push", ".github/workflows/ci.yml", 5, HEAD, "release/1.2", "acme", 1, 1)


@dataclass
class Scanning(ScanningForge):
    """Code scanning that answers as it is told, and remembers what it was asked."""

    states: Sequence[SarifState | ForgeProblem] = (SarifState("complete"),)
    problem: ForgeProblem | None = None
    uploads: list[Sarif] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)

    def upload_sarif(self, sarif: Sarif) -> str:
        self.uploads.append(sarif)
        if self.problem is not None:
            raise self.problem
        return "id-1"

    def sarif_state(self, id_: str) -> SarifState:
        answer = self.states[len(self.asked)]
        self.asked.append(id_)
        if isinstance(answer, ForgeProblem):
            raise answer
        return answer

    def published(self, value: Verdict, place: Place) -> ChannelResult:
        return publish_sarif(self, place, value, name="readiness-gate", wait=self.waited.append)


def at(value: Verdict, commit: str | None) -> Verdict:
    return replace(value, commit=commit)


@pytest.mark.parametrize(
    ("place", "commit", "wanted"),
    [
        (Place(PULL, "refs/pull/42/merge", MERGE), MERGE, Target(MERGE, "refs/pull/42/merge")),
        (Place(PULL, "refs/pull/42/merge", MERGE), HEAD, Target(HEAD, "refs/pull/42/head")),
        (Place(SECOND_STAGE, "refs/heads/main", MERGE), HEAD, Target(HEAD, "refs/pull/42/head")),
        (Place(PUSH, "refs/heads/main"), HEAD, Target(HEAD, "refs/heads/main")),
        (Place(PUSH, "refs/tags/v1"), HEAD, Target(HEAD, "refs/tags/v1")),
        (Place(replace(PUSH, event=Event.SCHEDULE), "refs/heads/main"), HEAD, Target(HEAD, "refs/heads/main")),
        (
            Place(replace(PUSH, event=Event.WORKFLOW_RUN, triggering_run=RUN), "refs/heads/main"),
            HEAD,
            Target(HEAD, "refs/heads/release/1.2"),
        ),
    ],
)  # fmt: skip
def test_commit_and_ref_belong_together(place: Place, commit: str, wanted: Target) -> None:
    assert target(place, commit) == wanted


@pytest.mark.parametrize(
    ("place", "commit", "state", "words"),
    [
        (Place(PULL, "refs/pull/42/merge", MERGE), OTHER, ChannelState.DEGRADED, "neither the pull request's head nor"),
        (Place(PULL, "refs/pull/42/merge", None), MERGE, ChannelState.DEGRADED, "neither the pull request's head nor"),
        (Place(PUSH, "refs/heads/main"), OTHER, ChannelState.DEGRADED, "not the one that this run is about"),
        (Place(PUSH, ""), HEAD, ChannelState.DEGRADED, "not the one that this run is about"),
        (Place(PUSH, "refs/heads/main"), None, ChannelState.DEGRADED, "names no commit"),
        (Place(PUSH, "refs/heads/main"), "A" * 40, ChannelState.DEGRADED, "names no commit"),
        (Place(replace(PUSH, event=Event.MERGE_GROUP)), HEAD, ChannelState.OFF, "merge queue"),
        (Place(replace(PUSH, triggering_run=replace(RUN, event="merge_group"))), HEAD, ChannelState.OFF, "merge queue"),
    ],
)
def test_findings_of_other_files_are_uploaded_for_nothing(
    place: Place, commit: str | None, state: ChannelState, words: str
) -> None:
    forge = Scanning()
    done = forge.published(at(NO_GO, commit), place)
    assert (done.channel, done.state) == (Channel.SARIF, state)
    assert words in done.reason
    assert (forge.uploads, forge.asked, forge.waited) == ([], [], [])


def test_a_log_is_handed_over_once_and_looked_after() -> None:
    forge = Scanning()
    done = forge.published(at(NO_GO, MERGE), Place(PULL, "refs/pull/42/merge", MERGE))
    assert done == ChannelResult(
        Channel.SARIF,
        ChannelState.PUBLISHED,
        "",
        "https://github.com/acme/pay/security/code-scanning?query=is%3Aopen+pr%3A42",
    )
    (sarif,) = forge.uploads
    assert (sarif.commit, sarif.ref) == (MERGE, "refs/pull/42/merge")
    (run,) = read_sarif(sarif.data)
    assert len(run.findings) == 7
    assert json.loads(sarif.data)["runs"][0]["automationDetails"]["id"] == "readiness-gate/main/"
    assert (forge.asked, forge.waited) == (["id-1"], [WAITS[0]])


def test_a_go_is_uploaded_too_so_that_alerts_are_closed() -> None:
    forge = Scanning()
    done = forge.published(at(GO, HEAD), Place(PUSH, "refs/heads/main"))
    assert done.state is ChannelState.PUBLISHED
    assert done.url.endswith("/security/code-scanning")
    assert len(forge.uploads) == 1


def test_t29_github_is_asked_twice_and_not_again() -> None:
    forge = Scanning(states=[SarifState("pending")] * 9)
    done = forge.published(at(NO_GO, HEAD), Place(PUSH, "refs/heads/main"))
    assert done.state is ChannelState.PUBLISHED
    assert done.reason == "Uploaded; GitHub has not worked through it yet."
    assert (len(forge.uploads), len(forge.asked), forge.waited) == (1, 2, list(WAITS))


def test_a_log_that_github_cannot_read_is_not_published() -> None:
    forge = Scanning(states=[SarifState("pending"), SarifState("failed", ("rule x\nis bad", "y", "z", "more"))])
    done = forge.published(at(NO_GO, HEAD), Place(PUSH, "refs/heads/main"))
    assert done.state is ChannelState.FAILED
    assert done.reason.startswith("GitHub took the log and could not read it: rule x is bad; y; z.")
    silent = Scanning(states=[SarifState("failed")]).published(at(NO_GO, HEAD), Place(PUSH, "refs/heads/main"))
    assert "it does not say why" in silent.reason


def test_a_question_without_an_answer_does_not_undo_the_upload() -> None:
    forge = Scanning(states=[ForgeProblem(Trouble.NOT_FOUND, "does not know the upload (404)", 404)])
    done = forge.published(at(NO_GO, HEAD), Place(PUSH, "refs/heads/main"))
    assert done.state is ChannelState.PUBLISHED
    assert done.reason == "Uploaded; GitHub does not know the upload (404) when asked what became of it."


READ_ONLY = replace(PULL, read_only="the pull request comes from a fork, whose runs get a token that only reads")


@pytest.mark.parametrize(
    ("problem", "context", "state", "words"),
    [
        (
            ForgeProblem(Trouble.FORBIDDEN, "refused it (403): Resource not accessible by integration", 403),
            READ_ONLY,
            ChannelState.DEGRADED,
            "comes from a fork",
        ),
        (
            ForgeProblem(Trouble.FORBIDDEN, "refused it (403): Resource not accessible by integration", 403),
            PULL,
            ChannelState.DEGRADED,
            "security-events: write",
        ),
        (
            ForgeProblem(Trouble.FORBIDDEN, "refused it: Advanced Security must be enabled for this repository", 403),
            PULL,
            ChannelState.DEGRADED,
            "sarif: false",
        ),
        (
            ForgeProblem(Trouble.FORBIDDEN, "refused it: Code scanning is not enabled for this repository.", 403),
            PULL,
            ChannelState.DEGRADED,
            "switch it on",
        ),
        (ForgeProblem(Trouble.NOT_FOUND, "has it not (404)", 404), PULL, ChannelState.DEGRADED, "contents: read"),
        (ForgeProblem(Trouble.INVALID, "refused it (413)", 413), PULL, ChannelState.FAILED, "larger than this server"),
        (ForgeProblem(Trouble.INVALID, "refused it (422)", 422), PULL, ChannelState.FAILED, "commit may be gone"),
        (ForgeProblem(Trouble.LIMITED, "asks to wait for 900 s", 403), PULL, ChannelState.FAILED, "asks to wait"),
        (ForgeProblem(Trouble.UNREACHABLE, "did not answer"), PULL, ChannelState.FAILED, "did not answer"),
        (ForgeProblem(Trouble.BROKEN, "answered 502", 502), PULL, ChannelState.FAILED, "answered 502"),
        (ForgeProblem(Trouble.UNAUTHENTICATED, "knows no such token", 401), PULL, ChannelState.FAILED, "no such token"),
    ],
)
def test_a_refusal_says_why_and_how_to_mend_it(
    problem: ForgeProblem, context: EventContext, state: ChannelState, words: str
) -> None:
    forge = Scanning(problem=problem)
    done = forge.published(at(NO_GO, HEAD), Place(context))
    assert (done.state, done.url) == (state, "")
    assert words in done.reason
    assert done.reason.endswith(".")
    assert len(forge.uploads) == 1
    assert forge.asked == []


def test_what_a_server_says_stays_on_one_line() -> None:
    done = refused(ForgeProblem(Trouble.BROKEN, "said\n::error::x\u202e" + "y" * 900), PULL)
    assert "\n" not in done.reason
    assert "\u202e" not in done.reason
    assert len(done.reason) < 500


def noise(count: int, length: int) -> Verdict:
    """Findings that no packer makes small."""
    source = random.Random(7)
    signs = [chr(number) for number in range(0x4E00, 0x9FA5)]
    texts = ["".join(source.choices(signs, k=length)) for _ in range(count)]
    findings = [Finding(f"R{n}", "low", text, "t", "a.py", n + 1, f"f{n}") for n, text in enumerate(texts)]
    return blocked_by(*findings, Finding("WORST", "critical", "m", "t", "a.py", 1, "w"))


def test_t29_a_log_is_cut_to_what_github_takes_the_worst_kept() -> None:
    value = noise(300, 400)
    whole = fitting(value, "n/")
    assert whole is not None
    assert len(json.loads(whole)["runs"][0]["results"]) == 301
    limit = len(gzip.compress(whole)) // 3
    data = fitting(value, "n/", limit=limit)
    assert data is not None
    assert len(gzip.compress(data)) <= limit
    (run,) = json.loads(data)["runs"]
    assert 50 < len(run["results"]) < 120
    assert run["results"][0]["ruleId"] == "t/WORST"
    told = run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    assert told.startswith(f"{301 - len(run['results'])} results are left out")
    assert fitting(value, "n/", limit=10) is None


def test_a_log_of_which_nothing_fits_is_not_uploaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "__defaults__", ("", 10))
    forge = Scanning()
    done = forge.published(at(NO_GO, HEAD), Place(PUSH, "refs/heads/main"))
    assert done.state is ChannelState.FAILED
    assert forge.uploads == []
