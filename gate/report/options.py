"""How a report is wanted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """`width` is in terminal cells, `budget` in UTF-8 bytes (Markdown). `rerun` is the command that repeats the run."""

    width: int = 80
    color: bool = False
    ascii: bool = False
    quiet: bool = False
    verbose: bool = False
    budget: int = 65_000
    rerun: str = 'docker run --rm -v "$PWD:/github/workspace" readiness-gate'
    version: str = ""
