"""Clover XML, as OpenClover, PHPUnit and Istanbul write it.

Format: clover.xsd of OpenClover. `file` elements hold `line` elements: `stmt` and `cond` are executable lines, `method`
is where a method begins and is none. A `cond` says how often its condition was true and how often false; Istanbul,
which calls its project "All files", writes instead how many branches were taken and how many were not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gate.collect.readers.coverage_data import (
    NOTHING,
    CoverageReport,
    FileBuilder,
    Problem,
    ReportBuilder,
    Tally,
    disagreements,
    shown,
    stated_tally,
)
from gate.collect.readers.errors import ReportError
from gate.collect.readers.xml_events import Attributes, parse

_FORMAT: Final = "Clover XML"


class _Clover:
    def __init__(self) -> None:
        self.report = ReportBuilder()
        self.root: Attributes | None = None
        self.from_istanbul = False
        self.file: FileBuilder | None = None
        self.in_class = False
        self.numbers: dict[str, list[int]] = {"stmt": [], "cond": [], "method": []}
        self.hits: dict[str, list[int]] = {"stmt": [], "cond": [], "method": []}
        self.counted = {"stmt": NOTHING, "cond": NOTHING, "method": NOTHING}
        self.branches = NOTHING
        self.stated_lines = NOTHING
        self.stated_branches = NOTHING

    def start(self, name: str, attributes: Attributes) -> None:
        """Take the start of an element. Raises ReportError."""
        if name == "line":
            self.line(attributes)
        elif self.root is None:
            if name != "coverage":
                raise ReportError(f"has the root element <{shown(name, 40)}>; <coverage> was expected")
            self.root = dict(attributes)
        elif name == "project" or name == "testproject":
            self.from_istanbul = attributes.get("name") == "All files"
        elif name == "file":
            path = attributes.get("path") or attributes.get("name", "")
            self.file = self.report.file(path)
        elif name == "class":
            self.in_class = True
        elif name == "metrics" and self.file is not None and not self.in_class:
            self.stated_lines += stated_tally(attributes, "coveredstatements", "statements") or NOTHING
            self.stated_branches += stated_tally(attributes, "coveredconditionals", "conditionals") or NOTHING

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
        if kind not in self.numbers:
            raise ReportError(f'has a line of type "{shown(kind, 20)}"; stmt, cond or method was expected')
        self.numbers[kind].append(number)
        self.hits[kind].append(count)
        if kind == "cond":
            if min(true, false) < 0:
                raise ReportError(f"says a condition on line {number} was taken {min(true, false)} times")
            pair = Tally(true, true + false) if self.from_istanbul else Tally((true > 0) + (false > 0), 2)
            self.file.add_branches(number, pair.covered, pair.total)
            self.branches += pair

    def end(self, name: str) -> None:
        """Take the end of an element. Raises ReportError."""
        if name == "class":
            self.in_class = False
        elif name == "file" and self.file is not None:
            for kind, numbers in self.numbers.items():
                hits = self.hits[kind]
                if kind != "method":
                    self.report.reserve(len(numbers))
                    self.file.add_lines(numbers, hits)
                self.counted[kind] += Tally(len(hits) - hits.count(0), len(hits))
                numbers.clear()
                hits.clear()
            self.file = None

    def problems(self) -> tuple[Problem, ...]:
        """Compare what the files state with their lines.

        Whether a condition is also a statement differs. PHPUnit counts a method of one line as a statement and writes
        it as a method only; Istanbul counts branches that stand on no line.
        """
        statements, conditions = self.counted["stmt"], self.counted["cond"]
        lines, branches = self.stated_lines, self.stated_branches
        if statements.total < lines.total <= statements.total + self.counted["method"].total:
            lines = statements
        known = not (self.from_istanbul and branches.total >= self.branches.total)
        return disagreements((lines, statements, statements + conditions), (branches, self.branches) if known else None)


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
