"""The kustomizations of a tree, what each builds on, and the files that kubectl needs for one of them."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gate.collect.disk import printable
from gate.collect.helm.chart_paths import folder_of, globs_of, is_chosen, resolved, within
from gate.collect.kustomize.references import (
    NAMES,
    Reference,
    RefusedError,
    Use,
    is_elsewhere,
    plugin_references,
    references_of,
)
from gate.collect.manifests.copied import MOST_BYTES, MOST_FILES
from gate.collect.manifests.manifests import Manifests
from gate.collect.manifests.sorts import Sort
from gate.collect.workspace import ReadProblem, Workspace
from gate.formats.located_yaml import BadYaml, Located, YamlDocument, read_parts
from gate.model.evidence import Gap
from gate.model.json import JsonObject

if TYPE_CHECKING:
    from gate.formats.located_yaml import Part

_DEEPEST = 60
_ORIGINS = "originAnnotations"


class NotBuiltError(Exception):
    """A kustomization is not given to kubectl. `reason` completes "KUSTOMIZATION: …"; `path` and `line` say where.

    `mistaken` is whether kubectl would refuse it too; otherwise nobody here can tell.
    """

    def __init__(self, reason: str, path: str, line: int | None = None, *, mistaken: bool = False) -> None:
        self.reason = reason
        self.mistaken = mistaken
        self.path = path
        self.line = line
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Kustomization:
    """A kustomization. `folder` is "" at the workspace's root. `value` is as it is parsed, with no field for odd ones.

    `uses` are its references that lead to something in the workspace, with the path there.
    """

    folder: str
    path: str
    value: Located
    data: bytes
    uses: tuple[tuple[Reference, str], ...] = ()

    @property
    def is_component(self) -> bool:
        """Whether it is one that others take in, and that cannot be built by itself."""
        return self.value.get("kind") == "Component"

    @property
    def shown(self) -> str:
        """Its folder, as text for a sentence."""
        return printable(self.folder) or "."


@dataclass(frozen=True, slots=True)
class Kustomizations:
    """All of a tree, by folder; `roots` are those that are built, `used_by` says who builds on which (folders)."""

    every: Mapping[str, Kustomization]
    roots: tuple[Kustomization, ...]
    used_by: Mapping[str, frozenset[str]]
    excluded: int
    gaps: tuple[Gap, ...] = ()


@dataclass(slots=True)
class Needed:
    """What kubectl gets for one root: files by path, those of them that are resources, and the kustomizations."""

    files: dict[str, bytes] = field(default_factory=dict)
    resources: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    leads_out: bool = False
    """whether some file lies outside of the folder of the kustomization that names it"""


def find_kustomizations(workspace: Workspace, manifests: Manifests, request: JsonObject) -> Kustomizations:
    """Return the kustomizations of a tree. Of what the request holds, `roots` and `exclude` count."""
    every: dict[str, Kustomization] = {}
    known = set()
    for document in manifests.documents(Sort.KUSTOMIZATION, twins=True):
        known.add(document.path)
        folder, _, name = document.path.rpartition("/")
        if name in NAMES and folder not in every:
            every[folder] = _kustomization(workspace, document.path, document.value)
    used_by: dict[str, set[str]] = {}
    for folder, one in every.items():
        for reference, target in one.uses:
            if target in every and reference.use in (Use.RESOURCE, Use.COMPONENT, Use.PLUGIN) and target != folder:
                used_by.setdefault(target, set()).add(folder)
    wanted, left_out = globs_of(request.get("roots")), globs_of(request.get("exclude"))
    able = [one for one in every.values() if not one.is_component]
    roots = [one for one in able if wanted or one.folder not in used_by] + _circles(able, used_by, bool(wanted))
    chosen = [one for one in roots if is_chosen(one.folder, one.path, wanted, left_out)]
    left = 0 if wanted else len(roots) - len(chosen)
    gaps = (*manifests.gaps(Sort.KUSTOMIZATION), *_empty(workspace, manifests, known))
    held = {folder: frozenset(users) for folder, users in used_by.items()}
    return Kustomizations(every, tuple(chosen), held, left, gaps)


def needed_by(workspace: Workspace, every: Mapping[str, Kustomization], root: Kustomization) -> Needed:
    """Return the files that a build needs. Raises NotBuiltError where it would leave the workspace, or fetch."""
    needed = Needed()
    _Walk(workspace, every, needed).folder(root.folder, ())
    head = within(root.folder, root.path.rpartition("/")[2])
    meta = root.value.get("buildMetadata")
    kept = [item for item in meta if item != _ORIGINS] if isinstance(meta, list) else []
    needed.files[head] = _written({**root.value, "buildMetadata": [*kept, _ORIGINS]})
    return needed


def line_of_text(data: bytes, text: str) -> int | None:
    """Return the first line of a file that holds a text, None where none does."""
    at = data.find(text.encode("utf-8", "replace")) if text else -1
    return None if at < 0 else data.count(b"\n", 0, at) + 1


def _kustomization(workspace: Workspace, path: str, value: Located) -> Kustomization:
    try:
        data = workspace.read(path).data
    except ReadProblem:
        data = b""
    folder = folder_of(path)
    uses = []
    try:
        for reference in references_of(value):
            target = None if is_elsewhere(reference.text) else resolved(folder, reference.text)
            if target is not None:
                uses.append((reference, target))
    except RefusedError:
        pass  # it is said when it is to be built
    return Kustomization(folder, path, value, data, tuple(uses))


def _circles(able: Sequence[Kustomization], used_by: Mapping[str, set[str]], is_named: bool) -> list[Kustomization]:
    """Return one of each circle of kustomizations that nothing outside of it builds on: kubectl says what is wrong."""
    if is_named:
        return []
    by_folder = {one.folder: one for one in able}
    uses: dict[str, set[str]] = {}
    for target, users in used_by.items():
        for user in users:
            uses.setdefault(user, set()).add(target)
    seen: set[str] = set()
    first: list[Kustomization] = []
    starts = [folder for folder in by_folder if folder not in used_by]
    for start in (*starts, *by_folder):
        if start in seen:
            continue
        if start in used_by:
            first.append(by_folder[start])
        waiting = [start]
        while waiting:
            folder = waiting.pop()
            if folder not in seen:
                seen.add(folder)
                waiting += uses.get(folder, ())
    return first


def _empty(workspace: Workspace, manifests: Manifests, known: set[str]) -> Iterator[Gap]:
    known = known | {one.path for one in manifests.found} | {one.path for one in manifests.unread}
    for path in workspace.files():
        if path.rpartition("/")[2] in NAMES and path not in known:
            shown = printable(path)
            yield Gap(shown, "holds nothing that kubectl could build", shown)


def _written(value: JsonObject) -> bytes:
    """Return a kustomization as kubectl gets it: what the gate has read of it, so that both read the same."""
    return json.dumps(value).encode()


class _Walk:
    """Collects what one root needs."""

    def __init__(self, workspace: Workspace, every: Mapping[str, Kustomization], needed: Needed) -> None:
        self._workspace = workspace
        self._every = every
        self._needed = needed
        self._size = 0

    def folder(self, folder: str, above: tuple[str, ...]) -> None:
        if folder in self._needed.folders:
            return
        self._needed.folders.add(folder)
        found = False
        for name in NAMES:
            path = within(folder, name)
            value, data = self._head(folder, path)
            if value is not None:
                found = True
                self._kustomization(Kustomization(folder, path, value, data), above)
        if not found:
            shown = printable(folder) or "."
            user = above[-1] if above else within(folder, NAMES[0])
            raise NotBuiltError(f"builds on {shown}, a folder without a kustomization", user, mistaken=True)

    def _head(self, folder: str, path: str) -> tuple[Located | None, bytes]:
        known = self._every.get(folder)
        if known is not None and known.path == path:
            return known.value, known.data
        if not self._workspace.exists(path):
            return None, b""
        data = self._read(path, path, None)
        values = [part.value for part in _documents(data, path)]
        value = values[0] if values else None
        if len(values) != 1 or not isinstance(value, Located):
            raise NotBuiltError(f"{printable(path)} is no kustomization", path, mistaken=True)
        return value, data

    def _kustomization(self, one: Kustomization, above: tuple[str, ...]) -> None:
        if len(above) > _DEEPEST:
            raise NotBuiltError(f"builds on others more than {_DEEPEST} levels deep", one.path)
        self._add(one.path, _written(one.value))
        try:
            for reference in references_of(one.value):
                self._reference(one, reference, above)
        except RefusedError as problem:
            raise NotBuiltError(problem.reason, one.path, line_of_text(one.data, problem.sign)) from None

    def _reference(self, one: Kustomization, reference: Reference, above: tuple[str, ...]) -> None:
        """Follow a reference. Raises NotBuiltError and RefusedError."""
        line = line_of_text(one.data, reference.text)
        shown = printable(reference.text)[:200]
        target = resolved(one.folder, reference.text)
        if target is None and not is_elsewhere(reference.text):
            raise NotBuiltError(f"refers to {shown}, which is outside of the workspace", one.path, line)
        if is_elsewhere(reference.text) or target is None:
            raise NotBuiltError(f"refers to {shown}, which is on another machine and is not fetched", one.path, line)
        is_folder = target == "" or (
            self._workspace.holds_tracked(target) and not self._workspace.is_tracked(target)
            if self._workspace.has_git
            else self._workspace.problem(target) == "is a folder, not a file"
        )
        if is_folder and reference.use in (Use.RESOURCE, Use.COMPONENT, Use.PLUGIN):
            self.folder(target, (*above, one.path))
            return
        data = self._read(target, one.path, line, shown)
        if not _is_below(target, one.folder):
            self._needed.leads_out = True
        self._add(target, data)
        if reference.use is Use.RESOURCE:
            self._needed.resources.add(target)
        elif reference.use is Use.PLUGIN:
            for part in _documents(data, target):
                for inner in plugin_references(part.value):
                    self._reference(one, inner, above)

    def _read(self, path: str, user: str, line: int | None, shown: str = "") -> bytes:
        try:
            return self._workspace.read(path, MOST_BYTES).data
        except ReadProblem as problem:
            told = shown or printable(path)
            absent = problem.reason == "is not there"
            raise NotBuiltError(f"refers to {told}, which {problem.reason}", user, line, mistaken=absent) from None

    def _add(self, path: str, data: bytes) -> None:
        if path in self._needed.files:
            return
        self._needed.files[path] = data
        self._size += len(data)
        if len(self._needed.files) > MOST_FILES or self._size > MOST_BYTES:
            reason = f"needs more than {MOST_FILES:,} files or {MOST_BYTES:,} bytes, and is not built"
            raise NotBuiltError(reason, path)


def _documents(data: bytes, path: str) -> list[YamlDocument]:
    parts: list[Part] = read_parts(data)
    documents = []
    for part in parts:
        if isinstance(part, BadYaml):
            raise NotBuiltError(f"{printable(path)} cannot be read: {part.reason}", path, part.line)
        documents.append(part)
    return documents


def _is_below(path: str, folder: str) -> bool:
    return not folder or posixpath.commonpath((path, folder)) == folder
