"""Where traffic is led to a Service: the backends of Ingresses and of routes of the Gateway API. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gate.collect.kubernetes.cluster import Cluster
from gate.collect.kubernetes.services import has_port
from gate.collect.kubernetes.values import known, shown, whole
from gate.collect.kubernetes.workloads import place
from gate.collect.manifests.objects import ClusterObject, mapping, mappings, text
from gate.model.json import JsonObject

_GATEWAY = ("HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute")
_MOST = 2000
_BY_ANNOTATION = "use-annotation"
"""The port name with which a Service's name means an action of the AWS load balancer controller."""


@dataclass(frozen=True, slots=True)
class _Backend:
    service: str
    number: int | None = None
    port: str | None = None
    host: str | None = None
    namespace: str | None = None


def routes_of(cluster: Cluster) -> list[JsonObject]:
    """Return every backend: of which object, to which Service and port, and whether those are there."""
    found = []
    for one in cluster.of("Ingress", groups={"networking.k8s.io", "extensions"}):
        found += [_facts(one, backend, cluster) for backend in _unique(_of_ingress(one))]
    for one in cluster.of(*_GATEWAY, groups={"gateway.networking.k8s.io"}):
        found += [_facts(one, backend, cluster) for backend in _unique(_of_gateway(one))]
    for one in cluster.of("Route", groups={"route.openshift.io"}):
        found += [_facts(one, backend, cluster) for backend in _of_openshift(one)]
    return found


def _unique(backends: Iterator[_Backend]) -> list[_Backend]:
    return list(dict.fromkeys(backends))[:_MOST]


def _facts(one: ClusterObject, backend: _Backend, cluster: Cluster) -> JsonObject:
    service = cluster.named(one, "Service", backend.service, backend.namespace)
    facts = place(one) | {"service": shown(backend.service), "found": service is not None}
    facts |= known(host=backend.host, port=backend.port if backend.number is None else str(backend.number))
    return facts | {"port_found": service is not None and has_port(service, backend.number, backend.port)}


def _of_ingress(one: ClusterObject) -> Iterator[_Backend]:
    spec = one.spec
    for key in ("defaultBackend", "backend"):
        yield from _ingress_backend(mapping(spec.get(key)), None)
    for rule in mappings(spec.get("rules")):
        host = text(rule.get("host"))
        for path in mappings(mapping(rule.get("http")).get("paths")):
            yield from _ingress_backend(mapping(path.get("backend")), shown(host) if host else None)


def _ingress_backend(backend: JsonObject, host: str | None) -> Iterator[_Backend]:
    service = mapping(backend.get("service"))
    old = text(backend.get("serviceName"))
    if old:
        port = backend.get("servicePort")
        name = port if isinstance(port, str) else None
        yield from _named(_Backend(old, whole(port), name, host))
        return
    name = text(service.get("name"))
    if name:
        port_ = mapping(service.get("port"))
        yield from _named(_Backend(name, whole(port_.get("number")), text(port_.get("name")), host))


def _named(backend: _Backend) -> Iterator[_Backend]:
    if backend.port != _BY_ANNOTATION:
        yield backend


def _of_gateway(one: ClusterObject) -> Iterator[_Backend]:
    hosts = one.spec.get("hostnames")
    host = next((shown(item) for item in hosts if isinstance(item, str)), None) if isinstance(hosts, list) else None
    for rule in mappings(one.spec.get("rules")):
        for reference in mappings(rule.get("backendRefs")):
            name = text(reference.get("name"))
            if name and reference.get("kind", "Service") == "Service" and not reference.get("group"):
                yield _Backend(name, whole(reference.get("port")), None, host, text(reference.get("namespace")))


def _of_openshift(one: ClusterObject) -> Iterator[_Backend]:
    host = text(one.spec.get("host"))
    for target in (mapping(one.spec.get("to")), *mappings(one.spec.get("alternateBackends"))):
        name = text(target.get("name"))
        if name and target.get("kind", "Service") == "Service":
            yield _Backend(name, host=shown(host) if host else None)
