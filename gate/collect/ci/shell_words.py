"""The words and operators of a shell script. Pure.

This is the part of the shell's grammar (POSIX.1-2024, Shell Command Language, 2.2 to 2.7) that says what a word is:
quoting, comments, redirections, here-documents, substitutions. Nothing is expanded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

_BREAKS = frozenset("\n;&|()")
_DOUBLE = ("&&", "||", ";;", "|&")


@dataclass(slots=True)
class Word:
    """One word with its quotes taken off. `inner` are the scripts of its substitutions, each with its line."""

    text: str
    line: int
    quoted: bool
    inner: list[tuple[str, int]] = field(default_factory=list)


class Lexer:
    """Cuts a script into words and operators. An operator is a `str`, a newline is the operator "\\n"."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 0
        self._documents: list[tuple[str, bool]] = []

    def tokens(self) -> Iterator[Word | tuple[str, int]]:
        """Yield the words and the operators in order; an operator with its line, from 0."""
        text, size = self._text, len(self._text)
        while self._at < size:
            char = text[self._at]
            if char in " \t\r":
                self._at += 1
            elif char == "\\" and text[self._at + 1 : self._at + 2] == "\n":
                self._at += 2
                self._line += 1
            elif char == "#":
                self._skip_line()
            elif char == "\n":
                yield "\n", self._line
                self._at += 1
                self._line += 1
                self._skip_documents()
            elif char in "<>" or (char == "&" and text[self._at + 1 : self._at + 2] == ">"):
                self._redirect()
            elif char in _BREAKS:
                yield self._operator(), self._line
            else:
                yield self._word()

    def _operator(self) -> str:
        pair = self._text[self._at : self._at + 2]
        operator = pair if pair in _DOUBLE else pair[0]
        self._at += len(operator)
        return operator

    def _skip_line(self) -> None:
        end = self._text.find("\n", self._at)
        self._at = len(self._text) if end < 0 else end

    def _redirect(self) -> None:
        """Step over a redirection and its target; note a here-document."""
        start = self._at
        while self._at < len(self._text) and self._text[self._at] in "<>&|-":
            self._at += 1
        operator = self._text[start : self._at]
        while self._text[self._at : self._at + 1] in (" ", "\t") and self._at < len(self._text):
            self._at += 1
        if self._at >= len(self._text) or self._text[self._at] in "\n;&|":
            return
        if self._text[self._at] == "(":
            return  # a process substitution: its commands are read as a group
        word = self._word()
        if operator in ("<<", "<<-"):
            self._documents.append((word.text, operator == "<<-"))

    def _skip_documents(self) -> None:
        for delimiter, tabs in self._documents:
            while self._at < len(self._text):
                end = self._text.find("\n", self._at)
                end = len(self._text) if end < 0 else end
                line = self._text[self._at : end]
                self._at = min(end + 1, len(self._text))
                self._line += 1
                # A script of a workflow may be indented as a whole where YAML folds it.
                if (line.lstrip("\t") if tabs else line).rstrip("\r") == delimiter:
                    break
        self._documents.clear()

    def _word(self) -> Word:
        parts: list[str] = []
        word = Word("", self._line, False)
        text, size = self._text, len(self._text)
        while self._at < size:
            char = text[self._at]
            if char in " \t\r\n;&|()<>" and not text.startswith("${{", self._at):
                break
            if char in "'\"":
                word.quoted = True
                parts.append(self._quoted(char, word))
            elif char == "\\":
                parts.append("" if text[self._at + 1 : self._at + 2] == "\n" else text[self._at + 1 : self._at + 2])
                self._line += text[self._at + 1 : self._at + 2] == "\n"
                self._at += 2
            elif char in "$`":
                parts.append(self._expansion(word))
            else:
                parts.append(char)
                self._at += 1
        word.text = "".join(parts)
        if self._at < size and text[self._at] in "<>" and word.text.isdigit():
            word.text = ""  # the number of a file descriptor
        return word

    def _quoted(self, quote: str, word: Word) -> str:
        parts: list[str] = []
        self._at += 1
        text, size = self._text, len(self._text)
        while self._at < size and text[self._at] != quote:
            char = text[self._at]
            if quote == '"' and char == "\\":
                parts.append(text[self._at + 1 : self._at + 2])
                self._line += text[self._at + 1 : self._at + 2] == "\n"
                self._at += 2
            elif (quote == '"' and char in "$`") or text.startswith("${{", self._at):
                parts.append(self._expansion(word))
            else:
                self._line += char == "\n"
                parts.append(char)
                self._at += 1
        self._at += 1
        return "".join(parts)

    def _expansion(self, word: Word) -> str:
        """Return an expansion as it stands; note the commands of a substitution."""
        text, start, line = self._text, self._at, self._line
        if text.startswith("${{", start):
            end = text.find("}}", start)
            self._at = len(text) if end < 0 else end + 2
        elif text.startswith("$((", start):
            self._at = _closing(text, start + 1)
        elif text.startswith("$(", start):
            self._at = _closing(text, start + 1)
            word.inner.append((text[start + 2 : self._at - 1], line))
        elif text.startswith("${", start):
            end = text.find("}", start)
            self._at = len(text) if end < 0 else end + 1
        elif text[start] == "`":
            end = text.find("`", start + 1)
            self._at = len(text) if end < 0 else end + 1
            word.inner.append((text[start + 1 : self._at - 1], line))
        else:
            self._at = start + 1
        self._line += text.count("\n", start, self._at)
        return text[start : self._at]


def _closing(text: str, start: int) -> int:
    """Return the index behind the bracket that closes the one at `start`, the end of the text where there is none."""
    depth, at, quote = 0, start, ""
    while at < len(text):
        char = text[at]
        if quote:
            if char == "\\" and quote == '"':
                at += 1
            elif char == quote:
                quote = ""
        elif char == "\\":
            at += 1
        elif char in "'\"":
            quote = char
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    return len(text)
