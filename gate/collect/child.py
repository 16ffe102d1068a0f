"""One child process: fed, read and ended. No thread is made, nothing waits without a limit.

The child leads a process group of its own. When it is over, whoever is left in the group is killed before the child is
reaped: until then its id, and so that of the group, cannot belong to anyone else.
"""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Protocol

STDERR_KEPT = 64 * 1024
_CHUNK = 64 * 1024
_TICK = 0.1
_TERM_GRACE = 2.0
_PIPE_GRACE = 1.0


class Child(Protocol):
    """A process that was started with pipes and leads a session of its own: what `subprocess.Popen` makes."""

    @property
    def pid(self) -> int:
        """Its id, and that of its group."""
        ...

    @property
    def returncode(self) -> int | None:
        """Its exit code once it is reaped."""
        ...

    @property
    def stdin(self) -> IO[bytes] | None:
        """The pipe that feeds it."""
        ...

    @property
    def stdout(self) -> IO[bytes] | None:
        """The pipe of its output."""
        ...

    @property
    def stderr(self) -> IO[bytes] | None:
        """The pipe of its complaints."""
        ...

    def wait(self) -> int:
        """Reap it and return its exit code."""
        ...


class ChildProblem(Exception):
    """The child was ended, or its output cannot be trusted. `reason` completes "TOOL …"."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(slots=True)
class _Output:
    """What came out so far. Of stderr the end is kept."""

    max_stdout: int
    stdout: list[bytes] = field(default_factory=list)
    stdout_size: int = 0
    stderr: deque[bytes] = field(default_factory=deque)
    stderr_size: int = 0

    def add(self, name: str, piece: bytes) -> None:
        if name == "stdout":
            self.stdout_size += len(piece)
            if self.stdout_size > self.max_stdout:
                raise ChildProblem(f"wrote more than {self.max_stdout:,} bytes and was killed")
            self.stdout.append(piece)
            return
        self.stderr.append(piece)
        self.stderr_size += len(piece)
        while self.stderr_size - len(self.stderr[0]) >= STDERR_KEPT:
            self.stderr_size -= len(self.stderr.popleft())


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: its exit code, negative for a signal, and what it wrote."""

    exit_code: int
    stdout: bytes
    stderr: bytes


def communicate(
    child: Child,
    *,
    stdin: bytes,
    timeout: float,
    max_stdout: int,
    stopped: Callable[[], bool],
) -> Ended:
    """Feed and read a child until it ends, then kill what is left of its group. Raises ChildProblem.

    `child` was started with three pipes and `start_new_session`. `stopped` is asked ten times a second whether the
    work is to be given up.
    """
    output = _Output(max_stdout)
    try:
        _attend(child, memoryview(stdin), time.monotonic() + timeout, timeout, output, stopped)
    except ChildProblem:
        _end(child, gently=True)
        raise
    finally:
        _end(child, gently=False)
    return Ended(child.wait(), b"".join(output.stdout), b"".join(output.stderr)[-STDERR_KEPT:])


def discard(child: Child) -> None:
    """Kill a child and its group at once."""
    _end(child, gently=False)


def kill(child: Child) -> None:
    """Kill a child and its group, and leave the reaping to whoever waits for it."""
    if child.returncode is None:
        _signal(child, signal.SIGKILL)


def _attend(
    child: Child,
    stdin: memoryview,
    deadline: float,
    timeout: float,
    output: _Output,
    stopped: Callable[[], bool],
) -> None:
    with selectors.DefaultSelector() as selector:
        _register(selector, child, stdin)
        over_since: float | None = None
        while True:
            now = time.monotonic()
            if over_since is None and _is_over(child):
                over_since = now
            reading = any(key.data != "stdin" for key in selector.get_map().values())
            if over_since is not None and not reading:
                return
            if over_since is not None and now > over_since + _PIPE_GRACE:
                raise ChildProblem("ended, but a process that it left behind kept its output open")
            if now >= deadline:
                raise ChildProblem(f"did not end within {timeout:g} s and was killed")
            if stopped():
                raise ChildProblem("was killed: the gate is ending")
            if not selector.get_map():
                # Both outputs are closed, so it is about to end.
                time.sleep(0.002)
                continue
            for key, _ in selector.select(min(_TICK, deadline - now)):
                if key.data == "stdin":
                    stdin = _feed(selector, key, stdin)
                else:
                    _read(selector, key, output)


def _register(selector: selectors.BaseSelector, child: Child, stdin: memoryview) -> None:
    pipes: tuple[tuple[str, IO[bytes] | None], ...] = (("stdout", child.stdout), ("stderr", child.stderr))
    for name, pipe in pipes:
        if pipe is not None:
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, selectors.EVENT_READ, name)
    if child.stdin is None:
        return
    if not stdin:
        child.stdin.close()
        return
    os.set_blocking(child.stdin.fileno(), False)
    selector.register(child.stdin, selectors.EVENT_WRITE, "stdin")


def _feed(selector: selectors.BaseSelector, key: selectors.SelectorKey, stdin: memoryview) -> memoryview:
    try:
        stdin = stdin[os.write(key.fd, stdin[:_CHUNK]) :]
    except BlockingIOError:
        return stdin
    except BrokenPipeError:
        # It does not want the rest; whether that is a failure is for its exit code to say.
        stdin = stdin[:0]
    if not stdin:
        selector.unregister(key.fileobj)
        _close(key)
    return stdin


def _read(selector: selectors.BaseSelector, key: selectors.SelectorKey, output: _Output) -> None:
    try:
        piece = os.read(key.fd, _CHUNK)
    except BlockingIOError:
        return
    if piece:
        output.add(str(key.data), piece)
        return
    selector.unregister(key.fileobj)
    _close(key)


def _close(key: selectors.SelectorKey) -> None:
    if not isinstance(key.fileobj, int):
        key.fileobj.close()  # type: ignore[attr-defined]


def _is_over(child: Child) -> bool:
    """Whether the child has ended; it is not reaped, so that its id stays its own."""
    return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


def _end(child: Child, *, gently: bool) -> None:
    """Kill the whole group, after a while in which it may end by itself, and reap the child."""
    if child.returncode is not None:
        return
    if gently and not _is_over(child):
        _signal(child, signal.SIGTERM)
        until = time.monotonic() + _TERM_GRACE
        while not _is_over(child) and time.monotonic() < until:
            time.sleep(0.01)
    _signal(child, signal.SIGKILL)
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()
    child.wait()


def _signal(child: Child, number: signal.Signals) -> None:
    # Nobody may be left, or nobody whom this user may signal.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)
