"""What `run`, `collect`, `evaluate` and the action do with an order: gather, judge, tell."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TextIO

from gate import __version__
from gate.collect.all_collectors import KINDS, collectors
from gate.commands import wiring
from gate.commands.options import Order
from gate.commands.policy_reading import FoundPolicy, find_policy
from gate.commands.provenance import made_in
from gate.errors import CannotJudgeError
from gate.model.verdict import Decision, Verdict
from gate.pipeline import Checkout, Machine, collect, judge, kinds_of
from gate.report.options import RenderOptions
from gate.settings import read_runner
from gate.stopping import stop_if_told

if TYPE_CHECKING:
    from gate.collect.bundle import Bundle
    from gate.model.policy import Policy
    from gate.publish.forge import Forge
    from gate.report.progress import PlainProgress

EXIT_CODES = {Decision.GO: 0, Decision.CONDITIONAL: 0, Decision.NO_GO: 1}


def exit_code(verdict: Verdict) -> int:
    """Return the exit code that carries a verdict: 0 for whatever is advisory."""
    return 0 if verdict.advisory else EXIT_CODES[verdict.decision]


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run came to: the verdict, and the lines that the change touches (None where no base is known)."""

    verdict: Verdict
    changed_lines: Mapping[str, frozenset[int]] | None = None


def gather(order: Order, policy: Policy, means: Machine, kinds: Sequence[str]) -> Bundle:
    """Collect these kinds as the policy wants them; write the bundle where the order names one."""
    return _gathered(order, policy, means, kinds, wiring.check_out(order, means, policy.scope))


def _gathered(order: Order, policy: Policy, means: Machine, kinds: Sequence[str], checkout: Checkout) -> Bundle:
    from gate.collect.bundle import write_bundle
    from gate.judge.requests import requests

    means = wiring.with_cache(order, checkout, means)
    bundle = collect(collectors(kinds), requests(policy), checkout, means)
    bundle = replace(bundle, made=made_in(read_runner(os.environ), policy))
    if order.bundle is not None:
        write_bundle(order.bundle, bundle, __version__)
    return bundle


def run_by(
    found: FoundPolicy,
    order: Order,
    means: Machine,
    progress: PlainProgress,
    forge: Forge | None = None,
    pull: int | None = None,
) -> Ran:
    """Collect and judge by a policy that was read before.

    `forge` is asked for what the checkout does not hold, `pull` is the pull request's number.
    """
    from gate.collect.changes import Changes
    from gate.commands.proposals import with_proposal

    policy = found.policy
    with progress:
        checkout = wiring.check_out(order, means, policy.scope)
        bundle = _gathered(order, policy, means, kinds_of(policy, order.only, order.phase), checkout)
    now = wiring.now()
    verdict = judge(policy, bundle, now=now, phase=order.phase, only=order.only)
    verdict = replace(verdict, notices=(*verdict.notices, *found.notices, *wiring.cache_notices(order)))
    verdict = with_proposal(verdict, found, order, means, bundle, now, forge, pull)
    changed = checkout.changes.lines if isinstance(checkout.changes, Changes) else None
    return Ran(verdict, changed)


def collect_only(order: Order, progress: PlainProgress) -> Bundle:
    """Collect what the order names, else everything that there is a collector for."""
    means = wiring.machine(progress, order.workspace)
    policy = wiring.read_policy(order, means)
    with progress:
        return gather(order, policy, means, order.only or KINDS)


def collect_for_policy(order: Order, progress: PlainProgress, forge: Forge | None = None) -> Bundle:
    """Collect what the policy asks for, for somebody else to judge."""
    means = wiring.machine(progress, order.workspace)
    policy = find_policy(order, means, forge).policy
    with progress:
        return gather(order, policy, means, kinds_of(policy, order.only, order.phase))


def text_of(verdict: Verdict, name: str, options: RenderOptions) -> str:
    """Return a report. The JSON one is held against its schema before anyone sees it. Raises CannotJudgeError."""
    from gate.report.formats import renderer

    if name == "json":
        from gate.report.json_v1 import verdict_document

        check("verdict", verdict_document(verdict))
    return renderer(name)(verdict, options)


def check(name: str, document: object) -> None:
    """Hold a document of ours against its schema. Raises CannotJudgeError: a misfit is a fault of the gate."""
    try:
        wiring.validate(name, document)  # type: ignore[arg-type] # any document may be held against a schema
    except ValueError as error:
        raise CannotJudgeError(
            f"The gate's own document {error}. This is a fault of the gate; please report it."
        ) from error


def tell(verdict: Verdict, order: Order, seconds: Mapping[str, float] | None = None) -> None:
    """Write every report that the order asks for: to stdout or --output, and the further ones to their files.

    `seconds` is how long each kind took to collect, told on the terminal.
    """
    from gate.publish.files import write_report

    files = [*order.reports, *([(order.format, order.output)] if order.output is not None else [])]
    texts = [(path, text_of(verdict, name, file_options())) for name, path in files]
    shown = "" if order.output else text_of(verdict, order.format, terminal_options(order, sys.stdout, seconds))
    stop_if_told()
    for path, text in texts:
        write_report(path, text, order.workspace)
    sys.stdout.write(shown)


def file_options() -> RenderOptions:
    """Return how a report in a file is wanted."""
    return RenderOptions(verbose=True, version=__version__)


def terminal_options(order: Order, stream: TextIO, seconds: Mapping[str, float] | None = None) -> RenderOptions:
    """Return how a report on a stream is wanted: as wide as the terminal, coloured only there."""
    import os
    import shutil

    terminal = stream.isatty()
    width = min(shutil.get_terminal_size((80, 24)).columns, 120) if terminal else 80
    return RenderOptions(
        width=width,
        color=terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb",
        ascii=not _can_write(stream, "✓✗–·…“”"),
        quiet=order.quiet,
        verbose=order.verbose,
        version=__version__,
        seconds=seconds or {},
    )


def progress_for(order: Order, stream: TextIO) -> PlainProgress:
    """Return how progress is told: in place on a terminal, as lines elsewhere, not at all with --quiet."""
    from gate.report.progress import PlainProgress, SilentProgress, TerminalProgress

    if order.quiet:
        return SilentProgress(stream)
    if stream.isatty():
        return TerminalProgress(stream, verbose=order.verbose)
    return PlainProgress(stream, verbose=order.verbose)


def _can_write(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True
