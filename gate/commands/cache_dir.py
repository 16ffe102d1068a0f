"""Whether a run may use the cache that `--cache-dir` names.

Who can write to the cache decides what scanners are said to have found. So a run for a fork's pull request neither
reads nor writes it, and neither does a run of which that cannot be told; and a folder that git tracks, or that a link
leads to, is refused, because the change under judgement could bring its own results.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gate.errors import UserError
from gate.settings import Runner

if TYPE_CHECKING:
    from gate.collect.cache import Cache
    from gate.collect.workspace import Workspace
    from gate.commands.options import Order
    from gate.model.json import Json
    from gate.pipeline import Checkout, Machine

OWN_EVENTS = frozenset({"push", "merge_group", "schedule", "workflow_dispatch", "release", "create"})
"""Events of GitHub that are about commits which are in the repository itself already."""

NOT_USED = "The cache was neither read nor written: {}."


def why_no_cache(runner: Runner | None) -> str | None:
    """Return why this run gets no cache, None where it may have one. Everything that cannot be told is a reason."""
    if runner is None or runner.event_name in OWN_EVENTS:
        return None
    if not runner.event_name.startswith("pull_request"):
        return f"an event “{runner.event_name or 'without a name'}” may be about a fork's change"
    event = _read_event(runner.event_path)
    if event is None:
        return "the event of this pull request cannot be read, so it may be a fork's"
    head, base = (_text(event, "pull_request", side, "repo", "full_name") for side in ("head", "base"))
    if head is None or base is None:
        return "the event does not say which repository this pull request comes from, so it may be a fork's"
    if base != runner.repository:
        return "the event is about another repository than this run"
    return None if head == base else "this pull request comes from a fork"


def check_folder(folder: Path, workspace: Workspace, named: Path) -> None:
    """Make sure that nothing in a cache folder can have come with the change. Raises UserError.

    `named` is the workspace as the user wrote it, which may lead there through links of the user's own.
    """
    lexical = Path(os.path.abspath(folder))  # noqa: PTH100 - without following links, unlike resolve()
    try:
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise UserError(f"The cache folder {folder} is a link or a file. Name a folder with --cache-dir.")
        real = folder.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        # A name that is too long, a loop of links, a NUL.
        raise UserError(
            f"The cache folder {folder} cannot be reached ({error}). Name another with --cache-dir."
        ) from error
    root = workspace.root
    for top in (root, Path(os.path.abspath(named))):  # noqa: PTH100
        if lexical.is_relative_to(top) and real != root / lexical.relative_to(top):
            raise UserError(f"The cache folder {folder} lies behind a link in the workspace. Name another folder.")
    if not real.is_relative_to(root):
        return
    below = real.relative_to(root).as_posix()
    advice = "Name a folder that git does not track, or one outside of the workspace."
    if not workspace.has_git:
        raise UserError(
            f"The cache folder {folder} lies in the workspace, which is not a git repository, so it cannot be told "
            "whether its contents came with the change. Name a folder outside of the workspace."
        )
    if below == ".":
        raise UserError(f"The cache folder {folder} is the workspace itself. {advice}")
    above = (parent.as_posix() for parent in Path(below).parents)
    if workspace.holds_tracked(below) or any(workspace.is_tracked(parent) for parent in above):
        raise UserError(
            f"The cache folder {folder} holds files that git tracks, so the change under judgement could bring its own "
            f"results. {advice}"
        )


def _read_event(path: Path | None) -> Json:
    """Return the event of the runner; None when it cannot be read."""
    from gate.commands.github import read_event_file

    try:
        return read_event_file(path) if path is not None else None
    except UserError:
        return None


def open_cache(order: Order, runner: Runner | None, checkout: Checkout, means: Machine) -> Cache:
    """Return the cache of a run; one that keeps nothing where none was asked for, or none may be used.

    Raises UserError for a folder that cannot be trusted. Why a cache is not used is logged.
    """
    from gate.collect.cache import NO_CACHE

    if order.cache_dir is None:
        return NO_CACHE
    reason = why_no_cache(runner)
    if reason is not None:
        means.progress.log(NOT_USED.format(reason))
        return NO_CACHE
    check_folder(order.cache_dir, checkout.workspace, order.workspace)
    from gate.collect.folder_cache import FolderCache

    commit = f"commit {checkout.commit[:12]}" if checkout.commit else ""
    run = f"run {runner.run_id}" if runner and runner.run_id else ""
    origin = ", ".join(part for part in (commit, run) if part)
    return FolderCache(order.cache_dir, origin, means.now, means.progress.log)


def _text(event: Json, *names: str) -> str | None:
    for name in names:
        event = event.get(name) if isinstance(event, dict) else None
    return event if isinstance(event, str) and event else None
