"""Ports for tests: real subclasses of the protocols, and contexts made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from gate.collect.changes import Changes
from gate.collect.collector import Context
from gate.collect.process import Completed, Runner, ToolProblem
from gate.collect.tools import Tool, Toolbox
from gate.collect.workspace import Entry, EntryType, Workspace
from gate.model.evidence import Gap
from gate.model.json import JsonObject


class NoRunner(Runner):
    """A runner for collectors that must not run anything."""

    def run(
        self,
        program: Path,
        arguments: Sequence[str],
        *,
        cwd: Path,
        exit_codes: frozenset[int] = frozenset({0}),
        timeout: float = 600.0,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
        max_stdout: int = 256 * 1024 * 1024,
        memory: int | None = None,
    ) -> Completed:
        raise AssertionError(f"{program} was run with {arguments}")


class EmptyToolbox(Toolbox):
    """A machine without any tool."""

    def find(self, name: str) -> Tool:
        raise ToolProblem(name, "is not installed")


def write(root: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files below a folder."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def tracked(*paths: str) -> list[Entry]:
    """Entries of regular files."""
    return [Entry(path, EntryType.FILE) for path in paths]


def context(
    workspace: Workspace,
    request: JsonObject | None = None,
    changes: Changes | Gap | None = None,
) -> Context:
    """A context that can look at the workspace and run nothing."""
    return Context(workspace, NoRunner(), EmptyToolbox(), request or {}, changes)
