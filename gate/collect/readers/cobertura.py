"""Cobertura XML, as coverage.py, gcovr, Istanbul, coverlet, scoverage, PHPUnit and many others write it.

Format: cobertura, coverage-04.dtd. `class` elements name a source file and hold `lines`; the lines below `methods`
repeat them, and are only read where a class has no lines of its own (Istanbul puts functions there that are no lines).
Several classes may be about one file. Rates are not read; `lines-valid`, `lines-covered` and the same of branches are
compared with what the lines say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

from gate.collect.readers.coverage_builder import ReportBuilder
from gate.collect.readers.coverage_data import (
    NOTHING,
    CoverageReport,
    FileCoverage,
    Problem,
    Tally,
    disagreements,
    shown,
    stated_tally,
)
from gate.collect.readers.errors import ReportError
from gate.collect.readers.xml_events import Attributes, Capture, parse

_FORMAT: Final = "Cobertura XML"
_CONDITIONS: Final = re.compile(r"\((\d{1,9})/(\d{1,9})\)")

Pair = tuple[int, int]


class _Lines:
    """The line entries of one class, in the order of the report, repeats included."""

    __slots__ = ("branches", "hits", "numbers")

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.hits: list[int] = []
        self.branches: list[tuple[int, Pair]] = []

    def clear(self) -> None:
        """Forget all entries."""
        self.numbers.clear()
        self.hits.clear()
        self.branches.clear()

    @property
    def tallies(self) -> tuple[Tally, Tally]:
        """Covered of all lines, and taken of all branches."""
        return (
            Tally(len(self.hits) - self.hits.count(0), len(self.hits)),
            Tally(sum(pair[0] for _, pair in self.branches), sum(pair[1] for _, pair in self.branches)),
        )


class _Cobertura:
    """Hears everything but the lines."""

    def __init__(self) -> None:
        self.report = ReportBuilder()
        self.own = _Lines()
        self.of_methods = _Lines()
        self.path: str | None = None
        self.root: Attributes | None = None
        self.roots: list[str] = []
        self.capture = Capture()
        self.from_istanbul = False
        self.repeated = {"own": (NOTHING, NOTHING), "methods": (NOTHING, NOTHING)}

    def start(self, name: str, attributes: Attributes) -> None:
        """Take the start of an element that is not a line. Raises ReportError."""
        if self.root is None:
            if name != "coverage":
                raise ReportError(f"has the root element <{shown(name, 40)}>; <coverage> was expected")
            self.root = dict(attributes)
        elif name == "class":
            self.end_class()
            self.path = attributes.get("filename", "")
        elif name == "method":
            # Only Istanbul counts the calls of a method, and it counts branches that stand on no line.
            self.from_istanbul |= "hits" in attributes
        elif name == "source":
            self.capture.begin()

    def end(self, name: str) -> None:
        """Take the end of an element that is not a line. Raises ReportError."""
        if name == "class":
            self.end_class()
        elif name == "source":
            self.roots.append(self.capture.take().strip())

    def end_class(self) -> None:
        """Hand the lines of a class to its file. Raises ReportError."""
        if self.path is None:
            if self.own.numbers or self.of_methods.numbers:
                raise ReportError("has a line outside any class")
            return
        builder = self.report.file(self.path)
        lines = self.own if self.own.numbers else self.of_methods
        self.report.reserve(len(lines.numbers) + len(lines.branches))
        builder.add_lines(lines.numbers, lines.hits)
        for number, (taken, total) in lines.branches:
            builder.add_branches(number, taken, total)
        for key, entries in (("own", self.own), ("methods", self.of_methods)):
            line_tally, branch_tally = entries.tallies
            before = self.repeated[key]
            self.repeated[key] = (before[0] + line_tally, before[1] + branch_tally)
            entries.clear()
        self.path = None

    def problems(self, files: Iterable[FileCoverage]) -> tuple[Problem, ...]:
        """Compare the stated totals with the lines.

        Writers count a line that several classes or methods name once or each time; any of these ways is right.
        """
        root = self.root or {}
        distinct_lines, distinct_branches = NOTHING, NOTHING
        for item in files:
            distinct_lines += item.lines.tally
            distinct_branches += item.branch_tally
        own, methods = self.repeated["own"], self.repeated["methods"]
        lines = stated_tally(root, "lines-covered", "lines-valid")
        branches = stated_tally(root, "branches-covered", "branches-valid")
        if branches is not None and self.from_istanbul and branches.total >= distinct_branches.total:
            branches = None
        return disagreements(
            (lines, distinct_lines, own[0], methods[0]) if lines is not None else None,
            (branches, distinct_branches, own[1], methods[1]) if branches is not None else None,
        )


def _handlers(cobertura: _Cobertura) -> tuple[Callable[[str, Attributes], None], Callable[[str], None]]:
    """Return the start and end handlers. Lines outnumber all else by far, so that each costs as few steps as can be."""
    lines = cobertura.own
    add_number, add_hits = lines.numbers.append, lines.hits.append

    def start(name: str, attributes: Attributes) -> None:
        if name == "line":
            try:
                add_number(int(attributes["number"]))
                add_hits(int(attributes["hits"]))
            except (ValueError, KeyError):
                raise ReportError(_no_line(attributes)) from None
            if len(attributes) > 2 and "condition-coverage" in attributes:
                pair = _conditions(attributes["condition-coverage"][:64])
                if pair is not None:
                    lines.branches.append((lines.numbers[-1], pair))
        else:
            cobertura.start(name, attributes)
            if name == "methods":
                choose(cobertura.of_methods)

    def choose(chosen: _Lines) -> None:
        nonlocal lines, add_number, add_hits
        lines = chosen
        add_number, add_hits = chosen.numbers.append, chosen.hits.append

    def end(name: str) -> None:
        if name == "line":
            return
        if name == "methods":
            choose(cobertura.own)
        else:
            cobertura.end(name)

    return start, end


@lru_cache(maxsize=1024)
def _conditions(text: str) -> Pair | None:
    """Return (taken, all) of `50% (1/2)`."""
    match = _CONDITIONS.search(text)
    return (int(match[1]), int(match[2])) if match else None


def _no_line(attributes: Attributes) -> str:
    number, hits = (shown(attributes.get(key, ""), 30) for key in ("number", "hits"))
    return f'has a line with number="{number}" and hits="{hits}"; two whole numbers were expected'


def read_cobertura(chunks: Iterable[bytes]) -> CoverageReport:
    """Read a Cobertura report. Raises ReportError."""
    cobertura = _Cobertura()
    start, end = _handlers(cobertura)
    parse(chunks, start, end, format=_FORMAT, capture=cobertura.capture)
    files = cobertura.report.finish()
    roots = tuple(dict.fromkeys(root for root in cobertura.roots if root))
    version = (cobertura.root or {}).get("version")
    return CoverageReport(
        _FORMAT, files, roots=roots, version=shown(version, 40) if version else None, problems=cobertura.problems(files)
    )
