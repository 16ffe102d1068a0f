"""Where users come in: Ingresses, Gateways, load balancers, with TLS, health checks, and who may come. Pure.

Source: Kubernetes, "Ingress" (a TLS entry without hosts is for all) and "Service" (`loadBalancerSourceRanges`); Gateway
API; Istio, "Gateway"; OpenShift, "Secured routes"; Traefik, "IngressRoute"; the controllers' lists of annotations.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_network

from gate.collect.address_ranges import is_much_of_the_internet
from gate.collect.kubernetes.cluster import Cluster
from gate.collect.kubernetes.found import Found
from gate.collect.kubernetes.values import known, labels_of, shown, words
from gate.collect.kubernetes.workloads import place
from gate.collect.manifests.objects import ClusterObject, mapping, mappings, text
from gate.model.json import Json, JsonObject

_MOST = 200
_ANY = "*"
_LEAST_PREFIX = 8
"""The largest ranges that anybody owns; two halves of the world are all of it too."""
_TLS = re.compile(
    r"(?:alb\.ingress\.kubernetes\.io/certificate-arn|networking\.gke\.io/managed-certificates"
    r"|ingress\.gcp\.kubernetes\.io/pre-shared-cert|appgw\.ingress\.kubernetes\.io/appgw-ssl-certificate)"
)
"""Annotations that bring a certificate."""
_PASSES = re.compile(r"[a-z0-9.-]{1,80}/ssl-passthrough")
_RANGES = re.compile(r"[a-z0-9.-]{1,80}/(?:whitelist|allowlist|allow-list|inbound-cidrs)(?:-source-range)?")
_HEALTH = re.compile(
    r"[a-z0-9.-]{1,80}/(?:[a-z0-9-]{0,60}-)?health-?(?:check|probe)s?(?:-[a-z0-9-]{0,60})?", re.IGNORECASE
)
_INTERNAL = {
    "service.beta.kubernetes.io/aws-load-balancer-internal": frozenset({"true", "0.0.0.0/0"}),
    "service.beta.kubernetes.io/aws-load-balancer-scheme": frozenset({"internal"}),
    "service.beta.kubernetes.io/azure-load-balancer-internal": frozenset({"true"}),
    "networking.gke.io/load-balancer-type": frozenset({"internal"}),
    "cloud.google.com/load-balancer-type": frozenset({"internal"}),
    "alb.ingress.kubernetes.io/scheme": frozenset({"internal"}),
}
_BACKEND_CONFIG = "cloud.google.com/backend-config"


def entries_part(cluster: Cluster) -> Found:
    """Return `ingresses` (whatever leads traffic in by host) and `load_balancers`."""
    redirected = _redirected(cluster)
    found: list[Json] = [_ingress(one) for one in cluster.of("Ingress", groups={"networking.k8s.io", "extensions"})]
    found += [_gateway(one, redirected) for one in cluster.of("Gateway", groups={"gateway.networking.k8s.io"})]
    found += [_istio(one) for one in cluster.of("Gateway", groups={"networking.istio.io"})]
    found += [_openshift(one) for one in cluster.of("Route", groups={"route.openshift.io"})]
    found += [_traefik(one) for one in cluster.of("IngressRoute", groups={"traefik.io", "traefik.containo.us"})]
    checks = {one.name for one in cluster.of("BackendConfig", groups={"cloud.google.com"}) if _has_check(one)}
    balancers: list[Json] = [
        _balancer(one, checks)
        for one in cluster.of("Service", groups={""})
        if text(one.spec.get("type")) == "LoadBalancer"
    ]
    return Found({"ingresses": found, "load_balancers": balancers})


def _ingress(one: ClusterObject) -> JsonObject:
    annotations = _annotations(one)
    hosts = list(dict.fromkeys(text(rule.get("host")) or _ANY for rule in mappings(one.spec.get("rules")))) or [_ANY]
    class_ = text(one.spec.get("ingressClassName")) or annotations.get("kubernetes.io/ingress.class")
    by_annotation = any(_TLS.fullmatch(key) and value for key, value in annotations.items())
    passes = any(_PASSES.fullmatch(key) and value == "true" for key, value in annotations.items())
    if by_annotation or passes:
        return _facts(one, hosts, [], class_)
    covered: list[str] = []
    for entry in mappings(one.spec.get("tls")):
        covered += words(entry.get("hosts")) or [_ANY]
    return _facts(one, hosts, [host for host in hosts if not _is_covered(host, covered)], class_)


def _is_covered(host: str, covered: Iterable[str]) -> bool:
    """Whether one of the hosts of TLS entries means this one; a wildcard means one label."""
    parent = host.partition(".")[2]
    return any(each in (_ANY, host) or (each.startswith("*.") and each[2:] == parent) for each in covered)


def _redirected(cluster: Cluster) -> set[tuple[str, str]]:
    """Return the listeners ((Gateway, section), "" for all) whose requests a route sends on to https."""
    found = set()
    for one in cluster.of("HTTPRoute", groups={"gateway.networking.k8s.io"}):
        filters = [each for rule in mappings(one.spec.get("rules")) for each in mappings(rule.get("filters"))]
        if any(text(mapping(each.get("requestRedirect")).get("scheme")) == "https" for each in filters):
            for parent in mappings(one.spec.get("parentRefs")):
                found.add((text(parent.get("name")) or "", text(parent.get("sectionName")) or ""))
    return found


def _openshift(one: ClusterObject) -> JsonObject:
    hosts = [text(one.spec.get("host")) or _ANY]
    return _facts(one, hosts, [] if mapping(one.spec.get("tls")) else hosts, None)


def _traefik(one: ClusterObject) -> JsonObject:
    return _facts(one, [_ANY], [] if isinstance(one.spec.get("tls"), dict) else [_ANY], None)


def _gateway(one: ClusterObject, redirected: set[tuple[str, str]]) -> JsonObject:
    listeners = mappings(one.spec.get("listeners"))
    secure = {_host(each) for each in listeners if _is_secure(each)}
    sent_on = {_host(each) for each in listeners if {(one.name, ""), (one.name, text(each.get("name")))} & redirected}
    hosts = [_host(each) for each in listeners]
    plain = [host for host in hosts if host not in secure | sent_on]
    return _facts(one, hosts, plain, text(one.spec.get("gatewayClassName")))


def _host(listener: JsonObject) -> str:
    return text(listener.get("hostname")) or _ANY


def _is_secure(listener: JsonObject) -> bool:
    return text(listener.get("protocol")) in ("HTTPS", "TLS")


def _istio(one: ClusterObject) -> JsonObject:
    hosts: list[str] = []
    plain: list[str] = []
    secure: set[str] = set()
    for server in mappings(one.spec.get("servers")):
        named = words(server.get("hosts")) or [_ANY]
        hosts += named
        tls = mapping(server.get("tls"))
        if text(tls.get("mode")) or tls.get("httpsRedirect") is True:
            secure.update(named)
        elif text(mapping(server.get("port")).get("protocol")) in ("HTTP", "HTTP2", "GRPC", "HTTP_PROXY"):
            plain += named
    return _facts(one, hosts, [host for host in plain if host not in secure], "istio")


def _facts(one: ClusterObject, hosts: list[str], plain: list[str], class_: str | None) -> JsonObject:
    annotations = _annotations(one)
    ranges = [each for key, value in annotations.items() if _RANGES.fullmatch(key) for each in _split(value)]
    facts = place(one) | {
        "hosts": [shown(each) for each in dict.fromkeys(hosts[:_MOST])],
        "without_tls": [shown(each) for each in dict.fromkeys(plain[:_MOST])],
        "source_ranges": [shown(each) for each in ranges[:_MOST]],
        "internal": _is_internal(annotations),
        "restricted": _is_internal(annotations) or _limits(ranges),
        "health_check": any(_HEALTH.fullmatch(key) and value for key, value in annotations.items()),
    }
    return facts | known(**{"class": shown(class_) if class_ else None})


def _balancer(one: ClusterObject, checks: set[str]) -> JsonObject:
    annotations = _annotations(one)
    written = one.spec.get("loadBalancerSourceRanges")
    ranges = words(written)
    if not ranges:
        ranges = _split(annotations.get("service.beta.kubernetes.io/load-balancer-source-ranges", ""))
    config = annotations.get(_BACKEND_CONFIG, "")
    checked = any(_HEALTH.fullmatch(key) and value for key, value in annotations.items())
    return place(one) | {
        "source_ranges": [shown(each) for each in ranges[:_MOST]],
        "internal": _is_internal(annotations),
        "restricted": _is_internal(annotations) or _limits(ranges),
        "health_check": checked or any(f'"{name}"' in config for name in checks),
    }


def _split(ranges: str) -> list[str]:
    return [each.strip() for each in ranges.split(",") if each.strip()]


def _limits(ranges: list[str]) -> bool:
    """Whether ranges leave most of the world out; what is no range of addresses limits nothing."""
    if not ranges or len(ranges) > _MOST:
        return False
    try:
        wide = any(ip_network(each, strict=False).prefixlen < _LEAST_PREFIX for each in ranges)
    except ValueError:
        return False
    return not wide and is_much_of_the_internet(ranges) is False


def _is_internal(annotations: dict[str, str]) -> bool:
    return any(annotations.get(key, "").lower() in values for key, values in _INTERNAL.items())


def _has_check(one: ClusterObject) -> bool:
    return bool(mapping(one.spec.get("healthCheck")))


def _annotations(one: ClusterObject) -> dict[str, str]:
    return labels_of(one.metadata.get("annotations"))
