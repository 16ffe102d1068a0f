"""Publishing a verdict: which channels there are, in which order, and that none of them can hide it.

The order is that of a gate which may die at any moment: the check run in progress and a pending status come before
anything is collected, the conclusion comes last, then the status, and what only helps (comment, code scanning) after
both. A channel that fails changes neither the verdict nor the other channels; the exit code carries it in any case.

The job summary is not written here: it tells what became of all of this (`telling.notes_of`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from gate.formats.plain import one_line
from gate.model.policy import PublishSettings
from gate.model.verdict import Verdict
from gate.publish.check_run import CheckRunChannel, name_of
from gate.publish.code_scanning import Place
from gate.publish.comment import Wanted
from gate.publish.desk import Desk, Log, guarded
from gate.publish.event import EventContext
from gate.publish.forge import Forge
from gate.publish.forge_words import CheckOutput
from gate.publish.identity import Identity
from gate.publish.marks import mark_of
from gate.publish.publication import Channel, ChannelResult, ChannelState, Publication
from gate.publish.runs import Runs
from gate.publish.status import StatusChannel, context_of
from gate.publish.telling import fall_back, tell
from gate.publish.through import Saying, Sleep, Through, of_verdict, wanted_channels
from gate.publish.words import advised
from gate.report.annotations import Annotations, annotate
from gate.report.markdown_text import prose

_API = (Channel.CHECK_RUN, Channel.STATUS, Channel.COMMENT, Channel.SARIF)


@dataclass(frozen=True, slots=True)
class Begun:
    """A run that has said that it is at work. `through` is None where nothing can be written, and `why` says so."""

    settings: PublishSettings
    context: EventContext
    advisory: bool
    log: Log = field(repr=False)
    through: Through | None = None
    why: str = ""


def begin(
    *,
    settings: PublishSettings,
    context: EventContext,
    forge: Forge | None,
    job: str,
    policy_sha256: str,
    advisory: bool,
    log: Log,
) -> Begun:
    """Create the check run in progress and set the status to pending, as far as that can be done. Raises nothing.

    Call it before anything is collected: a gate that dies then leaves both as they are, which blocks. `job` is
    GITHUB_JOB, `policy_sha256` that of the policy's bytes ("" where there is none), `log` writes a line of the log.
    """
    why = _unavailable(context, forge)
    if why or forge is None:
        return Begun(settings, context, advisory, log, None, why)
    desk = Desk(
        forge=forge,
        context=context,
        mark=mark_of(context, policy_sha256),
        name=settings.name,
        check_name=name_of(settings.name, job),
        status_context=context_of(settings.name, context.base_ref),
        advisory=advisory,
        identity=Identity(forge),
        runs=Runs(forge, context),
    )
    check, status = CheckRunChannel(desk), StatusChannel(desk)
    begun = {}
    if settings.check_run:
        begun[Channel.CHECK_RUN] = guarded(Channel.CHECK_RUN, check.begin)
    if settings.status:
        begun[Channel.STATUS] = guarded(Channel.STATUS, status.begin)
    return Begun(settings, context, advisory, log, Through(desk, settings, check, status, begun))


def publish(
    verdict: Verdict,
    *,
    settings: PublishSettings,
    context: EventContext,
    forge: Forge | None,
    job: str,
    rerun: str,
    changed_lines: Mapping[str, frozenset[int]] | None,
    advisory: bool,
    log: Log,
    begun: Begun | None = None,
    place: Place | None = None,
    wait: Sleep = time.sleep,
) -> Publication:
    """Publish a verdict wherever the policy wants it and the token can, and return what became of it. Raises nothing.

    `begun` is what `begin` returned for the same run; without it, it begins now. `rerun` is the command that repeats
    the run, `changed_lines` per path the lines that the change touches (None: not known). `place` says for code
    scanning which ref was judged, `wait` sleeps so many seconds while code scanning works.

    Where the publication has intruders and the policy is not advisory, the gate fails, whatever the verdict.
    """
    if begun is None:
        begun = begin(
            settings=settings,
            context=context,
            forge=forge,
            job=job,
            policy_sha256=verdict.policy.sha256,
            advisory=advisory,
            log=log,
        )
    found = _annotations(verdict, changed_lines)
    if begun.through is None:
        publication = Publication(_nowhere(begun))
    else:
        saying = of_verdict(verdict, found, rerun=rerun, advisory=begun.advisory)
        publication = begun.through.all(saying, place or Place(context), wait)
    by_channel = {item.channel: item for item in publication.results}
    in_log = guarded(Channel.LOG, lambda: fall_back(log, verdict, found, by_channel.get(Channel.CHECK_RUN)))
    publication = Publication((*publication.results, in_log), publication.intruders)
    tell(log, publication)
    return publication


def give_up(begun: Begun, reason: str) -> Publication:
    """Say that there is no verdict, and why: the check run fails, the status is an error. Raises nothing.

    That blocks in advisory mode, too: what was not judged is not known to be fine. For exit codes 2 and 3.
    """
    sentence = one_line(reason, 500) or "the gate does not say why."
    if begun.through is None:
        return Publication(_nowhere(begun))
    title = advised(f"no verdict: {sentence}", advisory=False)
    text = f"## ⛔ NO VERDICT\n\nNo verdict was reached, which blocks: {prose(sentence)}"
    saying = Saying(
        output=lambda _intruders: CheckOutput(title, text),
        conclusion=lambda _intruders: "failure",
        state=lambda _intruders: "error",
        description=lambda _intruders: title,
        comment=lambda _intruders, _notes: Wanted(lambda _budget: f"{text}\n"),
    )
    publication = begun.through.all(saying, None, time.sleep)
    tell(begun.log, publication)
    return publication


def _annotations(verdict: Verdict, changed_lines: Mapping[str, frozenset[int]] | None) -> Annotations:
    """Return the annotations. A fault of ours in them must not keep the verdict from being published."""
    try:
        return annotate(verdict, changed_lines)
    except Exception:  # noqa: BLE001 - what is missing are annotations; the report tells the findings
        return Annotations(())


def _unavailable(context: EventContext, forge: Forge | None) -> str:
    """Return why nothing can be written on GitHub, "" where it can."""
    if not context.sha:
        return "The event is about no commit."
    if context.read_only is not None:
        why = one_line(context.read_only, 200)
        return (
            f"{why[:1].upper()}{why[1:]}. The job itself fails or passes with the verdict; a second workflow may "
            "publish it (see docs/two-stages.md)."
        )
    if forge is None:
        return "There is no token. Give the input token, which is github.token unless the workflow says otherwise."
    return ""


def _nowhere(begun: Begun) -> tuple[ChannelResult, ...]:
    wanted = wanted_channels(begun.settings, begun.context)
    return tuple(
        ChannelResult(item, ChannelState.DEGRADED, begun.why)
        if item in wanted
        else ChannelResult(item, ChannelState.OFF)
        for item in _API
    )
