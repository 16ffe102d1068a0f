"""Where what a chart was rendered to stands in the tree."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from gate.collect.disk import printable
from gate.collect.helm.charts import Chart, ValuesSet
from gate.collect.helm.copies import ROOT, ChartCopy
from gate.collect.manifests.cluster_object import ClusterObject, Origin, cluster_object, items_of, mapping, text
from gate.collect.readers.helm_rendered import Rendered
from gate.formats.located_yaml import Located
from gate.model.evidence import Gap

_KIND = re.compile(rb"^kind:[ \t]*[\"']?([A-Za-z]\w*)[\"']?[ \t]*(?:#.*)?\r?$", re.MULTILINE)
_TEST = re.compile(r"(?:^|[,\s])test(?:-success|-failure)?(?:$|[,\s])")


@dataclass(frozen=True, slots=True)
class Placed:
    """The objects of a rendering; `tests` are those that only `helm test` makes, which are left out."""

    objects: tuple[ClusterObject, ...]
    tests: int
    gaps: tuple[Gap, ...]


def place_objects(chart: Chart, copy: ChartCopy, values: ValuesSet, rendered: Rendered) -> Placed:
    """Return the objects of a rendering with the template, and where it can be told the line, of each."""
    places = _Places(chart, copy)
    source = source_of(chart, values)
    objects: list[ClusterObject] = []
    gaps: list[Gap] = []
    tests = 0
    for document in rendered.documents:
        path = places.path(document.template)
        for value in items_of(document.value):
            if is_test(value):
                tests += 1
                continue
            line = places.line(path, text(value.get("kind")) or "")
            one = cluster_object(value, path, line, Origin.CHART, source)
            if one is not None:
                objects.append(one)
            elif value.get("kind"):
                gaps.append(_gap(path, f"renders a {text(value.get('kind'))} without a name, with {values.name}"))
    gaps += [
        _gap(places.path(one.template), f"renders to what cannot be read, with {values.name}: {one.reason}")
        for one in rendered.unread
    ]
    return Placed(tuple(objects), tests, tuple(gaps))


def source_of(chart: Chart, values: ValuesSet) -> str:
    """Return what a sentence calls where the objects come from: "charts/web with charts/web/values-prod.yaml"."""
    return f"{chart.shown} with {values.name}" if values.files else chart.shown


def is_test(value: Located) -> bool:
    """Whether only `helm test` makes an object."""
    hooks = mapping(mapping(value.get("metadata")).get("annotations")).get("helm.sh/hook")
    return isinstance(hooks, str) and _TEST.search(hooks) is not None


def _gap(path: str, reason: str) -> Gap:
    shown = printable(path)
    return Gap(shown, reason, shown)


class _Places:
    """Where templates lie. helm names them by the names of charts, which need not be those of their folders."""

    def __init__(self, chart: Chart, copy: ChartCopy) -> None:
        self._chart = chart
        self._copy = copy
        self._folders = dict(_renamed(chart))
        self._kinds: dict[str, Counter[str]] = {}
        self._lines: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._paths: dict[str, str] = {}

    def path(self, template: str) -> str:
        """Return the path of a template in the tree; that of Chart.yaml for one in an archive."""
        if template not in self._paths:
            inner = template.partition("/")[2]
            parts = inner.split("/")
            if parts[0] == "charts" and len(parts) > 1:
                parts[1] = self._folders.get(parts[1], parts[1])
            name = f"{ROOT}/{'/'.join(parts)}"
            found = self._copy.origin(name)
            self._paths[template] = found or self._chart.path
            if found is not None:
                self._look(found, self._copy.files[name])
        return self._paths[template]

    def line(self, path: str, kind: str) -> int:
        """Return the line of the one `kind: KIND` in a template, 1 where there is none or several."""
        if self._kinds.get(path, Counter())[kind] != 1:
            return 1
        return self._lines[path][kind]

    def _look(self, path: str, data: bytes) -> None:
        counts: Counter[str] = Counter()
        line, before = 1, 0
        for found in _KIND.finditer(data):
            line += data.count(b"\n", before, found.start())
            before = found.start()
            kind = found[1].decode()
            counts[kind] += 1
            self._lines[path][kind] = line
        self._kinds[path] = counts


def _renamed(chart: Chart) -> Iterator[tuple[str, str]]:
    """Yield (what helm calls a dependency, the name of its folder)."""
    for one in chart.dependencies:
        folder = one.name if one.vendored is None else one.vendored.rpartition("/")[2]
        yield one.alias or one.name, folder
