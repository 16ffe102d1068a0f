"""What the change wants of the policy, in Markdown: what would be with it, and its diff in a fence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.model.verdict import Decision, Proposal, ProposedFile, ProposedOutcome
from gate.report.budget import Section
from gate.report.markdown_parts import details, folded_list, paragraphs, titled
from gate.report.markdown_text import code, prose
from gate.report.proposals import TITLE, changed_words, outcome_words, verdict_words
from gate.report.text import counted, inert

_ICONS = {Decision.GO: "✅ GO", Decision.CONDITIONAL: "⚠️ CONDITIONAL", Decision.NO_GO: "❌ NO-GO"}
_LINES = 80
"""Lines of one file's diff in Markdown; the JSON report has more."""
_WIDE = 200
_OUTCOMES = 40


def sections(proposal: Proposal | None) -> Iterator[Section]:
    """Yield the sections of a proposal: what it would change, and, folded, how."""
    if proposal is None:
        return
    lines = tuple(_lines(proposal))
    yield Section(TITLE, lines, titled(f"### {TITLE}", folded_list), 8)
    name = f"How it changes them ({len(proposal.files):,})"
    files = tuple(file_block(file) for file in proposal.files)
    yield Section(name, files, details(name, paragraphs), 4)


def file_block(file: ProposedFile) -> str:
    """Return a file's name and its diff in a fence longer than any run of backticks or tildes in it."""
    lines = [inert(line[:_WIDE]) for line in file.diff[:_LINES]]
    left = file.left_out + len(file.diff) - len(lines)
    text = "\n".join(lines)
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    block = f"{fence}diff\n{text}\n{fence}" if lines else ""
    more = f"… and {counted(left, 'more line', 'more lines')}." if left else ""
    return "\n\n".join(
        part for part in (f"{code(file.path, 160)} is {changed_words(file.change)}", block, more) if part
    )


def _lines(proposal: Proposal) -> Iterator[str]:
    if proposal.files or proposal.mistakes:
        yield "- It is a proposal until it is merged, and decided nothing in this verdict."
    if proposal.decision is not None:
        yield f"- With it the verdict would be **{_ICONS[proposal.decision]}**{verdict_words(proposal)}."
    for outcome in proposal.outcomes[:_OUTCOMES]:
        yield _outcome(outcome)
    if len(proposal.outcomes) > _OUTCOMES:
        yield f"- … and {counted(len(proposal.outcomes) - _OUTCOMES, 'more criterion', 'more criteria')}."
    if proposal.mistakes:
        yield "- It cannot be read, so mend it before it is merged:"
    yield from (f"  - {prose(mistake, 400) or '–'}" for mistake in proposal.mistakes)
    yield from (f"- {prose(note, 400)}" for note in proposal.notes)
    if proposal.also:
        shown = ", ".join(code(path, 100) for path in proposal.also[:10])
        more = f" and {len(proposal.also) - 10:,} more" if len(proposal.also) > 10 else ""
        yield f"- The change also touches {shown}{more}: these steer what runs the gate."


def _outcome(outcome: ProposedOutcome) -> str:
    return f"  - {code(outcome.id, 80)} {outcome_words(outcome)}"
