"""What the collectors are asked for: the policy, turned into one request per kind. Pure."""

from __future__ import annotations

from gate.model.json import Json, JsonObject
from gate.model.policy import Criterion, Policy


def requests(policy: Policy) -> dict[str, JsonObject]:
    """Return the request of each kind that the policy speaks of.

    It is the policy's `evidence` section of the kind, joined with what its criteria ask for. Criteria that are
    switched off ask for nothing. Where both say something: lists are united, maps merged, and of plain values the
    policy's stays.
    """
    found: dict[str, JsonObject] = {kind: dict(section) for kind, section in policy.evidence.items()}
    for criterion in policy.criteria:
        if criterion.disabled is None:
            known = found.get(criterion.evidence, {})
            found[criterion.evidence] = merged(merged(known, criterion.request), selected(criterion))
    return found


def selected(criterion: Criterion) -> JsonObject:
    """Return what must be collected so that the criterion's `select` finds it."""
    path = criterion.select.get("path")
    if not isinstance(path, str):
        return {}
    match criterion.evidence:
        case "files" | "coverage":
            return {"paths": [path]}
        case "docs" if not criterion.request:
            return {"items": {criterion.id: {"paths": [path]}}}
        case _:
            return {}


def merged(ours: JsonObject, theirs: JsonObject) -> JsonObject:
    """Return both as one; see `requests` for what stays where they differ."""
    result = dict(ours)
    for key, value in theirs.items():
        result[key] = _joined(result[key], value) if key in result else value
    return result


def _joined(ours: Json, theirs: Json) -> Json:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return merged(ours, theirs)
    if isinstance(ours, list) or isinstance(theirs, list):
        items: list[Json] = []
        for item in [*_listed(ours), *_listed(theirs)]:
            if item not in items:
                items.append(item)
        return items
    return ours


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]
