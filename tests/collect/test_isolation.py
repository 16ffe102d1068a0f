"""Isolation: which user children are, and what a confined process gives up: seen from children, it is for good."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.collect.isolation import NOBODY, user_for_children

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def confined(script: str, *arguments: str) -> str:
    """What a confined process prints."""
    code = (
        "from pathlib import Path\nimport os, sys\n"
        "from gate.collect.isolation import confine, user_for_children\nconfine()\n" + script
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_who_is_not_confined_keeps_the_user(tmp_path: Path) -> None:
    assert user_for_children(tmp_path, on_runner=True) is None


def test_a_confined_process_cannot_gain_rights_nor_be_read() -> None:
    told = confined("print(Path('/proc/self/status').read_text())\nprint(os.stat('/proc/self/environ').st_uid)")
    assert "NoNewPrivs:\t1" in told
    assert told.endswith("\n0")


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that everybody can reach, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def user_for(workspace: Path, *, on_runner: bool) -> str:
    script = f"print(user_for_children(Path(sys.argv[1]), on_runner={on_runner}))"
    return confined(script, str(workspace))


@ROOT_ONLY
@pytest.mark.parametrize(
    ("mode", "owner", "on_runner", "user"),
    [
        (0o755, 12345, False, NOBODY),
        (0o700, 12345, False, 12345),
        (0o700, 12345, True, NOBODY),
        (0o700, 0, False, None),
        (0o700, 0, True, NOBODY),
        (0o750, 12345, False, 12345),
    ],
)
def test_children_of_root_are_nobody_or_the_owner_of_a_closed_workspace(
    reachable: Path, mode: int, owner: int, on_runner: bool, user: int | None
) -> None:
    workspace = reachable / "workspace"
    workspace.mkdir()
    os.chown(workspace, owner, owner)
    workspace.chmod(mode)
    assert user_for(workspace, on_runner=on_runner) == str(user)


@ROOT_ONLY
def test_a_workspace_in_a_closed_folder_is_closed(reachable: Path) -> None:
    workspace = reachable / "closed" / "workspace"
    workspace.mkdir(parents=True)
    os.chown(workspace, 12345, 12345)
    workspace.parent.chmod(0o700)
    assert user_for(workspace, on_runner=False) == "12345"
    assert user_for(workspace, on_runner=True) == str(NOBODY)


@ROOT_ONLY
def test_a_workspace_that_is_not_there_is_nobodys(reachable: Path) -> None:
    assert user_for(reachable / "none", on_runner=False) == str(NOBODY)
