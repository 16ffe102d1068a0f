"""Telling how far the collecting is: in place on a terminal, as plain lines elsewhere, in groups on a GitHub runner.

Everything goes to one stream (stderr) under a lock, since collectors run in threads. A stream that cannot be written to
costs the telling and never the verdict.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from gate.formats.plain import one_line
from gate.model.evidence import Evidence
from gate.report.summaries import gap_words, mark, summary
from gate.report.text import inert

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

_MOST_LINES = 2000
_MOST_GAPS = 50
_SIGNS = "✓✗–·…"
_STYLES = {"✓": "green", "✗": "bold red", "!": "bold yellow", "–": "dim", "·": "dim"}


class PlainProgress:
    """One line per collector when it is done; with `verbose`, every log line as it comes.

    `seconds` holds how long each kind took that is done.
    """

    def __init__(self, stream: TextIO | None = None, *, verbose: bool = False) -> None:
        self.seconds: dict[str, float] = {}
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
        """Write the line of a collector: "sast: bandit 1.9.4, 505 files (1.1 s)"."""
        self.seconds[evidence.kind] = seconds
        self._write(f"{evidence.kind}: {one_line(summary(evidence), 200)} ({seconds:.1f} s)")

    def log(self, line: str) -> None:
        """Write a detail."""
        if self._verbose:
            self._write(f"  {one_line(line, 400)}")

    def _write(self, line: str) -> None:
        with self._lock:
            self._put(inert(line) + "\n")

    def _put(self, text: str) -> None:
        with contextlib.suppress(OSError):
            try:
                self._stream.write(text)
            except UnicodeEncodeError:
                self._stream.write(text.encode("ascii", "backslashreplace").decode())
            self._stream.flush()


class SilentProgress(PlainProgress):
    """Tells nobody."""

    def _write(self, line: str) -> None:
        """Say nothing."""


class GroupedProgress(PlainProgress):
    """For a GitHub runner: each collector's lines inside a group of its own, and nothing in them is a command.

    A line belongs to the collector whose thread writes it. `neutralise` makes a line of someone else's harmless.
    """

    def __init__(self, stream: TextIO | None = None, *, neutralise: Callable[[str], str]) -> None:
        super().__init__(stream, verbose=True)
        self._neutralise = neutralise
        self._held: dict[int, tuple[str, list[str]]] = {}

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what was held for collectors that did not come to their end."""
        for name, lines in list(self._held.values()):
            self._group(f"{name} (did not end)", lines)
        self._held.clear()

    def start(self, kind: str) -> None:
        """Begin to hold the lines of this thread, which has one collector at a time."""
        self._held[threading.get_ident()] = (kind, [])

    def log(self, line: str) -> None:
        """Hold a line until its collector is done; a line of no collector is written at once."""
        held = self._held.get(threading.get_ident())
        if held is None:
            self._write(self._neutralise(line))
        else:
            held[1].append(line)

    def done(self, evidence: Evidence, seconds: float) -> None:
        """Write the group."""
        self.seconds[evidence.kind] = seconds
        _kind, lines = self._held.pop(threading.get_ident(), (evidence.kind, []))
        told = [f"{mark(evidence)} {summary(evidence)} ({seconds:.1f} s)"]
        told += [f"gap: {words}" for words in gap_words(evidence, _MOST_GAPS)]
        self._group(evidence.kind, told + lines)

    def _group(self, title: str, lines: list[str]) -> None:
        left = len(lines) - _MOST_LINES
        told = [*lines[:_MOST_LINES], f"… and {left:,} more lines"] if left > 0 else lines
        text = "".join(self._neutralise(line) + "\n" for line in told)
        with self._lock:
            self._put(f"::group::{title}\n{text}::endgroup::\n")


class TerminalProgress(PlainProgress):
    """A line per collector, in place, with the seconds it has taken so far; it goes away when all are done.

    On a terminal that cannot show the signs it writes plain lines instead.
    """

    def __init__(self, stream: TextIO | None = None, *, verbose: bool = False) -> None:
        super().__init__(stream, verbose=verbose)
        self._begun: dict[str, float] = {}
        self._ended: dict[str, tuple[str, str]] = {}
        self._live: Live | None = None

    def __enter__(self) -> Self:
        """Begin to draw."""
        from rich.console import Console
        from rich.live import Live

        if _can_show(self._stream, _SIGNS):
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
        if self._live is None:
            super().done(evidence, seconds)
            return
        with self._lock:
            self._ended[evidence.kind] = (mark(evidence), summary(evidence))
            self.seconds[evidence.kind] = seconds

    def _write(self, line: str) -> None:
        if self._live is not None:
            from rich.text import Text

            self._live.console.print(Text(line))
        else:
            super()._write(line)

    def _table(self) -> Table:
        from rich.table import Table
        from rich.text import Text

        grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
        grid.add_column(no_wrap=True)
        grid.add_column(no_wrap=True)
        grid.add_column(no_wrap=True, ratio=1, overflow="ellipsis")
        grid.add_column(no_wrap=True, justify="right")
        with self._lock:
            for kind, begun in self._begun.items():
                sign, text = self._ended.get(kind, ("·", "…"))
                took = self.seconds.get(kind, time.monotonic() - begun)
                grid.add_row(f"  {kind}", Text(sign, _STYLES[sign]), Text(one_line(text, 200)), f"{took:.1f} s")
        return grid


def _can_show(stream: TextIO, text: str) -> bool:
    """Whether a stream can write a text; one that does not tell its encoding is one of ours in memory."""
    try:
        text.encode(getattr(stream, "encoding", None) or "utf-8")
    except (LookupError, UnicodeEncodeError):
        return False
    return True
