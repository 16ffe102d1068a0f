"""The errors that reach a person. Each class carries its exit code; `cli.main` is the one door out.

Exit codes (public, see docs/exit-codes.md): 0 go or conditional, 1 no_go, 2 the user's mistake,
3 the gate could not reach a verdict, 4 a verdict was reached but not published where it had to be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class GateError(Exception):
    """An expected failure. The message says what happened, where, what was expected and what to do next."""

    exit_code: ClassVar[int] = 3


class UserError(GateError):
    """A mistake in what the user gave: usage, settings, policy or waiver file."""

    exit_code: ClassVar[int] = 2


class CannotJudgeError(GateError):
    """The gate itself could not reach a verdict."""

    exit_code: ClassVar[int] = 3


class NotPublishedError(GateError):
    """A verdict was reached, but publishing it was required and did not happen."""

    exit_code: ClassVar[int] = 4


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake in a file that a person wrote.

    `line` and `column` count from 1; `where` is the path of keys inside the file ("criteria › coverage.linez").
    """

    file: str
    line: int
    column: int
    where: str
    text: str

    def __str__(self) -> str:
        head = f"{self.file}:{self.line}:{self.column}"
        body = "\n".join(f"  {line}" for line in self.text.splitlines())
        where = " ".join(self.where.split())  # a key may hold line breaks
        return f"{head}  {where}\n{body}" if where else f"{head}\n{body}"


class MistakesError(UserError):
    """Every mistake of one file, told in one go."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        count = len(self.mistakes)
        noun = "mistake" if count == 1 else "mistakes"
        super().__init__("\n".join([*map(str, self.mistakes), f"{count} {noun}; nothing was judged."]))
