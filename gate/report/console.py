"""The verdict in a terminal: readable at 80 columns without colour."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gate.formats.plain import one_line
from gate.model.evidence import Collected, Evidence, Missing
from gate.model.finding import Finding
from gate.model.verdict import UNMET, CriterionResult, Decision, Outcome, Proposal, Verdict, WaiverState
from gate.report.groups import Groups, by_cause, groups, tally
from gate.report.options import RenderOptions
from gate.report.proposals import TITLE, changed_words, outcome_words, verdict_words
from gate.report.summaries import gap_words, mark, summary
from gate.report.text import counted, inert, whole
from gate.report.waiver_lines import line as waiver_line

if TYPE_CHECKING:
    from rich.console import Console

HEADLINES = {Decision.GO: "GO", Decision.CONDITIONAL: "CONDITIONAL", Decision.NO_GO: "NO-GO"}
MARKS = {
    Outcome.PASS: "✓",
    Outcome.FAIL: "✗",
    Outcome.NO_EVIDENCE: "?",
    Outcome.ERROR: "!",
    Outcome.WAIVED: "~",
    Outcome.NOT_APPLICABLE: "–",
}
_ASCII = {
    "✓": "+", "✗": "x", "–": "-", "—": "-", "·": "|", "…": "...", "“": '"', "”": '"', "‘": "'", "’": "'", "→": "->",
    "›": ">", "≥": ">=", "≤": "<=",
}  # fmt: skip
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_STYLES = {"✓": "green", "✗": "bold red", "?": "bold yellow", "!": "bold yellow", "~": "cyan", "–": "dim"}
_VERDICT_STYLES = {Decision.GO: "bold green", Decision.CONDITIONAL: "bold yellow", Decision.NO_GO: "bold red"}
_NARROWEST = 40
_UNTIMED, _TIMED = 7, 16
"""Cells of a collector's line beside its kind and its summary."""
_FINDINGS = 10
_VERBOSE_FINDINGS = 200
_GAPS = 50


def render(verdict: Verdict, options: RenderOptions) -> str:
    """Return the report as text. With `quiet` it is the verdict line only."""
    page = _Page(options)
    found = groups(verdict)
    if options.quiet:
        page.line(verdict_line(verdict), _VERDICT_STYLES[verdict.decision])
        return page.text()
    _head(page, verdict)
    _collected(page, verdict)
    page.gap()
    page.line(verdict_line(verdict), _VERDICT_STYLES[verdict.decision])
    _criteria(page, found)
    _waivers(page, verdict)
    if found.blocking or found.conditions or (found.advice and options.verbose):
        _findings(page, verdict.findings)
    _proposal(page, verdict.proposal)
    _tail(page, verdict, found)
    return page.text()


def verdict_line(verdict: Verdict) -> str:
    """Return the verdict in one line: "NO-GO   71 / 100   2 block, 3 conditions, 28 of 34 pass"."""
    advisory = "ADVISORY   " if verdict.advisory else ""
    return f"{advisory}{HEADLINES[verdict.decision]}   {verdict.score:g} / 100   {tally(verdict, groups(verdict))}"


