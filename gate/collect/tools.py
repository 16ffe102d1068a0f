"""Where the tools are that the gate runs, and which versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that was found. `command` is the absolute program and its fixed first arguments."""

    name: str
    version: str
    command: tuple[str, ...]

    @property
    def program(self) -> Path:
        """The absolute path of the program."""
        return Path(self.command[0])

    def arguments(self, *rest: str) -> Sequence[str]:
        """The fixed first arguments and these."""
        return (*self.command[1:], *rest)


class Toolbox(Protocol):
    """Finds tools."""

    def find(self, name: str) -> Tool:
        """Return the tool with its version. Raises ToolProblem when it is absent or does not answer."""
        ...
