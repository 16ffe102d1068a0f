"""The verdict as GitHub Markdown: the pull request comment and the job summary.

The first line carries the verdict and the reason; then what blocks and how to mend it, the scorecard, and the rest
folded. Everything that is not a literal of this module goes through `markdown_text`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from gate.model.finding import Finding
from gate.model.policy import Level
from gate.model.verdict import UNMET, CategoryScore, CriterionResult, Decision, Outcome, Verdict
from gate.report.budget import Section, fit
from gate.report.markdown_text import code, prose
from gate.report.options import RenderOptions

ICONS = {
    Outcome.PASS: "✅",
    Outcome.FAIL: "❌",
    Outcome.NO_EVIDENCE: "❔",
    Outcome.ERROR: "⛔",
    Outcome.WAIVED: "⏳",
    Outcome.NOT_APPLICABLE: "➖",
}
_HEADLINES = {Decision.GO: "✅ GO", Decision.CONDITIONAL: "⚠️ CONDITIONAL", Decision.NO_GO: "❌ NO-GO"}
_URL = re.compile(r"https://[A-Za-z0-9._~/#-]+")
_FINDINGS = 50
_MORE = "the JSON report has them all"


def render(verdict: Verdict, options: RenderOptions) -> str:
    """Return the report in at most `options.budget` bytes; what blocks is cut last."""
    return fit(_head(verdict), [*_sections(verdict, options)], options.budget)


def _head(verdict: Verdict) -> str:
    where = [
        f"{code(verdict.commit[:7])}" if verdict.commit else "no commit",
        f"policy {code(_policy(verdict), 120)} (profile {code(verdict.policy.profile, 40)})",
        f"score {verdict.score:g} / 100",
    ]
    return f"## {_HEADLINES[verdict.decision]} · {_headline(verdict)}\n{' · '.join(where)}"


def _policy(verdict: Verdict) -> str:
    if verdict.policy.path is None:
        return "no policy file"
    return verdict.policy.path if verdict.policy.ref is None else f"{verdict.policy.path} @ {verdict.policy.ref}"


def _headline(verdict: Verdict) -> str:
    judged = [item for item in verdict.criteria if item.outcome is not Outcome.NOT_APPLICABLE]
    total = f"{len(judged):,} {'criterion' if len(judged) == 1 else 'criteria'}"
    if verdict.decision is Decision.GO:
        return f"{sum(1 for item in judged if item.outcome is Outcome.PASS):,} of {total} met"
    if verdict.decision is Decision.CONDITIONAL:
        count = len(_conditions(verdict))
        return f"{count:,} of {total} {'is a condition' if count == 1 else 'are conditions'}, none blocks"
    blocking = len(verdict.blocked_by)
    if blocking:
        return f"{blocking:,} of {total} {'blocks' if blocking == 1 else 'block'} this merge"
    return (
        f"nothing blocks by itself, but nothing is proven either ({total} judged)"
        if not judged
        else f"of {total}, too little is proven"
    )


def _conditions(verdict: Verdict) -> list[CriterionResult]:
    return [
        item
        for item in verdict.criteria
        if item.outcome in UNMET and item.level is Level.SHOULD and item.id not in verdict.blocked_by
    ]


def _sections(verdict: Verdict, options: RenderOptions) -> Iterable[Section]:
    blocking = [item for item in verdict.criteria if item.id in verdict.blocked_by]
    conditions = _conditions(verdict)
    told = {item.id for item in (*blocking, *conditions)}
    advice = [item for item in verdict.criteria if item.outcome in UNMET and item.id not in told]
    waived = [item for item in verdict.criteria if item.outcome is Outcome.WAIVED]
    passed = [item for item in verdict.criteria if item.outcome is Outcome.PASS]
    idle = [item for item in verdict.criteria if item.outcome is Outcome.NOT_APPLICABLE]
    yield Section(
        tuple(map(_row, blocking)),
        _table("### What blocks", "| Criterion | Measured | Wanted | Where |\n|---|---|---|---|"),
        9,
    )
    yield Section(tuple(map(_paragraph, blocking)), _paragraphs, 8)
    yield Section(tuple(map(_score_row, verdict.categories)), _scorecard(folded=verdict.decision is Decision.GO), 7)
    yield Section(tuple(map(_line, conditions)), _folded("Conditions"), 6)
    yield Section(tuple(map(_line, waived)), _folded("Waived"), 5)
    yield Section(tuple(map(_line, advice)), _folded("Advice"), 3)
    yield Section(tuple(map(_finding, verdict.findings[:_FINDINGS])), _folded("Findings behind what is not met"), 2)
    yield Section(tuple(map(_line, passed)), _folded("What passed, with its evidence"), 1)
    yield Section(tuple(map(_line, idle)), _folded("What does not apply"), 0)
    notices = [prose(notice) for notice in verdict.notices]
    yield Section(tuple(notices), _notices(options), 4)


def _name(item: CriterionResult) -> str:
    """Return the id as code, linked to its page when that is one of ours."""
    id_ = code(item.id, 80)
    return f"[{id_}]({item.docs})" if _URL.fullmatch(item.docs) else id_


def _title(item: CriterionResult) -> str:
    return f"**{prose(item.title, 100)}**" if "`" not in prose(item.title, 100) else prose(item.title, 100)


def _row(item: CriterionResult) -> str:
    where = ", ".join(code(path, 80) for path in item.where[:2]) or code(item.evidence_kind)
    measured = prose(item.measured, 160) or _OUTCOME_WORDS[item.outcome]
    return f"| {ICONS[item.outcome]} {_title(item)} {_name(item)} | {measured} | {prose(item.wanted, 160)} | {where} |"


_OUTCOME_WORDS = {
    Outcome.PASS: "met",
    Outcome.FAIL: "not met",
    Outcome.NO_EVIDENCE: "no evidence",
    Outcome.ERROR: "could not be judged",
    Outcome.WAIVED: "waived",
    Outcome.NOT_APPLICABLE: "does not apply",
}


def _paragraph(item: CriterionResult) -> str:
    fix = f"  \n→ {prose(item.fix, 400)}" if item.fix else ""
    return f"{_title(item)} {prose(item.reason)}{fix}"


def _line(item: CriterionResult) -> str:
    fix = f" → {prose(item.fix, 300)}" if item.fix and item.outcome in UNMET else ""
    return f"- {ICONS[item.outcome]} {_name(item)} {prose(item.reason)}{fix}"


def _finding(finding: Finding) -> str:
    place = f"{finding.path}:{finding.line}" if finding.path and finding.line else finding.path or finding.tool
    return f"- {finding.severity} {code(finding.rule, 60)} {code(place, 160)} {code(finding.message, 200)}"


def _score_row(category: CategoryScore) -> str:
    score = "–" if category.score is None else f"{category.score:g}"
    shown = (Outcome.PASS, Outcome.FAIL, Outcome.NO_EVIDENCE, Outcome.ERROR, Outcome.WAIVED)
    numbers = " | ".join(str(category.outcomes.get(outcome, 0)) for outcome in shown)
    return f"| {prose(category.name.capitalize(), 60)} | {score} | {numbers} |"


Render = Callable[[Sequence[str], int], str]


def _table(title: str, head: str) -> Render:
    def render_table(rows: Sequence[str], left_out: int) -> str:
        if not rows and not left_out:
            return ""
        body = "\n".join([head, *rows]) if rows else ""
        return "\n\n".join(part for part in (title, body, _left_out(left_out)) if part)

    return render_table


def _paragraphs(items: Sequence[str], left_out: int) -> str:
    return "\n\n".join([*items, *([_left_out(left_out)] if items and left_out else [])])


def _scorecard(*, folded: bool) -> Render:
    head = "| Category | Score | ✅ | ❌ | ❔ no evidence | ⛔ error | ⏳ waived |\n|---|---:|---:|---:|---:|---:|---:|"

    def render_scorecard(rows: Sequence[str], left_out: int) -> str:
        if not rows:
            return ""
        text = "\n\n".join(part for part in ("\n".join([head, *rows]), _left_out(left_out)) if part)
        return _details("Scorecard", text) if folded else f"### Scorecard\n\n{text}"

    return render_scorecard


def _folded(title: str) -> Render:
    def render_folded(items: Sequence[str], left_out: int) -> str:
        count = len(items) + left_out
        if not count:
            return ""
        body = "\n\n".join(part for part in ("\n".join(items), _left_out(left_out)) if part)
        return _details(f"{title} ({count:,})", body)

    return render_folded


def _notices(options: RenderOptions) -> Render:
    def render_notices(items: Sequence[str], left_out: int) -> str:
        if not items and left_out:
            return ""
        rerun = f"Re-run locally: {code(options.rerun, 200)}"
        return f"<sub>{' '.join([*items, rerun])}</sub>"

    return render_notices


def _details(title: str, body: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"


def _left_out(count: int) -> str:
    return f"… and {count:,} more; {_MORE}." if count else ""
