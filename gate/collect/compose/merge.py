"""How Compose joins two files, and a service with the one that it extends. Pure.

The rules are those of the Compose Specification (13-merge.md): mappings are joined key by key, lists one behind the
other, and a handful of keys have rules of their own.
"""

from __future__ import annotations

from collections.abc import Callable

from gate.collect.compose.tags import cleared, settled
from gate.formats.located_yaml import Located, line_of
from gate.model.json import Json, JsonObject

_REPLACED = frozenset({"command", "entrypoint", "test"})
"""Lists of which the later one stands alone."""
_NAMED = frozenset(
    {"environment", "labels", "args", "extra_hosts", "sysctls", "annotations", "build_args", "networks", "depends_on"}
)
"""Lists that are short for mappings: by the part before `=` (or `:`), or by the item itself."""


def merged(base: JsonObject, over: JsonObject) -> Located:
    """Return both as one; what `over` says counts. The line is that of `over`."""
    result = Located(base)
    result.line = line_of(over, line_of(base))
    for key, value in over.items():
        result[key] = _joined(key, result[key], value) if key in result else value
    return result


def laid_over(base: JsonObject, over: JsonObject) -> Located:
    """Return both as one, by the tags that stand in `over` (see `gate.collect.compose.tags`) and then by its values."""
    own = settled(over)
    assert isinstance(own, dict)  # as it went in
    return merged(cleared(base, over), own)


def extended(base: JsonObject, service: JsonObject) -> Located:
    """Return a service with what it extends below it. `extends` is gone, and so are the tags of both."""
    own: JsonObject = {key: value for key, value in service.items() if key != "extends"}
    result = laid_over(base, own)
    result.line = line_of(service)
    return result


def as_mapping(value: Json) -> JsonObject:
    """Return a mapping that may be written as a list of `NAME=VALUE`; a name without a value is null."""
    if isinstance(value, dict):
        return value
    found: JsonObject = {}
    for item in value if isinstance(value, list) else []:
        if isinstance(item, str):
            name, sign, rest = item.partition("=")
            if not sign and ": " in item:
                name, sign, rest = item.partition(": ")
            found[name] = rest if sign else None
    return found


def _joined(key: str, ours: Json, theirs: Json) -> Json:
    if theirs is None:
        return ours
    if key in _NAMED:
        return merged(as_mapping(ours), as_mapping(theirs))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return merged(ours, theirs)
    if key in _REPLACED or not isinstance(ours, list) or not isinstance(theirs, list):
        return theirs
    identity = _IDENTITIES.get(key)
    if identity is None:
        return [*ours, *(item for item in theirs if item not in ours)]
    items = {identity(item): item for item in ours}
    items.update((identity(item), item) for item in theirs)
    return list(items.values())


def _target(item: Json) -> str:
    """Return where in the container a volume, secret or config is: a later one at the same place counts."""
    if isinstance(item, dict):
        return str(item.get("target") or item.get("source"))
    parts = str(item).split(":")
    return parts[1] if len(parts) > 1 else parts[0]


def _source(item: Json) -> str:
    if isinstance(item, dict):
        return str(item.get("target") or item.get("source"))
    return str(item)


def _port(item: Json) -> str:
    if isinstance(item, dict):
        return ":".join(str(item.get(key, "")) for key in ("host_ip", "target", "published", "protocol"))
    return str(item)


_IDENTITIES: dict[str, Callable[[Json], str]] = {
    "volumes": _target,
    "secrets": _source,
    "configs": _source,
    "ports": _port,
}
