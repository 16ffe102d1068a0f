"""Which workloads criteria are about: what the policy says under evidence › kubernetes › workloads. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from gate.collect.kubernetes.workloads import Workload
from gate.collect.manifests.objects import mapping
from gate.formats.globs import GlobError, matches
from gate.model.json import Json, JsonObject


@dataclass(frozen=True, slots=True)
class Terms:
    """Globs on what a workload is. What is not named does not matter; of several globs one must match.

    `labels` must all match. A workload without a namespace has the namespace "".
    """

    names: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def given(self) -> bool:
        """Whether anything is named."""
        return bool(self.names or self.namespaces or self.kinds or self.paths or self.labels)

    def hold(self, workload: Workload) -> bool:
        """Whether all that is named holds."""
        plain = (
            (self.names, workload.name),
            (self.namespaces, workload.namespace or ""),
            (self.kinds, workload.kind),
            (self.paths, workload.path),
        )
        if any(globs and not any(_fits(glob, value) for glob in globs) for globs, value in plain):
            return False
        labels = workload.labels
        return all(key in labels and _fits(glob, labels[key]) for key, glob in self.labels)

    def name(self, workload: Workload) -> bool:
        """Whether something is named, and all of it holds: what an `exclude` leaves out."""
        return self.given and self.hold(workload)


@dataclass(frozen=True, slots=True)
class Selection:
    """What criteria are about: what `wanted` holds of and `excluded` does not."""

    wanted: Terms = field(default_factory=Terms)
    excluded: Terms = field(default_factory=Terms)

    def chooses(self, workload: Workload) -> bool:
        """Whether criteria are about this workload."""
        return self.wanted.hold(workload) and not self.excluded.name(workload)


def selection(request: JsonObject) -> Selection:
    """Return the selection of a request of the kind `kubernetes`."""
    workloads = mapping(request.get("workloads"))
    return Selection(_terms(workloads), _terms(mapping(workloads.get("exclude"))))


def in_scope(request: JsonObject, path: str) -> bool:
    """Whether a file's objects count at all: `files` names it, or names none, and `exclude` does not."""
    files, exclude = _globs(request.get("files")), _globs(request.get("exclude"))
    return (not files or any(_fits(glob, path) for glob in files)) and not any(_fits(glob, path) for glob in exclude)


def _terms(value: JsonObject) -> Terms:
    labels = tuple((key, glob) for key, glob in mapping(value.get("labels")).items() if isinstance(glob, str))
    return Terms(
        _globs(value.get("names")),
        _globs(value.get("namespaces")),
        _globs(value.get("kinds")),
        _globs(value.get("paths")),
        labels,
    )


def _globs(value: Json) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _fits(glob: str, value: str) -> bool:
    if glob == value:
        return True
    try:
        return matches(glob, value)
    except GlobError:
        return False
