"""Who may do what: roles, what binds them, and the service accounts of workloads. Pure.

Source: Kubernetes, "Using RBAC Authorization" and "Role Based Access Control Good Practices" (wildcards, secrets,
`escalate`, `bind`, `impersonate`). A binding of a ServiceAccount without a namespace means its own.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from gate.collect.kubernetes.cluster import Cluster
from gate.collect.kubernetes.found import Found
from gate.collect.kubernetes.values import shown, words
from gate.collect.kubernetes.workloads import Workload, place
from gate.collect.manifests.objects import ClusterObject, mapping, mappings, text
from gate.model.json import Json, JsonObject

_GROUPS = frozenset({"rbac.authorization.k8s.io", "authorization.openshift.io"})
_READING = frozenset({"get", "list", "watch", "*"})
_RISING = frozenset({"escalate", "bind", "impersonate"})
_EVERYBODY = frozenset({"system:authenticated", "system:unauthenticated", "system:anonymous", "system:serviceaccounts"})
_MOST = 50


@dataclass(frozen=True, slots=True)
class _Binding:
    source_object: ClusterObject
    role: str
    """kind and name, as one text"""
    object: ClusterObject | None
    """the role itself, where it is here"""
    accounts: tuple[tuple[str, str], ...]
    """namespace and name"""
    facts: JsonObject


def rbac_part(cluster: Cluster) -> Found:
    """Return roles with their wildcards, bindings with their subjects, and what the accounts of workloads may do."""
    bindings = [_binding(one, cluster) for one in cluster.of("RoleBinding", "ClusterRoleBinding", groups=_GROUPS)]
    bound = {id(binding.object) for binding in bindings}
    powers: dict[int, JsonObject] = {}
    for one in cluster.of("Role", "ClusterRole", groups=_GROUPS):
        powers[id(one)] = role_facts(one) | {"bound": id(one) in bound}
    accounts = [*_accounts(cluster, bindings, powers)]
    facts: JsonObject = {"roles": [*powers.values()], "bindings": [each.facts for each in bindings]}
    facts["workload_accounts"] = [*accounts]
    facts["service_accounts"] = [place(one) for one in cluster.of("ServiceAccount", groups={""})]
    return Found(facts)


def role_facts(one: ClusterObject) -> JsonObject:
    """Return what a role allows that few roles need."""
    rules = mappings(one.value.get("rules"))
    wildcards: list[Json] = []
    secrets: set[str] = set()
    rising: set[str] = set()
    for rule in rules:
        verbs = {verb.lower() for verb in words(rule.get("verbs"))}
        resources = words(rule.get("resources"))
        wildcards += [name for name in _starred(rule, resources) if name not in wildcards]
        if _are_secrets(rule, resources) and not rule.get("resourceNames"):
            secrets |= verbs & _READING
        rising |= verbs & _RISING
    aggregated = bool(mapping(one.value.get("aggregationRule"))) or any(
        key.startswith("rbac.authorization.k8s.io/aggregate-to-") for key in mapping(one.metadata.get("labels"))
    )
    return place(one) | {
        "rules": len(rules),
        "wildcards": wildcards,
        "secrets": [*sorted(secrets)],
        "rising": [*sorted(rising)],
        "aggregated": aggregated,
    }


def _starred(rule: JsonObject, resources: list[str]) -> list[str]:
    """Return where a rule has a star: verbs, resources, apiGroups, nonResourceURLs."""
    found = [name for name in ("verbs", "apiGroups", "nonResourceURLs") if "*" in words(rule.get(name))]
    if any(name == "*" or name.startswith("*/") for name in resources):
        found.append("resources")
    return found


def _are_secrets(rule: JsonObject, resources: list[str]) -> bool:
    groups = words(rule.get("apiGroups"))
    return bool({"secrets", "*"}.intersection(resources)) and bool({"", "*"}.intersection(groups))


def _binding(one: ClusterObject, cluster: Cluster) -> _Binding:
    reference = mapping(one.value.get("roleRef"))
    kind, name = text(reference.get("kind")) or "", text(reference.get("name")) or ""
    role = _role_of(one, kind, name, cluster)
    subjects = mappings(one.value.get("subjects"))
    named: list[Json] = [_subject(each, one) for each in subjects[:_MOST]]
    everybody = _EVERYBODY & {text(each.get("name")) or "" for each in subjects}
    accounts = tuple(account for each in subjects if (account := _account_of(each, one, cluster)) is not None)
    facts = place(one) | {
        "role": shown(f"{kind}/{name}"),
        "subjects": named,
        "cluster_admin": kind == "ClusterRole" and name == "cluster-admin",
        "everybody": [*sorted(everybody)],
        "default_account": any(name == "default" for _namespace, name in accounts),
        "everywhere": one.kind == "ClusterRoleBinding",
        "role_found": role is not None or (kind == "ClusterRole" and _is_built_in(name)),
    }
    return _Binding(one, shown(f"{kind}/{name}"), role, accounts, facts)


def _account_of(subject: JsonObject, one: ClusterObject, cluster: Cluster) -> tuple[str, str] | None:
    """Return the namespace and name of the service accounts that a subject means, "*" for all of them."""
    named = text(subject.get("name")) or ""
    if subject.get("kind") == "ServiceAccount":
        return text(subject.get("namespace")) or cluster.namespace_of(one), named
    if subject.get("kind") != "Group":
        return None
    if named in ("system:serviceaccounts", "system:authenticated"):
        return "*", "*"
    namespace = named.removeprefix("system:serviceaccounts:")
    return (namespace, "*") if namespace != named else None


def _role_of(one: ClusterObject, kind: str, name: str, cluster: Cluster) -> ClusterObject | None:
    """Return the role that a binding names: a ClusterRole lies in no namespace, whatever its manifest says."""
    if kind == "Role":
        return cluster.named(one, "Role", name)
    return cluster.named(one, "ClusterRole", name, "") or cluster.named(one, "ClusterRole", name)


def _is_built_in(name: str) -> bool:
    """Whether every cluster has a ClusterRole of this name."""
    return name in ("cluster-admin", "admin", "edit", "view") or name.startswith("system:")


def _subject(subject: JsonObject, one: ClusterObject) -> str:
    name = text(subject.get("name")) or ""
    namespace = text(subject.get("namespace")) or (one.namespace if subject.get("kind") == "ServiceAccount" else None)
    return shown(f"{text(subject.get('kind')) or 'subject'} {f'{namespace}/{name}' if namespace else name}")


def _accounts(cluster: Cluster, bindings: list[_Binding], powers: dict[int, JsonObject]) -> list[JsonObject]:
    """Return the service account of each selected workload: whether it is here, and which roles it has."""
    having: defaultdict[tuple[str, str], list[_Binding]] = defaultdict(list)
    for binding in bindings:
        for account in dict.fromkeys(binding.accounts):
            having[account].append(binding)
    return [_account(workload, cluster, having, powers) for workload in cluster.selected]


def _account(
    workload: Workload,
    cluster: Cluster,
    having: dict[tuple[str, str], list[_Binding]],
    powers: dict[int, JsonObject],
) -> JsonObject:
    one = workload.source_object
    name = text(workload.pod.get("serviceAccountName")) or text(workload.pod.get("serviceAccount")) or "default"
    # The API server makes the account `default` of each namespace.
    found = name == "default" or cluster.named(one, "ServiceAccount", name) is not None
    lies = cluster.namespace_of(one)
    own = [each for key in ((lies, name), (lies, "*"), ("*", "*")) for each in having.get(key, ())]
    roles: list[Json] = [each.role for each in own[:_MOST]]
    held = [powers[id(each.object)] for each in own if id(each.object) in powers]
    return place(one) | {
        "account": shown(name),
        "found": found,
        "roles": roles,
        "cluster_admin": any(each.facts["cluster_admin"] is True for each in own),
        "wildcards": any(each["wildcards"] for each in held),
        "reads_secrets": any(each["secrets"] for each in held),
    }
