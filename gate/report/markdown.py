"""The verdict as GitHub Markdown: the pull request comment and the job summary.

The first line carries the verdict and the reason; then what decides it and how to mend it, the scorecard, and the rest
folded. Everything that is not a literal of this module goes through `markdown_text`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gate.model.policy import PolicyOrigin
from gate.model.verdict import Decision, Verdict
from gate.report import waiver_lines
from gate.report.budget import Section, fit
from gate.report.groups import Groups, by_cause, groups, headline
from gate.report.markdown_parts import (
    Names,
    details,
    evidence_row,
    finding_row,
    folded_list,
    gap_lines,
    line,
    names_of,
    notes,
    paragraph,
    paragraphs,
    row,
    score_row,
    scorecard_head,
    sentence,
    table,
    titled,
)
from gate.report.markdown_proposal import sections as proposed
from gate.report.markdown_text import code, prose
from gate.report.options import RenderOptions
from gate.report.text import counted

MINIMUM_BUDGET = 400
"""Bytes that the first line needs at most."""
_ADVISORY = "ADVISORY – not enforcing · "
_HEADLINES = {Decision.GO: "✅ GO", Decision.CONDITIONAL: "⚠️ CONDITIONAL", Decision.NO_GO: "❌ NO-GO"}
_CRITERIA = "| Criterion | Measured | Wanted | Where |\n|---|---|---|---|"
_FINDINGS = "| Severity | Rule | Where | Message |\n|---|---|---|---|"
_EVIDENCE = "| Evidence | What was found | From |\n|---|---|---|"
_MOST_FINDINGS = 100
_FEW_FINDINGS = 10
"""So many findings are shown without a fold."""


def render(verdict: Verdict, options: RenderOptions) -> str:
    """Return the report in at most `options.budget` bytes of UTF-8; what decides the verdict is cut last.

    Raises ValueError for a budget below MINIMUM_BUDGET.
    """
    if options.budget < MINIMUM_BUDGET:
        raise ValueError(f"a budget of {options.budget} bytes is too small for a report; give {MINIMUM_BUDGET} or more")
    found = groups(verdict)
    first = f"## {_ADVISORY if options.advisory or verdict.advisory else ''}{_first(verdict, found, options)}"
    heads = (f"{first}\n{_origin(verdict)}", first)
    return fit(heads, [_alarms(verdict, options), *_sections(verdict, found, options)], options.budget)


def _first(verdict: Verdict, found: Groups, options: RenderOptions) -> str:
    if options.alarms:
        return f"{_HEADLINES[Decision.NO_GO]} · somebody else speaks under this gate's name"
    return f"{_HEADLINES[verdict.decision]} · {headline(verdict, found)}"


def _alarms(verdict: Verdict, options: RenderOptions) -> Section:
    """Return who else speaks under the gate's name: told before the verdict, which it overrules."""
    items = tuple(f"- {sentence(prose(text, 400))}" for text in options.alarms)
    title = f"Who else speaks under this gate's name ({len(items):,})"
    if items:
        word = _HEADLINES[verdict.decision].split(" ")[1]
        items += (
            f"- By the evidence alone it is {word}. Take the name from them, then push a commit: this one keeps it.",
        )
    return Section(title, items, titled(f"### {title}", folded_list), 12)


def _origin(verdict: Verdict) -> str:
    """Return what was judged by what: "`3f2a9c1` · policy `p.yml` @ `main` (`0a1b2c3`, profile `strict`) · …"."""
    policy = verdict.policy
    against = f" against {code(verdict.base[:7])}" if verdict.base else ""
    named = f"policy {code(policy.path, 60)}" if policy.path is not None else "no policy file"
    return " · ".join(
        [
            f"{code(verdict.commit[:7])}{against}" if verdict.commit else "no commit",
            f"{named}{_at(policy)}",
            f"score {verdict.score:g} / 100",
        ]
    )


def _at(policy: PolicyOrigin) -> str:
    """Return where the policy was read from: revision, commit, profile, and how many files it extends."""
    if policy.repository:
        told = f" of {code(policy.repository, 100)}"
    else:
        told = f" @ {code(policy.ref.removeprefix('origin/'), 40)}" if policy.ref is not None else ""
    commit = f"{code(policy.commit[:7])}, " if policy.commit is not None else ""
    more = len(policy.chain) - 1
    over = f", over {counted(more, 'further file', 'further files')}" if more > 0 else ""
    return f"{told} ({commit}profile {code(policy.profile, 40)}){over}"


