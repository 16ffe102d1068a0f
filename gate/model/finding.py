"""One located problem."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from gate.model.json import JsonObject

Severity: TypeAlias = Literal["critical", "high", "medium", "low", "unknown"]
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "unknown")


@dataclass(frozen=True, slots=True)
class Finding:
    """One located problem.

    `path` is POSIX, relative to the workspace; `line` counts from 1. `fingerprint` is stable across line moves
    and never holds source text or a secret. `new` is True on a line that the change touches, None where no base
    is known. `properties` holds what is particular to the kind (package, version, aliases, fixed versions).
    """

    rule: str
    severity: Severity
    message: str
    tool: str
    path: str | None = None
    line: int | None = None
    fingerprint: str = ""
    suppressed: bool = False
    new: bool | None = None
    properties: JsonObject = field(default_factory=dict)
