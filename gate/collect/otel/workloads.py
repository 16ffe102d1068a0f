"""What workloads and services are told about tracing, and which of them store traces. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gate.collect.kubernetes.environment import environment_of
from gate.collect.kubernetes.workloads import workloads_of
from gate.collect.manifests.objects import ClusterObject, mapping, mappings, text
from gate.collect.manifests.placeholders import placeholder_in
from gate.collect.otel.exporters import address_of
from gate.collect.otel.samplers import ARGUMENT, SAMPLER, sdk_sampler
from gate.model.json import Json, JsonObject

_PREFIX = "OTEL_"
_ENDPOINTS = frozenset({"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"})
_STORES = {
    "jaeger": "jaeger",
    "all-in-one": "jaeger",
    "jaeger-all-in-one": "jaeger",
    "jaeger-collector": "jaeger",
    "tempo": "tempo",
    "tempo-distributor": "tempo",
    "zipkin": "zipkin",
    "zipkin-slim": "zipkin",
    "skywalking-oap-server": "skywalking",
    "otel-lgtm": "tempo",
    "apm-server": "elastic apm",
    "signoz": "signoz",
    "signoz-otel-collector": "signoz",
    "uptrace": "uptrace",
    "openobserve": "openobserve",
}
"""Images that take traces and keep them, by the last part of their names."""
_MEMORY = {"jaeger": ("SPAN_STORAGE_TYPE", "memory"), "zipkin": ("STORAGE_TYPE", "mem")}
"""The variable that chooses the storage, and what it is without it: gone with the process."""
_OBJECTS = {"Jaeger": "jaeger", "TempoStack": "tempo", "TempoMonolithic": "tempo"}


@dataclass(frozen=True, slots=True)
class Place:
    """A container, a Compose service or an object: what a sentence calls it and where it is.

    `variables` are texts of the environment; `referred` those that a Secret, a ConfigMap or a field gives.
    """

    kind: str
    name: str
    path: str
    line: int
    namespace: str | None
    container: str
    image: str
    variables: Mapping[str, str]
    referred: frozenset[str] = frozenset()
    command: str = ""

    def facts(self) -> JsonObject:
        """Return which one it is."""
        found: JsonObject = {"kind": self.kind, "name": self.name, "path": self.path, "line": self.line}
        if self.namespace:
            found["namespace"] = self.namespace
        return found | ({"container": self.container} if self.container else {})


def places_in(objects: Iterable[ClusterObject]) -> Iterator[Place]:
    """Yield the containers of workloads, the ConfigMaps with settings of an SDK, and Instrumentation objects."""
    every = list(objects)
    for workload in workloads_of(every)[0]:
        one = workload.source_object
        listed = [*mappings(workload.pod.get("initContainers")), *mappings(workload.pod.get("containers"))]
        for container in listed:
            yield _container(one, container)
    for one in every:
        if one.kind == "ConfigMap":
            data = mapping(one.value.get("data"))
            settings = {key: text(value) or "" for key, value in data.items() if key.startswith(_PREFIX)}
            if settings:
                yield _place(one, settings)
        elif one.kind == "Instrumentation" and one.group == "opentelemetry.io":
            yield _place(one, _settings_of(one))


def service_place(name: str, path: str, line: int, body: JsonObject, known: Mapping[str, str]) -> Place:
    """Return a Compose service; a variable without a value takes the one that is `known`, or is a placeholder."""
    from gate.collect.compose.merge import as_mapping

    environment = as_mapping(body.get("environment"))
    variables = {
        key: known.get(key, f"${{{key}}}") if value is None else text(value) or "" for key, value in environment.items()
    }
    image = text(body.get("image")) or ""
    return Place("service", name, path, line, None, "", image, variables, command=_words(body.get("command")))


def endpoints_of(place: Place) -> Iterator[JsonObject]:
    """Yield where a place is told to send to."""
    for variable in sorted(_ENDPOINTS & (place.variables.keys() | place.referred)):
        item = place.facts() | {"variable": variable}
        if variable in place.referred:
            yield item | {"target": "reference"}
            continue
        address = address_of(place.variables[variable])
        item["target"] = address.target.value
        if address.host:
            item["host"] = address.host
        yield item


def sampler_of(place: Place) -> JsonObject | None:
    """Return the sampler that a place is told to use, None for none."""
    item = place.facts() | {
        "from": "instrumentation" if place.kind == "Instrumentation" else "environment",
        "used": True,
    }
    if SAMPLER in place.referred:
        return item | {"type": "unknown", "decided": False}
    kind = place.variables.get(SAMPLER, "")
    if placeholder_in(kind):
        return item | {"type": "unknown", "decided": False}
    found = sdk_sampler(kind, place.variables.get(ARGUMENT))
    if found is None:
        return None
    if ARGUMENT in place.referred and found["type"] in ("traceidratio", "parentbased_traceidratio"):
        return item | {"type": found["type"], "decided": False}
    return item | found


def backend_of(place: Place) -> JsonObject | None:
    """Return a place as what stores traces, None for any other."""
    backend = _STORES.get(_short(place.image))
    if backend is None:
        return None
    item = place.facts() | {"backend": backend, "image": place.image[:300]}
    return item | {"storage": _storage(place, backend)}


def object_backends(objects: Iterable[ClusterObject]) -> Iterator[JsonObject]:
    """Yield the objects that an operator makes a trace storage of."""
    for one in objects:
        backend = _OBJECTS.get(one.kind)
        if backend is None or one.group not in ("jaegertracing.io", "tempo.grafana.com"):
            continue
        storage = "configured"
        if backend == "jaeger":
            kind = (text(mapping(one.spec.get("storage")).get("type")) or "memory").lower()
            storage = "unknown" if placeholder_in(kind) else "memory" if kind == "memory" else "configured"
        elif one.kind == "TempoMonolithic":
            traces = mapping(mapping(one.spec.get("storage")).get("traces"))
            storage = "memory" if (text(traces.get("backend")) or "memory") == "memory" else "configured"
        yield _place(one, {}).facts() | {"backend": backend, "storage": storage}


def _short(image: str) -> str:
    """Return the last part of an image's name: "tempo" of "grafana/tempo:${VERSION}"."""
    return image.rpartition("/")[2].partition("@")[0].partition(":")[0]


