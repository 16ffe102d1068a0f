"""How far the gate keeps its children away from itself.

A scanner reads hostile input, and may be hostile itself (a release of Trivy was). In the container the gate is root,
because GitHub's workspace and files of outputs need it, and holds the token. Its children are another user, who can
read the workspace, and neither the gate's environment (`/proc/PID/environ`) nor the Docker socket nor the files through
which a step talks to the runner. No program that they start can gain rights (`no_new_privs`: no setuid).
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

NOBODY = 65534
"""The user and group of children in the container: the overflow ids of Linux, which own nothing."""

_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38


class _State:
    """What `confine` decided. The limits are the whole process's, and so is this."""

    confined = False


def confine() -> None:
    """Give up what children could gain or read through this process; called once, before any thread is made.

    Sets `no_new_privs` (prctl(2)), which every child inherits, and makes the process undumpable, so that other
    processes of the same user cannot read its environment or memory either. Where the kernel refuses, the different
    user is what is left; nothing is raised.
    """
    import ctypes

    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    _State.confined = True


def user_for_children(workspace: Path, *, on_runner: bool) -> int | None:
    """Return the user id that children run as; None leaves it as it is, for who is not root or not confined.

    A workspace that only its owner may reach (mode 0700, as a clone under umask 077 is, or in such a folder) cannot be
    read by nobody. On a person's own machine its owner is taken then, be it root; never on a runner, where the owner
    also owns the runner's files.
    """
    if not _State.confined or os.geteuid() != 0:
        return None
    if on_runner or _is_open(workspace):
        return NOBODY
    try:
        return workspace.stat().st_uid or None
    except OSError:
        return NOBODY


def _is_open(workspace: Path) -> bool:
    """Whether everybody may list the workspace and pass through the folders above it."""
    try:
        folder = workspace.resolve()
        listed = folder.stat().st_mode & 0o005 == 0o005
        return listed and all(above.stat().st_mode & 0o001 for above in folder.parents)
    except OSError:
        return False
