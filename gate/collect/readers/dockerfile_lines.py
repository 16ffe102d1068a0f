"""The instructions of a Dockerfile: directives, comments, continued lines, here-documents.

Source: the Dockerfile reference (docs.docker.com/reference/dockerfile), and the behaviour of BuildKit's parser where
it is silent: a comment inside a continued line is passed over, an empty line there too; the escape character at the
end of a line may be followed by blanks; an escaped escape character does not continue the line. Pure, and linear.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gate.collect.readers.dockerfile_words import json_words, unquoted, words
from gate.collect.readers.errors import ReportError

_ALL_KEYWORDS = (
    "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME"
    " WORKDIR"
)
KEYWORDS = frozenset(_ALL_KEYWORDS.split())
_HEREDOC_KEYWORDS = frozenset({"ADD", "COPY", "RUN"})
_DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(\S.*)")
_DIRECTIVES = frozenset({"syntax", "escape", "check"})
_HEREDOC = re.compile(r"[0-9]*<<(-?)([^<]+)")
_FIRST = re.compile(r"(\S+)\s*")
_FLAG = re.compile(r"--([a-z][a-z-]*)(?:=(.*))?", re.DOTALL)
_OWN_SYNTAX = re.compile(
    r"(?:docker\.io/|docker-image://|ghcr\.io/)*(?:docker|moby)/(?:dockerfile|buildkit)(?:-upstream)?(?:[:@].*)?"
)
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Heredoc:
    """The text of a here-document. `expand` is whether variables in it stand for their values (no quotes).

    `chomp` is whether its lines lose their leading tabs (`<<-`), as they have in `text`.
    """

    name: str
    text: str
    expand: bool
    chomp: bool


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction.

    `keyword` is in capitals, `flags` are its `--name=value` (the value "" where there is none), `text` what follows,
    continued lines joined. `line` and `end_line` count from 1, here-documents included. `inner` is what an ONBUILD
    holds back.
    """

    keyword: str
    text: str
    line: int
    end_line: int
    flags: tuple[tuple[str, str], ...] = ()
    heredocs: tuple[Heredoc, ...] = ()
    inner: Instruction | None = None

    def flag(self, name: str) -> str | None:
        """Return the value of a flag, the last one that is given; None without it."""
        return next((value for known, value in reversed(self.flags) if known == name), None)

    @property
    def json(self) -> list[str] | None:
        """The texts of the JSON form, None in shell form."""
        return json_words(self.text)


@dataclass(frozen=True, slots=True)
class Lines:
    """A Dockerfile as instructions. `syntax` is the frontend that it names, `escape` its escape character."""

    instructions: tuple[Instruction, ...]
    escape: str = "\\"
    syntax: str | None = None


