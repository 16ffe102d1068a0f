"""A configuration of the OpenTelemetry Collector: what its pipelines are made of. Pure.

Source: the Collector's documentation, "Configuration" and the README files of its components. Components are called
`type` or `type/name`; a connector is an exporter of one pipeline and a receiver of another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from gate.collect.manifests.objects import mapping, text
from gate.collect.manifests.placeholders import placeholder_in
from gate.formats.located_yaml import line_of
from gate.model.json import Json, JsonObject

SIGNALS = ("traces", "metrics", "logs", "profiles")
_SECTIONS = ("receivers", "processors", "exporters", "connectors", "extensions")
_PARTS = {
    "receivers": ("receivers", "connectors"),
    "processors": ("processors",),
    "exporters": ("exporters", "connectors"),
}
"""The lists of a pipeline, and the sections that define what they name."""
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One pipeline.

    `undefined` is what it names and no section defines; `open` what cannot be told, since a placeholder stands there.
    """

    name: str
    signal: str
    line: int
    receivers: tuple[str, ...]
    processors: tuple[str, ...]
    exporters: tuple[str, ...]
    undefined: tuple[str, ...]
    open: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OtelConfig:
    """One configuration. `kind` and `name` say what carries it: a file, or an object of a cluster.

    `exact` is True where its lines are those of the file. `sections` maps each section to its components; a section
    that a placeholder stands for is in `open`.
    """

    kind: str
    name: str
    path: str
    line: int
    exact: bool
    sections: Mapping[str, JsonObject]
    open: frozenset[str]
    extensions: tuple[str, ...]
    pipelines: tuple[Pipeline, ...]

    @property
    def defined(self) -> frozenset[str]:
        """Everything that it defines, as "section name"."""
        return frozenset(f"{section} {name}" for section, below in self.sections.items() for name in below)

    def component(self, name: str, *sections: str) -> JsonObject | None:
        """Return the settings of a component, empty for one without any; None where no section defines it."""
        for section in sections:
            if name in self.sections[section]:
                return mapping(self.sections[section][name])
        return None

    def line_of(self, value: Json) -> int:
        """Return the line of a mapping in the file, or that of what carries the configuration."""
        return line_of(value, self.line) if self.exact else self.line


def type_of(component: str) -> str:
    """Return the type of a component: "otlp" of "otlp/backend"."""
    return component.partition("/")[0].strip()


def read_collector(value: JsonObject, *, kind: str, name: str, path: str, line: int, exact: bool) -> OtelConfig:
    """Return a document as a configuration. Nothing in it is an error here: what is wrong is told of its pipelines."""
    sections = {section: mapping(value.get(section)) for section in _SECTIONS}
    open_ = frozenset(section for section in _SECTIONS if _is_open(value.get(section)))
    service = mapping(value.get("service"))
    config = OtelConfig(
        kind=kind,
        name=name,
        path=path,
        line=line,
        exact=exact,
        sections=sections,
        open=open_,
        extensions=tuple(_names(service.get("extensions"))),
        pipelines=(),
    )
    pipelines = mapping(service.get("pipelines"))
    found = tuple(_pipeline(config, str(key), below) for key, below in pipelines.items())
    return OtelConfig(kind, name, path, line, exact, sections, open_, config.extensions, found)


def filled_parts(configs: Iterable[OtelConfig]) -> Mapping[str, frozenset[str]]:
    """Return for each name of a pipeline which of its lists some of the configurations fill."""
    filled: defaultdict[str, set[str]] = defaultdict(set)
    for config in configs:
        for one in config.pipelines:
            filled[one.name].update(part for part, names in _lists(one) if names)
    return {name: frozenset(parts) for name, parts in filled.items()}


def merged_from(config: OtelConfig, beside: Mapping[str, frozenset[str]]) -> OtelConfig:
    """Return the configuration with those lists open that a file beside it fills, if both are given to one Collector.

    The Collector merges the files that it is given, and lists of the later replace those of the earlier. `beside` is
    what `filled_parts` says of the files of the folder, this one among them.
    """
    pipelines = []
    for one in config.pipelines:
        empty = [part for part, names in _lists(one) if not names and part in beside.get(one.name, ())]
        added = tuple(f"{part} of a file beside it" for part in empty if not any(e.startswith(part) for e in one.open))
        # Processors may be left out on purpose; a pipeline that lacks nothing else stands by itself.
        is_part = any(not entry.startswith("processors") for entry in added) or one.undefined
        pipelines.append(replace(one, open=(*one.open, *added)) if is_part else one)
    return replace(config, pipelines=tuple(pipelines))


