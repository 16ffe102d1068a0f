"""Documents inside of objects: what ConfigMaps and Secrets carry as text, told apart by content like files."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from gate.collect.disk import printable
from gate.collect.manifests.byte_tests import may_hold
from gate.collect.manifests.objects import ClusterObject, mapping, objects_of
from gate.collect.manifests.shapes import sort_of
from gate.collect.manifests.sorts import Sort
from gate.formats.located_yaml import BadYaml, Located, read_parts
from gate.model.evidence import Gap

if TYPE_CHECKING:
    from gate.collect.collector import Context

_CARRIERS = ("ConfigMap", "Secret")
_NEVER = frozenset({Sort.KUBERNETES, Sort.COMPOSE, Sort.WORKFLOW, Sort.ACTION, Sort.CHART, Sort.KUSTOMIZATION})
"""Sorts that nothing reads out of a ConfigMap."""
_MOST_IN_A_TEXT = 1_000
_MOST_BYTES = 64 * 1024 * 1024
"""Of texts that are parsed in one tree."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """A document that stands in a ConfigMap or Secret.

    `path` and `line` are those of the object that carries it, `key` the name of its text in there. The lines of the
    mappings in `value` count from the start of that text. `sha256` is of the text.
    """

    sort: Sort
    value: Located
    path: str
    line: int
    key: str
    carrier: ClusterObject
    sha256: str

    @property
    def where(self) -> str:
        """The object and the key, for a sentence: "ConfigMap monitoring/rules, alerts.yaml"."""
        named = f"{self.carrier.namespace}/{self.carrier.name}" if self.carrier.namespace else self.carrier.name
        return f"{self.carrier.kind} {named}, {self.key}"


@dataclass(frozen=True, slots=True)
class BadText:
    """A text in an object that may have been a document of these sorts, and could not be read."""

    path: str
    line: int
    key: str
    reason: str
    sorts: frozenset[Sort]


@dataclass(frozen=True, slots=True)
class EmbeddedDocuments:
    """What the objects of a tree carry."""

    found: tuple[Embedded, ...] = ()
    unread: tuple[BadText, ...] = field(default=())

    def documents(self, *sorts: Sort) -> tuple[Embedded, ...]:
        """Return the documents of these sorts, in the order of their objects."""
        return tuple(one for one in self.found if one.sort in sorts)

    def gaps(self, *sorts: Sort, facts: tuple[str, ...] = ()) -> tuple[Gap, ...]:
        """Return what could not be read and may have been of one of these sorts, as gaps on these facts."""
        wanted = frozenset(sorts)
        return tuple(
            Gap(printable(one.path), f"{one.key} in here: {one.reason}", printable(one.path), one.line, facts)
            for one in self.unread
            if wanted & one.sorts
        )


def embedded_of(context: Context) -> EmbeddedDocuments:
    """Return the documents that the objects of this run carry, worked out once."""
    return context.once.get("embedded", lambda: read_embedded(objects_of(context).of(*_CARRIERS)))


def read_embedded(objects: list[ClusterObject]) -> EmbeddedDocuments:
    """Read the texts of ConfigMaps and Secrets. A text that stands in several objects counts in each."""
    found: list[Embedded] = []
    unread: list[BadText] = []
    left = _MOST_BYTES
    for carrier in objects:
        for key, data in _texts(carrier):
            sorts = may_hold(key, data) - _NEVER
            if not sorts:
                continue
            left -= len(data)
            if left < 0:
                reason = f"the texts of all objects have more than the {_MOST_BYTES:,} bytes that are read"
                unread.append(BadText(carrier.path, carrier.line, key, reason, sorts))
                continue
            _read(carrier, key, data, sorts, found, unread)
    return EmbeddedDocuments(tuple(found), tuple(unread))


def _read(
    carrier: ClusterObject,
    key: str,
    data: bytes,
    sorts: frozenset[Sort],
    found: list[Embedded],
    unread: list[BadText],
) -> None:
    digest = sha256(data).hexdigest()
    for part in read_parts(data)[:_MOST_IN_A_TEXT]:
        if isinstance(part, BadYaml):
            here = (may_hold(key, part.text.encode()) - _NEVER) if part.text else sorts
            if here:
                unread.append(BadText(carrier.path, carrier.line, key, part.reason, here))
            continue
        sort = sort_of("", part.value)
        if sort is not None and sort not in _NEVER and isinstance(part.value, Located):
            found.append(Embedded(sort, part.value, carrier.path, carrier.line, key, carrier, digest))


def _texts(carrier: ClusterObject) -> Iterator[tuple[str, bytes]]:
    """Yield the texts of an object with their keys. In a Secret, `stringData` counts before `data` (base64)."""
    if carrier.kind == "ConfigMap":
        plain, coded = mapping(carrier.value.get("data")), mapping(carrier.value.get("binaryData"))
    else:
        plain, coded = mapping(carrier.value.get("stringData")), mapping(carrier.value.get("data"))
    for key, value in plain.items():
        if isinstance(value, str):
            yield key, value.encode("utf-8", "replace")
    for key, value in coded.items():
        if isinstance(value, str) and key not in plain:
            try:
                yield key, base64.b64decode("".join(value.split()), validate=True)
            except (binascii.Error, ValueError):
                continue
