"""Disruption budgets: which workloads they keep up, and how many pods may go. Pure.

Source: Kubernetes, "Specifying a Disruption Budget for your Application", and the disruption controller: shares of
minAvailable and of maxUnavailable are rounded up, over the replicas of all workloads that the selector chooses. In
policy/v1 an empty selector chooses every pod of the namespace, in policy/v1beta1 none; a null one never any.
"""

from __future__ import annotations

from dataclasses import dataclass

from gate.collect.kubernetes.autoscalers import Scaling
from gate.collect.kubernetes.cluster import Cluster
from gate.collect.kubernetes.selectors import label_selector
from gate.collect.kubernetes.values import known, share
from gate.collect.kubernetes.workloads import Workload, place
from gate.collect.manifests.objects import ClusterObject
from gate.model.json import Json, JsonObject


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget with its workloads. `facts` are those of the list `disruption_budgets`."""

    source_object: ClusterObject
    workloads: list[Workload]
    facts: JsonObject


def budgets_of(cluster: Cluster, scaling: Scaling) -> list[Budget]:
    """Return every PodDisruptionBudget."""
    return [_budget(one, cluster, scaling) for one in cluster.of("PodDisruptionBudget", groups={"policy", ""})]


def _budget(one: ClusterObject, cluster: Cluster, scaling: Scaling) -> Budget:
    spec = one.spec
    selector = label_selector(spec.get("selector"))
    if selector is not None and selector.is_empty and one.api_version == "policy/v1beta1":
        selector = None
    chosen = [each for each in cluster.selected_by(one, selector) if each.long_running]
    counts = [scaling.least(each) for each in chosen]
    replicas = sum(number or 0 for number in counts) if chosen and None not in counts else None
    names: list[Json] = [each.name for each in chosen]
    facts = place(one) | {"workloads": names}
    facts |= known(
        min_available=_written(spec.get("minAvailable")), max_unavailable=_written(spec.get("maxUnavailable"))
    )
    if replicas is not None:
        facts |= {"replicas": replicas} | _numbers(spec, replicas)
    elif _always_blocks(spec):
        facts |= {"allowed_disruptions": 0, "blocks": True}
    return Budget(one, chosen, facts)


def _numbers(spec: JsonObject, replicas: int) -> JsonObject:
    """Return how many pods stay up and how many may go while there are so many. Without a number none may go."""
    available = share(spec.get("minAvailable"), replicas, up=True)
    if available is None:
        most = share(spec.get("maxUnavailable"), replicas, up=True)
        available = replicas if most is None else max(0, replicas - most)
    allowed = max(0, replicas - available)
    return {"available": min(available, replicas), "allowed_disruptions": allowed, "blocks": allowed == 0}


def _always_blocks(spec: JsonObject) -> bool:
    """Whether no pod may go however many there are."""
    most, least = spec.get("maxUnavailable"), spec.get("minAvailable")
    return share(most, 100, up=True) == 0 or (isinstance(least, str) and (share(least, 100, up=True) or 0) >= 100)


def _written(value: Json) -> Json:
    return value if isinstance(value, int | str) and not isinstance(value, bool) else None
