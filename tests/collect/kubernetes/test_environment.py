"""Variables of containers, and secrets that stand in manifests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gate.collect.kubernetes.environment import environment_of, is_secret_name
from tests.collect.kubernetes.manifests import deployment, facts, one, rows


@pytest.mark.parametrize(
    "name",
    ["DB_PASSWORD", "password", "API_KEY", "GITHUB_TOKEN", "clientSecret", "AWS_SECRET_ACCESS_KEY", "SECRET_1", "PWD1"],
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "LOG_LEVEL",
        "PASSWORD_FILE",
        "TOKEN_TTL",
        "SECRET_NAME",
        "AUTHOR",
        "MONKEY",
        "TOKENIZER",
        "AUTH_URL",
        "max_tokens",
    ],
)
def test_names_of_no_secrets(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("DB_PASSWORD", "hunter2", True),
        ("DB_PASSWORD", "", False),
        ("DB_PASSWORD", "$(OTHER)", False),
        ("AUTH", "true", False),
        ("API_TOKEN", "/run/secrets/token", False),
        ("DATABASE_URL", "postgres://shop:hunter2@db/shop", True),
        ("DATABASE_URL", "postgres://shop:$(DB_PASSWORD)@db/shop", False),
        ("DATABASE_URL", "postgres://shop@db/shop", False),
        ("THE_GOOD_STUFF", "-----BEGIN RSA PRIVATE KEY-----\nabc", True),
    ],
)
def test_values_that_are_secrets(name: str, value: str, *, secret: bool) -> None:
    found = environment_of({"env": [{"name": name, "value": value}]})
    assert found.literal_secrets == ([name] if secret else [])
    (variable,) = found.variables
    assert ("value" in variable) is not secret


def test_references(tmp_path: Path) -> None:
    text = deployment(
        container={
            "env": [
                {"name": "A", "value": "1"},
                {"name": "A", "value": "2"},
                {"name": "P", "valueFrom": {"secretKeyRef": {"name": "db", "key": "p"}}},
                {"name": "L", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "l"}}},
                {"name": "N", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                {"value": "nameless"},
                "odd",
            ],
            "envFrom": [{"secretRef": {"name": "more"}}, {"configMapRef": {"name": "rest"}}],
            "volumeMounts": [{"name": "tls"}, {"name": "all"}],
        },
        pod={
            "volumes": [
                {"name": "tls", "secret": {"secretName": "cert"}},
                {"name": "unused", "secret": {"secretName": "other"}},
                {"name": "all", "projected": {"sources": [{"secret": {"name": "p1"}}, {"configMap": {"name": "p2"}}]}},
            ]
        },
    )
    found = facts(tmp_path, text)
    container = one(found, "containers")
    assert container["secrets"] == ["db", "more", "cert", "p1"]
    assert container["config_maps"] == ["settings", "rest", "p2"]
    told = [(each["variable"], each["from"], each.get("value")) for each in rows(found, "variables")]
    assert told == [
        ("A", "value", "2"),
        ("P", "secret", None),
        ("L", "config_map", None),
        ("N", "field", None),
    ]


def test_the_value_of_a_secret_is_nowhere_in_the_facts(tmp_path: Path) -> None:
    found = facts(tmp_path, deployment(container={"env": [{"name": "DB_PASSWORD", "value": "hunter2"}]}))
    assert "hunter2" not in json.dumps(found)
    assert one(found, "containers")["literal_secrets"] == ["DB_PASSWORD"]
