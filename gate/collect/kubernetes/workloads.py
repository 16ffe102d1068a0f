"""The workloads among the objects, and what only looks like one. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from gate.collect.kubernetes.selectors import Selector, label_selector, map_selector
from gate.collect.kubernetes.values import labels_of
from gate.collect.manifests.objects import ClusterObject, mapping, mappings, text
from gate.model.evidence import Gap
from gate.model.json import Json, JsonObject

_APPS = frozenset({"apps", "extensions", ""})
"""The groups of Deployment and its kin; `v1` is a slip that the API server refuses, and no other kind of thing."""
_KINDS: dict[str, frozenset[str]] = {
    "Deployment": _APPS,
    "StatefulSet": _APPS,
    "DaemonSet": _APPS,
    "ReplicaSet": _APPS,
    "ReplicationController": frozenset({""}),
    "Pod": frozenset({""}),
    "Job": frozenset({"batch"}),
    "CronJob": frozenset({"batch"}),
    "DeploymentConfig": frozenset({"apps.openshift.io", ""}),
    "Rollout": frozenset({"argoproj.io"}),
    "Service": frozenset({"serving.knative.dev"}),
}
"""Kinds of workloads, and the API groups that have them."""
REPLICATED = frozenset(
    {"Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "Rollout", "DeploymentConfig"}
)
"""Kinds with a number of replicas."""
_FINITE = frozenset({"Job", "CronJob"})
_SELECTING = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Rollout"})
"""Kinds that the API server does not take without a selector (apps/v1)."""
_MAKERS: dict[str, tuple[str, ...]] = {
    "Pod": ("ReplicaSet", "StatefulSet", "DaemonSet", "Job", "ReplicationController"),
    "ReplicaSet": ("Deployment", "Rollout"),
    "ReplicationController": ("DeploymentConfig",),
    "Job": ("CronJob",),
}
"""Kinds that controllers make, and for which; none of them can own itself in a circle."""
_PATCHES = re.compile(r"(?:^|[/_.-])(?:patch|patches|patched|overlay|overlays)(?:[/_.-]|$)", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Workload:
    """Something that runs pods.

    `pod` is the spec of its pods, `pod_labels` and `annotations` those of the pods; `selector` is None where it has
    none. Two workloads are the same only if they are one object.
    """

    source_object: ClusterObject
    pod: JsonObject
    pod_labels: Mapping[str, str]
    annotations: Mapping[str, str]
    selector: Selector | None
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Deployment, StatefulSet, …"""
        return self.source_object.kind

    @property
    def name(self) -> str:
        """Its name."""
        return self.source_object.name

    @property
    def namespace(self) -> str | None:
        """Its namespace, None where the manifest names none."""
        return self.source_object.namespace

    @property
    def path(self) -> str:
        """The file that it is in."""
        return self.source_object.path

    @property
    def line(self) -> int:
        """The line there."""
        return self.source_object.line

    @property
    def spec(self) -> JsonObject:
        """Its own spec."""
        return self.source_object.spec

    @property
    def replicated(self) -> bool:
        """Whether it has a number of replicas."""
        return self.kind in REPLICATED

    @property
    def long_running(self) -> bool:
        """Whether it runs for as long as it is there: no Job, no CronJob, no pod that ends by itself."""
        if self.kind == "Pod":
            return text(self.pod.get("restartPolicy")) in (None, "Always")
        return self.kind not in _FINITE

    @property
    def selects_itself(self) -> bool | None:
        """Whether its selector chooses its own pods; None for kinds that need none."""
        if self.selector is None:
            return False if self.kind in _SELECTING else None
        return self.selector.chooses(self.pod_labels) and not self.selector.is_empty


@dataclass(frozen=True, slots=True)
class Partial:
    """An object of a workload's kind that is none: a patch, or half of one. `reason` says what it does not have."""

    source_object: ClusterObject
    reason: str
    patch: bool

    def facts(self) -> JsonObject:
        """What it is, where it is and why it is not judged."""
        return place(self.source_object) | {"reason": self.reason, "patch": self.patch}

    def gap(self) -> Gap:
        """It as a gap."""
        one = self.source_object
        return Gap(one.path, f"{one.kind} {one.name} {self.reason}, so no cluster takes it", one.path, one.line)


