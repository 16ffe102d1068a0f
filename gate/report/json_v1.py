"""Verdict JSON v1 and Evidence JSON v1: the documents that other programs read.

The names are a public contract, held by `schemas/verdict.schema.json` and `schemas/evidence-document.schema.json`. Text
is ASCII (everything else is escaped), so that no control or bidi character reaches a terminal by way of a report.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from gate.model.evidence import Evidence
from gate.model.evidence_json import evidence_entry, finding_entry
from gate.model.json import Json, JsonObject
from gate.model.policy import PolicyLink, Waiver
from gate.model.verdict import (
    CategoryScore,
    CriterionResult,
    Outcome,
    Proposal,
    ProposedOutcome,
    Verdict,
    WaiverState,
    WaiverUse,
)
from gate.report.options import RenderOptions

SCHEMA_VERSION = "1.0"


def verdict_document(verdict: Verdict) -> JsonObject:
    """Return the verdict as a JSON document that fits `schemas/verdict.schema.json`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "verdict": verdict.decision.value,
        "score": verdict.score,
        "commit": verdict.commit,
        "base": verdict.base,
        "generated_at": verdict.generated_at,
        "policy": {
            "name": verdict.policy_name,
            "path": verdict.policy.path,
            "ref": verdict.policy.ref,
            "sha256": verdict.policy.sha256,
            "profile": verdict.policy.profile,
            "commit": verdict.policy.commit,
            "repository": verdict.policy.repository or None,
            "chain": [_link(link) for link in verdict.policy.chain],
        },
        "advisory": verdict.advisory,
        "blocked_by": list(verdict.blocked_by),
        "notices": list(verdict.notices),
        "categories": [_category(category) for category in verdict.categories],
        "criteria": [_criterion(criterion) for criterion in verdict.criteria],
        "evidence": [evidence_entry(evidence) for evidence in verdict.evidence],
        "findings": [finding_entry(finding) for finding in verdict.findings],
        "finding_totals": dict(verdict.finding_totals),
        "waivers": [_waiver(use) for use in verdict.waiver_uses or _unused(verdict.waivers)],
        "trust": [{"kind": each.kind, "believed": each.believed.value, "told": each.told} for each in verdict.trust],
        "proposal": None if verdict.proposal is None else _proposal(verdict.proposal),
        "claims": None,
    }


def render(verdict: Verdict, options: RenderOptions) -> str:  # noqa: ARG001 - every renderer has this shape
    """Return the verdict as JSON text; it is ASCII, so no control or bidi character reaches a terminal."""
    return json_text(verdict_document(verdict))


def evidence_document(evidence: Sequence[Evidence], commit: str | None) -> JsonObject:
    """Return Evidence JSON v1: what `gate collect --format json` prints."""
    return {
        "schema_version": SCHEMA_VERSION,
        "commit": commit,
        "evidence": [evidence_entry(item) for item in evidence],
    }


def json_text(document: Json) -> str:
    """Return a document as ASCII text with a newline at its end. Raises ValueError for a number that is not finite.

    `##[`, which a GitHub runner would take for a command wherever it stands in a line, is escaped as JSON allows.
    """
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False).replace("##[", "#\\u0023[") + "\n"


def _link(link: PolicyLink) -> JsonObject:
    return {
        "path": link.path,
        "repository": link.repository or None,
        "ref": link.ref,
        "commit": link.commit,
        "sha256": link.sha256,
    }


def _proposal(proposal: Proposal) -> JsonObject:
    return {
        "verdict": proposal.decision.value if proposal.decision is not None else None,
        "score": proposal.score,
        "files": [
            {"path": file.path, "change": file.change.value, "diff": list(file.diff), "left_out": file.left_out}
            for file in proposal.files
        ],
        "also": list(proposal.also),
        "outcomes": [_proposed(outcome) for outcome in proposal.outcomes],
        "mistakes": list(proposal.mistakes),
        "notes": list(proposal.notes),
    }


def _proposed(outcome: ProposedOutcome) -> JsonObject:
    before, after = outcome.levels
    return {
        "id": outcome.id,
        "title": outcome.title,
        "before": outcome.before.value if outcome.before is not None else None,
        "after": outcome.after.value if outcome.after is not None else None,
        "level_before": before.value if before is not None else None,
        "level_after": after.value if after is not None else None,
        "reason": outcome.reason,
    }


def _category(category: CategoryScore) -> JsonObject:
    outcomes: JsonObject = {outcome.value: category.outcomes.get(outcome, 0) for outcome in Outcome}
    return {"name": category.name, "score": category.score, "outcomes": outcomes}


def _criterion(criterion: CriterionResult) -> JsonObject:
    return {
        "id": criterion.id,
        "title": criterion.title,
        "category": criterion.category,
        "level": criterion.level.value,
        "phase": criterion.phase.value,
        "outcome": criterion.outcome.value,
        "reason": criterion.reason,
        "measured": criterion.measured,
        "wanted": criterion.wanted,
        "where": list(criterion.where),
        "evidence_kind": criterion.evidence_kind,
        "facts_pointer": criterion.facts_pointer,
        "finding_count": criterion.finding_count,
        "waived_findings": criterion.waived_findings,
        "waived_until": criterion.waived_until or None,
        "fix": criterion.fix,
        "docs": criterion.docs,
    }


def _unused(waivers: Sequence[Waiver]) -> list[WaiverUse]:
    return [WaiverUse(waiver, WaiverState.NOT_JUDGED) for waiver in waivers]


def _waiver(use: WaiverUse) -> JsonObject:
    waiver = use.waiver
    return {
        "criterion": waiver.criterion,
        "reason": waiver.reason,
        "owner": waiver.owner,
        "expires": waiver.expires,
        "link": waiver.link or None,
        "created": waiver.created or None,
        "findings": list(waiver.findings),
        "state": use.state.value,
        "days_left": use.days_left,
        "waived_findings": use.waived_findings,
        "unmatched": list(use.unmatched),
        "told": use.told,
    }
