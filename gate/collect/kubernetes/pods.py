"""What holds for the pods of a workload as a whole: where they run, as whom, with what of the host. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from gate.collect.kubernetes.cluster import Cluster
from gate.collect.kubernetes.selectors import label_selector
from gate.collect.kubernetes.values import count, flag, known, shown, words
from gate.collect.kubernetes.workloads import Workload
from gate.collect.manifests.objects import mapping, mappings, text
from gate.model.json import Json, JsonObject

ZONES = frozenset({"topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"})
HOSTS = frozenset({"kubernetes.io/hostname", "beta.kubernetes.io/hostname"})
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def pod_facts(workload: Workload, cluster: Cluster) -> JsonObject:
    """Return the facts of the pods. What the manifest does not say and has no default is left out."""
    pod = workload.pod
    account = text(pod.get("serviceAccountName")) or text(pod.get("serviceAccount")) or "default"
    paths: list[Json] = [
        shown(text(mapping(volume.get("hostPath")).get("path")) or "/")
        for volume in mappings(pod.get("volumes"))
        if "hostPath" in volume
    ]
    facts: JsonObject = {
        "grace_seconds": count(pod.get("terminationGracePeriodSeconds"), 30),
        "grace_written": "terminationGracePeriodSeconds" in pod,
        "service_account": shown(account),
        "automount_token": _automounts(workload, account, cluster),
        "host_network": flag(pod.get("hostNetwork")) is True,
        "host_pid": flag(pod.get("hostPID")) is True,
        "host_ipc": flag(pod.get("hostIPC")) is True,
        "host_paths": paths,
        "image_pull_secrets": _pull_secrets(workload, account, cluster),
    }
    return facts | known(priority_class=text(pod.get("priorityClassName")), spread=spread(workload))


def spread(workload: Workload) -> JsonObject | None:
    """Return how the pods are kept apart, None where nothing does.

    A rule counts only if it chooses the workload's own pods. `required` is False where it is but a preference.
    """
    rules = list(_rules(workload))
    if not rules:
        return None
    keys = sorted({key for key, _required, _by in rules})
    return {
        "anti_affinity": any(by == "anti-affinity" for _key, _required, by in rules),
        "constraints": any(by == "constraint" for _key, _required, by in rules),
        "required": any(required for _key, required, _by in rules),
        "topology_keys": [*keys],
        "hosts": bool(HOSTS.intersection(keys)),
        "zones": bool(ZONES.intersection(keys)),
    }


def _rules(workload: Workload) -> Iterator[tuple[str, bool, str]]:
    """Yield (topology key, whether it is required, what by)."""
    affinity = mapping(mapping(workload.pod.get("affinity")).get("podAntiAffinity"))
    terms = [(term, True) for term in mappings(affinity.get(_REQUIRED))]
    terms += [(mapping(term.get("podAffinityTerm")), False) for term in mappings(affinity.get(_PREFERRED))]
    for term, required in terms:
        key = text(term.get("topologyKey"))
        if key and _chooses_own(workload, term):
            yield shown(key), required, "anti-affinity"
    for constraint in mappings(workload.pod.get("topologySpreadConstraints")):
        key = text(constraint.get("topologyKey"))
        if key and _chooses_own(workload, constraint):
            yield shown(key), text(constraint.get("whenUnsatisfiable")) != "ScheduleAnyway", "constraint"


def _chooses_own(workload: Workload, rule: JsonObject) -> bool:
    """Whether a rule is about the workload's own pods: by its labels, and by the namespaces that it names."""
    namespaces = words(rule.get("namespaces"))
    if namespaces and workload.namespace is not None and workload.namespace not in namespaces:
        return False
    selector = label_selector(rule.get("labelSelector"))
    return selector is not None and selector.chooses(workload.pod_labels)


def _automounts(workload: Workload, account: str, cluster: Cluster) -> bool:
    """Whether the pods are given a token: the pod says so, else its service account, else they are."""
    own = flag(workload.pod.get("automountServiceAccountToken"))
    if own is not None:
        return own
    found = cluster.named(workload.source_object, "ServiceAccount", account)
    return found is None or flag(found.value.get("automountServiceAccountToken")) is not False


def _pull_secrets(workload: Workload, account: str, cluster: Cluster) -> list[Json]:
    found = cluster.named(workload.source_object, "ServiceAccount", account)
    own = mappings(workload.pod.get("imagePullSecrets"))
    listed = own or (mappings(found.value.get("imagePullSecrets")) if found else [])
    return [shown(name) for item in listed if (name := text(item.get("name")))]
