"""Test functions of many Python files, counted by children side by side.

A child that dies proves nothing about any of its files: it is halved until the file that did it stands alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from gate.collect.disk import printable
from gate.collect.inventory import python_tests
from gate.collect.process import Runner, ToolProblem
from gate.model.evidence import Gap

_PROGRAM = Path(python_tests.__file__)
_BATCH_BYTES = 2 * 1024 * 1024
_TIMEOUT = 120.0
_MEMORY = 2 * 1024**3
_MAX_RETRIES = 24
_FACTS = ("test_functions",)


@dataclass(slots=True)
class _Batch:
    files: list[tuple[str, bytes]] = field(default_factory=list)
    size: int = 0


class TestFunctionCounter:
    """Takes sources one by one and counts meanwhile, in `jobs` children. To be used as a context manager."""

    def __init__(self, runner: Runner, jobs: int) -> None:
        self._runner = runner
        self._pool = ThreadPoolExecutor(max_workers=max(1, jobs), thread_name_prefix="count-tests")
        self._batch = _Batch()
        self._counting: list[Future[tuple[int, list[Gap]]]] = []

    def __enter__(self) -> TestFunctionCounter:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._pool.shutdown()

    def add(self, path: str, source: bytes) -> None:
        """Take one file. One without the letters "test" in it has no test function, and is not parsed."""
        if b"test" not in source:
            return
        self._batch.files.append((path, source))
        self._batch.size += len(source)
        if self._batch.size >= _BATCH_BYTES:
            self._send()

    def result(self) -> tuple[int, list[Gap]]:
        """Return how many test functions there are, and a gap for each file that could not be counted."""
        self._send()
        done = [future.result() for future in self._counting]
        return sum(count for count, _ in done), [gap for _, gaps in done for gap in gaps]

    def _send(self) -> None:
        if self._batch.files:
            self._counting.append(self._pool.submit(self._count, self._batch.files))
        self._batch = _Batch()

    def _count(self, files: Sequence[tuple[str, bytes]]) -> tuple[int, list[Gap]]:
        total = 0
        gaps: list[Gap] = []
        waiting = [files]
        retries = _MAX_RETRIES
        while waiting:
            part = waiting.pop()
            try:
                answers = self._ask([source for _, source in part])
            except ToolProblem as problem:
                if len(part) > 1 and retries > 0:
                    retries -= 1
                    middle = len(part) // 2
                    waiting += [part[:middle], part[middle:]]
                else:
                    reason = f"its test functions could not be counted: {problem}"
                    gaps += [Gap(printable(path), reason, printable(path), facts=_FACTS) for path, _ in part]
                continue
            for (path, _), answer in zip(part, answers, strict=True):
                if isinstance(answer, int):
                    total += answer
                else:
                    gaps.append(Gap(printable(path), answer, printable(path), facts=_FACTS))
        return total, gaps

    def _ask(self, sources: Sequence[bytes]) -> list[int | str]:
        """Ask one child. Raises ToolProblem."""
        completed = self._runner.run(
            Path(sys.executable),
            ["-I", str(_PROGRAM)],
            cwd=Path("/"),
            timeout=_TIMEOUT,
            stdin=python_tests.write_sources(sources),
            memory=_MEMORY,
        )
        answers: list[int | str] = json.loads(completed.stdout)
        if len(answers) != len(sources):
            raise ToolProblem("python", f"answered for {len(answers)} of {len(sources)} files")
        return answers
