"""Clover XML, as OpenClover, PHPUnit and Istanbul write it.

Format: clover.xsd of OpenClover. `file` elements hold `line` elements: `stmt` and `cond` are executable lines, `method`
is where a method begins and is none. A `cond` says how often its condition was true and how often false; Istanbul
and others write instead how many branches were taken and how many were not, which the stated totals tell apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gate.collect.readers.coverage_builder import FileBuilder, ReportBuilder
from gate.collect.readers.coverage_data import (
    NOTHING,
    CoverageReport,
    Problem,
    Tally,
    disagreements,
    shown,
    stated_tally,
)
from gate.collect.readers.errors import ReportError
from gate.collect.readers.xml_events import Attributes, parse

_FORMAT: Final = "Clover XML"


class _File:
    """The lines of one file and what it states, until it ends."""

    def __init__(self, builder: FileBuilder) -> None:
        self.builder = builder
        self.numbers: dict[str, list[int]] = {"stmt": [], "cond": [], "method": []}
        self.hits: dict[str, list[int]] = {"stmt": [], "cond": [], "method": []}
        self.conditions: list[tuple[int, int, int]] = []
        self.stated_lines: Tally | None = None
        self.stated_branches: Tally | None = None

    def tally(self, *kinds: str) -> Tally:
        """Covered of all lines of these types, repeats included."""
        hits = [self.hits[kind] for kind in kinds]
        total = sum(map(len, hits))
        return Tally(total - sum(item.count(0) for item in hits), total)

    @property
    def executable(self) -> tuple[str, ...]:
        """The types that are executable lines: where a method begins is one only if the stated total counts it."""
        stated = self.stated_lines
        every = ("stmt", "cond", "method")
        if stated is not None and stated == self.tally(*every) and stated.total > self.tally("stmt", "cond").total:
            return every
        return ("stmt", "cond")

    def branches(self, from_istanbul: bool) -> list[tuple[int, Tally]]:
        """Return the branches of each line. True and false counts are runs in Clover itself, branches elsewhere."""
        as_branches = [(line, Tally(true, true + false)) for line, true, false in self.conditions]
        as_runs = [(line, Tally((true > 0) + (false > 0), 2)) for line, true, false in self.conditions]
        told = sum((tally for _, tally in as_branches), NOTHING)
        return as_branches if from_istanbul or told == self.stated_branches else as_runs

    def ways(self) -> tuple[Tally, ...]:
        """The totals of lines that this file may rightly state.

        Whether a condition is also a statement differs. PHPUnit counts a method of one line as a statement and writes
        it as a method only.
        """
        counted = self.tally(*self.executable)
        statements = self.tally("stmt")
        stated = self.stated_lines or counted
        if statements.total < stated.total <= statements.total + len(self.hits["method"]):
            return (counted, statements, stated)
        return (counted, statements)


class _Clover:
    def __init__(self) -> None:
        self.report = ReportBuilder()
        self.root: Attributes | None = None
        self.from_istanbul = False
        self.file: _File | None = None
        self.in_class = False
        self.lines = [NOTHING, NOTHING]
        self.branches = [NOTHING, NOTHING]

    def start(self, name: str, attributes: Attributes) -> None:
        """Take the start of an element. Raises ReportError."""
        if name == "line":
            self.line(attributes)
        elif self.root is None:
            if name != "coverage":
                raise ReportError(f"has the root element <{shown(name, 40)}>; <coverage> was expected")
            self.root = dict(attributes)
        elif name in ("project", "testproject"):
            self.from_istanbul = attributes.get("name") == "All files"
        elif name == "file":
            self.file = _File(self.report.file(attributes.get("path") or attributes.get("name", "")))
        elif name == "class":
            self.in_class = True
        elif name == "metrics" and self.file is not None and not self.in_class:
            self.file.stated_lines = stated_tally(attributes, "coveredstatements", "statements")
            self.file.stated_branches = stated_tally(attributes, "coveredconditionals", "conditionals")

    def line(self, attributes: Attributes) -> None:
        """Take one line. Raises ReportError."""
        if self.file is None:
            raise ReportError("has a line outside any file")
        kind = attributes.get("type", "stmt")
        try:
            number = int(attributes["num"])
            true, false = (int(attributes.get(key, "0")) for key in ("truecount", "falsecount"))
            count = int(attributes["count"]) if "count" in attributes else true + false
        except (ValueError, KeyError):
            keys = ("num", "count", "truecount", "falsecount")
            told = " ".join(f'{key}="{shown(attributes[key], 20)}"' for key in keys if key in attributes)
            raise ReportError(f"has a line with {told or 'no number'}; whole numbers were expected") from None
        if kind not in self.file.numbers:
            raise ReportError(f'has a line of type "{shown(kind, 20)}"; stmt, cond or method was expected')
        self.file.numbers[kind].append(number)
        self.file.hits[kind].append(count)
        if kind == "cond":
            if min(true, false) < 0:
                raise ReportError(f"says a condition on line {number} was taken {min(true, false)} times")
            self.file.conditions.append((number, true, false))

    def end(self, name: str) -> None:
        """Take the end of an element. Raises ReportError."""
        if name == "class":
            self.in_class = False
        elif name == "file" and self.file is not None:
            self.end_file(self.file)
            self.file = None

    def end_file(self, file: _File) -> None:
        """Pack the lines of a file, and add up what it states and what it holds."""
        for kind in file.executable:
            self.report.reserve(len(file.numbers[kind]))
            file.builder.add_lines(file.numbers[kind], file.hits[kind])
        counted = NOTHING
        for line, tally in file.branches(self.from_istanbul):
            file.builder.add_branches(line, tally.covered, tally.total)
            counted += tally
        stated = file.stated_lines
        ways = file.ways()
        self.lines[0] += ways[0] if stated is None or stated in ways else stated
        self.lines[1] += ways[0]
        # Istanbul counts branches that stand on no line.
        told = file.stated_branches
        lost = self.from_istanbul and told is not None and told.total >= counted.total
        self.branches[0] += counted if told is None or lost else told
        self.branches[1] += counted

    def problems(self) -> tuple[Problem, ...]:
        """Compare what the files state with their lines."""
        return disagreements((self.lines[0], self.lines[1]), (self.branches[0], self.branches[1]))


def read_clover(chunks: Iterable[bytes]) -> CoverageReport:
    """Read a Clover report. Raises ReportError."""
    clover = _Clover()
    parse(chunks, clover.start, clover.end, format=_FORMAT)
    version = (clover.root or {}).get("clover")
    return CoverageReport(
        _FORMAT,
        clover.report.finish(),
        tool="istanbul" if clover.from_istanbul else None,
        version=shown(version, 40) if version and not clover.from_istanbul else None,
        problems=clover.problems(),
    )
