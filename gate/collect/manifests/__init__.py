"""What lies in the tree as manifests: read once, told apart by content, shared by the collectors."""

from gate.collect.manifests.document import BadDocument, Document, Fragment
from gate.collect.manifests.manifests import Manifests, manifests_of, read_manifests
from gate.collect.manifests.sorts import Sort

__all__ = ["BadDocument", "Document", "Fragment", "Manifests", "Sort", "manifests_of", "read_manifests"]
