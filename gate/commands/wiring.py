"""Where handles are made: the runner of children, the toolbox, the checkout, the policy's bytes."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gate.commands.options import Order
from gate.errors import UserError
from gate.pipeline import Checkout, Machine, Progress, Silent
from gate.settings import read_network, read_runner
from gate.stopping import at_once, told_to_stop

if TYPE_CHECKING:
    from gate.collect.git import Repository
    from gate.collect.workspace import Workspace
    from gate.model.json import Json
    from gate.model.policy import Policy

DEFAULT_POLICY = ".gate/policy.yml"
_POLICY_LIMIT = 256 * 1024
_WANTED = "A policy is a regular file of at most 256 KB."


def now() -> datetime:
    """Return the present time in UTC: the one place that asks the clock."""
    return datetime.now(UTC)


def machine(progress: Progress | None = None, workspace: Path = Path()) -> Machine:
    """Return what the work is done with on this machine, for a workspace that children will have to read."""
    from gate.collect.isolation import user_for_children
    from gate.collect.process import SubprocessRunner
    from gate.collect.tools import SystemToolbox

    told = progress or Silent()
    uid = user_for_children(workspace, on_runner=read_runner(os.environ) is not None)
    network = read_network(os.environ)
    runner = SubprocessRunner(environment=network, uid=uid, log=told.log, stopped=told_to_stop)
    at_once(runner.kill)
    return Machine(runner, SystemToolbox(runner), told, now, len(os.sched_getaffinity(0)), runner.stop, told_to_stop)


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


def check_out(order: Order, means: Machine, scope: str) -> Checkout:
    """Return the tree under judgement with its commit and what changed since the base."""
    from gate.model.evidence import Gap

    workspace = open_tree(order.workspace, means, scope)
    if scope and not workspace.entries():
        raise UserError(f"The policy's scope is {scope}, and nothing in that folder is tracked.")
    if not workspace.has_git:
        nothing = (
            Gap(order.base, "cannot be compared with: the workspace is not a git repository") if order.base else None
        )
        return Checkout(workspace, None, nothing)
    repository = open_repository(workspace, means)
    changes = repository.changes(order.base) if order.base else None
    return Checkout(workspace, repository.head_commit(), changes)


def with_cache(order: Order, checkout: Checkout, means: Machine) -> Machine:
    """Return the means of a run with its cache. Raises UserError for a folder that the change could have filled."""
    from gate.collect.cache import NO_CACHE
    from gate.collect.tools import SystemToolbox
    from gate.commands.cache_dir import open_cache

    cache = open_cache(order, read_runner(os.environ), checkout, means)
    if cache is NO_CACHE:
        return means
    return replace(means, cache=cache, tools=SystemToolbox(means.runner, cache=cache))


def cache_notices(order: Order) -> tuple[str, ...]:
    """Return what every report says about a cache that was asked for and not used."""
    from gate.commands.cache_dir import NOT_USED, why_no_cache

    reason = why_no_cache(read_runner(os.environ)) if order.cache_dir is not None else None
    return () if reason is None else (NOT_USED.format(reason),)


def open_repository(workspace: Workspace, means: Machine) -> Repository:
    """Return the git repository of a workspace. Raises UserError when it has none."""
    from gate.collect.git import NoRepositoryError, Repository

    try:
        return Repository(workspace.root, means.runner, means.tools.find("git"))
    except NoRepositoryError as error:
        raise UserError(f"{workspace.root} is not a git repository.") from error


def read_policy(order: Order, means: Machine) -> Policy:
    """Return the policy that the order names, that lies in the workspace, or that a profile alone makes."""
    from gate.judge.catalogue import load_catalogue
    from gate.judge.policy_file import read_policy as read
    from gate.judge.policy_file import waiver_paths
    from gate.judge.settings_evidence import evidence_settings

    settings = evidence_settings(order.evidence)
    data, path = policy_bytes(order, means)
    waivers = {}
    for name in waiver_paths(data) if data is not None else ():
        content = _in_tree(order, means, name)
        if content is not None:
            waivers[name] = content
    return read(
        data,
        catalogue=load_catalogue(),
        path=path,
        ref=order.policy_ref if data is not None else None,
        profile=order.profile,
        waivers=waivers,
        settings=settings,
    )


def policy_bytes(order: Order, means: Machine) -> tuple[bytes | None, str | None]:
    """Return the policy file's bytes and what to call it; nothing where none was named and none is there.

    A file that was named must be there. It may lie outside of the workspace; inside, no link leads to it.
    """
    if order.policy is None:
        data = _in_tree(order, means, DEFAULT_POLICY)
        return (data, DEFAULT_POLICY) if data is not None else (None, None)
    named = order.policy
    below = _below(named, order.workspace)
    data = _in_tree(order, means, below) if below is not None else _outside(named)
    if data is None:
        at = f" in {order.policy_ref}" if order.policy_ref else ""
        raise UserError(f"The policy {named} is not there{at}. `gate init` writes one.")
    return data, below or str(named)


def _below(path: Path, workspace: Path) -> str | None:
    """Return a path as one below the workspace, None when it is not one. Links are not followed."""
    root = os.path.abspath(workspace)  # noqa: PTH100 - without following links, unlike resolve()
    lexical = os.path.abspath(path)  # noqa: PTH100
    return os.path.relpath(lexical, root) if lexical.startswith(f"{root}/") else None


def _outside(path: Path) -> bytes | None:
    """Read a file that the user named; a pipe or a device would keep us waiting, or never end."""
    import stat

    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise UserError(f"The policy {path} is not a regular file. {_WANTED}")
            return stream.read(_POLICY_LIMIT + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UserError(f"The policy {path} cannot be read: {error.strerror}. {_WANTED}") from error


def _in_tree(order: Order, means: Machine, path: str) -> bytes | None:
    """Return a file of the checkout, or of the revision that the policy is read from; None when it is not there."""
    from gate.collect.workspace import ReadProblem

    workspace = open_tree(order.workspace, means)
    if order.policy_ref is not None:
        return _in_revision(open_repository(workspace, means), order.policy_ref, path)
    if not workspace.exists(path):
        return None
    try:
        return workspace.read(path, _POLICY_LIMIT).data
    except ReadProblem as problem:
        raise UserError(f"{path} {problem.reason}. {_WANTED}") from problem


def _in_revision(repository: Repository, revision: str, path: str) -> bytes | None:
    from gate.collect.process import ToolProblem
    from gate.collect.workspace import ReadProblem

    try:
        if repository.resolve(revision) is None:
            raise UserError(
                f"The policy is read from {revision}, so that a pull request cannot change what it is judged by, and "
                "that revision is not in this checkout. Check out with fetch-depth: 0."
            )
        return repository.show_file(revision, path, _POLICY_LIMIT).data
    except ReadProblem as problem:
        if problem.reason.startswith("is not there"):
            return None
        raise UserError(f"{path} {problem.reason}. {_WANTED}") from problem
    except ToolProblem as problem:
        raise UserError(f"{path} cannot be read from {revision}: {problem}.") from problem


def validate(name: str, document: Json) -> None:
    """Hold a document against a shipped schema. Raises ValueError with the first few problems in words."""
    from gate.judge.schema import problems, shipped_validator

    found = problems(shipped_validator(name), document, limit=3)
    if found:
        told = "; ".join(f"{item.measured}, wanted {item.wanted}" for item in found)
        raise ValueError(f"does not fit the schema {name}: {told}")
