"""Real git repositories for tests, made without any configuration of this machine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from gate.collect.git import Repository
from gate.collect.process import SubprocessRunner
from gate.collect.tools import SystemToolbox, Tool

RUNNER = SubprocessRunner()


def git_tool() -> Tool:
    """The git of this machine."""
    return SystemToolbox(RUNNER).find("git")


def git(folder: Path, *arguments: str, stdin: bytes = b"") -> str:
    """Run git as a developer would, as nobody in particular, and return what it printed."""
    who = {f"GIT_{role}_{what}": "nobody" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    nothing = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    done = subprocess.run(
        ["git", "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always", *arguments],
        cwd=folder,
        input=stdin,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **who, **nothing},
        capture_output=True,
        check=True,
    )
    return done.stdout.decode("utf-8", "surrogateescape")


def make_repository(folder: Path) -> Path:
    """Make an empty repository and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet")
    return folder


def commit(folder: Path, message: str = "change") -> str:
    """Commit everything and return the id."""
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--no-verify", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD").strip()


def repository(folder: Path) -> Repository:
    """The repository as the gate sees it."""
    return Repository(folder, RUNNER, git_tool())
