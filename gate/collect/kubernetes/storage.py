"""What workloads keep: claims of volumes, and the classes that they come from. Pure.

Source: Kubernetes, "Persistent Volumes" and "Storage Classes": without `reclaimPolicy` a class deletes. Whether volumes
are encrypted is said by parameters of their own for each driver.
"""

from __future__ import annotations

from collections import defaultdict

from gate.collect.kubernetes.cluster import Cluster
from gate.collect.kubernetes.found import Found
from gate.collect.kubernetes.values import amount, flag, known, shown, words
from gate.collect.kubernetes.workloads import Workload, place
from gate.collect.manifests.objects import ClusterObject, mapping, mappings, text
from gate.model.json import Json, JsonObject

_MOST = 50
_DEFAULT = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
_KEYS = (
    "kmskeyid",
    "disk-encryption-kms-key",
    "diskencryptionsetid",
    "csi.storage.k8s.io/node-stage-secret-name",
    "encryptionkmsid",
)
"""Parameters that name a key: with one of them a volume is encrypted."""


def storage_part(cluster: Cluster) -> Found:
    """Return the claims with their sizes in bytes and who uses them, and the classes."""
    classes = cluster.of("StorageClass", groups={"storage.k8s.io"})
    default = sorted({one.name for one in classes if _is_default(one)})
    users = _users(cluster)
    claims: list[Json] = [
        place(one) | _claim(one.spec, default) | {"used_by": [*users.get(id(one), [])[:_MOST]], "template": False}
        for one in cluster.of("PersistentVolumeClaim", groups={""})
    ]
    for workload in cluster.selected:
        claims += _templates(workload, default)
    return Found({"claims": claims, "storage_classes": [_class(one) for one in classes]})


def _users(cluster: Cluster) -> dict[int, list[str]]:
    """Return the workloads that use each claim (its identity)."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for workload in cluster.workloads:
        for volume in mappings(workload.pod.get("volumes")):
            name = text(mapping(volume.get("persistentVolumeClaim")).get("claimName"))
            claim = cluster.named(workload.source_object, "PersistentVolumeClaim", name) if name else None
            if claim is not None:
                found[id(claim)].append(shown(f"{workload.kind} {workload.name}"))
    return found


def _templates(workload: Workload, default: list[str]) -> list[JsonObject]:
    """Return the claims that a workload makes for each of its pods."""
    written = [(each, mapping(each.get("spec"))) for each in mappings(workload.spec.get("volumeClaimTemplates"))]
    for volume in mappings(workload.pod.get("volumes")):
        template = mapping(mapping(volume.get("ephemeral")).get("volumeClaimTemplate"))
        if template:
            written.append((template, mapping(template.get("spec"))))
    user: list[Json] = [shown(f"{workload.kind} {workload.name}")]
    return [
        place(workload.source_object) | _claim(spec, default) | {"used_by": user, "template": True}
        for _template, spec in written
    ]


def _claim(spec: JsonObject, default: list[str]) -> JsonObject:
    """Return size, class and access modes. `class` is left out where nothing says which, here at least."""
    size = amount(mapping(mapping(spec.get("resources")).get("requests")).get("storage"))
    named = text(spec.get("storageClassName"))
    class_ = named if named is not None else (default[0] if len(default) == 1 else None)
    modes: list[Json] = [*words(spec.get("accessModes"))[:10]]
    return {"access_modes": modes} | known(size=size, **{"class": shown(class_) if class_ else None})


def _class(one: ClusterObject) -> JsonObject:
    value = one.value
    facts = place(one) | {
        "provisioner": shown(text(value.get("provisioner")) or ""),
        "reclaim_policy": shown(text(value.get("reclaimPolicy")) or "Delete"),
        "expansion": flag(value.get("allowVolumeExpansion")) is True,
        "default": _is_default(one),
    }
    return facts | known(encrypted=_encrypted(mapping(value.get("parameters"))))


def _is_default(one: ClusterObject) -> bool:
    annotations = mapping(one.metadata.get("annotations"))
    return any(text(annotations.get(name)) == "true" for name in _DEFAULT)


def _encrypted(parameters: JsonObject) -> bool | None:
    """Return whether volumes are encrypted, None where the class does not say."""
    plain = {key.lower(): value for key, value in parameters.items()}
    said = text(plain.get("encrypted")) or flag(plain.get("encrypted"))
    if said is not None:
        return str(said).lower() == "true"
    return True if any(text(plain.get(key)) for key in _KEYS) else None
