"""init, explain, criteria, schema and doctor."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gate.judge.catalogue import load_catalogue
from tests.support.fakes import write
from tests.support.repos import TRACKED, WORDS, Gate, ledger
from tests.support.repositories import commit, make_repository

PYTHON = {name: text for name, text in TRACKED.items() if not name.startswith(".gate")}
GO = {
    "go.mod": "module example.org/ledger\n\ngo 1.22\n",
    "main.go": "package main\n\nfunc main() {}\n",
    "main_test.go": 'package main\n\nimport "testing"\n\nfunc TestMain1(t *testing.T) {}\n',
    "docs/RUNBOOK.md": f"# Runbook\n\n{WORDS}\n",
}
NODE = {
    "package.json": '{"name": "ledger", "version": "1.0.0"}\n',
    "package-lock.json": '{"name": "ledger", "lockfileVersion": 3, "packages": {}}\n',
    "src/index.js": "module.exports = 1\n",
    "SECURITY.md": f"# Security\n\n{WORDS}\n",
}
ODD = {"no: #yes/{a}.md": "x\n", "docs/'runbook' \"x\": [y].md": "x\n", "RUNBOOK.md": "x\n", "pom.xml": "<project/>\n"}


@pytest.mark.parametrize("profile", ["baseline", "production", "strict"])
@pytest.mark.parametrize("files", [PYTHON, GO, NODE, {}, ODD], ids=["python", "go", "node", "empty", "odd"])
def test_init_writes_a_policy_that_run_accepts(gate: Gate, tmp_path: Path, files: dict[str, str], profile: str) -> None:
    repository = make_repository(tmp_path / "on: [the] #1 'ledger'")
    write(repository, files)
    if files:
        commit(repository)
    made = gate("init", "--workspace", repository, "--profile", profile)
    assert made.code == 0, made.err
    text = (repository / ".gate/policy.yml").read_text()
    assert f"extends: {profile}" in text
    assert text.count("#") > 5
    said = gate.run(repository, "--only", "tests,docs,inventory")
    assert said.code == 1  # no tests were run yet
    assert said.json["policy"]["path"] == ".gate/policy.yml"
    assert said.json["policy"]["name"] == "on: [the] #1 'ledger'"
    assert said.outcomes()["tests.passed"] == "no_evidence"


def test_init_names_what_each_ecosystem_writes(gate: Gate, tmp_path: Path) -> None:
    repository = make_repository(tmp_path / "both")
    write(repository, PYTHON | GO)
    commit(repository)
    text = gate("init", "--workspace", repository, "--stdout").out
    assert "pytest --junitxml" in text
    assert "gotestsum" in text
    assert "docs.runbook" in text
    assert not (repository / ".gate").exists()


def test_init_expects_the_manifests_that_are_there(gate: Gate, tmp_path: Path) -> None:
    repository = tmp_path / "repo"
    write(
        repository,
        {
            "Dockerfile": "FROM scratch\n",
            "deploy/web.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n",
            ".github/workflows/ci.yml": "on: push\njobs: {}\n",
            "infra/main.tf": "",
        },
    )
    said = gate("init", "--workspace", repository, "--stdout").out
    assert "expects: [ci, dockerfile, kubernetes, terraform]" in said
    assert "  dockerfile.non-root: {level: should}" in said
    assert "compose.valid" not in said
    strict = gate("init", "--workspace", repository, "--stdout", "--profile", "strict").out
    assert "expects: [ci" in strict
    assert "dockerfile.non-root" not in strict


@pytest.mark.parametrize("kind", ["file", "link", "folder"])
def test_init_never_overwrites(gate: Gate, tmp_path: Path, kind: str) -> None:
    repository = ledger(tmp_path / "ledger")
    policy = repository / ".gate/policy.yml"
    before = policy.read_text()
    victim = tmp_path / "victim"
    if kind == "link":
        policy.unlink()
        policy.symlink_to(victim)
    if kind == "folder":
        policy.unlink()
        policy.mkdir()
    said = gate("init", "--workspace", repository)
    assert (said.code, said.out) == (2, "")
    assert "is there already" in said.err
    assert not victim.exists()
    assert kind != "file" or policy.read_text() == before


def test_init_does_not_write_through_a_link(gate: Gate, tmp_path: Path) -> None:
    repository = make_repository(tmp_path / "ledger")
    (tmp_path / "elsewhere").mkdir()
    (repository / ".gate").symlink_to(tmp_path / "elsewhere")
    assert gate("init", "--workspace", repository).code == 2
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("id_", sorted(load_catalogue().criteria))
def test_explain_says_what_why_and_how(gate: Gate, id_: str) -> None:
    said = gate("explain", id_)
    assert said.code == 0
    for part in (id_, "level ", "Why", "How to meet it", "JSON Schema", "References"):
        assert part in said.out
    told = said.out.partition("How to meet it")[2].partition("\n\n")[0]
    assert "{" not in re.sub("`[^`]*`", "", told), "a placeholder that nothing filled"


def test_explain_says_which_elements_it_is_about(gate: Gate) -> None:
    selections = {id_: entry.fill({}).select for id_, entry in load_catalogue().criteria.items()}
    for key in ("each", "where", "at_least"):
        id_, select = next((id_, select) for id_, select in selections.items() if select.get(key))
        said = gate("explain", id_).out
        assert f"What must hold of each of {select['each']} (JSON Schema)" in said
        assert ("Left out is what does not satisfy (JSON Schema)" in said) == ("where" in select)
        assert (f"There must be at least {select.get('at_least')} of them." in said) == ("at_least" in select)


@pytest.mark.parametrize(("wrong", "near"), [("coverage.linez", "coverage.lines"), ("test.passed", "tests.passed")])
def test_explain_suggests_the_nearest(gate: Gate, wrong: str, near: str) -> None:
    said = gate("explain", wrong)
    assert (said.code, said.out) == (2, "")
    assert f"Did you mean {near}?" in said.err


def test_explain_of_something_else_lists_nothing_wrong(gate: Gate) -> None:
    said = gate("explain", "\x1b[31m::error::zzzzzz")
    assert said.code == 2
    assert "gate criteria" in said.err
    assert "\x1b" not in said.err


def test_criteria_lists_all_and_those_of_a_profile(gate: Gate) -> None:
    every = json.loads(gate("criteria", "--format", "json").out)
    assert {item["id"] for item in every} == set(load_catalogue().criteria)
    strict = json.loads(gate("criteria", "--format", "json", "--profile", "strict").out)
    levels = {item["id"]: item["level"] for item in strict}
    assert levels["docs.slo"] == "must"
    shown = gate("criteria", "--profile", "baseline").out
    assert "tests.passed" in shown
    assert "docs.slo" not in shown
    assert max(map(len, gate("criteria").out.splitlines())) <= 100


def test_every_schema_is_printed_as_json(gate: Gate) -> None:
    names = gate("schema").out.split()
    assert {"policy", "verdict", "waivers", "bundle", "evidence/tests", "evidence/sast"} <= set(names)
    for name in names:
        document = json.loads(gate("schema", name).out)
        assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert document["$id"].endswith(f"/{name}.schema.json")


@pytest.mark.parametrize("name", ["evidence/test", "../policy", "/etc/passwd", "polycy"])
def test_a_schema_that_there_is_not(gate: Gate, name: str) -> None:
    said = gate("schema", name)
    assert (said.code, said.out) == (2, "")
    assert f'There is no schema "{name}"' in said.err


def test_doctor_names_every_tool(gate: Gate) -> None:
    rows = json.loads(gate("doctor", "--format", "json").out)
    by_name = {row["name"]: row for row in rows}
    for name in ("git", "bandit", "pip-audit"):
        assert by_name[name]["version"]
        assert Path(by_name[name]["where"]).is_absolute()
    assert all(row["version"] or row["problem"] for row in rows)
    shown = gate("doctor")
    assert shown.code == 0
    assert all(name in shown.out for name in by_name)
