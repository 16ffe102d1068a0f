"""Whether the checkout is of the commit that the verdict will stand on.

On pull_request the runner checks out the test merge of the head and its base. On pull_request_target and workflow_run
actions/checkout takes the base branch unless it is told otherwise: a gate that judged that would put the base branch's
`go` on the pull request's head.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.commands.checkout import open_repository, open_tree
from gate.commands.options import Order
from gate.errors import CannotJudgeError, UserError
from gate.pipeline import Machine
from gate.publish.event import Event

if TYPE_CHECKING:
    from gate.collect.git import Repository
    from gate.commands.github import GitHubRun

_WANTED = (
    "What is found in one says nothing about the other. On pull_request leave actions/checkout its default; elsewhere "
    "name the commit with its input ref."
)


def refuse_other_run(github: GitHubRun) -> None:
    """Raise UserError where the run is about another run, whose commit is not the one that is checked out."""
    if github.context.triggering_run is not None:
        raise UserError(
            "The workflow was started by the end of another run (workflow_run), and `run` judges what is checked out "
            "here: the default branch. Use the command publish, which judges what the other run left "
            "(docs/two-stages.md)."
        )


def check_commit(order: Order, means: Machine, github: GitHubRun) -> None:
    """Raise CannotJudgeError unless the checkout is of the commit that the run is about, or of its test merge."""
    sha = github.context.sha
    if not sha:
        return
    workspace = open_tree(order.workspace, means)
    if not workspace.has_git:
        raise CannotJudgeError(
            f"{order.workspace} is not a git repository, so nobody can say whether it holds the commit {sha[:12]}, "
            "which this run is about. Check it out with actions/checkout."
        )
    repository = open_repository(workspace, means)
    head = repository.head_commit()
    if head is None:
        raise CannotJudgeError(f"The checkout has no commit, and this run is about {sha[:12]}. Check that one out.")
    expected = {sha} if github.context.event is Event.PULL_REQUEST_TARGET else {sha, github.runner.sha}
    if head not in expected and sha not in _parents(repository, head):
        raise CannotJudgeError(f"The checkout holds {head[:12]}, and this run is about {sha[:12]}. {_WANTED}")


def _parents(repository: Repository, commit: str) -> tuple[str, ...]:
    """Return the parents of a commit, those too that a shallow checkout does not hold; none where it is forged."""
    from gate.collect.git_objects import hash_of
    from gate.collect.process import ToolProblem

    try:
        data = repository.read_object("commit", commit)
    except ToolProblem as problem:
        raise CannotJudgeError(f"The commit that is checked out cannot be read: {problem}.") from problem
    if hash_of("commit", data, commit) != commit:
        return ()
    head = data.partition(b"\n\n")[0].decode("ascii", "replace").split("\n")
    return tuple(line.removeprefix("parent ") for line in head if line.startswith("parent "))
