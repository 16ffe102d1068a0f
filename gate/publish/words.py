"""The few words that a check run's title and a status have room for."""

from __future__ import annotations

from collections.abc import Sequence

from gate.formats.plain import one_line
from gate.model.verdict import Decision, Verdict
from gate.publish.forge_words import Conclusion
from gate.report.groups import groups, headline

ADVISORY = "ADVISORY – not enforcing"
LONGEST_DESCRIPTION = 140
"""Characters of a status; GitHub refuses a longer one."""
_LONGEST_TITLE = 250
_NAMES = {Decision.GO: "GO", Decision.CONDITIONAL: "CONDITIONAL", Decision.NO_GO: "NO-GO"}


def conclusion(verdict: Verdict, *, advisory: bool, intruders: Sequence[str] = ()) -> Conclusion:
    """Return how the check run ends and what the status says; advice never blocks."""
    if advisory:
        return "success"
    return "failure" if intruders or verdict.decision is Decision.NO_GO else "success"


def title(verdict: Verdict, *, advisory: bool, intruders: Sequence[str] = ()) -> str:
    """Return the verdict and why in one line: "NO-GO: 2 of 34 criteria block this merge"."""
    text = f"{_NAMES[verdict.decision]}: {headline(verdict, groups(verdict))}"
    return advised(f"NO-GO: {intruders[0]}" if intruders else text, advisory=advisory)


def description(verdict: Verdict, *, advisory: bool, intruders: Sequence[str] = ()) -> str:
    """Return the same in what a status has room for."""
    return one_line(title(verdict, advisory=advisory, intruders=intruders), LONGEST_DESCRIPTION)


def advised(text: str, *, advisory: bool) -> str:
    """Return a title that says whether anything follows from it."""
    return one_line(f"{ADVISORY}: {text}" if advisory else text, _LONGEST_TITLE)
