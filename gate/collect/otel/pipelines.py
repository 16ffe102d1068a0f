"""What is told of each pipeline and each configuration. Pure."""

from __future__ import annotations

from gate.collect.manifests.objects import mapping
from gate.collect.manifests.placeholders import placeholder_in
from gate.collect.otel.config import OtelConfig, Pipeline, problems_of, type_of, undefined_of, unused_of
from gate.collect.otel.exporters import NO_TARGETS, Target, batches, target_of
from gate.formats.quantities import duration
from gate.model.json import Json, JsonObject

_SAMPLERS = frozenset({"probabilistic_sampler", "tail_sampling"})
_HEALTH = frozenset({"health_check", "healthcheckv2"})
_LIMITS = ("limit_mib", "limit_percentage")


def pipeline_item(config: OtelConfig, one: Pipeline) -> JsonObject:
    """Return one pipeline as an item of the facts."""
    return {
        "name": one.name,
        "signal": one.signal,
        "config": config.name,
        "path": config.path,
        "line": one.line,
        "receivers": [*one.receivers],
        "processors": [*one.processors],
        "exporters": [*one.exporters],
        "undefined": [*one.undefined],
        "target": pipeline_target(config, one).value,
        "memory_limiter": _memory_limiter(config, one),
        "batch": _batch(config, one),
    }


def pipeline_target(config: OtelConfig, one: Pipeline) -> Target:
    """Return whether anything outside of the Collector gets what goes through a pipeline."""
    targets = {target_of(config, name) for name in one.exporters if name not in one.undefined}
    if Target.REAL in targets:
        return Target.REAL
    hidden = any(entry.startswith("exporters") for entry in one.open) or "a placeholder for the pipeline" in one.open
    return Target.UNKNOWN if hidden or Target.UNKNOWN in targets else Target.NONE


def config_item(config: OtelConfig, elsewhere: frozenset[str]) -> JsonObject:
    """Return one configuration as an item of the facts. `elsewhere` is what configurations beside it define."""
    nowhere, _beside = undefined_of(config, elsewhere)
    return {
        "kind": config.kind,
        "name": config.name,
        "path": config.path,
        "line": config.line,
        "pipelines": len(config.pipelines),
        "signals": [*dict.fromkeys(one.signal for one in config.pipelines)],
        "receivers": [*config.sections["receivers"]],
        "processors": [*config.sections["processors"]],
        "exporters": [*config.sections["exporters"]],
        "connectors": [*config.sections["connectors"]],
        "extensions": [*config.extensions],
        "undefined": [*nowhere],
        "unused": [*unused_of(config)],
        "problems": [*dict.fromkeys(problems_of(config, elsewhere))],
        "health_check": any(
            type_of(name) in _HEALTH and name in config.sections["extensions"] for name in config.extensions
        ),
    }


def _memory_limiter(config: OtelConfig, one: Pipeline) -> str:
    """Return first, later, unset (without a limit it does not start), none, or unknown."""
    types = [type_of(name) for name in one.processors]
    if "memory_limiter" not in types:
        return "unknown" if _may_hide(one, "processors") else "none"
    place = types.index("memory_limiter")
    body = config.component(one.processors[place], "processors")
    if body is None:
        return "unknown" if "processors" in config.open else "unset"
    if not _is_limited(body):
        return "unset"
    return "later" if place else "unknown" if _may_hide(one, "processors") else "first"


def _is_limited(body: JsonObject) -> bool:
    """Whether a memory limiter has an interval and a limit, as its README asks for; a placeholder may be either."""
    return _is_set(body.get("check_interval")) and any(_is_set(body.get(key)) for key in _LIMITS)


def _is_set(value: Json) -> bool:
    if isinstance(value, str) and placeholder_in(value):
        return True
    try:
        return duration(float(value) if isinstance(value, str) and value.strip().isdigit() else value) > 0
    except ValueError:
        return False


def _batch(config: OtelConfig, one: Pipeline) -> str:
    """Return ordered, early (before a sampler or the memory limiter), exporter, none, or unknown."""
    types = [type_of(name) for name in one.processors]
    if "batch" in types:
        after = types[types.index("batch") + 1 :]
        return "early" if {"memory_limiter", *_SAMPLERS}.intersection(after) else "ordered"
    targets = [name for name in one.exporters if type_of(name) not in NO_TARGETS]
    targets = [name for name in targets if config.component(name, "connectors") is None]
    bodies = [mapping(config.sections["exporters"].get(name)) for name in targets]
    if bodies and all(map(batches, bodies)):
        return "exporter"
    return "unknown" if _may_hide(one, "processors") else "none"


def _may_hide(one: Pipeline, part: str) -> bool:
    return any(entry.startswith((part, "a placeholder")) for entry in one.open)
