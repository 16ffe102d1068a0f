"""Untrusted text in HTML: escaped, on one line, and apart from the direction of what is around it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from gate.formats.plain import one_line, visible

_PAGE = re.compile(r"https://github\.com/readiness-gate/readiness-gate/blob/[A-Za-z0-9._/-]+#[A-Za-z0-9._-]+")
"""The pages of our own catalogue, the only ones that a report links to."""
_MARKED = re.compile(r"(?<![^\s(])`([^`\s](?:[^`]*[^`\s])?)`(?=$|[\s).,;:])")
"""What the author of a sentence marked as code: "run `uv lock`, then"."""


_LONG = re.compile(r"\S{32}(?=\S)")
_LONG_NAME = re.compile(r"/(?=\S)|[^\s/]{32}(?=[^\s/])")


def text(value: str, limit: int = 300) -> str:
    """Return text as a phrase; an en dash where nothing is left of it.

    `bdi` keeps letters that are written from right to left from turning what stands around them.
    """
    line = one_line(value, limit)
    return f"<bdi>{_soft(line, _LONG)}</bdi>" if line else "–"


def code(value: str, limit: int = 200) -> str:
    """Return a path, a name or a message as code."""
    line = one_line(value, limit)
    return f"<code><bdi>{_soft(line, _LONG_NAME)}</bdi></code>" if line else "–"


def prose(value: str, limit: int = 600) -> str:
    """Return a sentence; what its author marked with backticks is code."""
    line = one_line(value, limit)
    parts = _MARKED.split(line)
    told = [code(part, limit) if number % 2 else _soft(part, _LONG) for number, part in enumerate(parts)]
    return f"<bdi>{''.join(told)}</bdi>" if line else "–"


def _soft(line: str, places: re.Pattern[str]) -> str:
    """Return a line escaped, with places where it may be broken, so that no long name makes a column too wide."""
    # A null character marks them: `one_line` has left none of those.
    return escape(places.sub("\\g<0>\0", line)).replace("\0", "<wbr>")


def sentence(value: str, limit: int = 600) -> str:
    """Return a sentence with a capital letter where it begins with a word, and the full stop that ends it."""
    line = one_line(value, limit)
    if line.partition(" ")[0].isalpha():
        line = line[:1].upper() + line[1:]
    return prose(line if line.endswith((".", "?", "…", ":")) or not line else f"{line}.", limit + 1)


def lines(values: Iterable[str], limit: int = 400) -> str:
    """Return lines of a file for a `pre`: blanks as they are, each line apart from the direction of its neighbours."""
    parts = (part[:limit] for value in values for part in visible(value).split("\n"))
    return "\n".join(f"<bdi>{escape(part)}</bdi>" for part in parts)


def identifier(value: str, docs: str = "") -> str:
    """Return an id as code, linked to its page when that is one of ours."""
    shown = code(value, 80)
    # The pattern lets nothing through that would have to be escaped.
    return f'<a href="{docs}" rel="noreferrer">{shown}</a>' if _PAGE.fullmatch(docs) else shown
