"""Waivers as every report tells them: who, why, until when, how many days are left, and how many findings."""

from __future__ import annotations

from gate.formats.plain import one_line
from gate.model.verdict import Verdict, WaiverState, WaiverUse
from gate.report.markdown_text import code, prose
from gate.report.text import counted

STATES = {
    WaiverState.ACTIVE: "holds",
    WaiverState.UNUSED: "not needed",
    WaiverState.EXPIRED: "expired",
    WaiverState.TOO_FAR: "ends too far ahead",
    WaiverState.REFUSED: "does not hold",
    WaiverState.NOT_JUDGED: "not judged",
}
MARKS = {
    WaiverState.ACTIVE: "⏳",
    WaiverState.UNUSED: "➖",
    WaiverState.EXPIRED: "❌",
    WaiverState.TOO_FAR: "❌",
    WaiverState.REFUSED: "❌",
    WaiverState.NOT_JUDGED: "➖",
}


def head(verdict: Verdict) -> str:
    """Return the head of the table: all of it holds for the one moment that it names."""
    at = f" (at {code(verdict.generated_at, 40)})" if verdict.generated_at else ""
    return f"| Waiver | State{at} | Until | Findings | Why |\n|---|---|---|---|---|"


def row(use: WaiverUse) -> str:
    """Return a waiver as a row of Markdown. What its owner and reason say is untrusted text."""
    waiver = use.waiver
    by = f"{code(waiver.criterion, 80)}<br>by {code(waiver.owner, 80)}"
    link = f"<br>{code(waiver.link, 200)}" if waiver.link else ""
    state = f"{MARKS[use.state]} {STATES[use.state]}"
    until = f"{code(waiver.expires, 40)}<br>{days(use)}" if days(use) else code(waiver.expires, 40)
    return f"| {by} | {state} | {until} | {findings(use) or 'all'} | {prose(waiver.reason, 200) or '–'}{link} |"


def line(use: WaiverUse) -> str:
    """Return a waiver in one line of plain text: "coverage.lines by ada until 2027-01-31, 12 days left: why"."""
    waiver = use.waiver
    parts = [
        f"{one_line(waiver.criterion, 80)} by {one_line(waiver.owner, 80)} until {one_line(waiver.expires, 40)}",
        STATES[use.state],
        *([days(use)] if days(use) else []),
        *([findings(use)] if findings(use) else []),
    ]
    link = f" ({one_line(waiver.link, 200)})" if waiver.link else ""
    return f"{', '.join(parts)}: {one_line(waiver.reason, 200)}{link}"


def days(use: WaiverUse) -> str:
    """Return how long a waiver still holds, or since when it does not; "" where it names no day."""
    if use.days_left is None:
        return ""
    if use.days_left == 0:
        return "its last day"
    if use.days_left < 0:
        return f"over for {counted(-use.days_left, 'day', 'days')}"
    return f"{counted(use.days_left, 'day', 'days')} left"


def findings(use: WaiverUse) -> str:
    """Return how many findings it waives of those that it names; "" where it is about the whole criterion."""
    if not use.waiver.findings:
        return ""
    return f"{use.waived_findings:,} of {counted(len(use.waiver.findings), 'finding', 'findings')}"
