"""The text of a YAML file: its encoding, and what the parser's complaints mean in plain English."""

from __future__ import annotations

import re

import yaml

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""What YAML 1.2.2 (section 5.1) does not allow, and the byte order mark."""


_PLAIN = bytes([*b"\t\n\r", *range(0x20, 0x7F)])


class SourceError(ValueError):
    """Bytes that are no text of a YAML file; line and column count from 1."""

    def __init__(self, reason: str, line: int = 1, column: int = 1) -> None:
        self.reason = reason
        self.line = line
        self.column = column
        super().__init__(reason)


def decode(data: bytes, *, limit: int, bom: bool) -> str:
    """Return the text of a file of at most `limit` bytes of UTF-8. Raises SourceError.

    With `bom`, a UTF-8 byte order mark at the start is dropped; else it is refused.
    """
    if len(data) > limit:
        raise SourceError(f"The file has {len(data):,} bytes; at most {limit:,} are read")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:4]:
        raise SourceError("The file is UTF-16 or UTF-32, or binary; save it as UTF-8")
    if data.startswith(b"\xef\xbb\xbf"):
        if not bom:
            raise SourceError("The file starts with a byte order mark; save it as UTF-8 without one")
        data = data[3:]
    if not data.translate(None, _PLAIN):
        return data.decode("ascii")  # as nearly every file is
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = _place(data[: error.start].decode("utf-8", "replace"))
        raise SourceError(
            f"The byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8", line, column
        ) from None
    found = _UNPRINTABLE.search(text)
    if found is not None:
        line, column = _place(text[: found.start()])
        raise SourceError(f"The character U+{ord(found.group()):04X} is not allowed in YAML; remove it", line, column)
    return text


def _place(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - before.rfind("\n")


_MEANINGS: tuple[tuple[str, str], ...] = (
    ("found undefined tag handle", "The tag here is not declared; remove it"),
    ("mapping values are not allowed", "A colon stands where no key can be; check the indent, or quote the text"),
    ("could not find expected ':'", "A key has no colon behind it; check the indent and the quotes"),
    ("did not find expected key", "A key was expected here; check the indent, the quotes and the brackets"),
    ("did not find expected '-' indicator", "An item of the list (-) was expected here; check the indent"),
    ("did not find expected ',' or", "A comma or the closing bracket was expected here"),
    ("did not find expected <document start>", "The text goes on after its end; check the indent"),
    ("did not find expected node content", "A value was expected here"),
    ("found unexpected end of stream", "A quote is opened and not closed"),
    ("found unknown escape character", "The backslash escapes nothing that YAML knows; use single quotes"),
    ("block sequence entries are not allowed", "An item of a list (-) cannot stand here; check the indent"),
    ("found duplicate", "This directive stands here twice"),
    ("found incompatible YAML document", "This version of YAML is not read; remove the directive"),
    ("found undefined alias", "The alias names no anchor above it"),
    (
        "while scanning a block scalar",
        "The text block (| or >) is not well formed; check its first line and the indent",
    ),
)


def explain_syntax(error: yaml.MarkedYAMLError, text: str) -> tuple[str, int, int]:
    """Return (sentence, line, column) for what the parser stumbled over."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    lines = text.splitlines()
    here = lines[line - 1] if line <= len(lines) else ""
    if here[column - 1 : column] == "\t" or "\t" in here[: len(here) - len(here.lstrip())]:
        return "A tab stands where YAML wants spaces; indent with spaces", line, column
    problem = f"{error.problem or ''} {error.context or ''}"
    if "cannot start any token" in problem:
        char = here[column - 1 : column]
        return f"The character {char} cannot begin a value; quote the text", line, column
    for sign, meaning in _MEANINGS:
        if sign in problem:
            return meaning, line, column
    return f"This is not YAML: {problem.strip()}", line, column
