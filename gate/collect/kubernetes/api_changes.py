"""APIs that a version of Kubernetes does not have any more, or not yet. Pure, but for the files of the package.

Source: Kubernetes, "Deprecated API Migration Guide", for what went before the oldest version whose schemas ship. The
versions that ship say the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gate.collect.kubernetes.api_schemas import Api, apis_by_kind, has_api, shown_version, versions


class Standing(StrEnum):
    """What a version of Kubernetes knows of an API."""

    SERVED = "served"
    DEPRECATED = "deprecated"
    """served, and gone in a later version"""
    REMOVED = "removed"
    NOT_YET = "not_yet"
    NEVER = "never"
    """of a group of Kubernetes' own, and in no version of it"""
    CUSTOM = "custom"
    """of somebody else's group: what a CustomResourceDefinition brings"""


@dataclass(frozen=True, slots=True)
class Fate:
    """Where an API stands in a version. `since` is the version that took it away or brings it; `instead` what to use"""

    standing: Standing
    since: str | None = None
    instead: str | None = None


_APPS = {"Deployment": "1.16", "StatefulSet": "1.16", "ReplicaSet": "1.16", "DaemonSet": "1.16"}
_GONE: dict[tuple[str, str], dict[str, str]] = {
    ("extensions", "v1beta1"): {
        "Deployment": "1.16",
        "DaemonSet": "1.16",
        "ReplicaSet": "1.16",
        "NetworkPolicy": "1.16",
        "PodSecurityPolicy": "1.16",
        "Ingress": "1.22",
    },
    ("apps", "v1beta1"): _APPS,
    ("apps", "v1beta2"): _APPS,
    ("networking.k8s.io", "v1beta1"): {"Ingress": "1.22", "IngressClass": "1.22"},
    ("rbac.authorization.k8s.io", "v1beta1"): dict.fromkeys(
        ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"), "1.22"
    ),
    ("rbac.authorization.k8s.io", "v1alpha1"): dict.fromkeys(
        ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"), "1.22"
    ),
    ("scheduling.k8s.io", "v1beta1"): {"PriorityClass": "1.22"},
    ("storage.k8s.io", "v1beta1"): {
        "CSIDriver": "1.22",
        "CSINode": "1.22",
        "StorageClass": "1.22",
        "VolumeAttachment": "1.22",
    },
    ("admissionregistration.k8s.io", "v1beta1"): {
        "MutatingWebhookConfiguration": "1.22",
        "ValidatingWebhookConfiguration": "1.22",
    },
    ("apiextensions.k8s.io", "v1beta1"): {"CustomResourceDefinition": "1.22"},
    ("apiregistration.k8s.io", "v1beta1"): {"APIService": "1.22"},
    ("certificates.k8s.io", "v1beta1"): {"CertificateSigningRequest": "1.22"},
    ("coordination.k8s.io", "v1beta1"): {"Lease": "1.22"},
    ("authentication.k8s.io", "v1beta1"): {"TokenReview": "1.22"},
    ("policy", "v1beta1"): {"PodDisruptionBudget": "1.25", "PodSecurityPolicy": "1.25"},
    ("batch", "v1beta1"): {"CronJob": "1.25"},
    ("batch", "v2alpha1"): {"CronJob": "1.21"},
    ("autoscaling", "v2beta1"): {"HorizontalPodAutoscaler": "1.25"},
    ("discovery.k8s.io", "v1beta1"): {"EndpointSlice": "1.25"},
    ("events.k8s.io", "v1beta1"): {"Event": "1.25"},
    ("node.k8s.io", "v1beta1"): {"RuntimeClass": "1.25"},
}


def fate_of(api: Api, version: tuple[int, int], *, own: bool) -> Fate:
    """Return where an API stands in a version. `own`: whether its group is one of Kubernetes itself."""
    if not own:
        return Fate(Standing.CUSTOM)
    if has_api(version, api):
        gone = next((each for each in versions() if each > version and not has_api(each, api)), None)
        if gone is None:
            return Fate(Standing.SERVED)
        return Fate(Standing.DEPRECATED, shown_version(gone), instead_of(api, gone))
    having = [each for each in versions() if has_api(each, api)]
    if having and having[-1] < version:
        gone = next(each for each in versions() if each > having[-1])
        return Fate(Standing.REMOVED, shown_version(gone), instead_of(api, version))
    if having:
        return Fate(Standing.NOT_YET, shown_version(next(each for each in having if each > version)))
    before = _GONE.get((api.group, api.version), {}).get(api.kind)
    if before is not None:
        return Fate(Standing.REMOVED, before, instead_of(api, version))
    return Fate(Standing.NEVER, None, instead_of(api, version))


def instead_of(api: Api, version: tuple[int, int]) -> str | None:
    """Return the newest apiVersion under which a version has the kind, None where it has it under none."""
    found = [name.split("-")[1:] for name in apis_by_kind(version).get(api.kind.lower(), ())]
    stable = [parts for parts in found if "alpha" not in parts[-1] and "beta" not in parts[-1]] or found
    for parts in reversed(stable):
        for group in _groups(parts[0] if len(parts) == 2 else ""):
            if has_api(version, Api(group, parts[-1], api.kind)):
                return f"{group}/{parts[-1]}" if group else parts[-1]
    return None


def _groups(first: str) -> tuple[str, ...]:
    """Return the groups that the first word of a group in a file's name may stand for."""
    if not first:
        return ("",)
    return (first, f"{first}.k8s.io", f"{first}.authorization.k8s.io", f"{first}.apiserver.k8s.io")
