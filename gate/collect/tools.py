"""Where the tools are that the gate runs, and which versions."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gate.collect.cache import NO_CACHE, Cache
from gate.collect.known_tools import KNOWN_TOOLS, TOOLS_BY_NAME, KnownTool
from gate.collect.process import Runner, ToolProblem

__all__ = ["DIRECTORIES", "KNOWN_TOOLS", "KnownTool", "SystemToolbox", "Tool", "Toolbox"]


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that was found. `command` is the absolute program and its fixed first arguments."""

    name: str
    version: str
    command: tuple[str, ...]

    @property
    def program(self) -> Path:
        """The absolute path of the program."""
        return Path(self.command[0])

    def arguments(self, *rest: str) -> Sequence[str]:
        """The fixed first arguments and these."""
        return (*self.command[1:], *rest)


class Toolbox(Protocol):
    """Finds tools."""

    def find(self, name: str) -> Tool:
        """Return the tool with its version. Raises ToolProblem when it is absent or does not answer."""
        ...


DIRECTORIES: tuple[Path, ...] = (
    Path("/opt/tools"),
    Path("/opt/gate/bin"),
    Path("/usr/local/bin"),
    Path("/usr/bin"),
    Path("/bin"),
)
"""Where programs are looked for besides the folders that were given and the one of the running interpreter."""

_SPACE = "versions"
_VERSION = re.compile(r"\d[0-9A-Za-z.+-]{0,40}")
_ANSWER_SECONDS = 60.0
_ANSWER_BYTES = 1024 * 1024


class SystemToolbox:
    """Finds the tools of this machine; each is asked for its version once. Safe to use from several threads.

    Python tools run as modules of the interpreter that runs the gate, isolated (`-I`) from the working directory and
    from PYTHON variables. Programs are looked for in a fixed list of folders: those given as `directories` (absolute
    ones only), the interpreter's own, and DIRECTORIES. PATH is not asked, so nothing that a checkout or an earlier step
    puts there is run.

    `cache` keeps the answers of programs, which take up to half a second, under the hash of the program: only of
    binaries (ELF), because a script may start another program tomorrow.
    """

    def __init__(self, runner: Runner, directories: Sequence[Path] = (), cache: Cache = NO_CACHE) -> None:
        self._runner = runner
        self._cache = cache
        given = [folder for folder in directories if folder.is_absolute()]
        self._directories = tuple(dict.fromkeys((*given, Path(sys.executable).parent, *DIRECTORIES)))
        self._answers: dict[str, Tool | ToolProblem] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()

    def find(self, name: str) -> Tool:
        """Return the tool with its version. Raises ToolProblem when it is absent, does not answer, or is refused."""
        with self._lock:
            lock = self._locks[name]
        with lock:
            if name not in self._answers:
                try:
                    self._answers[name] = self._look(name)
                except ToolProblem as problem:
                    self._answers[name] = problem
            answer = self._answers[name]
        if isinstance(answer, ToolProblem):
            raise ToolProblem(answer.tool, answer.reason)
        return answer

    def _look(self, name: str) -> Tool:
        known = TOOLS_BY_NAME.get(name)
        if known is None:
            raise ToolProblem(name, "is no tool that the gate knows")
        tool = self._program(known) if known.module is None else _module(known)
        reason = known.refused.get(tool.version)
        if reason is not None:
            raise ToolProblem(name, f"{tool.version} is refused: it {reason}")
        return tool

    def _program(self, known: KnownTool) -> Tool:
        program = next((found for folder in self._directories if _is_program(found := folder / known.name)), None)
        if program is None:
            folders = ", ".join(map(str, self._directories))
            raise ToolProblem(known.name, f"is not installed (looked in {folders})")
        binary = _hash_of_binary(program) if self._cache is not NO_CACHE else None
        key = (known.name, *known.version_arguments, known.version_pattern, binary or "")
        kept = self._cache.get(_SPACE, key) if binary else None
        if kept is not None and isinstance(kept.value, str) and _VERSION.fullmatch(kept.value):
            return Tool(known.name, kept.value, (str(program),))
        version = self._ask(known, program)
        if binary:
            self._cache.put(_SPACE, key, version)
        return Tool(known.name, version, (str(program),))

    def _ask(self, known: KnownTool, program: Path) -> str:
        completed = self._runner.run(
            program,
            known.version_arguments,
            cwd=Path("/"),
            timeout=_ANSWER_SECONDS,
            max_stdout=_ANSWER_BYTES,
        )
        said = completed.stdout.decode("utf-8", "replace") + "\n" + completed.stderr
        version = re.search(known.version_pattern, said)
        if version is None:
            raise ToolProblem(known.name, f"does not say which version it is (asked {program})")
        return version.group(1)


def _hash_of_binary(program: Path) -> str | None:
    """Return the SHA-256 of a program; None for a script, and for what cannot be read."""
    import hashlib

    try:
        with program.open("rb") as stream:
            if stream.read(4) != b"\x7fELF":
                return None
            stream.seek(0)
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None


def _module(known: KnownTool) -> Tool:
    from importlib.metadata import PackageNotFoundError, version

    try:
        number = version(known.distribution or known.name)
    except PackageNotFoundError:
        raise ToolProblem(known.name, f"is not installed beside the gate, for {sys.executable}") from None
    return Tool(known.name, number, (sys.executable, "-I", "-m", str(known.module)))


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)
