"""Reading a Cobertura report of a million lines against expat alone with an empty handler; LCOV of the same lines."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

TITLE = "Coverage: Cobertura of a million lines against expat with an empty handler"
WANTED = {"ratio": ("at most", 2.5)}
RUNS = 5
FILES, LINES = 2_000, 500

_CHUNKS = """
import json, resource, sys, time
def chunks(path):
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            yield piece
"""
_TOLD = """
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([seconds, peak]))
"""
_EXPAT = f"""{_CHUNKS}
from xml.parsers import expat
def start(name, attributes):
    pass
begun = time.perf_counter()
parser = expat.ParserCreate()
parser.StartElementHandler = start
for piece in chunks(sys.argv[1]):
    parser.Parse(piece, False)
parser.Parse(b"", True)
seconds = time.perf_counter() - begun
{_TOLD}"""
_GATE = f"""{_CHUNKS}
from gate.collect.readers.coverage_report import read_coverage
begun = time.perf_counter()
report = read_coverage(chunks(sys.argv[1]))
assert report.lines.total == {FILES * LINES} and not report.problems, report
seconds = time.perf_counter() - begun
{_TOLD}"""


def measure() -> dict[str, float]:
    """Return medians in seconds, the median of the pairwise ratios, and the peaks of memory in MB."""
    with tempfile.TemporaryDirectory() as folder:
        cobertura, lcov = Path(folder, "coverage.xml"), Path(folder, "lcov.info")
        write_cobertura(cobertura)
        write_lcov(lcov)
        runs = [(_run(_GATE, cobertura), _run(_EXPAT, cobertura)) for _ in range(RUNS)]
        by_lcov = [_run(_GATE, lcov) for _ in range(RUNS)]
    return {
        "gate, s": median(gate[0] for gate, _ in runs),
        "expat with an empty handler, s": median(expat[0] for _, expat in runs),
        "ratio": median(gate[0] / expat[0] for gate, expat in runs),
        "gate, peak MB": max(gate[1] for gate, _ in runs),
        "expat, peak MB": max(expat[1] for _, expat in runs),
        "LCOV, s": median(seconds for seconds, _ in by_lcov),
        "LCOV, peak MB": max(peak for _, peak in by_lcov),
    }


def _run(code: str, path: Path) -> tuple[float, float]:
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=True, capture_output=True)
    seconds, peak = json.loads(done.stdout)
    return float(seconds), float(peak)


def write_cobertura(path: Path) -> None:
    """Write what coverage.py would: each tenth line decides and one of its two branches was taken."""
    covered = FILES * sum(line % 3 > 0 for line in range(1, LINES + 1))
    branches = FILES * (LINES // 10)
    with path.open("w", encoding="utf-8") as out:
        out.write(
            '<?xml version="1.0" ?>\n<coverage version="7.6" timestamp="1700000000000" '
            f'lines-valid="{FILES * LINES}" lines-covered="{covered}" line-rate="0.66" '
            f'branches-valid="{2 * branches}" branches-covered="{branches}" branch-rate="0.5" complexity="0">\n'
            "\t<sources>\n\t\t<source>/app</source>\n\t</sources>\n"
            '\t<packages>\n\t\t<package name="." line-rate="0.66">\n\t\t\t<classes>\n'
        )
        for file in range(FILES):
            out.write(
                f'\t\t\t\t<class name="m{file}.py" filename="src/m{file}.py" complexity="0" line-rate="0.66">\n'
                "\t\t\t\t\t<methods/>\n\t\t\t\t\t<lines>\n"
            )
            for line in range(1, LINES + 1):
                more = (
                    f' branch="true" condition-coverage="50% (1/2)" missing-branches="{line + 1}"'
                    if line % 10 == 0
                    else ""
                )
                out.write(f'\t\t\t\t\t\t<line number="{line}" hits="{line % 3}"{more}/>\n')
            out.write("\t\t\t\t\t</lines>\n\t\t\t\t</class>\n")
        out.write("\t\t\t</classes>\n\t\t</package>\n\t</packages>\n</coverage>\n")


def write_lcov(path: Path) -> None:
    """Write the same lines and branches as LCOV."""
    with path.open("w", encoding="utf-8") as out:
        for file in range(FILES):
            out.write(f"TN:\nSF:src/m{file}.py\n")
            for line in range(1, LINES + 1):
                if line % 10 == 0:
                    out.write(f"BRDA:{line},0,0,1\nBRDA:{line},0,1,0\n")
                out.write(f"DA:{line},{line % 3}\n")
            out.write(f"LF:{LINES}\nLH:{sum(line % 3 > 0 for line in range(1, LINES + 1))}\nend_of_record\n")


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
