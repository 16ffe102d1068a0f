"""The one pass over the tracked files: what may be a manifest is read and parsed once, for all collectors."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gate.collect.manifests.byte_tests import may_hold
from gate.collect.manifests.document import BadDocument, Document, Fragment
from gate.collect.manifests.shapes import sort_of
from gate.collect.manifests.sorts import Sort, is_candidate, is_compose_path, is_json, is_workflow_path
from gate.collect.workspace import Content, EntryType, ReadProblem, Workspace
from gate.formats.located_yaml import LIMIT, BadYaml, Located, Part, YamlDocument, read_parts
from gate.model.evidence import Gap
from gate.model.json import Json

if TYPE_CHECKING:
    from gate.collect.collector import Context

_COUNTS_TWICE = frozenset({Sort.KUSTOMIZATION, Sort.WORKFLOW, Sort.ACTION, Sort.CHART, Sort.COMPOSE})
"""Sorts that mean something else in another place, so that equal files are no twins."""
_MOST_IN_A_FILE = 20_000
_OBJECTS = frozenset({Sort.KUBERNETES})
_LFS_POINTER = b"version https://git-lfs.github.com/spec/v1"
_JSON_MAY_BE = frozenset({Sort.GRAFANA_DASHBOARD})


@dataclass(frozen=True)
class Manifests:
    """What the pass found.

    `charts` are the folders of Helm charts ("" is the workspace's root), `templates` the files below their `templates`
    folders: they are not YAML before they are rendered, and none of their documents is here. `files` and `size` say
    how many files were parsed, and how many bytes they have. `fragments` are of no sort by themselves.
    """

    found: Sequence[Document]
    unread: Sequence[BadDocument]
    charts: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    files: int = 0
    size: int = 0
    fragments: tuple[Fragment, ...] = ()
    _by_sort: dict[Sort, list[Document]] = field(default_factory=dict, repr=False)

    def documents(self, *sorts: Sort, twins: bool = False) -> tuple[Document, ...]:
        """Return the documents of these sorts, by path and line. Without `twins`, those of equal files once."""
        chosen = self.found if not sorts else [one for sort in sorts for one in self._by_sort.get(sort, ())]
        if len(sorts) > 1:
            chosen = sorted(chosen, key=lambda one: (one.path, one.index))
        return tuple(one for one in chosen if twins or one.twin_of is None)

    def bad(self, *sorts: Sort) -> tuple[BadDocument, ...]:
        """Return what could not be read and may have been of one of these sorts."""
        wanted = frozenset(sorts)
        return tuple(one for one in self.unread if wanted & one.sorts)

    def gaps(self, *sorts: Sort, facts: tuple[str, ...] = ()) -> tuple[Gap, ...]:
        """Return what could not be read and may have been of one of these sorts, as gaps on these facts."""
        return tuple(one.gap(facts) for one in self.bad(*sorts))

    def twins(self, *sorts: Sort) -> dict[str, str]:
        """Return the files that are left out because another has the same bytes: path → path of the other."""
        wanted = frozenset(sorts) or frozenset(Sort)
        return {one.path: one.twin_of for one in self.found if one.twin_of is not None and one.sort in wanted}


def manifests_of(context: Context) -> Manifests:
    """Return what the tree of this run holds. The pass is made once, whoever asks first."""
    return context.once.get("manifests", lambda: read_manifests(context.workspace))


def read_manifests(workspace: Workspace) -> Manifests:
    """Read every tracked file in scope that may hold a manifest. Raises nothing for bad input: that is in `unread`."""
    every = workspace.files()
    charts = tuple(sorted({posixpath.dirname(path) for path in every if posixpath.basename(path) == "Chart.yaml"}))
    chart_set = frozenset(charts)
    templates = tuple(path for path in every if _is_template(path, chart_set))
    reading = _Reading(workspace)
    left_out = frozenset(templates)
    for path in every:
        if not is_candidate(path) or path in left_out:
            continue
        if _is_values(path, chart_set):
            reading.values(path)
        else:
            reading.read(path)
    for entry in workspace.entries():
        if entry.type is EntryType.SYMLINK:
            reading.link(entry.path)
    by_sort: defaultdict[Sort, list[Document]] = defaultdict(list)
    for document in reading.found:
        by_sort[document.sort].append(document)
    return Manifests(
        reading.found,
        reading.bad,
        charts,
        templates,
        reading.files,
        reading.size,
        tuple(reading.fragments),
        _by_sort=dict(by_sort),
    )


class _Reading:
    """The pass itself."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._seen: dict[str, str] = {}
        self.found: list[Document] = []
        self.bad: list[BadDocument] = []
        self.fragments: list[Fragment] = []
        self.files = 0
        self.size = 0

    def read(self, path: str) -> None:
        try:
            content = self._workspace.read(path, LIMIT)
        except ReadProblem as problem:
            self._unreadable(path, problem)
            return
        sorts = may_hold(path, content.data)
        if content.data.startswith(_LFS_POINTER) and len(content.data) < 1024:
            self._pointer(path, sorts)
            return
        if not sorts:
            return
        self.files += 1
        self.size += len(content.data)
        parts = _json_parts(content.data) if is_json(path) else read_parts(content.data)
        for part in parts[:_MOST_IN_A_FILE]:
            self._take(path, content, part, sorts)
        if len(parts) > _MOST_IN_A_FILE:
            reason = f"holds {len(parts):,} documents; {_MOST_IN_A_FILE:,} of a file are read"
            self.bad.append(BadDocument(path, None, reason, sorts))

    def values(self, path: str) -> None:
        """Take whole objects out of a file of values: the name alone hides none. The rest of it is helm's to read."""
        try:
            content = self._workspace.read(path, LIMIT)
        except ReadProblem:
            return  # a gap of the chart
        if Sort.KUBERNETES not in may_hold(path, content.data) or b"metadata" not in content.data:
            return
        for part in read_parts(content.data)[:_MOST_IN_A_FILE]:
            value = part.value if isinstance(part, YamlDocument) else None
            if isinstance(value, Located) and "metadata" in value and sort_of("", value) is Sort.KUBERNETES:
                self._take(path, content, part, _OBJECTS)

    def link(self, path: str) -> None:
        """Note a link with a name that a program looks for: the program follows it, and the gate does not.

        What other links lead to has a name of its own, or is not part of the tree.
        """
        if sorts := may_hold(path, b""):
            self.bad.append(BadDocument(path, None, "is a symbolic link, which is not followed", sorts))

    def _pointer(self, path: str, sorts: frozenset[Sort]) -> None:
        """Note a file of Git LFS. Without a name that tells, YAML may be anything, and JSON a dashboard."""
        unnamed = _JSON_MAY_BE if is_json(path) else frozenset(Sort)
        reason = "is a Git LFS pointer, not the file; check out with lfs: true"
        self.bad.append(BadDocument(path, None, reason, sorts or unnamed))

    def _take(self, path: str, content: Content, part: Part, sorts: frozenset[Sort]) -> None:
        if isinstance(part, BadYaml):
            here = may_hold(path, part.text.encode()) if part.text else sorts
            if here:
                self.bad.append(BadDocument(path, part.line, part.reason, here))
            return
        sort = sort_of(path, part.value)
        if sort is None:
            self._odd(path, part, sorts)
            if isinstance(part.value, Located) and isinstance(part.value.get("services"), dict):
                self.fragments.append(Fragment(path, part.index, part.value, content.sha256))
        elif isinstance(part.value, Located):
            twin = None if sort in _COUNTS_TWICE else self._twin(path, content)
            self.found.append(Document(sort, path, part.line, part.index, part.value, content.sha256, twin))

    def _odd(self, path: str, part: YamlDocument, sorts: frozenset[Sort]) -> None:
        """Note a file that a program reads by its name, and that is not what the program expects."""
        if Sort.WORKFLOW in sorts and is_workflow_path(path):
            reason = "has neither `on` nor `jobs`, so it is no workflow"
            self.bad.append(BadDocument(path, part.line, reason, frozenset({Sort.WORKFLOW})))
        elif Sort.COMPOSE in sorts and is_compose_path(path):
            reason = "has no mapping of `services`, so docker compose refuses it"
            self.bad.append(BadDocument(path, part.line, reason, frozenset({Sort.COMPOSE})))

    def _twin(self, path: str, content: Content) -> str | None:
        first = self._seen.setdefault(content.sha256, path)
        return None if first == path else first

    def _unreadable(self, path: str, problem: ReadProblem) -> None:
        """Note a file that may be anything: by its name, or by its first bytes, where those can be had."""
        try:
            head, _size = self._workspace.peek(path, 64 * 1024)
        except ReadProblem:
            head = b""
        # What cannot be read at all may be whatever lies in files of this name.
        sorts = may_hold(path, head) if head else frozenset(Sort)
        if sorts:
            self.bad.append(BadDocument(path, None, problem.reason, sorts))


def _json_parts(data: bytes) -> list[Part]:
    """Return the one document of a JSON file; its mappings are on line 1, for JSON is rarely read by people."""
    from gate.formats.strict_json import JsonProblem, loads

    try:
        value = loads(data.removeprefix(b"\xef\xbb\xbf"))
    except JsonProblem as problem:
        # Tools that read YAML read JSON with comments or a trailing comma too, as YAML.
        parts = read_parts(data)
        if parts and not any(isinstance(part, BadYaml) for part in parts):
            return parts
        return [BadYaml(f"This is not JSON: {problem.reason}", problem.line or 1, 0, "")]
    return [YamlDocument(_located(value), 1, 0)]


def _located(value: Json) -> Json:
    """Return a JSON value with every mapping on line 1."""
    if isinstance(value, dict):
        mapping = Located((key, _located(item)) for key, item in value.items())
        mapping.line = 1
        return mapping
    return [_located(item) for item in value] if isinstance(value, list) else value


def _is_template(path: str, charts: frozenset[str]) -> bool:
    if "templates/" not in path:
        return False
    return any(part == "templates" and folder in charts for folder, part in _folders(path))


def _is_values(path: str, charts: frozenset[str]) -> bool:
    """Whether a file beside a Chart.yaml holds values: they look like whatever the chart is about."""
    folder, _, name = path.rpartition("/")
    return name.startswith("values") and folder in charts


def _folders(path: str) -> Iterator[tuple[str, str]]:
    """Yield (folder, name of the folder in it) on the way to a path: ("", "a"), ("a", "b") for a/b/c."""
    parts = path.split("/")[:-1]
    for index, part in enumerate(parts):
        yield "/".join(parts[:index]), part
