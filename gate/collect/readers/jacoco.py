"""JaCoCo XML reports, of one module or aggregated over several.

Format: JaCoCo, report.dtd. A `sourcefile` in a `package` holds `line` elements with the missed and covered instructions
(mi, ci) and branches (mb, cb); a line is covered if any of its instructions is. The path is package/sourcefile, below a
source folder that the report does not name. `group` elements are the modules of an aggregate.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gate.collect.readers.coverage_builder import FileBuilder, ReportBuilder
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
from gate.collect.readers.xml_events import Attributes, parse

_FORMAT: Final = "JaCoCo XML"


class _Jacoco:
    def __init__(self) -> None:
        self.report = ReportBuilder()
        self.seen_root = False
        self.groups: list[str] = []
        self.package = ""
        self.file: FileBuilder | None = None
        self.numbers: list[int] = []
        self.hits: list[int] = []
        self.stated = {"LINE": NOTHING, "BRANCH": NOTHING}
        self.counted = {"LINE": NOTHING, "BRANCH": NOTHING}

    def start(self, name: str, attributes: Attributes) -> None:
        """Take the start of an element. Raises ReportError."""
        if name == "line":
            self.line(attributes)
        elif name == "counter":
            self.counter(attributes)
        elif not self.seen_root:
            if name != "report":
                raise ReportError(f"has the root element <{shown(name, 40)}>; <report> was expected")
            self.seen_root = True
        elif name == "group":
            self.groups.append(attributes.get("name", ""))
        elif name == "package":
            self.package = attributes.get("name", "").strip("/")
        elif name == "sourcefile":
            path = attributes.get("name", "")
            hint = self.groups[-1] if self.groups else ""
            self.file = self.report.file(f"{self.package}/{path}" if self.package else path, hint)

    def line(self, attributes: Attributes) -> None:
        """Take one line of a source file. Raises ReportError."""
        if self.file is None:
            raise ReportError("has a line outside any source file")
        try:
            number, covered = int(attributes["nr"]), int(attributes["ci"])
            taken, missed = int(attributes.get("cb", "0")), int(attributes.get("mb", "0"))
        except (ValueError, KeyError):
            told = " ".join(f'{key}="{shown(attributes.get(key, ""), 20)}"' for key in ("nr", "ci", "mb", "cb"))
            raise ReportError(f"has a line with {told}; whole numbers were expected") from None
        if taken or missed:
            if missed < 0:
                raise ReportError(f"says {missed} branches were missed on a line")
            self.file.add_branches(number, taken, taken + missed)
            self.counted["BRANCH"] += Tally(taken, taken + missed)
        self.numbers.append(number)
        self.hits.append(covered)

    def counter(self, attributes: Attributes) -> None:
        """Take the totals of a source file; those of methods, classes and packages say the same."""
        kind = attributes.get("type", "")
        if self.file is not None and kind in self.stated:
            stated = stated_tally(attributes, "covered", "missed")
            if stated is not None:
                self.stated[kind] += Tally(stated.covered, stated.covered + stated.total)

    def end(self, name: str) -> None:
        """Take the end of an element. Raises ReportError."""
        if name == "sourcefile" and self.file is not None:
            self.report.reserve(len(self.numbers))
            self.file.add_lines(self.numbers, self.hits)
            self.counted["LINE"] += Tally(len(self.hits) - self.hits.count(0), len(self.hits))
            self.numbers.clear()
            self.hits.clear()
            self.file = None
        elif name == "group" and self.groups:
            self.groups.pop()

    def problems(self) -> tuple[Problem, ...]:
        """Compare the counters of the source files with their lines; a file without lines has no counter of them."""
        return disagreements(
            (self.stated["LINE"], self.counted["LINE"]), (self.stated["BRANCH"], self.counted["BRANCH"])
        )


def read_jacoco(chunks: Iterable[bytes]) -> CoverageReport:
    """Read a JaCoCo report. Raises ReportError."""
    jacoco = _Jacoco()

    def end(name: str) -> None:
        if name != "line" and name != "counter":
            jacoco.end(name)

    parse(chunks, jacoco.start, end, format=_FORMAT)
    files: tuple[FileCoverage, ...] = jacoco.report.finish()
    return CoverageReport(_FORMAT, files, tool="jacoco", problems=jacoco.problems())
