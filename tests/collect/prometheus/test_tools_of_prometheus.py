"""Answers of promtool and amtool that prove nothing, each from a program that passes its own test."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from gate.collect.alertmanager.amtool import check_configs
from gate.collect.process import SubprocessRunner
from gate.collect.prometheus.promtool import check_config, check_rules
from gate.collect.scan import Scanner, ScanProblem, Step
from gate.collect.self_test import SelfTests
from gate.collect.tools import Toolbox
from tests.support.broken_tools import OneTool
from tests.support.prometheus import REAL, needs_amtool, needs_promtool


def scanner(tools: Toolbox) -> Scanner:
    return Scanner(SubprocessRunner(), tools, SelfTests())


def lying(folder: Path, tool: str, body: str) -> Scanner:
    """A scanner with the real tool, whose answers on anything but its own test are changed by `body`."""
    real = REAL.find(tool)
    program = folder / tool
    program.write_text(
        f"#!{sys.executable} -I\nimport subprocess, sys\n"
        f"done = subprocess.run([{str(real.program)!r}, *sys.argv[1:]], capture_output=True, text=True)\n"
        "code, out, err = done.returncode, done.stdout, done.stderr\n"
        "if any('00000' in word or '0002' in word for word in sys.argv):\n"
        + "".join(f"    {line}\n" for line in body.splitlines())
        + "print(out, end='')\nprint(err, end='', file=sys.stderr)\nsys.exit(code)\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return scanner(OneTool(tool, (str(program),)))


GOOD = b'{"groups": [{"name": "a", "rules": [{"alert": "A", "expr": "up == 0"}]}]}'
BAD = b'{"groups": [{"name": "a", "rules": [{"alert": "A", "expr": "up =="}]}]}'


@needs_promtool
@pytest.mark.parametrize(
    ("body", "data", "step"),
    [
        ("out = out.replace('rules-00000', 'rules-00009')", GOOD, Step.COVERED),
        ("code = 1", GOOD, Step.ERRORS),
        ("code = 0", BAD, Step.ERRORS),
        ("err = ''", BAD, Step.ERRORS),
        ("out = out.replace('1 rules', '2 rules')", GOOD, Step.COVERED),
        ("code = 3", GOOD, Step.EXIT_CODE),
        ("out = 'hello'", GOOD, Step.REPORT),
    ],
)
def test_a_promtool_that_contradicts_itself(tmp_path: Path, body: str, data: bytes, step: Step) -> None:
    with pytest.raises(ScanProblem) as caught:
        check_rules(lying(tmp_path, "promtool", body), [(data, 1)])
    assert caught.value.step is step


@needs_promtool
def test_verdicts_come_in_the_order_of_the_copies() -> None:
    _version, verdicts = check_rules(scanner(REAL), [(BAD if number % 7 == 3 else GOOD, 1) for number in range(430)])
    assert [number for number, verdict in enumerate(verdicts) if not verdict.accepted] == list(range(3, 430, 7))
    assert all(verdict.complaints for verdict in verdicts if not verdict.accepted)
    assert check_config(scanner(REAL), b'{"scrape_configs": []}').accepted


@needs_promtool
def test_copies_that_cannot_be_written_prove_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "not there"))
    with pytest.raises(ScanProblem, match="could not be copied"):
        check_rules(scanner(REAL), [(GOOD, 1)])


CONFIG = b'{"route": {"receiver": "a"}, "receivers": [{"name": "a"}]}'


@needs_amtool
@pytest.mark.parametrize(
    ("body", "step"),
    [
        ("out = out.replace('-0002', '-0009')", Step.COVERED),
        ("code = 1", Step.ERRORS),
        ("out = out.replace(' - 1 receivers', '')", Step.COVERED),
        ("out = 'hello'", Step.REPORT),
    ],
)
def test_an_amtool_that_contradicts_itself(tmp_path: Path, body: str, step: Step) -> None:
    with pytest.raises(ScanProblem) as caught:
        check_configs(lying(tmp_path, "amtool", body), [CONFIG] * 3)
    assert caught.value.step is step


@needs_amtool
def test_an_amtool_that_takes_everything_is_not_trusted(tmp_path: Path) -> None:
    program = tmp_path / "amtool"
    program.write_text(
        '#!/bin/sh\nshift\nfor file in "$@"; do '
        "printf \"Checking '%s'  SUCCESS\\nFound:\\n - 1 receivers\\n\" $file; done\n"
    )
    program.chmod(0o755)
    with pytest.raises(ScanProblem, match="self-test"):
        check_configs(scanner(OneTool("amtool", (str(program),))), [CONFIG])
