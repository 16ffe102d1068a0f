"""The state machine: a run proves something only when every step is taken."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from gate.collect.cache import Cache, Cached
from gate.collect.process import Completed, SubprocessRunner, ToolProblem
from gate.collect.readers.errors import ReportError
from gate.collect.scan import NotCovered, Scan, Scanner, ScanProblem, Step, ToolErrors
from gate.collect.self_test import Canary, SelfTests
from gate.collect.tools import Tool, Toolbox
from gate.model.json import Json
from tests.support.broken_tools import BROKEN, OneTool, install
from tests.support.fakes import EmptyToolbox

WHOLE = {"files": 3, "findings": ["x"], "errors": []}


def read(data: bytes) -> dict[str, Json]:
    try:
        document = json.loads(data, parse_constant=lambda name: pytest.fail(name))
    except ValueError:
        raise ReportError("is not JSON") from None
    except BaseException as error:
        raise ReportError("holds no number") from error
    if not isinstance(document, dict) or set(document) != set(WHOLE):
        raise ReportError("has not the members of a report")
    return document


def check(report: dict[str, Json], completed: Completed) -> str:
    if report["errors"]:
        raise ToolErrors("tells of errors")
    if not report["files"]:
        raise NotCovered("looked at no file")
    if bool(report["findings"]) != (completed.exit_code == 1):
        raise ToolErrors("contradicts itself")
    return f"{report['files']} files"


SCAN = Scan("scanner", (), read, check, frozenset({0, 1}), canary=None, timeout=2.0, max_report=1_000_000)


def script(text: str) -> OneTool:
    return OneTool("scanner", (sys.executable, "-c", text))


def scanner(tools: Toolbox, log: Callable[[str], None] = lambda _line: None, cache: Cache | None = None) -> Scanner:
    return Scanner(SubprocessRunner(), tools, SelfTests(cache) if cache else SelfTests(), log)


def says(report: object, exit_code: int = 1) -> OneTool:
    return script(f"import sys; print({json.dumps(report)!r}); sys.stdout.flush(); sys.exit({exit_code})")


def step_of(tools: Toolbox, scan: Scan[dict[str, Json]] = SCAN) -> Step:
    with pytest.raises(ScanProblem) as caught:
        scanner(tools).run(scan)
    assert str(caught.value).startswith("scanner ")
    return caught.value.step


def test_a_whole_run_is_evidence_and_is_logged_with_what_it_cost() -> None:
    lines: list[str] = []
    done = scanner(says(WHOLE), lines.append).run(replace(SCAN, target="the tree"))
    assert (done.report, done.covered, done.tool.version) == (WHOLE, "3 files", "1.2.3")
    assert len(lines) == 1
    assert lines[0].startswith("scanner 1.2.3 on the tree: covered 3 files in 0.")
    assert lines[0].endswith(" s, exit code 1")


@pytest.mark.parametrize(
    ("tools", "step"),
    [
        (EmptyToolbox(), Step.FOUND),
        (OneTool("scanner", ("/nowhere/at/all",)), Step.RAN),
        (says(WHOLE, 3), Step.EXIT_CODE),
        (says({"files": 3}), Step.REPORT),
        (script("import sys; sys.exit(1)"), Step.REPORT),
        (says(WHOLE | {"files": 0}), Step.COVERED),
        (says(WHOLE | {"errors": ["x"]}), Step.ERRORS),
        (says(WHOLE, 0), Step.ERRORS),
        (says(WHOLE | {"findings": []}, 1), Step.ERRORS),
    ],
)
def test_the_first_step_that_is_not_taken_is_named(tools: Toolbox, step: Step) -> None:
    assert step_of(tools) is step


@pytest.mark.parametrize("does", BROKEN)
def test_no_broken_program_proves_anything(tmp_path: Path, does: str) -> None:
    program = install(tmp_path, "scanner", does, json.dumps(WHOLE))
    step = step_of(OneTool("scanner", (sys.executable, str(program))))
    assert step in (Step.RAN, Step.EXIT_CODE, Step.REPORT)


def test_a_run_that_proves_nothing_is_logged_with_the_step() -> None:
    lines: list[str] = []
    with pytest.raises(ScanProblem):
        scanner(says(WHOLE, 3), lines.append).run(SCAN)
    assert lines == [line for line in lines if "no evidence after" in line and "step exit_code" in line]
    assert len(lines) == 1


def test_it_runs_in_an_empty_folder_that_is_gone_after_it() -> None:
    text = (
        "import json, os\n"
        "where = os.getcwd()\n"
        "print(json.dumps({'files': len(os.listdir('.')) + 1, 'findings': [], 'errors': [], }))\n"
        "import sys; print(where, file=sys.stderr)"
    )
    done = scanner(script(text)).run(SCAN)
    assert done.covered == "1 files"
    assert not Path(done.completed.stderr.strip()).exists()


class Counting:
    """A canary's test that counts how often it runs."""

    def __init__(self, problem: ScanProblem | None = None) -> None:
        self.runs = 0
        self._problem = problem

    def __call__(self) -> str:
        self.runs += 1
        if self._problem is not None:
            raise self._problem
        return "the planted finding"


