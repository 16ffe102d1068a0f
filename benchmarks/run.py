"""`make bench`: run every benchmark and write docs/benchmarks.md.

Each `bench_*.py` here has `measure() -> dict[str, float]`, `TITLE`, and `WANTED`: for each figure that has a bound, the
bound and whether the figure must be at most or at least that.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; return 1 when a bound is missed."""
    sys.path.insert(0, str(HERE.parent))
    chosen = names or sorted(path.stem for path in HERE.glob("bench_*.py"))
    lines = [
        "# Benchmarks",
        "",
        "`make bench` writes this page. Both sides run in the same session on the same machine; what counts is the",
        "ratio, not the seconds.",
        "",
        f"CPython {platform.python_version()}, {len(os.sched_getaffinity(0))} cores.",
    ]
    missed = False
    for name in chosen:
        module = import_module(f"benchmarks.{name}")
        print(f"{module.TITLE} …", flush=True)
        figures = measured(name)
        lines += ["", f"## {module.TITLE}", "", "| figure | measured | wanted |", "|---|---:|---:|"]
        for figure, value in figures.items():
            wanted, good = judge(value, module.WANTED.get(figure))
            missed |= not good
            row = f"| {figure} | {value:,.3g} | {wanted} |"
            print(f"  {row}", flush=True)
            lines.append(row)
    if not names:
        PAGE.write_text("\n".join(lines) + "\n")
    return 1 if missed else 0


def measured(name: str) -> dict[str, float]:
    """Run one benchmark in a small process of its own: a child's peak memory is never below its parent's."""
    code = f"import json; from benchmarks.{name} import measure; print(json.dumps(measure()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=HERE.parent, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def judge(value: float, bound: tuple[str, float] | None) -> tuple[str, bool]:
    """Return the wanted side in words and whether the value is on it."""
    if bound is None:
        return "", True
    side, limit = bound
    good = value <= limit if side == "at most" else value >= limit
    return f"{side} {limit:,g}{'' if good else ' (missed)'}", good


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
