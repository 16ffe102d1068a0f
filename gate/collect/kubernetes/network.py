"""Network policies: what they isolate, and which namespaces are closed by default. Pure.

Source: Kubernetes, "Network Policies": a pod that some policy of a direction chooses takes only what one of them lets
through; without `policyTypes` a policy is about ingress, and about egress where it has egress rules. Cilium,
"CiliumNetworkPolicy" (`endpointSelector`).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from gate.collect.address_ranges import is_every_address
from gate.collect.kubernetes.cluster import Cluster
from gate.collect.kubernetes.selectors import Requirement, Selector, label_selector
from gate.collect.kubernetes.values import words
from gate.collect.kubernetes.workloads import Workload, place
from gate.collect.manifests.objects import ClusterObject, mapping, mappings, text
from gate.model.json import Json, JsonObject

_PREFIXES = ("k8s:", "any:")
_LAST_PORT = 65535
_SMALLEST_EXCEPTION = 16
"""Bits of the mask: 192.168.0.0/16 is the smallest of the private networks (RFC 1918)."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy: what it chooses, which directions it is about, and which of them it opens again for everything."""

    source_object: ClusterObject
    selector: Selector | None
    directions: frozenset[str]
    opens: frozenset[str]
    closes: frozenset[str]
    workloads: list[Workload]


@dataclass(frozen=True)
class Isolation:
    """All policies, and which choose which workload (by identity)."""

    policies: list[Policy] = field(default_factory=list)
    of: dict[int, list[Policy]] = field(default_factory=dict)

    def facts(self, workload: Workload) -> JsonObject | None:
        """Return whether what comes in and goes out is limited, None where no policy chooses the workload."""
        policies = self.of.get(id(workload))
        if not policies:
            return None
        names: list[Json] = [each.source_object.name for each in policies[:20]]
        return {name: _limited(policies, name) for name in ("ingress", "egress")} | {"names": names}


def isolation_of(cluster: Cluster) -> Isolation:
    """Return the policies with what they choose."""
    policies = [
        _policy(one, cluster) for one in cluster.of("NetworkPolicy", groups={"networking.k8s.io", "extensions"})
    ]
    policies += [_cilium(one, cluster) for one in cluster.of("CiliumNetworkPolicy", groups={"cilium.io"})]
    of: defaultdict[int, list[Policy]] = defaultdict(list)
    for policy in policies:
        for workload in policy.workloads:
            of[id(workload)].append(policy)
    return Isolation(policies, dict(of))


def namespaces_of(cluster: Cluster, isolation: Isolation) -> list[JsonObject]:
    """Return the namespaces of the selected workloads, and whether they are closed by default.

    A namespace is closed in a direction where a policy chooses every pod and lets nothing through.
    """
    closed: defaultdict[str, set[str]] = defaultdict(set)
    for policy in isolation.policies:
        one = policy.source_object
        if policy.selector is not None and policy.selector.is_empty:
            for name in {one.namespace or "", cluster.namespace_of(one)}:
                closed[name] |= policy.closes
    first: dict[str, Workload] = {}
    counts: defaultdict[str, int] = defaultdict(int)
    for workload in cluster.selected:
        name = cluster.namespace_of(workload.source_object)
        first.setdefault(name, workload)
        counts[name] += 1
    return [_namespace(name, each, counts[name], closed[name]) for name, each in sorted(first.items())]


def _namespace(name: str, first: Workload, workloads: int, closed: set[str]) -> JsonObject:
    facts: JsonObject = {"kind": "Namespace", "name": name or "(not named)", "path": first.path, "line": first.line}
    facts["workloads"] = workloads
    for direction in ("ingress", "egress"):
        facts[f"default_deny_{direction}"] = direction in closed
    return facts


def policy_facts(policy: Policy) -> JsonObject:
    """Return a policy for the list `policies`."""
    names: list[Json] = [each.name for each in policy.workloads[:100]]
    facts: JsonObject = {"workloads": names, "directions": [*sorted(policy.directions)]}
    return place(policy.source_object) | facts | {"allows_all": [*sorted(policy.opens)]}


def _limited(policies: list[Policy], direction: str) -> bool:
    about = [each for each in policies if direction in each.directions]
    return bool(about) and not any(direction in each.opens for each in about)


