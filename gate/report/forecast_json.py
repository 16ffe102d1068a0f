"""A forecast as JSON: `gate replay --format json`, schema `replay`."""

from __future__ import annotations

from gate.model.forecast import ByCriterion, Forecast, Held, PastJudgement
from gate.model.json import JsonObject
from gate.report.forecast import last_sentence

SCHEMA_VERSION = "1.0"


def forecast_document(forecast: Forecast) -> JsonObject:
    """Return the document; it fits schemas/replay.schema.json."""
    origin = forecast.policy
    judged = len(forecast.judged)
    return {
        "schema_version": SCHEMA_VERSION,
        "branch": forecast.branch,
        "generated_at": forecast.generated_at,
        "policy": {
            "name": forecast.policy_name,
            "path": origin.path,
            "sha256": origin.sha256,
            "profile": origin.profile,
        },
        "commits": [_commit(item) for item in forecast.commits],
        "criteria": [_criterion(item) for item in forecast.by_criterion()],
        "totals": {
            "commits": len(forecast.commits),
            "judged": judged,
            "would_have_merged": forecast.merged,
            "would_have_been_blocked": judged - forecast.merged,
            "not_judged": len(forecast.commits) - judged,
        },
        "notes": [*forecast.notes],
        "summary": last_sentence(forecast),
    }


def _commit(item: PastJudgement) -> JsonObject:
    return {
        "commit": item.commit,
        "subject": item.subject,
        "when": item.when,
        "verdict": item.decision.value if item.decision is not None else None,
        "score": item.score if item.decision is not None else None,
        "blocked_by": [_held(held) for held in item.blocked_by],
        "not_known": [_held(held) for held in item.unknown],
        "evidence": item.evidence,
        "problem": item.problem,
    }


def _held(held: Held) -> JsonObject:
    return {"id": held.id, "level": held.level.value if held.level is not None else None, "reason": held.reason}


def _criterion(item: ByCriterion) -> JsonObject:
    return {
        "id": item.id,
        "level": item.level.value if item.level is not None else None,
        "would_have_blocked": item.blocked,
        "alone": item.alone,
        "not_known": item.unknown,
    }
