"""A cache in memory, and a toolbox of which every run is counted."""

from __future__ import annotations

import stat
import sys
from collections.abc import Sequence
from pathlib import Path

from gate.collect.cache import Cache, Cached
from gate.collect.tools import Tool, Toolbox
from gate.model.json import Json

ORIGIN = "2026-11-20 (run 12)"


class MemoryCache(Cache):
    """Keeps values in memory; all of them are from one earlier run."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, ...], Json] = {}

    def get(self, space: str, key: Sequence[str]) -> Cached | None:
        value = self.kept.get((space, *key))
        return None if value is None else Cached(value, ORIGIN)

    def put(self, space: str, key: Sequence[str], value: Json) -> None:
        self.kept[space, *key] = value

    def save(self) -> None:
        """Nothing to write."""

    def keys_of(self, space: str) -> list[tuple[str, ...]]:
        """The keys of one space."""
        return [key for key in self.kept if key[0] == space]


class Counted(Toolbox):
    """A real tool behind a program that notes each run; `version` makes it a tool of another version."""

    def __init__(self, folder: Path, real: Tool, version: str | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o777)
        self._runs = folder / "runs"
        self._runs.touch()
        self._runs.chmod(0o666)
        program = folder / real.name
        program.write_text(
            f"#!{sys.executable} -I\nimport os, sys\n"
            f"with open({str(self._runs)!r}, 'a') as runs:\n    print(*sys.argv[1:], file=runs)\n"
            f"os.execv({str(real.program)!r}, [{str(real.program)!r}, *sys.argv[1:]])\n"
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        self._tool = Tool(real.name, version or real.version, (str(program),))

    @property
    def runs(self) -> int:
        """How often it was started since this was asked last."""
        number = len(self._runs.read_text().splitlines())
        self._runs.write_text("")
        return number

    def find(self, name: str) -> Tool:
        if name != self._tool.name:
            from gate.collect.process import ToolProblem

            raise ToolProblem(name, "is not installed")
        return self._tool
