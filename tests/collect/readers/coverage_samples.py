"""The real coverage reports below data/coverage, and what their tools say of them (see ORIGIN.md there)."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from gate.collect.readers.coverage_data import CoverageReport, Tally
from gate.collect.readers.coverage_report import read_coverage

DATA = Path(__file__).parent / "data" / "coverage"


class Sample(NamedTuple):
    """A report, its format, how many source files it names, and its totals."""

    name: str
    format: str
    files: int
    lines: Tally
    branches: Tally


SAMPLES = (
    *(
        Sample(f"coverage_py_{kind}.{suffix}", format_, 4, Tally(20, 27), Tally(6, 10))
        for kind in ("absolute", "relative")
        for suffix, format_ in (("xml", "Cobertura XML"), ("json", "coverage.py JSON"), ("lcov", "LCOV"))
    ),
    Sample("pytest_cov.xml", "Cobertura XML", 4, Tally(20, 27), Tally(0, 0)),
    Sample("go_set.out", "Go cover profile", 2, Tally(10, 19), Tally(0, 0)),
    Sample("go_coverpkg_atomic.out", "Go cover profile", 2, Tally(12, 19), Tally(0, 0)),
    Sample("jest_clover.xml", "Clover XML", 3, Tally(5, 9), Tally(3, 8)),
    Sample("jest_cobertura.xml", "Cobertura XML", 3, Tally(5, 9), Tally(3, 8)),
    Sample("jest_final.json", "Istanbul JSON", 3, Tally(5, 9), Tally(4, 9)),
    Sample("jest_summary.json", "Istanbul json-summary", 3, Tally(5, 9), Tally(4, 9)),
    Sample("jest_lcov.info", "LCOV", 3, Tally(5, 9), Tally(4, 9)),
    Sample("c8_clover.xml", "Clover XML", 3, Tally(7, 16), Tally(5, 9)),
    Sample("c8_cobertura.xml", "Cobertura XML", 3, Tally(7, 16), Tally(5, 9)),
    Sample("c8_summary.json", "Istanbul json-summary", 3, Tally(7, 16), Tally(5, 9)),
    Sample("c8_lcov.info", "LCOV", 3, Tally(7, 16), Tally(5, 9)),
    Sample("gcovr.xml", "Cobertura XML", 3, Tally(10, 13), Tally(5, 8)),
    Sample("gcovr.lcov", "LCOV", 3, Tally(10, 13), Tally(5, 8)),
    Sample("lcov.info", "LCOV", 3, Tally(10, 13), Tally(5, 8)),
    Sample("jacoco_core.xml", "JaCoCo XML", 1, Tally(5, 7), Tally(2, 4)),
    Sample("jacoco_aggregate.xml", "JaCoCo XML", 2, Tally(7, 13), Tally(2, 6)),
    Sample("llvm_cov.lcov", "LCOV", 1, Tally(14, 20), Tally(0, 0)),
)


def read(text: str | bytes, piece: int = 0) -> CoverageReport:
    """Read a report from text, in pieces of so many bytes if a number is given."""
    data = text.encode() if isinstance(text, str) else text
    step = piece or max(len(data), 1)
    return read_coverage(data[at : at + step] for at in range(0, len(data), step))
