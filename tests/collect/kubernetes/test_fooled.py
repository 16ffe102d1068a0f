"""What the author of a change would write to have it said, and not done."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.collect.kubernetes.probes import probe
from gate.model.json import Json, JsonObject
from tests.collect.kubernetes.manifests import deployment, facts, manifest, one, rows


def exec_(*parts: str) -> JsonObject:
    return {"exec": {"command": list(parts)}}


@pytest.mark.parametrize(
    "parts",
    [
        ["true"],
        ["/bin/true"],
        ["sh", "-c", "exit 0"],
        ["/bin/sh", "-ec", ":"],
        ["bash", "-c", "curl -f localhost || true"],
        ["sh", "-c", "cat /tmp/healthy; exit 0"],
        ["echo", "ok"],
        ["sleep", "1"],
        ["sh", "-c", "test -f /x || echo no;"],
    ],
)
def test_a_command_that_always_succeeds_asks_nothing(parts: list[str]) -> None:
    found = probe(exec_(*parts))
    assert found is not None
    assert found["pointless"] == f"runs {' '.join(parts)}, which always succeeds"


@pytest.mark.parametrize(
    "value",
    [
        exec_("cat", "/tmp/healthy"),
        exec_("sh", "-c", "echo ok | nc localhost 80"),
        exec_("sh", "-c", "curl -f localhost"),
        exec_("/bin/true-health"),
        {"httpGet": {"port": 80, "host": "127.0.0.1"}},
        {"tcpSocket": {"port": 80}},
        {"grpc": {"port": 80}},
    ],
)
def test_a_question_that_may_be_answered_with_no(value: Json) -> None:
    found = probe(value)
    assert found is not None
    assert "pointless" not in found


@pytest.mark.parametrize("handler", ["httpGet", "tcpSocket"])
def test_another_machine_says_nothing_of_the_container(handler: str) -> None:
    found = probe({handler: {"port": 80, "host": "Example.com"}})
    assert found is not None
    assert found["pointless"] == "asks example.com in place of the container"


def policy(**spec: Json) -> str:
    return manifest("NetworkPolicy", "web", {"podSelector": {}, **spec}, "networking.k8s.io/v1")


EVERY_NET: list[Json] = [{"ipBlock": {"cidr": "0.0.0.0/1"}}, {"ipBlock": {"cidr": "128.0.0.0/1"}}]


@pytest.mark.parametrize(
    "ingress",
    [
        [{}],
        [{"from": []}],
        [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}],
        [{"from": [{"ipBlock": {"cidr": "::/0"}}]}],
        [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["192.0.2.1/32"]}}]}],
        [{"from": EVERY_NET}],
        [{"from": EVERY_NET[:1]}, {"from": EVERY_NET[1:]}],
        [{"from": [{"ipBlock": {"cidr": f"{number}.0.0.0/8"}} for number in range(256)]}],
        [{"from": [{"ipBlock": {"cidr": "2000::/4"}}, {"ipBlock": {"cidr": "3000::/4"}}]}],
        [{"from": [{"namespaceSelector": {}}]}],
        [{"from": [{"namespaceSelector": {}, "podSelector": {}}]}],
        [{"ports": [{"protocol": "TCP"}]}],
        [{"ports": [{"port": 1, "endPort": 65535}]}],
        [{"ports": [{"port": 0, "endPort": 65535}], "from": [{"namespaceSelector": {}}]}],
    ],
)
def test_a_policy_that_lets_everything_in_limits_nothing(tmp_path: Path, ingress: Json) -> None:
    found = facts(tmp_path, deployment() + policy(ingress=ingress))
    assert one(found, "workloads")["network_policy"] == {"ingress": False, "egress": False, "names": ["web"]}


@pytest.mark.parametrize(
    "ingress",
    [
        [],
        [{"from": [{"podSelector": {}}]}],
        [{"from": [{"namespaceSelector": {"matchLabels": {"a": "b"}}}]}],
        [{"from": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"a": "b"}}}]}],
        [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}]}],
        [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}, {"ipBlock": {"cidr": "no"}}]}],
        [{"ports": [{"port": 8080}], "from": [{"namespaceSelector": {}}]}],
        [{"ports": [{"port": 8080}]}],
        [{"ports": [{"port": 8000, "endPort": 8080}]}],
        [{"ports": [{"protocol": "UDP"}]}],
        [{"ports": [{"port": "http", "endPort": 65535}]}],
    ],
)
def test_a_policy_that_leaves_something_out_limits(tmp_path: Path, ingress: Json) -> None:
    found = facts(tmp_path, deployment() + policy(ingress=ingress, policyTypes=[]))
    assert one(found, "workloads")["network_policy"] == {"ingress": True, "egress": False, "names": ["web"]}


@pytest.mark.parametrize(
    ("rule", "limited"),
    [
        ({"fromEntities": ["all"]}, False),
        ({"fromEntities": ["cluster", "world"]}, False),
        ({"fromCIDR": ["0.0.0.0/0"]}, False),
        ({"fromCIDR": ["0.0.0.0/1", "128.0.0.0/1"]}, False),
        ({"fromCIDR": ["0.0.0.0/0"], "toPorts": [{"ports": [{"port": "80"}]}]}, True),
        ({"fromEntities": ["cluster"]}, True),
    ],
)
def test_cilium(tmp_path: Path, rule: Json, limited: bool) -> None:
    spec: JsonObject = {"endpointSelector": {}, "ingress": [rule]}
    found = facts(tmp_path, deployment() + manifest("CiliumNetworkPolicy", "web", spec, "cilium.io/v2"))
    policy_ = one(found, "workloads")["network_policy"]
    assert isinstance(policy_, dict)
    assert policy_["ingress"] is limited


OWNED: JsonObject = {"containers": [{"name": "a", "image": "a:1"}]}


@pytest.mark.parametrize(
    "reference",
    [
        {},
        {"kind": "ReplicaSet", "name": "gone", "uid": "1"},
        {"kind": "Deployment", "name": "web", "uid": "d"},
        {"kind": "Pod", "name": "evil", "uid": "p"},
    ],
)
def test_a_claim_to_belong_to_something_hides_no_workload(tmp_path: Path, reference: Json) -> None:
    text = manifest("Deployment", "web", {"selector": {}, "template": {"spec": OWNED}}, "apps/v1", uid="d")
    pod = manifest("Pod", "evil", OWNED, uid="p", ownerReferences=[reference])
    assert [each["name"] for each in rows(facts(tmp_path, text + pod), "workloads")] == ["web", "evil"]


def test_what_controllers_have_made_is_told_and_not_judged(tmp_path: Path) -> None:
    text = manifest(
        "ReplicaSet", "web", {"selector": {"matchLabels": {}}, "template": {"spec": OWNED}}, "apps/v1", uid="r"
    )
    pod = manifest("Pod", "web-1", OWNED, ownerReferences=[{"uid": "r"}])
    found = facts(tmp_path, text + pod)
    assert [each["name"] for each in rows(found, "workloads")] == ["web"]
    assert (one(found, "partial")["reason"], one(found, "partial")["name"]) == ("belongs to ReplicaSet web", "web-1")


@pytest.mark.parametrize(
    ("pod", "own", "non_root"),
    [
        ({"runAsNonRoot": True}, {"runAsNonRoot": False}, False),
        ({"runAsNonRoot": True}, {"runAsUser": 0}, False),
        ({"runAsNonRoot": True, "runAsUser": 0}, {}, False),
        ({"runAsNonRoot": True}, {}, True),
        ({"runAsNonRoot": "true"}, {}, False),
        ({}, {"runAsUser": "1000"}, False),
    ],
)
def test_who_a_container_runs_as(tmp_path: Path, pod: Json, own: Json, non_root: bool) -> None:
    found = facts(tmp_path, deployment(pod={"securityContext": pod}, container={"securityContext": own}))
    assert one(found, "containers")["run_as_non_root"] is non_root
