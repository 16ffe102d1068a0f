"""Reading the policy: from where, which files it consists of, and the notices that this gives.

In a pull request and in a merge queue all of it is the base branch's. With a token its tip is what GitHub says that it
is now; the checkout's `origin/BASE` may be older, and an earlier step of the job could have moved it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.commands.checkout import DEFAULT_POLICY, open_repository, open_tree
from gate.commands.options import Order
from gate.commands.policy_source import (
    CommitInCheckout,
    CommitOnForge,
    Origin,
    PolicySource,
    WorkingTree,
    below,
    outside,
)
from gate.errors import UserError
from gate.pipeline import Machine

if TYPE_CHECKING:
    from gate.collect.git import Repository
    from gate.judge.policy_reference import PolicyFile
    from gate.model.policy import Policy
    from gate.publish.forge import Forge

_REMOTE = "origin/"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_DEEPER = "Check out with fetch-depth: 0, or hand in a token that may read the repository's contents."


@dataclass(frozen=True, slots=True)
class FoundPolicy:
    """A policy, the source that it was read from, its file there (None for a profile alone), and what to tell of it."""

    policy: Policy
    source: PolicySource
    path: str | None
    notices: tuple[str, ...] = ()


def find_policy(order: Order, means: Machine, forge: Forge | None = None) -> FoundPolicy:
    """Return the policy that the order names, that lies where policies are read from, or that a profile alone makes.

    Raises UserError, MistakesError among them.
    """
    if order.policy_from is not None:
        from gate.judge.policy_reference import policy_ref

        named = policy_ref(order.policy_from)
        source = elsewhere(named.repository, named.commit, forge, "policy_ref names")
        data = source.read(named.path)
        if data is None:
            raise UserError(f"The policy {named.path} is not there in {source.origin}. Check policy_ref.")
        return FoundPolicy(policy_of(order, source, data, named.path, forge), source, named.path)
    source, notices = chosen_source(order, means, forge)
    data, path = policy_bytes(order, source)
    return FoundPolicy(policy_of(order, source, data, path, forge), source, path, notices)


def chosen_source(order: Order, means: Machine, forge: Forge | None = None) -> tuple[PolicySource, tuple[str, ...]]:
    """Return where the policy is read from, and sentences on what could not be made sure. Raises UserError."""
    workspace = open_tree(order.workspace, means)
    if order.policy_ref is None:
        return WorkingTree(workspace), ()
    if not workspace.has_git and forge is None:
        raise UserError(f"{order.workspace} is not a git repository, and the policy is read from {order.policy_ref}.")
    repository = open_repository(workspace, means) if workspace.has_git else None
    commit, notices = _tip(order.policy_ref, repository, forge)
    return _at_commit(Origin(order.policy_ref, commit), repository, forge), notices


def elsewhere(repository: str, commit: str, forge: Forge | None, who: str) -> PolicySource:
    """Return a commit of another repository as a source. `who` begins the error's sentence. Raises UserError."""
    from gate.commands.forge_at_home import forge_at_home

    forge = forge or forge_at_home(repository)
    if forge is None:
        raise UserError(
            f"{who} a file of {repository}, which is read through GitHub's API, and there is no token. Hand in one "
            "that may read that repository: the action's input token, GATE_TOKEN in a step of your own, GITHUB_TOKEN "
            "at home."
        )
    return CommitOnForge(forge, Origin(commit, commit, repository))


def policy_bytes(order: Order, source: PolicySource) -> tuple[bytes | None, str | None]:
    """Return the policy file's bytes and what to call it; nothing where none was named and none is there.

    A file that was named must be there. It may lie outside of the workspace; inside, no link leads to it.
    """
    if order.policy is None:
        data = source.read(DEFAULT_POLICY)
        return (data, DEFAULT_POLICY) if data is not None else (None, None)
    path = below(order.policy, order.workspace)
    data = source.read(path) if path is not None else outside(order.policy)
    if data is None:
        at = f" in {source.origin}" if source.origin.commit else ""
        raise UserError(f"The policy {order.policy} is not there{at}. `gate init` writes one.")
    return data, path or str(order.policy)


