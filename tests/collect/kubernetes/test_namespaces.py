"""Namespaces: declared or not, and what limits them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gate.model.json import Json, JsonObject
from tests.collect.kubernetes.manifests import deployment, facts, manifest, one, rows


def namespace(name: str, **labels: Json) -> str:
    given: JsonObject = {key.replace("_", "-"): value for key, value in labels.items()}
    whole: JsonObject = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": given}}
    return f"---\n{json.dumps(whole)}\n".replace("pod-security-", "pod-security.kubernetes.io/")


def test_namespaces_with_and_without_a_declaration(tmp_path: Path) -> None:
    text = namespace("shop") + deployment(namespace="shop") + manifest("ConfigMap", "a", {}, namespace="pay")
    found = {str(each["name"]): each for each in rows(facts(tmp_path, text), "cluster_namespaces")}
    assert {name: (each["declared"], each["objects"], each["workloads"]) for name, each in found.items()} == {
        "pay": (False, 1, 0),
        "shop": (True, 1, 1),
    }
    assert found["shop"]["line"] == 2


def test_what_names_no_namespace_is_told_and_not_left_out(tmp_path: Path) -> None:
    found = one(facts(tmp_path, deployment() + manifest("ClusterRole", "a", {})), "cluster_namespaces")
    assert (found["name"], found["named"], found["objects"], found["workloads"]) == ("(not named)", False, 1, 1)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({}, {}),
        ({"pod_security_enforce": "restricted"}, {"enforce": "restricted"}),
        ({"pod_security_warn": "baseline", "pod_security_audit": ""}, {"warn": "baseline"}),
        ({"pod_security_enforce": ["restricted"]}, {}),
    ],
)
def test_levels_of_pod_security(tmp_path: Path, labels: JsonObject, expected: JsonObject) -> None:
    assert one(facts(tmp_path, namespace("shop", **labels)), "cluster_namespaces")["pod_security"] == expected


def test_quotas_and_limit_ranges_have_numbers(tmp_path: Path) -> None:
    text = manifest("ResourceQuota", "a", {"hard": {"limits.memory": "8Gi", "pods": 20, "x": []}}, namespace="shop")
    text += manifest("ResourceQuota", "b", {"hard": {"pods": "10"}}, namespace="shop")
    limits: list[Json] = [
        {"type": "Container", "default": {"cpu": "500m"}, "defaultRequest": {"cpu": "100m"}},
        {"type": "Pod", "default": {"memory": "1Gi"}},
    ]
    text += manifest("LimitRange", "a", {"limits": limits}, namespace="shop")
    found = one(facts(tmp_path, text), "cluster_namespaces")
    assert (found["quotas"], found["quota"]) == (2, {"limits.memory": 8 * 2**30, "pods": 10})
    assert (found["limit_ranges"], found["default_limits"]) == (1, {"cpu": 0.5})
    assert found["default_requests"] == {"cpu": 0.1}


def test_requests_are_the_limits_where_a_range_names_only_those(tmp_path: Path) -> None:
    limits: list[Json] = [{"type": "Container", "default": {"cpu": 1}}]
    found = one(facts(tmp_path, manifest("LimitRange", "a", {"limits": limits}, namespace="a")), "cluster_namespaces")
    assert found["default_requests"] == {"cpu": 1}
    assert found["quotas"] == 0
