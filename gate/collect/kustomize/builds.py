"""What every root kustomization of a tree builds: worked out once for all collectors."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.collect.disk import printable
from gate.collect.helm.chart_paths import resolved
from gate.collect.kustomize.references import Use
from gate.collect.kustomize.tree import (
    Kustomization,
    Kustomizations,
    Needed,
    NotBuiltError,
    find_kustomizations,
    needed_by,
)
from gate.collect.manifests.cluster_object import ClusterObject, Origin, cluster_object, items_of, mapping, text
from gate.collect.manifests.copied import digest_of
from gate.collect.manifests.document import Document
from gate.collect.manifests.manifests import Manifests, manifests_of
from gate.collect.manifests.sorts import Sort
from gate.collect.readers.errors import ReportError
from gate.collect.safe_open import OpenProblem
from gate.collect.scan_problem import ScanProblem, Step
from gate.formats.located_yaml import Located, YamlDocument, line_of, read_parts
from gate.model.evidence import Gap
from gate.model.json import Json

if TYPE_CHECKING:
    from gate.collect.collector import Context
    from gate.collect.kustomize.run import Build
    from gate.collect.self_test import Canary
    from gate.collect.tools import Tool

_SPACE = "kustomize"
_SHAPE = "1"
_MOST_KEPT = 8 * 1024 * 1024
_ORIGIN = "config.kubernetes.io/origin"


@dataclass(frozen=True, slots=True)
class RootResult:
    """A root. `objects` is None where it was not built, and `gap` says why; `size` are the bytes that it was built to.

    `refused` tells whether kubectl would not build it; where it is False too, nobody can tell. `resources` are the
    files that its objects come from.
    """

    root: Kustomization
    objects: tuple[ClusterObject, ...] | None = None
    size: int = 0
    resources: frozenset[str] = frozenset()
    refused: bool = False
    gap: Gap | None = None


@dataclass(frozen=True, slots=True)
class Builds:
    """The kustomizations of a tree. `problem` is why none could be given to kubectl."""

    tree: Kustomizations
    results: tuple[RootResult, ...] = ()
    tool: Tool | None = None
    problem: ScanProblem | None = None
    cached: int = 0

    @property
    def patches(self) -> frozenset[str]:
        """The files that are patches of some kustomization: changes to objects, and no objects."""
        return frozenset(
            target for one in self.tree.every.values() for reference, target in one.uses if reference.use is Use.PATCH
        )

    @property
    def resources(self) -> frozenset[str]:
        """The files whose objects are among those that were built."""
        return frozenset().union(*(one.resources for one in self.results if one.objects is not None))


def builds_of(context: Context) -> Builds:
    """Return the kustomizations of this run, built once, whoever asks first."""
    return context.once.get("kustomize builds", lambda: build_all(context))


def build_all(context: Context) -> Builds:
    """Build the roots of the tree. Raises nothing: what stands in the way is in the result."""
    manifests = manifests_of(context)
    tree = find_kustomizations(context.workspace, manifests, context.requests.get("kustomize", {}))
    if not tree.roots:
        return Builds(tree)
    scanner = context.scanner
    try:
        tool = scanner.find("kubectl")
        work = _Work(context, tree, tool, manifests)
        context.self_tests.require(work.canary, tool)
    except (ScanProblem, OSError) as problem:
        told = problem
        if isinstance(told, OSError):
            told = ScanProblem("kubectl", f"was not run: its self-test was not written ({told.strerror})", Step.RAN)
        return Builds(tree, tuple(RootResult(root, gap=_gap(root, str(told))) for root in tree.roots), None, told)
    with ThreadPoolExecutor(max_workers=max(1, context.jobs)) as pool:
        results = tuple(pool.map(work.result, tree.roots))
    return Builds(tree, results, tool, None, work.cached)


def _gap(root: Kustomization, reason: str, path: str | None = None, line: int | None = None) -> Gap:
    return Gap(root.shown, reason, printable(path or root.path), line)


class _Work:
    """Builds one root after the other. Safe to use from several threads but for the count, which only informs."""

    def __init__(self, context: Context, tree: Kustomizations, tool: Tool, manifests: Manifests) -> None:
        from gate.collect.kustomize.run import kubectl_canary

        self._context = context
        self._tree = tree
        self._tool = tool
        self._documents: dict[str, list[Document]] = {}
        for document in manifests.documents(Sort.KUBERNETES, twins=True):
            self._documents.setdefault(document.path, []).append(document)
        self.canary: Canary = kubectl_canary(context.scanner)
        self.cached = 0

    def result(self, root: Kustomization) -> RootResult:
        """Return what a root builds. Raises nothing."""
        try:
            needed = needed_by(self._context.workspace, self._tree.every, root)
        except NotBuiltError as problem:
            gap = _gap(root, problem.reason, problem.path, problem.line)
            return RootResult(root, refused=problem.mistaken, gap=gap)
        try:
            built = self._build(root, needed)
        except ScanProblem as problem:
            from gate.collect.kustomize.run import first_words, is_refusal

            refused = is_refusal(problem)
            reason = f"does not build: {first_words(problem)}" if refused else f"was not built: {problem}"
            return RootResult(root, refused=refused, gap=_gap(root, reason))
        except (OSError, OpenProblem) as problem:
            return RootResult(root, gap=_gap(root, f"was not built: it could not be copied ({problem})"))
        objects = tuple(self._objects(root, built))
        return RootResult(root, objects, len(built.text), frozenset(needed.resources))

    def _build(self, root: Kustomization, needed: Needed) -> Build:
        """Raises ScanProblem, OSError and OpenProblem."""
        from gate.collect.kustomize.run import build, read_build

        digest = digest_of(needed.files, root.path, str(needed.leads_out))
        key = (self._tool.version, _SHAPE, digest)
        token = f"gate-{digest[:20]}"
        known = self._context.cache.get(_SPACE, key)
        if known is not None and isinstance(known.value, str):
            try:
                kept = read_build(known.value.encode(), token)
            except ReportError:
                pass
            else:
                self.cached += 1
                return kept
        built = build(self._context.scanner, needed.files, root.path, token, self.canary, leads_out=needed.leads_out)
        if len(built.text) <= _MOST_KEPT:
            self._context.cache.put(_SPACE, key, built.text.decode("utf-8", "replace"))
        return built

    def _objects(self, root: Kustomization, built: Build) -> list[ClusterObject]:
        found = []
        for whole in built.values:
            origin = _take_origin(whole)
            path = None if origin is None else resolved(root.folder, origin)
            for value in items_of(whole):
                at = self._line(path, value)
                place = (path, at) if path is not None else (root.path, 1)
                one = cluster_object(value, *place, Origin.KUSTOMIZATION, root.shown)
                if one is not None:
                    found.append(one)
        return found

    def _line(self, path: str | None, value: Located) -> int:
        """Return the line of an object in its file: of the one of its kind, or of those the one whose name it bears."""
        alike = [
            item
            for document in self._documents.get(path or "", ())
            for item in items_of(document.value)
            if item.get("kind") == value.get("kind")
        ]
        if len(alike) > 1:
            name = text(mapping(value.get("metadata")).get("name")) or ""
            alike = [one for one in alike if (text(mapping(one.get("metadata")).get("name")) or "\n") in name]
            alike.sort(key=lambda one: -len(text(mapping(one.get("metadata")).get("name")) or ""))
        return line_of(alike[0]) if alike else 1


def _take_origin(value: Located) -> str | None:
    """Take the annotation that tells where an object comes from off it, and return the path that it holds."""
    metadata = value.get("metadata")
    annotations = mapping(metadata).get("annotations")
    if not isinstance(metadata, dict) or not isinstance(annotations, dict):
        return None
    told: Json = annotations.pop(_ORIGIN, None)
    if not annotations:
        del metadata["annotations"]
    if not isinstance(told, str):
        return None
    parts = read_parts(told.encode())
    first = parts[0].value if parts and isinstance(parts[0], YamlDocument) else None
    path = mapping(first).get("path") or mapping(first).get("configuredIn")
    repository = mapping(first).get("repo")
    return path if isinstance(path, str) and repository is None else None
