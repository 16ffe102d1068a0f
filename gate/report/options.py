"""How a report is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """What a renderer may know beside the verdict.

    `width` is in terminal cells, `budget` in UTF-8 bytes (Markdown). `rerun` is the command that repeats the run,
    `version` that of the gate. `seconds` is how long each kind took to collect, where that is known.
    `advisory` says aloud that nothing follows from the verdict. `alarms` are sentences about whoever speaks under the
    gate's name, for which it fails whatever the verdict; `extra_notes` are further ones that every reader should know.
    """

    width: int = 80
    color: bool = False
    ascii: bool = False
    quiet: bool = False
    verbose: bool = False
    budget: int = 65_000
    rerun: str = 'docker run --rm -v "$PWD:/github/workspace" readiness-gate'
    version: str = ""
    advisory: bool = False
    alarms: tuple[str, ...] = ()
    extra_notes: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
