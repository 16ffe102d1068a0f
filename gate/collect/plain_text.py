"""Text of others as one harmless line."""

from __future__ import annotations

import re
import unicodedata

# ECMA-48: CSI sequences, OSC strings (up to BEL or ST), and the other two-byte escapes.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|[@-Z\\-_])")
_SPACES = frozenset({"Zs", "Zl", "Zp", "Cc"})


def plain(text: str, limit: int = 300) -> str:
    """Return the end of a text as one line without escapes, controls, bidi marks and zero-width characters.

    At most `limit` characters are kept, with "…" before a cut. `::` and `##[`, which begin commands of CI systems, are
    broken up.
    """
    # What is far from the end cannot be in it; escapes and spaces make the text shorter, so some is kept in reserve.
    tail = text[-16 * limit :]
    visible = (_visible(char) for char in _ESCAPES.sub("", tail))
    line = " ".join("".join(visible).split()).replace("::", ": :").replace("##[", "# #[")
    return line if len(line) <= limit else "…" + line[1 - limit :]


def _visible(char: str) -> str:
    category = unicodedata.category(char)
    if category in _SPACES:
        return " "
    return "" if category.startswith("C") else char
