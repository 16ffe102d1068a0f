"""The verdict as a SARIF 2.1.0 log, for code scanning and for whatever else reads that format.

Format: OASIS SARIF 2.1.0 (the signs § name its sections), in the subset and within the limits that GitHub's code
scanning documents. One run: the gate is the tool, a rule is "TOOL/RULE" of a finding's tool, and a criterion is a rule
of the gate's ("gate/coverage.lines"). Unmet criteria behind which no finding stands are results of their own, since
else the log of a blocked merge could be empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import quote

from gate import __version__
from gate.formats.plain import one_line
from gate.model.finding import SEVERITIES
from gate.model.json import Json, JsonObject
from gate.model.policy import Waiver
from gate.model.verdict import CriterionResult, Outcome, Verdict
from gate.report.behind import Behind, Weight
from gate.report.json_v1 import json_text
from gate.report.options import RenderOptions
from gate.report.quiet import quiet
from gate.report.sarif_result import Entry, of_criterion, of_finding
from gate.report.sarif_rules import Rules
from gate.report.text import counted

MAX_RESULTS = 5_000
"""How many results of a run GitHub keeps; it refuses a log with more than 25,000."""
ADVISORY = "ADVISORY, not enforcing: the policy lets this verdict block nothing."
HOME = "https://github.com/readiness-gate/readiness-gate"
NAME = "readiness-gate"
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_MOST_NOTICES = 50


def render(verdict: Verdict, options: RenderOptions) -> str:
    """Return the verdict as a SARIF log: ASCII, with a newline at its end."""
    parts = (*options.alarms, *options.extra_notes)
    return json_text(
        sarif_log(replace(verdict, advisory=verdict.advisory or options.advisory), version=options.version, parts=parts)
    )


def category(name: str, branch: str) -> str:
    """Return the id under which code scanning keeps a repository's logs apart: publish name and base branch.

    What follows the last slash would tell runs apart, not categories (§3.17.3), so there is one at its end.
    """
    return "/".join(quote(part, safe="/") for part in (name, branch) if part) + "/"


def sarif_log(
    verdict: Verdict, *, version: str = "", id_: str = f"{NAME}/", most: int = MAX_RESULTS, parts: Sequence[str] = ()
) -> JsonObject:
    """Return the log as a document.

    `id_` is the run's automationDetails.id (see `category`), `most` how many results it may hold: the worst are kept,
    and a notification says how many are left out. `parts` are sentences for further notifications.
    """
    behind, rules = Behind(verdict), Rules()
    entries = sorted(_entries(verdict, behind), key=_badness)
    kept = entries[:most]
    results: list[Json] = [entry.result | rules.reference(entry) for entry in kept]
    driver: JsonObject = {"name": "Readiness Gate", "informationUri": HOME, "rules": rules.descriptors()}
    driver |= {"version": version or __version__, "semanticVersion": version or __version__}
    told = [*_left_out(verdict, behind, len(entries) - len(kept)), *parts]
    told += [ADVISORY] if verdict.advisory else []
    run: JsonObject = {
        "tool": {"driver": driver},
        "automationDetails": {"id": id_},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(verdict, told)],
        "results": results,
        "properties": _properties(verdict),
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _entries(verdict: Verdict, behind: Behind) -> Iterator[Entry]:
    for finding in verdict.findings:
        yield of_finding(finding, behind, verdict)
    # A suppressed result is not shown, so it tells nobody of the criterion that counts suppressions.
    live = tuple(finding for finding in verdict.findings if not finding.suppressed)
    for item in behind.untold(live):
        yield of_criterion(item, behind.weight_of(item), verdict)
    for item in verdict.criteria:
        if item.outcome is Outcome.WAIVED:
            yield of_criterion(item, Weight.ADVICE, verdict, waiver=_waiver(item, verdict), waived=True)


def _waiver(item: CriterionResult, verdict: Verdict) -> Waiver | None:
    """Return the waiver that a waived criterion has: of several the one that gives the day its outcome names."""
    own = [waiver for waiver in verdict.waivers if waiver.criterion == item.id]
    return max(own, key=lambda waiver: (waiver.expires == item.waived_until, not waiver.findings), default=None)


def _badness(entry: Entry) -> tuple[bool, Weight, int, bool]:
    """Return what sorts the worst first: what blocks, and of that the gravest, on changed lines before others."""
    return entry.suppressed, entry.weight, SEVERITIES.index(entry.severity), not entry.new


def _left_out(verdict: Verdict, behind: Behind, cut: int) -> Iterator[str]:
    """Yield a sentence where results are missing: cut here, or beyond what a verdict holds."""
    least: dict[tuple[str, bool], int] = {}
    own = {finding.rule for finding in verdict.findings if behind.is_ours(finding)}
    for item in behind.counting:
        # Criteria on one kind may count the same findings, each of the gate's own belongs to one criterion.
        key = (item.id, True) if item.id in own else (item.evidence_kind, False)
        least[key] = max(least.get(key, 0), item.finding_count)
    missing = cut + max(0, sum(least.values()) - len(verdict.findings))
    if missing:
        yield f"{counted(missing, 'result is', 'results are')} left out; the worst are here, the bundle has all."


def _invocation(verdict: Verdict, told: Sequence[str]) -> JsonObject:
    notices = [("warning", text) for text in told]
    notices += [("note", text) for text in verdict.notices[:_MOST_NOTICES]]
    invocation: JsonObject = {"executionSuccessful": True}
    if verdict.generated_at:
        invocation["endTimeUtc"] = verdict.generated_at
    if notices:
        invocation["toolExecutionNotifications"] = [
            {"level": level, "message": {"text": quiet(text, 1000) or "–"}} for level, text in notices
        ]
    return invocation


def _properties(verdict: Verdict) -> JsonObject:
    return {
        "verdict": verdict.decision.value,
        "score": verdict.score,
        "commit": verdict.commit,
        "base": verdict.base,
        "advisory": verdict.advisory,
        "policySha256": verdict.policy.sha256,
        "profile": one_line(verdict.policy.profile),
    }