class _Page:
    """Lines of text, laid out by rich. What others wrote is cleaned here, so that it cannot steer the terminal."""

    def __init__(self, options: RenderOptions) -> None:
        from rich.console import Console

        self.options = options
        self.width = max(_NARROWEST, options.width)
        self._stream = io.StringIO()
        self._console: Console = Console(
            file=self._stream,
            width=self.width,
            color_system="standard" if options.color else None,
            force_terminal=options.color,
            legacy_windows=False,
            highlight=False,
            markup=False,
            emoji=False,
            _environ={},
        )

    def gap(self) -> None:
        """Leave a line empty."""
        self._console.print()

    def line(self, text: str, style: str = "") -> None:
        """Write one line of our own words, as it is and however long it is."""
        from rich.text import Text

        self._console.print(Text(self._encodable(text), style=style), soft_wrap=True)

    def head(self, sign: str, name: str, title: str) -> None:
        """Write a mark, a name and a title on one line; a title that is too long is cut."""
        from rich.text import Text

        text = Text(self._shown(sign), style=_STYLES.get(sign, ""))
        text.append(f" {self._shown(name, 80)}", style="bold")
        text.append(f"  {self._shown(title, 100)}", style="not bold default")
        self._console.print(text, overflow="ellipsis" if not self.options.ascii else "crop", no_wrap=True)

    def hanging(self, name: str, text: str, *, style: str = "", limit: int = 600) -> None:
        """Write a text that wraps under itself, beside a name."""
        self.rows([(name, text)], style=style, limit=limit)

    def rows(self, rows: Sequence[tuple[str, ...]], *, style: str = "", limit: int = 600) -> None:
        """Write rows of columns: the last but for figures takes what room there is and wraps under itself."""
        from rich.table import Table
        from rich.text import Text

        grid = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
        for index in range(len(rows[0]) if rows else 0):
            last = index == min(len(rows[0]) - 1, 2)
            grid.add_column(no_wrap=not last, ratio=1 if last else None, justify="right" if index == 3 else "left")
        for row in rows:
            cells = [" " * (len(cell) - len(cell.lstrip())) + self._shown(cell, limit) for cell in row]
            grid.add_row(*(Text(cell, style=_STYLES.get(raw, style)) for cell, raw in zip(cells, row, strict=True)))
        self._console.print(grid)

    def text(self) -> str:
        """Return everything that was written."""
        lines = (line.rstrip() for line in self._stream.getvalue().split("\n"))
        return inert("\n".join(lines).rstrip("\n") + "\n")

    def _shown(self, text: str, limit: int = 600) -> str:
        """Return text on one line, made ASCII, where that is wanted, before it is laid out: it changes the width."""
        return self._encodable(one_line(text, limit))

    def _encodable(self, text: str) -> str:
        return _NOT_ASCII.sub(_in_ascii, text) if self.options.ascii else text


def _in_ascii(match: re.Match[str]) -> str:
    return _ASCII.get(match[0]) or match[0].encode("ascii", "backslashreplace").decode()


def _head(page: _Page, verdict: Verdict) -> None:
    inventory = next((item for item in verdict.evidence if item.kind == "inventory"), None)
    files = whole(inventory.facts.get("files")) if isinstance(inventory, Collected) else 0
    parts = [
        "ADVISORY" if verdict.advisory else "",
        f"readiness gate {page.options.version}".strip(),
        one_line(verdict.policy.profile, 40),
        counted(files, "file", "files") if files else "",
        f"commit {one_line(verdict.commit, 80)[:7]}" if verdict.commit else "no commit",
    ]
    page.line(" · ".join(part for part in parts if part))


