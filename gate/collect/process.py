"""The only door to child processes."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gate.collect.child import ChildProblem, communicate, discard, kill
from gate.collect.plain_text import plain

FIXED_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_TAIL_SHOWN = 300
_PRLIMIT = "/usr/bin/prlimit"
_UNLIMITED = 1 << 63
"""From here on a number of bytes is no limit (RLIM_INFINITY), or does not fit."""
_ARGUMENTS_LOGGED = 6


@dataclass(frozen=True, slots=True)
class Completed:
    """A child that ended with a declared exit code. `stdout` is whole; `stderr` is cut to its end when too long."""

    exit_code: int
    stdout: bytes
    stderr: str
    seconds: float


class ToolProblem(Exception):
    """A child proved nothing: not found, timed out, killed, undeclared exit code, too much output.

    `reason` completes "TOOL …" in words for a person and holds no output of the child beyond a short, cleaned tail.
    """

    def __init__(self, tool: str, reason: str) -> None:
        self.tool = tool
        self.reason = reason
        super().__init__(f"{tool} {reason}")


class Runner(Protocol):
    """Runs children."""

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
        """Run one program to its end.

        `program` is absolute. `environment` adds to the allow-list (PATH, LANG, a fresh HOME and TMPDIR); `memory`
        limits what it may write to in bytes (RLIMIT_DATA: heap, stacks and private maps, not what
        is only reserved, which Go and Haskell do by the terabyte). Raises ToolProblem.
        """
        ...


class SubprocessRunner:
    """Runs children for real. Safe to use from several threads.

    Nothing of the gate's own environment reaches a child but what is passed in here as `environment` (proxies, the
    file of trusted certificates). Every run gets a HOME and a TMPDIR of its own below `temporary` (the system's folder
    for temporary files by default), which are removed after it. `log` takes one plain line for each run: the tool, how
    it ended, seconds and its first arguments, never its output. `uid` is the user, and the group, that children run
    as; None leaves it as it is. `stopped` is asked ten times a second whether the work is given up: it does what `stop`
    does.

    Limits are set by `prlimit` (util-linux), which becomes the program: nothing of it runs without them. Where there is
    no such program they are set from outside, right after the program has started. A function that runs in the child
    before it (`preexec_fn`) may deadlock when other threads hold locks.
    """

    def __init__(
        self,
        *,
        environment: Mapping[str, str] | None = None,
        temporary: Path | None = None,
        uid: int | None = None,
        log: Callable[[str], None] = lambda _line: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._environment = dict(environment or {})
        self._temporary = temporary
        self._uid = uid
        self._log = log
        self._stopped = threading.Event()
        self._told_to_stop = stopped
        self._running: set[subprocess.Popen[bytes]] = set()

    def stop(self) -> None:
        """End every child that is running; whoever waits for one gets a ToolProblem, and no new one is started."""
        self._stopped.set()

    def kill(self) -> None:
        """Kill every child that is running, and wait for nothing: for the handler of a signal."""
        self._stopped.set()
        for child in tuple(self._running):
            kill(child)

    def _is_stopped(self) -> bool:
        return self._stopped.is_set() or self._told_to_stop()

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
        """Run one program to its end; see `Runner.run`. Raises ToolProblem."""
        tool = _name(program, arguments)
        if not program.is_absolute():
            raise ToolProblem(tool, "was not run: its path is not absolute")
        if self._is_stopped():
            raise ToolProblem(tool, "was not run: the gate is ending")
        if not os.access(program, os.X_OK):
            # The launcher would start, and its exit code look like the program's.
            raise ToolProblem(tool, "could not be started: there is no such program, or it may not be run")
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="gate-", dir=self._temporary, ignore_cleanup_errors=True) as own:
            surroundings = self._surroundings(Path(own)) | dict(environment or {})
            launcher = self._launcher(memory)
            command = (*launcher, str(program), *arguments)
            child = self._start(tool, command, cwd, surroundings)
            told = "did not end"
            self._running.add(child)
            try:
                if not launcher:
                    _limit(tool, child, memory)
                ended = communicate(
                    child, stdin=stdin, timeout=timeout, max_stdout=max_stdout, stopped=self._is_stopped
                )
                told = f"ended with {ended.exit_code}"
            except ChildProblem as problem:
                told = problem.reason
                raise ToolProblem(tool, told) from None
            finally:
                self._running.discard(child)
                shown = plain(" ".join(arguments[:_ARGUMENTS_LOGGED]))
                self._log(f"{tool} {told} after {time.monotonic() - begun:.2f} s: {shown}")
        stderr = ended.stderr.decode("utf-8", "replace")
        if ended.exit_code < 0 or ended.exit_code not in exit_codes:
            raise ToolProblem(tool, _outcome(ended.exit_code) + last_words(stderr))
        return Completed(ended.exit_code, ended.stdout, stderr, time.monotonic() - begun)

    def _launcher(self, memory: int | None) -> tuple[str, ...]:
        """Return what sets a child's limits and becomes it; nothing where they are set from outside.

        In a container root may not limit other users' processes, so there it has to be there.
        """
        if self._uid is None and (memory is None or memory >= _UNLIMITED or not Path(_PRLIMIT).exists()):
            return ()
        bound = () if memory is None else (f"--data={memory}",)
        return (_PRLIMIT, "--core=0", *bound, "--")

    def _surroundings(self, own: Path) -> dict[str, str]:
        """Make the folders of one run and return its environment."""
        folders = {"HOME": own / "home", "TMPDIR": own / "tmp"}
        for folder in folders.values():
            folder.mkdir(mode=0o700)
        if self._uid is not None:
            for folder in (own, *folders.values()):
                os.chown(folder, self._uid, self._uid)
        return {
            "PATH": FIXED_PATH,
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            **{name: str(folder) for name, folder in folders.items()},
            **self._environment,
        }

    def _start(
        self, tool: str, command: Sequence[str], cwd: Path, environment: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(  # noqa: S603 - an absolute program and a list of arguments, never a shell
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                cwd=cwd,
                env=environment,
                start_new_session=True,
                umask=0o077,
                user=self._uid,
                group=self._uid,
                extra_groups=None if self._uid is None else (),
            )
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            if isinstance(error, FileNotFoundError) and str(error.filename) == str(cwd):
                reason = f"the folder {cwd} to run it in is not there"
            raise ToolProblem(tool, f"could not be started: {reason}") from None


def _name(program: Path, arguments: Sequence[str]) -> str:
    """Return what a sentence calls the tool: the module of `python -m MODULE`, else the program."""
    leading = list(arguments[:3])
    if "-m" in leading and leading.index("-m") + 1 < len(arguments):
        return arguments[leading.index("-m") + 1].replace("_", "-")
    return program.name


def _limit(tool: str, child: subprocess.Popen[bytes], memory: int | None) -> None:
    """Forbid core dumps, and bound the memory. Raises ToolProblem when it cannot be bounded but must be."""
    try:
        resource.prlimit(child.pid, resource.RLIMIT_CORE, (0, 0))
        if memory is not None:
            resource.prlimit(child.pid, resource.RLIMIT_DATA, (memory, memory))
    except ProcessLookupError:
        pass
    except (OSError, ValueError, OverflowError) as error:
        if memory is not None:
            discard(child)
            raise ToolProblem(tool, f"was not run: its memory cannot be limited here ({error})") from None


def _outcome(exit_code: int) -> str:
    if exit_code >= 0:
        return f"ended with exit code {exit_code}"
    try:
        return f"was killed by signal {-exit_code} ({signal.Signals(-exit_code).name})"
    except ValueError:
        return f"was killed by signal {-exit_code}"


def last_words(stderr: str) -> str:
    """Return ": " and the last line that a child complained with, cleaned; nothing when it was silent."""
    for line in reversed(stderr.splitlines()):
        cleaned = plain(line[-16 * _TAIL_SHOWN :], _TAIL_SHOWN)
        if cleaned:
            return f": {cleaned}"
    return ""