def _policy(one: ClusterObject, cluster: Cluster) -> Policy:
    spec = one.spec
    selector = label_selector(spec.get("podSelector"))
    types = spec.get("policyTypes")
    if isinstance(types, list) and types:
        directions = {name.lower() for name in types if name in ("Ingress", "Egress")}
    else:
        directions = {"ingress", "egress"} if mappings(spec.get("egress")) else {"ingress"}
    opens = {name for name, peers in (("ingress", "from"), ("egress", "to")) if _opens(spec.get(name), peers)}
    closes = {name for name in directions if not spec.get(name)}
    return _read(one, cluster, selector, directions, opens, closes)


def _opens(rules: Json, peers: str) -> bool:
    """Whether one of the rules, or several together, let everything through: any peer, at any port."""
    named = [
        rule for rule in mappings(rules) if not rule.get("ports") or any(map(_is_every_port, mappings(rule["ports"])))
    ]
    if any(not rule.get(peers) for rule in named):
        return True
    listed = [peer for rule in named for peer in mappings(rule.get(peers))]
    if any(map(_is_everybody, listed)):
        return True
    blocks = [mapping(peer.get("ipBlock")) for peer in listed]
    return is_every_address([text(block.get("cidr")) or "" for block in blocks if not _excepts(block)])


def _is_every_port(port: JsonObject) -> bool:
    """Whether a rule's port is every one of TCP: it has no number, or a range of all."""
    if text(port.get("protocol")) not in (None, "TCP"):
        return False
    first, last = port.get("port"), port.get("endPort")
    return first is None or (isinstance(first, int) and first <= 1 and isinstance(last, int) and last >= _LAST_PORT)


def _is_everybody(peer: JsonObject) -> bool:
    """Whether a peer is every address, or every pod of every namespace."""
    block = mapping(peer.get("ipBlock"))
    if block:
        return (text(block.get("cidr")) or "").endswith("/0") and not _excepts(block)
    spaces, pods = label_selector(peer.get("namespaceSelector")), label_selector(peer.get("podSelector"))
    return spaces is not None and spaces.is_empty and (pods is None or pods.is_empty)


def _excepts(block: JsonObject) -> bool:
    """Whether an address block leaves out a network worth the name, and not some address or other."""
    sizes = [each.rpartition("/")[2] for each in words(block.get("except"))]
    return any(size.isdecimal() and int(size) <= _SMALLEST_EXCEPTION for size in sizes)


def _cilium(one: ClusterObject, cluster: Cluster) -> Policy:
    spec = one.spec
    directions = {name for name in ("ingress", "egress") if name in spec or f"{name}Deny" in spec}
    selector = _without_prefixes(label_selector(spec.get("endpointSelector")))
    closes = {name for name in directions if not any(mappings(spec.get(name)))}
    opens = {name for name in directions if _are_everything([*mappings(spec.get(name))])}
    return _read(one, cluster, selector, directions, opens, closes)


def _are_everything(rules: list[JsonObject]) -> bool:
    """Whether one of the rules, or several together, let everything through at any port."""
    every_port = [rule for rule in rules if not rule.get("toPorts")]
    networks = [each for rule in every_port for key in ("fromCIDR", "toCIDR") for each in words(rule.get(key))]
    return any(map(_is_everything, every_port)) or is_every_address(networks)


def _is_everything(rule: JsonObject) -> bool:
    entities = words(rule.get("fromEntities")) + words(rule.get("toEntities"))
    networks = words(rule.get("fromCIDR")) + words(rule.get("toCIDR"))
    wide = "all" in entities or {"cluster", "world"} <= set(entities)
    return wide or any(each.endswith("/0") for each in networks)


def _without_prefixes(selector: Selector | None) -> Selector | None:
    if selector is None:
        return None
    equal = tuple((_plain(key), value) for key, value in selector.equal)
    requirements = tuple(Requirement(_plain(each.key), each.operator, each.values) for each in selector.requirements)
    return Selector(equal, requirements, selector.broken)


def _plain(key: str) -> str:
    return next((key.removeprefix(prefix) for prefix in _PREFIXES if key.startswith(prefix)), key)


def _read(
    one: ClusterObject,
    cluster: Cluster,
    selector: Selector | None,
    directions: set[str],
    opens: set[str],
    closes: set[str],
) -> Policy:
    chosen = cluster.selected_by(one, selector)
    about = frozenset(directions)
    return Policy(one, selector, about, frozenset(opens) & about, frozenset(closes) & about, chosen)
