"""Label selectors: which labels one chooses. Pure.

Source: Kubernetes, "Labels and Selectors", and `k8s.io/apimachinery/pkg/labels`: all requirements must hold; NotIn and
DoesNotExist hold for what does not have the key at all; an empty selector chooses everything, a null one nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gate.collect.manifests.objects import mappings, text
from gate.model.json import Json

_KNOWN_OPERATORS = frozenset({"In", "NotIn", "Exists", "DoesNotExist"})


@dataclass(frozen=True, slots=True)
class Requirement:
    """A line of `matchExpressions`."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether labels satisfy it. An operator that Kubernetes does not know holds for nothing."""
        match self.operator:
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":
                return labels.get(self.key) not in self.values
            case "Exists":
                return self.key in labels
            case "DoesNotExist":
                return self.key not in labels
            case _:
                return False


@dataclass(frozen=True, slots=True)
class Selector:
    """What must hold for labels to be chosen: all of it. `broken` is True for one that the API server refuses."""

    equal: tuple[tuple[str, str], ...] = ()
    requirements: tuple[Requirement, ...] = ()
    broken: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether it chooses everything."""
        return not self.equal and not self.requirements and not self.broken

    def chooses(self, labels: Mapping[str, str]) -> bool:
        """Whether it chooses something with these labels."""
        if self.broken or any(labels.get(key) != value for key, value in self.equal):
            return False
        return all(each.holds(labels) for each in self.requirements)


def label_selector(value: Json) -> Selector | None:
    """Return a LabelSelector (`matchLabels`, `matchExpressions`), None for null or what is not there."""
    if value is None:
        return None
    if not isinstance(value, dict):
        return Selector(broken=True)
    plain = map_selector(value.get("matchLabels"))
    requirements = tuple(map(_requirement, mappings(value.get("matchExpressions"))))
    broken = any(each.operator not in _KNOWN_OPERATORS for each in requirements)
    unread = value.get("matchExpressions") is not None and not isinstance(value.get("matchExpressions"), list)
    return Selector(
        plain.equal if plain else (), requirements, broken or unread or (plain is not None and plain.broken)
    )


def map_selector(value: Json) -> Selector | None:
    """Return the plain map of labels of a Service or a ReplicationController, None where there is none."""
    if value is None:
        return None
    if not isinstance(value, dict):
        return Selector(broken=True)
    broken = any(not isinstance(item, str) for item in value.values())
    return Selector(tuple((key, item) for key, item in value.items() if isinstance(item, str)), (), broken)


def _requirement(value: Mapping[str, Json]) -> Requirement:
    values = value.get("values")
    found = frozenset(item for item in values if isinstance(item, str)) if isinstance(values, list) else frozenset()
    return Requirement(text(value.get("key")) or "", text(value.get("operator")) or "", found)
