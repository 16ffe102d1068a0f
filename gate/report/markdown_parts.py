"""The pieces of the Markdown report: rows, paragraphs, tables and folds. Each piece is one line or a whole block."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from gate.model.evidence import Collected, Evidence, Missing, Source
from gate.model.finding import Finding
from gate.model.verdict import UNMET, CategoryScore, CriterionResult, Outcome, Verdict
from gate.report.markdown_text import bold, code, prose
from gate.report.summaries import mark, summary
from gate.report.text import joined

ICONS = {
    Outcome.PASS: "✅",
    Outcome.FAIL: "❌",
    Outcome.NO_EVIDENCE: "❔",
    Outcome.ERROR: "⛔",
    Outcome.WAIVED: "⏳",
    Outcome.NOT_APPLICABLE: "➖",
}
_OUTCOMES = {
    Outcome.PASS: "met",
    Outcome.FAIL: "not met",
    Outcome.NO_EVIDENCE: "no evidence",
    Outcome.ERROR: "could not be judged",
    Outcome.WAIVED: "waived",
    Outcome.NOT_APPLICABLE: "does not apply",
}
_SHORT = {Outcome.NO_EVIDENCE: " no evidence", Outcome.ERROR: " error", Outcome.WAIVED: " waived"}
_COLUMNS = (Outcome.PASS, Outcome.FAIL, Outcome.NO_EVIDENCE, Outcome.ERROR, Outcome.WAIVED)
_PAGE = re.compile(r"https://github\.com/readiness-gate/readiness-gate/blob/[A-Za-z0-9._/-]+#[A-Za-z0-9._-]+")
"""The pages of our own catalogue, the only ones that a report links to."""
_MOST_GAPS = 50
_MOST_NAMES = 200
_MOST_TITLES = 4

Names = Mapping[str, Sequence[str]]
Show = Callable[[Sequence[str], int], str]
"""Turns the items that are kept, and how many were left out, into a block."""


def names_of(verdict: Verdict) -> Names:
    """Return per kind what its evidence calls things: sources and the subjects of gaps."""
    names: dict[str, list[str]] = {}
    for item in verdict.evidence:
        own = names.setdefault(item.kind, [])
        own += islice((gap.subject for gap in item.gaps), _MOST_NAMES)
        own += islice((source.name for source in _sources(item)), _MOST_NAMES)
    return names


def row(item: CriterionResult, names: Names) -> str:
    """Return a criterion as a row: what was measured, what was wanted, and where."""
    known = _known(item, names)
    where = joined([code(path, 80) for path in item.where], 2) or code(item.evidence_kind)
    # Why nothing could be measured is told in full below; the cell has the beginning of it.
    room = 160 if item.outcome is Outcome.FAIL else 70
    measured = prose(item.measured, room, known) if item.measured else _OUTCOMES[item.outcome]
    wanted = prose(item.wanted, 160) if item.wanted else "–"
    title = prose(item.title, 100) or "–"
    return f"| {ICONS[item.outcome]} **{title}**<br>{_id(item)} | {measured} | {wanted} | {where} |"


def paragraph(items: Sequence[CriterionResult], names: Names) -> str:
    """Return criteria of one cause as a paragraph: the reason, and what to do about it."""
    first = items[0]
    titles = bold(joined([item.title for item in items], _MOST_TITLES, " · "), 100 * _MOST_TITLES)
    reason = sentence(prose(first.reason, 600, _known(first, names)))
    fix = f"\\\n→ {prose(first.fix, 500)}" if first.fix else ""
    return f"{titles} {reason[:1].upper()}{reason[1:]}{fix}"


def line(item: CriterionResult, names: Names) -> str:
    """Return a criterion as an item of a list."""
    fix = f" → {prose(item.fix, 300)}" if item.fix and item.outcome in UNMET else ""
    return f"- {ICONS[item.outcome]} {_id(item)} {sentence(prose(item.reason, 600, _known(item, names)))}{fix}"


def sentence(text: str) -> str:
    """Return words with the full stop that ends them."""
    return text if text.endswith((".", "?", "…", ":")) or not text else f"{text}."


def finding_row(finding: Finding) -> str:
    """Return a finding as a row."""
    place = finding.path if finding.path is not None else finding.tool
    place = f"{place}:{finding.line}" if finding.path is not None and finding.line is not None else place
    new = " (new)" if finding.new else ""
    return f"| {finding.severity}{new} | {code(finding.rule, 60)} | {code(place, 160)} | {code(finding.message, 160)} |"


def score_row(category: CategoryScore, shown: Sequence[Outcome]) -> str:
    """Return a category as a row of the scorecard."""
    score = "–" if category.score is None else f"{category.score:g}"
    numbers = " | ".join(f"{category.outcomes.get(outcome, 0):,}" for outcome in shown)
    return f"| {prose(category.name[:1].upper() + category.name[1:], 60) or '–'} | {score} | {numbers} |"


def scorecard_head(categories: Sequence[CategoryScore]) -> tuple[str, tuple[Outcome, ...]]:
    """Return the head of the scorecard and its outcomes: those that there are, and always pass and fail."""
    shown = tuple(
        outcome
        for outcome in _COLUMNS
        if outcome in (Outcome.PASS, Outcome.FAIL) or any(item.outcomes.get(outcome) for item in categories)
    )
    titles = " | ".join(f"{ICONS[outcome]}{_SHORT.get(outcome, '')}" for outcome in shown)
    return f"| Category | Score | {titles} |\n|---|---:|{'---:|' * len(shown)}", shown


def evidence_row(item: Evidence) -> str:
    """Return what was collected of one kind as a row: what it amounts to, and who says so."""
    sources = _sources(item)
    told = joined([f"{code(source.name, 80)} {source.how.value}" for source in sources], 3) or "–"
    what = prose(summary(item), 200, [source.name for source in sources[:_MOST_NAMES]]) or "–"
    return f"| {mark(item)} {code(item.kind, 40)} | {what} | {told} |"


def gap_lines(item: Evidence) -> Iterator[str]:
    """Yield the gaps of one kind as items of a list."""
    for gap in item.gaps[:_MOST_GAPS]:
        place = f" ({code(gap.path, 120)})" if gap.path is not None and gap.path != gap.subject else ""
        yield f"- {code(item.kind, 40)} · {code(gap.subject, 120)}{place}: {sentence(prose(gap.reason, 300))}"
    if len(item.gaps) > _MOST_GAPS:
        yield f"- {code(item.kind, 40)} · … and {len(item.gaps) - _MOST_GAPS:,} more."


def notes(verdict: Verdict, rerun: str) -> tuple[str, ...]:
    """Return what every reader should know, and how to repeat the run."""
    return (*(sentence(prose(notice, 400)) for notice in verdict.notices), f"Re-run locally: {code(rerun, 200)}")


def table(head: str) -> Show:
    """Return how rows are shown below a head."""
    return lambda rows, left: "\n".join([head, *rows]) + _more(left)


def folded_list(items: Sequence[str], left: int) -> str:
    """Return a list."""
    return "\n".join(items) + _more(left)


def paragraphs(items: Sequence[str], left: int) -> str:
    """Return paragraphs."""
    return "\n\n".join(items) + _more(left)


def titled(title: str, show: Show) -> Show:
    """Return how items are shown below a heading."""
    return lambda items, left: f"{title}\n\n{show(items, left)}"


def details(title: str, show: Show) -> Show:
    """Return how items are shown folded. The title must be a literal and numbers."""
    return lambda items, left: f"<details><summary>{title}</summary>\n\n{show(items, left)}\n\n</details>"


def _more(left: int) -> str:
    return f"\n\n… and {left:,} more; the JSON report has them all." if left else ""


def _id(item: CriterionResult) -> str:
    """Return the id as code, linked to its page when that is one of ours."""
    id_ = code(item.id, 80)
    return f"[{id_}]({item.docs})" if _PAGE.fullmatch(item.docs) else id_


def _known(item: CriterionResult, names: Names) -> list[str]:
    return [*item.where, *names.get(item.evidence_kind, ())]


def _sources(item: Evidence) -> tuple[Source, ...]:
    match item:
        case Missing():
            return ()
        case Collected(sources=sources):
            return sources
        case _:
            return item.sources
