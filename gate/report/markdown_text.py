"""Untrusted text in Markdown: it shows as it is and can do nothing.

GitHub acts on rendered text too: it makes links of URLs and addresses, mentions of @names, references of #1,
owner/repo#1, GH-1 and commit ids, and emoji of :names:. Escaping does not stop that, code spans do: those filters skip
them. So words that are plainly words or numbers stay prose, and everything else goes into a code span: names of files,
packages and settings, which is where a reader wants them anyway.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, TypeAlias

from gate.formats.plain import one_line

_OPEN = "(\"“‘'"
_CLOSE = ")\"”’'.,;:?…"
_PLAIN = re.compile(
    rf"[{_OPEN}]{{0,2}}[≥≤]?(?:[^\W\d_]+(?:[-’'][^\W\d_]+)*|\d+(?:[.,:-]\d+)*%?)[{_CLOSE}]{{0,3}}"
    rf"|[–—·…≥≤=%→›/]|[{_OPEN}]+|[{_CLOSE}]+"
)
_HEX = re.compile(r"[0-9a-fA-F]{7,}")
"""What GitHub may take for a commit."""
_MARKED = r"(?<![^\s(])`([^`\s](?:[^`]*[^`\s])?)`(?=$|[\s).,;:])"
"""A code span that the author of a sentence wrote: "run `uv lock`, then"."""

_Segment: TypeAlias = tuple[Literal["text", "word", "name"], str]
"""`text` is harmless, `word` and `name` go into code; words that stand side by side share a span."""


def code(text: str, limit: int = 200) -> str:
    """Return text as a code span; an en dash where nothing is left of it.

    Safe in a table cell, where `|` would end it (it becomes `¦`), and in a log, where `##[` would be a command.
    """
    line = one_line(text, limit).replace("|", "¦").replace("##[", "# #[")
    if not line:
        return "–"
    longest = max((len(run) for run in re.findall(r"`+", line)), default=0)
    ticks = "`" * (longest + 1)
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{space}{line}{space}{ticks}"


def prose(text: str, limit: int = 600, names: Iterable[str] = ()) -> str:
    """Return a sentence in which everything that is not plainly a word stands in a code span.

    `names` are known to come from evidence (paths, packages): where they occur they stand in one span as a whole. The
    result is for the middle of a line, after a literal; it holds no line break.
    """
    line = one_line(text, limit)
    found: list[_Segment] = []
    position = 0
    for match in _spans(line, names):
        found += _words(line[position : match.start()])
        found.append(("name", match[1] or match[0]))
        position = match.end()
    found += _words(line[position:])
    return "".join(part if kind == "text" else code(part, limit) for kind, part in _merged(found))


def bold(text: str, limit: int = 100) -> str:
    """Return a title in bold, with a full stop: what begins a paragraph."""
    title = prose(text, limit) or "–"
    return f"**{title}**" if title.endswith((".", "?", "…", ":")) else f"**{title}.**"


def is_plain(word: str) -> bool:
    """Whether a word means nothing to Markdown, HTML and GitHub wherever it stands in a line."""
    return (
        _PLAIN.fullmatch(word) is not None
        and _HEX.search(word) is None
        and "www." not in word.lower()  # the start of a link, even of one that was cut there
        and not any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in word)
    )


def _spans(line: str, names: Iterable[str]) -> Iterator[re.Match[str]]:
    known = {name for name in (one_line(each) for each in names) if name in line and name and not is_plain(name)}
    listed = "|".join(re.escape(name) for name in sorted(known, key=len, reverse=True))
    return re.finditer(rf"{_MARKED}|(?<!\w)(?:{listed})(?!\w)" if listed else _MARKED, line)


def _words(text: str) -> Iterator[_Segment]:
    """Yield the words of a text and the blanks between them, each harmless or for a code span."""
    for part in re.findall(r" |[^ ]+", text):
        if part == " " or is_plain(part):
            yield "text", part
        else:
            yield from _parted(part)


def _parted(word: str) -> Iterator[_Segment]:
    """Yield a word without the punctuation of the sentence around it."""
    body = word.lstrip(_OPEN)
    core = body
    while core and core[-1] in _CLOSE and not (core[-1] == ")" and core.count(")") <= core.count("(")):
        core = core[:-1]
    if not core:
        yield "word", word
        return
    for kind, part in (("text", word[: len(word) - len(body)]), ("word", core), ("text", body[len(core) :])):
        if part:
            yield ("text", part) if kind == "text" else ("word", part)


def _merged(segments: Sequence[_Segment]) -> list[_Segment]:
    """Join code spans that would touch, since they would not be two, and words with only a blank between them."""
    out: list[_Segment] = []
    for kind, part in segments:
        if kind != "text" and out and out[-1][0] != "text":
            out[-1] = ("word", out[-1][1] + part)
        elif kind == "word" and len(out) > 1 and out[-1] == ("text", " ") and out[-2][0] == "word":
            out.pop()
            out[-1] = ("word", f"{out[-1][1]} {part}")
        else:
            out.append((kind, part))
    return out
