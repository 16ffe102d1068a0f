"""The sections of the HTML report about the policy: its waivers, what the change wants of it, who can be believed."""

from __future__ import annotations

from collections.abc import Iterator

from gate.model.verdict import Believed, Proposal, ProposedFile, ProposedOutcome, Verdict, WaiverUse
from gate.report import waiver_lines
from gate.report.html_parts import WORDS, details, listed, table
from gate.report.html_text import code, lines, prose, sentence, text
from gate.report.proposals import TITLE

_BELIEVED = {
    Believed.SUPPLIED: "supplied: the author can forge it",
    Believed.ATTESTED: "attested by a person",
    Believed.CACHED: "from the cache of an earlier run",
    Believed.PRODUCED: "found by the gate in this run",
    Believed.RECOLLECTED: "found again where the change decides nothing",
}
_MOST = 200


def waivers(verdict: Verdict) -> Iterator[str]:
    """Yield what each waiver of the policy did."""
    if verdict.waiver_uses:
        rows = table(("Waiver", "State", "Until", "Findings", "Why"), map(_waiver, verdict.waiver_uses))
        yield details("Waivers", len(verdict.waiver_uses), rows)


def trust(verdict: Verdict) -> Iterator[str]:
    """Yield who could have written the evidence of each kind."""
    if verdict.trust:
        rows = ((code(item.kind, 40), _BELIEVED[item.believed], sentence(item.told)) for item in verdict.trust)
        yield details("Who could have written it", len(verdict.trust), table(("Evidence", "How it came", ""), rows))


def proposal(verdict: Verdict) -> Iterator[str]:
    """Yield what the change wants of the policy: shown, and without any effect on the verdict."""
    wanted = verdict.proposal
    if wanted is None:
        return
    yield f"<h2>{TITLE}</h2>"
    yield "<p>It is a proposal until it is merged, and decided nothing in this verdict.</p>"
    if wanted.decision is not None:
        score = f", score {wanted.score:g} / 100" if wanted.score is not None else ""
        yield f"<p>With it the verdict would be {wanted.decision.value.replace('_', '-').upper()}{score}.</p>"
    if wanted.outcomes:
        rows = map(_outcome, wanted.outcomes[:_MOST])
        yield table(("Criterion", "Now", "Proposed", "Why"), rows)
    told = [f"<li>{sentence(item)}</li>" for item in (*wanted.mistakes, *wanted.notes, *_beyond(wanted))]
    if wanted.mistakes:
        yield "<p>It cannot be read, so mend it before it is merged.</p>"
    if told:
        yield listed(told)
    yield from map(_file, wanted.files[:_MOST])


def _waiver(use: WaiverUse) -> Iterator[str]:
    waiver = use.waiver
    until = text(waiver.expires, 40)
    yield f"{code(waiver.criterion, 80)}<br>by {code(waiver.owner, 80)}"
    yield waiver_lines.STATES[use.state]
    yield f"{until}<br>{waiver_lines.days(use)}" if waiver_lines.days(use) else until
    yield waiver_lines.findings(use) or "all"
    yield prose(waiver.reason, 300) + (f"<br>{code(waiver.link, 300)}" if waiver.link else "")


def _outcome(item: ProposedOutcome) -> Iterator[str]:
    (now, then) = item.levels
    yield f"{text(item.title, 120)}<br>{code(item.id, 80)}"
    yield "not there" if item.before is None else f"{WORDS[item.before]}{f' ({now.value})' if now else ''}"
    yield "not there" if item.after is None else f"{WORDS[item.after]}{f' ({then.value})' if then else ''}"
    yield prose(item.reason, 400)


def _beyond(wanted: Proposal) -> Iterator[str]:
    """Yield what else steers the gate, and how much is not shown."""
    if wanted.also:
        yield "The change also touches what steers the gate: " + ", ".join(f"`{path}`" for path in wanted.also[:50])
    left = max(0, len(wanted.outcomes) - _MOST) + max(0, len(wanted.files) - _MOST)
    if left:
        yield f"{left:,} more criteria and files are in the JSON report"


def _file(item: ProposedFile) -> str:
    more = f"\n… and {item.left_out:,} more lines" if item.left_out else ""
    name = f"<p>{code(item.path, 300)} is {item.change.value}</p>"
    return f"{name}\n<pre>{lines(item.diff)}{more}</pre>" if item.diff else name
