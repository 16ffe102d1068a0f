"""Small repositories as developers leave them, with the reports of a run beside them, and the gate called on them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gate.cli import main
from tests.support.fakes import write
from tests.support.repositories import commit, git, make_repository

Document = dict[str, Any]

WORDS = " ".join(["The ledger of payments: what it keeps, who reads it and what to do when it is late."] * 8)
PYTHON = "def double(amount: int) -> int:\n    if amount < 0:\n        return 0\n    return amount * 2\n"
TESTS = "from ledger.money import double\n\n\ndef test_double():\n    assert double(2) == 4\n"
POLICY = """version: 1
name: Ledger
extends: baseline
evidence:
  tests: {reports: [out/junit.xml], suites: {unit: "tests/**"}}
  coverage: {reports: [out/coverage.xml], paths: ["ledger/**"]}
  dependencies: {audit: false, reports: [out/audit.json]}
criteria:
  docs.readme-links: {level: must}
  secrets.none: {enabled: false, reason: not every machine that runs these tests has gitleaks}
  config.production-logging:
    title: Production does not log at DEBUG
    category: configuration
    level: must
    evidence: files
    select: {path: config/production.yaml}
    require: {type: object, properties: {log_level: {enum: [INFO, WARNING]}}, required: [log_level]}
"""
TRACKED: dict[str, str] = {
    ".gate/policy.yml": POLICY,
    ".gitignore": "/out/\n/.gate-reports/\n",
    "LICENSE": f"Apache License, Version 2.0\n\n{WORDS}\n",
    "README.md": f"# Ledger\n\n{WORDS}\n\nSee [the settings](config/production.yaml).\n",
    "config/production.yaml": "log_level: INFO\n",
    "ledger/__init__.py": "",
    "ledger/money.py": PYTHON,
    "requirements.txt": "idna==3.15\n",
    "tests/test_money.py": TESTS,
}
JUNIT = """<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" tests="2" errors="0" failures="0" skipped="0" time="0.25">
<testcase classname="tests.test_money" name="test_double" file="tests/test_money.py" line="3" time="0.2"/>
<testcase classname="tests.test_money" name="test_zero" file="tests/test_money.py" line="7" time="0.05"/>
</testsuite></testsuites>
"""
COVERAGE = """<?xml version="1.0" ?>
<coverage version="7.10" timestamp="1760000000000" lines-valid="4" lines-covered="4" line-rate="1"
 branches-valid="2" branches-covered="2" branch-rate="1" complexity="0"><sources><source>.</source></sources>
<packages><package name="." line-rate="1" branch-rate="1" complexity="0"><classes>
<class name="money.py" filename="ledger/money.py" complexity="0" line-rate="1" branch-rate="1"><methods/><lines>
<line number="1" hits="1"/><line number="2" hits="1" branch="true" condition-coverage="100% (2/2)"/>
<line number="3" hits="1"/><line number="4" hits="1"/></lines></class></classes></package></packages></coverage>
"""
AUDIT = json.dumps({"dependencies": [{"name": "idna", "version": "3.15", "vulns": []}], "fixes": []})
REPORTS: dict[str, str] = {"out/junit.xml": JUNIT, "out/coverage.xml": COVERAGE, "out/audit.json": AUDIT}


def ledger(folder: Path, **changed: str | None) -> Path:
    """Make a healthy repository with its reports, and return its folder.

    `changed` replaces tracked files by name (`policy` stands for the policy); None leaves a file out.
    """
    files: dict[str, str | None] = {**TRACKED}
    for name, text in changed.items():
        files[".gate/policy.yml" if name == "policy" else name] = text
    make_repository(folder)
    write(folder, {name: text for name, text in files.items() if text is not None})
    commit(folder)
    write(folder, REPORTS)
    return folder


def save(folder: Path) -> str:
    """Commit what changed, but nothing that is ignored, and return the id."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "change")
    return git(folder, "rev-parse", "HEAD").strip()


@dataclass(frozen=True)
class Said:
    """What a call of the gate returned and wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Document:
        """What stands on stdout, as a document."""
        document = json.loads(self.out)
        assert isinstance(document, dict)
        return document

    def outcomes(self) -> dict[str, str]:
        """Every criterion's outcome."""
        return {item["id"]: item["outcome"] for item in self.json["criteria"]}

    def criterion(self, id_: str) -> Document:
        """What the verdict says of one criterion."""
        return next(item for item in self.json["criteria"] if item["id"] == id_)

    def evidence(self, kind: str) -> Document:
        """The entry of one kind."""
        return next(item for item in self.json["evidence"] if item["kind"] == kind)

    def gaps(self, kind: str) -> list[str]:
        """The gaps of one kind, each as "SUBJECT: REASON"."""
        return [f"{gap['subject']}: {gap['reason']}" for gap in self.evidence(kind)["gaps"]]


class Gate:
    """The command line, in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str | Path) -> Said:
        """Call it, and return what it said."""
        self._capsys.readouterr()
        code = main([str(item) for item in arguments])
        out, err = self._capsys.readouterr()
        return Said(code, out, err)

    def run(self, workspace: Path, *arguments: str | Path) -> Said:
        """`gate run --no-publish --format json` on a workspace."""
        return self("run", "--no-publish", "--workspace", workspace, "--format", "json", *arguments)

    def collect(self, workspace: Path, kind: str, *arguments: str | Path) -> Said:
        """`gate collect --format json` of one kind on a workspace."""
        return self("collect", "--workspace", workspace, "--only", kind, "--format", "json", *arguments)