def _sections(verdict: Verdict, found: Groups, options: RenderOptions) -> Iterator[Section]:
    """Yield what follows the first lines. Where nothing is to be done, all but the notes is in one fold."""
    quiet = verdict.decision is Decision.GO
    decisive, title = found.blocking, "What blocks"
    if verdict.decision is Decision.CONDITIONAL:
        decisive, title = found.conditions, "Conditions"
    names = names_of(verdict)
    rows = tuple(row(item, names) for item in decisive)
    yield Section(f"{title} ({len(rows):,})", rows, titled(f"### {title}", table(_CRITERIA)), 11)
    yield Section("How to mend it", tuple(paragraph(items, names) for items in by_cause(decisive)), paragraphs, 10)
    if len(verdict.findings) <= _FEW_FINDINGS and not quiet:
        yield from _findings(verdict, found)
    yield from proposed(verdict.proposal)
    for section in (_scorecard(verdict), *_further(verdict, found, names)):
        yield replace(section, fold="Scorecard and evidence") if quiet else section
    yield Section(
        "Notes",
        (*_extra(options), *notes(verdict, options.rerun)),
        lambda items, _left: f"<sub>{' '.join(items)}</sub>",
        8,
    )


def _extra(options: RenderOptions) -> tuple[str, ...]:
    return tuple(sentence(prose(text, 400)) for text in options.extra_notes)


def _findings(verdict: Verdict, found: Groups) -> Iterator[Section]:
    """Yield the findings: a few in plain sight, since they say where to go, many folded."""
    if not (found.blocking or found.conditions or found.advice):
        return
    title = "Findings behind what is not met"
    rows = [finding_row(finding) for finding in verdict.findings[:_MOST_FINDINGS]]
    if len(verdict.findings) > _FEW_FINDINGS or verdict.decision is Decision.GO:
        yield _table(title, rows, _FINDINGS, 3, len(verdict.findings))
    else:
        yield Section(f"{title} ({len(rows):,})", tuple(rows), titled(f"### {title}", table(_FINDINGS)), 9)


def _further(verdict: Verdict, found: Groups, names: Names) -> Iterator[Section]:
    """Yield what is folded, what matters most first."""
    if verdict.decision is Decision.NO_GO:
        yield _list("Conditions", [line(item, names) for item in found.conditions], 7)
    yield _list("Waived", [line(item, names) for item in found.waived], 6)
    uses = verdict.waiver_uses
    yield _table("Waivers", [waiver_lines.row(use) for use in uses], waiver_lines.head(verdict), 4, len(uses))
    yield _list("Advice", [line(item, names) for item in found.advice], 4)
    if len(verdict.findings) > _FEW_FINDINGS or verdict.decision is Decision.GO:
        yield from _findings(verdict, found)
    yield _list("What was not looked at", [text for item in verdict.evidence for text in gap_lines(item)], 5)
    yield _list("What passed, with its evidence", [line(item, names) for item in found.passed], 1)
    yield _table("Evidence", [evidence_row(item) for item in verdict.evidence], _EVIDENCE, 2, len(verdict.evidence))
    yield _list("What does not apply", [line(item, names) for item in found.idle], 0)


def _scorecard(verdict: Verdict) -> Section:
    head, shown = scorecard_head(verdict.categories)
    rows = tuple(score_row(category, shown) for category in verdict.categories)
    return Section("Scorecard", rows, titled("### Scorecard", table(head)), 9)


def _list(title: str, items: list[str], cut: int) -> Section:
    name = f"{title} ({len(items):,})"
    return Section(name, tuple(items), details(name, folded_list), cut)


def _table(title: str, rows: list[str], head: str, cut: int, total: int) -> Section:
    """Return a folded table. `total` is how many there are, where not all of them became rows."""
    name, show, more = f"{title} ({total:,})", table(head), total - len(rows)
    return Section(name, tuple(rows), details(name, lambda kept, left: show(kept, left + more)), cut)
