"""The only door to child processes."""

from __future__ import annotations

import os
import resource
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

FIXED_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_STDERR_KEPT = 64 * 1024
_TAIL_SHOWN = 300
_PIECE = 1 << 16
_GRACE = 2.0
"""Seconds between asking a child to end and killing it, and for its output to end after it did."""


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
        limits the address space in bytes. Raises ToolProblem.
        """
        ...


@dataclass(frozen=True, slots=True)
class SubprocessRunner:
    """Runs real children, each in a session of its own, with nothing of our environment.

    `log` gets one line per run for --verbose: tool, exit code, seconds, never output or environment. Safe to use from
    several threads: there is no preexec_fn and no shared state.
    """

    log: Callable[[str], None] = lambda _line: None
    path: str = FIXED_PATH

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
        """Run one program to its end; see Runner."""
        name = program.name
        if not program.is_absolute():
            raise ToolProblem(name, "was not run: its path is not absolute")
        begun = time.monotonic()
        with _fresh_home() as home:
            variables = self._variables(home) | dict(environment or {})
            try:
                child = subprocess.Popen(  # noqa: S603 - an absolute program, a list of arguments, no shell
                    [str(program), *arguments],
                    cwd=cwd,
                    env=variables,
                    stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    start_new_session=True,
                    umask=0o077,
                )
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                raise ToolProblem(name, f"could not be started: {reason}") from error
            _limit(child.pid, memory)
            talk = _Talk(child, stdin, max_stdout, begun + timeout)
            try:
                problem = talk.run(timeout)
            finally:
                _end_group(child)
                talk.close()
        seconds = time.monotonic() - begun
        self.log(f"{name} ended with {child.returncode} after {seconds:.2f} s: {clean_line(' '.join(arguments[:6]))}")
        stderr = talk.stderr.decode("utf-8", "replace")
        if problem is not None:
            raise ToolProblem(name, problem)
        if child.returncode < 0:
            raise ToolProblem(name, f"was killed by {_signal_name(-child.returncode)}{_tail(stderr)}")
        if child.returncode not in exit_codes:
            raise ToolProblem(name, f"ended with exit code {child.returncode}{_tail(stderr)}")
        return Completed(child.returncode, bytes(talk.stdout), stderr, seconds)

    def _variables(self, home: Path) -> dict[str, str]:
        return {
            "PATH": self.path,
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "HOME": str(home / "home"),
            "TMPDIR": str(home / "tmp"),
        }


@dataclass(slots=True)
class _Talk:
    """The conversation with one child: both outputs are read as they come, so neither can block it."""

    child: subprocess.Popen[bytes]
    stdin: bytes
    max_stdout: int
    deadline: float
    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)

    def run(self, timeout: float) -> str | None:
        """Read until the child has ended and its output too; return why that did not happen, or None."""
        with selectors.DefaultSelector() as selector:
            self._register(selector)
            ended_at: float | None = None
            while True:
                moment = time.monotonic()
                if ended_at is None and self.child.poll() is not None:
                    ended_at = moment
                open_outputs = [key for key in selector.get_map().values() if key.fileobj is not self.child.stdin]
                if ended_at is not None and not open_outputs:
                    return None
                if ended_at is None and moment >= self.deadline:
                    return f"did not end within {timeout:g} s and was killed"
                if ended_at is not None and moment >= ended_at + _GRACE:
                    return "ended, but a process that it left behind kept its output open"
                if not open_outputs:
                    with suppress(subprocess.TimeoutExpired):
                        self.child.wait(max(0.0, self.deadline - moment))
                    continue
                wait = 0.05 if ended_at is not None else min(1.0, self.deadline - moment)
                problem = self._exchange(selector, max(0.0, wait))
                if problem is not None:
                    return problem

    def _register(self, selector: selectors.BaseSelector) -> None:
        for stream in (self.child.stdout, self.child.stderr, self.child.stdin):
            if stream is not None:
                os.set_blocking(stream.fileno(), False)
                writing = stream is self.child.stdin
                selector.register(stream, selectors.EVENT_WRITE if writing else selectors.EVENT_READ)

    def _exchange(self, selector: selectors.BaseSelector, wait: float) -> str | None:
        for key, _events in selector.select(wait):
            if key.fileobj is self.child.stdin:
                self._feed(selector)
            elif not self._take(key.fd, into_stdout=key.fileobj is self.child.stdout):
                selector.unregister(key.fileobj)
            elif len(self.stdout) > self.max_stdout:
                return f"wrote more than {self.max_stdout:,} bytes and was killed"
        return None

    def _feed(self, selector: selectors.BaseSelector) -> None:
        stream = self.child.stdin
        assert stream is not None
        try:
            self.stdin = self.stdin[os.write(stream.fileno(), self.stdin[:_PIECE]) :]
        except BrokenPipeError:
            self.stdin = b""
        except BlockingIOError:
            return
        if not self.stdin:
            selector.unregister(stream)
            stream.close()

    def _take(self, descriptor: int, *, into_stdout: bool) -> bool:
        try:
            piece = os.read(descriptor, _PIECE)
        except BlockingIOError:
            return True
        if into_stdout:
            self.stdout += piece
        else:
            self.stderr += piece
            del self.stderr[:-_STDERR_KEPT]
        return bool(piece)

    def close(self) -> None:
        """Close our ends of the pipes."""
        for stream in (self.child.stdout, self.child.stderr, self.child.stdin):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


@contextmanager
def _fresh_home() -> Iterator[Path]:
    """Make a HOME and a TMPDIR that nobody wrote to before, and remove them afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="gate-"))
    try:
        (folder / "home").mkdir()
        (folder / "tmp").mkdir()
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _limit(pid: int, memory: int | None) -> None:
    """Set limits from outside: that needs no code in the forked child, so it is safe with threads."""
    with suppress(OSError):
        resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
        if memory is not None:
            resource.prlimit(pid, resource.RLIMIT_AS, (memory, memory))


def _end_group(child: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it started in its session; ask first, then kill."""
    _signal_group(child.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        child.wait(_GRACE)
    _signal_group(child.pid, signal.SIGKILL)
    child.wait()


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _signal_name(number: int) -> str:
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"


def _tail(stderr: str) -> str:
    """Return the last line that a child complained with, cleaned, after a colon; nothing when it was silent."""
    lines = [cleaned for line in stderr.splitlines() if (cleaned := clean_line(line))]
    return f": {lines[-1][:_TAIL_SHOWN]}" if lines else ""


def clean_line(text: str) -> str:
    """Return one line of a child's output that can neither steer a terminal nor a runner's log."""
    seen = "".join(char if not unicodedata.category(char).startswith("C") else " " for char in text)
    return " ".join(seen.split()).replace("::", ": :").replace("##[", "# #[")
