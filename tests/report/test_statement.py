"""The in-toto statement: its subject, its predicate, and that it is about something."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.errors import UserError
from gate.model.evidence import Collected, How, Source, Unreadable
from gate.model.json import JsonObject
from gate.model.policy import PolicyLink
from gate.report.options import RenderOptions
from gate.report.statement import render, statement
from tests.report.hostile import HOSTILE
from tests.report.test_markdown import hostile_verdict
from tests.support.verdicts import GO, NO_GO


def predicate(document: JsonObject) -> dict[str, list[JsonObject]]:
    """The predicate, typed for its lists."""
    return cast(dict[str, list[JsonObject]], document["predicate"])


def test_a_statement_is_about_the_commit() -> None:
    document = json.loads(render(NO_GO, RenderOptions(version="1.2.3")))
    assert set(document) == {"_type", "subject", "predicateType", "predicate"}
    assert document["_type"] == "https://in-toto.io/Statement/v1"
    assert document["subject"] == [{"name": "commit", "digest": {"gitCommit": NO_GO.commit}}]
    assert document["predicateType"] == "https://readiness-gate.dev/attestations/verdict/v1"
    said = document["predicate"]
    assert said["judge"] == {"name": "readiness-gate", "version": "1.2.3"}
    assert (said["verdict"], said["score"], said["advisory"]) == ("no_go", 36.4, False)
    assert said["judgedAt"] == "2026-11-21T06:00:00Z"
    assert said["base"] == {"digest": {"gitCommit": NO_GO.base}}
    assert said["policy"]["digest"] == {"sha256": "c" * 64}
    assert said["blockedBy"] == ["coverage.lines", "dependencies.audited"]
    assert said["outcomes"] == {
        "pass": 2, "fail": 3, "no_evidence": 1, "error": 1, "waived": 1, "not_applicable": 1,
    }  # fmt: skip
    assert said["criteria"][0] == {"id": "coverage.lines", "level": "must", "outcome": "fail"}
    assert said["waivers"][0]["expires"] == "2027-01-31"
    assert said["notices"] == list(NO_GO.notices)
    assert json.loads(render(NO_GO, RenderOptions(advisory=True)))["predicate"]["advisory"] is True


def test_evidence_is_named_with_its_hashes() -> None:
    found = {str(item["kind"]): item for item in predicate(statement(NO_GO))["evidence"]}
    assert found["coverage"] == {
        "kind": "coverage",
        "state": "collected",
        "gaps": 0,
        "sources": [{"name": "coverage.xml", "how": "supplied", "digest": {"sha256": "b" * 64}}],
    }
    assert found["sast"]["sources"] == [
        {"name": "bandit 1.9.4", "how": "produced", "tool": "bandit", "version": "1.9.4"}
    ]
    assert (found["dependencies"]["gaps"], found["files"]["state"]) == (3, "missing")


def test_the_files_of_the_policy_are_named_with_their_hashes() -> None:
    own = PolicyLink("own.yml", "c" * 64)
    base = PolicyLink("base.yml", "d" * 64, "v2", "e" * 40, "acme/policies")
    value = replace(GO, policy=replace(GO.policy, commit="f" * 40, chain=(own, base)))
    policy = cast(JsonObject, cast(JsonObject, statement(value)["predicate"])["policy"])
    assert (policy["repository"], policy["commit"]) == (None, "f" * 40)
    assert policy["extends"] == [
        {
            "path": "base.yml",
            "repository": "acme/policies",
            "ref": "v2",
            "commit": "e" * 40,
            "digest": {"sha256": "d" * 64},
        }
    ]


def test_a_hash_that_is_none_is_not_passed_on() -> None:
    evidence = (Unreadable("tests", "cut", (Source(How.SUPPLIED, "a.xml", "A" * 64),)), Collected("sast", {}))
    value = replace(GO, evidence=evidence, policy=replace(GO.policy, sha256="x"), base="main", advisory=True)
    said = predicate(statement(replace(value, generated_at="")))
    assert said["evidence"][0]["sources"] == [{"name": "a.xml", "how": "supplied", "digest": {}}]
    assert said["evidence"][0]["state"] == "unreadable"
    assert cast(JsonObject, said["policy"])["digest"] == {}
    told = cast(JsonObject, said)
    assert (told["base"], told["judgedAt"], told["advisory"]) == (None, None, True)


@pytest.mark.parametrize("commit", [None, "", "main", "3f2a9c1", "A" * 40, "a" * 41, "a" * 40 + "\n"])
def test_a_verdict_on_no_commit_is_no_statement(commit: str | None) -> None:
    with pytest.raises(UserError, match="about a commit"):
        render(replace(GO, commit=commit), RenderOptions())


def test_a_sha256_repository_has_longer_commits() -> None:
    assert statement(replace(GO, commit="a" * 64))["subject"] == [{"name": "commit", "digest": {"gitCommit": "a" * 64}}]


@settings(max_examples=60, deadline=None)
@given(HOSTILE | st.text())
def test_any_text_is_whole_json_and_no_command(text: str) -> None:
    shown = render(replace(hostile_verdict(text, NO_GO), commit="a" * 40), RenderOptions())
    assert shown.isascii()
    assert "##[" not in shown
    assert json.loads(shown)["subject"][0]["digest"] == {"gitCommit": "a" * 40}
