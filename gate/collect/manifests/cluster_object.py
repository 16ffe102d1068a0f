"""What an object of a cluster is, and those that stand in plain files. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gate.collect.disk import printable
from gate.collect.manifests.document import Document
from gate.collect.manifests.manifests import Manifests
from gate.collect.manifests.sorts import Sort
from gate.formats.located_yaml import Located, line_of
from gate.model.evidence import Gap
from gate.model.json import Json, JsonObject

_DEEPEST_LIST = 5


class Origin(StrEnum):
    """How an object comes to be in a cluster."""

    FILE = "file"
    CHART = "chart"
    """rendered by helm"""
    KUSTOMIZATION = "kustomization"
    """built by kubectl kustomize"""


@dataclass(frozen=True, slots=True)
class ClusterObject:
    """One object.

    `path` and `line` are where it stands in the tree: its own document, the template of the chart, or the file that a
    kustomization takes it from; line 1 where the line cannot be told. `namespace` is None where the manifest names
    none. `source` names the chart with its values, or the folder of the kustomization; "" for a plain file. `value` may
    hold anything at any place.
    """

    api_version: str
    kind: str
    name: str
    namespace: str | None
    value: Located
    path: str
    line: int
    origin: Origin = Origin.FILE
    source: str = ""

    @property
    def group(self) -> str:
        """The API group, "" for the core one."""
        return self.api_version.rpartition("/")[0]

    @property
    def spec(self) -> JsonObject:
        """The `spec`, empty where there is none."""
        return mapping(self.value.get("spec"))

    @property
    def metadata(self) -> JsonObject:
        """The `metadata`, empty where there is none."""
        return mapping(self.value.get("metadata"))


@dataclass(frozen=True, slots=True)
class Objects:
    """All objects, and what stands between the gate and knowing all of them.

    `duplicates` says how many were left out because they are equal to another. `patches` are the files of changes that
    kustomizations make to objects: what stands there is none.
    """

    found: Sequence[ClusterObject]
    gaps: tuple[Gap, ...] = ()
    duplicates: int = 0
    patches: frozenset[str] = frozenset()

    def of(self, *kinds: str) -> list[ClusterObject]:
        """Return the objects of these kinds, whatever their API group."""
        return [one for one in self.found if one.kind in kinds]


def plain_objects(manifests: Manifests) -> Objects:
    """Return the objects that stand in files as they are; lists (`kind: List`) are taken apart."""
    found: list[ClusterObject] = []
    gaps: list[Gap] = []
    for document in manifests.documents(Sort.KUBERNETES):
        for value in items_of(document.value):
            one = object_of(value, document)
            if one is None or not value.get("kind"):
                shown = printable(document.path)
                line = line_of(value, document.line)
                lacking = "no name" if one is None else "no kind"
                reason = f"{_kind_of(value)} on line {line} has {lacking}, so no cluster takes it"
                gaps.append(Gap(shown, reason, shown, line))
            else:
                found.append(one)
    return Objects(found, (*manifests.gaps(Sort.KUBERNETES), *gaps))


def items_of(value: Located, depth: int = 0) -> Iterator[Located]:
    """Yield the object, or those that a list of objects holds.

    Whatever has `items` is a list for kubectl; those of a DeploymentList need not say that they are Deployments.
    """
    items, kind = value.get("items"), str(value.get("kind", ""))
    if not isinstance(items, list) or depth >= _DEEPEST_LIST:
        yield value
        return
    if not kind.endswith("List"):
        yield value
    for item in items:
        if isinstance(item, Located):
            yield from items_of(_named(item, value, kind.removesuffix("List")), depth + 1)


def _named(item: Located, whole: Located, kind: str) -> Located:
    """Return an element of a list with the kind that its list gives it."""
    if item.get("kind") or not kind:
        return item
    named = Located({**item, "apiVersion": item.get("apiVersion") or whole.get("apiVersion"), "kind": kind})
    named.line = item.line
    return named


def object_of(value: Located, document: Document) -> ClusterObject | None:
    """Return a mapping as an object that stands in a file, None for one without a name or a pattern of names."""
    return cluster_object(value, document.path, line_of(value, document.line))


def cluster_object(
    value: Located, path: str, line: int, origin: Origin = Origin.FILE, source: str = ""
) -> ClusterObject | None:
    """Return a mapping as an object, None for one without a name or a pattern of names.

    The lines of what was rendered or built are no lines of the tree: every mapping in there gets `line` instead.
    """
    metadata = mapping(value.get("metadata"))
    name = text(metadata.get("name")) or (text(metadata.get("generateName")) or "")
    if not name:
        return None
    return ClusterObject(
        api_version=text(value.get("apiVersion")) or "",
        kind=_kind_of(value),
        name=name,
        namespace=text(metadata.get("namespace")) or None,
        value=value if origin is Origin.FILE else _moved(value, line),
        path=path,
        line=line,
        origin=origin,
        source=source,
    )


def _moved(value: Located, line: int) -> Located:
    """Put every mapping of a value on one line, in place: nobody else holds it."""
    waiting: list[Json] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Located):
            one.line = line
        waiting += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
    return value


def mapping(value: Json) -> JsonObject:
    """Return a mapping, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def mappings(value: Json) -> list[JsonObject]:
    """Return the mappings of a list, none for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: Json) -> str | None:
    """Return a text, or a number as one; None for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _kind_of(value: JsonObject) -> str:
    return text(value.get("kind")) or "an object"
