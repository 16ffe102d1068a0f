"""Judging commits that are merged already, each in a checkout of its own: what `gate replay` does."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from gate.collect.bundle import Bundle, BundleError
from gate.collect.changes import Changes
from gate.collect.git_history import History, LayoutProblem, PastCommit
from gate.collect.process import ToolProblem
from gate.commands import wiring
from gate.commands.past_evidence import Left
from gate.errors import GateError
from gate.judge.forecast import OF_A_RUN, blocking, not_known, says_something, without
from gate.model.evidence import Evidence, Missing
from gate.model.forecast import PastJudgement
from gate.pipeline import Checkout, Machine, collect, judge, kinds_of
from gate.stopping import stop_if_told

if TYPE_CHECKING:
    from gate.commands.options import Order
    from gate.model.json import JsonObject
    from gate.model.policy import Policy

Log = Callable[[str], None]
_NO_RUN = "what a run of that time produced is needed, and it is not at hand (gate replay --bundles DIR)"


class Evidences(Protocol):
    """Where evidence of past runs comes from."""

    def of(self, commit: PastCommit) -> Left | None:
        """Return what the run about a commit left; None where there is nothing. Raises BundleError."""
        ...


@dataclass(frozen=True, slots=True)
class Replay:
    """One policy, and what commits are judged with. `below` is the workspace, from the top of the repository."""

    order: Order
    policy: Policy
    requests: Mapping[str, JsonObject]
    history: History
    below: Path
    means: Machine
    evidences: tuple[Evidences, ...] = ()
    shared: bool = False
    """whether the children are another user, who must be able to read the checkouts"""
    log: Log = field(default=lambda _line: None)

    def judged(self, commit: PastCommit) -> PastJudgement:
        """Judge one commit by its tree and by what is known of its run. Raises nothing but for being stopped."""
        told = PastJudgement(commit.id, commit.subject, commit.when)
        try:
            with self._checkout(commit) as checkout:
                own = self._collected(checkout)
        except (LayoutProblem, ToolProblem, GateError) as problem:
            stop_if_told()
            return replace(told, problem=str(problem))
        except OSError as error:
            return replace(told, problem=f"The commit cannot be laid out: {error.strerror or type(error).__name__}.")
        left = self._left(commit)
        bundle, supplied = _joined(own, left, self.requests)
        return self._told(told, bundle, supplied, left, compared=_is_compared(commit, checkout))

    @contextmanager
    def _checkout(self, commit: PastCommit) -> Iterator[Checkout]:
        """Give the tree of a commit, compared with its first parent, in a folder for us and our children."""
        with tempfile.TemporaryDirectory(prefix="gate-replay-", ignore_cleanup_errors=True) as folder:
            Path(folder).chmod(0o755 if self.shared else 0o700)
            root = Path(folder) / "tree"
            root.mkdir()
            root.chmod(0o755)
            self.history.lay_out(commit.id, root)
            base = commit.parents[0] if commit.parents else None
            order = replace(self.order, workspace=root / self.below, base=base)
            yield wiring.check_out(order, self.means, self.policy.scope)

    def _collected(self, checkout: Checkout) -> Bundle:
        from gate.collect.all_collectors import collectors

        kinds = kinds_of(self.policy, self.order.only, self.order.phase)
        own = collect(collectors(set(kinds) - OF_A_RUN), self.requests, checkout, self.means)
        absent: tuple[Evidence, ...] = tuple(Missing(kind, _NO_RUN) for kind in kinds if kind in OF_A_RUN)
        return replace(own, evidence=(*own.evidence, *absent))

    def _left(self, commit: PastCommit) -> Left | None:
        for evidences in self.evidences:
            try:
                found = evidences.of(commit)
            except BundleError as error:
                self.log(f"{commit.id[:8]}: {error}")
                continue
            if found is not None:
                return found
        return None

    def _told(
        self, told: PastJudgement, bundle: Bundle, supplied: frozenset[str], left: Left | None, *, compared: bool
    ) -> PastJudgement:
        """Judge twice: once to see what is not known, and then the rest, so that it does not count."""
        now, order = self.means.now(), self.order
        first = judge(self.policy, bundle, now=now, phase=order.phase, only=order.only)
        unknown = not_known(first, self.requests, supplied, compared=compared)
        rest = without(self.policy, {held.id for held in unknown})
        verdict = judge(rest, bundle, now=now, phase=order.phase, only=order.only)
        where = left.where if left is not None and supplied else ""
        if not says_something(verdict):
            return replace(
                told,
                unknown=unknown,
                evidence=where,
                problem="No criterion of the policy is about what is known of it.",
            )
        return replace(
            told,
            decision=verdict.decision,
            score=verdict.score,
            blocked_by=blocking(verdict, rest),
            unknown=unknown,
            evidence=where,
        )


def _joined(own: Bundle, left: Left | None, requests: Mapping[str, JsonObject]) -> tuple[Bundle, frozenset[str]]:
    """Return our own evidence with that of the past run where a tree cannot tell, and the kinds of the latter."""
    if left is None:
        return own, frozenset()
    there = {item.kind for item in left.bundle.evidence if not isinstance(item, Missing)}
    lacking = {item.kind for item in own.evidence if isinstance(item, Missing) and not item.not_applicable}
    reported = {item.kind for item in own.evidence if requests.get(item.kind, {}).get("reports")}
    taken = frozenset(there & (lacking | reported))
    evidence = (
        *(item for item in own.evidence if item.kind not in taken),
        *(item for item in left.bundle.evidence if item.kind in taken),
    )
    return replace(own, evidence=evidence), taken


def _is_compared(commit: PastCommit, checkout: Checkout) -> bool:
    """Whether the lines are known that a commit changed; the first commit of all has none before it."""
    return not commit.parents or isinstance(checkout.changes, Changes)
