"""Secrets that stand in the tree, and what keeps them elsewhere."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path

import pytest

from gate.model.json import Json, JsonObject
from tests.collect.kubernetes.manifests import deployment, facts, manifest, one, rows


def thing(kind: Json, name: Json = "shop", **value: Json) -> str:
    whole: JsonObject = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **value}
    return f"---\n{json.dumps(whole)}\n"


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        ({"stringData": {"password": "sea-green"}}, ["password"]),
        ({"data": {"password": encoded("sea-green")}}, ["password"]),
        ({"data": {"password": "no base64 at all"}}, ["password"]),
        ({"data": {"pin": 1234, "on": True, "list": ["a"]}}, ["pin", "on", "list"]),
        ({"stringData": {"password": "${PASSWORD}", "user": "$(USER)"}}, []),
        ({"data": {"password": encoded("${PASSWORD}")}}, []),
        ({"stringData": {"a": "<path:secret/data/shop#a>", "b": "{{ .Values.b }}", "c": "$TOKEN"}}, []),
        ({"stringData": {"a": "vault:secret/data/shop#a", "b": "ref+awssm://shop/b"}}, []),
        ({"stringData": {"url": "https://${USER}:sea-green@example.org"}}, ["url"]),
        ({"stringData": {"password": "${PASSWORD}" + " " * 3000 + "sea-green"}}, ["password"]),
        ({"data": {"password": encoded("${PASSWORD}" + " " * 3000 + "sea-green")}}, ["password"]),
        ({"data": {"password": "", "other": None}}, []),
        ({"data": "cGFzc3dvcmQ="}, []),
        ({}, []),
    ],
)
def test_values_that_anybody_can_read(tmp_path: Path, value: JsonObject, literal: list[str]) -> None:
    found = one(facts(tmp_path, thing("Secret", **value)), "secret_objects")
    assert found["literal_keys"] == literal
    assert "sea-green" not in json.dumps(found)


def test_what_sops_encrypted(tmp_path: Path) -> None:
    value: JsonObject = {"stringData": {"a": "ENC[AES256_GCM,data:YQ==,type:str]"}, "sops": {"mac": "ENC[a]"}}
    found = facts(tmp_path, thing("Secret", **value))
    secret = one(found, "secret_objects")
    assert (secret["encrypted"], secret["literal_keys"]) == (True, [])
    assert one(found, "secret_managers")["manager"] == "sops"


def test_what_only_says_that_it_is_encrypted_is_not(tmp_path: Path) -> None:
    value: JsonObject = {"stringData": {"a": "sea-green"}, "sops": {"mac": "ENC[a]"}}
    found = facts(tmp_path, thing("Secret", **value))
    assert one(found, "secret_objects")["literal_keys"] == ["a"]
    assert found["secret_managers"] == []


@pytest.mark.parametrize(
    ("text", "manager"),
    [
        (manifest("SealedSecret", "a", {}, "bitnami.com/v1alpha1"), "sealed-secrets"),
        (manifest("ExternalSecret", "a", {}, "external-secrets.io/v1"), "external-secrets"),
        (manifest("ClusterSecretStore", "a", {}, "external-secrets.io/v1beta1"), "external-secrets"),
        (manifest("SecretProviderClass", "a", {}, "secrets-store.csi.x-k8s.io/v1"), "secrets-store-csi"),
        (manifest("VaultStaticSecret", "a", {}, "secrets.hashicorp.com/v1beta1"), "vault"),
        (
            deployment(pod={"volumes": [{"name": "s", "csi": {"driver": "secrets-store.csi.k8s.io"}}]}),
            "secrets-store-csi",
        ),
        (manifest("SealedSecret", "a", {}, "example.org/v1"), None),
        (deployment(), None),
    ],
)
def test_what_keeps_secrets(tmp_path: Path, text: str, manager: str | None) -> None:
    found = rows(facts(tmp_path, text), "secret_managers")
    assert [each["manager"] for each in found] == ([] if manager is None else [manager])


def test_workloads_that_vault_gives_secrets(tmp_path: Path) -> None:
    annotations: JsonObject = {"vault.hashicorp.com/agent-inject": "true"}
    template: JsonObject = {
        "metadata": {"labels": {"app": "web"}, "annotations": annotations},
        "spec": {"containers": [{"name": "a", "image": "a:1"}]},
    }
    found = facts(tmp_path, deployment(template=template))
    assert one(found, "secret_managers")["manager"] == "vault"


FILE = """
# a comment
server.port=8080
spring.datasource.password=sea-green
api.token=${API_TOKEN}
password.file=/run/secrets/a
"""


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        ({"DB_PASSWORD": "sea-green", "LOG_LEVEL": "info"}, ["DB_PASSWORD"]),
        ({"DB_PASSWORD": "${DB_PASSWORD}", "PASSWORD_FILE": "/run/a", "TOKEN_TTL": "3600"}, []),
        ({"DATABASE_URL": "postgres://shop:sea-green@db/shop"}, ["DATABASE_URL"]),
        ({"application.properties": FILE}, ["application.properties: spring.datasource.password"]),
        ({"app.yaml": "db:\n  password: sea-green\n  host: db\n"}, ["app.yaml: password"]),
        ({"app.yaml": "secret:\n  name: a\ntoken: {{ .Values.token }}\nauth: [a]\n"}, []),
        ({"app.env": "export DB_PASSWORD=sea-green\n"}, ["app.env: DB_PASSWORD"]),
        (
            {"app.yml": "users:\n  - password: sea-green\n    'token': sea-green\n"},
            ["app.yml: password", "app.yml: token"],
        ),
        ({"a.ini": "#" * 300_000 + "\ntoken = sea-green\n"}, ["a.ini: token"]),
        ({"README.md": "password: sea-green\nmore\n"}, []),
        ({"API_TOKEN": None, "AUTH_ENABLED": "true", "PASSWORD": 5}, ["PASSWORD"]),
        ({"key.pem": "-----BEGIN PRIVATE KEY-----"}, ["key.pem"]),
        (["a"], []),
    ],
)
def test_secrets_in_config_maps(tmp_path: Path, data: Json, keys: list[str]) -> None:
    found = one(facts(tmp_path, thing("ConfigMap", data=data)), "config_maps")
    assert found["secret_keys"] == keys
    assert "sea-green" not in json.dumps(found)


PULLING = deployment(pod={"imagePullSecrets": [{"name": "registry"}, {}, 3]})
EXTERNAL = manifest("ExternalSecret", "a", {"target": {"name": "registry"}}, "external-secrets.io/v1")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (PULLING, [False]),
        (PULLING + thing("Secret", "registry"), [True]),
        (PULLING + manifest("SealedSecret", "registry", {}, "bitnami.com/v1alpha1"), [True]),
        (PULLING + EXTERNAL, [True]),
        (PULLING + thing("Secret", "other"), [False]),
        (deployment(), []),
        (deployment() + thing("ServiceAccount", "default", imagePullSecrets=[{"name": "registry"}]), [False]),
    ],
)
def test_secrets_of_registries(tmp_path: Path, text: str, found: list[bool]) -> None:
    assert [each["found"] for each in rows(facts(tmp_path, text), "pull_secrets")] == found
