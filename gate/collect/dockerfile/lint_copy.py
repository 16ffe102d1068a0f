"""What hadolint is given: a copy of a Dockerfile with a mark at its end.

The mark is a wrong instruction that hadolint must find where it stands: so it has read the file to its end, which
nothing else in its report tells (a file without findings is not in it). Two things that hadolint 2.15 does not parse
although Docker does are put right: an instruction right behind a here-document gets an empty line before it, and the
lines of `<<-` lose their tabs. `Copy.line` leads back to the lines of the file.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from gate.collect.readers.dockerfile import Dockerfile
from gate.collect.readers.dockerfile_lines import Instruction

MARK = b"EXPOSE 99999\n"
MARK_RULE = "DL3011"
_DIRECTIVES = re.compile(rb"(#[ \t]*)(shellcheck|hadolint)(?=[ \t])", re.IGNORECASE)
_CHANGED = {b"shellcheck": b"shell-check", b"hadolint": b"hado-lint"}


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy. `mark_line` is where its mark stands; `added` are the lines of the file behind which one was added."""

    data: bytes
    mark_line: int
    added: tuple[int, ...] = ()

    def line(self, line: int) -> int:
        """Return the line of the file that a line of the copy stands for."""
        # The n-th added line (from 0) stands behind line added[n] of the file, which is line added[n] + n of the copy.
        return line - bisect_left([at + number for number, at in enumerate(self.added)], line)


def copy_of(data: bytes, dockerfile: Dockerfile, *, comments: bool) -> Copy:
    """Return the copy of a file. Without `comments`, those that switch checks off say nothing to hadolint any more."""
    rows = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    added: list[int] = []
    for instruction in _instructions(dockerfile):
        if not instruction.heredocs:
            continue
        added.append(instruction.end_line)
        if any(heredoc.chomp for heredoc in instruction.heredocs):
            for index in range(instruction.line, instruction.end_line):
                rows[index] = rows[index].lstrip(b"\t")
        rows[instruction.end_line - 1] = rows[instruction.end_line - 1].removesuffix(b"\r") + b"\n"
    whole = b"\n".join(rows)
    if not comments:
        whole = _DIRECTIVES.sub(lambda match: match[1] + _CHANGED[match[2].lower()], whole)
    # The empty line is for a file that ends with a here-document.
    whole = _ended(whole, dockerfile.escape.encode()) + b"\n\n"
    return Copy(whole + MARK, whole.count(b"\n") + 1, tuple(added))


def has_comments(data: bytes) -> bool:
    """Whether a file may hold comments that speak to hadolint or ShellCheck."""
    return _DIRECTIVES.search(data) is not None


def _instructions(dockerfile: Dockerfile) -> Iterator[Instruction]:
    for stage in dockerfile.stages:
        yield from stage.instructions


def _ended(data: bytes, escape: bytes) -> bytes:
    """Return a file that does not ask for one more line: that would be the mark."""
    data = data.rstrip(b" \t\r\n")
    while data.endswith(escape):
        data = data[: -len(escape)].rstrip(b" \t\r\n")
    return data
