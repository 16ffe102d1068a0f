"""bandit, run by the gate on all cores, against `bandit -r` by hand: the same findings, in less time."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

TITLE = "sast: bandit by the gate on all cores, against `bandit -r`"
WANTED = {"ratio of wall time": ("at most", 0.65), "findings that differ": ("at most", 0.0)}
RUNS = 3
FILES = 400
BANDIT = [sys.executable, "-I", "-m", "bandit"]


def measure() -> dict[str, float]:
    """Return medians in seconds, the median of the pairwise ratios of wall time, and how many findings differ."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for number in range(FILES):
            path = root / f"package_{number % 20}" / f"module_{number}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(_module(number))
        runs = [(_timed(lambda: _by_gate(root)), _timed(lambda: _by_hand(root))) for _ in range(RUNS)]
    (found, ours, ours_cpu), (wanted, theirs, theirs_cpu) = runs[0]
    different = sum(((found - wanted) + (wanted - found)).values())
    return {
        "files": FILES,
        "findings": sum(wanted.values()),
        "findings that differ": different,
        "gate, s": median(run[0][1] for run in runs),
        "bandit -r, s": median(run[1][1] for run in runs),
        "ratio of wall time": median(run[0][1] / run[1][1] for run in runs),
        "ratio of CPU time": ours_cpu / theirs_cpu if ours and theirs else 0.0,
    }


def _timed(action: Callable[[], Counter[tuple[object, ...]]]) -> tuple[Counter[tuple[object, ...]], float, float]:
    """Return what an action gives, its seconds, and the CPU seconds of the children it waited for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    found = action()
    seconds = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found, seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _by_gate(root: Path) -> Counter[tuple[object, ...]]:
    from gate.collect.process import SubprocessRunner
    from gate.collect.sast.bandit_run import Bandit
    from gate.collect.sast.python_files import python_files
    from gate.collect.scan import Scanner
    from gate.collect.self_test import SelfTests
    from gate.collect.tools import SystemToolbox
    from gate.collect.workspace import Workspace

    workspace, runner = Workspace(root, tracked=None), SubprocessRunner()
    files = python_files(workspace).files
    bandit = Bandit(Scanner(runner, SystemToolbox(runner), SelfTests()), workspace)
    run = bandit.run(files, jobs=len(os.sched_getaffinity(0)))
    assert len(run.scanned) == FILES, run.gaps
    return Counter((issue.filename, issue.test_id, issue.line_number, issue.col_offset) for issue in run.issues)


def _by_hand(root: Path) -> Counter[tuple[object, ...]]:
    done = subprocess.run([*BANDIT, "-q", "-r", "-f", "json", str(root)], capture_output=True, check=False)
    results: list[dict[str, Any]] = json.loads(done.stdout)["results"]
    return Counter(
        (item["filename"].removeprefix(f"{root}/"), item["test_id"], item["line_number"], item["col_offset"])
        for item in results
    )


def _module(number: int) -> str:
    """Return some eight kilobytes of ordinary code with a few findings."""
    head = f'"""Module {number}."""\n\nimport os\nimport subprocess\n\n'
    part = '''
def step_{i}(values, folder, limit={i}):
    """Work on the values of a folder."""
    total = 0
    names = {{}}
    for index, value in enumerate(values):
        if value is None or index > limit:
            continue
        names[value.name] = os.path.join(folder, str(value.name).lower())
        total += len(names[value.name]) * {i} + sum(item.size for item in value.items if item.size)
    assert total >= 0
    return {{"total": total, "names": sorted(names), "folder": folder}}
'''
    risky = '\n\ndef run(name):\n    return subprocess.call("echo " + name, shell=True){}\n'
    return head + "".join(part.format(i=i) for i in range(16)) + risky.format("  # nosec" if number % 50 == 0 else "")


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
