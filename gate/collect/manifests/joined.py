"""The objects of plain files, charts and kustomizations put together: each once, with where it came from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gate.collect.disk import printable
from gate.collect.helm.charts import folder_of
from gate.collect.helm.renderings import ChartResult, Renderings, renderings_of
from gate.collect.kustomize.builds import Builds, builds_of
from gate.collect.manifests.cluster_object import ClusterObject, Objects, plain_objects
from gate.collect.manifests.manifests import Manifests, manifests_of
from gate.collect.manifests.sorts import Sort
from gate.model.evidence import Gap

if TYPE_CHECKING:
    from gate.collect.collector import Context

_PARTS = frozenset({"templates", "charts", "crds", "ci", "files", "values"})
"""The folders of a chart at the root of a repository that are the chart's; the rest need not be."""


def joined_objects(context: Context) -> Objects:
    """Return all objects of the tree: of plain files, rendered charts and built kustomizations, in this order.

    Files of a chart are no plain files, nor are the resources of a kustomization that was built, nor patches. An
    object that is equal to another counts once, where it was met first.
    """
    manifests = manifests_of(context)
    renderings = renderings_of(context)
    builds = builds_of(context)
    plain = _plain(manifests, builds)
    found = [
        *plain.found,
        *(one for result in _deployed(renderings.results) for one in _rendered(result)),
        *(one for root in builds.results for one in root.objects or ()),
    ]
    once, twice = _once(found)
    gaps = (*plain.gaps, *_chart_gaps(renderings), *_build_gaps(builds))
    return Objects(once, gaps, twice, builds.patches)


def _plain(manifests: Manifests, builds: Builds) -> Objects:
    left_out = builds.patches | builds.resources
    charts = frozenset(manifests.charts)

    def counts(path: str) -> bool:
        return path not in left_out and not _is_in_chart(path, charts)

    documents = [one for one in manifests.documents(Sort.KUBERNETES, twins=True) if counts(one.path)]
    unread = [one for one in manifests.bad(Sort.KUBERNETES) if counts(one.path)]
    # What is left out may be the file whose twin was: here each file stands for itself, and equal objects count once.
    alone = [replace(one, twin_of=None) for one in documents]
    return plain_objects(Manifests(alone, unread, _by_sort={Sort.KUBERNETES: alone}))


def _is_in_chart(path: str, charts: frozenset[str]) -> bool:
    folder = folder_of(path)
    while folder:
        if folder in charts:
            return True
        folder = folder_of(folder)
    return "" in charts and path.partition("/")[0] in _PARTS


def _deployed(results: Sequence[ChartResult]) -> Iterable[ChartResult]:
    """Yield the charts but those that another brings along: their objects are the other's, with its values."""
    brought = {
        one.sibling
        for result in results
        if result.is_rendered
        for one in result.chart.dependencies
        if one.sibling is not None and one.vendored is None
    }
    return (result for result in results if result.chart.folder not in brought)


def _rendered(result: ChartResult) -> Iterable[ClusterObject]:
    """Yield the objects of a chart with its default values, then with each environment's.

    What a chart is tested with (`ci`) is no environment: it counts where nothing else renders.
    """
    real = [one for one in result.sets if one.objects is not None and not result.chart.is_for_tests(one.values)]
    first = result.first
    for one in real or ([first] if first is not None else []):
        yield from one.objects or ()


def _once(found: Sequence[ClusterObject]) -> tuple[list[ClusterObject], int]:
    """Return each object once, and how many were left out because they are equal to another."""
    kept: dict[str, ClusterObject] = {}
    for one in found:
        kept.setdefault(json.dumps(one.value, sort_keys=True, default=str), one)
    return list(kept.values()), len(found) - len(kept)


def _chart_gaps(renderings: Renderings) -> Iterable[Gap]:
    yield from renderings.charts.gaps
    for result in renderings.results:
        chart = result.chart
        if chart.is_library:
            continue
        shown = printable(chart.path)
        if renderings.problem is not None:
            reason = f"this chart is not rendered, and what it makes is not known: {renderings.problem}"
            yield Gap(chart.shown, reason, shown)
        for one in result.sets:
            yield from one.gaps
            if one.reason is not None and not (result.is_rendered or chart.is_for_tests(one.values)):
                with_values = f" with {one.values.name}" if one.values.files else ""
                yield Gap(chart.shown, f"this chart{with_values} {one.reason}", shown)


def _build_gaps(builds: Builds) -> Iterable[Gap]:
    yield from builds.tree.gaps
    yield from (one.gap for one in builds.results if one.gap is not None)
