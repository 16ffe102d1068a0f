"""Roles, bindings, and the service accounts of workloads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gate.model.json import Json, JsonObject
from tests.collect.kubernetes.manifests import deployment, facts, manifest, one, rows

API = "rbac.authorization.k8s.io/v1"
ACCOUNT: JsonObject = {"kind": "ServiceAccount", "name": "web"}
PLAIN: JsonObject = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}
ALL: JsonObject = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}


def role(name: str = "reader", rules: Json = None, kind: str = "Role", **metadata: Json) -> str:
    body: JsonObject = {"apiVersion": API, "kind": kind, "metadata": {"name": name, **metadata}}
    return f"---\n{json.dumps(body | {'rules': [PLAIN] if rules is None else rules})}\n"


def binding(
    to: str = "reader", subjects: Json = None, kind: str = "RoleBinding", of: str = "Role", ns: str = ""
) -> str:
    metadata: JsonObject = {"name": "b", **({"namespace": ns} if ns else {})}
    reference: JsonObject = {"kind": of, "name": to}
    body: JsonObject = {"apiVersion": API, "kind": kind, "metadata": metadata, "roleRef": reference}
    return f"---\n{json.dumps(body | {'subjects': [ACCOUNT] if subjects is None else subjects})}\n"


@pytest.mark.parametrize(
    ("rule", "wildcards", "secrets", "rising"),
    [
        (PLAIN, [], [], []),
        (ALL, ["verbs", "apiGroups", "resources"], ["*"], []),
        ({"apiGroups": [""], "resources": ["pods", "*/scale"], "verbs": ["update"]}, ["resources"], [], []),
        ({"nonResourceURLs": ["*"], "verbs": ["get"]}, ["nonResourceURLs"], [], []),
        ({"apiGroups": [""], "resources": ["secrets"], "verbs": ["list", "get"]}, [], ["get", "list"], []),
        ({"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"], "resourceNames": ["a"]}, [], [], []),
        ({"apiGroups": [""], "resources": ["secrets"], "verbs": ["create"]}, [], [], []),
        ({"apiGroups": ["example.org"], "resources": ["secrets"], "verbs": ["get"]}, [], [], []),
        (
            {"apiGroups": [""], "resources": ["users"], "verbs": ["impersonate", "Bind"]},
            [],
            [],
            ["bind", "impersonate"],
        ),
        ({"verbs": "*", "resources": {"*": 1}, "apiGroups": None}, [], [], []),
    ],
)
def test_what_a_role_allows(
    tmp_path: Path, rule: JsonObject, wildcards: list[str], secrets: list[str], rising: list[str]
) -> None:
    found = one(facts(tmp_path, role(rules=[rule])), "roles")
    assert (found["wildcards"], found["secrets"], found["rising"]) == (wildcards, secrets, rising)
    assert found["rules"] == 1


def test_roles_that_are_bound_and_aggregated(tmp_path: Path) -> None:
    text = role(namespace="shop") + role("other", namespace="shop") + binding(ns="shop")
    text += role("all", kind="ClusterRole", labels={"rbac.authorization.k8s.io/aggregate-to-view": "true"})
    found = {str(each["name"]): (each["bound"], each["aggregated"]) for each in rows(facts(tmp_path, text), "roles")}
    assert found == {"reader": (True, False), "other": (False, False), "all": (False, True)}


def test_a_binding_means_the_role_of_its_own_namespace(tmp_path: Path) -> None:
    text = role(namespace="shop") + role(namespace="pay", rules=[ALL]) + binding(ns="shop")
    assert [each["bound"] for each in rows(facts(tmp_path, text), "roles")] == [True, False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (binding("cluster-admin", of="ClusterRole", kind="ClusterRoleBinding"), {"cluster_admin": True}),
        (binding("cluster-admin", of="ClusterRole", ns="a"), {"cluster_admin": True, "everywhere": False}),
        (binding("cluster-admin", of="Role"), {"cluster_admin": False, "role_found": False}),
        (binding("view", of="ClusterRole"), {"cluster_admin": False, "role_found": True}),
        (binding("gone", of="ClusterRole"), {"role_found": False}),
        (
            binding(subjects=[{"kind": "Group", "name": "system:authenticated"}]),
            {"everybody": ["system:authenticated"]},
        ),
        (binding(subjects=[{"kind": "User", "name": "system:anonymous"}, 3]), {"everybody": ["system:anonymous"]}),
        (binding(subjects=[{"kind": "ServiceAccount", "name": "default"}]), {"default_account": True}),
        (binding(subjects=[{"kind": "User", "name": "default"}]), {"default_account": False}),
        (binding(subjects={}), {"subjects": [], "everybody": []}),
        (binding(ns="shop"), {"subjects": ["ServiceAccount shop/web"], "role": "Role/reader"}),
    ],
)
def test_bindings(tmp_path: Path, text: str, expected: JsonObject) -> None:
    found = one(facts(tmp_path, text), "bindings")
    assert {name: found[name] for name in expected} == expected


def test_what_workloads_may_do_by_their_accounts(tmp_path: Path) -> None:
    pod: JsonObject = {"serviceAccountName": "web"}
    text = deployment(pod=pod, namespace="shop") + role("w", rules=[ALL], kind="ClusterRole")
    text += binding("w", [{**ACCOUNT, "namespace": "shop"}], "ClusterRoleBinding", "ClusterRole")
    found = one(facts(tmp_path, text), "workload_accounts")
    assert (found["account"], found["found"], found["roles"]) == ("web", False, ["ClusterRole/w"])
    assert (found["wildcards"], found["reads_secrets"], found["cluster_admin"]) == (True, True, False)
    other = deployment(pod=pod, namespace="pay2") + role("w", rules=[ALL], kind="ClusterRole") + binding("w", ns="shop")
    assert one(facts(tmp_path, other), "workload_accounts")["roles"] == []


def test_service_accounts(tmp_path: Path) -> None:
    account = manifest("ServiceAccount", "web", {}, namespace="shop").replace(', "spec": {}', "")
    found = facts(tmp_path, account + deployment(pod={"serviceAccount": "web"}, namespace="shop"))
    assert one(found, "workload_accounts")["found"] is True
    assert one(found, "service_accounts")["name"] == "web"
    assert one(facts(tmp_path, deployment()), "workload_accounts")["found"] is True
    found = facts(tmp_path, account + deployment(pod={"serviceAccount": "web"}, namespace="pay"))
    assert one(found, "workload_accounts")["found"] is False


@pytest.mark.parametrize(
    ("group", "has"),
    [
        ("system:serviceaccounts", True),
        ("system:authenticated", True),
        ("system:serviceaccounts:shop", True),
        ("system:serviceaccounts:pay", False),
        ("operators", False),
    ],
)
def test_rights_that_come_by_a_group(tmp_path: Path, group: str, has: bool) -> None:
    subject: JsonObject = {"kind": "Group", "name": group}
    text = deployment(namespace="shop") + binding("cluster-admin", [subject], "ClusterRoleBinding", "ClusterRole")
    assert one(facts(tmp_path, text), "workload_accounts")["cluster_admin"] is has