def _collected(page: _Page, verdict: Verdict) -> None:
    """Write a line per kind; with `verbose` its sources and gaps below it.

    What is told again as the reason of a criterion is cut to the line.
    """
    if not verdict.evidence:
        return
    page.gap()
    verbose, seconds = page.options.verbose, page.options.seconds
    told = {item.evidence_kind for item in verdict.criteria if item.outcome in UNMET}
    room = page.width - max(len(item.kind) for item in verdict.evidence) - (_TIMED if seconds else _UNTIMED)
    rows: list[tuple[str, ...]] = []
    for item in verdict.evidence:
        took = f"{seconds[item.kind]:.1f} s" if item.kind in seconds else ""
        words = one_line(summary(item), max(room, _NARROWEST // 2)) if item.kind in told else summary(item)
        rows.append((f"  {item.kind}", mark(item), words, took))
        if verbose:
            rows += [("", "", text, "") for text in _details(item)]
    page.rows(rows if seconds else [row[:3] for row in rows])


def _details(item: Evidence) -> Iterator[str]:
    for source in () if isinstance(item, Missing) else item.sources:
        sha256 = f", sha256 {source.sha256[:12]}" if source.sha256 else ""
        detail = f": {source.detail}" if source.detail else ""
        yield f"{source.how.value}  {source.name}{detail}{sha256}"
    yield from (f"gap  {words}" for words in gap_words(item, _GAPS))


def _criteria(page: _Page, found: Groups) -> None:
    verbose = page.options.verbose
    sections = [("What blocks", found.blocking, True), ("Conditions", found.conditions, True)]
    sections += [("Waived", found.waived, True), ("Advice", found.advice, verbose)]
    sections += [("What passed", found.passed, verbose), ("What does not apply", found.idle, verbose)]
    for title, items, shown in sections:
        if items and shown:
            page.gap()
            page.line(f"{title} ({len(items):,})", "bold")
            for cause in by_cause(items):
                _cause(page, cause)


def _cause(page: _Page, items: Sequence[CriterionResult]) -> None:
    """Write criteria of one cause: mark, id and title of each, then the reason and what to do, indented."""
    for item in items:
        page.head(MARKS[item.outcome], item.id, item.title)
    page.hanging("  ", items[0].reason)
    if items[0].outcome in UNMET and items[0].fix:
        page.hanging("    fix", items[0].fix, style="dim", limit=400)


def _waivers(page: _Page, verdict: Verdict) -> None:
    """Write what each waiver did; without `verbose` those that hold and waive something."""
    uses = [use for use in verdict.waiver_uses if page.options.verbose or use.state is WaiverState.ACTIVE]
    if uses:
        page.gap()
        page.line(f"Waivers ({len(uses):,})", "bold")
        page.rows([("  ", waiver_line(use)) for use in uses], limit=400)


def _findings(page: _Page, findings: Sequence[Finding]) -> None:
    if not findings:
        return
    most = _VERBOSE_FINDINGS if page.options.verbose else _FINDINGS
    page.gap()
    page.line(f"Findings ({len(findings):,})", "bold")
    rows = []
    for finding in findings[:most]:
        place = finding.path if finding.path is not None else finding.tool
        place = f"{place}:{finding.line}" if finding.path is not None and finding.line is not None else place
        rows.append((f"  {finding.severity}", one_line(finding.rule, 24), f"{place}  {one_line(finding.message, 200)}"))
        if page.options.verbose and finding.fingerprint:
            rows.append(("", "", one_line(finding.fingerprint, 200)))
    page.rows(rows)
    if len(findings) > most:
        page.line(f"  … and {len(findings) - most:,} more; --format json has them all.")


def _proposal(page: _Page, proposal: Proposal | None) -> None:
    """Write what the change wants of the policy: the verdict that would be, and with `verbose` the diff."""
    if proposal is None:
        return
    page.gap()
    page.line(TITLE, "bold")
    rows = [("  file", f"{file.path} is {changed_words(file.change)}") for file in proposal.files]
    if proposal.decision is not None:
        rows.append(("  then", f"{HEADLINES[proposal.decision]}{verdict_words(proposal)}"))
    rows += [("", f"{item.id} {outcome_words(item)}") for item in proposal.outcomes[:_FINDINGS]]
    left = len(proposal.outcomes) - _FINDINGS
    rows += [("", f"… and {left:,} more; --format json has them all")] if left > 0 else []
    rows += [("  wrong", mistake) for mistake in proposal.mistakes]
    rows += [("  note", note) for note in proposal.notes]
    rows += [("  also", f"it touches {', '.join(proposal.also[:_FINDINGS])}")] if proposal.also else []
    page.rows(rows, limit=400)
    if page.options.verbose:
        for file in proposal.files:
            page.rows([("  diff", line) for line in file.diff])


def _tail(page: _Page, verdict: Verdict, found: Groups) -> None:
    if verdict.notices:
        page.gap()
        page.rows([("note", notice) for notice in verdict.notices], limit=400)
    if page.options.verbose:
        return
    passed = [f"{counted(len(found.passed), 'criterion', 'criteria')} passed"] if found.passed else []
    advice = [f"{len(found.advice):,} of level may not met"] if found.advice else []
    idle = [f"{len(found.idle):,} not applicable"] if found.idle else []
    page.gap()
    page.line(f"{', '.join([*passed, *advice, *idle]) or 'Nothing passed'}; --verbose lists them.")
    if found.blocking or found.conditions:
        page.line("`gate explain ID` says what a criterion asks for and why.")
        page.line("`gate waive ID` writes a dated exception, for one finding with --finding.")
