"""Where a policy and what belongs to it is read from: the working tree, a commit of the checkout, a commit by the API.

Every source answers with bytes or None, and refuses with UserError what is not a plain file of at most 256 KB. What is
read from a commit is known by the commit's id: the policy of a pull request is the base branch's, and nothing that lies
in the checkout can be taken for it (docs/trust.md).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from gate.errors import UserError

if TYPE_CHECKING:
    from gate.collect.git import Repository
    from gate.collect.workspace import Workspace
    from gate.publish.forge import Forge

LIMIT = 256 * 1024
WANTED = "A policy is a plain file of at most 256 KB."


@dataclass(frozen=True, slots=True)
class Origin:
    """What a source is called: the name of a revision and its commit, None for the working tree.

    `repository` is OWNER/NAME where it is another repository than the one under judgement, else "".
    """

    ref: str | None = None
    commit: str | None = None
    repository: str = ""

    def __str__(self) -> str:
        if self.commit is None:
            return self.ref or "the working tree"
        if self.repository:
            return f"{self.repository}@{self.commit[:12]}"
        return f"{self.ref} ({self.commit[:12]})" if self.ref not in (None, self.commit) else self.commit[:12]

    def called(self, path: str) -> str:
        """Return what reports and mistakes call a file of this source."""
        return f"{self.repository}/{path}@{(self.commit or '')[:12]}" if self.repository else path


class PolicySource(Protocol):
    """Where files of a policy are read from."""

    @property
    def origin(self) -> Origin:
        """What it is called."""
        ...

    def read(self, path: str) -> bytes | None:
        """Return a file by its path from the repository's root, None where nothing is there. Raises UserError."""
        ...


@dataclass(frozen=True, slots=True)
class WorkingTree:
    """The files as they lie on disk: what a run at home and a push are judged by."""

    workspace: Workspace
    origin: Origin = Origin()

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes. No link is followed. Raises UserError."""
        from gate.collect.workspace import ReadProblem

        if not self.workspace.exists(path):
            return None
        try:
            return self.workspace.read(path, LIMIT).data
        except ReadProblem as problem:
            raise UserError(f"{path} {problem.reason}. {WANTED}") from problem


@dataclass(frozen=True, slots=True)
class CommitInCheckout:
    """A commit that the checkout holds. `otherwise` is asked where git has the commit and not the file's objects."""

    repository: Repository
    origin: Origin
    otherwise: PolicySource | None = None

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, held against the commit's id. Raises UserError."""
        from gate.collect.git_objects import file_of_commit
        from gate.collect.process import ToolProblem
        from gate.collect.workspace import ReadProblem

        assert self.origin.commit is not None  # whoever makes one resolves the name first
        below = os.path.relpath(self.repository.root, self.repository.top)
        whole = path if below == "." else f"{below}/{path}"
        try:
            return file_of_commit(self.repository, self.origin.commit, whole, LIMIT)
        except ReadProblem as problem:
            raise UserError(f"{path} in {self.origin} {problem.reason}. {WANTED}") from problem
        except ToolProblem as problem:
            if self.otherwise is not None:
                return self.otherwise.read(path)
            raise UserError(
                f"{path} cannot be read from {self.origin}: {problem}. Check out with fetch-depth: 0 and no filter."
            ) from problem


@dataclass(frozen=True, slots=True)
class CommitOnForge:
    """A commit that GitHub's API knows, of this repository or of another one."""

    forge: Forge
    origin: Origin

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes. Raises UserError."""
        from gate.publish.forge_words import ForgeProblem

        assert self.origin.commit is not None
        try:
            return self.forge.file(path, self.origin.commit, LIMIT, self.origin.repository or None)
        except ForgeProblem as problem:
            raise UserError(
                f"{path} cannot be read from {self.origin}: GitHub {problem.reason}. {WANTED} The token must be "
                "allowed to read the repository's contents (contents: read)."
            ) from problem


def below(path: Path, workspace: Path) -> str | None:
    """Return a path as one below the workspace, None when it is not one. Links are not followed."""
    root = os.path.abspath(workspace)  # noqa: PTH100 - without following links, unlike resolve()
    lexical = os.path.abspath(path)  # noqa: PTH100
    return os.path.relpath(lexical, root) if lexical.startswith(f"{root}/") else None


def outside(path: Path) -> bytes | None:
    """Read a file that the user named, None where there is none. Raises UserError."""
    from gate.collect.named_file import NamedFileProblem, read_named

    try:
        return read_named(path, LIMIT)
    except NamedFileProblem as problem:
        raise UserError(f"The policy {path} {problem.reason}. {WANTED}") from problem
