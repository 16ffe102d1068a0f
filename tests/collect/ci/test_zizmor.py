"""The real zizmor on copies, and broken ones in its place."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from gate.collect.cache import NO_CACHE, Cache
from gate.collect.ci.facts import finding_facts
from gate.collect.ci.zizmor_run import Audited, audit
from gate.collect.ci.zizmor_scan import scan_workflows, zizmor_canary
from gate.collect.folder_cache import FolderCache
from gate.collect.process import SubprocessRunner
from gate.collect.scan import Scanner, ScanProblem, Step
from gate.collect.self_test import SelfTests
from gate.collect.tools import SystemToolbox, Toolbox
from tests.support.broken_tools import BROKEN, OneTool, install

RUNNER = SubprocessRunner()
GOOD = b"on: push\npermissions: {}\njobs: {a: {runs-on: x, steps: [{run: a}]}}\n"
HOLE = (
    b"on: issues\npermissions: {}\njobs:\n  a:\n    runs-on: x\n    steps:\n"
    b'      - run: echo "${{ github.event.issue.title }}"\n'
    b'      - run: echo "${{ github.event.issue.body }}" # zizmor: ignore[template-injection]\n'
)
NO_SCHEMA = b"on: push\njobs: {a: {runs-on: x, stepz: 5}}\n"


def file(path: str, data: bytes, sort: str = "workflow") -> Audited:
    return Audited(path, sort, data, sha256(data).hexdigest())


def scanner(toolbox: Toolbox | None = None) -> Scanner:
    return Scanner(RUNNER, toolbox or SystemToolbox(RUNNER), SelfTests())


def run(*files: Audited, cache: Cache = NO_CACHE, ignores: bool = True, persona: str = "regular"):  # type: ignore[no-untyped-def]
    return audit(scanner(), cache, files, persona=persona, ignores=ignores)


def test_the_canary_is_found() -> None:
    assert zizmor_canary(scanner()).test() == "template-injection, and the same behind a comment"


def test_findings_stand_where_they_are_and_comments_are_counted() -> None:
    found = run(file(".github/workflows/a.yml", HOLE), file(".github/workflows/b.yml", GOOD))
    assert found.gaps == []
    assert [(each.path, each.line, each.rule, each.severity, each.suppressed) for each in found.findings] == [
        (".github/workflows/a.yml", 7, "zizmor.template-injection", "high", False),
        (".github/workflows/a.yml", 8, "zizmor.template-injection", "high", True),
    ]
    facts = finding_facts(found.findings, found.audited)
    assert (facts["audited"], facts["suppressed"]) == (2, 1)
    assert facts["findings"] == {"critical": 0, "high": 1, "medium": 0, "low": 0, "unknown": 0}
    counted = run(file(".github/workflows/a.yml", HOLE), ignores=False)
    again = finding_facts(counted.findings, counted.audited)
    assert (again["suppressed"], again["by_rule"]) == (1, {**facts["by_rule"], "template-injection": 2})  # type: ignore[dict-item]


def test_t15_fingerprints_are_of_the_line_and_its_place_in_no_file_but_one() -> None:
    (one, two) = run(file(".github/workflows/a.yml", HOLE)).findings
    (moved, _) = run(file(".github/workflows/a.yml", b"# moved\n" + HOLE)).findings
    (other, _) = run(file(".github/workflows/b.yml", HOLE)).findings
    (worse, _) = run(file(".github/workflows/a.yml", HOLE.replace(b"run: echo", b"run: eval", 1))).findings
    assert (moved.line, moved.fingerprint) == (8, one.fingerprint)
    assert len({each.fingerprint for each in (one, two, other, worse)}) == 4
    assert all(len(each.fingerprint) == 64 for each in (one, two))


def test_what_zizmor_does_not_look_at_is_a_gap() -> None:
    found = run(file("a.yml", NO_SCHEMA), file("b.yml", GOOD), file("c.yml", b"on: [\n"))
    assert list(found.audited) == ["b.yml"]
    assert [gap.path for gap in found.gaps] == ["a.yml", "c.yml"]
    assert "did not look at it" in found.gaps[0].reason


def test_actions_and_dependabot_are_audited_as_what_they_are() -> None:
    action = b"name: a\ndescription: a\nruns: {using: composite, steps: [{uses: a/b@v1}]}\n"
    updates = b"version: 2\nupdates: [{package-ecosystem: pip, directory: /, schedule: {interval: daily}}]\n"
    found = run(file("x/action.yml", action, "action"), file(".github/dependabot.yml", updates, "updates"))
    assert found.gaps == []
    assert {each.path for each in found.findings} == {"x/action.yml", ".github/dependabot.yml"}


def test_a_result_is_kept_under_the_bytes_of_the_file(tmp_path: Path) -> None:
    cache = FolderCache(
        tmp_path / "cache", origin="2026-11-20 (run 12)", now=lambda: datetime(2026, 11, 20, tzinfo=UTC)
    )
    first = run(file("a.yml", HOLE), cache=cache)
    cache.save()
    again = run(file("moved.yml", HOLE), file("b.yml", GOOD), cache=cache)
    assert not first.cached
    assert again.cached.startswith("1 from the cache of 2026-11-20")
    assert [(each.path, each.line) for each in again.findings] == [("moved.yml", 7), ("moved.yml", 8)]
    assert not run(file("a.yml", HOLE), cache=cache, persona="pedantic").cached


@pytest.mark.parametrize("does", sorted(set(BROKEN) - {"hangs"}))
def test_a_broken_zizmor_proves_nothing(tmp_path: Path, does: str) -> None:
    program = install(tmp_path, "zizmor", does, report="[]")
    broken = scanner(OneTool("zizmor", (sys.executable, str(program))))
    found = audit(broken, NO_CACHE, [file("a.yml", GOOD)], persona="regular", ignores=True)
    assert found.audited == {}
    assert found.gaps
    with pytest.raises(ScanProblem):
        scan_workflows(broken, {".github/workflows/w.yml": GOOD}, timeout=20)


def test_a_zizmor_that_says_clean_fails_its_self_test(tmp_path: Path) -> None:
    program = install(tmp_path, "zizmor", "ends with an unknown code", report="[]")
    program.write_text(program.read_text().replace("sys.exit(77)", "sys.exit(14)"))
    with pytest.raises(ScanProblem) as caught:
        scan_workflows(scanner(OneTool("zizmor", (sys.executable, str(program)))), {})
    assert caught.value.step is Step.CANARY


def test_without_zizmor_there_is_one_gap(tmp_path: Path) -> None:
    absent = OneTool("other", (str(tmp_path),))
    found = audit(scanner(absent), NO_CACHE, [file("a.yml", GOOD)], persona="regular", ignores=True)
    assert [gap.subject for gap in found.gaps] == ["zizmor"]
