"""How many traces are kept, as configurations say. Pure.

Sources: the OpenTelemetry specification, "SDK environment variables" (OTEL_TRACES_SAMPLER); the README files of the
Collector's probabilistic_sampler and tail_sampling; the operator's API reference (Instrumentation).
"""

from __future__ import annotations

import math

from gate.collect.manifests.objects import mapping, mappings, text
from gate.collect.manifests.placeholders import placeholder_in
from gate.collect.otel.config import OtelConfig, type_of
from gate.model.json import Json, JsonObject

SAMPLER = "OTEL_TRACES_SAMPLER"
ARGUMENT = "OTEL_TRACES_SAMPLER_ARG"
_FIXED = {"always_on": 1.0, "always_off": 0.0}
_REMOTE = frozenset({"jaeger_remote", "xray"})


def samplers_of(config: OtelConfig) -> list[JsonObject]:
    """Return the samplers among the processors of a Collector, those in no pipeline of traces or logs too."""
    used = {name for one in config.pipelines for name in one.processors}
    found: list[JsonObject] = []
    for name, value in config.sections["processors"].items():
        kind = type_of(name)
        if kind not in ("probabilistic_sampler", "tail_sampling"):
            continue
        item: JsonObject = {
            "name": name,
            "from": "collector",
            "path": config.path,
            "line": config.line_of(value),
            "type": kind,
            "used": name in used,
        }
        body = mapping(value)
        found.append(item | (_percentage(body) if kind == "probabilistic_sampler" else _tail(body)))
    return found


def sdk_sampler(kind: str, argument: Json) -> JsonObject | None:
    """Return the type and the ratio (0 to 1) of a sampler that an SDK is told to use; None for a text that is empty.

    `decided` is False where the ratio is not in the tree: a placeholder, a name that the specification does not have.
    """
    name = kind.strip().lower()
    if not name:
        return None
    root = name.removeprefix("parentbased_")
    if root in _FIXED:
        return {"type": name, "ratio": _FIXED[root], "decided": True}
    if root == "traceidratio":
        # Without an argument it is 1.0; with one that is no number too, and a warning (SDK environment variables).
        written = text(argument)
        if written is None or not written.strip():
            return {"type": name, "ratio": 1.0, "decided": True}
        ratio = _number(written)
        if ratio is not None and 0 <= ratio <= 1:
            return {"type": name, "ratio": ratio, "decided": True}
        return {"type": name, "decided": False}
    return {"type": name if root in _REMOTE else name[:100], "decided": False}


def _percentage(body: JsonObject) -> JsonObject:
    written = body.get("sampling_percentage")
    if written is None:
        return {"ratio": 0.0, "decided": True}
    percent = _number(written)
    if percent is None or percent < 0:
        return {"decided": False}
    return {"ratio": min(percent, 100) / 100, "decided": True}


def _tail(body: JsonObject) -> JsonObject:
    """Return the policies, and what share of ordinary traces they keep at least where they say so."""
    policies = mappings(body.get("policies"))
    told: list[Json] = []
    kept: float = 0
    decided = bool(policies)
    for policy in policies:
        kind = text(policy.get("type")) or "unknown"
        told.append({"name": text(policy.get("name")) or kind, "type": kind})
        if kind == "always_sample":
            kept = 1
        elif kind == "probabilistic":
            percent = _number(mapping(policy.get("probabilistic")).get("sampling_percentage"))
            decided = decided and percent is not None
            kept = max(kept, min(max(percent or 0, 0), 100) / 100)
        elif placeholder_in(kind):
            decided = False
    item: JsonObject = {"policies": told, "decided": decided or kept == 1}
    return item | ({"ratio": kept} if kept and item["decided"] else {})


def _number(value: Json) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value) if isinstance(value, int | float | str) else math.nan
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
