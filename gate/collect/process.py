"""The only door to child processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Completed:
    """A child that ended with a declared exit code. `stdout` is whole; `stderr` is cut to its end when too long."""

    exit_code: int
    stdout: bytes
    stderr: str
    seconds: float


class ToolProblem(Exception):
    """A child proved nothing: not found, timed out, killed, undeclared exit code, too much output.

    `reason` completes "TOOL …" in words for a person and holds no output of the child beyond a short, cleaned tail.
    """

    def __init__(self, tool: str, reason: str) -> None:
        self.tool = tool
        self.reason = reason
        super().__init__(f"{tool} {reason}")


class Runner(Protocol):
    """Runs children."""

    def run(
        self,
        program: Path,
        arguments: Sequence[str],
        *,
        cwd: Path,
        exit_codes: frozenset[int] = frozenset({0}),
        timeout: float = 600.0,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
        max_stdout: int = 256 * 1024 * 1024,
        memory: int | None = None,
    ) -> Completed:
        """Run one program to its end.

        `program` is absolute. `environment` adds to the allow-list (PATH, LANG, a fresh HOME and TMPDIR); `memory`
        limits the address space in bytes. Raises ToolProblem.
        """
        ...
