"""`otel`: configurations of the OpenTelemetry Collector, samplers, SDKs among the dependencies, and trace storage.

Request: `exclude [glob, …]`: files that are not looked at.

Nothing is run and nobody is asked: whether spans arrive is another kind of evidence. What a placeholder (`${env:X}`)
stands for is not known, and a gap on what hangs on it.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gate.collect.collector import Context
from gate.collect.disk import printable
from gate.collect.workspace import ReadProblem, Workspace
from gate.formats.globs import matches_any
from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Source, Unreadable
from gate.model.json import Json, JsonObject

if TYPE_CHECKING:  # imported when a run asks for this kind
    from gate.collect.otel.config import OtelConfig
    from gate.collect.otel.sdks import Sdk
    from gate.collect.otel.sources import Sources

_CONFIGS = ("configs", "pipelines", "config_items", "pipeline_items", "exporter_items", "samplers")
_SENDERS = ("samplers", "endpoints", "trace_backends")
_SDKS = ("sdk_in_use", "sdks")
_LIMIT = 4 * 1024 * 1024
_NOTHING = (
    "no OpenTelemetry in this tree: looked for configurations of the Collector, OTEL_ variables, trace storage, and "
    "opentelemetry among the declared dependencies"
)


class OtelCollector:
    """Reads what traces, metrics and logs are sent by."""

    kind = "otel"

    def collect(self, context: Context) -> Evidence:
        """Return the pipelines, the samplers, the senders and the SDKs of this tree."""
        from gate.collect.otel.sources import Sources

        exclude = _texts(context.request.get("exclude"))
        tree = Sources(context, exclude)
        sdks = _Sdks(context.workspace, exclude)
        configs = _together(tree.configs)
        facts = _facts(tree, configs, sdks.found)
        gaps = [*_on(tree.config_gaps, _CONFIGS), *_on(tree.object_gaps, (*_CONFIGS, *_SENDERS))]
        gaps += [*_on(tree.compose_gaps, _SENDERS), *sdks.gaps]
        if not any(facts[name] for name in ("configs", "samplers", "endpoints", "trace_backends", "sdks")):
            if tree.config_gaps:
                reason = f"nothing could be read of {len(tree.config_gaps):,} places that may hold a configuration"
                return Unreadable(self.kind, reason, gaps=tuple(gaps))
            return Missing(self.kind, _NOTHING, not_applicable=True, gaps=tuple(gaps))
        gaps += _unknown(configs, facts)
        sources = [*tree.sources.values(), *sdks.sources] or [Source(How.PRODUCED, detail="manifests of the tree")]
        return Collected(self.kind, facts, tuple(sources), tuple(dict.fromkeys(gaps)))


class _Sdks:
    """The dependencies that the tree declares on OpenTelemetry."""

    def __init__(self, workspace: Workspace, exclude: Sequence[str]) -> None:
        from gate.collect.otel.sdks import is_manifest

        self.found: list[Sdk] = []
        self.gaps: list[Gap] = []
        self.sources: list[Source] = []
        for path in workspace.files():
            if is_manifest(path) and not (exclude and matches_any(exclude, printable(path))):
                self._read(workspace, path)

    def _read(self, workspace: Workspace, path: str) -> None:
        from gate.collect.otel.sdks import read_sdks

        try:
            content = workspace.read(path, _LIMIT)
            found = read_sdks(path, content.data)
        except ReadProblem as problem:
            self.gaps.append(problem.gap(_SDKS))
        except UnicodeDecodeError:
            self.gaps.append(Gap(printable(path), "is not UTF-8 text", printable(path), facts=_SDKS))
        except ValueError as error:
            self.gaps.append(Gap(printable(path), str(error), printable(path), facts=_SDKS))
        else:
            self.found += found
            if found:
                noun = "dependency" if len(found) == 1 else "dependencies"
                detail = f"{len(found):,} {noun} on OpenTelemetry"
                self.sources.append(Source(How.PRODUCED, printable(path), content.sha256, detail=detail))


def _facts(tree: Sources, configs: Sequence[OtelConfig], sdks: Sequence[Sdk]) -> JsonObject:
    from gate.collect.otel.config import SIGNALS
    from gate.collect.otel.exporters import exporter_item
    from gate.collect.otel.pipelines import config_item, pipeline_item
    from gate.collect.otel.samplers import samplers_of
    from gate.collect.otel.workloads import backend_of, endpoints_of, object_backends, sampler_of

    beside = _beside(configs)
    places = list(tree.places())
    signals = [one.signal for config in configs for one in config.pipelines]
    samplers = [item for config in configs for item in samplers_of(config)]
    samplers += [item for place in places if (item := sampler_of(place)) is not None]
    backends = [item for place in places if (item := backend_of(place)) is not None]
    exporters: list[Json] = []
    for config in configs:
        used = {name for one in config.pipelines for name in one.exporters}
        exporters += [exporter_item(config, name, name in used) for name in config.sections["exporters"]]
    return {
        "configs": len(configs),
        "pipelines": {signal: signals.count(signal) for signal in SIGNALS},
        "samplers": [*samplers],
        "sdk_in_use": any(one.part != "api" and one.scope == "run" for one in sdks),
        "config_items": [config_item(config, beside[index]) for index, config in enumerate(configs)],
        "pipeline_items": [pipeline_item(config, one) for config in configs for one in config.pipelines],
        "exporter_items": exporters,
        "endpoints": [item for place in places for item in endpoints_of(place)],
        "trace_backends": [*backends, *object_backends(tree.objects)],
        "sdks": [one.facts() for one in sdks],
    }


def _together(configs: Sequence[OtelConfig]) -> list[OtelConfig]:
    """Return the configurations, with what files of the same folder may fill in left open."""
    from gate.collect.otel.config import filled_parts, merged_from

    folders: defaultdict[str, list[OtelConfig]] = defaultdict(list)
    for config in configs:
        if config.kind == "file":
            folders[posixpath.dirname(config.path)].append(config)
    filled = {folder: filled_parts(members) for folder, members in folders.items()}
    return [
        merged_from(config, filled[posixpath.dirname(config.path)]) if config.kind == "file" else config
        for config in configs
    ]


def _beside(configs: Sequence[OtelConfig]) -> list[frozenset[str]]:
    """Return for each configuration what those in files of the same folder define: the Collector merges several."""
    folders: defaultdict[str, list[int]] = defaultdict(list)
    for index, config in enumerate(configs):
        if config.kind == "file":
            folders[posixpath.dirname(config.path)].append(index)
    found: list[frozenset[str]] = [frozenset()] * len(configs)
    for members in folders.values():
        together = frozenset().union(*(configs[index].defined for index in members))
        for index in members:
            found[index] = together
    return found


def _unknown(configs: Sequence[OtelConfig], facts: JsonObject) -> Iterable[Gap]:
    """Yield what hangs on a placeholder, or on a configuration that may be merged with this one."""
    from gate.collect.otel.config import undefined_of

    for config, elsewhere in zip(configs, _beside(configs), strict=True):
        _nowhere, merged = undefined_of(config, elsewhere)
        if merged:
            names = ", ".join(merged[:3])
            reason = f"names {names}, which only a file beside it defines: whether both are merged is not known"
            yield Gap(config.path, reason, config.path, config.line, _CONFIGS)
        hidden = sorted(config.open | {entry for one in config.pipelines for entry in one.open})
        if hidden:
            reason = f"is not whole by itself: {', '.join(hidden[:3])}"
            yield Gap(config.path, reason, config.path, config.line, ("config_items", "pipeline_items", "samplers"))
    for fact, name, values, words in _OPEN:
        for item in _items(facts[fact]):
            if item.get(name) in values:
                told = f"{item['name']}: {words}"
                path, line = str(item["path"]), item["line"]
                yield Gap(path, told, path, line if isinstance(line, int) else None, (f"{fact}.{name}",))


_OPEN: tuple[tuple[str, str, tuple[Json, ...], str], ...] = (
    ("pipeline_items", "target", ("unknown",), "where this pipeline sends to cannot be told from here"),
    ("pipeline_items", "memory_limiter", ("unknown",), "which processors this pipeline has cannot be told from here"),
    ("pipeline_items", "batch", ("unknown",), "which processors this pipeline has cannot be told from here"),
    ("exporter_items", "transport", ("unknown",), "whether this exporter uses TLS is a placeholder"),
    ("samplers", "decided", (False,), "the ratio of this sampler is not in the tree"),
    ("endpoints", "target", ("unknown",), "the address that this is told to send to is a placeholder"),
    ("trace_backends", "storage", ("unknown",), "where this keeps traces is a placeholder"),
)
"""(list, name, values that nobody can judge, what is said of them)."""


def _on(gaps: Iterable[Gap], facts: tuple[str, ...]) -> list[Gap]:
    return [Gap(gap.subject, gap.reason, gap.path, gap.line, facts) for gap in gaps]


def _items(value: Json) -> list[JsonObject]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _texts(value: Json) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else [value]
    return tuple(item for item in listed if isinstance(item, str))
