"""`gate doctor --self-test`: a scanner that does not find what was planted for it is told, loudly."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.collect.known_tools import KNOWN_TOOLS, TOOLS_BY_NAME
from gate.collect.process import SubprocessRunner, ToolProblem
from gate.collect.tools import SystemToolbox, Tool, Toolbox
from gate.commands import wiring
from gate.commands.doctor import table
from gate.commands.self_tests import SELF_TESTS, SelfTested, run_self_tests
from gate.pipeline import Machine, Progress, Silent
from tests.support.repos import Gate
from tests.support.trivy import database

RUNNER = SubprocessRunner()
TOOLS = Path(__file__).parents[2] / ".venv" / "tools.d"
BANDIT = f"{sys.executable} -I -m bandit"
BLIND = 'printf \'{"errors": [], "results": [], "metrics": {}}\''


class Only(Toolbox):
    """A machine with a bandit that is a shell script, and nothing else."""

    def __init__(self, folder: Path, script: str | None = None) -> None:
        self._tool = SystemToolbox(RUNNER).find("bandit")
        if script is not None:
            program = folder / "bandit"
            program.write_text(f"#!/bin/sh\n{script}\n")
            program.chmod(0o755)
            self._tool = Tool("bandit", "1.9.4", (str(program),))

    def find(self, name: str) -> Tool:
        if name != "bandit":
            raise ToolProblem(name, "is not installed (looked in /a, /b)")
        return self._tool


def machine(tools: Toolbox) -> Machine:
    return Machine(RUNNER, tools, Silent(), lambda: datetime.now(UTC))


def doctor(gate: Gate, monkeypatch: pytest.MonkeyPatch, tools: Toolbox, *options: str) -> tuple[int, str, str]:
    def made(_progress: Progress | None = None, _workspace: Path = Path()) -> Machine:
        return machine(tools)

    monkeypatch.setattr(wiring, "machine", made)
    said = gate("doctor", "--self-test", *options)
    return said.code, said.out, said.err


def test_a_scanner_that_sees(gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = doctor(gate, monkeypatch, Only(tmp_path))
    assert (code, err) == (0, "")
    (line,) = [line for line in out.splitlines() if line.startswith("✓")]
    assert line.split()[:2] == ["✓", "bandit"]
    assert line.endswith("1  found B602, and B307 behind # nosec")
    assert " s " in line
    assert "– trivy" in out
    assert "looked in" not in out
    assert out.endswith("1 of 1 scanners find what was planted for them.\n")
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("script", "exit_code", "words"),
    [
        (BLIND, 0, "does not find"),
        ("exit 0", 0, "wrote no report"),
        ("kill -SEGV $$", None, "SIGSEGV"),
        (f'{BANDIT} "$@"; exit 139', 139, "exit code 139"),
        (f'{BANDIT} --exit-zero "$@"', 0, "exit code 0"),
    ],
)
def test_a_blind_scanner_ends_in_exit_code_3(
    gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, exit_code: int | None, words: str
) -> None:
    code, out, err = doctor(gate, monkeypatch, Only(tmp_path, script))
    assert code == 3
    assert "The self-test of bandit failed, so nothing that it says counts" in err
    assert words in " ".join(out.split())
    assert "0 of 1 scanners find" in out
    assert max(map(len, out.splitlines())) <= 80
    code, out, _ = doctor(gate, monkeypatch, Only(tmp_path, script), "--format", "json")
    rows = {row["name"]: row for row in json.loads(out)}
    assert code == 3
    assert list(rows) == [known.name for known in KNOWN_TOOLS]
    bandit = rows["bandit"]
    assert (bandit["version"], bandit["state"], bandit["exit_code"]) == ("1.9.4", "failed", exit_code)
    assert words in bandit["told"]
    assert bandit["seconds"] > 0
    trivy = rows["trivy"]
    assert (trivy["version"], trivy["state"], trivy["told"]) == (None, "absent", "is not installed")
    assert (trivy["seconds"], trivy["exit_code"]) == (0, None)


def test_nothing_comes_from_a_cache_and_each_run_is_a_run(tmp_path: Path) -> None:
    for script, state in ((f'exec {BANDIT} "$@"', "passed"), (BLIND, "failed")):
        tested = run_self_tests(machine(Only(tmp_path, script)), [TOOLS_BY_NAME["bandit"]])
        assert [item.state for item in tested] == [state]


def test_a_tool_without_a_self_test_is_told() -> None:
    (git,) = run_self_tests(machine(SystemToolbox(RUNNER)), [TOOLS_BY_NAME["git"]])
    assert (git.state, git.told) == ("none", "has no self-test")
    assert git.version


@pytest.mark.skipif(not (TOOLS / "gitleaks").exists(), reason="gitleaks is not installed; `make test` installs it")
def test_gitleaks() -> None:
    (tested,) = run_self_tests(machine(SystemToolbox(RUNNER, [TOOLS])), [TOOLS_BY_NAME["gitleaks"]])
    assert (tested.state, tested.exit_code) == ("passed", 42), tested
    assert "ghp_" not in tested.told


@pytest.mark.skipif(not (TOOLS / "trivy").exists(), reason="trivy is not installed; `make test` installs it")
def test_trivy_without_a_database_is_blind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.collect.trivy.trivy_database.BAKED", tmp_path / "baked")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tested,) = run_self_tests(machine(SystemToolbox(RUNNER, [TOOLS])), [TOOLS_BY_NAME["trivy"]])
    assert (tested.state, tested.exit_code) == ("failed", None)
    assert "no vulnerability database" in tested.told


@pytest.mark.skipif(not (TOOLS / "trivy").exists(), reason="trivy is not installed; `make test` installs it")
def test_trivy_finds_what_is_planted_in_an_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.collect.trivy.trivy_database.BAKED", database(tmp_path))
    (tested,) = run_self_tests(machine(SystemToolbox(RUNNER, [TOOLS])), [TOOLS_BY_NAME["trivy"]])
    assert tested.state == "passed", tested
    assert tested.told.startswith(
        "found 3 of 3 planted vulnerabilities of a planted image and of a planted SBOM, with the database of 2025-01-01"
    )


def test_every_self_test_is_of_a_known_tool() -> None:
    assert set(SELF_TESTS) <= set(TOOLS_BY_NAME)
    assert set(TOOLS_BY_NAME) - set(SELF_TESTS) == {"git"}


def test_what_a_tool_says_cannot_break_the_table() -> None:
    shown = table(
        [SelfTested("a" * 12, "1.2.3", "failed", "x\n::error::y\x1b[31m " + "word " * 60 + "z" * 200, 12.5, 255)]
    )
    assert max(map(len, shown.splitlines())) <= 80
    assert "\x1b" not in shown
    assert not any(line.startswith("::") for line in shown.splitlines())
