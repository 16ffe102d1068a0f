"""The real hadolint, and broken ones that are real small programs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from gate.collect.cache import NO_CACHE, Cache
from gate.collect.collector import Context
from gate.collect.process import SubprocessRunner
from gate.collect.tools import SystemToolbox, Toolbox
from gate.collect.workspace import Entry, EntryType, Workspace
from gate.model.json import JsonObject
from tests.support.fakes import EmptyToolbox

TOOLS = Path(__file__).parents[2] / ".venv" / "tools.d"
HADOLINT = TOOLS / "hadolint"
RUNNER = SubprocessRunner()
REAL = SystemToolbox(RUNNER, [TOOLS])
needs_hadolint = pytest.mark.skipif(
    not HADOLINT.exists() and os.environ.get("CI") is None, reason="needs hadolint in .venv/tools.d (make .venv/tools)"
)


def context(
    root: Path,
    request: JsonObject | None = None,
    *,
    tools: Toolbox | None = None,
    cache: Cache = NO_CACHE,
    jobs: int = 1,
) -> Context:
    """A context over all files of a folder; without `tools`, on a machine that has none."""
    links = {path for path in root.rglob("*") if path.is_symlink()}
    paths = [path for path in root.rglob("*") if path in links or path.is_file()]
    entries = [
        Entry(path.relative_to(root).as_posix(), EntryType.SYMLINK if path in links else EntryType.FILE)
        for path in paths
    ]
    workspace = Workspace(root, tracked=entries)
    return Context(workspace, RUNNER, tools or EmptyToolbox(), request or {}, cache=cache, jobs=jobs)


def program(folder: Path, body: str) -> Toolbox:
    """A hadolint that says that it is 2.15.1 and then does what `body`, Python, says. Returns a machine with it.

    In `body`, `real()` runs the real one with the same arguments and returns (exit code, findings).
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "hadolint"
    path.write_text(
        f"#!{sys.executable} -I\n"
        "import json, os, signal, subprocess, sys, time\n"
        "if sys.argv[1:] == ['--version']:\n    print('Haskell Dockerfile Linter 2.15.1')\n    sys.exit(0)\n"
        "def real():\n"
        f"    done = subprocess.run([{str(HADOLINT)!r}, *sys.argv[1:]], capture_output=True)\n"
        "    return done.returncode, json.loads(done.stdout)\n"
        f"{body}\n"
    )
    path.chmod(0o755)
    return SystemToolbox(RUNNER, [folder])
