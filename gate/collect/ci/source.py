"""The text of a YAML file, for the lines of what has none of its own: keys, scripts, comments. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_COMMENT = re.compile(r"\s#\s*(\S.*)$")


@dataclass(frozen=True, slots=True)
class Source:
    """The lines of a file."""

    lines: Sequence[str]

    def key(self, key: str, start: int, end: int, value: str = "") -> int:
        """Return the line (from 1) of `key:` at or after line `start`, before `end`; `start` where it is not seen.

        With `value` the line must hold that text too, or the key's value must begin on the next one.
        """
        pattern = re.compile(rf"""(?:^|[\s{{,-])["']?{re.escape(key)}["']?\s*:(?:\s|$)""")
        for number in range(start, min(end, len(self.lines) + 1)):
            line = self.lines[number - 1]
            if key in line and pattern.search(line) and (not value or value in line or not _behind(line)):
                return number
        return start

    def comment(self, line: int) -> str:
        """Return the comment at the end of a line, "" where there is none."""
        found = _COMMENT.search(self.lines[line - 1]) if 0 < line <= len(self.lines) else None
        return found[1].strip() if found else ""

    def script(self, start: int, end: int, script: str) -> int:
        """Return the line that the first line of a `run` script stands on, `start` where that cannot be told."""
        at = self.key("run", start, end)
        if at > len(self.lines):
            return start
        behind = _behind(self.lines[at - 1])
        if behind and behind[0] not in "|>":
            return at
        first = script.split("\n", 1)[0].strip()
        # Empty lines in front of a block belong to the script.
        follows = self.lines[at].strip() if at < len(self.lines) else ""
        return at + 1 if follows.startswith(first) else at


def source_of(data: bytes) -> Source:
    """Return the lines of a file; bytes that are no UTF-8 are replaced, which changes no line."""
    return Source(re.split(r"\r\n|\n|\r", data.decode("utf-8-sig", "replace")))


def _behind(line: str) -> str:
    """Return what stands behind the colon of a key."""
    return line.partition(":")[2].strip()
