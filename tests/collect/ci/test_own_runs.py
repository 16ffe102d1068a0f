"""Which scanners a run of this gate itself is."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.collect.ci.act import acts_of_uses
from gate.collect.ci.acts import acts_of_command
from gate.collect.ci.own_runs import COLLECTS, is_gate_action, matrix_of
from gate.collect.ci.shell import read_commands
from gate.model.json import Json, JsonObject
from tests.collect.ci.test_takes import jobs

ROOT = Path(__file__).parents[3]
THREE = ["dependency", "sast", "secret"]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (None, THREE),
        ({"command": "run", "policy": "x.yml"}, THREE),
        ({"command": "collect"}, [*THREE, "workflow"]),
        ({"only": "tests,coverage"}, []),
        ({"only": "sast, ci"}, ["sast", "workflow"]),
        ({"ONLY": "secrets"}, ["secret"]),
        ({"only": "${{ inputs.only }}"}, []),
        ({"phase": "pre-deploy"}, []),
        ({"command": "collect", "phase": "pre-deploy"}, [*THREE, "workflow"]),
        ({"args": "run --only sast"}, ["sast"]),
        ({"command": "publish"}, []),
        ({"command": "doctor"}, []),
        ({"command": "${{ inputs.command }}"}, []),
    ],
)
def test_the_action_is_the_scanners_that_it_runs(given: Json, wanted: list[str]) -> None:
    acts = list(acts_of_uses("readiness-gate/readiness-gate", given))
    assert sorted(act.what for act in acts if act.is_scan) == wanted
    assert {act.by for act in acts} <= {"readiness gate"}


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("gate run", THREE),
        (".venv/bin/gate run --no-publish", THREE),
        ("python -m gate run", THREE),
        ("gate run --only sast,tests", ["sast"]),
        ("gate run --only=tests", []),
        ("gate run --phase pre-deploy", []),
        ("gate collect --only secrets", ["secret"]),
        ("docker run --rm -v .:/w ghcr.io/o/readiness-gate:1", THREE),
        ("docker run --rm ghcr.io/o/readiness-gate:1 run --only sast", ["sast"]),
        ("gate evaluate b", []),
        ("gate", []),
        ("gate init", []),
        ("gate --version", []),
    ],
)
def test_so_is_the_command(command: str, wanted: list[str]) -> None:
    acts = [act for each in read_commands(command) for act in acts_of_command(each)]
    assert sorted(act.what for act in acts if act.is_scan) == wanted


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("readiness-gate/readiness-gate", True),
        ("Fork/Readiness-Gate", True),
        ("docker://ghcr.io/o/readiness-gate:1", True),
        ("docker://readiness-gate@sha256:0", True),
        ("o/readiness-gates", False),
        ("o/readiness-gate/sub", False),
        ("readiness-gate", False),
        ("docker://o/other", False),
    ],
)
def test_names(name: str, wanted: bool) -> None:
    assert is_gate_action(name) is wanted


@pytest.mark.parametrize(
    ("strategy", "wanted"),
    [
        (None, {}),
        ({"matrix": "${{ fromJSON(x) }}"}, {}),
        ({"matrix": {"a": ["x", "y"]}}, {"a": ["x", "y"]}),
        ({"matrix": {"a": ["x"], "include": [{"a": "y"}, "z"]}}, {"a": ["x", "y"]}),
        ({"matrix": {"a": ["x"], "exclude": [{"a": "x"}]}}, {}),
        ({"matrix": {"a": "${{ x }}", "include": "${{ y }}"}}, {}),
    ],
)
def test_the_values_of_a_matrix(strategy: Json, wanted: JsonObject) -> None:
    assert matrix_of(strategy) == wanted


def scanners(files: dict[str, str], job: str = "a") -> tuple[Json, Json]:
    found = jobs(files)[job]
    return found["scanners"], found["scanners_not_blocking"]


def workflow(step: str, more: str = "") -> str:
    return f"on: pull_request\njobs:\n  a:\n    runs-on: x\n{more}    steps:\n      - {step}\n"


COLLECT = "{uses: o/readiness-gate@v1, with: {command: collect}}"


def test_what_is_collected_blocks_where_some_job_judges_it() -> None:
    assert scanners({"w.yml": workflow(COLLECT)}) == (["readiness gate"], ["readiness gate"])
    for judging in (
        "{uses: o/readiness-gate@v1, with: {command: publish}}",
        "uses: o/readiness-gate@v1",
        "run: gate publish --bundle x",
        "run: gate evaluate x",
    ):
        both = {"w.yml": workflow(COLLECT), "v.yml": workflow(judging).replace("  a:", "  b:")}
        assert scanners(both) == (["readiness gate"], []), judging
    for other in ("{uses: o/readiness-gate@v1, with: {command: comment}}", "run: echo gate run", "run: pytest"):
        both = {"w.yml": workflow(COLLECT), "v.yml": workflow(other).replace("  a:", "  b:")}
        assert scanners(both) == (["readiness gate"], ["readiness gate"]), other
    never = workflow("uses: o/readiness-gate@v1", "    if: false\n").replace("  a:", "  b:")
    assert scanners({"w.yml": workflow(COLLECT), "v.yml": never}) == (["readiness gate"], ["readiness gate"])


def test_a_run_that_is_hidden_does_not_block() -> None:
    assert scanners({"w.yml": workflow("run: gate run || true")}) == (["readiness gate"], ["readiness gate"])
    hidden = workflow("{uses: o/readiness-gate@v1, continue-on-error: true}")
    assert scanners({"w.yml": hidden}) == (["readiness gate"], ["readiness gate"])
    assert COLLECTS == "no job judges what it collects"


def test_the_gate_s_own_action_of_the_checkout() -> None:
    own = (ROOT / "action.yml").read_text(encoding="utf-8")
    assert scanners({"w.yml": workflow("uses: ./"), "action.yml": own}) == (["readiness gate"], [])
    other = "name: Readiness Gate\ninputs: {command: {}}\nruns: {using: docker, image: Dockerfile}\n"
    assert scanners({"w.yml": workflow("uses: ./"), "action.yml": other}) == ([], [])


def test_the_legs_of_a_matrix_are_counted_together() -> None:
    text = workflow("{uses: o/readiness-gate@v1, with: {only: '${{ matrix.only }}'}}", "    strategy: %s\n")
    some = "{matrix: {include: [{only: 'sast,docs'}, {only: tests}]}}"
    assert classes(text % some) == ["sast"]
    # Nothing can be told of a matrix that an expression makes; a leg without `only` is not one that leaves all out.
    assert classes(text % "{matrix: '${{ fromJSON(x) }}'}") == []
    assert classes(text % "{matrix: {only: ['', tests]}}") == ["dependency", "sast", "secret"]


def classes(text: str) -> list[str]:
    from gate.collect.ci.doing import Repository, do
    from gate.collect.ci.source import source_of
    from gate.collect.ci.workflow import read_workflow
    from tests.collect.ci.test_takes import located

    read = read_workflow("w.yml", located(text), 1, source_of(text.encode()))
    return sorted({done.act.what for done in do(read, read.jobs[0], Repository({})).done if done.act.is_scan})


def test_make_gate_is_looked_up() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    found = scanners({"w.yml": workflow("run: make gate"), "Makefile": makefile})
    assert found == (["readiness gate"], [])