def problems_of(config: OtelConfig, elsewhere: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield what the Collector would refuse. `elsewhere` is what configurations beside it define, to be merged."""
    if not config.pipelines:
        yield "has no pipeline"
    for name in config.extensions:
        if _lacks(config, name, ("extensions",), elsewhere):
            yield f"starts the extension {name}, which is not defined"
    for one in config.pipelines:
        if one.signal not in SIGNALS and placeholder_in(one.name) is None:
            yield f"has a pipeline {one.name}, which is of no signal"
        for part, names in _lists(one):
            if not names and not any(entry.startswith(part) for entry in one.open) and part != "processors":
                yield f"has a pipeline {one.name} without {part}"
            for name in names:
                if _lacks(config, name, _PARTS[part], elsewhere):
                    yield f"has a pipeline {one.name} with the {part.removesuffix('s')} {name}, which is not defined"


def undefined_of(config: OtelConfig, elsewhere: frozenset[str]) -> tuple[list[str], list[str]]:
    """Return the components that are named and not defined: nowhere, and in a configuration beside this one."""
    nowhere: list[str] = []
    beside: list[str] = []
    for one in config.pipelines:
        for part, names in _lists(one):
            for name in names:
                if not _lacks(config, name, _PARTS[part], frozenset()):
                    continue
                found = beside if not _lacks(config, name, _PARTS[part], elsewhere) else nowhere
                found.append(name)
    for name in config.extensions:
        if _lacks(config, name, ("extensions",), frozenset()):
            (beside if f"extensions {name}" in elsewhere else nowhere).append(name)
    return list(dict.fromkeys(nowhere)), list(dict.fromkeys(beside))


def unused_of(config: OtelConfig) -> list[str]:
    """Return what is defined and in no pipeline, as "exporters debug"; unknown names may mean any of them."""
    used: set[str] = {f"extensions {name}" for name in config.extensions}
    for one in config.pipelines:
        if one.open:
            return []
        for part, names in _lists(one):
            used.update(f"{section} {name}" for section in _PARTS[part] for name in names)
    # An extension that authenticates or stores is used by name, but runs only where the service starts it.
    return [
        f"{section} {name}"
        for section in _SECTIONS
        for name in config.sections[section]
        if f"{section} {name}" not in used
    ]


def _pipeline(config: OtelConfig, name: str, value: Json) -> Pipeline:
    below = mapping(value)
    signal = name.partition("/")[0].strip()
    lists = {part: list(_names(below.get(part))) for part in _PARTS}
    open_ = [f"{part} {each}" for part, names in lists.items() for each in names if placeholder_in(each)]
    open_ += [part for part in _PARTS if _is_open(below.get(part))]
    known = {part: tuple(each for each in names if not placeholder_in(each)) for part, names in lists.items()}
    missing = [each for part in _PARTS for each in known[part] if _lacks(config, each, _PARTS[part], frozenset())]
    return Pipeline(
        name=_shown(name),
        signal=signal,
        line=config.line_of(value),
        receivers=known["receivers"],
        processors=known["processors"],
        exporters=known["exporters"],
        undefined=tuple(dict.fromkeys(missing)),
        open=tuple(open_ + (["a placeholder for the pipeline"] if _is_open(value) else [])),
    )


def _lists(one: Pipeline) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (("receivers", one.receivers), ("processors", one.processors), ("exporters", one.exporters))


def _lacks(config: OtelConfig, name: str, sections: tuple[str, ...], elsewhere: frozenset[str]) -> bool:
    if placeholder_in(name) or config.open.intersection(sections):
        return False
    return not any(name in config.sections[section] or f"{section} {name}" in elsewhere for section in sections)


def _names(value: Json) -> Iterator[str]:
    for item in value if isinstance(value, list) else ():
        found = text(item)
        if found:
            yield _shown(found)


def _is_open(value: Json) -> bool:
    return isinstance(value, str) and placeholder_in(value) is not None


def _shown(name: str) -> str:
    return name.strip()[:_LONGEST]
