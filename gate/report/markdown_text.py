"""Untrusted text in Markdown: it shows as it is and can do nothing.

GitHub acts on rendered text too: it makes links of URLs, mentions of @names, references of #1, owner/repo#1, GH-1 and
of commit ids, and emoji of :names:. Escaping does not stop that, code spans do: those filters skip them. So words that
are plainly words stay prose, and every other word goes into a code span.
"""

from __future__ import annotations

import re

from gate.formats.plain import one_line

_WORD = re.compile(r"""[("“‘']{0,2}[^\W_]+(?:[-’'.,/][^\W_]+)*%?[)"”’'.,;:?…]{0,3}""")
_SIGN = re.compile(r"[–—·…≥≤=%→]|-")
_REFERENCE = re.compile(r"(?i)\W*(?:www\..*|gh-\d+|[0-9a-f]{7,}|[a-z]+\.[a-z]{2,}/.*)\W*")
_TAIL = re.compile(r"[.,;:]+$")


def code(text: str, limit: int = 200) -> str:
    """Return text as a code span; an en dash where nothing is left of it. Safe in a table cell: `|` becomes `¦`."""
    line = one_line(text, limit).replace("|", "¦")
    if not line:
        return "–"
    longest = max((len(run) for run in re.findall(r"`+", line)), default=0)
    ticks = "`" * (longest + 1)
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{space}{line}{space}{ticks}"


def prose(text: str, limit: int = 600) -> str:
    """Return a sentence in which every word that is not plainly a word stands in a code span."""
    out: list[str] = []
    held: list[str] = []

    def release() -> None:
        if held:
            joined = " ".join(held)
            tail = _TAIL.search(joined)
            body = joined[: tail.start()] if tail and tail.start() else joined
            out.append(code(body, limit) + joined[len(body) :])
            held.clear()

    for word in one_line(text, limit).split(" "):
        if is_plain(word):
            release()
            out.append(word)
        else:
            held.append(word)
    release()
    return " ".join(out)


def is_plain(word: str) -> bool:
    """Whether a word means nothing to Markdown, HTML and GitHub, wherever it stands."""
    if _SIGN.fullmatch(word):
        return word != "-"
    return _WORD.fullmatch(word) is not None and _REFERENCE.fullmatch(word) is None
