"""Why a report could not be read."""

from __future__ import annotations


class ReportError(Exception):
    """A report that proves nothing. `reason` completes "PATH …"; `line` counts from 1 where it is known."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        self.reason = reason
        self.line = line
        super().__init__(reason if line is None else f"{reason} (line {line})")
