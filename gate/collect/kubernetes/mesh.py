"""Whether workloads speak to each other over mutual TLS, and whether somebody says who may speak to whom. Pure.

Source: Istio, "PeerAuthentication" (the policy for a workload goes before that of its namespace, that before the one of
the root namespace; without any, both kinds of traffic pass), "AuthorizationPolicy", "DestinationRule"; Linkerd,
"Authorization Policy" (`config.linkerd.io/default-inbound-policy`); Cilium, "Mutual Authentication"; SPIRE,
"ClusterSPIFFEID".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from gate.collect.kubernetes.cluster import Cluster
from gate.collect.kubernetes.found import Found
from gate.collect.kubernetes.selectors import label_selector, map_selector
from gate.collect.kubernetes.values import known, labels_of, shown
from gate.collect.kubernetes.workloads import Workload, place
from gate.collect.manifests.objects import ClusterObject, mapping, mappings, text
from gate.model.json import Json, JsonObject

_ISTIO = frozenset({"security.istio.io"})
_LINKERD = frozenset({"policy.linkerd.io"})
_CILIUM = frozenset({"cilium.io"})
_ROOT = "istio-system"
_MOST = 200
_INJECT = "sidecar.istio.io/inject"
_INBOUND = "config.linkerd.io/default-inbound-policy"


@dataclass
class _Mesh:
    """What policies say: of workloads by identity, of namespaces by name, of everything."""

    own: dict[int, tuple[str, str]] = field(default_factory=dict)
    namespaces: dict[str, tuple[str, str]] = field(default_factory=dict)
    everywhere: tuple[str, str] | None = None
    allowed: defaultdict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    allowed_in: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    cilium: dict[int, str] = field(default_factory=dict)
    spiffe: set[int] = field(default_factory=set)


def mesh_part(cluster: Cluster) -> Found:
    """Return the workloads with what a mesh does for them, and the rules that speak of TLS."""
    mesh = _Mesh()
    for one in cluster.of("PeerAuthentication", groups=_ISTIO):
        _peer(one, cluster, mesh)
    for one, chosen, everywhere in _authorizations(cluster):
        _allow(one, chosen, cluster, mesh, everywhere=everywhere)
    for one in cluster.of("CiliumNetworkPolicy", groups=_CILIUM):
        _cilium(one, cluster.selected_by(one, label_selector(one.spec.get("endpointSelector"))), mesh)
    for one in cluster.of("CiliumClusterwideNetworkPolicy", groups=_CILIUM)[:_MOST]:
        _cilium(one, _anywhere(one, "endpointSelector", cluster), mesh)
    for one in cluster.of("ClusterSPIFFEID", groups={"spire.spiffe.io"})[:_MOST]:
        _spiffe(one, cluster, mesh)
    annotated = {one.name: labels_of(one.metadata.get("annotations")) for one in cluster.of("Namespace", groups={""})}
    workloads: list[Json] = [
        _facts(workload, cluster, mesh, annotated) for workload in cluster.selected if workload.long_running
    ]
    rules: list[Json] = [_rule(one) for one in cluster.of("DestinationRule", groups={"networking.istio.io"})]
    return Found({"mesh_workloads": workloads, "destination_rules": rules})


def _peer(one: ClusterObject, cluster: Cluster, mesh: _Mesh) -> None:
    mode = (text(mapping(one.spec.get("mtls")).get("mode")) or "UNSET").upper()
    if mode == "UNSET":
        return
    told = mode.lower(), shown(f"PeerAuthentication {one.name}")
    if _open_ports(one):
        told = "permissive", told[1]
    labels = mapping(one.spec.get("selector")).get("matchLabels")
    if labels:
        for workload in cluster.selected_by(one, map_selector(labels)):
            mesh.own[id(workload)] = told
    elif cluster.namespace_of(one) == _ROOT:
        mesh.everywhere = told
    else:
        mesh.namespaces[cluster.namespace_of(one)] = told


def _open_ports(one: ClusterObject) -> bool:
    """Whether a policy opens single ports again."""
    modes = [text(mapping(port).get("mode")) for port in mapping(one.spec.get("portLevelMtls")).values()]
    return any(mode in ("PERMISSIVE", "DISABLE") for mode in modes)


def _authorizations(cluster: Cluster) -> Iterator[tuple[ClusterObject, list[Workload], bool]]:
    """Yield each policy with the workloads that it chooses, and whether it is about all of its namespace instead."""
    for one in cluster.of("AuthorizationPolicy", groups=_ISTIO):
        labels = mapping(one.spec.get("selector")).get("matchLabels")
        if text(one.spec.get("action")) not in ("AUDIT", "CUSTOM") and not one.spec.get("targetRefs") and _limits(one):
            yield one, cluster.selected_by(one, map_selector(labels)) if labels else [], not labels
    servers = {(cluster.namespace_of(each), each.name): each for each in cluster.of("Server", groups=_LINKERD)}
    for one in cluster.of("AuthorizationPolicy", "ServerAuthorization", groups=_LINKERD):
        target = mapping(one.spec.get("targetRef")) or mapping(one.spec.get("server"))
        if target.get("kind") == "Namespace":
            yield one, [], True
            continue
        server = servers.get((cluster.namespace_of(one), text(target.get("name")) or ""))
        if server is not None:
            yield one, cluster.selected_by(server, label_selector(server.spec.get("podSelector"))), False


def _limits(one: ClusterObject) -> bool:
    """Whether a policy of Istio keeps anybody out: one that allows by an empty rule does not."""
    return all(mappings(one.spec.get("rules")) or [True])


def _allow(one: ClusterObject, chosen: list[Workload], cluster: Cluster, mesh: _Mesh, *, everywhere: bool) -> None:
    for workload in chosen:
        mesh.allowed[id(workload)].append(one.name)
    if everywhere:
        name = cluster.namespace_of(one)
        mesh.allowed_in["*" if name == _ROOT and one.group in _ISTIO else name].append(one.name)


def _cilium(one: ClusterObject, chosen: list[Workload], mesh: _Mesh) -> None:
    rules = mappings(one.spec.get("ingress"))
    if rules and all(mapping(rule.get("authentication")).get("mode") == "required" for rule in rules):
        for workload in chosen:
            mesh.cilium[id(workload)] = shown(f"{one.kind} {one.name}")


def _anywhere(one: ClusterObject, key: str, cluster: Cluster) -> list[Workload]:
    """Return the workloads that an object of the whole cluster chooses, in any namespace; all without a selector."""
    selector = label_selector(one.spec.get(key) or {})
    if selector is None or selector.broken:
        return []
    return [each for each in cluster.selected if selector.chooses(each.pod_labels)]


def _spiffe(one: ClusterObject, cluster: Cluster, mesh: _Mesh) -> None:
    """A ClusterSPIFFEID is about every namespace: its selector counts, wherever the workload lies."""
    spaces = label_selector(one.spec.get("namespaceSelector"))
    labels = {each.name: labels_of(each.metadata.get("labels")) for each in cluster.of("Namespace", groups={""})}
    for workload in _anywhere(one, "podSelector", cluster):
        name = cluster.namespace_of(workload.source_object)
        inside = spaces is None or spaces.is_empty or spaces.chooses(labels.get(name, {}) | {_NAME: name})
        if inside:
            mesh.spiffe.add(id(workload))


_NAME = "kubernetes.io/metadata.name"
"""The label that the API server gives each namespace."""


def _facts(workload: Workload, cluster: Cluster, mesh: _Mesh, annotated: dict[str, dict[str, str]]) -> JsonObject:
    one = workload.source_object
    lies = cluster.namespace_of(one)
    mode, by = _mode(workload, lies, mesh, annotated.get(lies, {}))
    names = mesh.allowed.get(id(workload), []) + mesh.allowed_in.get(lies, []) + mesh.allowed_in.get("*", [])
    authorizations: list[Json] = [shown(name) for name in dict.fromkeys(names)]
    facts: JsonObject = {"mtls": mode, "authorizations": authorizations[:20], "spiffe": id(workload) in mesh.spiffe}
    return place(one) | facts | known(by=by)


def _mode(workload: Workload, lies: str, mesh: _Mesh, namespace: dict[str, str]) -> tuple[str, str | None]:
    """Return strict, permissive, disable or none, and what says so."""
    inject = workload.pod_labels.get(_INJECT) or workload.annotations.get(_INJECT)
    told = mesh.own.get(id(workload)) or mesh.namespaces.get(lies) or mesh.everywhere
    if told is not None and inject != "false":
        return told
    if id(workload) in mesh.cilium:
        return "strict", mesh.cilium[id(workload)]
    settings = namespace | dict(workload.annotations)
    if settings.get("linkerd.io/inject") in ("enabled", "ingress"):
        # Linkerd encrypts what it meshes, and takes what is not encrypted too unless a policy says otherwise.
        closed = settings.get(_INBOUND, "") in ("all-authenticated", "cluster-authenticated", "deny")
        return "strict" if closed else "permissive", "Linkerd"
    return "none", None


def _rule(one: ClusterObject) -> JsonObject:
    policies = [mapping(one.spec.get("trafficPolicy"))]
    policies += [mapping(each.get("trafficPolicy")) for each in mappings(one.spec.get("subsets"))]
    ports = [port for policy in policies for port in mappings(policy.get("portLevelSettings"))]
    modes = [text(mapping(each.get("tls")).get("mode")) for each in (*policies, *ports)]
    told = "DISABLE" if "DISABLE" in modes else next((mode for mode in modes if mode), None)
    return place(one) | {"host": shown(text(one.spec.get("host")) or "")} | {"tls_mode": shown(told or "ISTIO_DEFAULT")}
