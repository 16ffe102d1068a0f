"""The parts that the evidence `kubernetes` is made of: each takes the objects with the request and returns facts.

A part is pure. Facts of two parts have different names. A gap that casts doubt on one part only names its facts.
"""

from __future__ import annotations

from gate.collect.kubernetes.cluster import Cluster
from gate.collect.kubernetes.counts import deployment_counts, object_counts
from gate.collect.kubernetes.found import Found, Part
from gate.collect.kubernetes.network import namespaces_of, policy_facts
from gate.collect.kubernetes.relations import Relations
from gate.collect.kubernetes.whole_cluster import CLUSTER_PARTS
from gate.collect.kubernetes.workload_facts import place_facts, workload_facts
from gate.collect.kubernetes.workloads import place
from gate.model.evidence import Gap
from gate.model.json import Json, JsonObject


def workload_part(cluster: Cluster) -> Found:
    """Return the workloads with their containers, and what belongs to them."""
    relations = Relations(cluster)
    pairs = [(workload, workload_facts(workload, relations)) for workload in cluster.selected]
    workloads: list[Json] = [facts for _workload, facts in pairs]
    references = relations.references
    facts: JsonObject = object_counts(relations) | {
        "workloads": workloads,
        "others": [place_facts(each) for each in cluster.others],
        "partial": [each.facts() for each in cluster.partial],
        "containers": [each.facts for each in relations.containers],
        "variables": list(_variables(relations)),
        "deployments": deployment_counts(relations, pairs),
        "autoscalers": [each.facts for each in relations.scaling.autoscalers],
        "disruption_budgets": [each.facts for each in relations.budgets],
        "policies": [policy_facts(each) for each in relations.isolation.policies],
        "namespaces": [*namespaces_of(cluster, relations.isolation)],
        "services": [each.facts for each in relations.services],
        "routes": [*relations.routes],
        "canaries": [*relations.canaries],
        "references": [*references],
        "dangling": [_without(each, "found") for each in references if each["found"] is False],
    }
    gaps = tuple(each.gap() for each in cluster.partial if not each.patch)
    return Found(facts, gaps + cluster.gaps() + _chosen_gap(cluster))


PARTS: tuple[Part, ...] = (workload_part, *CLUSTER_PARTS)


def _chosen_gap(cluster: Cluster) -> tuple[Gap, ...]:
    """Return a gap where the policy chooses workloads and there is none of them: a slip, not an empty tree."""
    if cluster.selected or not cluster.workloads:
        return ()
    number = len(cluster.workloads)
    reason = f"chooses none of the {number:,} workloads that are here; mend the globs, or take the section away"
    return (Gap("evidence › kubernetes › workloads", reason),)


def _variables(relations: Relations) -> list[JsonObject]:
    return [
        place(container.workload.source_object)
        | {"line": container.facts["line"], "container": container.facts["container"]}
        | variable
        for container in relations.containers
        if container.facts["type"] in ("ordinary", "sidecar")
        for variable in container.environment.variables
    ]


def _without(facts: JsonObject, name: str) -> JsonObject:
    return {key: value for key, value in facts.items() if key != name}
