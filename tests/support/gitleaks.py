"""The real gitleaks, broken ones that are real small programs, and secrets that never were."""

from __future__ import annotations

import os
import random
import stat
import string
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from gate.collect.cache import NO_CACHE, Cache
from gate.collect.changes import Changes
from gate.collect.collector import Context
from gate.collect.git import open_workspace
from gate.collect.process import SubprocessRunner
from gate.collect.tools import SystemToolbox
from gate.collect.workspace import Workspace
from gate.model.evidence import Gap
from gate.model.json import JsonObject

TOOLS = Path(__file__).parents[2] / ".venv" / "tools.d"
GITLEAKS = TOOLS / "gitleaks"
REAL = SystemToolbox(SubprocessRunner(), [TOOLS])
"""Asks the real one for its version once, for all tests."""
needs_gitleaks = pytest.mark.skipif(
    not GITLEAKS.exists() and os.environ.get("CI") is None, reason="needs gitleaks in .venv/tools.d (make .venv/tools)"
)


def token(seed: int = 0) -> str:
    """A GitHub token that never was."""
    chosen = random.Random(seed)
    return "ghp_" + "".join(chosen.choice(string.ascii_letters + string.digits) for _ in range(36))


def context(
    root: Path,
    request: JsonObject | None = None,
    *,
    changes: Changes | Gap | None = None,
    tools: Path = TOOLS,
    environment: Mapping[str, str] | None = None,
    cache: Cache = NO_CACHE,
    log: list[str] | None = None,
    workspace: Workspace | None = None,
) -> Context:
    """A context with the programs of a folder."""
    runner = SubprocessRunner(environment=environment)
    toolbox = REAL if tools == TOOLS else SystemToolbox(runner, [tools])
    there = workspace or open_workspace(root, runner, REAL.find("git"))
    told = log if log is not None else []
    return Context(there, runner, toolbox, request or {}, changes, log=told.append, cache=cache)


def program(folder: Path, body: str, version: str = "8.30.1") -> Path:
    """A gitleaks that answers for its version and then does what `body`, Python, says. Returns its folder.

    In `body`, `real()` runs the real one with the same arguments and returns (exit code, stdout, stderr).
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "gitleaks"
    path.write_text(
        f"#!{sys.executable} -I\n"
        "import os, signal, subprocess, sys, time\n"
        "def real():\n"
        f"    done = subprocess.run([{str(GITLEAKS)!r}, *sys.argv[1:]], capture_output=True)\n"
        "    return done.returncode, done.stdout, done.stderr\n"
        "def say(code, out, err=b''):\n"
        "    sys.stdout.buffer.write(out); sys.stdout.flush()\n"
        "    sys.stderr.buffer.write(err); sys.stderr.flush()\n"
        "    os._exit(code)\n"
        f"if sys.argv[1:] == ['version']:\n    print({version!r})\n    sys.exit(0)\n{body}\n"
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return folder
