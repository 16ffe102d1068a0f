"""What a kustomization refers to: files, folders and what lies elsewhere. Pure.

The fields are those of `kustomization.yaml` in the reference of kustomize 5, with the older ones that it still reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from gate.collect.manifests.cluster_object import mapping, mappings
from gate.model.json import Json, JsonObject

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""What kubectl looks for in a folder (kustomize, `RecognizedKustomizationFileNames`)."""


class Use(StrEnum):
    """What a reference is used for."""

    RESOURCE = "resource"
    """objects, or a folder with a kustomization"""
    COMPONENT = "component"
    PATCH = "patch"
    DATA = "data"
    """what a generator puts into a ConfigMap or Secret, a schema, a configuration"""
    PLUGIN = "plugin"
    """the configuration of a generator, transformer or validator"""


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference as it is written. `field` is the key that holds it."""

    use: Use
    text: str
    field: str


class RefusedError(Exception):
    """A kustomization asks for what the gate does not run. `reason` completes "KUSTOMIZATION: …"."""

    def __init__(self, reason: str, sign: str) -> None:
        self.reason = reason
        self.sign = sign
        super().__init__(reason)


_RESOURCES = ("resources", "bases")
_DATA = ("crds", "configurations")
_GENERATORS = ("configMapGenerator", "secretGenerator")
_PLUGINS = ("generators", "transformers", "validators")
_PATCHES = ("patches", "patchesJson6902", "replacements")
_HELM = ("helmCharts", "helmChartInflationGenerator")
_KNOWN = {
    name.lower(): name
    for name in (
        *_RESOURCES,
        *_DATA,
        *_GENERATORS,
        *_PLUGINS,
        *_PATCHES,
        *_HELM,
        "components",
        "patchesStrategicMerge",
        "openapi",
        "path",
        "files",
        "envs",
        "env",
    )
}
_ELSEWHERE = re.compile(
    r"://|^git::|^git@|^[\w.-]+@[\w.-]+:|[?&](?:ref|version|timeout|submodules)=|^(?:github|gitlab|bitbucket)\.\w+[/:]"
    r"|^gh:|_git/|[^/]\.git(?:$|[/?])",
    re.IGNORECASE,
)


def is_elsewhere(reference: str) -> bool:
    """Whether a reference is written as the address of a repository or of a file on another machine."""
    return _ELSEWHERE.search(reference) is not None


def references_of(value: JsonObject) -> Iterator[Reference]:
    """Yield what a kustomization refers to. Raises RefusedError."""
    _refuse_odd_keys(value)
    for field in _HELM:
        if value.get(field):
            raise RefusedError(f"has {field}, for which kubectl would run helm and fetch charts", field)
    for field in _RESOURCES:
        yield from _texts(value, field, Use.RESOURCE)
    yield from _texts(value, "components", Use.COMPONENT)
    for field in _DATA:
        yield from _texts(value, field, Use.DATA)
    yield from _texts(mapping(value.get("openapi")), "path", Use.DATA)
    yield from (one for one in _texts(value, "patchesStrategicMerge", Use.PATCH) if not _is_inline(one.text))
    for field in _PATCHES:
        for item in mappings(value.get(field)):
            yield from _texts(item, "path", Use.PATCH)
    for field in _GENERATORS:
        for item in mappings(value.get(field)):
            yield from _generated(item)
    for field in _PLUGINS:
        for one in _texts(value, field, Use.PLUGIN):
            if not _is_inline(one.text):
                yield one
            else:
                yield from _inline_plugin(one.text)


def texts_in(value: JsonObject) -> Iterator[str]:
    """Yield the references of a kustomization as far as they can be told, whether or not it can be built."""
    try:
        for reference in references_of(value):
            yield reference.text
    except RefusedError:
        return


def plugin_references(value: Json) -> Iterator[Reference]:
    """Yield what the configuration of a plugin refers to. Raises RefusedError for one that is not built in."""
    if not isinstance(value, dict):
        return
    _refuse_odd_keys(value)
    if value.get("kind") == "HelmChartInflationGenerator" or value.get("apiVersion") != "builtin":
        raise RefusedError(
            f"uses the plugin {value.get('kind')}, which is a program of its own", str(value.get("kind"))
        )
    for field in ("path", "paths"):
        yield from _texts(value, field, Use.DATA)
    yield from _generated(value)
    for item in mappings(value.get("replacements")):
        yield from _texts(item, "path", Use.DATA)


def _inline_plugin(text: str) -> Iterator[Reference]:
    from gate.formats.located_yaml import YamlDocument, read_parts

    for part in read_parts(text.encode("utf-8", "replace")):
        if not isinstance(part, YamlDocument):
            raise RefusedError("has the configuration of a plugin in it that cannot be read", "")
        yield from plugin_references(part.value)


def _generated(item: JsonObject) -> Iterator[Reference]:
    for one in _texts(item, "files", Use.DATA):
        yield Reference(one.use, one.text.partition("=")[2] or one.text, one.field)
    yield from _texts(item, "envs", Use.DATA)
    yield from _texts(item, "env", Use.DATA)


def _texts(value: JsonObject, field: str, use: Use) -> Iterator[Reference]:
    held = value.get(field)
    for item in held if isinstance(held, list) else [held]:
        if isinstance(item, str) and item.strip():
            yield Reference(use, item, field)


def _is_inline(text: str) -> bool:
    return "\n" in text or text.lstrip().startswith("{") or ": " in text


def _refuse_odd_keys(value: JsonObject) -> None:
    """Refuse keys that differ from a field by capitals: kubectl's parser takes them for the field."""
    waiting: list[tuple[Json, int]] = [(value, 0)]
    while waiting:
        one, depth = waiting.pop()
        if isinstance(one, list):
            waiting += [(item, depth) for item in one]
        elif isinstance(one, dict) and depth <= 1:
            for key, item in one.items():
                if _KNOWN.get(key.lower(), key) != key:
                    raise RefusedError(f"has the key {key[:40]}, which is written {_KNOWN[key.lower()]}", key)
                if depth or key in _KNOWN.values():
                    waiting.append((item, depth + 1))
