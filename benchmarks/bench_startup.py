"""`gate --version` against importing click."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

TITLE = "Start: gate --version against python -c 'import click'"
WANTED = {"ratio": ("at most", 2.5)}
RUNS = 15


def measure() -> dict[str, float]:
    """Return the medians in milliseconds and the median of the pairwise ratios."""
    gate = [str(Path(sys.executable).with_name("gate")), "--version"]
    click = [sys.executable, "-c", "import click"]
    pairs = [(_milliseconds(gate), _milliseconds(click)) for _ in range(RUNS + 1)][1:]
    return {
        "gate --version, ms": median(first for first, _ in pairs),
        "import click, ms": median(second for _, second in pairs),
        "ratio": median(first / second for first, second in pairs),
    }


def _milliseconds(command: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    print(measure())
