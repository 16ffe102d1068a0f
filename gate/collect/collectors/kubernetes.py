"""`kubernetes`: the objects of a cluster that the tree holds, and what they say of its workloads.

Request: `workloads {names, namespaces, kinds, paths, labels, exclude}` says which workloads criteria are about, `files`
and `exclude` (globs on paths) whose objects count at all. Objects stand in plain files, or come out of charts and
kustomizations (`gate.collect.manifests.objects`). The parts of the facts are in `gate.collect.kubernetes.parts`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from gate.collect.collector import Context
from gate.collect.kubernetes.cluster import Cluster
from gate.collect.kubernetes.parts import PARTS
from gate.collect.kubernetes.selection import in_scope
from gate.collect.manifests import Manifests, Sort, manifests_of
from gate.collect.manifests.objects import Objects, objects_of
from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Source, Unreadable
from gate.model.finding import Finding
from gate.model.json import JsonObject

_LOOKED_FOR = "no file here holds an object of Kubernetes (`apiVersion` and `kind`)"
_MOST_SOURCES = 2000


class KubernetesCollector:
    """Reads what manifests say; nothing is run, and no cluster is asked."""

    kind = "kubernetes"

    def collect(self, context: Context) -> Evidence:
        """Return the facts of all objects in scope."""
        manifests, objects = manifests_of(context), objects_of(context)
        gaps = tuple(gap for gap in objects.gaps if gap.path is None or in_scope(context.request, gap.path))
        chosen = [one for one in objects.found if in_scope(context.request, one.path)]
        if not chosen:
            return _nothing(self.kind, objects, gaps)
        kustomized = {posixpath.dirname(one.path) for one in manifests.documents(Sort.KUSTOMIZATION)}
        cluster = Cluster(chosen, context.request, kustomized)
        facts = _read(manifests, context.request)
        findings: list[Finding] = []
        for part in PARTS:
            found = part(cluster)
            facts |= found.facts
            gaps += found.gaps
            findings += found.findings
        sources = _sources(manifests, {one.path for one in chosen})
        return Collected(self.kind, facts, sources, gaps, tuple(findings))


def _nothing(kind: str, objects: Objects, gaps: tuple[Gap, ...]) -> Evidence:
    if objects.found:
        reason = "evidence › kubernetes › files and exclude leave no object over; mend them in the policy"
        return Missing(kind, reason, gaps=gaps)
    if gaps:
        first = gaps[0]
        more = f", and {len(gaps) - 1:,} more" if len(gaps) > 1 else ""
        return Unreadable(
            kind, f"what may hold objects could not be read: {first.subject}: {first.reason}{more}", (), gaps
        )
    return Missing(kind, _LOOKED_FOR, not_applicable=True)


def _read(manifests: Manifests, request: JsonObject) -> JsonObject:
    """Return how many documents were read as objects, and how many could not be read and may be some."""
    documents = [one for one in manifests.documents(Sort.KUBERNETES) if in_scope(request, one.path)]
    bad = [one for one in manifests.bad(Sort.KUBERNETES) if in_scope(request, one.path)]
    return {"documents": len(documents), "parse_failures": len(bad)}


def _sources(manifests: Manifests, paths: Iterable[str]) -> tuple[Source, ...]:
    hashes = {one.path: one.sha256 for one in manifests.documents(Sort.KUBERNETES, twins=True)}
    every = sorted(set(paths))
    if len(every) > _MOST_SOURCES:
        return (Source(How.PRODUCED, detail=f"{len(every):,} files"),)
    return tuple(Source(How.PRODUCED, path, hashes.get(path)) for path in every)
