"""Go cover profiles, as `go test -coverprofile` writes them.

Format: golang.org/x/tools/cover. The first line is `mode: set|count|atomic`; each further line is a block,
`IMPORT/PATH/FILE.go:LINE.COLUMN,LINE.COLUMN STATEMENTS COUNT`. With -coverpkg each tested package repeats all blocks.

`go tool cover -func` counts statements. A profile does not say on which lines of a block its statements are, so that a
share of lines is the share of all lines of all blocks that hold a statement: a line is covered if any block on it ran.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from gate.collect.readers.coverage_builder import MAX_HITS, MAX_LINE, ReportBuilder
from gate.collect.readers.coverage_data import CoverageReport, FileCoverage, shown
from gate.collect.readers.errors import ReportError
from gate.collect.readers.text_lines import text_lines

_BLOCK: Final = re.compile(rb"(.+):(\d{1,9})\.(\d{1,9}),(\d{1,9})\.(\d{1,9}) (\d{1,9}) (\d{1,20})\r?\Z")
_MODE: Final = re.compile(rb"mode: (set|count|atomic)\s*\Z")

Span = tuple[int, int]
"""First and last line, both within."""


def _union(spans: Iterable[Span]) -> list[Span]:
    """Join spans that overlap, sorted. A file of many wide spans costs no more than its lines."""
    joined: list[Span] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def _numbers(spans: Iterable[Span]) -> list[int]:
    return [number for first, last in spans for number in range(first, last + 1)]


def _read_block(line: bytes, number: int, files: dict[bytes, dict[Span, bool]]) -> None:
    match = _BLOCK.match(line)
    if match is None:
        text = shown(line.decode("utf-8", "replace"), 60)
        raise ReportError(f'has the entry "{text}", which is not a block of a Go cover profile', number)
    first, last, statements, count = int(match[2]), int(match[4]), int(match[6]), int(match[7])
    if not 1 <= first <= last <= MAX_LINE or count > MAX_HITS:
        raise ReportError(f"has a block of lines {first} to {last} that ran {count} times, which cannot be", number)
    spans = files.setdefault(match[1], {})
    if statements:
        spans[first, last] = count > 0 or spans.get((first, last), False)


def read_go_cover(chunks: Iterable[bytes]) -> CoverageReport:
    """Read a Go cover profile, or several that were joined end to end (each with its own mode line).

    Raises ReportError (with the line) for anything else.
    """
    files: dict[bytes, dict[Span, bool]] = {}
    last = 0
    for first, block in text_lines(chunks):
        for number, line in enumerate(block, first):
            last = number
            if _MODE.match(line):
                continue
            if number == 1:
                raise ReportError("does not begin with a mode line, so it is not a Go cover profile", 1)
            if line.strip():
                _read_block(line, number, files)
    if not last:
        raise ReportError("is empty")
    return CoverageReport("Go cover profile", _build(files), tool="go")


def _build(files: dict[bytes, dict[Span, bool]]) -> tuple[FileCoverage, ...]:
    report = ReportBuilder()
    for name, spans in files.items():
        try:
            builder = report.file(name.decode("utf-8"))
        except UnicodeDecodeError:
            raise ReportError("names a source file in bytes that are not UTF-8") from None
        union = _union(spans)
        report.reserve(2 * sum(end - start + 1 for start, end in union))
        for hits, chosen in ((0, union), (1, _union(span for span, ran in spans.items() if ran))):
            numbers = _numbers(chosen)
            builder.add_lines(numbers, [hits] * len(numbers))
    return report.finish()
