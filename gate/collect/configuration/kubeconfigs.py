"""Files that a client of a cluster signs in with: a tracked one with a key is a leak, one without is not. Pure.

Source: Kubernetes, client-go `tools/clientcmd/api/v1` (Config, AuthInfo).
"""

from __future__ import annotations

from collections.abc import Iterator

from gate.collect.manifests.objects import mapping, mappings, text
from gate.collect.manifests.placeholders import is_sample
from gate.formats.located_yaml import BadYaml, Located, read_parts
from gate.model.json import Json, JsonObject

_MARKS = (b"clusters", b"users")
_KEYS = ("client-key-data", "client-certificate-data", "token", "password")
_HARMLESS = frozenset({"client-certificate-data"})
"""A certificate is public; it is told, and no key by itself."""
_SUFFIXES = (".yaml", ".yml", ".json", ".conf", ".config", ".kubeconfig", ".txt", ".cfg")
_OMITTED = frozenset({"", "redacted", "data+omitted", "omitted"})


class NotReadableError(ValueError):
    """A file that looks like a kubeconfig and cannot be read. `line` is where, from 1."""

    def __init__(self, reason: str, line: int) -> None:
        self.line = line
        super().__init__(reason)


def may_be_kubeconfig(path: str) -> bool:
    """Whether a file of this name may be one: by its suffix, without one, or by what it is called."""
    name = path.rpartition("/")[2].lower()
    return "kube" in path.lower() or name.endswith(_SUFFIXES) or "." not in name


def read_kubeconfigs(data: bytes) -> Iterator[JsonObject]:
    """Yield the kubeconfigs of a file: line, users, and what of their keys stands in it. Raises NotReadableError."""
    if not all(mark in data for mark in _MARKS) or b"Config" not in data:
        return
    for part in read_parts(data):
        if isinstance(part, BadYaml):
            if all(mark.decode() in part.text for mark in _MARKS):
                raise NotReadableError(part.reason, part.line)
        elif isinstance(part.value, Located) and _is_kubeconfig(part.value):
            yield _facts(part.value, part.line)


def _is_kubeconfig(value: JsonObject) -> bool:
    return value.get("kind") == "Config" and value.get("apiVersion") == "v1" and isinstance(value.get("users"), list)


def _facts(value: JsonObject, line: int) -> JsonObject:
    held: list[Json] = []
    for entry in mappings(value.get("users")):
        user = mapping(entry.get("user"))
        for key in _KEYS:
            written = (text(user.get(key)) or "").strip()
            if written.lower() not in _OMITTED and not is_sample(written):
                held.append(f"{key} of {text(entry.get('name')) or 'a user'}"[:200])
    return {
        "line": line,
        "users": len(mappings(value.get("users"))),
        "keys": held,
        "key_material": any(str(each).partition(" ")[0] not in _HARMLESS for each in held),
    }
