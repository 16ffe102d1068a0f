"""The environment of containers: values, and what stands in a Secret or a ConfigMap. Values of secrets are never kept.

Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from gate.collect.kubernetes.values import shown
from gate.collect.manifests.objects import mapping, mappings, text
from gate.model.json import Json, JsonObject

_WORDS = (
    r"(?:apikey|api_key|accesskey|access_key|auth|credentials?|passphrase|passwd|password|private_?key|pwd|secret"
    r"|secretkey|token)"
)
_SECRET = re.compile(rf"(?:^|[_.-]){_WORDS}(?:[_.-]|\d*$)", re.IGNORECASE)
_HARMLESS = re.compile(
    r"(?:^|[_.-])(?:class|count|dir|duration|enabled|endpoint|expiry|expiration|expires|file|folder|host|id|issuer"
    r"|length|lifetime|limit|max|min|minutes|mode|mount|name|path|ref|region|role|seconds|size|store|timeout|ttl|type"
    r"|uri|url|user|username|version)$",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SETTINGS = frozenset({"", "true", "false", "yes", "no", "on", "off", "none", "null", "disabled", "enabled"})
_REFERENCE = re.compile(r"\$\([A-Za-z_][A-Za-z0-9_.-]*\)")
_IN_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]*:(?!\$\()[^/\s@$({]+@", re.IGNORECASE)


_PRIVATE_KEY = re.compile(r"---BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY")


@dataclass(frozen=True, slots=True)
class Environment:
    """What a container is given.

    `variables` are the facts of each variable; `secrets`, `config_maps` the names of objects that it refers to;
    `literal_secrets` the variables whose value is a secret that stands in the manifest.
    """

    variables: list[JsonObject] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    config_maps: list[str] = field(default_factory=list)
    literal_secrets: list[str] = field(default_factory=list)


def environment_of(container: JsonObject) -> Environment:
    """Return the environment of a container. Of two variables with one name the later counts, as for the kubelet."""
    found = Environment()
    variables: dict[str, JsonObject] = {}
    for written in mappings(container.get("env")):
        name = text(written.get("name"))
        if name:
            variables[name] = _variable(shown(name), written)
    for variable in variables.values():
        found.variables.append(variable)
        _note(variable, found)
    for source in mappings(container.get("envFrom")):
        _refer(found.secrets, mapping(source.get("secretRef")).get("name"))
        _refer(found.config_maps, mapping(source.get("configMapRef")).get("name"))
    return found


def volumes_into(found: Environment, pod: JsonObject, container: JsonObject) -> None:
    """Add the Secrets and ConfigMaps that a container mounts."""
    mounted = {text(mount.get("name")) for mount in mappings(container.get("volumeMounts"))}
    for volume in mappings(pod.get("volumes")):
        if text(volume.get("name")) not in mounted:
            continue
        _refer(found.secrets, mapping(volume.get("secret")).get("secretName"))
        _refer(found.config_maps, mapping(volume.get("configMap")).get("name"))
        for source in mappings(mapping(volume.get("projected")).get("sources")):
            _refer(found.secrets, mapping(source.get("secret")).get("name"))
            _refer(found.config_maps, mapping(source.get("configMap")).get("name"))


def is_secret_name(name: str) -> bool:
    """Whether the name of a variable says that it holds a secret, and not where one lies or how long it lasts."""
    plain = _CAMEL.sub("_", name)
    return _SECRET.search(plain) is not None and _HARMLESS.search(plain) is None


def _variable(name: str, written: JsonObject) -> JsonObject:
    source = mapping(written.get("valueFrom"))
    for key, kind in (("secretKeyRef", "secret"), ("configMapKeyRef", "config_map")):
        reference = mapping(source.get(key))
        if reference:
            of, at = text(reference.get("name")) or "", text(reference.get("key")) or ""
            return {"variable": name, "from": kind, "object": shown(of), "key": shown(at)}
    if source:
        return {"variable": name, "from": "field"}
    value = text(written.get("value")) or ""
    if is_literal_secret(name, value):
        return {"variable": name, "from": "value", "literal_secret": True}
    return {"variable": name, "from": "value", "value": shown(value)}


def is_literal_secret(name: str, value: str) -> bool:
    """Whether a value is a secret: its name says so and it is no switch and no reference, or it shows."""
    if _IN_URL.search(value) or _PRIVATE_KEY.search(value):
        return True
    rest = _REFERENCE.sub("", value).strip().lower()
    return is_secret_name(name) and rest not in _SETTINGS and not value.startswith("/")


def _note(variable: JsonObject, found: Environment) -> None:
    name = str(variable["variable"])
    match variable["from"]:
        case "secret":
            _refer(found.secrets, variable["object"])
        case "config_map":
            _refer(found.config_maps, variable["object"])
        case "value" if "literal_secret" in variable:
            found.literal_secrets.append(name)


def _refer(names: list[str], name: Json) -> None:
    if isinstance(name, str) and name and name not in names:
        names.append(shown(name))
