"""What the second of two stages believes of the first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.errors import UserError
from gate.publish.event import Event, EventContext, TriggeringRun
from gate.publish.forge_words import Artifact, ChangedFile, ChangedFiles, Pull, WorkflowRun
from gate.publish.second_stage import (
    ARTIFACT_LIMIT,
    NoBundle,
    check_run,
    choose_artifact,
    context_of_pull,
    pulls_of_run,
    steered,
)

HEAD, BASE = "a" * 40, "b" * 40
PATH = ".github/workflows/collect.yml"
SAID = TriggeringRun(55, 1, "pull_request", PATH, 9, HEAD, "topic", "stranger", 2, 1)
RUN = WorkflowRun(
    55, 1, "pull_request", PATH, 9, HEAD, "topic", "stranger/shop", 2, 1, "completed", "failure", "stranger"
)
PULL = Pull(8, "open", False, False, "stranger", HEAD, "topic", "stranger/shop", BASE, "main", "octo/shop")
ARTIFACT = Artifact(3, "readiness-evidence", 1000, False, 55, "sha256:" + "0" * 64, HEAD)


def test_a_run_that_github_knows_too_is_taken_whatever_its_conclusion() -> None:
    for conclusion in ("success", "failure", "cancelled", None):
        check_run(SAID, replace(RUN, conclusion=conclusion), (PATH,))
        check_run(SAID, replace(RUN, conclusion=conclusion), ())


@pytest.mark.parametrize(
    ("run", "told"),
    [
        (replace(RUN, id=56), "knows it as run 56"),
        (replace(RUN, head_sha=BASE), "knows it as"),
        (replace(RUN, repository_id=4), "knows it as"),
        (replace(RUN, event="pull_request_target"), "started by pull_request_target"),
        (replace(RUN, event="workflow_dispatch"), "started by workflow_dispatch"),
        (replace(RUN, path=".github/workflows/mine.yml"), "takes evidence from .github/workflows/collect.yml only"),
    ],
)
def test_a_run_that_is_not_the_first_stage_is_refused(run: WorkflowRun, told: str) -> None:
    with pytest.raises(UserError, match=told):
        check_run(SAID, run, (PATH,))


def test_t2_every_open_pull_request_with_this_head_is_meant_and_no_other() -> None:
    other_base = replace(PULL, number=9, base_ref="lax")
    candidates = (
        PULL,
        other_base,
        replace(PULL, number=10, head_sha=BASE),
        replace(PULL, number=11, state="closed"),
        replace(PULL, number=12, head_repository="else/shop"),
        replace(PULL, number=13, base_repository="octo/fork-of-shop"),
        replace(PULL, number=14, head_repository=None),
    )
    assert pulls_of_run(RUN, candidates, "Octo/Shop") == (PULL, other_base)


def test_what_is_published_on_comes_from_the_api() -> None:
    context = EventContext(Event.WORKFLOW_RUN, "completed", "octo/shop", HEAD, "", 91, 1, triggering_run=SAID)
    found = context_of_pull(context, PULL)
    assert (found.pull, found.sha, found.base_ref, found.base_sha, found.fork) == (8, HEAD, "main", BASE, True)
    assert not context_of_pull(context, replace(PULL, head_repository="octo/shop")).fork


def test_the_artefact_is_the_one_of_this_run() -> None:
    others = (replace(ARTIFACT, id=4, run_id=54), replace(ARTIFACT, id=5, name="else"))
    assert choose_artifact((*others, ARTIFACT), "readiness-evidence", RUN) == ARTIFACT


@pytest.mark.parametrize(
    ("artifacts", "told"),
    [
        ((), "left no artefact"),
        ((replace(ARTIFACT, name="logs"),), "It left “logs”"),
        ((replace(ARTIFACT, run_id=54),), "left no artefact"),
        ((replace(ARTIFACT, head_sha=BASE),), "left no artefact"),
        ((ARTIFACT, replace(ARTIFACT, id=4)), "left 2 artefacts"),
        ((replace(ARTIFACT, expired=True),), "has expired"),
        ((replace(ARTIFACT, size=ARTIFACT_LIMIT + 1),), "more than the"),
    ],
)
def test_t5_an_artefact_that_is_missing_stale_or_doubled_is_no_evidence(
    artifacts: tuple[Artifact, ...], told: str
) -> None:
    found = choose_artifact(artifacts, "readiness-evidence", RUN)
    assert isinstance(found, NoBundle)
    assert told in found.reason


def test_of_several_attempts_the_last_ones_artefact_counts() -> None:
    run = replace(RUN, attempt=2, started_at="2026-01-02T00:00:00Z")
    old = replace(ARTIFACT, created_at="2026-01-01T00:00:00Z")
    new = replace(ARTIFACT, id=9, created_at="2026-01-02T00:10:00Z")
    assert choose_artifact((new, old), "readiness-evidence", run) == new
    assert choose_artifact((old,), "readiness-evidence", run) == old, "Re-run failed jobs keeps what the others left"
    for several in ((new, replace(new, id=10)), (old, replace(old, id=10))):
        found = choose_artifact(several, "readiness-evidence", run)
        assert isinstance(found, NoBundle)
        assert "nobody can tell" in found.reason


def test_t1_what_decides_how_evidence_came_about_is_seen_to_change() -> None:
    def changed(*paths: str, complete: bool = True) -> ChangedFiles:
        return ChangedFiles(tuple(ChangedFile(path, "modified") for path in paths), complete)

    assert steered(changed("src/app.py", "docs/.github/x")) == ()
    assert steered(changed(".github/workflows/ci.yml", ".gate/policy.yml")) == (
        ".gate/policy.yml",
        ".github/workflows/ci.yml",
    )
    moved = ChangedFiles((ChangedFile("notes.yml", "renamed", ".github/workflows/ci.yml"),), True)
    assert steered(moved) == (".github/workflows/ci.yml",)
    assert steered(changed("ops/policy.yml"), {"ops/policy.yml"}) == ("ops/policy.yml",)
    assert steered(changed("a", complete=False)) == ("(more files than GitHub lists)",)
