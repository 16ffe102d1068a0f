"""Which budget, autoscaler, policy, Service and route belongs to which workload."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.model.evidence import Collected
from gate.model.json import Json, JsonObject
from tests.collect.kubernetes.manifests import collect, deployment, facts, manifest, one, rows

WEB: JsonObject = {"matchLabels": {"app": "web"}}


def budget(name: Json = "web", namespace: Json = "", api: Json = "policy/v1", **spec: Json) -> str:
    whole: JsonObject = {"selector": WEB, **spec}
    return manifest(
        "PodDisruptionBudget", str(name), whole, str(api), **({"namespace": namespace} if namespace else {})
    )


def autoscaler(target: str = "web", kind: str = "Deployment", **spec: Json) -> str:
    whole: JsonObject = {"scaleTargetRef": {"kind": kind, "name": target}, "maxReplicas": 10, **spec}
    return manifest("HorizontalPodAutoscaler", target, whole, "autoscaling/v2")


def policy(name: Json = "p", **spec: Json) -> str:
    return manifest("NetworkPolicy", str(name), {"podSelector": WEB, **spec}, "networking.k8s.io/v1")


def service(ports: Json, selector: Json = None, **spec: Json) -> str:
    return manifest("Service", "web", {"selector": selector or {"app": "web"}, "ports": ports, **spec})


@pytest.mark.parametrize(
    ("replicas", "spec", "available", "allowed"),
    [
        (3, {"minAvailable": 2}, 2, 1),
        (3, {"minAvailable": 3}, 3, 0),
        (3, {"minAvailable": "50%"}, 2, 1),
        (3, {"minAvailable": "70%"}, 3, 0),
        (3, {"maxUnavailable": 1}, 2, 1),
        (3, {"maxUnavailable": 0}, 3, 0),
        (3, {"maxUnavailable": "10%"}, 2, 1),
        (3, {"minAvailable": 9}, 3, 0),
        (3, {}, 3, 0),
        (3, {"minAvailable": True}, 3, 0),
    ],
)
def test_budgets(tmp_path: Path, replicas: int, spec: JsonObject, available: int, allowed: int) -> None:
    found = facts(tmp_path, deployment(replicas=replicas) + budget(**spec))
    told = one(found, "disruption_budgets")
    assert (told["available"], told["allowed_disruptions"], told["blocks"]) == (available, allowed, allowed == 0)
    workload = one(found, "workloads")
    assert workload["pdb"] == {
        key: told[key]
        for key in ("name", "path", "line", "min_available", "max_unavailable", "available", "allowed_disruptions")
        if key in told
    } | {"blocks": allowed == 0}


def test_the_autoscaler_s_minimum_counts_for_a_budget(tmp_path: Path) -> None:
    text = deployment(replicas=9) + autoscaler(minReplicas=2) + budget(minAvailable=2)
    told = one(facts(tmp_path, text), "disruption_budgets")
    assert (told["replicas"], told["blocks"]) == (2, True)


def test_a_budget_of_nothing_known(tmp_path: Path) -> None:
    found = rows(facts(tmp_path, budget("a", maxUnavailable="0%") + budget("b", minAvailable=1)), "disruption_budgets")
    assert [each.get("blocks") for each in found] == [True, None]


@pytest.mark.parametrize(
    ("api", "selector", "chosen"),
    [
        ("policy/v1", {}, ["web", "api"]),
        ("policy/v1beta1", {}, []),
        ("policy/v1", None, []),
        ("policy/v1", {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}, ["api"]),
    ],
)
def test_what_a_budget_chooses(tmp_path: Path, api: str, selector: Json, chosen: list[str]) -> None:
    text = deployment() + deployment("api") + budget(api=api, selector=selector, minAvailable=1)
    assert one(facts(tmp_path, text), "disruption_budgets")["workloads"] == chosen


def test_namespaces_tell_apart(tmp_path: Path) -> None:
    text = (
        deployment(namespace="a") + budget(namespace="b", minAvailable=1) + budget("y", namespace="a", minAvailable=1)
    )
    found = facts(tmp_path, text)
    assert [each["workloads"] for each in rows(found, "disruption_budgets")] == [[], ["web"]]
    assert one(found, "workloads")["pdbs"] == 1
    assert [(each["name"], each["namespace"]) for each in rows(found, "dangling")] == [("web", "b")]


def test_a_folder_that_names_one_namespace_is_applied_there(tmp_path: Path) -> None:
    files = {"a/one.yaml": deployment(namespace="shop"), "a/two.yaml": budget(minAvailable=1)}
    evidence = collect(tmp_path, files)
    assert isinstance(evidence, Collected)
    assert one(evidence.facts, "workloads")["pdbs"] == 1


def test_an_object_elsewhere_without_a_namespace_is_not_in_the_one_that_is_named(tmp_path: Path) -> None:
    evidence = collect(tmp_path, {"a/one.yaml": deployment(namespace="shop"), "b/two.yaml": budget(minAvailable=1)})
    assert isinstance(evidence, Collected)
    assert one(evidence.facts, "workloads")["pdbs"] == 0


def test_of_copies_the_nearest_is_meant(tmp_path: Path) -> None:
    files = {
        "dev/web.yaml": deployment(replicas=1),
        "prod/web.yaml": deployment(replicas=3),
        "prod/pdb.yaml": budget(minAvailable=2),
        "prod/hpa.yaml": autoscaler(minReplicas=3),
    }
    evidence = collect(tmp_path, files)
    assert isinstance(evidence, Collected)
    told = {each["path"]: (each["pdbs"], "hpa" in each) for each in rows(evidence.facts, "workloads")}
    assert told == {"dev/web.yaml": (0, False), "prod/web.yaml": (1, True)}


def test_autoscalers(tmp_path: Path) -> None:
    metrics: Json = [
        {"type": "Resource", "resource": {"name": "memory", "target": {"averageUtilization": 80}}},
        {"type": "Pods", "pods": {"metric": {"name": "rps"}, "target": {"averageValue": "100"}}},
        {"type": "Odd"},
    ]
    behavior: Json = {"scaleDown": {"stabilizationWindowSeconds": 60, "policies": [{"type": "Pods", "value": 1}]}}
    found = facts(tmp_path, deployment(replicas=4) + autoscaler(minReplicas=3, metrics=metrics, behavior=behavior))
    told = one(found, "autoscalers")
    assert (told["target"], told["target_found"], told["min"], told["max"]) == ("Deployment/web", True, 3, 10)
    assert told["metric_names"] == ["memory", "rps"]
    assert told["memory_utilization"] == 80
    assert told["without_requests"] == ["container main: memory"]
    assert told["behavior"] == {
        "scale_up": {"window_seconds": 0, "policies": [], "disabled": False},
        "scale_down": {"window_seconds": 60, "policies": [{"type": "Pods", "value": 1}], "disabled": False},
    }
    workload = one(found, "workloads")
    assert (workload["minimum_replicas"], workload["replicas"], workload["replicas_fixed"]) == (3, 4, True)
    assert "replicas" not in one(facts(tmp_path, deployment() + autoscaler()), "workloads")


def test_old_and_other_autoscalers(tmp_path: Path) -> None:
    old = manifest(
        "HorizontalPodAutoscaler",
        "web",
        {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "targetCPUUtilizationPercentage": 60},
        "autoscaling/v1",
    )
    triggers: Json = [{"type": "cpu", "metadata": {"value": "70"}}, {"type": "kafka", "metadata": {"topic": "x"}}]
    keda = manifest(
        "ScaledObject", "api", {"scaleTargetRef": {"name": "api"}, "triggers": triggers}, "keda.sh/v1alpha1"
    )
    vertical = manifest("VerticalPodAutoscaler", "v", {"targetRef": {"name": "gone"}}, "autoscaling.k8s.io/v1")
    found = facts(tmp_path, deployment() + deployment("api") + old + keda + vertical)
    first, second = rows(found, "autoscalers")
    assert first["cpu_utilization"] == 60
    assert "max" not in first
    assert (second["min"], second["max"], second["metric_names"]) == (0, 100, ["cpu", "kafka"])
    assert [each["kind"] for each in rows(found, "dangling")] == ["VerticalPodAutoscaler"]


@pytest.mark.parametrize(
    ("spec", "ingress", "egress"),
    [
        ({}, True, False),
        ({"egress": [{"to": [{"podSelector": {}}]}]}, True, True),
        ({"policyTypes": ["Egress"]}, False, True),
        ({"ingress": [{}]}, False, False),
        ({"ingress": [{"from": [], "ports": []}]}, False, False),
        ({"ingress": [{"ports": [{"port": 80}]}]}, True, False),
        ({"policyTypes": ["Ingress", "Egress"], "egress": [{}]}, True, False),
    ],
)
def test_network_policies(tmp_path: Path, spec: JsonObject, *, ingress: bool, egress: bool) -> None:
    found = facts(tmp_path, deployment() + policy(**spec))
    assert one(found, "workloads")["network_policy"] == {"ingress": ingress, "egress": egress, "names": ["p"]}
    other = facts(tmp_path, deployment("api") + policy(**spec))
    assert "network_policy" not in one(other, "workloads")


def test_namespaces_that_are_closed_by_default(tmp_path: Path) -> None:
    everything = policy("deny", podSelector={}, policyTypes=["Ingress", "Egress"], egress=[{"ports": [{"port": 53}]}])
    told = one(facts(tmp_path, deployment() + everything), "namespaces")
    assert (told["name"], told["default_deny_ingress"], told["default_deny_egress"]) == ("(not named)", True, False)


def test_policies_of_cilium(tmp_path: Path) -> None:
    labels: JsonObject = {"endpointSelector": {"matchLabels": {"k8s:app": "web"}}}
    closed = manifest("CiliumNetworkPolicy", "c", {**labels, "ingress": [{"fromEndpoints": [{}]}]}, "cilium.io/v2")
    found = facts(tmp_path, deployment() + closed)
    assert one(found, "workloads")["network_policy"] == {"ingress": True, "egress": False, "names": ["c"]}
    opened = manifest("CiliumNetworkPolicy", "c", {**labels, "ingress": [{"fromEntities": ["all"]}]}, "cilium.io/v2")
    told = one(facts(tmp_path, deployment() + opened), "workloads")["network_policy"]
    assert told == {"ingress": False, "egress": False, "names": ["c"]}


@pytest.mark.parametrize(
    ("port", "mismatches"),
    [
        ({"port": 80, "targetPort": "http"}, 0),
        ({"port": 80, "targetPort": 8080}, 0),
        ({"port": 80, "targetPort": "8080"}, 0),
        ({"port": 8080}, 0),
        ({"port": 80}, 1),
        ({"port": 80, "targetPort": "grpc"}, 1),
        ({"port": 8080, "protocol": "UDP"}, 1),
    ],
)
def test_ports_of_services(tmp_path: Path, port: JsonObject, mismatches: int) -> None:
    web = deployment(container={"ports": [{"name": "http", "containerPort": 8080}]})
    found = facts(tmp_path, web + service([port]))
    told = one(found, "services")
    assert told["workloads"] == ["web"]
    assert len(told["port_mismatches"] if isinstance(told["port_mismatches"], list) else []) == mismatches
    assert one(found, "workloads")["services"] == ["web"]


def test_services_that_choose_nothing(tmp_path: Path) -> None:
    text = (
        manifest("Service", "a", {"selector": {"app": "wbe"}, "ports": [{"port": 1}]})
        + manifest("Service", "b", {"type": "ExternalName", "externalName": "example.com", "selector": {"app": "x"}})
        + manifest("Service", "c", {"clusterIP": "None"})
    )
    found = facts(tmp_path, deployment() + text)
    assert [(each["selects"], each["workloads"]) for each in rows(found, "services")] == [
        (True, []),
        (False, []),
        (False, []),
    ]
    assert [each["name"] for each in rows(found, "dangling")] == ["a"]


def test_routes(tmp_path: Path) -> None:
    def backend(port: JsonObject, name: str = "web") -> JsonObject:
        return {"path": "/", "backend": {"service": {"name": name, "port": port}}}

    paths: Json = [
        backend({"number": 80}),
        backend({"name": "http"}),
        backend({"number": 81}),
        backend({"number": 80}, "gone"),
        backend({"name": "use-annotation"}, "redirect"),
    ]
    ingress = manifest("Ingress", "i", {"rules": [{"host": "a.b", "http": {"paths": paths}}]}, "networking.k8s.io/v1")
    old = manifest("Ingress", "o", {"backend": {"serviceName": "web", "servicePort": 80}}, "extensions/v1beta1")
    rules: Json = [{"backendRefs": [{"name": "web", "port": 80}, {"name": "x", "kind": "Bucket", "group": "y"}]}]
    gateway = manifest("HTTPRoute", "h", {"hostnames": ["a.b"], "rules": rules}, "gateway.networking.k8s.io/v1")
    route = manifest("Route", "r", {"host": "c.d", "to": {"name": "web"}}, "route.openshift.io/v1")
    text = service([{"name": "http", "port": 80, "targetPort": 8080}]) + ingress + old + gateway + route
    told = [
        (each["name"], each["service"], each.get("port"), each["found"], each["port_found"])
        for each in rows(facts(tmp_path, text), "routes")
    ]
    assert told == [
        ("i", "web", "80", True, True),
        ("i", "web", "http", True, True),
        ("i", "web", "81", True, False),
        ("i", "gone", "80", False, False),
        ("o", "web", "80", True, True),
        ("h", "web", "80", True, True),
        ("r", "web", None, True, True),
    ]


def test_a_stateful_set_needs_its_headless_service(tmp_path: Path) -> None:
    text = deployment(kind="StatefulSet", serviceName="web")
    assert len(rows(facts(tmp_path, text + service([{"port": 1}])), "dangling")) == 1
    assert not rows(facts(tmp_path, text + service([{"port": 1}], clusterIP="None")), "dangling")
