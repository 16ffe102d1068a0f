"""The words for what a change wants of the policy, for every report."""

from __future__ import annotations

from gate.model.verdict import FileChange, Outcome, Proposal, ProposedOutcome
from gate.report.text import counted

TITLE = "What this change wants of the policy"
_CHANGED = {FileChange.ADDED: "added", FileChange.CHANGED: "changed", FileChange.DELETED: "deleted"}
_OUTCOMES = {
    Outcome.PASS: "met",
    Outcome.FAIL: "not met",
    Outcome.NO_EVIDENCE: "without evidence",
    Outcome.ERROR: "an error",
    Outcome.WAIVED: "waived",
    Outcome.NOT_APPLICABLE: "not applicable",
}


def changed_words(change: FileChange) -> str:
    """Return what becomes of a file."""
    return _CHANGED[change]


def verdict_words(proposal: Proposal) -> str:
    """Return what follows the verdict that would be: its score, and how many criteria fare otherwise."""
    score = f" with a score of {proposal.score:g}" if proposal.score is not None else ""
    if not proposal.outcomes:
        return f"{score}; no criterion fares otherwise"
    count = counted(len(proposal.outcomes), "criterion changes", "criteria change")
    return f"{score}; {count}"


def outcome_words(outcome: ProposedOutcome) -> str:
    """Return how a criterion fares: "is met (must) now, and would be not applicable (must)"."""
    before, after = outcome.levels
    if outcome.before is None:
        then = f"{_OUTCOMES[outcome.after]}" if outcome.after is not None else "there"
        return f"would be new, and {then} ({after.value})" if after is not None else f"would be new, and {then}"
    now = f"is {_OUTCOMES[outcome.before]}" + (f" ({before.value})" if before is not None else "")
    if outcome.after is None:
        return f"{now}, and would be gone"
    then = f"{_OUTCOMES[outcome.after]}" + (f" ({after.value})" if after is not None else "")
    return f"{now}, and would be {then}"
