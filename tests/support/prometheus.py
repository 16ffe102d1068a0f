"""The real promtool and amtool, where they are installed (Debian: prometheus, prometheus-alertmanager)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from gate.collect.collector import Context
from gate.collect.process import SubprocessRunner, ToolProblem
from gate.collect.self_test import SelfTests
from gate.collect.tools import SystemToolbox, Toolbox
from gate.collect.workspace import Workspace
from gate.model.json import JsonObject
from tests.support.fakes import EmptyToolbox, NoRunner, write

PROGRAMS = Path(__file__).parents[2] / ".venv" / "tools.d"
REAL = SystemToolbox(SubprocessRunner(), [PROGRAMS])


def _is_there(tool: str) -> bool:
    try:
        REAL.find(tool)
    except ToolProblem:
        return os.environ.get("CI") is not None
    return True


needs_promtool = pytest.mark.skipif(not _is_there("promtool"), reason="needs promtool (Debian: prometheus)")
needs_amtool = pytest.mark.skipif(not _is_there("amtool"), reason="needs amtool (Debian: prometheus-alertmanager)")


def tree(
    root: Path,
    files: Mapping[str, str | bytes],
    requests: Mapping[str, JsonObject] | None = None,
    kind: str = "prometheus",
    tools: Toolbox | None = None,
) -> Context:
    """A context over these files; without `tools`, on a machine that has none."""
    write(root, files)
    asked = dict(requests or {})
    return Context(
        Workspace(root),
        NoRunner() if tools is None else SubprocessRunner(),
        tools or EmptyToolbox(),
        asked.get(kind, {}),
        self_tests=SelfTests(),
        requests=asked,
    )
