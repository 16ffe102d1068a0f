"""What a pull request changes in the policy, read and judged beside the verdict.

The policy in force is the base branch's. What stands at the head of the change is only ever a proposal: whatever is in
it, and whatever goes wrong with it, the verdict, the score and the exit code stay what they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from gate.collect.disk import printable
from gate.commands.checkout import DEFAULT_POLICY, open_repository, open_tree
from gate.commands.options import Order
from gate.commands.policy_reading import FoundPolicy, policy_of
from gate.commands.policy_source import CommitInCheckout, CommitOnForge, Origin, PolicySource
from gate.errors import MistakesError, UserError
from gate.pipeline import Machine, judge, kinds_of

if TYPE_CHECKING:
    from gate.collect.bundle import Bundle
    from gate.collect.git import Repository
    from gate.model.policy import Policy
    from gate.model.verdict import Proposal, ProposedFile, Verdict
    from gate.publish.forge import Forge
    from gate.publish.forge_words import ChangedFiles


@dataclass(frozen=True, slots=True)
class Sides:
    """A change: where its files are read from before and after it, and which paths it touches, as far as is known.

    `only` is set where `before` is not where the change began: then only what it touches differs because of it.
    """

    before: PolicySource
    after: PolicySource
    touched: tuple[str, ...] | None
    only: bool = False


def with_proposal(
    verdict: Verdict,
    found: FoundPolicy,
    order: Order,
    means: Machine,
    bundle: Bundle,
    now: datetime,
    forge: Forge | None = None,
    pull: int | None = None,
    head: str | None = None,
    changed: ChangedFiles | None = None,
) -> Verdict:
    """Return the verdict with what the change proposes, unchanged where it proposes nothing. Raises nothing.

    `now` is the time that the verdict was reached at. `forge` and `pull` (the pull request's number) tell which files
    change where the checkout does not hold the base. `head` is the pull request's commit where another one is checked
    out, as in the second of two stages: both sides are then read from the forge. `changed` are the files that change,
    where they are known already.
    """
    if order.policy_ref is None:
        return verdict
    try:
        sides = (
            _on_forge(found, forge, pull, head, changed)
            if head is not None
            else _sides(order, found, means, forge, pull)
        )
        if sides is None:
            return verdict
        return replace(verdict, proposal=_proposal(verdict, found, order, sides, bundle, now, forge))
    except Exception as error:  # noqa: BLE001 - a proposal is somebody's wish, and no wish takes a verdict away
        means.progress.log(f"what the change proposes could not be judged: {type(error).__name__}: {error}")
        told = (
            "What this change proposes for the policy could not be looked at; the job's log says why. The verdict does "
            "not depend on it."
        )
        return replace(verdict, notices=(*verdict.notices, told))


def _proposal(
    verdict: Verdict,
    found: FoundPolicy,
    order: Order,
    sides: Sides,
    bundle: Bundle,
    now: datetime,
    forge: Forge | None,
) -> Proposal | None:
    from gate.judge.proposal import notes_on, proposal, steering, unread, with_missing

    path = found.path or DEFAULT_POLICY
    own = order.policy_from is None
    paths = _paths(found, sides, path) if own else ()
    mistakes: list[str] = []
    files = _files(paths, sides, mistakes)
    also = steering(sides.touched or (), paths)
    if not files and not mistakes:
        return unread((), also, ()) if also else None
    if mistakes:
        return unread(files, also, mistakes)
    try:
        proposed = _proposed_policy(order, sides.after, path, found, forge)
    except MistakesError as error:
        return unread(files, also, map(str, error.mistakes))
    except UserError as error:
        return unread(files, also, [str(error)])
    evidence = with_missing(bundle.evidence, kinds_of(proposed, order.only, order.phase))
    again = judge(proposed, replace(bundle, evidence=evidence), now=now, phase=order.phase, only=order.only)
    return proposal(files, also, verdict, again, notes_on(found.policy, proposed))


def _sides(order: Order, found: FoundPolicy, means: Machine, forge: Forge | None, pull: int | None) -> Sides | None:
    """Return what the change starts from and comes to; None where there is no git, or nothing was committed yet."""
    workspace = open_tree(order.workspace, means)
    if not workspace.has_git:
        return None
    repository = open_repository(workspace, means)
    head = repository.head_commit()
    if head is None:
        return None
    after = CommitInCheckout(repository, Origin("HEAD", head))
    base = found.source.origin.commit if order.policy_from is None else repository.resolve(order.policy_ref or "")
    if base is None or repository.resolve(base) != base:
        touched = _touched_on_forge(forge, pull)
        return Sides(found.source, after, touched, only=touched is not None)
    start = _start(repository, base, head)
    changed = tuple(map(printable, repository.differing(start, head)))
    return Sides(CommitInCheckout(repository, Origin(order.policy_ref, start)), after, changed)


def _on_forge(
    found: FoundPolicy, forge: Forge | None, pull: int | None, head: str, changed: ChangedFiles | None
) -> Sides | None:
    """Return a change of which nothing is checked out; None where the forge does not say what it touches."""
    touched = _touched_by(changed) if changed is not None else _touched_on_forge(forge, pull)
    if forge is None or touched is None:
        return None
    return Sides(found.source, CommitOnForge(forge, Origin(head, head)), touched, only=True)


def _start(repository: Repository, base: str, head: str) -> str:
    """Return where the change began: where it left the base branch, else the base itself."""
    return repository.merge_base(base, head) or base


def _touched_on_forge(forge: Forge | None, pull: int | None) -> tuple[str, ...] | None:
    from gate.publish.forge_words import ForgeProblem

    if forge is None or pull is None:
        return None
    try:
        return _touched_by(forge.changed_files(pull))
    except ForgeProblem:
        return None


def _touched_by(changed: ChangedFiles) -> tuple[str, ...] | None:
    """Return every path that a change touches, None where not all are known."""
    if not changed.complete:
        return None
    both = {path for file in changed.files for path in (file.path, file.previous_path) if path is not None}
    return tuple(sorted(both))


def _paths(found: FoundPolicy, sides: Sides, path: str) -> tuple[str, ...]:
    """Return the files of this repository that the policy consists of, before the change and after it."""
    touched = set(sides.touched or ()) if sides.only else None
    paths = [path, *(link.path for link in found.policy.origin.chain if not link.repository)]
    paths += _named_from(sides.before, path)
    if touched is None or not touched.isdisjoint(paths):
        paths += _named_from(sides.after, path)
    return tuple(each for each in dict.fromkeys(paths) if touched is None or each in touched)


def _named_from(source: PolicySource, path: str) -> list[str]:
    """Return the files of the same repository that a policy file names, and those that they name."""
    from gate.judge.policy_file import waiver_paths
    from gate.judge.policy_reference import DEEPEST, extended_by

    found: list[str] = []
    for _ in range(DEEPEST):
        try:
            data = source.read(path)
        except UserError:
            break
        if data is None:
            break
        found += waiver_paths(data)
        named = extended_by(data)
        if named is None or named.repository:
            break
        path = named.path
        found.append(path)
    return found


def _files(paths: tuple[str, ...], sides: Sides, mistakes: list[str]) -> list[ProposedFile]:
    """Return the files that differ; what stands at a path and is no plain file goes to the mistakes."""
    from gate.judge.proposal import proposed_file

    files = []
    for path in paths:
        try:
            after = sides.after.read(path)
        except UserError as error:
            mistakes.append(str(error))
            continue
        try:
            before = sides.before.read(path)
        except UserError:
            before = None  # what was no plain file is none
        file = proposed_file(path, before, after)
        if file is not None:
            files.append(file)
    return files


def _proposed_policy(order: Order, source: PolicySource, path: str, found: FoundPolicy, forge: Forge | None) -> Policy:
    """Return the policy at the head of the change. Raises UserError.

    Of other repositories it gets what is in force already. Else a pull request could have the gate read, with its
    token, and quote what its author could not read.
    """
    known = frozenset((link.repository, link.commit or "", link.path) for link in found.policy.origin.chain)
    data = source.read(path)
    if data is None and order.policy is not None:
        raise UserError(f"The policy {path} is not there any more.")
    return policy_of(order, source, data, path if data is not None else None, forge, only=known)
