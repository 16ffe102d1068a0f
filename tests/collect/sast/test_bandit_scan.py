"""bandit on the state machine: the real one, and programs in its place that are broken in every way that was seen."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.collect.bundle import Bundle
from gate.collect.collector import Context
from gate.collect.collectors.sast import SastCollector
from gate.collect.process import SubprocessRunner
from gate.collect.sast.bandit_run import Bandit
from gate.collect.sast.bandit_scan import bandit_canary, identity, scan_files
from gate.collect.sast.python_files import python_files
from gate.collect.scan import Scanner, ScanProblem, Step
from gate.collect.self_test import SelfTests
from gate.collect.tools import SystemToolbox, Tool, Toolbox
from gate.collect.workspace import Workspace
from gate.judge.catalogue import load_catalogue
from gate.judge.policy_file import read_policy
from gate.model.evidence import Collected, Unreadable
from gate.model.verdict import Outcome
from gate.pipeline import judge
from tests.support.fakes import EmptyToolbox, tracked, write

RUNNER = SubprocessRunner()
REAL = SystemToolbox(RUNNER)
BANDIT = f"{sys.executable} -I -m bandit"
SHELL = "import subprocess\nsubprocess.call('x', shell=True)\n"
CLEAN = "x = 1\n"


class Instead(Toolbox):
    """A shell script in bandit's place, which says that it is bandit 1.9.4."""

    def __init__(self, folder: Path, script: str) -> None:
        self._program = folder / "bandit"
        self._program.parent.mkdir(parents=True, exist_ok=True)
        self._program.write_text(f"#!/bin/sh\n{script}\n")
        self._program.chmod(0o755)

    def find(self, name: str) -> Tool:
        return Tool(name, "1.9.4", (str(self._program),)) if name == "bandit" else REAL.find(name)


def scanner(tools: Toolbox = REAL, log: list[str] | None = None) -> Scanner:
    return Scanner(RUNNER, tools, SelfTests(), (log if log is not None else []).append)


def checkout(folder: Path, **files: str) -> Workspace:
    names = {f"{name}.py": text for name, text in (files or {"a": SHELL, "b": CLEAN}).items()}
    write(folder, names)
    return Workspace(folder, tracked=tracked(*names))


def paths(space: Workspace) -> list[str]:
    return [str(space.root / path) for path in space.files()]


