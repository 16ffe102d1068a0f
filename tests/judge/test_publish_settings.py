"""The sections of a policy that say where its verdict goes."""

from __future__ import annotations

import pytest

from gate.errors import MistakesError
from gate.judge.catalogue import load_catalogue
from gate.judge.policy_file import read_policy
from gate.model.policy import CommentMode, Policy


def policy(text: str) -> Policy:
    return read_policy(f"version: 1\n{text}".encode(), catalogue=load_catalogue(), path="p.yml")


def test_without_a_word_everything_but_sarif_is_on_and_nothing_is_trusted() -> None:
    read = policy("extends: baseline\n")
    said = read.publish
    assert (said.name, said.check_run, said.status, said.summary, said.sarif) == (
        "readiness-gate",
        True,
        True,
        True,
        False,
    )
    assert said.comment is CommentMode.ALWAYS
    assert said.required == ()
    assert not read.advisory
    assert not read.trust.data_only
    assert read.trust.changed_workflows_block


def test_what_is_said_is_taken() -> None:
    read = policy(
        "advisory: true\n"
        "publish: {name: payments, check_run: false, comment: on_problems, sarif: true, required: [status]}\n"
        "trust: {data_only: true, collected_by: [.github/workflows/a.yml],"
        " recollect: [sast], changed_workflows: tell}\n"
    )
    assert (read.publish.name, read.publish.check_run, read.publish.sarif) == ("payments", False, True)
    assert read.publish.comment is CommentMode.ON_PROBLEMS
    assert read.publish.required == ("status",)
    assert read.advisory
    assert read.trust.data_only
    assert read.trust.collected_by == (".github/workflows/a.yml",)
    assert read.trust.recollect == ("sast",)
    assert not read.trust.changed_workflows_block
    assert policy("publish: {comment: false}\n").publish.comment is CommentMode.NEVER


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("publish: {status: false, required: [status]}\n", "status is required and switched off"),
        ("publish: {required: [sarif]}\n", "sarif is required and switched off"),
        ("publish: {required: [log]}\n", "publish › required"),
        ("publish: {name: '@all'}\n", "publish › name"),
        ("publish: {comment: sometimes}\n", "publish › comment"),
        ("advisory: 1\n", "advisory"),
        ("trust: {collected_by: [docs/a.yml]}\n", "trust › collected_by"),
        ("trust: {recollect: [sats]}\n", "trust › recollect"),
    ],
)
def test_a_contradiction_or_a_word_that_is_none_is_a_mistake(text: str, told: str) -> None:
    with pytest.raises(MistakesError, match=told):
        policy(text)
