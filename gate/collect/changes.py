"""Which lines the change under judgement touches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Changes:
    """The lines that differ from the base.

    `lines` maps the path of each changed or added file to the numbers (from 1) of its added or changed lines in the
    working tree; a deleted file is absent. `base` is the full id of the commit that was compared with: the merge base
    of REV and HEAD where there is one.
    """

    base: str
    lines: Mapping[str, frozenset[int]]

    def touches(self, path: str | None, line: int | None) -> bool:
        """Whether a finding at this place is on a changed line (any line of a changed file when it names none)."""
        if path is None or path not in self.lines:
            return False
        return line is None or line in self.lines[path]
