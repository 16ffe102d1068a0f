"""Telling how far the collecting is: in place on a terminal, as plain lines elsewhere, in groups on a GitHub runner.

Everything goes to one stream (stderr) and is written under a lock, since collectors run in threads.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from gate.formats.plain import one_line
from gate.model.evidence import Evidence
from gate.report.summaries import mark, summary

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table


class PlainProgress:
    """One line per collector when it is done; with `verbose`, every log line as it comes."""

    def __init__(self, stream: TextIO | None = None, *, verbose: bool = False) -> None:
        self._stream = stream or sys.stderr
        self._verbose = verbose
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""

    def start(self, kind: str) -> None:
        """Say nothing: a line that only says that something began is noise in a log."""

    def done(self, evidence: Evidence, seconds: float) -> None:
        """Write the line of a collector."""
        self._write(f"{evidence.kind}: {one_line(summary(evidence), 200)} ({seconds:.1f} s)")

    def log(self, line: str) -> None:
        """Write a detail."""
        if self._verbose:
            self._write(f"  {one_line(line, 400)}")

    def _write(self, line: str) -> None:
        with self._lock:
            self._stream.write(line + "\n")
            self._stream.flush()


class SilentProgress(PlainProgress):
    """Tells nobody."""

    def _write(self, line: str) -> None:
        """Say nothing."""


class GroupedProgress(PlainProgress):
    """For a GitHub runner: each collector's lines inside a group of its own, and nothing in them is a command."""

    def __init__(self, stream: TextIO | None = None, *, neutralise: Callable[[str], str]) -> None:
        super().__init__(stream, verbose=True)
        self._neutralise = neutralise
        self._held: dict[int, list[str]] = {}

    def start(self, kind: str) -> None:  # noqa: ARG002 - a thread has one collector at a time
        """Begin to hold the lines of this thread."""
        self._held[threading.get_ident()] = []

    def log(self, line: str) -> None:
        """Hold a line until its collector is done; a line of no collector is written at once."""
        held = self._held.get(threading.get_ident())
        if held is None:
            self._write(self._neutralise(line))
        else:
            held.append(line)

    def done(self, evidence: Evidence, seconds: float) -> None:
        """Write the group."""
        lines = self._held.pop(threading.get_ident(), [])
        told = [f"{mark(evidence)} {summary(evidence)} ({seconds:.1f} s)", *lines]
        told += [f"gap: {gap.subject}: {gap.reason}" for gap in evidence.gaps[:50]]
        with self._lock:
            self._stream.write(f"::group::{evidence.kind}\n")
            self._stream.writelines(self._neutralise(line) + "\n" for line in told)
            self._stream.write("::endgroup::\n")
            self._stream.flush()


class TerminalProgress(PlainProgress):
    """A line per collector, in place, with the seconds it has taken so far; it goes away when all are done."""

    def __init__(self, stream: TextIO | None = None, *, verbose: bool = False) -> None:
        super().__init__(stream, verbose=verbose)
        self._begun: dict[str, float] = {}
        self._ended: dict[str, tuple[str, str, float]] = {}
        self._live: Live | None = None

    def __enter__(self) -> Self:
        """Begin to draw."""
        from rich.console import Console
        from rich.live import Live

        console = Console(file=self._stream, highlight=False, markup=False, emoji=False)
        self._live = Live(console=console, get_renderable=self._table, refresh_per_second=8, transient=True)
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the drawing away: the report tells the same with more."""
        if self._live is not None:
            self._live.__exit__(kind, error, trace)
            self._live = None

    def start(self, kind: str) -> None:
        """Show a collector as running."""
        with self._lock:
            self._begun[kind] = time.monotonic()

    def done(self, evidence: Evidence, seconds: float) -> None:
        """Show a collector as done."""
        with self._lock:
            self._ended[evidence.kind] = (mark(evidence), summary(evidence), seconds)

    def _write(self, line: str) -> None:
        if self._live is not None:
            from rich.text import Text

            self._live.console.print(Text(line))
        else:
            super()._write(line)

    def _table(self) -> Table:
        from rich.table import Table
        from rich.text import Text

        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(no_wrap=True)
        grid.add_column(no_wrap=True, ratio=1, overflow="ellipsis")
        grid.add_column(no_wrap=True, justify="right")
        with self._lock:
            for kind, begun in self._begun.items():
                sign, text, seconds = self._ended.get(kind, ("·", "…", time.monotonic() - begun))
                grid.add_row(Text(f"  {kind}"), Text(sign), Text(one_line(text, 200)), Text(f"{seconds:.1f} s"))
        return grid
