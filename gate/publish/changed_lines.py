"""Which lines a pull request touches, as GitHub's list of its files tells it. Pure.

The `patch` of a file is a unified diff without headers ("List pull requests files" of GitHub's REST API). It is absent
for a file whose content did not change, for a binary one, and for one that is too long; the last two look alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gate.publish.forge_words import ChangedFile, ChangedFiles

_HUNK = re.compile(r"@@ -\d{1,9}(?:,\d{1,9})? \+(\d{1,9})(?:,(\d{1,9}))? @@")
_TEXTLESS = ("removed", "unchanged")


@dataclass(frozen=True, slots=True)
class ChangedLines:
    """Per path the numbers (from 1) of added and changed lines. `unknown` are files whose lines GitHub did not tell."""

    lines: dict[str, frozenset[int]]
    unknown: tuple[str, ...] = ()


def changed_lines(changed: ChangedFiles) -> ChangedLines | None:
    """Return the lines that a pull request adds or changes, None where GitHub did not list all files."""
    if not changed.complete:
        return None
    lines: dict[str, frozenset[int]] = {}
    unknown: list[str] = []
    for file in changed.files:
        if file.status in _TEXTLESS:
            continue
        if file.patch is not None:
            lines[file.path] = frozenset(_added(file.patch))
        elif _is_moved_only(file):
            lines[file.path] = frozenset()
        else:
            unknown.append(file.path)
    return ChangedLines(lines, tuple(unknown))


def _is_moved_only(file: ChangedFile) -> bool:
    return file.status == "renamed" and file.previous_path is not None


def _added(patch: str) -> Iterator[int]:
    """Yield the numbers of added lines. Content is counted by its hunk's numbers, so none is taken for a header."""
    number = left = 0
    for line in patch.split("\n"):
        if left <= 0 and (hunk := _HUNK.match(line)) is not None:
            number = int(hunk[1])
            left = int(hunk[2]) if hunk[2] is not None else 1
        elif left > 0 and line.startswith("+"):
            yield number
            number, left = number + 1, left - 1
        elif left > 0 and not line.startswith(("-", "\\")):
            number, left = number + 1, left - 1
