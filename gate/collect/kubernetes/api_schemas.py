"""The schemas of Kubernetes' own kinds, as they ship with the package kubernetes-validate: by version, from its files.

The package's own `validate` reads all definitions again for every object, and makes a path out of a kind that anybody
may have written. Here a name is checked before it becomes one, and each schema is compiled once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from gate.model.json import Json, JsonObject

if TYPE_CHECKING:
    from jsonschema_rs import Registry
    from jsonschema_rs import Validator as Compiled

_PACKAGE = "kubernetes_validate"
_FOLDER = "kubernetes-json-schema"
_NAME = re.compile(r"v(\d+)\.(\d+)\.\d+-local-strict")
_WANTED = re.compile(r"v?(\d{1,3})\.(\d{1,3})(?:\.\d{1,3})?")
_KIND = re.compile(r"[A-Z][A-Za-z]{0,62}")
_API = re.compile(r"(?:([a-z][a-z0-9.]{0,100})/)?(v\d{1,2}(?:(?:alpha|beta)\d{1,2})?)")
_DEFINITIONS = "https://kubernetes.io/api/_definitions.json"
_OWN = "x-kubernetes-group-version-kind"


class NoSchemasError(Exception):
    """There are no schemas for the version that was asked for; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Api:
    """A kind in a version of its API. `file` is the name of its schema, without an ending."""

    group: str
    version: str
    kind: str

    @property
    def file(self) -> str:
        """What the file of its schema is called."""
        first = self.group.partition(".")[0]
        return "-".join(part for part in (self.kind.lower(), first, self.version) if part)


def api_of(api_version: str, kind: str) -> Api | None:
    """Return the API that an object names, None for names that no API of Kubernetes can have."""
    match = _API.fullmatch(api_version)
    if match is None or not _KIND.fullmatch(kind):
        return None
    return Api(match[1] or "", match[2], kind)


@lru_cache(maxsize=1)
def versions() -> dict[tuple[int, int], Path]:
    """Return the folder of each version that ships, the oldest first. Empty where the package is not installed."""
    spec = find_spec(_PACKAGE)
    roots = list(spec.submodule_search_locations or ()) if spec is not None else []
    found = {}
    for root in roots:
        folder = Path(root) / _FOLDER
        for path in folder.iterdir() if folder.is_dir() else ():
            match = _NAME.fullmatch(path.name)
            if match:
                found[int(match[1]), int(match[2])] = path
    return dict(sorted(found.items()))


def shown_version(version: tuple[int, int]) -> str:
    """Return "1.33"."""
    return f"{version[0]}.{version[1]}"


def schemas_of(wanted: str | None) -> Schemas:
    """Return the schemas of a version ("1.33", "v1.33.4"), the newest without one. Raises NoSchemasError."""
    shipped = versions()
    if not shipped:
        raise NoSchemasError("The schemas of Kubernetes are not installed (the Python package kubernetes-validate).")
    if wanted is None:
        return _schemas(next(reversed(shipped)))
    match = _WANTED.fullmatch(wanted)
    version = (int(match[1]), int(match[2])) if match else None
    if version not in shipped:
        first, last = shown_version(next(iter(shipped))), shown_version(next(reversed(shipped)))
        raise NoSchemasError(f"There are no schemas for Kubernetes {wanted[:40]}; choose one from {first} to {last}.")
    return _schemas(version)


@lru_cache(maxsize=4)
def _schemas(version: tuple[int, int]) -> Schemas:
    return Schemas(version)


@dataclass
class Schemas:
    """The schemas of one version. Each is read and compiled when it is first asked for."""

    version: tuple[int, int]
    _compiled: dict[Api, Compiled | None] = field(default_factory=dict)
    _read: dict[Api, JsonObject | None] = field(default_factory=dict)

    @cached_property
    def groups(self) -> frozenset[str]:
        """The API groups of Kubernetes itself, those that it once had too."""
        found = {"", "extensions"}
        for definition in self._definitions.values():
            listed = definition.get(_OWN) if isinstance(definition, dict) else None
            for item in listed if isinstance(listed, list) else ():
                if isinstance(item, dict) and isinstance(group := item.get("group"), str):
                    found.add(group)
        return frozenset(found)

    def compiled(self, api: Api) -> Compiled | None:
        """Return what judges objects of an API, None where this version does not have it."""
        if api not in self._compiled:
            from jsonschema_rs import validator_for

            schema = self._schema(api)
            self._compiled[api] = None if schema is None else validator_for(schema, registry=self._registry)
        return self._compiled[api]

    def properties(self, steps: list[str]) -> list[str]:
        """Return the names that a schema allows, given the way to it in the definitions (`$defs`, its name, …)."""
        place: Json = {"$defs": self._definitions}
        for step in steps:
            place = place.get(step) if isinstance(place, dict) else None
        properties = place.get("properties") if isinstance(place, dict) else None
        return list(properties) if isinstance(properties, dict) else []

    def _schema(self, api: Api) -> JsonObject | None:
        if api not in self._read:
            self._read[api] = read_schema(versions()[self.version], api) if api.group in self.groups else None
        return self._read[api]

    @cached_property
    def _document(self) -> JsonObject:
        return _load(versions()[self.version] / "_definitions.json")

    @property
    def _definitions(self) -> JsonObject:
        found = self._document.get("$defs")
        return found if isinstance(found, dict) else {}

    @cached_property
    def _registry(self) -> Registry:
        from jsonschema_rs import Registry

        return Registry([(_DEFINITIONS, self._document)])


@lru_cache(maxsize=20)
def apis_by_kind(version: tuple[int, int]) -> Mapping[str, tuple[str, ...]]:
    """Return the names of the schemas of each kind (in lower case) in a version: "ingress" has "ingress-networking-v1".

    Parts of objects have schemas too, and are among them.
    """
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted(versions()[version].glob("*-v*.json")):
        kind = path.stem.partition("-")[0]
        found[kind] = (*found.get(kind, ()), path.stem)
    return found


@lru_cache(maxsize=4000)
def has_api(version: tuple[int, int], api: Api) -> bool:
    """Whether a version has an API as a kind of object, and not only as a part of one."""
    return read_schema(versions()[version], api) is not None


def read_schema(folder: Path, api: Api) -> JsonObject | None:
    """Return the schema of an API, None where the folder has none of exactly this group, version and kind."""
    path = folder / f"{api.file}.json"
    if not path.is_file():
        return None
    schema = _load(path)
    named = {"group": api.group, "version": api.version, "kind": api.kind}
    listed = schema.get(_OWN)
    return schema if isinstance(listed, list) and named in listed else None


def _load(path: Path) -> JsonObject:
    import msgspec

    document = msgspec.json.decode(path.read_bytes())
    return document if isinstance(document, dict) else {}
