"""The objects of plain files, charts and kustomizations put together: each once, with where it came from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from gate.collect.disk import printable
from gate.collect.helm.renderings import ChartResult, Renderings, renderings_of
from gate.collect.kustomize.builds import Builds, builds_of
from gate.collect.manifests.cluster_object import ClusterObject, Objects, plain_objects
from gate.collect.manifests.document import Document
from gate.collect.manifests.manifests import Manifests, manifests_of
from gate.collect.manifests.sorts import Sort
from gate.collect.manifests.unmade import is_read_by_helm, not_built, not_rendered
from gate.model.evidence import Gap

if TYPE_CHECKING:
    from gate.collect.collector import Context


def joined_objects(context: Context) -> Objects:
    """Return all objects of the tree: of plain files, rendered charts and built kustomizations, in this order.

    Templates of a chart are no plain files, nor are the resources of a kustomization that was built, nor patches; but
    nothing is left out that stands there whole and that neither helm nor kubectl makes anything of. An object that is
    equal to another counts once, where it was met first.
    """
    manifests = manifests_of(context)
    renderings = renderings_of(context)
    builds = builds_of(context)
    plain, left_out = _plain(manifests, builds)
    found = [
        *plain.found,
        *not_rendered(context.workspace, renderings.results, frozenset(manifests.charts)),
        *not_built(left_out, builds),
        *(one for result in _deployed(renderings.results) for one in _rendered(result)),
        *(one for root in builds.results for one in root.objects or ()),
    ]
    once, twice = _once(found)
    gaps = (*plain.gaps, *_chart_gaps(renderings), *_build_gaps(builds))
    return Objects(once, gaps, twice, builds.patches)


def _plain(manifests: Manifests, builds: Builds) -> tuple[Objects, list[Document]]:
    """Return the objects of plain files, and the documents of resources and patches of kustomizations."""
    of_kustomizations = builds.patches | builds.resources
    charts = frozenset(manifests.charts)

    def counts(path: str) -> bool:
        return path not in of_kustomizations and not is_read_by_helm(path, charts)

    every = manifests.documents(Sort.KUBERNETES, twins=True)
    unread = [one for one in manifests.bad(Sort.KUBERNETES) if counts(one.path)]
    # What is left out may be the file whose twin was: here each file stands for itself, and equal objects count once.
    alone = [replace(one, twin_of=None) for one in every if counts(one.path)]
    objects = plain_objects(Manifests(alone, unread, _by_sort={Sort.KUBERNETES: alone}))
    return objects, [one for one in every if one.path in of_kustomizations]


def _deployed(results: Sequence[ChartResult]) -> Iterable[ChartResult]:
    """Yield the charts but those that another brings along: their objects are the other's, with its values.

    A chart that another names and switches off is brought along by nobody.
    """
    brought = {
        one.sibling
        for result in results
        if result.is_rendered
        for one in result.chart.dependencies
        if one.sibling is not None and one.vendored is None and _makes_any(result, one.sibling)
    }
    return (result for result in results if result.chart.folder not in brought)


def _makes_any(result: ChartResult, folder: str) -> bool:
    """Whether any of what a chart renders to comes from the chart in this folder."""
    start = f"{folder}/" if folder else ""
    return any(one.path.startswith(start) for each in result.sets for one in each.objects or ())


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
    kept: list[ClusterObject] = []
    first: dict[_Name, ClusterObject] = {}
    written: dict[_Name, set[str]] = {}
    for one in found:
        name = (one.api_version, one.kind, one.name, one.namespace)
        if name not in first:
            first[name] = one
        else:
            # Only namesakes can be equal, and most objects have none: their words need not be compared.
            known = written.setdefault(name, {_written(first[name])})
            text = _written(one)
            if text in known:
                continue
            known.add(text)
        kept.append(one)
    return kept, len(found) - len(kept)


_Name: TypeAlias = tuple[str, str, str, str | None]


def _written(one: ClusterObject) -> str:
    return json.dumps(one.value, sort_keys=True, default=str)


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