def decoded(data: bytes) -> list[str]:
    """Return the lines of a Dockerfile, without their ends. Raises ReportError for what is no text.

    Bytes that are not UTF-8 become U+FFFD, as Docker takes them as they are.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ReportError("is UTF-16, which Docker does not read: save it as UTF-8", 1)
    zero = data.find(b"\0")
    if zero >= 0:
        raise ReportError("holds a NUL byte, so it is no text", data.count(b"\n", 0, zero) + 1)
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    return [line.removesuffix("\r") for line in text.split("\n")]


def read_lines(data: bytes) -> Lines:
    """Return the instructions of a Dockerfile. Raises ReportError where Docker would refuse it."""
    rows = decoded(data)
    directives = _directives(rows)
    escape = directives.get("escape", "\\")
    if escape not in ("\\", "`"):
        raise ReportError(f"names “{escape[:_SHOWN]}” as its escape character, which can be \\ or ` only", 1)
    reading = _Reading(rows, escape, directives.get("syntax"))
    return Lines(tuple(reading.run()), escape, directives.get("syntax"))


def _directives(rows: Sequence[str]) -> dict[str, str]:
    """Return the parser directives: comments of their form at the very top, each at most once."""
    found: dict[str, str] = {}
    for number, row in enumerate(rows, 1):
        match = _DIRECTIVE.fullmatch(row.strip())
        name = match[1].lower() if match else ""
        if match is None or name not in _DIRECTIVES:
            break
        if name in found:
            raise ReportError(f"gives the directive “{name}” twice", number)
        found[name] = match[2].strip()
    return found


@dataclass(slots=True)
class _Reading:
    """The walk over the lines."""

    rows: Sequence[str]
    escape: str
    syntax: str | None
    at: int = 0
    _found: list[Instruction] = field(default_factory=list)

    def run(self) -> list[Instruction]:
        while self.at < len(self.rows):
            start = self.at
            text = self._logical()
            if text.strip():
                self._take(text, start + 1)
        return self._found

    def _logical(self) -> str:
        """Return the next line with those that continue it; "" for a comment and an empty line."""
        row = self.rows[self.at].lstrip()
        self.at += 1
        if row.startswith("#"):
            return ""
        text, goes_on = self._cut(row)
        parts = [text]
        while goes_on and self.at < len(self.rows):
            row = self.rows[self.at]
            self.at += 1
            bare = row.strip()
            if not bare or bare.startswith("#"):
                continue
            text, goes_on = self._cut(row)
            parts.append(text)
        return "".join(parts)

    def _cut(self, row: str) -> tuple[str, bool]:
        """Return a line without the escape character at its end, and whether there was one."""
        bare = row.rstrip(" \t")
        if not bare.endswith(self.escape) or bare[-2:-1] == self.escape:
            return row, False
        return bare[:-1], True

    def _take(self, text: str, line: int) -> None:
        instruction = _instruction(text, line, self.syntax)
        heredocs = self._heredocs(instruction, line)
        self._found.append(replace(instruction, end_line=self.at, heredocs=heredocs))

    def _heredocs(self, instruction: Instruction, line: int) -> tuple[Heredoc, ...]:
        holder = instruction.inner or instruction
        if holder.keyword not in _HEREDOC_KEYWORDS or "<<" not in holder.text or holder.json is not None:
            return ()
        found = []
        for word in words(holder.text, self.escape):
            match = _HEREDOC.fullmatch(word)
            if match is not None:
                found.append(self._heredoc(match[2], bool(match[1]), line))
        return tuple(found)

    def _heredoc(self, written: str, chomp: bool, line: int) -> Heredoc:
        name = unquoted(written, self.escape)
        rows: list[str] = []
        while self.at < len(self.rows):
            row = self.rows[self.at]
            self.at += 1
            if chomp:
                row = row.lstrip("\t")
            if row == name:
                return Heredoc(name, "\n".join(rows), written == name, chomp)
            rows.append(row)
        raise ReportError(f"opens the here-document “{name[:_SHOWN]}” and does not close it", line)


def _instruction(text: str, line: int, syntax: str | None) -> Instruction:
    """Return the instruction of a logical line, without here-documents. Raises ReportError."""
    first, *behind = text.split(None, 1)
    keyword = first.upper()
    if keyword not in KEYWORDS:
        raise ReportError(_unknown(first, syntax), line)
    rest = behind[0].rstrip() if behind else ""
    flags: tuple[tuple[str, str], ...] = ()
    if keyword != "ONBUILD":
        flags, rest = _flags(rest)
    if not rest and keyword not in ("CMD", "ENTRYPOINT"):
        raise ReportError(f"has {keyword} with nothing behind it", line)
    inner = (
        _instruction(rest, line, syntax) if keyword == "ONBUILD" and not rest.upper().startswith("ONBUILD") else None
    )
    return Instruction(keyword, rest, line, line, flags, inner=inner)


def _unknown(word: str, syntax: str | None) -> str:
    shown = word if len(word) <= _SHOWN else f"{word[:_SHOWN]}…"
    reason = f"has “{shown}” where an instruction should be"
    if syntax is not None and not _OWN_SYNTAX.fullmatch(syntax):
        return f"{reason}; it is written for another frontend, “{syntax[:100]}”"
    return reason


def _flags(text: str) -> tuple[tuple[tuple[str, str], ...], str]:
    """Return the flags before the first word that is none, and what follows them."""
    found: list[tuple[str, str]] = []
    at = 0
    while text.startswith("--", at):
        match = _FIRST.match(text, at)
        flag = _FLAG.fullmatch(match[1]) if match else None
        if match is None or flag is None:
            break
        found.append((flag[1], unquoted(flag[2] or "")))
        at = match.end()
    return tuple(found), text[at:]
