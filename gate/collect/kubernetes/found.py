"""What a part of the evidence `kubernetes` found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from gate.collect.kubernetes.cluster import Cluster
from gate.model.evidence import Gap
from gate.model.finding import Finding
from gate.model.json import JsonObject


@dataclass(frozen=True, slots=True)
class Found:
    """What a part found."""

    facts: JsonObject
    gaps: tuple[Gap, ...] = ()
    findings: tuple[Finding, ...] = field(default=())


Part: TypeAlias = Callable[[Cluster], Found]
