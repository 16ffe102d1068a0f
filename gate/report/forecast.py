"""A forecast as text: for a terminal and in Markdown. Subjects of commits are somebody else's, and shown as data."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from gate.formats.plain import one_line
from gate.model.forecast import ByCriterion, Forecast, Held, PastJudgement
from gate.report.markdown_text import code, prose
from gate.report.text import counted, inert

_WIDTH = 100
_SUBJECT = 60
_REASON = 300
_MOST_TOLD = 8
"""Criteria told in full for one commit; the summary counts all."""
_MARKS = {"go": "✓", "conditional": "!", "no_go": "✗"}


def console(forecast: Forecast) -> str:
    """Return the forecast as lines for a terminal."""
    lines = [_head(forecast), ""]
    for item in forecast.commits:
        lines += _commit(item)
    table = list(_table(forecast))
    lines += ["", *table] if table else []
    lines += ["", *(line for note in forecast.notes for line in _wrapped(note, "")), *_wrapped(last_sentence(forecast))]
    return inert("\n".join(line.rstrip() for line in lines) + "\n")


def markdown(forecast: Forecast) -> str:
    """Return the forecast as Markdown."""
    lines = [f"## Replay of {code(forecast.branch)}", "", prose(last_sentence(forecast), 1_000), ""]
    lines += [
        "| commit | date | verdict | score | what blocks | not known | subject |",
        "|---|---|---|---:|---|---|---|",
    ]
    lines += [_row(item) for item in forecast.commits]
    found = forecast.by_criterion()
    if found:
        lines += ["", "| criterion | level | would have blocked | alone | not known |", "|---|---|---:|---:|---:|"]
        lines += [
            f"| {code(each.id)} | {_level(each)} | {each.blocked} | {each.alone} | {each.unknown} |" for each in found
        ]
    lines += [line for note in forecast.notes for line in ("", f"> {prose(note, 1_000)}")]
    return "\n".join(lines) + "\n"


def last_sentence(forecast: Forecast) -> str:
    """Return the whole in one or two sentences: "7 of 10 would have merged; coverage.lines alone …"."""
    judged, found = forecast.judged, forecast.by_criterion()
    alone = [each for each in found if each.alone]
    told = f"{forecast.merged} of {len(judged)} would have merged"
    unknown = [each for each in found if each.unknown]
    if unknown:
        told += (
            f" as far as is known ({counted(len(unknown), 'criterion needs', 'criteria need')} what only a run says)"
        )
    if alone:
        most = max(alone, key=lambda each: each.alone)
        told += f"; {most.id} alone would have blocked {most.alone}"
    left = len(forecast.commits) - len(judged)
    return f"{told}." + (f" {counted(left, 'commit was', 'commits were')} not judged." if left else "")


def _head(forecast: Forecast) -> str:
    where = forecast.policy.path or f"the profile {forecast.policy.profile}"
    number = counted(len(forecast.commits), "commit", "commits")
    return one_line(f"The last {number} of {forecast.branch} by {where}, as of {forecast.generated_at[:10]}", 200)


def _commit(item: PastJudgement) -> Iterator[str]:
    subject = one_line(item.subject, _SUBJECT)
    if item.decision is None:
        yield f"? {item.commit[:8]}  {item.when[:10]:<10}  not judged        {subject}"
        yield from _wrapped(one_line(item.problem, _REASON), "    ")
        return
    mark, word = _MARKS[item.decision.value], item.decision.value
    yield f"{mark} {item.commit[:8]}  {item.when[:10]:<10}  {word:<11}  {item.score:>3.0f}  {subject}"
    for held in item.blocked_by[:_MOST_TOLD]:
        yield from _wrapped(f"{held.id}: {one_line(held.reason, _REASON)}", "    ")
    if len(item.blocked_by) > _MOST_TOLD:
        yield f"    and {len(item.blocked_by) - _MOST_TOLD} more"
    if item.unknown:
        yield from _wrapped(f"not known: {', '.join(held.id for held in item.unknown)}", "    ")
    if item.evidence:
        yield from _wrapped(f"evidence of that run: {one_line(item.evidence, 200)}", "    ")


def _table(forecast: Forecast) -> Iterator[str]:
    """Yield the criteria that would have blocked, and those that are not known, each with why."""
    found = forecast.by_criterion()
    blocked = [each for each in found if each.blocked]
    number = len(forecast.judged)
    if blocked:
        width = max(len(each.id) for each in blocked)
        yield f"{'criterion':<{width}}  level   blocked  alone"
        for each in blocked:
            yield f"{each.id:<{width}}  {_level(each):<6}  {f'{each.blocked} of {number}':>7}  {each.alone:>5}"
    unknown = [each for each in found if each.unknown]
    if unknown:
        if blocked:
            yield ""
        yield "Not known for past commits, and not counted:"
        for each in unknown:
            reason = _why(forecast.judged, each.id)
            yield from _wrapped(f"{each.id} ({each.unknown} of {number}): {one_line(reason, _REASON)}", "  ")


def _why(judged: Sequence[PastJudgement], id_: str) -> str:
    return next(held.reason for item in judged for held in item.unknown if held.id == id_)


def _row(item: PastJudgement) -> str:
    cells = [code(item.commit[:8]), item.when[:10] or "–"]
    if item.decision is None:
        cells += ["not judged", "–", prose(item.problem, _REASON), "–"]
    else:
        cells += [item.decision.value, f"{item.score:.0f}", _ids(item.blocked_by), _ids(item.unknown)]
    return f"| {' | '.join([*cells, code(item.subject, _SUBJECT)])} |".replace("\n", " ")


def _ids(held: Sequence[Held]) -> str:
    shown = ", ".join(code(each.id) for each in held[:_MOST_TOLD])
    return (shown + (f" and {len(held) - _MOST_TOLD} more" if len(held) > _MOST_TOLD else "")) or "–"


def _level(each: ByCriterion) -> str:
    return each.level.value if each.level is not None else "–"


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False)
