"""settings → collect → judge: the one place that sees both ends. Every handle is passed in."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from gate.collect.bundle import Bundle
from gate.collect.cache import NO_CACHE, Cache
from gate.collect.changes import Changes
from gate.collect.collector import Collector, Context
from gate.collect.once import Once
from gate.collect.process import Runner
from gate.collect.self_test import SelfTests
from gate.collect.tools import Toolbox
from gate.collect.workspace import Workspace
from gate.model.evidence import Evidence, Gap, Unreadable
from gate.model.json import JsonObject
from gate.model.policy import Phase, Policy
from gate.model.reduced import Reduced
from gate.model.verdict import Verdict


class Progress(Protocol):
    """Where the work tells how far it is. Called from several threads."""

    def start(self, kind: str) -> None:
        """A collector begins."""
        ...

    def done(self, evidence: Evidence, seconds: float) -> None:
        """A collector ended with this evidence."""
        ...

    def log(self, line: str) -> None:
        """One plain line for whoever wants every detail."""
        ...


class Silent:
    """Tells nobody."""

    def start(self, kind: str) -> None:
        """Say nothing."""

    def done(self, evidence: Evidence, seconds: float) -> None:
        """Say nothing."""

    def log(self, line: str) -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """The tree under judgement. `changes` is None without a base, a Gap where the base cannot be compared with."""

    workspace: Workspace
    commit: str | None = None
    changes: Changes | Gap | None = None

    @property
    def base(self) -> str | None:
        """The commit that changes were computed against."""
        return self.changes.base if isinstance(self.changes, Changes) else None


@dataclass(frozen=True, slots=True)
class Machine:
    """What the work is done with.

    `jobs` is how many processes one collector may run side by side; `stop` ends those that are running; `stopped` says
    whether the whole work was told to end; `cache` keeps what they said of files that do not change.
    """

    runner: Runner
    tools: Toolbox
    progress: Progress
    now: Callable[[], datetime]
    jobs: int = 1
    stop: Callable[[], None] = lambda: None
    stopped: Callable[[], bool] = lambda: False
    cache: Cache = NO_CACHE


def collect(
    collectors: Iterable[Collector],
    requests: Mapping[str, JsonObject],
    checkout: Checkout,
    machine: Machine,
) -> Bundle:
    """Run the collectors side by side and return what they found, in their order.

    A collector that ends with an exception has found out nothing: its evidence is Unreadable, and the others go on.
    Raises KeyboardInterrupt where the work was told to end, though the one that said so was swallowed: what was
    collected then is what scanners found that were killed.
    """

    self_tests = SelfTests(machine.cache)
    once = Once()

    def one(collector: Collector) -> Evidence:
        context = Context(
            workspace=checkout.workspace,
            runner=machine.runner,
            tools=machine.tools,
            request=requests.get(collector.kind, {}),
            changes=checkout.changes,
            jobs=machine.jobs,
            log=machine.progress.log,
            cache=machine.cache,
            self_tests=self_tests,
            now=machine.now,
            once=once,
            requests=requests,
        )
        machine.progress.start(collector.kind)
        begun = time.monotonic()
        evidence = _guarded(collector, context)
        machine.progress.done(evidence, time.monotonic() - begun)
        return evidence

    chosen = list(collectors)
    with _patient_memory(), ThreadPoolExecutor(max_workers=max(1, len(chosen)), thread_name_prefix="collect") as pool:
        try:
            evidence = tuple(pool.map(one, chosen))
            if machine.stopped():
                raise KeyboardInterrupt
        except BaseException:
            # Who presses Ctrl-C does not want to wait until every scanner is done.
            machine.stop()
            raise
    machine.cache.save()
    return Bundle(evidence, checkout.commit, checkout.base, stamp(machine.now()))


@contextmanager
def _patient_memory() -> Iterator[None]:
    """Look for unreachable cycles rarely: nearly all that a collector makes lives until the run ends."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 1_000)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _guarded(collector: Collector, context: Context) -> Evidence:
    try:
        return collector.collect(context)
    except Exception as error:  # noqa: BLE001 - one broken collector must not take the others' evidence with it
        import traceback

        for line in traceback.format_exc().splitlines():
            context.log(line)
        text = " ".join(str(error).split())[:200]
        fault = f"{type(error).__name__}: {text}" if text else type(error).__name__
        return Unreadable(collector.kind, f"the gate's own collector ended with {fault}; please report this")


def kinds_of(policy: Policy, only: Sequence[str], phase: Phase) -> tuple[str, ...]:
    """Return the kinds that must be collected: those of the criteria in question, and always the inventory."""
    wanted = {item.evidence for item in policy.criteria if item.disabled is None and item.phase is phase}
    wanted |= set(policy.expects)
    if only:
        wanted &= set(only)
    return tuple(sorted(wanted | {"inventory"}))


def judge(
    policy: Policy,
    bundle: Bundle,
    *,
    now: datetime,
    phase: Phase = Phase.PRE_MERGE,
    only: Sequence[str] = (),
    recollected: Collection[str] = (),
) -> Verdict:
    """Return the verdict of a policy on a bundle. With `only`, criteria on other kinds are left out.

    `recollected` are the kinds that the second of two stages collected again by itself. `now` alone decides which
    waivers hold, and is what the verdict says of when it was reached.
    """
    from gate.judge.evaluate import judge as evaluate

    return evaluate(
        policy,
        bundle.evidence,
        now=now,
        phase=phase,
        kinds=only or None,
        reduced=without_waived(policy, bundle.evidence, now),
        recollected=recollected,
        commit=bundle.commit,
        base=bundle.base,
        generated_at=stamp(now),
    )


def without_waived(policy: Policy, evidence: Sequence[Evidence], now: datetime) -> dict[str, Reduced]:
    """Return, by criterion, its evidence without the findings that are waived of it: the facts are counted anew."""
    from gate.judge.waived import waived_by_finding
    from gate.judge.waiver_days import day_of

    waived = waived_by_finding(policy, day_of(now))
    if not waived:
        return {}
    from gate.collect.derived import without

    kinds = {criterion.id: criterion.evidence for criterion in policy.criteria}
    reduced = {}
    for id_, fingerprints in waived.items():
        entries = [item for item in evidence if item.kind == kinds.get(id_)]
        if len(entries) == 1:
            reduced[id_] = without(entries[0], fingerprints)
    return reduced


def stamp(moment: datetime) -> str:
    """Return a moment as RFC 3339 in UTC, to the second; one without a zone is taken for UTC."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
