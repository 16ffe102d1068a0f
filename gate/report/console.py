"""The verdict in a terminal: readable at 80 columns without colour."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gate.formats.plain import one_line
from gate.model.evidence import Collected
from gate.model.policy import Level
from gate.model.verdict import UNMET, CriterionResult, Decision, Outcome, Verdict
from gate.report.options import RenderOptions
from gate.report.summaries import mark, summary

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
_ASCII = str.maketrans(
    {"✓": "+", "✗": "x", "–": "-", "·": "|", "…": ".", "“": '"', "”": '"', "→": ">", "≥": ">", "≤": "<"}
)
_STYLES = {"✓": "green", "✗": "bold red", "?": "bold yellow", "!": "bold yellow", "~": "cyan", "–": "dim"}
_VERDICT_STYLES = {Decision.GO: "bold green", Decision.CONDITIONAL: "bold yellow", Decision.NO_GO: "bold red"}


def render(verdict: Verdict, options: RenderOptions) -> str:
    """Return the report as text. With `quiet` it is the verdict line only."""
    from rich.console import Console

    stream = io.StringIO()
    console = Console(
        file=stream,
        width=max(40, options.width),
        color_system="standard" if options.color else None,
        force_terminal=options.color,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
        _environ={},
    )
    if not options.quiet:
        _head(console, verdict, options)
    _verdict_line(console, verdict)
    if not options.quiet:
        _criteria(console, verdict, options)
        _tail(console, verdict)
    text = "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"
    return text.translate(_ASCII).encode("ascii", "replace").decode() if options.ascii else text


def verdict_line(verdict: Verdict) -> str:
    """Return the verdict in one line: "NO-GO   71 / 100   2 block, 3 conditions, 28 pass"."""
    return f"{HEADLINES[verdict.decision]}   {verdict.score:g} / 100   {', '.join(_tally(verdict))}"


def _tally(verdict: Verdict) -> Iterator[str]:
    blocking = len(verdict.blocked_by)
    conditions = len(_conditions(verdict))
    waived = sum(1 for item in verdict.criteria if item.outcome is Outcome.WAIVED)
    passed = sum(1 for item in verdict.criteria if item.outcome is Outcome.PASS)
    if blocking:
        yield f"{blocking} {'blocks' if blocking == 1 else 'block'}"
    if conditions:
        yield f"{conditions} {'condition' if conditions == 1 else 'conditions'}"
    yield f"{passed} of {sum(1 for item in verdict.criteria if item.outcome is not Outcome.NOT_APPLICABLE)} pass"
    if waived:
        yield f"{waived} waived"


def _blocking(verdict: Verdict) -> list[CriterionResult]:
    return [item for item in verdict.criteria if item.id in verdict.blocked_by]


def _conditions(verdict: Verdict) -> list[CriterionResult]:
    return [
        item
        for item in verdict.criteria
        if item.outcome in UNMET and item.level is Level.SHOULD and item.id not in verdict.blocked_by
    ]


def _head(console: Console, verdict: Verdict, options: RenderOptions) -> None:
    from rich.text import Text

    inventory = next((item for item in verdict.evidence if item.kind == "inventory"), None)
    files = inventory.facts.get("files") if isinstance(inventory, Collected) else None
    parts = [
        f"readiness gate {options.version}".strip(),
        one_line(verdict.policy.profile, 40),
        f"{files:,} files" if isinstance(files, int) else "",
        f"commit {verdict.commit[:7]}" if verdict.commit else "no commit",
    ]
    console.print(Text(" · ".join(part for part in parts if part)))
    console.print()
    rows = [(f"  {item.kind}", mark(item), summary(item)) for item in verdict.evidence]
    _table(console, rows)
    console.print()


def _table(console: Console, rows: Sequence[tuple[str, str, str]]) -> None:
    """Print rows of name, mark and text; the text wraps under itself."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True, width=1)
    grid.add_column(ratio=1)
    for name, sign, text in rows:
        grid.add_row(Text(name), Text(sign, style=_STYLES.get(sign, "")), Text(text))
    console.print(grid)


def _verdict_line(console: Console, verdict: Verdict) -> None:
    from rich.text import Text

    console.print(Text(verdict_line(verdict), style=_VERDICT_STYLES[verdict.decision]))


def _criteria(console: Console, verdict: Verdict, options: RenderOptions) -> None:
    from rich.text import Text

    blocking, conditions = _blocking(verdict), _conditions(verdict)
    told = {item.id for item in (*blocking, *conditions)}
    advice = [item for item in verdict.criteria if item.outcome in UNMET and item.id not in told]
    waived = [item for item in verdict.criteria if item.outcome is Outcome.WAIVED]
    rest = [item for item in verdict.criteria if item.outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE)]
    sections = [("What blocks", blocking, True), ("Conditions", conditions, True), ("Waived", waived, True)]
    sections += [("Advice", advice, options.verbose)]
    sections += [("What passed, and what does not apply", rest, options.verbose)]
    for title, items, shown in sections:
        if items and shown:
            console.print()
            console.print(Text(title, style="bold"))
            for item in items:
                _one(console, item)
    if advice and not options.verbose:
        console.print()
        console.print(Text(f"{len(advice)} more (level may) not met; --verbose lists them."))


def _one(console: Console, item: CriterionResult) -> None:
    """Print one criterion: mark and id, then its reason and fix under a hanging indent."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    sign = MARKS[item.outcome]
    head = Text()
    head.append(sign, style=_STYLES[sign])
    head.append(f" {one_line(item.id, 60)}", style="bold")
    head.append(f"  {one_line(item.title, 100)}")
    console.print(head, overflow="ellipsis", no_wrap=True, crop=True)
    console.print(Padding(Text(one_line(item.reason, 600)), (0, 0, 0, 4)))
    if item.outcome in UNMET and item.fix:
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(ratio=1)
        grid.add_row(Text("    fix"), Text(one_line(item.fix, 400)))
        console.print(grid)


def _tail(console: Console, verdict: Verdict) -> None:
    from rich.text import Text

    if verdict.notices:
        console.print()
        for notice in verdict.notices:
            console.print(Text(f"note  {one_line(notice, 400)}"))
    if any(item.outcome in UNMET for item in verdict.criteria):
        console.print()
        console.print(Text("`gate explain ID` says what a criterion asks for and why."))
