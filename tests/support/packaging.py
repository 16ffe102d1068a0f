"""The real helm and kubectl, broken ones that are real small programs, and small charts."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from gate.collect.cache import NO_CACHE, Cache
from gate.collect.collector import Context
from gate.collect.process import SubprocessRunner
from gate.collect.tools import SystemToolbox, Toolbox
from gate.collect.workspace import Workspace
from gate.model.json import JsonObject

TOOLS = Path(__file__).parents[2] / ".venv" / "tools.d"
RUNNER = SubprocessRunner()
REAL = SystemToolbox(RUNNER, [TOOLS])


def _needs(name: str) -> pytest.MarkDecorator:
    absent = not (TOOLS / name).exists() and os.environ.get("CI") is None
    return pytest.mark.skipif(absent, reason=f"needs {name} in .venv/tools.d (make .venv/tools)")


needs_helm = _needs("helm")
needs_kubectl = _needs("kubectl")


def context(
    root: Path,
    requests: Mapping[str, JsonObject] | None = None,
    *,
    tools: Toolbox = REAL,
    cache: Cache = NO_CACHE,
    log: list[str] | None = None,
    scope: str = "",
) -> Context:
    """A context on a folder without git, with the requests of all kinds."""
    told = log if log is not None else []
    space = Workspace(root, scope=scope)
    return Context(space, RUNNER, tools, requests=requests or {}, cache=cache, jobs=2, log=told.append)


def asked(root: Path, kind: str, request: JsonObject | None = None, *, tools: Toolbox = REAL) -> Context:
    """A context for the collector of one kind."""
    given = request or {}
    return Context(Workspace(root), RUNNER, tools, given, requests={kind: given}, jobs=2)


def chart(name: str = "web", folder: str | None = None, **files: str) -> dict[str, str]:
    """The files of a chart that renders to a Deployment and a Service. `files`: more of them, `__` for a slash."""
    place = f"charts/{name}" if folder is None else folder
    own = {
        "Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: 0.1.0\nappVersion: 1.4.2\nicon: https://example.com/i.png\n",
        "values.yaml": "replicas: 1\nimage:\n  tag: 1.4.2\n",
        "templates/workload.yaml": (
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Release.Name }}\n"
            "spec:\n  replicas: {{ .Values.replicas }}\n  selector:\n    matchLabels: {app: web}\n---\n"
            "# its service\napiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Release.Name }}\n"
        ),
    }
    prefix = f"{place}/" if place else ""
    return {f"{prefix}{path}": text for path, text in own.items()} | files


def broken(folder: Path, name: str, version: str, body: str) -> Toolbox:
    """A toolbox with a program that says its version, and otherwise does what `body`, Python, says.

    In `body`, `real()` runs the real program with the same arguments and returns (exit code, stdout, stderr).
    """
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(
        f"#!{sys.executable} -I\nimport os, subprocess, sys, time\n"
        "def real():\n"
        f"    done = subprocess.run([{str(TOOLS / name)!r}, *sys.argv[1:]], capture_output=True)\n"
        "    return done.returncode, done.stdout, done.stderr\n"
        "def say(code, out, err=b''):\n"
        "    sys.stdout.buffer.write(out); sys.stdout.flush()\n"
        "    sys.stderr.buffer.write(err); sys.stderr.flush()\n"
        "    os._exit(code)\n"
        f"if sys.argv[1] == 'version':\n    print({version!r})\n    sys.exit(0)\n{body}\n"
    )
    program.chmod(0o755)
    return SystemToolbox(RUNNER, [folder])
