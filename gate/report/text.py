"""Words that every report uses: cleaned text, counted nouns, and lines that no runner takes for a command."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gate.model.json import Json

_COMMAND = re.compile(r"^([^\S\n]*(?:\x1b\[[0-9;]*m)*):(?=:)", re.MULTILINE)


def counted(number: int, one: str, many: str) -> str:
    """Return the number with the noun that fits: "1 case", "4,178 cases"."""
    return f"{number:,} {one if number == 1 else many}"


def whole(value: Json) -> int:
    """Return a fact that should be a count; 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def percent(value: Json) -> str:
    """Return a percentage with one decimal that reaches 0 and 100 only where the fact does; "?" for no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "?"
    if value in (0, 100):
        return f"{value:g}"
    return f"{min(max(round(value, 1), 0.1), 99.9):g}"


def joined(parts: Sequence[str], most: int, between: str = ", ") -> str:
    """Return "a, b", or "a, b and 4 more" where there are more than `most`."""
    left = len(parts) - most
    return between.join(parts[:most]) + (f" and {left:,} more" if left > 0 else "")


def inert(text: str) -> str:
    """Return text in which no line is a command to a GitHub runner, and which reads the same otherwise.

    A runner obeys lines that begin with `::` after white space, and the older `##[` anywhere in a line (actions/runner,
    ActionCommand). What we print may quote the change under judgement.
    """
    return _COMMAND.sub(r"\1: ", text).replace("##[", "# #[")
