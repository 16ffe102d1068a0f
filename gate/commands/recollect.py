"""The second stage's own look at a pull request's tree, which is data: nothing in it is executed or followed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from gate.collect.bundle import Bundle
from gate.commands import wiring
from gate.errors import CannotJudgeError
from gate.formats.plain import one_line
from gate.pipeline import Checkout, collect

if TYPE_CHECKING:
    from gate.collect.changes import Changes
    from gate.collect.workspace import Workspace
    from gate.model.evidence import Gap
    from gate.model.policy import Policy
    from gate.publish.changed_lines import ChangedLines
    from gate.publish.forge import Forge
    from gate.publish.forge_words import Pull
    from gate.report.progress import PlainProgress

T = TypeVar("T")
_PACKED = 256 * 1024 * 1024
_FILES = 200_000
_UNPACKED = 2 * 1024 * 1024 * 1024
_SHOWN = 3


def asked(ask: Callable[[], T], what: str) -> T:
    """Ask GitHub for something that there is no verdict without. Raises CannotJudgeError."""
    from gate.publish.forge_words import ForgeProblem

    try:
        return ask()
    except ForgeProblem as problem:
        raise CannotJudgeError(f"GitHub {problem.reason}, so it is not known {what}.") from problem


def recollected(
    policy: Policy, forge: Forge, pull: Pull, lines: ChangedLines | None, progress: PlainProgress
) -> tuple[Bundle, tuple[str, ...]]:
    """Run our own scanners over the tree of the pull request's head, and return what they found and what to tell of it.

    `lines` are those that the pull request changes, None where GitHub does not list all files. Raises CannotJudgeError.
    """
    from gate.collect.all_collectors import collectors
    from gate.judge.requests import requests

    kinds = policy.trust.recollect
    told = [f"Collected again from the tree of {pull.head_sha[:12]}, whatever the bundle said: {', '.join(kinds)}."]
    with _tree(forge, pull.head_sha, policy.scope) as (workspace, spoiled):
        means = wiring.machine(progress, workspace.root)
        checkout = Checkout(workspace, pull.head_sha, _changes(pull, lines))
        bundle = collect(collectors(kinds), requests(policy), checkout, means)
    if spoiled:
        named = ", ".join(f"“{one_line(path, 100)}”" for path in spoiled[:_SHOWN])
        more = f" and {len(spoiled) - _SHOWN:,} more" if len(spoiled) > _SHOWN else ""
        told.append(
            f"GitHub's archive of the tree leaves out or changes {named}{more}, as .gitattributes of the pull request "
            "says (export-ignore, export-subst), so that was not looked at."
        )
    return bundle, tuple(told)


def _changes(pull: Pull, lines: ChangedLines | None) -> Changes | Gap:
    from gate.collect.changes import Changes
    from gate.model.evidence import Gap

    base = pull.base_sha[:12]
    if lines is None:
        return Gap(base, "could not be compared with: GitHub does not list all files that the pull request changes")
    if lines.unknown:
        named = one_line(lines.unknown[0], 100)
        return Gap(base, f"could not be compared with: GitHub does not tell which lines of {named} changed")
    return Changes(pull.base_sha, lines.lines)


@contextmanager
def _tree(forge: Forge, commit: str, scope: str) -> Iterator[tuple[Workspace, list[str]]]:
    """Give the tree of a commit in a folder of our own that the children may read, and what the archive has spoiled."""
    from gate.collect.commit_tree import Listed, commit_tree
    from gate.collect.unpack import Bounds, UnpackProblem, unpack_tree

    what = f"what is in the tree of {commit[:12]}"
    listed = {item.path: Listed(item.mode, item.sha) for item in asked(lambda: forge.tree(commit), what)}
    data = asked(lambda: forge.tarball(commit, _PACKED), what)
    with tempfile.TemporaryDirectory(prefix="gate-tree-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        root = Path(folder) / "tree"
        root.mkdir()
        try:
            unpacked = unpack_tree(data, root, Bounds(_FILES, _PACKED, _UNPACKED))
            yield commit_tree(root, unpacked, listed, scope)
        except UnpackProblem as problem:
            raise CannotJudgeError(f"The tree of {commit[:12]}, as GitHub packs it, {problem.reason}.") from problem
