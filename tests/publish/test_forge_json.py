"""GitHub's objects: what they promise, and what becomes of an answer that breaks the promise."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import cast

import pytest

from gate.model.json import Json, JsonObject
from gate.publish import forge_read as read
from gate.publish.forge_json import Fields, NotJson, each, is_sha, listed, parse
from gate.publish.forge_words import Account, ForgeProblem, RequiredCheck, SarifState, Trouble

SHA = "ab" * 20
PERSON: JsonObject = {"login": "dev", "id": 5}
REPO: JsonObject = {"id": 1, "full_name": "o/r", "default_branch": "main", "private": False, "owner": PERSON}
PULL: JsonObject = {
    "number": 7,
    "state": "open",
    "draft": True,
    "user": PERSON,
    "merged_at": None,
    "merge_commit_sha": SHA,
    "head": {"sha": SHA, "ref": "topic", "repo": REPO},
    "base": {"sha": SHA, "ref": "main", "repo": REPO},
}
CHECK: JsonObject = {
    "id": 3,
    "name": "gate",
    "head_sha": SHA,
    "status": "completed",
    "conclusion": "success",
    "external_id": "1/1/main/x",
    "app": {"id": 15368, "slug": "github-actions"},
    "check_suite": {"id": 9},
    "html_url": "https://x/3",
}
STATUS: JsonObject = {
    "state": "success",
    "context": "gate: main",
    "description": None,
    "target_url": None,
    "creator": PERSON,
}
COMMENT: JsonObject = {
    "id": 4,
    "node_id": "IC_4",
    "body": "x",
    "user": {"login": "github-actions[bot]", "id": 41898282},
}
RUN: JsonObject = {
    "id": 8,
    "event": "pull_request",
    "path": ".github/workflows/ci.yml@refs/heads/main",
    "workflow_id": 2,
    "head_sha": SHA,
    "head_branch": None,
    "head_repository": REPO,
    "repository": REPO,
    "status": "completed",
    "conclusion": None,
}
ARTIFACT: JsonObject = {
    "id": 6,
    "name": "e",
    "size_in_bytes": 10,
    "expired": False,
    "digest": "sha256:00",
    "workflow_run": {"id": 8, "head_sha": SHA},
}
COMMIT: JsonObject = {
    "sha": SHA,
    "commit": {"message": "Subject\n\nbody", "committer": {"date": "2026-01-01T00:00:00Z"}},
    "parents": [{"sha": SHA}],
    "author": PERSON,
}


def reader(name: str, document: Json) -> object:
    readers: dict[str, Callable[[Fields], object]] = {
        "pull": read.pull,
        "check": read.check_run,
        "status": read.status,
        "comment": read.comment,
        "run": read.workflow_run,
        "artifact": lambda fields: read.artifact(fields, 8),
        "commit": read.commit,
        "repository": read.repository,
    }
    return readers[name](Fields(document, name))


DOCUMENTS: dict[str, JsonObject] = {
    "pull": PULL,
    "check": CHECK,
    "status": STATUS,
    "comment": COMMENT,
    "run": RUN,
    "artifact": ARTIFACT,
    "commit": COMMIT,
    "repository": REPO,
}


WRONG: tuple[Json, ...] = (3.5, [3.5], {"x": 3.5}, "", -1, True)


def spoiled() -> list[tuple[str, JsonObject]]:
    """Every document with every member replaced by a value of a type that it never has."""

    def ways(value: Json, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
        if not isinstance(value, dict):
            return [path]
        return [path, *(way for key, inner in value.items() for way in ways(inner, (*path, key)))]

    found = []
    for name, document in DOCUMENTS.items():
        for way in ways(document):
            for wrong in WRONG:
                copied = copy.deepcopy(document)
                inner = copied
                for key in way[:-1]:
                    inner = cast("JsonObject", inner[key])
                if way:
                    inner[way[-1]] = wrong
                    found.append((name, copied))
    return found


def test_whatever_an_answer_lacks_it_is_a_broken_answer_and_no_other_error() -> None:
    seen = {"broken": 0, "read": 0}
    for name, document in spoiled():
        try:
            reader(name, document)
            seen["read"] += 1
        except ForgeProblem as problem:
            what = (problem.trouble, problem.reason.partition(": ")[0])
            seen["broken"] += what == (Trouble.BROKEN, "answered without what it promises")
    assert sum(seen.values()) == len(spoiled())
    assert seen["broken"] > seen["read"] > 0


@pytest.mark.parametrize("value", [None, 7, "text", [], True])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_is_no_object_is_a_broken_answer(name: str, value: Json) -> None:
    with pytest.raises(ForgeProblem, match=f"{name} is not an object") as caught:
        reader(name, value)
    assert caught.value.trouble is Trouble.BROKEN


def test_a_pull_request_of_a_list_and_of_a_deleted_fork() -> None:
    document = copy.deepcopy(PULL)
    head = document["head"]
    assert isinstance(head, dict)
    head["repo"] = None
    document |= {"merged_at": "2026-01-01T00:00:00Z", "state": "closed", "merge_commit_sha": None, "user": None}
    pull = read.pull(Fields(document, "pull"))
    assert (pull.head_repository, pull.merged, pull.merge_sha, pull.author) == (None, True, None, "ghost")
    assert not read.pull(Fields({**document, "merged": False}, "pull")).merged


def test_who_wrote_a_comment_and_through_which_app() -> None:
    assert read.comment(Fields(COMMENT, "c")).author == Account("github-actions[bot]", 41898282, "github-actions")
    through: JsonObject = {**COMMENT, "user": PERSON, "performed_via_github_app": {"slug": "some-app"}}
    assert read.comment(Fields(through, "c")).author == Account("dev", 5, "some-app")
    assert read.comment(Fields({**COMMENT, "user": None}, "c")).author == read.GHOST


def test_a_check_run_without_an_app_is_nobodys() -> None:
    run = read.check_run(Fields({**CHECK, "app": None, "check_suite": None}, "c"))
    assert (run.app, run.app_id, run.suite) == ("", 0, None)


def test_the_path_of_a_workflow_has_no_ref() -> None:
    run = read.workflow_run(Fields(RUN, "run"))
    assert (run.path, run.head_branch, run.attempt, run.head_owner) == (".github/workflows/ci.yml", "", 1, "dev")
    gone = read.workflow_run(Fields({**RUN, "head_repository": None}, "run"))
    assert (gone.head_repository, gone.head_repository_id, gone.head_owner) == (None, None, "")


def test_an_artefact_of_another_run_is_refused() -> None:
    with pytest.raises(ForgeProblem, match="the run that was asked for"):
        read.artifact(Fields(ARTIFACT, "artifact"), 9)
    assert read.artifact(Fields({**ARTIFACT, "workflow_run": None}, "artifact"), 9).run_id == 9


def test_a_first_commit_and_one_without_an_account() -> None:
    commit = read.commit(Fields({**COMMIT, "parents": [], "author": None}, "commit"))
    assert (commit.parent, commit.author, commit.subject) == (None, "", "Subject")
    assert read.commit(Fields({**COMMIT, "author": {}}, "commit")).author == ""


def test_code_scanning_that_says_nothing_yet_is_pending() -> None:
    assert read.sarif_state(Fields({}, "s")) == SarifState("pending", ())
    failed = Fields({"processing_status": "failed", "errors": ["no"]}, "s")
    assert read.sarif_state(failed) == SarifState("failed", ("no",))
    with pytest.raises(ForgeProblem, match="list of texts"):
        read.sarif_state(Fields({"errors": [1]}, "s"))


def test_what_a_ruleset_requires_and_of_whom() -> None:
    rule: JsonObject = {
        "type": "required_status_checks",
        "ruleset_id": 42,
        "parameters": {
            "required_status_checks": [
                {"context": "a", "integration_id": 15368},
                {"context": "b"},
                {"context": "c", "integration_id": None},
            ]
        },
    }
    assert read.ruleset_checks(Fields(rule, "rule")) == (
        RequiredCheck("a", 15368, "ruleset 42"),
        RequiredCheck("b", None, "ruleset 42"),
        RequiredCheck("c", None, "ruleset 42"),
    )
    assert read.ruleset_checks(Fields({"type": "deletion"}, "rule")) == ()
    assert read.ruleset_checks(Fields({"type": "required_status_checks"}, "rule")) == ()


def test_what_branch_protection_requires() -> None:
    required: JsonObject = {
        "contexts": ["a", "b", "c"],
        "checks": [{"context": "a", "app_id": 7}, {"context": "b", "app_id": -1}, {"context": "c", "app_id": None}],
    }
    branch: JsonObject = {"protection": {"required_status_checks": required}}
    assert read.protection_checks(Fields(branch, "branch")) == (
        RequiredCheck("a", 7, "branch protection"),
        RequiredCheck("b", None, "branch protection"),
        RequiredCheck("c", None, "branch protection"),
    )
    older: JsonObject = {"protection": {"required_status_checks": {"contexts": ["x"]}}}
    assert read.protection_checks(Fields(older, "branch")) == (RequiredCheck("x", None, "branch protection"),)
    assert read.protection_checks(Fields({"protected": False}, "branch")) == ()


@pytest.mark.parametrize("data", [b"<html>", b"[1, 2", b"", b"\xff", b'{"a": NaN}', b'{"a": 1, "a": 2}'])
def test_what_is_not_json_is_told_from_what_is_wrong_json(data: bytes) -> None:
    with pytest.raises(NotJson) as caught:
        parse(data)
    assert caught.value.trouble is Trouble.BROKEN
    assert caught.value.__context__ is None


def test_lists_are_lists_of_objects() -> None:
    assert listed({"items": [{"login": "a", "id": 1}]}, "items", read.account) == (Account("a", 1),)
    wrongs: tuple[Json, ...] = ({"items": None}, {"items": [1]}, {}, [])
    for wrong in wrongs:
        with pytest.raises(ForgeProblem):
            listed(wrong, "items", read.account)
    with pytest.raises(ForgeProblem, match="the list is not a list"):
        each({}, "the list", read.account)


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ("a" * 40, True),
        ("a" * 64, True),
        ("a" * 41, False),
        ("A" * 40, False),
        ("a" * 40 + "\n", False),
        ("main", False),
    ],
)
def test_what_the_id_of_a_git_object_is(text: str, yes: bool) -> None:
    assert is_sha(text) is yes
