"""Autoscalers: HorizontalPodAutoscaler, KEDA's ScaledObject, VerticalPodAutoscaler; and how many replicas there are.

Pure. Sources: Kubernetes, "Horizontal Pod Autoscaling" (minReplicas 1; CPU at 80 % where no metric is named; a
scale-down window of 300 s, none for scaling up); KEDA, "ScaledObject specification" (0 to 100 replicas).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gate.collect.kubernetes.cluster import Cluster
from gate.collect.kubernetes.containers import requests_of_pod
from gate.collect.kubernetes.values import count, known, shown, whole
from gate.collect.kubernetes.workloads import Workload, place
from gate.collect.manifests.objects import ClusterObject, mapping, mappings, text
from gate.model.json import Json, JsonObject

_DOWN_WINDOW = 300
_METRIC_PARTS = {
    "Resource": "resource",
    "ContainerResource": "containerResource",
    "Pods": "pods",
    "Object": "object",
    "External": "external",
}
_OLD_TARGETS = ("targetAverageUtilization", "targetAverageValue", "targetValue")


@dataclass(frozen=True, slots=True)
class Autoscaler:
    """An autoscaler with what it scales, None where that is not in the tree. `facts` are those of `autoscalers`."""

    source_object: ClusterObject
    target: Workload | None
    facts: JsonObject


@dataclass(frozen=True)
class Scaling:
    """Who scales what: workloads (by identity) → autoscaler."""

    autoscalers: list[Autoscaler] = field(default_factory=list)
    of: dict[int, Autoscaler] = field(default_factory=dict)

    def autoscaler(self, workload: Workload) -> Autoscaler | None:
        """Return what scales a workload."""
        return self.of.get(id(workload))

    def least(self, workload: Workload) -> int | None:
        """Return how many replicas there are at least, None for a kind without replicas."""
        if not workload.replicated:
            return 1 if workload.kind == "Pod" else None
        scaler = self.autoscaler(workload)
        if scaler is not None:
            return whole(scaler.facts["min"])
        return count(workload.spec.get("replicas"), 1)


def scaling_of(cluster: Cluster) -> Scaling:
    """Return every horizontal autoscaler; of several for one workload the first scales it."""
    found = [_horizontal(one, cluster) for one in cluster.of("HorizontalPodAutoscaler", groups={"autoscaling"})]
    found += [_keda(one, cluster) for one in cluster.of("ScaledObject", groups={"keda.sh", "keda.k8s.io"})]
    owners: dict[int, Autoscaler] = {}
    for scaler in found:
        if scaler.target is not None:
            owners.setdefault(id(scaler.target), scaler)
    return Scaling(found, owners)


def vertical_target(one: ClusterObject, cluster: Cluster) -> tuple[str, Workload | None]:
    """Return what a VerticalPodAutoscaler is about, in words and as a workload."""
    return _target(one, mapping(one.spec.get("targetRef")), cluster)


def _horizontal(one: ClusterObject, cluster: Cluster) -> Autoscaler:
    spec = one.spec
    name, target = _target(one, mapping(spec.get("scaleTargetRef")), cluster)
    least, most = count(spec.get("minReplicas"), 1), whole(spec.get("maxReplicas"))
    metrics = list(_metrics(spec)) or [_resource("cpu", 80)]
    return _autoscaler(one, name, target, least, most, metrics, mapping(spec.get("behavior")))


def _keda(one: ClusterObject, cluster: Cluster) -> Autoscaler:
    spec = one.spec
    reference = mapping(spec.get("scaleTargetRef"))
    old = text(reference.get("deploymentName"))
    named: JsonObject = {"kind": "Deployment", "name": old} if old else {}
    name, target = _target(one, named | reference, cluster)
    least, most = count(spec.get("minReplicaCount"), 0), count(spec.get("maxReplicaCount"), 100)
    behavior = mapping(mapping(mapping(spec.get("advanced")).get("horizontalPodAutoscalerConfig")).get("behavior"))
    metrics = [_trigger(trigger) for trigger in mappings(spec.get("triggers"))]
    return _autoscaler(one, name, target, least, most, metrics, behavior)


def _autoscaler(
    one: ClusterObject,
    name: str,
    target: Workload | None,
    least: int,
    most: int | None,
    metrics: list[JsonObject],
    behavior: JsonObject,
) -> Autoscaler:
    listed: list[Json] = [*metrics]
    facts = place(one) | {"target": name, "target_found": target is not None, "min": least}
    facts |= known(max=most, scales=None if most is None else most > least)
    facts |= {"metrics": listed, "behavior": _behavior(behavior), "behavior_written": bool(behavior)}
    names = [str(metric["name"]) for metric in metrics]
    facts["metric_names"] = [*dict.fromkeys(names)]
    for metric in metrics:
        if metric["name"] in ("cpu", "memory") and "utilization" in metric:
            facts.setdefault(f"{metric['name']}_utilization", metric["utilization"])
    if target is not None:
        lacking: list[Json] = [*_without_requests(target, metrics)]
        facts["without_requests"] = lacking
    return Autoscaler(one, target, facts)


def _target(one: ClusterObject, reference: JsonObject, cluster: Cluster) -> tuple[str, Workload | None]:
    kind, name = text(reference.get("kind")) or "Deployment", text(reference.get("name")) or ""
    return shown(f"{kind}/{name}"), cluster.workload(one, kind, name)


def _metrics(spec: JsonObject) -> Iterator[JsonObject]:
    old = whole(spec.get("targetCPUUtilizationPercentage"))
    if old is not None:
        yield _resource("cpu", old)
    for metric in mappings(spec.get("metrics")):
        type_ = text(metric.get("type")) or ""
        if type_ in _METRIC_PARTS:
            yield _metric(type_, mapping(metric.get(_METRIC_PARTS[type_])))


def _metric(type_: str, part: JsonObject) -> JsonObject:
    name = text(part.get("name")) or text(mapping(part.get("metric")).get("name")) or text(part.get("metricName"))
    target = mapping(part.get("target"))
    utilization = whole(target.get("averageUtilization"))
    if utilization is None:
        utilization = whole(part.get("targetAverageUtilization"))
    value = next((target.get(key) for key in ("averageValue", "value") if key in target), None)
    if value is None and not target:
        value = next((part.get(key) for key in _OLD_TARGETS[1:] if key in part), None)
    return known(type=type_, name=shown(name or "(without a name)"), utilization=utilization, value=text(value))


def _resource(name: str, utilization: int) -> JsonObject:
    return {"type": "Resource", "name": name, "utilization": utilization}


def _trigger(trigger: JsonObject) -> JsonObject:
    type_ = text(trigger.get("type")) or "(without a type)"
    metadata = mapping(trigger.get("metadata"))
    by = text(trigger.get("metricType")) or text(metadata.get("type")) or "Utilization"
    value = text(metadata.get("value") or metadata.get("threshold"))
    facts = known(type="External", name=shown(type_), value=value)
    if (
        type_ in ("cpu", "memory")
        and by == "Utilization"
        and value is not None
        and value.isdecimal()
        and len(value) < 9
    ):
        return facts | {"type": "Resource", "utilization": int(value)}
    return facts


def _behavior(behavior: JsonObject) -> JsonObject:
    """Return how fast it scales in both directions, windows in seconds, with the defaults."""
    return {
        "scale_up": _direction(mapping(behavior.get("scaleUp")), 0),
        "scale_down": _direction(mapping(behavior.get("scaleDown")), _DOWN_WINDOW),
    }


def _direction(rules: JsonObject, window: int) -> JsonObject:
    policies: list[Json] = [
        known(
            type=text(policy.get("type")),
            value=whole(policy.get("value")),
            period_seconds=whole(policy.get("periodSeconds")),
        )
        for policy in mappings(rules.get("policies"))
    ]
    return {
        "window_seconds": count(rules.get("stabilizationWindowSeconds"), window),
        "policies": policies,
        "disabled": rules.get("selectPolicy") == "Disabled",
    }


def _without_requests(target: Workload, metrics: list[JsonObject]) -> Iterator[str]:
    """Yield "container web: cpu" for what has no request that a utilization could be a share of."""
    wanted = [str(metric["name"]) for metric in metrics if metric["type"] == "Resource" and "utilization" in metric]
    for container, requests in requests_of_pod(target):
        yield from (f"container {container}: {name}" for name in wanted if name not in requests)
