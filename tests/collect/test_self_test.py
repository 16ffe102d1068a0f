"""Self-tests are run once, kept when they passed, and never when they did not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.collect.folder_cache import FolderCache
from gate.collect.scan_problem import ScanProblem, Step
from gate.collect.self_test import Canary, SelfTests
from gate.collect.tools import Tool

TOOL = Tool("mole", "1.0", ("/usr/bin/mole",))


class Test:
    """Counts how often it is run."""

    __test__ = False

    def __init__(self, *, blind: bool = False) -> None:
        self.runs = 0
        self._blind = blind

    def __call__(self) -> str:
        self.runs += 1
        if self._blind:
            raise ScanProblem("mole", "found nothing", Step.COVERED)
        return "the hill"


def cache(folder: Path) -> FolderCache:
    return FolderCache(folder, "run 1", lambda: datetime(2026, 11, 20, tzinfo=UTC))


def canary(test: Test, identity: str = "a") -> Canary:
    return Canary("mole", "a hill", identity, test)


def test_a_result_is_kept_for_the_next_run(tmp_path: Path) -> None:
    test = Test()
    first = cache(tmp_path)
    for _ in range(2):
        assert SelfTests(first).require(canary(test), TOOL).found == "the hill"
    first.save()
    later = SelfTests(cache(tmp_path)).require(canary(test), TOOL)
    assert (later.found, later.cached) == ("the hill", "2026-11-20 (run 1)")
    assert test.runs == 1


@pytest.mark.parametrize(
    ("tool", "identity"),
    [(TOOL, "b"), (Tool("mole", "1.1", TOOL.command), "a"), (Tool("vole", "1.0", TOOL.command), "a")],
)
def test_another_tool_version_or_canary_is_another_test(tmp_path: Path, tool: Tool, identity: str) -> None:
    test = Test()
    first = cache(tmp_path)
    SelfTests(first).require(canary(test), TOOL)
    first.save()
    SelfTests(cache(tmp_path)).require(canary(test, identity), tool)
    assert test.runs == 2


def test_a_failure_is_never_kept(tmp_path: Path) -> None:
    kept = cache(tmp_path / "c")
    with pytest.raises(ScanProblem, match="does not find a hill"):
        SelfTests(kept).require(canary(Test(blind=True)), TOOL)
    kept.save()
    assert not (tmp_path / "c").exists()


def test_a_run_with_the_canary_in_it_is_a_self_test(tmp_path: Path) -> None:
    test = Test()
    first = cache(tmp_path)
    tests = SelfTests(first)
    tests.passed(canary(test), TOOL, "beside 500 files")
    assert tests.require(canary(test), TOOL).found == "beside 500 files"
    first.save()
    assert SelfTests(cache(tmp_path)).require(canary(test), TOOL).cached
    assert test.runs == 0


def test_a_failure_is_not_forgotten(tmp_path: Path) -> None:
    tests = SelfTests(cache(tmp_path / "c"))
    with pytest.raises(ScanProblem):
        tests.require(canary(Test(blind=True)), TOOL)
    tests.passed(canary(Test()), TOOL, "later")
    with pytest.raises(ScanProblem):
        tests.require(canary(Test()), TOOL)
