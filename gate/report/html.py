"""The verdict as one HTML file that needs nothing else: no script, no image, no request.

The order is that of the Markdown report; nothing is cut but the findings beyond those that a verdict holds. Everything
that is not a literal of these modules goes through `html_text`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gate.model.evidence import Evidence, Missing
from gate.model.finding import Finding
from gate.model.policy import PolicyOrigin
from gate.model.verdict import UNMET, CriterionResult, Decision, Outcome, Verdict
from gate.report.groups import by_cause, groups, headline
from gate.report.html_more import proposal, trust, waivers
from gate.report.html_parts import MARKS, WORDS, details, framed, listed, table
from gate.report.html_style import POLICY, STYLE
from gate.report.html_text import code, identifier, prose, sentence, text
from gate.report.options import RenderOptions
from gate.report.summaries import mark, summary
from gate.report.text import counted

_HEADLINES = {Decision.GO: "GO", Decision.CONDITIONAL: "CONDITIONAL", Decision.NO_GO: "NO-GO"}
_MOST_GAPS = 500
_MOST_TITLES = 8
_MOST_SOURCES = 20


def render(verdict: Verdict, options: RenderOptions) -> str:
    """Return the report as a whole document with a newline at its end."""
    advisory = verdict.advisory or options.advisory
    word, _class, why = _head(verdict, options)
    title = f"{'ADVISORY · ' if advisory else ''}{word} · {why}"
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        '<meta name="color-scheme" content="light dark">',
        f"<title>{title}</title>",
        f"<style>{STYLE}</style>",
        "</head>",
        "<body>",
        *_body(verdict, options),
        "</body>",
        "</html>",
    ]
    # Where the report is printed into the log of a runner, this would be a command in the middle of a line.
    return "\n".join(lines).replace("##[", "#&#35;[") + "\n"


def _body(verdict: Verdict, options: RenderOptions) -> Iterator[str]:
    found = groups(verdict)
    decision = verdict.decision
    word, class_, why = _head(verdict, options)
    if verdict.advisory or options.advisory:
        yield '<p class="advisory">ADVISORY – not enforcing. Nothing follows from this verdict.</p>'
    yield f'<h1><strong class="{class_}">{word}</strong> {why}</h1>'
    yield f'<p class="dim">{_origin(verdict)}</p>'
    if options.alarms:
        yield f"<h2>Who else speaks under this gate's name ({len(options.alarms):,})</h2>"
        yield listed(f"<li>{sentence(alarm)}</li>" for alarm in options.alarms)
    decisive = found.conditions if decision is Decision.CONDITIONAL else found.blocking
    if decisive:
        yield f"<h2>{'Conditions' if decision is Decision.CONDITIONAL else 'What blocks'} ({len(decisive):,})</h2>"
        yield table(("Criterion", "Measured", "Wanted", "Where"), map(_row, decisive))
        yield "<h2>How to mend it</h2>"
        yield from map(_mend, by_cause(decisive))
    yield from proposal(verdict)
    yield "<h2>Scorecard</h2>"
    yield _scorecard(verdict)
    if decision is Decision.NO_GO:
        yield from _fold("Conditions", found.conditions)
    yield from _fold("Waived", found.waived)
    yield from waivers(verdict)
    yield from _fold("Advice", found.advice)
    if verdict.findings:
        rows = table(("Severity", "Rule", "Where", "Message"), map(_finding, verdict.findings))
        yield details("Findings behind what is not met", len(verdict.findings), rows)
    gaps = [line for item in verdict.evidence for line in _gaps(item)]
    if gaps:
        total = sum(len(item.gaps) for item in verdict.evidence)
        yield details("What was not looked at", total, listed(gaps))
    yield from _fold("What passed, with its evidence", found.passed)
    rows = table(("Evidence", "What was found", "From"), map(_evidence, verdict.evidence))
    yield details("Evidence", len(verdict.evidence), rows)
    yield from trust(verdict)
    yield from _fold("What does not apply", found.idle)
    yield from _footer(verdict, options)


def _head(verdict: Verdict, options: RenderOptions) -> tuple[str, str, str]:
    """Return the verdict's word, its class, and why."""
    if options.alarms:
        return _HEADLINES[Decision.NO_GO], Decision.NO_GO.value, "somebody else speaks under this gate's name"
    return _HEADLINES[verdict.decision], verdict.decision.value, headline(verdict, groups(verdict))


def _origin(verdict: Verdict) -> str:
    """Return what was judged by what, and when."""
    policy = verdict.policy
    named = f"policy {code(policy.path, 120)}{_at(policy)}" if policy.path is not None else "no policy file"
    parts = [
        (f"commit {code(verdict.commit, 64)}" if verdict.commit else "no commit")
        + (f" against {code(verdict.base, 64)}" if verdict.base else ""),
        f"{named} (profile {code(policy.profile, 40)}, SHA-256 {code(policy.sha256[:16])})",
        f"score {verdict.score:g} / 100",
        *([text(verdict.generated_at, 40)] if verdict.generated_at else []),
    ]
    return " · ".join(parts)


