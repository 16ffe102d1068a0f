"""Words of Dockerfile instructions: splitting, quotes, variables, and the JSON form.

Sources: the Dockerfile reference (docs.docker.com/reference/dockerfile), "Environment replacement", "Parser directives"
and "Here-documents", and the behaviour of BuildKit where the reference is silent. Pure, and linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

UNKNOWN = "\0"
"""Stands in an expanded text for what is not known before the build; no Dockerfile that is read holds it."""
LONGEST = 4096
"""Characters of an expanded text. Variables that stand for variables can double it with each line."""
_DEEPEST = 16
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9*#@!?$-]")
_OPERATOR = re.compile(r":?[-+?]")
_ASSIGNED = re.compile(r"(\"[^\"]*\"|'[^']*'|[^=\s\"']+)=")

Lookup: TypeAlias = Callable[[str], str | None]
"""The value of a variable, None for one that is not set. It may hold `UNKNOWN`."""


def words(text: str, escape: str = "\\") -> list[str]:
    """Return the words of a text as they are written, quotes and escapes kept; white space in quotes does not split."""
    return list(_words(text, escape))


def _words(text: str, escape: str) -> Iterator[str]:
    start: int | None = None
    quote = ""
    index = 0
    while index < len(text):
        char = text[index]
        if quote:
            if char == quote:
                quote = ""
            elif char == escape and quote == '"':
                index += 1
        elif char.isspace():
            if start is not None:
                yield text[start:index]
            start = None
        else:
            start = index if start is None else start
            if char in "\"'":
                quote = char
            elif char == escape:
                index += 1
        index += 1
    if start is not None:
        yield text[start:]


def pairs(text: str, escape: str = "\\") -> list[tuple[str, str]]:
    """Return the (name, written value) of `ENV a=b c="d e"`, and of the old form `ENV name the whole rest`."""
    found = words(text, escape)
    if not found:
        return []
    if "=" not in found[0]:
        name = found[0]
        return [(name, text.strip()[len(name) :].strip())]
    return [(match[1].strip("\"'"), word[match.end() :]) for word in found if (match := _ASSIGNED.match(word))]


def json_words(text: str) -> list[str] | None:
    """Return the texts of an instruction in JSON form, None for one in shell form (single quotes are no JSON)."""
    from gate.formats.strict_json import JsonProblem, loads

    stripped = text.strip()
    if not stripped.startswith("[") or not stripped.endswith("]"):
        return None
    try:
        value = loads(stripped.encode())
    except JsonProblem:
        return None
    if not isinstance(value, list):
        return None
    texts = [item for item in value if isinstance(item, str)]
    return texts if len(texts) == len(value) else None


def unquoted(text: str, escape: str = "\\") -> str:
    """Return a text without its quotes and escapes; variables stay as they are written."""
    return expand(text.replace("$", "\1"), lambda _name: None, escape).replace("\1", "$")


def expand(text: str, lookup: Lookup, escape: str = "\\") -> str:
    """Return a text as Docker makes of it: quotes taken off, escapes resolved, variables replaced.

    A variable that is not set, and one in a form whose value depends on the build, leaves `UNKNOWN`. The result is cut
    off, with `UNKNOWN` behind it, when it grows beyond `LONGEST`.
    """
    return _Expansion(text, lookup, escape).run()


class _Expansion:
    """One walk from left to right."""

    def __init__(self, text: str, lookup: Lookup, escape: str) -> None:
        self._text = text
        self._lookup = lookup
        self._escape = escape
        self._index = 0
        self._left = LONGEST

    def run(self) -> str:
        return self._until("", 0)

    def _until(self, end: str, depth: int) -> str:
        """Return what stands before `end` (before the text's end, for ""), which is taken too."""
        out: list[str] = []
        while self._index < len(self._text):
            if end and self._text[self._index] == end:
                self._index += 1
                break
            out.append(self._bounded(self._piece(depth)))
        return "".join(out)

    def _bounded(self, piece: str) -> str:
        """Return a piece of the result; beyond what it may be, `UNKNOWN`, and the walk ends."""
        self._left -= len(piece)
        if self._left >= 0:
            return piece
        self._index = len(self._text)
        return UNKNOWN

    def _piece(self, depth: int) -> str:
        char = self._text[self._index]
        if char == "'":
            return self._single()
        if char == '"':
            return self._double(depth)
        if char == "$":
            return self._variable(depth)
        if char == self._escape and self._index + 1 < len(self._text):
            self._index += 1
            char = self._text[self._index]
        self._index += 1
        return char

    def _single(self) -> str:
        end = self._text.find("'", self._index + 1)
        end = len(self._text) if end < 0 else end
        piece = self._text[self._index + 1 : end]
        self._index = end + 1
        return piece

    def _double(self, depth: int) -> str:
        out: list[str] = []
        self._index += 1
        while self._index < len(self._text):
            char = self._text[self._index]
            if char == '"':
                self._index += 1
                break
            following = self._text[self._index + 1 : self._index + 2]
            if char == "$":
                out.append(self._bounded(self._variable(depth)))
                continue
            if char == self._escape and following and following in f'"${self._escape}':
                self._index += 1
                char = following
            self._index += 1
            out.append(self._bounded(char))
        return "".join(out)

    def _variable(self, depth: int) -> str:
        self._index += 1
        braced = self._text[self._index : self._index + 1] == "{"
        match = _NAME.match(self._text, self._index + braced)
        if match is None:
            if braced:
                self._index += 1
                self._skip()
                return UNKNOWN
            return "$"
        self._index = match.end()
        value = self._lookup(match[0])
        if not braced:
            return UNKNOWN if value is None else value
        return self._braced(value, depth)

    def _braced(self, value: str | None, depth: int) -> str:
        """Return what `${NAME…}` stands for; the walk is behind NAME."""
        if self._text[self._index : self._index + 1] == "}":
            self._index += 1
            return UNKNOWN if value is None else value
        operator = _OPERATOR.match(self._text, self._index)
        if operator is None or depth >= _DEEPEST:
            self._skip()
            return UNKNOWN
        self._index = operator.end()
        other = self._until("}", depth + 1)
        there = bool(value) if operator[0].startswith(":") else value is not None
        if operator[0].endswith("+"):
            return other if there else ""
        if value is not None and there:
            return value
        return other if operator[0].endswith("-") else UNKNOWN

    def _skip(self) -> None:
        """Go behind the next closing brace."""
        end = self._text.find("}", self._index)
        self._index = len(self._text) if end < 0 else end + 1
