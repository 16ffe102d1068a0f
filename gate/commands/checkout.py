"""The tree that a command is about: its files, and its git repository."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gate.errors import UserError
from gate.pipeline import Machine

if TYPE_CHECKING:
    from gate.collect.git import Repository
    from gate.collect.workspace import Workspace

DEFAULT_POLICY = ".gate/policy.yml"


def open_tree(root: Path, means: Machine, scope: str = "") -> Workspace:
    """Return the workspace. Raises UserError when there is none."""
    from gate.collect.git import open_workspace
    from gate.collect.process import ToolProblem

    if not root.is_dir():
        raise UserError(f"The workspace {root} is not a folder; name another one with --workspace.")
    try:
        git = means.tools.find("git")
    except ToolProblem:
        git = None
    return open_workspace(root, means.runner, git, scope)


def open_repository(workspace: Workspace, means: Machine) -> Repository:
    """Return the git repository of a workspace. Raises UserError when it has none."""
    from gate.collect.git import NoRepositoryError, Repository

    try:
        return Repository(workspace.root, means.runner, means.tools.find("git"))
    except NoRepositoryError as error:
        raise UserError(f"{workspace.root} is not a git repository.") from error
