"""Where handles are made: the runner of children, the toolbox, the checkout, the policy's bytes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gate.commands.options import Order
from gate.errors import UserError
from gate.pipeline import Checkout, Machine, Progress, Silent

if TYPE_CHECKING:
    from gate.collect.tools import SystemToolbox
    from gate.collect.workspace import Workspace
    from gate.model.json import Json, JsonObject
    from gate.model.policy import Policy

DEFAULT_POLICY = ".gate/policy.yml"
_POLICY_LIMIT = 256 * 1024


def now() -> datetime:
    """Return the present time in UTC: the one place that asks the clock."""
    return datetime.now(UTC)


def machine(progress: Progress | None = None) -> Machine:
    """Return what the work is done with on this machine."""
    from gate.collect.process import SubprocessRunner
    from gate.collect.tools import SystemToolbox

    told = progress or Silent()
    runner = SubprocessRunner(log=told.log)
    return Machine(runner, SystemToolbox(runner), told, now, len(os.sched_getaffinity(0)))


def open_tree(root: Path, means: Machine, scope: str = "") -> Workspace:
    """Return the workspace. Raises UserError when there is none."""
    from gate.collect.git import open_workspace

    if not root.is_dir():
        raise UserError(f"The workspace {root} is not a folder; name another one with --workspace.")
    return open_workspace(root.absolute(), means.runner, _git(means), scope)


def check_out(order: Order, means: Machine, scope: str) -> Checkout:
    """Return the tree under judgement with its commit and what changed since the base."""
    from gate.collect.git import Repository

    workspace = open_tree(order.workspace, means, scope)
    git = _git(means)
    if git is None or not workspace.has_git:
        return Checkout(workspace, None, _no_git(order))
    repository = Repository(workspace.root, means.runner, git)
    changes = repository.changes(order.base) if order.base else None
    return Checkout(workspace, repository.head_commit(), changes)


def read_policy(order: Order, means: Machine) -> Policy:
    """Return the policy that the order names, that lies in the workspace, or that a profile alone makes."""
    from gate.judge.catalogue import load_catalogue
    from gate.judge.policy_file import read_policy as read
    from gate.judge.policy_file import waiver_paths
    from gate.judge.settings_evidence import evidence_settings

    data, path = _policy_bytes(order, means)
    waivers = {name: _beside(order, means, name) for name in waiver_paths(data)} if data is not None else {}
    return read(
        data,
        catalogue=load_catalogue(),
        path=path,
        ref=order.policy_ref if data is not None else None,
        profile=order.profile,
        waivers={name: content for name, content in waivers.items() if content is not None},
        settings=evidence_settings(order.evidence),
    )


def validate(name: str, document: Json) -> None:
    """Hold a document against a shipped schema. Raises ValueError with the first few problems in words."""
    from gate.judge.schema import problems, shipped_validator

    found = problems(shipped_validator(name), document, limit=3)
    if found:
        raise ValueError("; ".join(str(problem) for problem in found))


def all_requests(policy: Policy) -> dict[str, JsonObject]:
    """Return the requests of a policy per kind."""
    from gate.judge.requests import requests

    return requests(policy)
