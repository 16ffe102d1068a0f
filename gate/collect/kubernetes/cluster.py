"""The objects as one cluster would have them: which belong together, by namespace, labels and name. Pure.

Namespaces. Two objects lie in the same one if both name the same, or neither names any: `kubectl apply` puts both where
it is told to. An object without one lies with those of its own set (a rendered chart, a built kustomization, the files
of one folder) that do name one, where all of them name the same: that is how the set is applied. Objects of two
renderings (one chart with two values files) never belong together.

Copies. Where a tree holds one workload several times (a folder per environment), a selector or a name means the copies
that lie nearest to it in the tree.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TypeVar

from gate.collect.kubernetes.selection import selection
from gate.collect.kubernetes.selectors import Selector
from gate.collect.kubernetes.workloads import Partial, Workload, workloads_of
from gate.collect.manifests.objects import ClusterObject, Origin
from gate.model.evidence import Gap
from gate.model.json import JsonObject

_Space = tuple[str, str]
_Thing = TypeVar("_Thing", ClusterObject, Workload)
_MOST_COMPARISONS = 2_000_000
_RELATED = (
    "disruption_budgets",
    "autoscalers",
    "services",
    "routes",
    "references",
    "namespaces",
    "workloads",
    "dangling",
)


class Cluster:
    """The objects in scope with the request. `kustomized` are the folders that hold a kustomization."""

    def __init__(
        self, objects: Sequence[ClusterObject], request: JsonObject | None = None, kustomized: Collection[str] = ()
    ) -> None:
        self.objects = tuple(objects)
        self.request: JsonObject = request or {}
        self._kustomized = kustomized
        self._left = _MOST_COMPARISONS

    @cached_property
    def _split(self) -> tuple[list[Workload], list[Partial]]:
        return workloads_of(self.objects, self._kustomized)

    @property
    def workloads(self) -> list[Workload]:
        """Every workload, chosen by the policy or not."""
        return self._split[0]

    @property
    def partial(self) -> list[Partial]:
        """What looks like a workload and is none."""
        return self._split[1]

    @cached_property
    def selected(self) -> list[Workload]:
        """The workloads that criteria are about."""
        wanted = selection(self.request)
        return [one for one in self.workloads if wanted.chooses(one)]

    @cached_property
    def others(self) -> list[Workload]:
        """The workloads that the policy leaves out."""
        chosen = set(map(id, self.selected))
        return [one for one in self.workloads if id(one) not in chosen]

    def of(self, *kinds: str, groups: Collection[str] | None = None) -> list[ClusterObject]:
        """Return the objects of these kinds, and of these API groups where some are given."""
        found = [one for kind in kinds for one in self._by_kind.get(kind, ())]
        return found if groups is None else [one for one in found if one.group in groups]

    def namespace_of(self, one: ClusterObject) -> str:
        """Return the namespace that an object lies in, "" where nothing tells."""
        return one.namespace or self._named_by_set.get(_set_of(one), "")

    def selected_by(self, one: ClusterObject, selector: Selector | None) -> list[Workload]:
        """Return the workloads whose pods a selector of this object chooses, in its namespace."""
        if selector is None or selector.broken or self._left <= 0:
            return []
        found = [each for each in self._candidates(one, selector) if self._may(one, each.source_object)]
        chosen = [each for each in found if selector.chooses(each.pod_labels)]
        return _nearest(one, chosen)

    def workload(self, one: ClusterObject, kind: str, name: str) -> Workload | None:
        """Return the workload of this kind and name in the namespace of an object."""
        found = [each for each in self._lookup(one, self._by_name, (kind, name)) if self._may(one, each.source_object)]
        near = _nearest(one, found)
        return near[0] if near else None

    def named(self, one: ClusterObject, kind: str, name: str, namespace: str | None = None) -> ClusterObject | None:
        """Return the object of this kind and name in the namespace of `one`, or in the one that is given."""
        if namespace is None:
            found = self._lookup(one, self._objects_by_name, (kind, name))
        else:
            found = self._objects_by_name.get((("is", namespace), kind, name), [])
        near = _nearest(one, [each for each in found if self._may(one, each)])
        return near[0] if near else None

    def gaps(self) -> tuple[Gap, ...]:
        """Return what was not held against each other because there is too much of it."""
        if self._left > 0:
            return ()
        reason = (
            f"hold so many objects with the same labels that only {_MOST_COMPARISONS:,} pairs were held against each "
            "other; leave some out with evidence › kubernetes › exclude"
        )
        return (Gap("the manifests", reason, facts=_RELATED),)

    def _may(self, one: ClusterObject, other: ClusterObject) -> bool:
        """Whether two objects may belong together; False too when the comparisons are used up."""
        if self._left <= 0:
            return False
        self._left -= 1
        return not (one.source and other.source and one.source != other.source)

    @cached_property
    def _by_kind(self) -> dict[str, list[ClusterObject]]:
        found: defaultdict[str, list[ClusterObject]] = defaultdict(list)
        for one in self.objects:
            found[one.kind].append(one)
        return dict(found)

    @cached_property
    def _named_by_set(self) -> dict[str, str]:
        """Return the namespace of each set all of whose objects that name one name the same."""
        named: defaultdict[str, set[str]] = defaultdict(set)
        for one in self.objects:
            if one.namespace:
                named[_set_of(one)].add(one.namespace)
        return {key: next(iter(names)) for key, names in named.items() if len(names) == 1}

    def _spaces(self, one: ClusterObject) -> tuple[_Space, ...]:
        """Return the keys of which two objects in one namespace share at least one."""
        if one.namespace:
            return (("is", one.namespace),)
        lies = self.namespace_of(one)
        return (("is", ""), ("is", lies)) if lies else (("is", ""),)

    @cached_property
    def _by_label(self) -> dict[tuple[_Space, str, str], list[Workload]]:
        return _index(
            self.workloads, lambda one: [(space, *pair) for space in self._of(one) for pair in one.pod_labels.items()]
        )

    @cached_property
    def _by_space(self) -> dict[_Space, list[Workload]]:
        return _index(self.workloads, self._of)

    @cached_property
    def _by_name(self) -> dict[tuple[_Space, str, str], list[Workload]]:
        return _index(self.workloads, lambda one: [(space, one.kind, one.name) for space in self._of(one)])

    @cached_property
    def _objects_by_name(self) -> dict[tuple[_Space, str, str], list[ClusterObject]]:
        return _index(self.objects, lambda one: [(space, one.kind, one.name) for space in self._spaces(one)])

    def _of(self, one: Workload) -> tuple[_Space, ...]:
        return self._spaces(one.source_object)

    def _candidates(self, one: ClusterObject, selector: Selector) -> Iterable[Workload]:
        """Return the workloads in the namespace that have the rarest label of the selector."""
        spaces = self._spaces(one)
        choices: list[list[Workload]] = [
            _unique(self._by_label.get((space, key, value), ()) for space in spaces) for key, value in selector.equal
        ]
        if not choices:
            return _unique(self._by_space.get(space, ()) for space in spaces)
        return min(choices, key=len)

    def _lookup(
        self, one: ClusterObject, index: Mapping[tuple[_Space, str, str], list[_Thing]], name: tuple[str, str]
    ) -> list[_Thing]:
        return _unique(index.get((space, *name), ()) for space in self._spaces(one))


_Key = TypeVar("_Key")


def _index(things: Iterable[_Thing], keys: Callable[[_Thing], Iterable[_Key]]) -> dict[_Key, list[_Thing]]:
    found: defaultdict[_Key, list[_Thing]] = defaultdict(list)
    for thing in things:
        for key in keys(thing):
            found[key].append(thing)
    return dict(found)


def _unique(groups: Iterable[Iterable[_Thing]]) -> list[_Thing]:
    return list({id(one): one for group in groups for one in group}.values())


def _set_of(one: ClusterObject) -> str:
    """Return the set that an object is applied with."""
    return f"folder {posixpath.dirname(one.path)}" if one.origin is Origin.FILE else f"source {one.source}"


def _nearest(one: ClusterObject, found: list[_Thing]) -> list[_Thing]:
    """Return the things, and of several copies of one those that share most of their path with the object."""
    copies: defaultdict[tuple[str, str, str | None], list[_Thing]] = defaultdict(list)
    for each in found:
        copies[each.kind, each.name, each.namespace].append(each)
    near: list[_Thing] = []
    for group in copies.values():
        if len(group) == 1:
            near += group
            continue
        shared = [_shared(one, each) for each in group]
        most = max(shared)
        near += [each for each, number in zip(group, shared, strict=True) if number == most]
    return near


def _shared(one: ClusterObject, other: ClusterObject | Workload) -> tuple[bool, int]:
    """Return how near two objects are: whether they are of one rendering, and how many folders they share."""
    source = other.source if isinstance(other, ClusterObject) else other.source_object.source
    first, second = one.path.split("/"), other.path.split("/")
    number = 0
    for left, right in zip(first, second, strict=False):
        if left != right:
            break
        number += 1
    return source == one.source, number
