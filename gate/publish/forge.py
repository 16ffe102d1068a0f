"""The only way to a forge. `forge_github.GitHub` is the real one; tests have servers, not fakes of this.

Every method raises ForgeProblem, and nothing else, for whatever the forge or the network does. What can be repeated is
repeated inside (GET, PATCH, and creations that are looked for before they are repeated), with a bounded wait. All
methods that name no repository are about the one that the forge was made for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gate.publish.forge_words import (
    Account,
    Artifact,
    ChangedFiles,
    CheckOutput,
    CheckRun,
    Comment,
    Commit,
    Conclusion,
    Pull,
    RepositoryFacts,
    RequiredCheck,
    Sarif,
    SarifState,
    Status,
    TreeEntry,
    WorkflowRun,
)


class ReadForge(Protocol):
    """What is looked up."""

    def viewer(self) -> Account:
        """Return who the token acts as."""
        ...

    def repository(self) -> RepositoryFacts:
        """Return what the repository says of itself."""
        ...

    def pull(self, number: int) -> Pull:
        """Return a pull request as it is now."""
        ...

    def open_pulls(self, head_owner: str, head_branch: str) -> Sequence[Pull]:
        """Return the open pull requests from a branch of an owner's repository; more than one where bases differ."""
        ...

    def pulls_of_commit(self, sha: str) -> Sequence[Pull]:
        """Return the pull requests that a commit belongs to, merged ones too."""
        ...

    def changed_files(self, number: int) -> ChangedFiles:
        """Return what a pull request changes."""
        ...

    def resolve(self, revision: str, repository: str | None = None) -> str:
        """Return the full id of the commit that a branch, tag or id names."""
        ...

    def file(self, path: str, commit: str, limit: int, repository: str | None = None) -> bytes | None:
        """Return a file's bytes at a commit; None where there is nothing at the path.

        Only a plain file (mode 100644) of at most `limit` bytes is one; for a link, a submodule, a folder or what can
        be executed ForgeProblem(INVALID) is raised, and so it is for a commit that is not 40 hex digits.
        """
        ...

    def tarball(self, commit: str, limit: int) -> bytes:
        """Return the tree of a commit as a packed tar of at most `limit` bytes.

        It is not the tree: `.gitattributes` of the commit itself leave files out of it (export-ignore) and change what
        is in others. `tree` says what there is.
        """
        ...

    def tree(self, commit: str) -> Sequence[TreeEntry]:
        """Return everything below a commit's root but folders. ForgeProblem(BROKEN) where GitHub lists only a part."""
        ...

    def commits(self, branch: str, count: int) -> Sequence[Commit]:
        """Return the last commits of a branch, along first parents as far as GitHub tells, the newest first."""
        ...


class CheckForge(Protocol):
    """Check runs and statuses of commits."""

    def check_runs(self, sha: str, name: str | None = None) -> Sequence[CheckRun]:
        """Return the check runs of a commit, of one name where it is given, newest first: all, not the latest only."""
        ...

    def create_check_run(
        self, sha: str, name: str, external_id: str, output: CheckOutput, details_url: str
    ) -> CheckRun:
        """Create a check run that is in progress. A run of ours with this name and external id is not made twice."""
        ...

    def update_check_run(self, id_: int, output: CheckOutput, conclusion: Conclusion | None = None) -> CheckRun:
        """Add annotations (at most 50) and replace the output; with a conclusion the check run is completed."""
        ...

    def statuses(self, sha: str) -> Sequence[Status]:
        """Return the statuses of a commit, newest first, each with its creator."""
        ...

    def create_status(self, sha: str, status: Status) -> Status:
        """Set a commit's status of one context."""
        ...

    def required_checks(self, branch: str) -> Sequence[RequiredCheck]:
        """Return what a branch requires, by rulesets and by branch protection as far as the token may see."""
        ...


class CommentForge(Protocol):
    """Comments of pull requests."""

    def comments(self, number: int) -> Sequence[Comment]:
        """Return all comments of a pull request, oldest first."""
        ...

    def create_comment(self, number: int, body: str) -> Comment:
        """Write a comment. Before it is repeated after a 5xx, the newest comments are searched for the same body."""
        ...

    def update_comment(self, id_: int, body: str) -> Comment:
        """Replace a comment's text."""
        ...

    def delete_comment(self, id_: int) -> None:
        """Delete a comment; one that is gone already is fine."""
        ...

    def minimize_comment(self, node_id: str) -> None:
        """Fold a comment away as outdated."""
        ...

    def react(self, comment: int, content: str) -> None:
        """Add a reaction (+1, -1, eyes, rocket …) to a comment."""
        ...


class ActionsForge(Protocol):
    """Runs, artefacts and code scanning."""

    def workflow_run(self, id_: int) -> WorkflowRun:
        """Return a run of a workflow, its latest attempt."""
        ...

    def workflow_runs(self, sha: str, event: str = "") -> Sequence[WorkflowRun]:
        """Return the runs for a commit, newest first."""
        ...

    def rerun(self, run: int) -> None:
        """Run a workflow again, all of its jobs."""
        ...

    def artifacts(self, run: int, name: str | None = None) -> Sequence[Artifact]:
        """Return the artefacts of a run."""
        ...

    def download_artifact(self, id_: int, limit: int) -> bytes:
        """Return an artefact's archive (zip) of at most `limit` bytes. The token stays with GitHub's own host."""
        ...

    def upload_sarif(self, sarif: Sarif) -> str:
        """Hand a log to code scanning and return the id of the upload."""
        ...

    def sarif_state(self, id_: str) -> SarifState:
        """Return how far code scanning is with an upload."""
        ...


class WriteForge(Protocol):
    """Proposals to a repository, and who may make them."""

    def permission(self, login: str) -> str:
        """Return what somebody may do here: admin, maintain, write, triage, read or none."""
        ...

    def propose_file(self, path: str, data: bytes, message: str, branch: str, base_sha: str) -> str:
        """Make a branch from a commit with one more commit that writes one file; return the new commit's id.

        A branch that is there already is never moved: ForgeProblem(INVALID).
        """
        ...

    def open_pull(self, title: str, body: str, branch: str, base: str) -> Pull:
        """Open a pull request from a branch of this repository."""
        ...


class Forge(ReadForge, CheckForge, CommentForge, ActionsForge, WriteForge, Protocol):
    """All of it."""
