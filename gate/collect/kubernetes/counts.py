"""How many there are of what: files, documents, objects by kind, and Deployments by what they have. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gate.collect.kubernetes.relations import Relations
from gate.collect.kubernetes.values import shown, words
from gate.collect.kubernetes.workloads import Workload
from gate.collect.manifests.objects import mapping
from gate.model.json import JsonObject


def object_counts(relations: Relations) -> JsonObject:
    """Return the counts over all objects in scope."""
    objects, request = relations.cluster.objects, relations.cluster.request
    kinds: JsonObject = {**dict(sorted(Counter(shown(one.kind) for one in objects).items()))}
    facts: JsonObject = {
        "files": len({one.path for one in objects}),
        "objects": len(objects),
        "kinds": kinds,
        "pod_disruption_budgets": len(relations.budgets),
        "network_policies": len(relations.isolation.policies),
    }
    asked = words(request.get("kinds"))
    if asked:
        facts["missing_kinds"] = [kind for kind in asked if kind not in kinds]
    return facts


def deployment_counts(relations: Relations, workloads: Sequence[tuple[Workload, JsonObject]]) -> JsonObject:
    """Return how many of the selected Deployments have what, in all their containers.

    `with_probes` needs liveness and readiness, `with_limits` cpu and memory; `latest_tag` counts those with at least
    one image whose name means whatever is newest.
    """
    counts = Counter[str]()
    for workload, facts in workloads:
        if workload.kind != "Deployment":
            continue
        probes, limits = mapping(facts["probes"]), mapping(facts["limits"])
        containers = relations.containers_by_workload.get(id(workload), [])
        counts["total"] += 1
        counts["with_probes"] += probes["liveness"] is True and probes["readiness"] is True
        counts["with_limits"] += "cpu" in limits and "memory" in limits
        counts["latest_tag"] += any(each.facts.get("latest") is True for each in containers)
        for name in ("run_as_non_root", "read_only_root_filesystem", "drops_all"):
            counts[name] += facts[name] is True
    return {name: counts[name] for name in _NAMES}


_NAMES = (
    "total",
    "with_probes",
    "with_limits",
    "run_as_non_root",
    "read_only_root_filesystem",
    "drops_all",
    "latest_tag",
)
