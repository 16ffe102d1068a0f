"""Workflows, judged by the whole program."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.collect.process import ToolProblem
from gate.collect.tools import SystemToolbox, Tool
from tests.support.fakes import write
from tests.support.repos import Gate, ledger, save

DATA = Path(__file__).parents[1] / "collect" / "ci" / "data"
# fmt: off
IDS = [
    "jobs-can-run", "tests-run", "tests-blocking", "scanners", "scanners-blocking", "actions-pinned",
    "no-branch-actions", "permissions", "no-write-all", "no-injection", "no-pull-request-target-checkout",
    "no-high-findings", "no-swallowed-failures", "no-continue-on-error", "timeouts", "concurrency", "rollback-job",
    "environments", "dependency-updates",
]
# fmt: on
POLICY = "version: 1\nextends: baseline\ncriteria:\n" + "".join(f"  ci.{name}: {{level: should}}\n" for name in IDS)


def repository(folder: Path, name: str) -> Path:
    root = ledger(folder, policy=POLICY)
    source = DATA / name
    write(root, {f".github/{file.relative_to(source)}": file.read_bytes() for file in source.rglob("*.yml")})
    save(root)
    return root


@pytest.mark.parametrize(("name", "outcome"), [("good_github", "pass"), ("bad_github", "fail")])
def test_pipelines(gate: Gate, tmp_path: Path, name: str, outcome: str) -> None:
    said = gate.run(repository(tmp_path / "tree", name), "--only", "ci")
    outcomes = {id_: found for id_, found in said.outcomes().items() if id_.startswith("ci.")}
    expected = dict.fromkeys((f"ci.{each}" for each in IDS), outcome)
    if outcome == "fail":
        # The only job with tests never runs, so nothing can be asked of it.
        expected["ci.tests-blocking"] = "not_applicable"
    assert outcomes == expected


def test_reasons_name_the_job_with_its_line(gate: Gate, tmp_path: Path) -> None:
    said = gate.run(repository(tmp_path / "tree", "bad_github"), "--only", "ci")
    assert "job test (.github/workflows/ci.yml:7) can never run" in said.criterion("ci.jobs-can-run")["reason"]
    assert "action example/setup@main (.github/workflows/ci.yml:20)" in said.criterion("ci.actions-pinned")["reason"]


def test_a_workflow_that_cannot_be_read_leaves_no_pass(gate: Gate, tmp_path: Path) -> None:
    root = repository(tmp_path / "tree", "good_github")
    write(root, {".github/workflows/broken.yml": "on: push\njobs: [\n"})
    save(root)
    said = gate.run(root, "--only", "ci")
    assert {found for id_, found in said.outcomes().items() if id_.startswith("ci.")} == {"no_evidence"}
    assert any("broken.yml" in gap for gap in said.gaps("ci"))


def test_without_zizmor_there_is_no_evidence_on_findings_and_only_on_these(
    gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = SystemToolbox.find

    def without(toolbox: SystemToolbox, name: str) -> Tool:
        if name == "zizmor":
            raise ToolProblem(name, "is not installed")
        return whole(toolbox, name)

    monkeypatch.setattr(SystemToolbox, "find", without)
    outcomes = gate.run(repository(tmp_path / "tree", "good_github"), "--only", "ci").outcomes()
    unknown = {id_ for id_, found in outcomes.items() if id_.startswith("ci.") and found == "no_evidence"}
    assert unknown == {"ci.no-injection", "ci.no-high-findings"}
    assert outcomes["ci.tests-run"] == outcomes["ci.no-pull-request-target-checkout"] == "pass"
