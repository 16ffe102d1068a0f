"""gitleaks without what it says to people, which may hold what nobody should read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from gate.collect.process import Completed, Runner, ToolProblem

_TOLD = re.compile(r"scanned ~(\d{1,18}) bytes")
_COMPLAINT = re.compile(r" (?:ERR|FTL|PNC) ")


class QuietRunner:
    """Runs children as another runner does; keeps of their stderr how much they scanned, and whether they complained.

    gitleaks redacts secrets in its report and in its log; what it says of a configuration that it cannot read, or when
    it crashes, it does not.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

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
        """Run one program to its end; see `Runner.run`. Raises ToolProblem without the last words of the child."""
        try:
            completed = self._runner.run(
                program,
                arguments,
                cwd=cwd,
                exit_codes=exit_codes,
                timeout=timeout,
                stdin=stdin,
                environment=environment,
                max_stdout=max_stdout,
                memory=memory,
            )
        except ToolProblem as problem:
            raise ToolProblem(problem.tool, _without_words(problem.reason)) from None
        return replace(completed, stderr=_kept(completed.stderr))


def _without_words(reason: str) -> str:
    """Return why a child proved nothing, without what it said: that follows on the first colon."""
    return reason if reason.startswith(("could not be started", "was not run")) else reason.partition(": ")[0]


def _kept(stderr: str) -> str:
    told = [found.group(0) for found in _TOLD.finditer(stderr)][-1:]
    return "".join(f"{line}\n" for line in (*(["complained"] if _COMPLAINT.search(stderr) else []), *told))
