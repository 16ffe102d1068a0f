"""Calling git on a repository that may be hostile, so that nothing of the repository's runs.

A repository can name programs: hooks, fsmonitor, external diffs, textconv, filters, credential helpers, transports.
Each call is given settings as if by `git -c`, which win over the repository's own, and the place of the repository, so
that git does not go looking for one (a bare repository planted in a subfolder is never opened). What is not listed here
is never reached by the plumbing commands that the gate calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from gate.collect.process import Completed, Runner, ToolProblem
from gate.collect.tools import Tool

_SETTINGS = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.untrackedCache": "false",
    "core.attributesFile": "/dev/null",
    "core.excludesFile": "/dev/null",
    "core.alternateRefsCommand": "false",
    "core.askPass": "false",
    "core.sshCommand": "false",
    "core.quotePath": "true",
    "credential.helper": "",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "protocol.allow": "never",
    "safe.bareRepository": "explicit",
    "submodule.recurse": "false",
}
_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_GRAFT_FILE": "/dev/null",
    # Unlike protocol.allow, this cannot be overridden by protocol.ext.allow of the repository.
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_PROTOCOL_FROM_USER": "0",
}
_FILTER_KEYS = {"clean": "", "smudge": "", "process": "", "required": "false"}
_MAX_OUTPUT = 256 * 1024 * 1024
_OLDEST = (2, 32)
"""The first git that takes settings and the place of the system's and the user's configuration from the environment."""


class GitCommand:
    """git on the repository whose `.git` lies in `top`, run in `folder`, which is `top` or lies below it."""

    def __init__(self, top: Path, folder: Path, runner: Runner, git: Tool) -> None:
        self._top = top
        self._folder = folder
        self._runner = runner
        self._git = git

    def run(
        self,
        *arguments: str,
        exit_codes: frozenset[int] = frozenset({0}),
        max_stdout: int = _MAX_OUTPUT,
        content: bool = False,
        stdin: bytes = b"",
    ) -> Completed:
        """Run one command, which reads `stdin`. Raises ToolProblem.

        `content` says that the command reads files of the working tree, for which filters must be switched off first.
        """
        version = tuple(int(part) for part in self._git.version.split(".")[:2])
        if version < _OLDEST:
            raise ToolProblem("git", f"{self._git.version} is too old; 2.32 is the first that can be run safely")
        return self._runner.run(
            self._git.program,
            self._git.arguments(*arguments),
            cwd=self._folder,
            exit_codes=exit_codes,
            timeout=300.0,
            stdin=stdin,
            max_stdout=max_stdout,
            environment=self._environment(self._no_filters if content else {}),
        )

    def _environment(self, more_settings: Mapping[str, str]) -> dict[str, str]:
        """Return the variables of one call. Settings go here: names of filters may hold "=" and newlines."""
        settings = {"safe.directory": str(self._top), **_SETTINGS, **more_settings}
        variables = dict(_ENVIRONMENT)
        variables["GIT_DIR"] = str(self._top / ".git")
        variables["GIT_WORK_TREE"] = str(self._top)
        variables["GIT_CONFIG_COUNT"] = str(len(settings))
        for number, (key, value) in enumerate(settings.items()):
            variables[f"GIT_CONFIG_KEY_{number}"] = key
            variables[f"GIT_CONFIG_VALUE_{number}"] = value
        return variables

    @cached_property
    def _no_filters(self) -> dict[str, str]:
        """Settings that give every filter of the repository's configuration nothing to run. Raises ToolProblem."""
        listing = self.run(
            "config",
            "--null",
            "--name-only",
            "--get-regexp",
            r"^filter\.",
            exit_codes=frozenset({0, 1}),
            max_stdout=1024 * 1024,
        )
        keys = listing.stdout.decode("utf-8", "surrogateescape").split("\0")
        names = sorted({key[len("filter.") : key.rfind(".")] for key in keys if key.count(".") >= 2})
        return {f"filter.{name}.{key}": value for name in names for key, value in _FILTER_KEYS.items()}


def find_top(folder: Path) -> Path | None:
    """Return the nearest folder, this one or above it, that holds a `.git`; None where there is none."""
    for candidate in (folder, *folder.parents):
        if (candidate / ".git").exists() or (candidate / ".git").is_symlink():
            return candidate
    return None
