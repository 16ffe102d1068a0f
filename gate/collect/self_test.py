"""The self-test of a tool: it must find what was planted for it before anything that it says counts.

A canary is a small input with one known problem. A tool that does not find it is broken in a way that its exit code
does not show: a database without contents, rules that did not load, a binary that answers everything with "clean".
The test runs once for each tool, version and canary; a result may be kept in a cache (`cache`), the failed ones never.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.collect.cache import NO_CACHE, Cache

if TYPE_CHECKING:  # every context has a table of self-tests; only a run that starts a tool needs the rest
    from gate.collect.scan_problem import ScanProblem
    from gate.collect.tools import Tool

_SPACE = "self-tests"


@dataclass(frozen=True, slots=True)
class Canary:
    """What a tool has to find.

    `name` says what was planted, in words that complete "does not find …". `identity` is what the result depends on
    besides the tool and its version: the hash of the planted input, of the rules, of the database. `test` runs the
    tool on it, with a `Scan` that has no canary itself, and returns what it found as a short phrase; it raises
    ScanProblem when the tool does not find it.
    """

    tool: str
    name: str
    identity: str
    test: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Passed:
    """A self-test that a tool passed. `cached` is where the result came from, None when it was run just now."""

    tool: str
    version: str
    found: str
    cached: str | None = None


class SelfTests:
    """The self-tests of one run of the gate. Safe to use from several threads: each test runs once."""

    def __init__(self, cache: Cache = NO_CACHE) -> None:
        self._cache = cache
        self._results: dict[tuple[str, str, str], Passed | ScanProblem] = {}
        self._locks: defaultdict[tuple[str, str, str], threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()

    def require(self, canary: Canary, tool: Tool) -> Passed:
        """Return that the tool passed, running the test when nobody has. Raises ScanProblem (step canary)."""
        from gate.collect.scan_problem import ScanProblem

        key = (tool.name, tool.version, canary.identity)
        with self._lock:
            lock = self._locks[key]
        with lock:
            if key not in self._results:
                self._results[key] = self._run(canary, tool, key)
            result = self._results[key]
        if isinstance(result, ScanProblem):
            raise ScanProblem(result.tool, result.reason, result.step)
        return result

    def passed(self, canary: Canary, tool: Tool, found: str) -> None:
        """Note that a run which had the canary among what it scanned has found it: nobody need ask again."""
        key = (tool.name, tool.version, canary.identity)
        with self._lock:
            if key in self._results:
                return
            self._results[key] = Passed(tool.name, tool.version, found)
        self._cache.put(_SPACE, key, found)

    def _run(self, canary: Canary, tool: Tool, key: tuple[str, str, str]) -> Passed | ScanProblem:
        from gate.collect.scan_problem import ScanProblem, Step

        known = self._cache.get(_SPACE, key)
        if known is not None and isinstance(known.value, str):
            return Passed(tool.name, tool.version, known.value, known.origin)
        try:
            found = canary.test()
        except ScanProblem as problem:
            reason = f"is not trusted: its self-test does not find {canary.name} ({problem.tool} {problem.reason})"
            return ScanProblem(tool.name, reason, Step.CANARY)
        self._cache.put(_SPACE, key, found)
        return Passed(tool.name, tool.version, found)
