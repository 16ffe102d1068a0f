"""Containers: probes, resources, images, security contexts, the end of life."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.model.json import Json, JsonObject
from tests.collect.kubernetes.manifests import deployment, facts, manifest, one, rows


def container(root: Path, written: JsonObject, pod: JsonObject | None = None) -> JsonObject:
    return one(facts(root, deployment(container=written, pod=pod)), "containers")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (
            {"httpGet": {"port": 80}},
            {"handler": "http", "path": "/", "port": "80", "timeout_seconds": 1, "period_seconds": 10},
        ),
        (
            {"httpGet": {"path": "/up", "port": "http"}, "periodSeconds": 5, "failureThreshold": 30},
            {"path": "/up", "port": "http", "failure_threshold": 30, "gives_up_after_seconds": 150},
        ),
        ({"tcpSocket": {"port": 5432}, "initialDelaySeconds": 7}, {"handler": "tcp", "initial_delay_seconds": 7}),
        ({"grpc": {"port": 9000}}, {"handler": "grpc", "port": "9000", "success_threshold": 1}),
        ({"exec": {"command": ["cat", "/tmp/up"]}}, {"handler": "exec", "command": "cat /tmp/up", "path": ""}),
        ({"tcpSocket": {"port": 1}, "periodSeconds": 0, "timeoutSeconds": "3"}, {"period_seconds": 1}),
    ],
)
def test_probes(tmp_path: Path, written: JsonObject, told: JsonObject) -> None:
    probes = container(tmp_path, {"livenessProbe": written})["probes"]
    assert isinstance(probes, dict)
    liveness = probes["liveness"]
    assert isinstance(liveness, dict)
    assert liveness | told == liveness


@pytest.mark.parametrize(
    "written", [{}, None, [], {"httpGet": {}}, {"exec": {"command": []}}, {"periodSeconds": 3}, {"tcpSocket": True}]
)
def test_a_probe_that_asks_nothing_is_none(tmp_path: Path, written: Json) -> None:
    assert container(tmp_path, {"livenessProbe": written})["probes"] == {}


@pytest.mark.parametrize(
    ("liveness", "readiness", "alike", "eager"),
    [
        ({"httpGet": {"path": "/up", "port": 80}}, {"httpGet": {"path": "/up", "port": 80}}, True, True),
        (
            {"httpGet": {"path": "/up", "port": 80}, "failureThreshold": 6},
            {"httpGet": {"path": "/up", "port": 80}},
            True,
            False,
        ),
        ({"httpGet": {"path": "/live", "port": 80}}, {"httpGet": {"path": "/ready", "port": 80}}, False, False),
    ],
)
def test_liveness_and_readiness(
    tmp_path: Path, liveness: JsonObject, readiness: JsonObject, *, alike: bool, eager: bool
) -> None:
    found = container(tmp_path, {"livenessProbe": liveness, "readinessProbe": readiness})
    assert (found["probes_alike"], found["liveness_too_eager"]) == (alike, eager)
    assert "probes_alike" not in container(tmp_path, {"livenessProbe": liveness})


def test_ports_of_probes(tmp_path: Path) -> None:
    ports: Json = [{"name": "http", "containerPort": 8080}, {"name": "dns", "containerPort": 53, "protocol": "UDP"}]
    found = container(
        tmp_path,
        {
            "ports": ports,
            "livenessProbe": {"httpGet": {"port": "http"}},
            "readinessProbe": {"tcpSocket": {"port": 53}},
            "startupProbe": {"httpGet": {"port": 8081}},
        },
    )
    assert found["undeclared_probe_ports"] == ["readiness 53", "startup 8081"]


def test_resources_are_plain_numbers(tmp_path: Path) -> None:
    found = container(
        tmp_path,
        {
            "resources": {
                "requests": {"cpu": "250m", "memory": "512Mi", "ephemeral-storage": "1G"},
                "limits": {"cpu": 2, "memory": "1Gi", "nvidia.com/gpu": 1},
            }
        },
    )
    assert found["requests"] == {"cpu": 0.25, "memory": 512 * 2**20, "ephemeral_storage": 10**9}
    assert found["limits"] == {"cpu": 2, "memory": 2**30}
    assert found["memory_limit_ratio"] == 2


def test_a_limit_stands_for_a_request_that_is_not_there(tmp_path: Path) -> None:
    found = container(tmp_path, {"resources": {"limits": {"cpu": "1", "memory": "lots"}, "requests": {"memory": -1}}})
    assert found["requests"] == {}
    assert found["effective_requests"] == {"cpu": 1}


@pytest.mark.parametrize(
    ("image", "told"),
    [
        ("nginx", {"registry": "docker.io", "repository": "library/nginx", "latest": True, "pinned": False}),
        ("nginx:latest", {"tag": "latest", "latest": True}),
        ("ghcr.io/a/b:1.2", {"registry": "ghcr.io", "tag": "1.2", "latest": False, "pinned": False}),
        ("ghcr.io/a/b@sha256:" + "ab" * 32, {"latest": False, "pinned": True}),
    ],
)
def test_images(tmp_path: Path, image: str, told: JsonObject) -> None:
    found = container(tmp_path, {"image": image})
    assert found | told == found


def test_of_an_image_with_a_placeholder_nothing_is_known(tmp_path: Path) -> None:
    found = container(tmp_path, {"image": "ghcr.io/a/b:${TAG}"})
    assert found["image"] == "ghcr.io/a/b:${TAG}"
    assert not {"latest", "pinned", "registry"} & found.keys()


@pytest.mark.parametrize(
    ("pod", "own", "told"),
    [
        ({}, {}, {"run_as_non_root": False, "allow_privilege_escalation": True, "drops_all": False}),
        ({"runAsNonRoot": True}, {}, {"run_as_non_root": True}),
        ({"runAsNonRoot": True}, {"runAsNonRoot": False}, {"run_as_non_root": False}),
        ({"runAsUser": 1000}, {}, {"run_as_non_root": True, "run_as_user": 1000}),
        ({"runAsUser": 1000}, {"runAsUser": 0}, {"run_as_non_root": False, "run_as_user": 0}),
        ({"runAsNonRoot": True, "runAsUser": 0}, {}, {"run_as_non_root": False}),
        ({"readOnlyRootFilesystem": True}, {}, {"read_only_root_filesystem": False}),
        ({}, {"readOnlyRootFilesystem": True}, {"read_only_root_filesystem": True}),
        ({}, {"capabilities": {"drop": ["all"], "add": ["CAP_NET_RAW"]}}, {"drops_all": True}),
        ({}, {"capabilities": {"add": ["CAP_NET_RAW"]}}, {"added_capabilities": ["NET_RAW"], "drops_all": False}),
        ({}, {"allowPrivilegeEscalation": False}, {"allow_privilege_escalation": False}),
        ({}, {"allowPrivilegeEscalation": False, "privileged": True}, {"allow_privilege_escalation": True}),
        (
            {},
            {"allowPrivilegeEscalation": False, "capabilities": {"add": ["SYS_ADMIN"]}},
            {"allow_privilege_escalation": True},
        ),
        ({"seccompProfile": {"type": "RuntimeDefault"}}, {}, {"seccomp": "RuntimeDefault"}),
        (
            {"seccompProfile": {"type": "RuntimeDefault"}},
            {"seccompProfile": {"type": "Unconfined"}},
            {"seccomp": "Unconfined"},
        ),
        ({"seccompProfile": {"type": "RuntimeDefault"}}, {"privileged": True}, {"seccomp": "Unconfined"}),
    ],
)
def test_security_contexts(tmp_path: Path, pod: JsonObject, own: JsonObject, told: JsonObject) -> None:
    found = container(tmp_path, {"securityContext": own}, {"securityContext": pod})
    assert found | told == found


def test_seccomp_by_annotation(tmp_path: Path) -> None:
    key = "container.seccomp.security.alpha.kubernetes.io/a"
    pod = manifest(
        "Pod", "p", {"containers": [{"name": "a", "image": "a:1"}]}, annotations={key: "runtime/default"}
    ) + manifest("Pod", "q", {"containers": [{"name": "a", "image": "a:1"}]}, annotations={key: "localhost/x.json"})
    assert [each["seccomp"] for each in rows(facts(tmp_path, pod), "containers")] == ["RuntimeDefault", "Localhost"]


@pytest.mark.parametrize(
    ("hook", "told"),
    [
        (None, {"pre_stop": False}),
        ({"sleep": {"seconds": 5}}, {"pre_stop_seconds": 5, "pre_stop_fits": True}),
        ({"exec": {"command": ["sh", "-c", "sleep 20; sleep 15s && nginx -s quit"]}}, {"pre_stop_fits": False}),
        ({"exec": {"command": ["/bin/drain"]}}, {"pre_stop": True}),
    ],
)
def test_pre_stop(tmp_path: Path, hook: Json, told: JsonObject) -> None:
    found = container(tmp_path, {"lifecycle": {"preStop": hook}})
    assert found | told == found
    assert ("pre_stop_fits" in found) == ("pre_stop_fits" in told or "pre_stop_seconds" in told)


def test_the_sorts_of_containers_and_their_lines(tmp_path: Path) -> None:
    text = """apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  initContainers:
    - name: migrate
      image: a:1
    - name: proxy
      image: b:1
      restartPolicy: Always
  containers:
    - name: main
      image: c:1
  ephemeralContainers:
    - {name: debug, image: "d:1"}
"""
    found = rows(facts(tmp_path, text), "containers")
    assert [(each["container"], each["type"], each["long_running"], each["line"]) for each in found] == [
        ("migrate", "init", False, 6),
        ("proxy", "sidecar", True, 8),
        ("main", "ordinary", True, 12),
        ("debug", "ephemeral", False, 15),
    ]
    again = facts(tmp_path, text.replace("spec:\n", "spec:\n  restartPolicy: Never\n"))
    assert not any(each["long_running"] for each in rows(again, "containers"))
