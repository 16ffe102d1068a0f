"""Finding tools: only where the gate looks, only what says who it is, never a release that is known to be malicious."""

from __future__ import annotations

import os
import re
import shutil
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gate.collect.cache import Cached
from gate.collect.folder_cache import FolderCache
from gate.collect.process import Completed, SubprocessRunner, ToolProblem
from gate.collect.tools import DIRECTORIES, KNOWN_TOOLS, SystemToolbox

PROGRAMS = Path(__file__).parents[2] / ".venv" / "tools.d"


def program(folder: Path, name: str, says: str, exit_code: int = 0) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho run >> {folder}/{name}.log\ncat <<'END'\n{says}\nEND\nexit {exit_code}\n")
    path.chmod(0o755)
    return path


def test_the_tools_of_the_gates_own_environment_are_modules_of_its_interpreter() -> None:
    tools = SystemToolbox(SubprocessRunner())
    bandit, audit = tools.find("bandit"), tools.find("pip-audit")
    assert bandit.command == (sys.executable, "-I", "-m", "bandit")
    assert audit.command == (sys.executable, "-I", "-m", "pip_audit")
    for tool in (bandit, audit):
        done = SubprocessRunner().run(tool.program, tool.arguments("--version"), cwd=Path("/"))
        assert tool.version in done.stdout.decode()


def test_git_is_found_and_says_its_version() -> None:
    git = SystemToolbox(SubprocessRunner()).find("git")
    assert git.program.is_absolute()
    assert git.version.split(".")[0].isdigit()


