"""`gate init --workflow`: a workflow that fits the tests, and is as safe as the example that it comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.judge.settings_evidence import evidence_settings
from tests.support.fakes import write
from tests.support.repos import Gate
from tests.support.repositories import commit, make_repository
from tests.support.workflows import ROOT, Workflow, mistakes, read

WORKFLOW = ".github/workflows/readiness.yml"
EXAMPLE = (ROOT / "examples/workflows/same-repository.yml").read_text(encoding="utf-8")


@pytest.fixture
def gate(capsys: pytest.CaptureFixture[str]) -> Gate:
    return Gate(capsys)


def repository(folder: Path, *names: str) -> Path:
    make_repository(folder)
    write(folder, {"README.md": "x\n", **dict.fromkeys(names, "")})
    commit(folder)
    return folder


def evidence(workflow: Workflow) -> list[str]:
    job = next(item for item in workflow.jobs if item.id == "collect")
    text = str(job.gate_steps[0]["with"]["evidence"])
    assert evidence_settings(text.splitlines())
    return text.splitlines()


def test_what_is_shipped_is_the_example() -> None:
    assert (ROOT / "gate/commands/data/workflow.yml").read_text(encoding="utf-8") == EXAMPLE


def test_a_repository_with_pytest_gets_the_example(gate: Gate, tmp_path: Path) -> None:
    folder = repository(tmp_path, "tests/test_a.py")
    said = gate("init", "--workspace", folder, "--workflow")
    assert said.code == 0
    assert "Wrote" in said.out
    assert (folder / WORKFLOW).read_text(encoding="utf-8") == EXAMPLE
    assert (folder / ".gate/policy.yml").exists()


@pytest.mark.parametrize(
    ("names", "pairs", "hint"),
    [
        (("pom.xml",), ["tests.reports=reports/TEST-*.xml", "coverage.reports=reports/jacoco.xml"], "mvn verify"),
        (("go.mod",), ["tests.reports=reports/junit.xml", "coverage.reports=reports/coverage.out"], "gotestsum"),
        ((), ["tests.reports=reports/junit*.xml", "coverage.reports=reports/coverage.xml"], "make test"),
        (
            ("package.json", "tests/test_a.py"),
            [
                "tests.reports=reports/junit.xml",
                "coverage.reports=reports/coverage.xml",
                "coverage.reports=reports/lcov.info",
            ],
            "Node.js",
        ),
    ],
)
def test_other_tests_are_run_by_a_script(
    gate: Gate, tmp_path: Path, names: tuple[str, ...], pairs: list[str], hint: str
) -> None:
    said = gate("init", "--workspace", repository(tmp_path, *names), "--workflow", "--stdout")
    assert said.code == 0
    assert not (tmp_path / WORKFLOW).exists()
    assert not (tmp_path / ".gate").exists()
    workflow = read(said.out)
    assert mistakes(workflow) == []
    assert evidence(workflow) == pairs
    assert hint in said.out
    assert [step["run"] for job in workflow.jobs for step in job.steps if "run" in step] == ["make test"]


def test_neither_file_is_written_over(gate: Gate, tmp_path: Path) -> None:
    folder = repository(tmp_path, "tests/test_a.py", ".gate/policy.yml")
    assert gate("init", "--workspace", folder, "--workflow").code == 0
    assert (folder / ".gate/policy.yml").read_text(encoding="utf-8") == ""
    again = gate("init", "--workspace", folder, "--workflow")
    assert again.code == 2
    assert "is there already" in again.err


def test_a_link_in_the_workflow_s_place_is_not_followed(gate: Gate, tmp_path: Path) -> None:
    folder = repository(tmp_path / "repository", "tests/test_a.py")
    (folder / ".github").mkdir()
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder / ".github/workflows").symlink_to(outside)
    assert gate("init", "--workspace", folder, "--workflow").code == 2
    assert list(outside.iterdir()) == []
    assert not (folder / ".gate").exists()