def is_workload_kind(one: ClusterObject) -> bool:
    """Whether an object is of a kind that runs pods."""
    return one.group in _KINDS.get(one.kind, ())


def _owner(one: ClusterObject, uids: Mapping[str, ClusterObject]) -> ClusterObject | None:
    """Return the object of this tree that a controller has made another for, as in what `kubectl get` puts out.

    A reference to what is not here, or to what makes no such objects, is nobody's word: anybody can write one.
    """
    for reference in mappings(one.metadata.get("ownerReferences")):
        owner = uids.get(text(reference.get("uid")) or "")
        if owner is not None and owner.kind in _MAKERS.get(one.kind, ()):
            return owner
    return None


def workloads_of(
    objects: Sequence[ClusterObject], kustomized: Collection[str] = ()
) -> tuple[list[Workload], list[Partial]]:
    """Return the workloads, and what only looks like one. `kustomized` are the folders with a kustomization."""
    found: list[Workload] = []
    partial: list[Partial] = []
    runs = [one for one in objects if is_workload_kind(one)]
    uids = {uid: one for one in runs if (uid := text(one.metadata.get("uid")))}
    for one in runs:
        owner = _owner(one, uids)
        if owner is not None:
            partial.append(Partial(one, f"belongs to {owner.kind} {owner.name}", patch=True))
            continue
        workload = read_workload(one)
        patch = _is_among_patches(one.path, kustomized)
        lacking = lacks(workload, patch=patch)
        if lacking and not patch and "workloadRef" not in one.spec:
            # Nothing makes a change of it: it is a workload that is written wrong, and is judged for what it has.
            found.append(workload)
        if lacking:
            partial.append(Partial(one, lacking, patch or "workloadRef" in one.spec))
        else:
            found.append(workload)
    return found, partial


def read_workload(one: ClusterObject) -> Workload:
    """Return an object of a workload's kind as one."""
    template = _template(one)
    metadata = mapping(template.get("metadata"))
    pod_labels = labels_of(metadata.get("labels"))
    return Workload(
        source_object=one,
        pod=mapping(template.get("spec")),
        pod_labels=pod_labels,
        annotations=labels_of(metadata.get("annotations")),
        selector=_selector(one, pod_labels),
        labels=labels_of(one.metadata.get("labels")),
    )


def lacks(workload: Workload, *, patch: bool) -> str:
    """Return what an object does not have and a workload does, "" for nothing.

    Patches do not repeat selectors and rarely images. Elsewhere an object that lacks but one of both is a workload that
    is written wrong, and is judged as one.
    """
    containers = mappings(workload.pod.get("containers"))
    if not containers:
        return "has no containers"
    selects = workload.selector is not None or workload.kind not in _SELECTING
    imaged = all(text(container.get("image")) for container in containers)
    if not imaged and (patch or not selects):
        return "has a container without an image"
    return "has no selector" if patch and not selects else ""


def place(one: ClusterObject) -> JsonObject:
    """Return which object it is and where: kind, name, namespace where it has one, path, line."""
    named: JsonObject = {"kind": one.kind, "name": one.name}
    if one.namespace is not None:
        named["namespace"] = one.namespace
    return named | {"path": one.path, "line": one.line}


def _template(one: ClusterObject) -> JsonObject:
    if one.kind == "Pod":
        return {"metadata": one.value.get("metadata"), "spec": one.value.get("spec")}
    spec = one.spec
    if one.kind == "CronJob":
        spec = mapping(mapping(spec.get("jobTemplate")).get("spec"))
    return mapping(spec.get("template"))


def _selector(one: ClusterObject, pod_labels: Mapping[str, str]) -> Selector | None:
    value: Json = one.spec.get("selector")
    if one.kind in ("ReplicationController", "DeploymentConfig"):
        return map_selector(value or dict(pod_labels))
    if one.group == "extensions" and value is None:
        return map_selector(dict(pod_labels))  # extensions/v1beta1 takes the labels of the pods
    return label_selector(value) if one.kind in _SELECTING else None


def _is_among_patches(path: str, kustomized: Collection[str]) -> bool:
    if _PATCHES.search(path):
        return True
    folder = posixpath.dirname(path)
    while True:
        if folder in kustomized:
            return True
        if not folder:
            return False
        folder = posixpath.dirname(folder)