class MemoryCache(Cache):
    """A cache that is there for one test."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, ...], Json] = {}

    def get(self, space: str, key: Sequence[str]) -> Cached | None:
        value = self.kept.get((space, *key))
        return None if value is None else Cached(value, "an earlier run")

    def put(self, space: str, key: Sequence[str], value: Json) -> None:
        self.kept[(space, *key)] = value

    def save(self) -> None:
        self.saved = True


def test_a_canary_is_sent_once_for_all_runs() -> None:
    test = Counting()
    runs = scanner(says(WHOLE))
    scan = replace(SCAN, canary=Canary("scanner", "a bird", "1", test))
    threads = [threading.Thread(target=runs.run, args=(scan,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert test.runs == 1


def test_a_tool_that_does_not_find_its_canary_is_not_run_and_stays_untrusted() -> None:
    test = Counting(ScanProblem("scanner", "told of nothing", Step.COVERED))
    marker: list[str] = []
    tools = says(WHOLE)
    runs = scanner(tools, marker.append)
    for _ in range(2):
        with pytest.raises(ScanProblem, match=r"self-test does not find a bird.*told of nothing") as caught:
            runs.run(replace(SCAN, canary=Canary("scanner", "a bird", "1", test)))
        assert caught.value.step is Step.CANARY
    assert test.runs == 1
    assert not any("exit code" in line for line in marker)


def test_what_passed_is_kept_for_the_next_run_and_what_did_not_is_asked_again() -> None:
    cache = MemoryCache()
    good, bad = Counting(), Counting(ScanProblem("scanner", "told of nothing", Step.COVERED))
    tool = Tool("scanner", "1.2.3", ("/x",))
    for _ in range(2):
        tests = SelfTests(cache)
        passed = tests.require(Canary("scanner", "a bird", "good", good), tool)
        with pytest.raises(ScanProblem):
            tests.require(Canary("scanner", "a bird", "bad", bad), tool)
    assert (good.runs, bad.runs) == (1, 2)
    assert passed.cached == "an earlier run"
    SelfTests(cache).require(Canary("scanner", "a bird", "good", good), replace(tool, version="1.2.4"))
    assert good.runs == 2


def test_a_forged_entry_of_the_cache_is_no_result() -> None:
    cache = MemoryCache()
    cache.put("self-tests", ("scanner", "1.2.3", "1"), {"found": True})
    test = Counting()
    SelfTests(cache).require(Canary("scanner", "a bird", "1", test), Tool("scanner", "1.2.3", ("/x",)))
    assert test.runs == 1


def test_a_scan_problem_is_a_problem_of_a_tool() -> None:
    with pytest.raises(ToolProblem, match="scanner is not installed"):
        scanner(EmptyToolbox()).find("scanner")
