"""Services: which workloads they send traffic to, and whether somebody listens there. Pure.

Source: Kubernetes, "Service": targetPort is the port where nothing else is said, a number or the name of a port of a
container; without a selector, or with the type ExternalName, a Service does not choose pods.
"""

from __future__ import annotations

from dataclasses import dataclass

from gate.collect.kubernetes.cluster import Cluster
from gate.collect.kubernetes.containers import ports_of_pod
from gate.collect.kubernetes.selectors import Selector, map_selector
from gate.collect.kubernetes.values import known, shown, whole
from gate.collect.kubernetes.workloads import Workload, place
from gate.collect.manifests.objects import ClusterObject, mappings, text
from gate.model.json import Json, JsonObject

_MOST = 200
"""Ports of a Service, and workloads that it chooses, that are held against each other: far more than there ever are."""


@dataclass(frozen=True, slots=True)
class Service:
    """A Service with the workloads that it chooses. `facts` are those of the list `services`."""

    source_object: ClusterObject
    workloads: list[Workload]
    facts: JsonObject

    @property
    def selects(self) -> bool:
        """Whether it chooses pods by their labels."""
        return self.facts["selects"] is True


def services_of(cluster: Cluster) -> list[Service]:
    """Return every Service of the core API."""
    return [_service(one, cluster) for one in cluster.of("Service", groups={""})]


def has_port(service: ClusterObject, number: int | None, name: str | None) -> bool:
    """Whether a Service has a port of this number or name; of neither, whether it has any."""
    ports = mappings(service.spec.get("ports"))
    if number is None and name is None:
        return bool(ports)
    return any(
        (number is not None and whole(port.get("port")) == number) or (name is not None and port.get("name") == name)
        for port in ports
    )


def _service(one: ClusterObject, cluster: Cluster) -> Service:
    spec = one.spec
    selector = map_selector(spec.get("selector"))
    type_ = text(spec.get("type")) or "ClusterIP"
    selects = selector is not None and not selector.is_empty and type_ != "ExternalName"
    chosen = _chosen(one, selector, cluster) if selects else []
    names: list[Json] = [each.name for each in chosen]
    ports: list[Json] = []
    mismatches: list[Json] = []
    declared = [(each, ports_of_pod(each)) for each in chosen[:_MOST]]
    for port in mappings(spec.get("ports"))[:_MOST]:
        facts, lacking = _port(port, declared)
        ports.append(facts)
        mismatches += lacking
    if max(len(chosen), len(mappings(spec.get("ports")))) > _MOST:
        mismatches.append(f"of more than {_MOST} ports or workloads only so many were held against each other")
    facts = place(one) | {"type": shown(type_), "selects": selects, "headless": spec.get("clusterIP") == "None"}
    return Service(one, chosen, facts | {"workloads": names, "ports": ports, "port_mismatches": mismatches})


def _chosen(one: ClusterObject, selector: Selector | None, cluster: Cluster) -> list[Workload]:
    return [each for each in cluster.selected_by(one, selector) if each.long_running]


def _port(port: JsonObject, chosen: list[tuple[Workload, list[JsonObject]]]) -> tuple[JsonObject, list[str]]:
    """Return a port, and "8080: no container of Deployment web declares it" for each workload without its target."""
    number = whole(port.get("port"))
    target: Json = port.get("targetPort")
    if target is None or target == "" or target == 0:
        target = number
    protocol = text(port.get("protocol")) or "TCP"
    lacking = [
        shown(f"{target}: no container of {workload.kind} {workload.name} declares it")
        for workload, declared in chosen
        if not any(_is(each, target, protocol) for each in declared)
    ]
    facts = known(name=text(port.get("name")), port=number, target_port=text(target), protocol=protocol)
    return facts | {"matches": bool(chosen) and not lacking}, lacking


def _is(declared: JsonObject, target: Json, protocol: str) -> bool:
    if declared["protocol"] != protocol:
        return False
    # The API server takes "8080" in quotes for the number.
    if isinstance(target, str) and not target.isdecimal():
        return declared.get("name") == target
    return str(declared["number"]) == str(target)