def policy_of(
    order: Order,
    source: PolicySource,
    data: bytes | None,
    path: str | None,
    forge: Forge | None = None,
    only: Collection[tuple[str, str, str]] | None = None,
) -> Policy:
    """Return the policy that a file of a source describes, with all that it extends. Raises UserError.

    `only` are the files of other repositories, as (repository, commit, path), that may be read; None for any.
    """
    from gate.judge.catalogue import load_catalogue
    from gate.judge.policy_file import read_policy
    from gate.judge.settings_evidence import evidence_settings

    settings = evidence_settings(order.evidence)
    extended, waivers = _with_it(source, data, path or "", forge, only) if data is not None else ((), {})
    origin = source.origin
    return read_policy(
        data,
        catalogue=load_catalogue(),
        path=path,
        ref=origin.ref if data is not None else None,
        commit=origin.commit,
        repository=origin.repository,
        profile=order.profile,
        extended=extended,
        waivers=waivers,
        settings=settings,
    )


def _with_it(
    source: PolicySource, data: bytes, path: str, forge: Forge | None, only: Collection[tuple[str, str, str]] | None
) -> tuple[tuple[PolicyFile, ...], Mapping[str, bytes]]:
    """Return what a policy file extends, the nearest first, and its own waiver files."""
    from gate.judge.policy_reference import DEEPEST, PolicyFile, extended_by, link_of

    files: list[PolicyFile] = []
    origin, called = source.origin, source.origin.called(path)
    seen = {(origin.repository, origin.commit, path)}
    below_it, first = data, _waivers(source, data)
    while (named := extended_by(below_it)) is not None:
        if named.repository:
            if only is not None and (named.repository, named.commit, named.path) not in only:
                raise UserError(
                    f"{called} extends a file of {named.repository} that the policy in force does not extend. It is "
                    "read once the change is merged, and not for a proposal."
                )
            source = elsewhere(named.repository, named.commit, forge, f"{called} extends")
        origin = source.origin
        if (origin.repository, origin.commit, named.path) in seen:
            raise UserError(f"{called} extends {origin.called(named.path)}, which extends it: a circle.")
        seen.add((origin.repository, origin.commit, named.path))
        if len(seen) > DEEPEST:
            raise UserError(f"{called} extends a further policy, and {DEEPEST} files are the most that one may have.")
        found = source.read(named.path)
        if found is None:
            raise UserError(f"{called} extends {named.path}, and there is no such file in {origin}.")
        called = origin.called(named.path)
        link = link_of(found, named.path, origin.ref, origin.commit, origin.repository)
        files.append(PolicyFile(found, called, link, _waivers(source, found)))
        below_it = found
    return tuple(files), first


def _waivers(source: PolicySource, data: bytes) -> dict[str, bytes]:
    from gate.judge.policy_file import waiver_paths

    found = {name: source.read(name) for name in waiver_paths(data)}
    return {name: content for name, content in found.items() if content is not None}


def _at_commit(origin: Origin, repository: Repository | None, forge: Forge | None) -> PolicySource:
    """Return a commit as a source: of the checkout where it holds it, else of GitHub. Raises UserError."""
    from gate.collect.process import ToolProblem

    remote = CommitOnForge(forge, origin) if forge is not None else None
    try:
        if repository is not None and origin.commit is not None and repository.resolve(origin.commit) == origin.commit:
            return CommitInCheckout(repository, origin, remote)
    except ToolProblem:
        if remote is None:
            raise
    if remote is not None:
        return remote
    raise UserError(f"The policy is read from {origin}, which is not in this checkout. {_DEEPER}")


def _tip(revision: str, repository: Repository | None, forge: Forge | None) -> tuple[str, tuple[str, ...]]:
    """Return the commit that a revision is at now: as GitHub says, else as the checkout does. Raises UserError."""
    from gate.collect.process import ToolProblem
    from gate.publish.forge_words import ForgeProblem

    if forge is not None and _COMMIT.fullmatch(revision):
        return revision, ()
    notices: tuple[str, ...] = ()
    if forge is not None and revision.startswith(_REMOTE):
        try:
            return forge.resolve(f"heads/{revision.removeprefix(_REMOTE)}"), ()
        except ForgeProblem as problem:
            told = (
                f"Whether {revision} of this checkout is still the tip of its branch could not be asked: GitHub "
                f"{problem.reason}. The policy was read from it as it is here."
            )
            notices = (told,)
    try:
        commit = repository.resolve(revision) if repository is not None else None
    except ToolProblem as problem:
        raise UserError(f"The policy cannot be read from {revision}: {problem}.") from problem
    if commit is None:
        why = "".join(f" {notice}" for notice in notices)
        raise UserError(
            f"The policy is read from {revision}, so that a pull request cannot change what it is judged by, and "
            f"that revision is not in this checkout. {_DEEPER}{why}"
        )
    return commit, notices
