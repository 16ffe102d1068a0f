"""Text that wants to do something in Markdown, HTML, a terminal or a log, and what finds out whether it did."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.util import find_spec

from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

PIECES = (
    "@octocat",
    "@org/team",
    "#1",
    "owner/repo#3",
    "GH-12",
    "PAY-812",
    "https://evil.example",
    "www.evil.com",
    "evil.com",
    "a@b.com",
    "mailto:a@b.com",
    "<img src=x onerror=y>",
    "</details>",
    "<details>",
    "</sub>",
    "<!-- gate -->",
    "-->",
    "![x](//evil.com/y)",
    "[x](javascript:y)",
    "[x]: //evil.com",
    "[^1]",
    "[x]",
    "`",
    "``",
    "```",
    "````",
    "~~~",
    "~",
    "|",
    "\\|",
    "\\",
    "\n",
    "\r\n",
    "\n\n# Title",
    "\n    x",
    "---",
    "===",
    "***",
    "__a__",
    "*a*",
    "&lt;",
    "&#64;octocat",
    "$$x$$",
    "$`x`$",
    "\u202egnp.exe",
    "\u200b",
    "\u2066",
    "\x1b[31m",
    "\x1b]8;;//evil.com\x07",
    "\x00",
    "\x85",
    "\u2028",
    ":tada:",
    "deadbeef",
    "3f2a9c1d",
    "a" * 300,
    "1.",
    "1)",
    "- [x]",
    "* x",
    "+",
    "> q",
    "> [!NOTE]",
    "é",
    "日本",
    "שלום",
    "::error::x",
    "##[error]x",
    "::",
    "%0A::error::x",
    "✅",
    "word",
    "two words",
    "90 %",
    "(",
    ")",
    ",",
    ".",
    "'",
    '"',
    "=",
)
HOSTILE = st.lists(st.sampled_from(PIECES) | st.text(max_size=12), max_size=8).flatmap(
    lambda parts: st.sampled_from([" ", "", "x"]).map(lambda glue: glue.join(parts))
)
"""Pieces of attacks and any text, with and without blanks between them."""

_PARSER = MarkdownIt("gfm-like", {"html": True, "linkify": find_spec("linkify_it") is not None})
_FILTERS = re.compile(
    r"@\w|#\d|://|www\.|:[a-z_+]+:|\bGH-\d|[A-Z]+-\d|\$|\[\^|(?<![\w/.])[0-9a-f]{7,40}(?!\w)", re.IGNORECASE
)
"""What GitHub's own filters act on, after rendering and outside of code and links."""
_BLOCKS = frozenset(
    {
        "heading_open",
        "fence",
        "code_block",
        "blockquote_open",
        "hr",
        "ordered_list_open",
        "image",
        "html_block",
        "s_open",
    }
)


def tokens(text: str) -> list[Token]:
    """Every token, inline ones too, as a renderer with HTML, tables and autolinks sees them."""
    found: list[Token] = []
    for token in _PARSER.parse(text):
        found.append(token)
        found += token.children or []
    return found


def active(text: str, allowed_html: Sequence[str] = ()) -> list[str]:
    """What the text does beside being shown; nothing for text that is harmless."""
    found = tokens(text)
    did = [token.type for token in found if token.type in _BLOCKS or token.type == "link_open"]
    did += [token.content for token in found if token.type == "html_inline" and token.content not in allowed_html]
    parts = ("".join(child.content for child in token.children or [] if child.type == "text") for token in found)
    prose = "\n".join(filter(None, parts))
    return did + [match[0] for match in _FILTERS.finditer(prose)]