METRICS = """printf '{"errors": [], "results": [], "metrics": {'
for file; do case $file in *.py) printf '"%s": {}, ' "$file";; esac; done
printf '"_totals": {}}}'
"""
BROKEN = {
    "absent output": ("exit 0", Step.REPORT, "wrote no report"),
    "absent output, with findings": ("exit 1", Step.REPORT, "wrote no report"),
    "usage error": ("echo 'bandit: no such option' >&2; exit 2", Step.EXIT_CODE, "ended with exit code 2: bandit:"),
    "crash": ("kill -SEGV $$", Step.RAN, "SIGSEGV"),
    "killed": ("kill -KILL $$", Step.RAN, "SIGKILL"),
    "hang": ("exec sleep 60", Step.RAN, "did not end within"),
    "empty report": ("""echo '{"errors": [], "results": [], "metrics": {}}'""", Step.CANARY, "is not trusted"),
    "no text at all": ("printf '\\0\\0\\0'", Step.REPORT, "cannot be read as JSON"),
    "another tool's report": ("echo '{\"version\": \"2.1.0\", \"runs\": []}'", Step.REPORT, "is not bandit's JSON"),
    "half a report": (f'{BANDIT} "$@" | head -c 400; exit 1', Step.REPORT, "cannot be read as JSON"),
    "valid report and 139": (f'{BANDIT} "$@"; exit 139', Step.EXIT_CODE, "ended with exit code 139"),
    "--exit-zero": (f'exec {BANDIT} --exit-zero "$@"', Step.ERRORS, "ended with exit code 0"),
    "says clean of every file": (METRICS, Step.CANARY, "does not find the shell command"),
    "a check is switched off": (f'exec {BANDIT} -s B602 "$@"', Step.CANARY, "does not find the shell command"),
    "looks at nothing": (f"exec {BANDIT} -q -f json /nonexistent", Step.CANARY, "is not trusted"),
    "ignores every # nosec": (f'exec {BANDIT} --ignore-nosec "$@"', Step.CANARY, "does not honour"),
    "looks at its canary only": (
        f'while [ "$1" != -- ]; do shift; done; exec {BANDIT} -q -f json "$2"', Step.COVERED, "looked at none",
    ),
    "looks at something else too": (
        f'echo x=1 > "$TMPDIR/x.py"; exec {BANDIT} "$@" "$TMPDIR/x.py"', Step.ERRORS, "tells of files",
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_bandit_proves_nothing(tmp_path: Path, how: str) -> None:
    script, step, words = BROKEN[how]
    space = checkout(tmp_path / "tree")
    tools = Instead(tmp_path / "bin", script)
    log: list[str] = []
    timeout = 1.0 if how == "hang" else 60.0
    with pytest.raises(ScanProblem, match=words) as caught:
        scan_files(scanner(tools, log), paths(space), timeout=timeout)
    assert caught.value.step is step
    assert len(log) == 1
    assert "bandit 1.9.4 on 2 files: no evidence after" in log[0]
    assert f"step {step}" in log[0]

    run = Bandit(scanner(tools), space, timeout=timeout).run(python_files(space).files)
    assert (run.issues, run.scanned) == ((), ())
    assert set(run.failed) == {"a.py", "b.py"}
    assert run.gaps
    assert words in run.gaps[0].reason


@pytest.mark.parametrize("how", [name for name in BROKEN if name != "hang"])
@pytest.mark.parametrize("files", [{"a": CLEAN, "b": CLEAN}, {"a": SHELL}], ids=["clean", "insecure"])
def test_a_broken_bandit_never_ends_in_pass(tmp_path: Path, how: str, files: dict[str, str]) -> None:
    space = checkout(tmp_path / "tree", **files)
    evidence = SastCollector().collect(Context(space, RUNNER, Instead(tmp_path / "bin", BROKEN[how][0])))
    assert isinstance(evidence, Unreadable)
    policy = read_policy(None, catalogue=load_catalogue(), path=None, profile="strict")
    verdict = judge(policy, Bundle((evidence,), None, None, ""), now=datetime(2026, 1, 1, tzinfo=UTC), only=("sast",))
    outcomes = {item.outcome for item in verdict.criteria if item.evidence_kind == "sast"}
    assert outcomes
    assert Outcome.PASS not in outcomes
    assert not outcomes & {Outcome.NOT_APPLICABLE, Outcome.WAIVED}


def test_a_flood_on_stderr_proves_nothing(tmp_path: Path) -> None:
    # A crashed check is told there alone, and the flood may have washed it away.
    script = f'head -c 300000 /dev/zero | tr "\\0" x >&2; exec {BANDIT} "$@"'
    space = checkout(tmp_path / "tree")
    evidence = SastCollector().collect(Context(space, RUNNER, Instead(tmp_path / "bin", script)))
    assert isinstance(evidence, Unreadable)
    assert "complained more than can be kept" in evidence.reason


def test_an_old_report_proves_nothing(tmp_path: Path) -> None:
    space = checkout(tmp_path / "tree")
    keep = Instead(tmp_path / "bin", f'{BANDIT} "$@" > {tmp_path}/kept; code=$?; cat {tmp_path}/kept; exit $code')
    assert len(scan_files(scanner(keep), paths(space)).report.scanned) == 2
    replay = Instead(tmp_path / "bin", f"cat {tmp_path}/kept; exit 1")
    with pytest.raises(ScanProblem, match="is not trusted") as caught:
        scan_files(scanner(replay), paths(space))
    assert caught.value.step is Step.CANARY


def test_a_bandit_that_cannot_ignore_nosec_hides_no_suppression(tmp_path: Path) -> None:
    # The second run is what finds out what `# nosec` suppresses.
    script = f'for part; do shift; [ "$part" = --ignore-nosec ] || set -- "$@" "$part"; done; exec {BANDIT} "$@"'
    space = checkout(tmp_path / "tree", a="eval('1')  # nosec\n")
    run = Bandit(scanner(Instead(tmp_path / "bin", script)), space).run(python_files(space).files)
    assert (run.scanned, run.failed) == ((), ("a.py",))
    assert [gap.subject for gap in run.gaps] == ["bandit"]
    assert "does not ignore" in run.gaps[0].reason


def test_a_bandit_that_fails_once_is_not_trusted_at_all(tmp_path: Path) -> None:
    # Two shares: the checks are gone in the one that has b.py.
    script = f'case "$*" in *b.py*) exec {BANDIT} -s B602 "$@";; esac; exec {BANDIT} "$@"'
    space = checkout(tmp_path / "tree")
    run = Bandit(scanner(Instead(tmp_path / "bin", script)), space).run(python_files(space).files, jobs=2)
    assert (run.issues, run.scanned, set(run.failed)) == ((), (), {"a.py", "b.py"})


def test_the_canary_is_in_no_result(tmp_path: Path) -> None:
    space = checkout(tmp_path / "tree", a=CLEAN)
    for ignore in (False, True):
        scan = scan_files(scanner(), paths(space), ignore_nosec=ignore)
        assert scan.report.issues == ()
        assert list(scan.report.scanned) == paths(space)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    space = checkout(tmp_path / "tree")
    (tmp_path / "tree/b.py").unlink()
    report = scan_files(scanner(), paths(space)).report
    assert set(report.failed) == {str(tmp_path / "tree/b.py")}


def test_a_missing_file_proves_nothing_alone(tmp_path: Path) -> None:
    report = scan_files(scanner(), [str(tmp_path / "nowhere" / "x.py")]).report
    assert (dict(report.scanned), len(report.failed)) == ({}, 1)


def test_a_folder_is_not_scanned_in_silence(tmp_path: Path) -> None:
    # bandit passes over a folder that it is not told to enter, with exit code 0 and a line on stderr.
    write(tmp_path, {"tree/a.py": SHELL})
    with pytest.raises(ScanProblem, match="looked at none of the files that it was given"):
        scan_files(scanner(), [str(tmp_path / "tree")])


def test_an_absent_bandit(tmp_path: Path) -> None:
    space = checkout(tmp_path / "tree")
    run = Bandit(scanner(EmptyToolbox()), space).run(python_files(space).files)
    assert run.scanned == ()
    assert [(gap.subject, gap.reason) for gap in run.gaps] == [("bandit", "is not installed")]


def test_the_configuration_of_the_target_reaches_no_run(tmp_path: Path) -> None:
    write(tmp_path / "tree", {".bandit": "[bandit]\nskips: B602\nexclude: /\n"})
    space = checkout(tmp_path / "tree")
    evidence = SastCollector().collect(Context(space, RUNNER, REAL))
    assert isinstance(evidence, Collected)
    assert "B602" in {finding.rule for finding in evidence.findings}


def test_the_self_test_alone() -> None:
    canary = bandit_canary(scanner())
    assert (canary.tool, canary.identity) == ("bandit", identity())
    assert canary.test() == "B602, and B307 behind # nosec"
    assert SelfTests().require(canary, REAL.find("bandit")).cached is None


@pytest.mark.parametrize("how", ["says clean of every file", "killed", "empty report", "--exit-zero"])
def test_the_self_test_of_a_broken_bandit(tmp_path: Path, how: str) -> None:
    tools = Instead(tmp_path, BROKEN[how][0])
    with pytest.raises(ScanProblem, match="is not trusted") as caught:
        SelfTests().require(bandit_canary(scanner(tools)), tools.find("bandit"))
    assert caught.value.step is Step.CANARY


def test_the_log_says_what_was_covered(tmp_path: Path) -> None:
    log: list[str] = []
    context = replace(Context(checkout(tmp_path), RUNNER, REAL), log=log.append)
    SastCollector().collect(context)
    told: Sequence[str] = [line for line in log if "covered" in line]
    assert len(told) == 1
    assert "covered 2 files in" in told[0]
    assert told[0].endswith("exit code 1")