def _at(policy: PolicyOrigin) -> str:
    """Return the repository and the revision that the policy was read from, and how many files it extends."""
    commit = f" ({code(policy.commit, 64)})" if policy.commit is not None else ""
    told = f" at {code(policy.ref, 80)}{commit}" if policy.ref is not None else ""
    if policy.repository:
        told = f" of {code(policy.repository, 120)}{commit}"
    more = len(policy.chain) - 1
    return told + (f", over {counted(more, 'further file', 'further files')}" if more > 0 else "")


def _row(item: CriterionResult) -> Iterator[str]:
    yield f"{_mark(item)}<strong>{text(item.title, 120)}</strong><br>{identifier(item.id, item.docs)}"
    yield prose(item.measured, 200) if item.measured else WORDS[item.outcome]
    yield prose(item.wanted, 200)
    yield ", ".join(code(path, 120) for path in item.where[:_MOST_SOURCES]) or code(item.evidence_kind)


def _mend(items: Sequence[CriterionResult]) -> str:
    """Return criteria of one cause: the reason, and what to do about it."""
    first = items[0]
    titles = " · ".join(text(item.title, 120) for item in items[:_MOST_TITLES])
    more = f" and {len(items) - _MOST_TITLES:,} more" if len(items) > _MOST_TITLES else ""
    fix = f"\n<p>→ {prose(first.fix, 800)}</p>" if first.fix else ""
    reason = sentence(first.reason, 1000)
    return f'<div class="mend">\n<p><strong>{titles}{more}.</strong> {reason}</p>{fix}\n</div>'


def _scorecard(verdict: Verdict) -> str:
    shown = [outcome for outcome in Outcome if any(card.outcomes.get(outcome) for card in verdict.categories)]
    heads = "".join(f'<th scope="col" class="number">{WORDS[outcome]}</th>' for outcome in shown)
    rows = []
    for card in verdict.categories:
        score = "–" if card.score is None else f"{card.score:g}"
        numbers = [score, *(f"{card.outcomes.get(outcome, 0):,}" for outcome in shown)]
        cells = "".join(f'<td class="number">{number}</td>' for number in numbers)
        rows.append(f"<tr><td>{text(card.name[:1].upper() + card.name[1:], 80)}</td>{cells}</tr>")
    head = f'<tr><th scope="col">Category</th><th scope="col" class="number">Score</th>{heads}</tr>'
    return framed(head, rows)


def _fold(title: str, items: Sequence[CriterionResult]) -> Iterator[str]:
    """Yield criteria as a folded list, nothing where there are none."""
    if items:
        yield details(title, len(items), listed(map(_line, items)))


def _line(item: CriterionResult) -> str:
    fix = f" → {prose(item.fix, 400)}" if item.fix and item.outcome in UNMET else ""
    return f"<li>{_mark(item)}{identifier(item.id, item.docs)} {sentence(item.reason, 1000)}{fix}</li>"


def _finding(finding: Finding) -> Iterator[str]:
    place = finding.path if finding.path is not None else finding.tool
    line = f":{finding.line}" if finding.path is not None and finding.line is not None else ""
    new = " (new)" if finding.new else ""
    yield f"{finding.severity}{new}{' (suppressed)' if finding.suppressed else ''}"
    yield code(finding.rule, 100)
    yield code(f"{place}{line}", 300)
    yield text(finding.message, 500)


def _gaps(item: Evidence) -> Iterator[str]:
    for gap in item.gaps[:_MOST_GAPS]:
        place = f" ({code(gap.path, 200)})" if gap.path is not None and gap.path != gap.subject else ""
        yield f"<li>{code(item.kind, 40)} · {code(gap.subject, 200)}{place}: {prose(gap.reason, 400)}</li>"
    if len(item.gaps) > _MOST_GAPS:
        yield f"<li>{code(item.kind, 40)} · … and {len(item.gaps) - _MOST_GAPS:,} more</li>"


def _evidence(item: Evidence) -> Iterator[str]:
    sources = () if isinstance(item, Missing) else item.sources
    told = [f"{code(source.name, 120)} {source.how.value}" for source in sources[:_MOST_SOURCES]]
    more = [f"{len(sources) - _MOST_SOURCES:,} more"] if len(sources) > _MOST_SOURCES else []
    yield f"{mark(item)} {code(item.kind, 40)}"
    yield text(summary(item), 400)
    yield ", ".join(told + more) or "–"


def _footer(verdict: Verdict, options: RenderOptions) -> Iterator[str]:
    yield "<footer>"
    yield from (f"<p>{sentence(notice, 600)}</p>" for notice in (*options.extra_notes, *verdict.notices))
    version = f" {text(options.version, 40)}" if options.version else ""
    yield f"<p>Re-run locally: {code(options.rerun, 300)}. Readiness Gate{version}.</p>"
    yield "</footer>"


def _mark(item: CriterionResult) -> str:
    sign, word = MARKS[item.outcome], WORDS[item.outcome]
    return f'<span class="mark {item.outcome.value}" title="{word}">{sign}</span>'
