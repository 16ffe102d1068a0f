"""Ways into the cluster: TLS, limits on who may come, and health checks."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.model.json import Json, JsonObject
from tests.collect.kubernetes.manifests import facts, manifest, one

INGRESS = "networking.k8s.io/v1"
NGINX = "nginx.ingress.kubernetes.io/"
ALB = "alb.ingress.kubernetes.io/"
AWS = "service.beta.kubernetes.io/aws-load-balancer-"


def ingress(*hosts: str, annotations: Json = None, **spec: Json) -> str:
    rules: list[Json] = [{"host": host} if host else {} for host in hosts]
    return manifest("Ingress", "web", {"rules": rules, **spec}, INGRESS, annotations=annotations)


@pytest.mark.parametrize(
    ("text", "without"),
    [
        (ingress("a.example.com", "b.example.com"), ["a.example.com", "b.example.com"]),
        (ingress("a.example.com", "b.example.com", tls=[{"hosts": ["a.example.com"]}]), ["b.example.com"]),
        (ingress("a.example.com", tls=[{"hosts": ["*.example.com"]}]), []),
        (ingress("a.b.example.com", tls=[{"hosts": ["*.example.com"]}]), ["a.b.example.com"]),
        (ingress("a.example.com", tls=[{"secretName": "a"}]), []),
        (ingress("", tls=[{"hosts": ["a.example.com"]}]), ["*"]),
        (ingress(), ["*"]),
        (ingress("a.example.com", tls=["a.example.com"]), ["a.example.com"]),
        (ingress("a.example.com", annotations={f"{ALB}certificate-arn": "arn:aws:acm:a"}), []),
        (ingress("a.example.com", annotations={f"{NGINX}ssl-passthrough": "true"}), []),
        (ingress("a.example.com", annotations={f"{NGINX}ssl-passthrough": "false"}), ["a.example.com"]),
        (ingress("a.example.com", annotations=["x"]), ["a.example.com"]),
    ],
)
def test_hosts_of_ingresses_without_tls(tmp_path: Path, text: str, without: list[str]) -> None:
    assert one(facts(tmp_path, text), "ingresses")["without_tls"] == without


@pytest.mark.parametrize(
    ("text", "class_"),
    [
        (ingress(ingressClassName="nginx"), "nginx"),
        (ingress(annotations={"kubernetes.io/ingress.class": "alb"}), "alb"),
        (ingress(), None),
    ],
)
def test_classes(tmp_path: Path, text: str, class_: str | None) -> None:
    assert one(facts(tmp_path, text), "ingresses").get("class") == class_


def gateway(*listeners: JsonObject) -> str:
    listed: list[Json] = [*listeners]
    return manifest("Gateway", "web", {"gatewayClassName": "gke", "listeners": listed}, "gateway.networking.k8s.io/v1")


def redirect(section: str | None = None) -> str:
    parent: JsonObject = {"name": "web", **({"sectionName": section} if section else {})}
    rule: JsonObject = {"filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}]}
    return manifest("HTTPRoute", "up", {"parentRefs": [parent], "rules": [rule]}, "gateway.networking.k8s.io/v1")


PLAIN: JsonObject = {"name": "http", "port": 80, "protocol": "HTTP"}
SECURE: JsonObject = {"name": "https", "port": 443, "protocol": "HTTPS", "hostname": "a.example.com"}


@pytest.mark.parametrize(
    ("text", "without"),
    [
        (gateway(SECURE), []),
        (gateway(PLAIN), ["*"]),
        (gateway(PLAIN, SECURE), ["*"]),
        (gateway({**PLAIN, "hostname": "a.example.com"}, SECURE), []),
        (gateway(PLAIN, SECURE) + redirect("http"), []),
        (gateway(PLAIN, SECURE) + redirect(), []),
        (gateway(PLAIN, SECURE) + redirect("other"), ["*"]),
    ],
)
def test_gateways(tmp_path: Path, text: str, without: list[str]) -> None:
    found = one(facts(tmp_path, text), "ingresses")
    assert (found["without_tls"], found["class"]) == (without, "gke")


def server(protocol: str, tls: Json = None) -> JsonObject:
    return {"hosts": ["a.example.com"], "port": {"number": 1, "protocol": protocol}, "tls": tls}


@pytest.mark.parametrize(
    ("servers", "without"),
    [
        ([server("HTTPS", {"mode": "SIMPLE"})], []),
        ([server("HTTP")], ["a.example.com"]),
        ([server("HTTP", {"httpsRedirect": True})], []),
        ([server("TCP")], []),
        ("x", []),
    ],
)
def test_gateways_of_istio(tmp_path: Path, servers: Json, without: list[str]) -> None:
    text = manifest("Gateway", "web", {"servers": servers}, "networking.istio.io/v1")
    assert one(facts(tmp_path, text), "ingresses")["without_tls"] == without


@pytest.mark.parametrize(
    ("text", "without"),
    [
        (manifest("Route", "a", {"host": "a.example.com"}, "route.openshift.io/v1"), ["a.example.com"]),
        (manifest("Route", "a", {"host": "a", "tls": {"termination": "edge"}}, "route.openshift.io/v1"), []),
        (manifest("IngressRoute", "a", {}, "traefik.io/v1alpha1"), ["*"]),
        (manifest("IngressRoute", "a", {"tls": {}}, "traefik.io/v1alpha1"), []),
    ],
)
def test_routes_of_others(tmp_path: Path, text: str, without: list[str]) -> None:
    assert one(facts(tmp_path, text), "ingresses")["without_tls"] == without


@pytest.mark.parametrize(
    ("ranges", "restricted"),
    [
        ("192.0.2.0/24", True),
        ("192.0.2.0/24, 2001:db8::/32", True),
        ("198.51.100.7", True),
        ("0.0.0.0/0", False),
        ("192.0.2.0/24,::/0", False),
        ("0.0.0.0/1,128.0.0.0/1", False),
        (",".join(f"{number}.0.0.0/8" for number in range(0, 256, 2)), False),
        ("the office", False),
        ("", False),
        (" , ", False),
        (",".join(["192.0.2.0/24"] * 300), False),
    ],
)
def test_ranges_that_limit(tmp_path: Path, ranges: str, restricted: bool) -> None:
    annotations: JsonObject = {f"{NGINX}whitelist-source-range": ranges}
    found = one(facts(tmp_path, ingress("a", annotations=annotations)), "ingresses")
    assert found["restricted"] is restricted


def balancer(annotations: Json = None, **spec: Json) -> str:
    return manifest("Service", "web", {"type": "LoadBalancer", **spec}, annotations=annotations)


@pytest.mark.parametrize(
    ("text", "restricted", "internal", "checked"),
    [
        (balancer(), False, False, False),
        (balancer(loadBalancerSourceRanges=["192.0.2.0/24"]), True, False, False),
        (balancer(loadBalancerSourceRanges=["0.0.0.0/0"]), False, False, False),
        (balancer({"service.beta.kubernetes.io/load-balancer-source-ranges": "192.0.2.0/24"}), True, False, False),
        (balancer({f"{AWS}internal": "true"}), True, True, False),
        (balancer({f"{AWS}internal": "false"}), False, False, False),
        (balancer({"networking.gke.io/load-balancer-type": "Internal"}), True, True, False),
        (balancer({f"{AWS}healthcheck-path": "/healthz"}), False, False, True),
        (
            balancer({"service.beta.kubernetes.io/azure-load-balancer-health-probe-request-path": "/"}),
            False,
            False,
            True,
        ),
        (balancer({"service.beta.kubernetes.io/do-loadbalancer-healthcheck-path": ""}), False, False, False),
    ],
)
def test_load_balancers(tmp_path: Path, text: str, restricted: bool, internal: bool, checked: bool) -> None:
    found = one(facts(tmp_path, text), "load_balancers")
    assert (found["restricted"], found["internal"], found["health_check"]) == (restricted, internal, checked)


def test_health_checks_of_a_backend_config(tmp_path: Path) -> None:
    service = balancer({"cloud.google.com/backend-config": '{"default": "web"}'})
    config = manifest("BackendConfig", "web", {"healthCheck": {"requestPath": "/"}}, "cloud.google.com/v1")
    assert one(facts(tmp_path, service + config), "load_balancers")["health_check"] is True
    assert one(facts(tmp_path, service), "load_balancers")["health_check"] is False


def test_other_services_are_no_load_balancers(tmp_path: Path) -> None:
    assert facts(tmp_path, manifest("Service", "web", {"type": "NodePort"}))["load_balancers"] == []
