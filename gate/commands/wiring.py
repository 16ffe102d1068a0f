"""Where handles are made: the runner of children, the toolbox, the checkout, the policy's bytes."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gate.commands.checkout import DEFAULT_POLICY, open_repository, open_tree
from gate.commands.options import Order
from gate.errors import UserError
from gate.pipeline import Checkout, Machine, Progress, Silent
from gate.settings import read_network, read_runner
from gate.stopping import at_once, told_to_stop

__all__ = [
    "DEFAULT_POLICY",
    "cache_notices",
    "check_out",
    "machine",
    "now",
    "open_repository",
    "open_tree",
    "read_policy",
    "validate",
    "with_cache",
]

if TYPE_CHECKING:
    from gate.model.json import Json
    from gate.model.policy import Policy
    from gate.publish.forge import Forge


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


def read_policy(order: Order, means: Machine, forge: Forge | None = None) -> Policy:
    """Return the policy that the order names, that lies where policies are read from, or that a profile alone makes.

    `gate.commands.policy_reading.find_policy` also tells where it came from.
    """
    from gate.commands.policy_reading import find_policy

    return find_policy(order, means, forge).policy


def validate(name: str, document: Json) -> None:
    """Hold a document against a shipped schema. Raises ValueError with the first few problems in words."""
    from gate.judge.schema import problems, shipped_validator

    found = problems(shipped_validator(name), document, limit=3)
    if found:
        told = "; ".join(f"{item.measured}, wanted {item.wanted}" for item in found)
        raise ValueError(f"does not fit the schema {name}: {told}")
