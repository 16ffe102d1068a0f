"""The pieces of the HTML report that all of its sections are made of. What is handed to them is HTML already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gate.model.verdict import Outcome

MARKS = {
    Outcome.PASS: "✓",
    Outcome.FAIL: "✗",
    Outcome.NO_EVIDENCE: "?",
    Outcome.ERROR: "!",
    Outcome.WAIVED: "~",
    Outcome.NOT_APPLICABLE: "–",
}
WORDS = {
    Outcome.PASS: "met",
    Outcome.FAIL: "not met",
    Outcome.NO_EVIDENCE: "no evidence",
    Outcome.ERROR: "could not be judged",
    Outcome.WAIVED: "waived",
    Outcome.NOT_APPLICABLE: "does not apply",
}


def table(heads: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    """Return rows of cells below the names of their columns."""
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    return framed(f"<tr>{head}</tr>", [f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows])


def framed(head: str, rows: Sequence[str]) -> str:
    """Return whole rows as a table that is moved sideways where the page is too narrow for it."""
    body = "\n".join(rows)
    return f'<div class="wide"><table>\n<thead>{head}</thead>\n<tbody>\n{body}\n</tbody></table></div>'


def listed(items: Iterable[str]) -> str:
    """Return items, each a whole `li`, as a list."""
    body = "\n".join(items)
    return f"<ul>\n{body}\n</ul>"


def details(title: str, count: int, inside: str) -> str:
    """Return a fold. The title must be a literal."""
    return f"<details><summary>{title} ({count:,})</summary><div>\n{inside}\n</div></details>"
