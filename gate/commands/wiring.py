"""Where handles are made: the runner of children, the toolbox, the checkout, the progress, the policy's bytes."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gate.commands.options import Order
from gate.errors import UserError
from gate.pipeline import Checkout, Machine, PolicySource, Progress

if TYPE_CHECKING:
    from gate.collect.git import Git
    from gate.collect.process import SubprocessRunner
    from gate.collect.tools import SystemToolbox
    from gate.collect.workspace import Workspace
    from gate.judge.catalogue import Catalogue
    from gate.model.json import Json
    from gate.model.policy import Policy

DEFAULT_POLICY = ".gate/policy.yml"
_POLICY_LIMIT = 256 * 1024


def now() -> datetime:
    """Return the present time in UTC: the one place that asks the clock."""
    return datetime.now(UTC)


def machine(environ: Mapping[str, str], progress: Progress) -> Machine:
    """Return what the work is done with on this machine."""
    runner = _runner(progress)
    return Machine(runner, _toolbox(environ, runner), progress, now, len(os.sched_getaffinity(0)))


def toolbox(environ: Mapping[str, str]) -> SystemToolbox:
    """Return the tools of this machine."""
    return _toolbox(environ, _runner(None))


def validate(name: str, document: Json) -> None:
    """Hold a document against a shipped schema. Raises ValueError with the first few problems in words."""
    from gate.judge.schema import problems, shipped_validator

    found = problems(shipped_validator(name), document, limit=3)
    if found:
        raise ValueError("; ".join(str(problem) for problem in found))
