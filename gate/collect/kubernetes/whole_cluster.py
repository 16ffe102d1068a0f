"""The parts that are about the whole cluster and not about one workload. Pure but for the schemas' files."""

from __future__ import annotations

from gate.collect.kubernetes.backups import backups_of
from gate.collect.kubernetes.cluster import Cluster
from gate.collect.kubernetes.entries import entries_part
from gate.collect.kubernetes.found import Found, Part
from gate.collect.kubernetes.mesh import mesh_part
from gate.collect.kubernetes.namespaces import namespaces_here
from gate.collect.kubernetes.rbac import rbac_part
from gate.collect.kubernetes.secret_objects import secrets_part
from gate.collect.kubernetes.storage import storage_part
from gate.collect.kubernetes.validity import validity_part


def namespace_part(cluster: Cluster) -> Found:
    """Return the namespaces, and what backs up them or anything else."""
    backups = backups_of(cluster)
    return Found(
        {
            "cluster_namespaces": [*namespaces_here(cluster, backups)],
            "backups": [*backups.schedules],
            "backup_locations": [*backups.locations],
        }
    )


CLUSTER_PARTS: tuple[Part, ...] = (
    validity_part,
    rbac_part,
    namespace_part,
    storage_part,
    entries_part,
    secrets_part,
    mesh_part,
)