def test_a_shim_on_the_path_or_in_the_working_directory_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = program(tmp_path, "helm", "v9.9.9")
    monkeypatch.setattr("gate.collect.tools.DIRECTORIES", ())
    monkeypatch.setenv("PATH", f"{tmp_path}:.:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ToolProblem) as caught:
        SystemToolbox(SubprocessRunner(), [Path(), Path("relative")]).find("helm")
    assert caught.value.reason.startswith("is not installed (looked in ")
    assert not Path(f"{shim}.log").exists()


def test_a_module_in_the_working_directory_is_not_the_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bandit.py").write_text("print('hijacked')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    tool = SystemToolbox(SubprocessRunner()).find("bandit")
    done = SubprocessRunner().run(tool.program, tool.arguments("--version"), cwd=tmp_path)
    assert b"hijacked" not in done.stdout


def test_a_given_folder_comes_first_and_is_asked_once(tmp_path: Path) -> None:
    path = program(tmp_path, "gitleaks", "8.30.1")
    tools = SystemToolbox(SubprocessRunner(), [tmp_path])
    threads = [threading.Thread(target=lambda: tools.find("gitleaks")) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = tools.find("gitleaks")
    assert (found.version, found.command) == ("8.30.1", (str(path),))
    assert Path(f"{path}.log").read_text().count("run") == 1


class Counting(SubprocessRunner):
    """Counts how often a program is asked for its version."""

    runs = 0

    def run(self, *arguments: Any, **options: Any) -> Completed:
        self.runs += 1
        return super().run(*arguments, **options)


def cache(folder: Path) -> FolderCache:
    return FolderCache(folder, "", lambda: datetime(2026, 11, 20, tzinfo=UTC))


def test_a_binary_is_asked_once_and_again_when_it_is_another_one(tmp_path: Path) -> None:
    git = SystemToolbox(SubprocessRunner()).find("git")
    binary = tmp_path / "bin/git"
    binary.parent.mkdir()
    shutil.copy(git.program, binary)
    runner = Counting()
    for asked in (1, 1, 2):
        if asked == 2:
            with binary.open("ab") as file:
                file.write(b"\0")
        kept = cache(tmp_path / "c")
        found = SystemToolbox(runner, [binary.parent], kept).find("git")
        kept.save()
        assert (found.version, found.program, runner.runs) == (git.version, binary, asked)


def test_a_script_is_asked_every_time(tmp_path: Path) -> None:
    # It may start another program tomorrow.
    path = program(tmp_path, "gitleaks", "8.30.1")
    for _ in range(2):
        kept = cache(tmp_path / "c")
        assert SystemToolbox(SubprocessRunner(), [tmp_path], kept).find("gitleaks").version == "8.30.1"
        kept.save()
    assert Path(f"{path}.log").read_text().count("run") == 2


def test_a_refused_version_stays_refused_from_the_cache(tmp_path: Path) -> None:
    class Lying(FolderCache):
        def get(self, space: str, key: Sequence[str]) -> Cached | None:
            return Cached("0.69.4", "2026-11-20")

    (tmp_path / "trivy").write_bytes(b"\x7fELF")
    (tmp_path / "trivy").chmod(0o755)
    lying = Lying(tmp_path / "c", "", lambda: datetime(2026, 11, 20, tzinfo=UTC))
    with pytest.raises(ToolProblem, match="is refused"):
        SystemToolbox(SubprocessRunner(), [tmp_path], lying).find("trivy")


@pytest.mark.parametrize("version", ["0.69.4", "0.69.5", "0.69.6"])
def test_malicious_releases_of_trivy_are_refused_by_name(tmp_path: Path, version: str) -> None:
    program(tmp_path, "trivy", f"Version: {version}")
    with pytest.raises(ToolProblem, match=rf"trivy {version} is refused: it is a malicious release.*GHSA"):
        SystemToolbox(SubprocessRunner(), [tmp_path]).find("trivy")


@pytest.mark.parametrize("version", ["0.69.3", "0.70.0"])
def test_other_releases_of_trivy_are_taken(tmp_path: Path, version: str) -> None:
    program(tmp_path, "trivy", f"Version: {version}")
    assert SystemToolbox(SubprocessRunner(), [tmp_path]).find("trivy").version == version


@pytest.mark.parametrize(
    ("says", "exit_code", "reason"),
    [("hello", 0, "does not say which version"), ("8.1.1", 7, "ended with exit code 7"), ("", 0, "does not say")],
)
def test_a_tool_that_does_not_answer_is_no_tool(tmp_path: Path, says: str, exit_code: int, reason: str) -> None:
    program(tmp_path, "gitleaks", says, exit_code)
    tools = SystemToolbox(SubprocessRunner(), [tmp_path])
    for _ in range(2):
        with pytest.raises(ToolProblem, match=reason):
            tools.find("gitleaks")


def test_a_file_that_is_not_a_program_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.collect.tools.DIRECTORIES", ())
    (tmp_path / "helm").write_text("#!/bin/sh\necho v1.2.3\n")
    (tmp_path / "amtool").mkdir()
    tools = SystemToolbox(SubprocessRunner(), [tmp_path])
    for name in ("helm", "amtool"):
        with pytest.raises(ToolProblem, match="is not installed"):
            tools.find(name)


@pytest.mark.parametrize("name", ["amtool", "gitleaks", "hadolint", "helm", "kubectl", "promtool", "trivy", "zizmor"])
def test_the_real_program_says_its_version(name: str) -> None:
    """Asked as the gate asks, it names the number that stands in what it says of itself without our arguments."""
    tools = SystemToolbox(SubprocessRunner(), [PROGRAMS])
    try:
        found = tools.find(name)
    except ToolProblem as problem:
        if "is not installed" in problem.reason and os.environ.get("CI") is None:
            pytest.skip(f"{name} {problem.reason}")
        raise
    assert re.fullmatch(r"\d+\.\d+\.\d+", found.version)
    arguments = {"kubectl": ["version", "--client"], "helm": ["version"], "gitleaks": ["version"]}
    done = SubprocessRunner().run(found.program, arguments.get(name, ["--version"]), cwd=Path("/"))
    first_line = (done.stdout or done.stderr.encode()).decode().splitlines()[0]
    assert found.version in first_line


@pytest.mark.parametrize(
    ("name", "says", "version"),
    [
        (
            "amtool",
            "amtool, version 0.25.0 (branch: debian/sid, revision: 0.25.0-1+b4)\n  go version: go1.19.8",
            "0.25.0",
        ),
        ("helm", "v3.17.1+g980d8ac", "3.17.1"),
        ("helm", "WARNING: a file is group-readable: /h/1.2.3.4\nv4.1.4+g05fa379", "4.1.4"),
        ("kubectl", '{"clientVersion": {\n"goVersion": "go1.24.13",\n"gitVersion": "v1.33.9"}}', "1.33.9"),
        ("kubectl", '{"clientVersion": {"gitVersion": "v1.32.4-dispatcher"}, "kustomizeVersion": "v5.5.0"}', "1.32.4"),
        ("promtool", "promtool, version 2.42.0+ds (branch: debian/sid)\n  go version: go1.19.8", "2.42.0"),
        (
            "promtool",
            "promtool, version 3.5.0 (branch: HEAD, revision: 8be3a9560fbdd18a94dedec4b747c35178177202)",
            "3.5.0",
        ),
        ("zizmor", "zizmor 1.32.0", "1.32.0"),
    ],
)
def test_the_version_is_the_programs_own(tmp_path: Path, name: str, says: str, version: str) -> None:
    program(tmp_path, name, says)
    assert SystemToolbox(SubprocessRunner(), [tmp_path]).find(name).version == version


def test_an_unknown_tool_is_said_to_be_one() -> None:
    with pytest.raises(ToolProblem, match="is no tool that the gate knows"):
        SystemToolbox(SubprocessRunner()).find("curl")


def test_the_table_says_what_each_tool_is_for() -> None:
    assert len({tool.name for tool in KNOWN_TOOLS}) == len(KNOWN_TOOLS)
    assert all(tool.purpose and tool.without and tool.kinds for tool in KNOWN_TOOLS)
    assert all(folder.is_absolute() for folder in DIRECTORIES)
