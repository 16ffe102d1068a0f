"""Being told to stop, by Ctrl-C or by a runner that cancels the job. It is told to the process, so it is kept here.

Python raises KeyboardInterrupt wherever the main thread stands. In a callback of the garbage collector, in `__del__` or
in the end of a generator it is printed ("Exception ignored in …") and forgotten; so that it was told is kept as well,
and whoever is about to tell a verdict asks for it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType

NO_VERDICT = 3


class _Stop:
    """What was told so far, and what is left to do when it is told again."""

    told = False
    at_once: Callable[[], None] = staticmethod(lambda: None)


def end_when_told_to() -> None:
    """Take SIGTERM for Ctrl-C: a job that is cancelled must leave no scanner running, and no half of a report.

    As the first process of a container we would not even notice it otherwise. A second signal ends the process there
    and then, with the exit code of no verdict. A SIGINT that whoever started us ignores (a job of a shell in the
    background) stays ignored.
    """
    signal.signal(signal.SIGTERM, _take)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _take)


def at_once(what: Callable[[], None]) -> None:
    """Name what a second signal does before it ends the process: kill the children. It must not wait for anything."""
    _Stop.at_once = staticmethod(what)


def told_to_stop() -> bool:
    """Return whether a signal said so, whatever became of its KeyboardInterrupt."""
    return _Stop.told


def stop_if_told() -> None:
    """Raise KeyboardInterrupt where a signal said to stop and the one that it raised was swallowed."""
    if _Stop.told:
        raise KeyboardInterrupt


def _take(_number: int, _frame: FrameType | None) -> None:
    if _Stop.told:
        _Stop.at_once()
        os._exit(NO_VERDICT)
    _Stop.told = True
    raise KeyboardInterrupt