def _storage(place: Place, backend: str) -> str:
    """Return memory, configured or unknown: whether traces outlive the process."""
    if backend not in _MEMORY:
        return "configured"
    variable, default = _MEMORY[backend]
    if variable in place.referred:
        return "unknown"
    if backend == "jaeger" and variable not in place.variables and "--config" in place.command:
        return "configured"
    kind = place.variables.get(variable, default).strip().lower() or default
    if placeholder_in(kind):
        return "unknown"
    return "memory" if kind == default else "configured"


def _container(one: ClusterObject, container: JsonObject) -> Place:
    environment = environment_of(container)
    variables: dict[str, str] = {}
    referred: set[str] = set()
    for entry in environment.variables:
        name = str(entry["variable"])
        if not (name.startswith(_PREFIX) or name.endswith("STORAGE_TYPE")):
            continue
        if isinstance(entry.get("value"), str):
            variables[name] = str(entry["value"])
        else:
            referred.add(name)
    place = _place(one, variables)
    return Place(
        place.kind, place.name, place.path, place.line, place.namespace, text(container.get("name")) or "",
        text(container.get("image")) or "", variables, frozenset(referred),
        _words(container.get("args")) + _words(container.get("command")),
    )  # fmt: skip


def _settings_of(one: ClusterObject) -> dict[str, str]:
    """Return what an Instrumentation object sets in the containers that it is injected into."""
    sampler = mapping(one.spec.get("sampler"))
    settings = {SAMPLER: text(sampler.get("type")) or "", ARGUMENT: text(sampler.get("argument")) or ""}
    endpoint = text(mapping(one.spec.get("exporter")).get("endpoint"))
    if endpoint:
        settings["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint
    for entry in mappings(one.spec.get("env")):
        name, value = text(entry.get("name")), text(entry.get("value"))
        if name and value is not None and name.startswith(_PREFIX):
            settings[name] = value
    return settings


def _place(one: ClusterObject, variables: Mapping[str, str]) -> Place:
    return Place(one.kind, one.name, one.path, one.line, one.namespace, "", "", variables)


def _words(value: Json) -> str:
    listed = value if isinstance(value, list) else [value]
    return " ".join(item for item in listed if isinstance(item, str))
