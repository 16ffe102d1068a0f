"""The charts of a tree: which folders are charts of their own, what they depend on, which values they have."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.collect.disk import printable
from gate.collect.helm.chart_paths import folder_of, globs_of, is_chosen, resolved, within
from gate.collect.manifests.cluster_object import mapping, mappings, text
from gate.collect.manifests.manifests import Manifests
from gate.collect.manifests.sorts import Sort
from gate.collect.workspace import EntryType, ReadProblem, Workspace
from gate.formats.located_yaml import Located, YamlDocument, line_of, read_parts
from gate.model.evidence import Gap
from gate.model.json import JsonObject

if TYPE_CHECKING:
    from gate.formats.located_yaml import Part

_VALUES = re.compile(r"(?:values[-_.][^/]+|values/[^/]+|ci/[^/]*values)\.ya?ml\Z")
"""Values of an environment, beside values.yaml: values-prod.yaml, values.prod.yaml, values/prod.yaml, and what
chart-testing renders (ci/*-values.yaml)."""
_NO_VALUES = re.compile(r"(?:\A|/)values\.schema\.|[-_.](?:schema|example|sample|tpl)\.ya?ml\Z")
_ARCHIVE = re.compile(r"(.+?)-v?\d+\.[^/]*\.tgz\Z")
"""NAME-VERSION.tgz, as `helm package` names it."""
_LOCAL = "file://"
_MOST_DEPENDENCIES = 500
_MOST_SETS = 50


@dataclass(frozen=True, slots=True)
class Dependency:
    """What a chart depends on. `vendored` is where it lies, None where it does not: then helm would fetch it.

    `sibling` is the folder of a chart of this tree that it names by a `file://` address.
    """

    name: str
    version: str | None
    repository: str
    line: int
    alias: str | None = None
    condition: str = ""
    vendored: str | None = None
    sibling: str | None = None


@dataclass(frozen=True, slots=True)
class ValuesSet:
    """Files of values that go together, on top of the chart's own values.yaml; none for its defaults alone."""

    files: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What a sentence calls it."""
        return ", ".join(map(printable, self.files)) or "its default values"


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart. `folder` is "" at the workspace's root; `files` are all tracked files below it, `links` what is none."""

    folder: str
    path: str
    value: Located
    name: str
    version: str | None
    app_version: str | None
    is_library: bool
    dependencies: tuple[Dependency, ...]
    files: tuple[str, ...]
    sets: tuple[ValuesSet, ...]
    links: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """Its folder, as text for a sentence."""
        return printable(self.folder) or "."

    @property
    def missing(self) -> tuple[Dependency, ...]:
        """What it depends on and does not have."""
        return tuple(one for one in self.dependencies if one.vendored is None and one.sibling is None)

    def inner(self, path: str) -> str:
        """Return a path as seen from the chart's folder."""
        return path[len(self.folder) + 1 :] if self.folder else path

    def is_for_tests(self, values: ValuesSet) -> bool:
        """Whether values are those of chart-testing (`ci`), and of no environment."""
        return bool(values.files) and all(self.inner(path).startswith("ci/") for path in values.files)


@dataclass(frozen=True, slots=True)
class Charts:
    """The charts that are looked at, by folder, with every chart of the tree by its folder, and what is in doubt."""

    chosen: tuple[Chart, ...]
    every: Mapping[str, Chart]
    excluded: int
    gaps: tuple[Gap, ...] = ()


def find_charts(workspace: Workspace, manifests: Manifests, request: JsonObject) -> Charts:
    """Return the charts of a tree. Of what the request holds, `charts`, `exclude` and `values` count."""
    files = workspace.all_files()
    heads = _heads(manifests)
    tree = _Tree(workspace, files, heads)
    every = {folder: tree.chart(folder, head, request) for folder, head in heads.items()}
    siblings = {one.sibling for chart in every.values() for one in chart.dependencies if one.sibling is not None}
    own = [chart for folder, chart in every.items() if _holder(folder, every) is None or folder in siblings]
    wanted, left_out = globs_of(request.get("charts")), globs_of(request.get("exclude"))
    chosen = tuple(chart for chart in own if is_chosen(chart.folder, chart.path, wanted, left_out))
    gaps = [*manifests.gaps(Sort.CHART), *_nameless(manifests, heads), *tree.gaps]
    return Charts(chosen, every, len(own) - len(chosen), tuple(gaps))


def read_mapping(workspace: Workspace, path: str) -> Located | None:
    """Return the first document of a YAML file, None where it cannot be read or is no mapping."""
    try:
        parts: list[Part] = read_parts(workspace.read(path).data)
    except ReadProblem:
        return None
    first = parts[0] if parts else None
    return first.value if isinstance(first, YamlDocument) and isinstance(first.value, Located) else None


def _heads(manifests: Manifests) -> dict[str, tuple[str, Located]]:
    """Return the Chart.yaml of each folder: helm reads the first document of it."""
    heads: dict[str, tuple[str, Located]] = {}
    for document in manifests.documents(Sort.CHART, twins=True):
        heads.setdefault(folder_of(document.path), (document.path, document.value))
    return heads


def _nameless(manifests: Manifests, heads: Mapping[str, object]) -> Iterable[Gap]:
    bad = {one.path for one in manifests.bad(Sort.CHART)}
    for folder in manifests.charts:
        path = within(folder, "Chart.yaml")
        if folder not in heads and path not in bad:
            shown = printable(path)
            yield Gap(shown, "names no chart, so helm does not take it for one", shown)


def _holder(folder: str, every: Mapping[str, object]) -> str | None:
    """Return the folder of the chart in whose `charts` folder another lies, None for a chart of its own."""
    parts = folder.split("/") if folder else []
    for index in range(len(parts) - 1):
        above = "/".join(parts[:index])
        if parts[index] == "charts" and above in every:
            return above
    return None


class _Tree:
    """What is asked of the files of the tree, worked out once."""

    def __init__(self, workspace: Workspace, files: Sequence[str], heads: Mapping[str, tuple[str, Located]]) -> None:
        self._workspace = workspace
        self._heads = heads
        self._below: dict[str, list[str]] = {folder: [] for folder in heads}
        self._vendored: dict[tuple[str, str], str] = {}
        """(folder of the chart, name) → what lies in its `charts` folder: a folder or an archive"""
        self.gaps: list[Gap] = []
        for folder, (_path, value) in heads.items():
            above, name = posixpath.dirname(folder), text(value.get("name")) or ""
            if posixpath.basename(above) == "charts":
                self._vendored[posixpath.dirname(above), name] = folder
        self._links: dict[str, list[str]] = {}
        self._holders: dict[str, tuple[str, ...]] = {"": ("",) if "" in heads else ()}
        """folder → the folders of charts that it lies in; thousands of files share a few hundred folders"""
        for entry in workspace.entries():
            if entry.type is not EntryType.FILE:
                for folder in self._charts_above(entry.path.rpartition("/")[0]):
                    self._links.setdefault(folder, []).append(entry.path)
        for path in files:
            if path.endswith(".tgz") and posixpath.basename(posixpath.dirname(path)) == "charts":
                archive = _ARCHIVE.match(posixpath.basename(path))
                holder = posixpath.dirname(posixpath.dirname(path))
                if archive is not None:
                    self._vendored.setdefault((holder, archive[1]), path)
            for folder in self._charts_above(path.rpartition("/")[0]):
                self._below[folder].append(path)

    def _charts_above(self, folder: str) -> tuple[str, ...]:
        """Return the folders of charts that a folder lies in, itself among them."""
        missing = []
        while folder not in self._holders:
            missing.append(folder)
            folder = folder.rpartition("/")[0]
        for below in reversed(missing):
            self._holders[below] = self._holders[folder] + ((below,) if below in self._heads else ())
            folder = below
        return self._holders[folder]

    def chart(self, folder: str, head: tuple[str, Located], request: JsonObject) -> Chart:
        path, value = head
        files = tuple(self._below[folder])
        return Chart(
            folder=folder,
            path=path,
            value=value,
            name=text(value.get("name")) or "",
            version=text(value.get("version")),
            app_version=text(value.get("appVersion")),
            is_library=value.get("type") == "library",
            dependencies=tuple(self._dependencies(folder, value, files)),
            files=files,
            sets=self._sets(folder, files, request),
            links=tuple(self._links.get(folder, ())),
        )

    def _dependencies(self, folder: str, value: Located, files: tuple[str, ...]) -> Iterable[Dependency]:
        listed = mappings(value.get("dependencies"))
        older = within(folder, "requirements.yaml")
        if not listed and older in files:
            listed = mappings(mapping(read_mapping(self._workspace, older)).get("dependencies"))
        for item in listed[:_MOST_DEPENDENCIES]:
            name = text(item.get("name")) or ""
            repository = text(item.get("repository")) or ""
            sibling = None
            if repository.startswith(_LOCAL):
                lies = resolved(folder, repository.removeprefix(_LOCAL))
                sibling = lies if lies in self._heads and lies != folder else None
            yield Dependency(
                name=name,
                version=text(item.get("version")),
                repository=repository,
                line=line_of(item),
                alias=text(item.get("alias")),
                condition=text(item.get("condition")) or "",
                vendored=self._vendored.get((folder, name)),
                sibling=sibling,
            )

    def _sets(self, folder: str, files: tuple[str, ...], request: JsonObject) -> tuple[ValuesSet, ...]:
        named = self._named(folder, request)
        if named is None:
            inner = len(folder) + 1 if folder else 0
            found = [path for path in files if _VALUES.match(path, inner) and not _NO_VALUES.search(path)]
            named = [ValuesSet((path,)) for path in found]
        if len(named) > _MOST_SETS:
            shown = printable(within(folder, "Chart.yaml"))
            reason = f"has {len(named):,} files of values; it is rendered with the first {_MOST_SETS}"
            self.gaps.append(Gap(shown, reason, shown))
        return (ValuesSet(), *named[:_MOST_SETS])

    def _named(self, folder: str, request: JsonObject) -> list[ValuesSet] | None:
        """Return the sets that the policy names for a chart, None where it names none for it."""
        for glob, wanted in mapping(request.get("values")).items():
            if is_chosen(folder, within(folder, "Chart.yaml"), globs_of(glob), ()):
                listed = wanted if isinstance(wanted, list) else [wanted]
                groups = [group if isinstance(group, list) else [group] for group in listed]
                return [ValuesSet(tuple(str(path) for path in group)) for group in groups if group]
        return None
