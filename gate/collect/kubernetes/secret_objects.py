"""Secrets in the tree: those that anybody can read there, those that something keeps, and those that are named. Pure.

Values are never kept: names of keys only. What only stands for a value (`${NAME}`, `<path:…>`, `{{ … }}`) is none.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator

from gate.collect.kubernetes.cluster import Cluster
from gate.collect.kubernetes.environment import is_literal_secret
from gate.collect.kubernetes.found import Found
from gate.collect.kubernetes.values import labels_of, shown
from gate.collect.kubernetes.workloads import Workload, place
from gate.collect.manifests.objects import ClusterObject, mapping, mappings, text
from gate.model.json import Json, JsonObject

_MOST = 50
_ENCRYPTED = "ENC[AES256_GCM,"
_LONGEST = 1_100_000
"""More than the API server takes for a ConfigMap (1 MiB)."""
_LONGEST_NAME = 1000
_STANDS_FOR = re.compile(
    r"\s*(?:\$\{[^}]{1,200}\}|\$\([^)]{1,200}\)|\$[A-Z_][A-Z0-9_]{0,100}|<[^<>]{1,300}>|\{\{[^}]{1,300}\}\}"
    r"|%[A-Z0-9_]{1,100}%|__[A-Z0-9_]{1,100}__|(?:ref\+)?(?:vault|awssm|awsssm|gcpsecretmanager)[:+][^\s]{1,300})\s*"
)
_KEPT = {
    ("SealedSecret", "bitnami.com"): "sealed-secrets",
    ("ExternalSecret", "external-secrets.io"): "external-secrets",
    ("ClusterExternalSecret", "external-secrets.io"): "external-secrets",
    ("SecretStore", "external-secrets.io"): "external-secrets",
    ("ClusterSecretStore", "external-secrets.io"): "external-secrets",
    ("ExternalSecret", "kubernetes-client.io"): "external-secrets",
    ("SecretProviderClass", "secrets-store.csi.x-k8s.io"): "secrets-store-csi",
    ("VaultStaticSecret", "secrets.hashicorp.com"): "vault",
    ("VaultDynamicSecret", "secrets.hashicorp.com"): "vault",
    ("VaultPKISecret", "secrets.hashicorp.com"): "vault",
    ("OnePasswordItem", "onepassword.com"): "1password",
    ("InfisicalSecret", "secrets.infisical.com"): "infisical",
    ("DopplerSecret", "secrets.doppler.com"): "doppler",
    ("AzureKeyVaultSecret", "spv.no"): "azure-key-vault",
    ("SopsSecret", "isindir.github.com"): "sops",
    ("ksops", "viaduct.ai"): "sops",
}
_INJECTED = "vault.hashicorp.com/agent-inject"
_CSI = "secrets-store.csi.k8s.io"
_LINES = re.compile(
    r"^[ \t]*(?:export[ \t]+|-[ \t]+)?[\"']?([A-Za-z][A-Za-z0-9_.-]{0,100})[\"']?[ \t]*[=:][ \t]*(\S[^\n]{0,500})",
    re.MULTILINE,
)
_SETTINGS = re.compile(r"\.(?:env|properties|ini|conf|cfg|toml|ya?ml)$|^\.?env$", re.IGNORECASE)


def secrets_part(cluster: Cluster) -> Found:
    """Return Secrets, what keeps secrets, ConfigMaps, and whether the secrets of registries are here."""
    objects = cluster.of("Secret", groups={""})
    facts: JsonObject = {
        "secret_objects": [_secret(one) for one in objects],
        "secret_managers": [*_managers(cluster, objects)],
        "config_maps": [_config_map(one) for one in cluster.of("ConfigMap", groups={""})],
        "pull_secrets": [*_pull_secrets(cluster)],
    }
    return Found(facts)


def is_encrypted(one: ClusterObject) -> bool:
    """Whether SOPS encrypted the values of a Secret or a ConfigMap: all of them, and not in name only."""
    if "mac" not in mapping(one.value.get("sops")):
        return False
    values = [*mapping(one.value.get("data")).values(), *mapping(one.value.get("stringData")).values()]
    return bool(values) and all(isinstance(value, str) and value.startswith(_ENCRYPTED) for value in values)


def _secret(one: ClusterObject) -> JsonObject:
    values = [*_values(one)]
    encrypted = is_encrypted(one)
    literal: list[Json] = [shown(key) for key, value in values if _is_literal(value)] if not encrypted else []
    return place(one) | {
        "type": shown(text(one.value.get("type")) or "Opaque"),
        "keys": len(values),
        "literal_keys": literal[:_MOST],
        "encrypted": encrypted,
    }


def _values(one: ClusterObject) -> Iterator[tuple[str, str]]:
    """Yield the keys of a Secret with their values as text."""
    for key, value in mapping(one.value.get("stringData")).items():
        yield key, _written(value)
    for key, value in mapping(one.value.get("data")).items():
        yield key, _decoded(_written(value))


def _written(value: Json) -> str:
    """Return a value as text; what is neither text nor number is a slip that may hold a secret all the same."""
    found = text(value)
    return found if found is not None else "" if value is None else "?"


def _decoded(written: str) -> str:
    """Return what base64 text says; what is none is left as it is, for a reader sees it all the same."""
    try:
        return b64decode(written[:2000], validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return written


def _is_literal(value: str) -> bool:
    return bool(value.strip()) and (len(value) > _LONGEST_NAME or not _STANDS_FOR.fullmatch(value))


def _managers(cluster: Cluster, secrets: list[ClusterObject]) -> Iterator[JsonObject]:
    """Yield what keeps secrets somewhere else: objects, workloads that are given them, encrypted Secrets."""
    for (kind, group), manager in _KEPT.items():
        for one in cluster.of(kind, groups={group}):
            yield place(one) | {"manager": manager}
    for one in secrets:
        if is_encrypted(one):
            yield place(one) | {"manager": "sops"}
    for workload in cluster.selected:
        if workload.annotations.get(_INJECTED) == "true":
            yield place(workload.source_object) | {"manager": "vault"}
        elif any(mapping(volume.get("csi")).get("driver") == _CSI for volume in mappings(workload.pod.get("volumes"))):
            yield place(workload.source_object) | {"manager": "secrets-store-csi"}


def _config_map(one: ClusterObject) -> JsonObject:
    found: list[Json] = []
    data = mapping(one.value.get("data"))
    left = _LONGEST
    for key, value in data.items():
        written = text(value) or ""
        if "\n" not in written and _is_secret(key, written):
            found.append(shown(key))
        elif _SETTINGS.search(key) and left > 0:
            found += [shown(f"{key}: {name}") for name in _in_text(written[:left])]
            left -= len(written)
    return place(one) | {"keys": len(data), "secret_keys": found[:_MOST]}


def _in_text(written: str) -> list[str]:
    """Return the names of the settings in a file's text whose values are secrets."""
    found = []
    for match in _LINES.finditer(written):
        name, value = match[1], match[2].strip().strip("\"'")
        if _is_secret(name, value) and not value.startswith(("#", "{", "[", "|", ">", "&", "*")):
            found.append(name)
    return list(dict.fromkeys(found))[:_MOST]


def _is_secret(name: str, value: str) -> bool:
    return is_literal_secret(name, value) and _is_literal(value)


def _pull_secrets(cluster: Cluster) -> Iterator[JsonObject]:
    """Yield each secret of a registry that a selected workload names, and whether something here makes it."""
    targets = {(cluster.namespace_of(one), _target(one)) for one in cluster.of("ExternalSecret")}
    for workload in cluster.selected:
        one = workload.source_object
        for name in _named(workload, cluster):
            made = any(cluster.named(one, kind, name) is not None for kind in ("Secret", "SealedSecret"))
            found = made or (cluster.namespace_of(one), name) in targets
            yield place(one) | {"secret": shown(name), "found": found}


def _named(workload: Workload, cluster: Cluster) -> list[str]:
    account = text(workload.pod.get("serviceAccountName")) or "default"
    found = cluster.named(workload.source_object, "ServiceAccount", account)
    listed = mappings(workload.pod.get("imagePullSecrets"))
    listed = listed or (mappings(found.value.get("imagePullSecrets")) if found else [])
    return [name for item in listed[:_MOST] if (name := text(item.get("name")))]


def _target(one: ClusterObject) -> str:
    return labels_of(one.spec.get("target")).get("name") or one.name
