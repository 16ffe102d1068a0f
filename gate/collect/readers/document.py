"""What a document says: words, headings, placeholders and links, from Markdown or plain text.

Markdown is CommonMark with GFM tables, read by markdown-it-py. Words are those a reader sees, code included, comments,
front matter and link targets not. Placeholders inside code are examples and do not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it.token import Token

MARKDOWN_SUFFIXES = (".md", ".markdown", ".mdown", ".mkd")

_PLACEHOLDERS = (
    # Upper case only: "todo" is also a word of prose.
    r"\b(?:TBD|TBA|TBC|TODO|FIXME|XXX)\b",
    r"(?i)\bto be (?:filled|determined|decided|defined|completed|announced|written|added|confirmed)\b",
    r"(?i)\blorem ipsum\b",
    r"(?i)\b(?:coming soon|work in progress|under construction)\b",
    r"(?i)[\[<{](?:insert|your|enter|add|fill|replace|name of|placeholder)\b[^\]>}]{0,60}[\]>}]",
    # A signature line that nobody signed: "Security Team: ______ Date: ____".
    r"_{4,}|\.{6,}",
)
_FRONT_MATTER = "---"


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A spot that somebody meant to fill in. `line` counts from 1."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link or image and the line that it stands on (from 1)."""

    line: int
    target: str


@dataclass(frozen=True, slots=True)
class Document:
    """What a document says. `lines` counts the lines that are not blank."""

    lines: int
    words: int
    headings: tuple[str, ...]
    placeholders: tuple[Placeholder, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A run of text that a reader sees."""

    line: int
    text: str
    code: bool = False


def read_document(text: str, *, markdown: bool) -> Document:
    """Read a document; any text is one."""
    lines = sum(1 for line in text.splitlines() if line.strip())
    if markdown:
        pieces, headings, links = _markdown(text)
    else:
        pieces = [_Piece(number, line) for number, line in enumerate(text.splitlines(), 1)]
        headings, links = _plain_headings(text), []
    return Document(
        lines=lines,
        words=sum(_words(piece.text) for piece in pieces),
        headings=tuple(headings),
        placeholders=tuple(_placeholders(pieces)),
        links=tuple(links),
    )


def _words(text: str) -> int:
    """Count what holds a letter or a digit: a row of dashes or a lone emoji is no word."""
    return sum(1 for word in text.split() if any(char.isalnum() for char in word))


def _placeholders(pieces: list[_Piece]) -> Iterator[Placeholder]:
    import re2

    pattern = re2.compile("|".join(f"(?:{part})" for part in _PLACEHOLDERS))
    for piece in pieces:
        if not piece.code:
            for offset, line in enumerate(piece.text.split("\n")):
                for match in pattern.finditer(line):
                    yield Placeholder(piece.line + offset, match.group(0)[:80])


def _plain_headings(text: str) -> list[str]:
    """Return the headings of plain text, reStructuredText (underlined) and AsciiDoc (`== `)."""
    lines = text.splitlines()
    headings = []
    for line, below in zip(lines, [*lines[1:], ""], strict=False):
        title, rule = line.strip(), below.strip()
        underlined = title and len(rule) >= 3 and len(set(rule)) == 1 and rule[0] in "=-~^\"'#*+`:."
        if underlined and any(char.isalnum() for char in title):
            headings.append(title)
        elif line.startswith(("= ", "== ", "=== ", "==== ")):
            headings.append(line.lstrip("=").strip())
    return headings


def _markdown(text: str) -> tuple[list[_Piece], list[str], list[Link]]:
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").enable("table").enable("strikethrough").parse(_without_front_matter(text))
    pieces: list[_Piece] = []
    headings: list[str] = []
    links: list[Link] = []
    in_heading = False
    line = 1
    for token in tokens:
        if token.map is not None:
            line = token.map[0] + 1
        if token.type in ("heading_open", "heading_close"):
            in_heading = token.type == "heading_open"
        elif token.type in ("fence", "code_block"):
            pieces.append(_Piece(line, token.content, code=True))
        elif token.type == "html_block":
            _html(token.content, line, pieces, links)
        elif token.type == "inline":
            found = _inline(token, line, links)
            pieces.extend(found)
            if in_heading:
                headings.append(" ".join("".join(piece.text for piece in found).split()))
    return pieces, headings, links


def _inline(token: Token, line: int, links: list[Link]) -> list[_Piece]:
    """Return the text of one inline token, a line of it a piece, so that placeholders keep their line."""
    pieces: list[_Piece] = []
    words: list[str] = []

    def flush(code: str | None = None) -> None:
        if words:
            pieces.append(_Piece(line, "".join(words)))
            words.clear()
        if code is not None:
            pieces.append(_Piece(line, code, code=True))

    for child in token.children or ():
        if child.type in ("softbreak", "hardbreak"):
            words.append(" ")
            flush()
            line += 1
        elif child.type == "code_inline":
            flush(child.content)
        elif child.type == "html_inline":
            _html(child.content, line, pieces, links)
        elif child.type in ("link_open", "image"):
            target = child.attrGet("href" if child.type == "link_open" else "src")
            links.append(Link(line, str(target or "")))
            words.append(child.content if child.type == "image" else "")
        else:
            words.append(child.content)
    flush()
    return pieces


class _Html(HTMLParser):
    """Collects the text and the links of a piece of HTML; comments are neither."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[tuple[int, str]] = []
        self.targets: list[tuple[int, str]] = []

    def handle_data(self, data: str) -> None:
        self.text.append((self.getpos()[0], data))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        wanted = {"a": "href", "img": "src"}.get(tag)
        for name, value in attrs:
            if name == wanted and value:
                self.targets.append((self.getpos()[0], value))


def _html(content: str, line: int, pieces: list[_Piece], links: list[Link]) -> None:
    parser = _Html()
    parser.feed(content)
    parser.close()
    pieces.extend(_Piece(line + at - 1, text) for at, text in parser.text)
    links.extend(Link(line + at - 1, target) for at, target in parser.targets)


def _without_front_matter(text: str) -> str:
    """Blank the YAML front matter, keeping the line numbers."""
    lines = text.split("\n")
    if lines[0].rstrip() != _FRONT_MATTER:
        return text
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() in (_FRONT_MATTER, "..."):
            return "\n" * (number + 1) + "\n".join(lines[number + 1 :])
    return text
