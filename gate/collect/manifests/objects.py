"""The objects of a cluster that the tree holds: each once, with where it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.collect.manifests.cluster_object import (
    ClusterObject,
    Objects,
    Origin,
    cluster_object,
    items_of,
    mapping,
    mappings,
    object_of,
    plain_objects,
    text,
)
from gate.collect.manifests.joined import joined_objects

if TYPE_CHECKING:
    from gate.collect.collector import Context

__all__ = [
    "ClusterObject",
    "Objects",
    "Origin",
    "cluster_object",
    "items_of",
    "mapping",
    "mappings",
    "object_of",
    "objects_of",
    "plain_objects",
    "text",
]


def objects_of(context: Context) -> Objects:
    """Return the objects of this run, worked out once: of plain files, rendered charts and built kustomizations."""
    return context.once.get("objects", lambda: joined_objects(context))
