"""Objects that stand in files of charts and kustomizations, and that helm and kubectl make nothing of.

A Chart.yaml or a kustomization.yaml says how the files around it are meant, and hides nothing: `kubectl apply` takes
them as they are. What is a whole object as it stands, and is not among what was rendered or built, counts as one of a
plain file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from gate.collect.helm.placed import is_test
from gate.collect.manifests.byte_tests import may_hold
from gate.collect.manifests.cluster_object import ClusterObject, items_of, mapping, mappings, object_of, text
from gate.collect.manifests.document import Document
from gate.collect.manifests.shapes import sort_of
from gate.collect.manifests.sorts import Sort, is_candidate
from gate.collect.workspace import ReadProblem, Workspace
from gate.formats.located_yaml import LIMIT, Located, YamlDocument, read_parts
from gate.model.json import Json, JsonObject

if TYPE_CHECKING:
    from gate.collect.helm.renderings import ChartResult
    from gate.collect.kustomize.builds import Builds

_READ_BY_HELM = frozenset({"templates", "crds"})
_TESTED = frozenset({"Job", "Pod"})
"""Kinds that `helm test` runs."""
_SELECTING = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"})
_WORKLOADS = _SELECTING | _TESTED | {"CronJob", "ReplicationController"}
_MOST_COMPARED = 500


def is_read_by_helm(path: str, charts: frozenset[str]) -> bool:
    """Whether a file lies where helm takes the objects of a chart from: below `templates` or `crds`."""
    parts = path.split("/")[:-1]
    return any(part in _READ_BY_HELM and "/".join(parts[:index]) in charts for index, part in enumerate(parts))


def not_rendered(workspace: Workspace, results: Sequence[ChartResult], charts: frozenset[str]) -> list[ClusterObject]:
    """Return the whole objects in templates of which no object was rendered: of charts that helm renders otherwise.

    Templates proper, with anything in braces, are none. A library has nothing rendered at all.
    """
    found: list[ClusterObject] = []
    for result in results:
        if not (result.is_rendered or result.chart.is_library):
            continue
        known = {one.path for each in result.sets for one in each.objects or ()}
        for path in result.chart.files:
            if path not in known and is_candidate(path) and is_read_by_helm(path, charts):
                found += _whole(workspace, path)
    return found


def not_built(documents: Iterable[Document], builds: Builds) -> list[ClusterObject]:
    """Return the objects of resources and patches that no kustomization has in its build.

    Of patches only workloads that lack nothing: what else stands there may be a part of anything.
    """
    built = [one for result in builds.results for one in result.objects or ()]
    names = _Names(built)
    found = []
    for document in documents:
        is_patch = document.path not in builds.resources
        values = list(items_of(document.value))
        for value in values:
            one = object_of(value, document)
            if one is None or (is_patch and not is_complete(one)):
                continue
            if not (names.of_patch(one) if is_patch else names.of_resource(one, alone=len(values) == 1)):
                found.append(one)
    return found


def is_complete(one: ClusterObject) -> bool:
    """Whether an object is a workload that a cluster takes: it has containers with images, and a selector."""
    if one.kind not in _WORKLOADS or (one.kind in _SELECTING and not one.spec.get("selector")):
        return False
    spec: JsonObject = one.spec
    if one.kind == "CronJob":
        spec = mapping(mapping(spec.get("jobTemplate")).get("spec"))
    pod = spec if one.kind == "Pod" else mapping(mapping(spec.get("template")).get("spec"))
    containers = mappings(pod.get("containers"))
    return bool(containers) and all(text(each.get("image")) for each in containers)


class _Names:
    """What was built, by kind and name, and by the file that it comes from. Builds add to names, at either end."""

    def __init__(self, built: Sequence[ClusterObject]) -> None:
        self._by_kind = _grouped((one.kind, one.name) for one in built)
        self._by_file = _grouped(((one.path, one.kind), one.name) for one in built)

    def of_patch(self, one: ClusterObject) -> bool:
        return _is_among(one.name, self._by_kind.get(one.kind, {}))

    def of_resource(self, one: ClusterObject, *, alone: bool) -> bool:
        names = self._by_file.get((one.path, one.kind), {})
        return bool(names) and (alone or _is_among(one.name, names))


def _is_among(name: str, names: Mapping[str, None]) -> bool:
    return name in names or any(name in each for each, _number in zip(names, range(_MOST_COMPARED), strict=False))


_Key = TypeVar("_Key")


def _grouped(pairs: Iterable[tuple[_Key, str]]) -> dict[_Key, dict[str, None]]:
    found: defaultdict[_Key, dict[str, None]] = defaultdict(dict)
    for key, name in pairs:
        found[key][name] = None
    return dict(found)


def _whole(workspace: Workspace, path: str) -> Iterator[ClusterObject]:
    try:
        content = workspace.read(path, LIMIT)
    except ReadProblem:
        return  # the copy for helm could not be made either, which is a gap of the chart
    if Sort.KUBERNETES not in may_hold(path, content.data):
        return
    for part in read_parts(content.data):
        if not isinstance(part, YamlDocument) or sort_of("", part.value) is not Sort.KUBERNETES:
            continue
        if not isinstance(part.value, Located) or _has_braces(part.value):
            continue
        document = Document(Sort.KUBERNETES, path, part.line, part.index, part.value, content.sha256)
        for value in items_of(part.value):
            one = object_of(value, document)
            if one is not None and not (is_test(value) and one.kind in _TESTED):
                yield one


def _has_braces(value: Json) -> bool:
    """Whether any text in a value is one of a template."""
    waiting: list[Json] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str) and "{{" in one:
            return True
        if isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            waiting += one
    return False
