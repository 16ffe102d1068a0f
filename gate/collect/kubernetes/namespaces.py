"""The namespaces that objects lie in: whether they are declared, and what limits them. Pure.

Source: Kubernetes, "Pod Security Admission" (labels `pod-security.kubernetes.io/MODE`), "Resource Quotas", "Limit
Ranges".
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gate.collect.kubernetes.backups import Backups
from gate.collect.kubernetes.cluster import Cluster
from gate.collect.kubernetes.values import amount, known, shown
from gate.collect.manifests.objects import ClusterObject, mapping, mappings, text
from gate.model.json import Json, JsonObject

_NAMESPACED = frozenset(
    {
        "ConfigMap",
        "CronJob",
        "DaemonSet",
        "Deployment",
        "HorizontalPodAutoscaler",
        "Ingress",
        "Job",
        "LimitRange",
        "NetworkPolicy",
        "PersistentVolumeClaim",
        "Pod",
        "PodDisruptionBudget",
        "ReplicaSet",
        "ResourceQuota",
        "Role",
        "RoleBinding",
        "Secret",
        "Service",
        "ServiceAccount",
        "StatefulSet",
    }
)
"""Kinds that lie in a namespace, also where they name none."""
_LABEL = "pod-security.kubernetes.io/"
_MODES = ("enforce", "audit", "warn")
_MOST = 100
NOT_NAMED = "(not named)"


@dataclass
class _Namespace:
    name: str
    first: ClusterObject
    declared: ClusterObject | None = None
    objects: int = 0
    workloads: int = 0
    quotas: list[ClusterObject] = field(default_factory=list)
    ranges: list[ClusterObject] = field(default_factory=list)


def namespaces_here(cluster: Cluster, backups: Backups) -> list[JsonObject]:
    """Return every namespace that is declared here or that objects lie in. Of those that name none: `(not named)`."""
    found = _gathered(cluster)
    return [_facts(each, backups) for _name, each in sorted(found.items())]


def _gathered(cluster: Cluster) -> dict[str, _Namespace]:
    found: dict[str, _Namespace] = {}

    def lies_in(name: str, one: ClusterObject) -> _Namespace:
        return found.setdefault(name, _Namespace(name, one))

    for one in cluster.of("Namespace", groups={""}):
        each = lies_in(one.name, one)
        each.declared = each.first = one
    for one in cluster.objects:
        if one.namespace or one.kind in _NAMESPACED:
            each = lies_in(cluster.namespace_of(one), one)
            each.objects += 1
            if one.group == "" and one.kind == "ResourceQuota":
                each.quotas.append(one)
            elif one.group == "" and one.kind == "LimitRange":
                each.ranges.append(one)
    for workload in cluster.selected:
        lies_in(cluster.namespace_of(workload.source_object), workload.source_object).workloads += 1
    return found


def _facts(each: _Namespace, backups: Backups) -> JsonObject:
    first = each.first
    facts: JsonObject = {"kind": "Namespace", "name": each.name or NOT_NAMED, "path": first.path, "line": first.line}
    facts |= {"named": bool(each.name), "declared": each.declared is not None}
    facts |= {"objects": each.objects, "workloads": each.workloads}
    facts |= {"quotas": len(each.quotas), "quota": _hard(each.quotas)}
    facts |= {"limit_ranges": len(each.ranges)} | _limits(each.ranges)
    facts["backed_up"] = backups.cover(each.name)
    if each.declared is not None:
        labels = mapping(each.declared.metadata.get("labels"))
        levels = {mode: text(labels.get(f"{_LABEL}{mode}")) for mode in _MODES}
        facts["pod_security"] = known(**{mode: shown(level) if level else None for mode, level in levels.items()})
    return facts


def _hard(quotas: list[ClusterObject]) -> JsonObject:
    """Return what the quotas allow, the least of each resource: cores, bytes, numbers of objects."""
    found: JsonObject = {}
    for quota in quotas:
        for name, value in list(mapping(quota.spec.get("hard")).items())[:_MOST]:
            number, before = amount(value), found.get(shown(name))
            if number is not None:
                found[shown(name)] = min(number, before) if isinstance(before, int | float) else number
    return found


def _limits(ranges: list[ClusterObject]) -> JsonObject:
    """Return what containers get that name nothing themselves: `default_limits`, `default_requests`."""
    limits: JsonObject = {}
    requests: JsonObject = {}
    for one in ranges:
        for item in mappings(one.spec.get("limits")):
            if item.get("type") == "Container":
                _numbers_into(limits, item.get("default"))
                _numbers_into(requests, item.get("defaultRequest"))
    return {"default_limits": limits, "default_requests": requests or dict(limits)}


def _numbers_into(found: JsonObject, value: Json) -> None:
    for name, given in list(mapping(value).items())[:_MOST]:
        number = amount(given)
        if number is not None:
            found[shown(name)] = number
