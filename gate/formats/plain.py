"""Untrusted text as harmless lines."""

from __future__ import annotations

import unicodedata

ELLIPSIS = "…"
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BLANKS = frozenset({"\u115f", "\u1160", "\u3164", "\uffa0", "\u2800"})
"""Letters that show as nothing, with which a name can be hidden."""


def one_line(text: str, limit: int = 200) -> str:
    """Return the text on one line of at most `limit` characters.

    Control, format (bidi, zero-width), surrogate, private and unassigned characters are dropped, white space is folded.
    """
    if len(text) <= limit and text.isprintable() and "  " not in text and _BLANKS.isdisjoint(text):
        return text.strip()  # as nearly every text is: what is printable is none of the rest
    head = text[: limit * 4]
    seen = "".join(" " if char.isspace() else char for char in head if char.isspace() or _is_seen(char))
    line = " ".join(seen.split())
    whole = len(line) <= limit and len(head) == len(text)
    return line if whole else line[: limit - 1].rstrip() + ELLIPSIS


def visible(text: str) -> str:
    """Return the text with its lines and spaces as they are, and without the characters that `one_line` drops."""
    return "\n".join("".join(filter(_is_seen, line.replace("\t", " "))) for line in text.splitlines())


def _is_seen(char: str) -> bool:
    if char.isascii():
        return char.isprintable()
    return unicodedata.category(char) not in _UNSEEN and char not in _BLANKS
