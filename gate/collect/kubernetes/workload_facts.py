"""A workload as an element of the facts: its own numbers, its containers as one, and what is around it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from gate.collect.kubernetes.containers import Container
from gate.collect.kubernetes.pods import pod_facts
from gate.collect.kubernetes.probes import PROBES
from gate.collect.kubernetes.relations import Relations
from gate.collect.kubernetes.rollout import rolling_update
from gate.collect.kubernetes.values import count, known, shown
from gate.collect.kubernetes.workloads import Workload, place
from gate.collect.manifests.objects import mapping
from gate.model.json import Json, JsonObject

_MOST_NAMES = 20
_OF_EVERY = ("run_as_non_root", "read_only_root_filesystem", "drops_all")
_SCALER = ("kind", "name", "path", "line", "min", "max", "scales", "cpu_utilization", "memory_utilization")
_BUDGET = ("name", "path", "line", "min_available", "max_unavailable", "available", "allowed_disruptions", "blocks")


def workload_facts(workload: Workload, relations: Relations) -> JsonObject:
    """Return the facts of one workload."""
    one = workload.source_object
    labels: JsonObject = {shown(key): shown(value) for key, value in list(workload.labels.items())[:100]}
    facts = place(one) | {"origin": one.origin.value, "labels": labels}
    facts |= known(source=one.source or None, selects_itself=workload.selects_itself)
    facts |= {"long_running": workload.long_running, "replicated": workload.replicated}
    facts |= _replicas(workload, relations)
    facts |= known(rolling_update=rolling_update(workload, relations.scaling.least(workload)))
    facts |= pod_facts(workload, relations.cluster)
    facts |= _of_containers(relations.containers_by_workload.get(id(workload), []))
    return facts | _around(workload, relations)


def place_facts(workload: Workload) -> JsonObject:
    """Return a workload that criteria are not about."""
    return place(workload.source_object)


def _replicas(workload: Workload, relations: Relations) -> JsonObject:
    """Return `replicas` as written, or 1 where neither the manifest nor an autoscaler says anything."""
    if not workload.replicated:
        return {}
    least = relations.scaling.least(workload)
    scaler = relations.scaling.autoscaler(workload)
    written = "replicas" in workload.spec
    facts = known(minimum_replicas=least) | {"replicas_default": not written and scaler is None}
    if written or scaler is None:
        facts["replicas"] = count(workload.spec.get("replicas"), 1)
    if scaler is not None:
        facts["replicas_fixed"] = written
    return facts


def _of_containers(containers: Sequence[Container]) -> JsonObject:
    """Return what holds for every container, of which there must be one: probes of the ordinary, the rest of all."""
    ordinary = [each.facts for each in containers if each.ordinary]
    every = [each.facts for each in containers]
    probes: JsonObject = {
        name: bool(ordinary) and all(name in mapping(each["probes"]) for each in ordinary) for name in PROBES
    }
    return {
        "containers": len(every),
        "probes": probes,
        "requests": _sum(ordinary, "requests"),
        "limits": _sum(ordinary, "limits"),
        **{name: bool(every) and all(each[name] is True for each in every) for name in _OF_EVERY},
        "image_pinned": bool(every) and all(each.get("pinned") is True for each in every),
    }


def _sum(containers: Sequence[JsonObject], key: str) -> JsonObject:
    """Return what the ordinary containers have together, of what each of them names."""
    found: JsonObject = {}
    for name in ("cpu", "memory", "ephemeral_storage"):
        amounts = [mapping(each[key]).get(name) for each in containers]
        numbers = [value for value in amounts if isinstance(value, int | float)]
        if numbers and len(numbers) == len(amounts):
            found[name] = round(sum(numbers), 9)
    return found


def _around(workload: Workload, relations: Relations) -> JsonObject:
    budgets = relations.budgets_by_workload.get(id(workload), [])
    scaler = relations.scaling.autoscaler(workload)
    services: list[Json] = [
        each.source_object.name for each in relations.services_by_workload.get(id(workload), [])[:_MOST_NAMES]
    ]
    facts: JsonObject = {"services": services, "pdbs": len(budgets)}
    return facts | known(
        pdb=_part(budgets[0].facts, _BUDGET) if budgets else None,
        hpa=_part(scaler.facts, _SCALER) if scaler else None,
        network_policy=relations.isolation.facts(workload),
    )


def _part(facts: JsonObject, names: Sequence[str]) -> JsonObject:
    return {name: facts[name] for name in names if name in facts}
