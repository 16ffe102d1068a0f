"""Service discovery that a promtool was built without: Debian's has neither Kubernetes' nor Consul's. Pure.

Its blocks are taken out of the copy, so that the rest is checked. Those of Kubernetes, which most configurations have,
are checked here against the documented settings (Prometheus, "Configuration", <kubernetes_sd_config>).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.collect.manifests.objects import mapping, mappings, text
from gate.formats.plain import one_line
from gate.model.json import Json, JsonObject

_KNOWN = frozenset(
    f"{name}_sd_configs"
    for name in [
        "azure",
        "consul",
        "digitalocean",
        "dns",
        "docker",
        "dockerswarm",
        "ec2",
        "eureka",
        "gce",
        "hetzner",
        "http",
        "ionos",
        "kubernetes",
        "kuma",
        "lightsail",
        "linode",
        "marathon",
        "nerve",
        "nomad",
        "openstack",
        "ovhcloud",
        "puppetdb",
        "scaleway",
        "serverset",
        "triton",
        "uyuni",
        "vultr",
        "xds",
    ]
)
KUBERNETES = "kubernetes_sd_configs"
_FIELD = re.compile(r"field (\w+_sd_configs) not found in type")
_ROLES = frozenset({"node", "pod", "service", "endpoints", "endpointslice", "ingress"})
_SETTINGS = frozenset(
    {"role", "api_server", "kubeconfig_file", "namespaces", "selectors", "attach_metadata", "basic_auth"}
    | {"authorization", "oauth2", "bearer_token", "bearer_token_file", "tls_config", "follow_redirects", "enable_http2"}
    | {"proxy_url", "no_proxy", "proxy_from_environment", "proxy_connect_header", "http_headers"}
)


def built_without(complaint: str) -> frozenset[str]:
    """Return the known ways of discovery that a complaint calls unknown fields."""
    return frozenset(_FIELD.findall(complaint)) & _KNOWN


def without(value: JsonObject, names: frozenset[str]) -> JsonObject:
    """Return a configuration without these blocks of its jobs and Alertmanagers."""
    alerting = mapping(value.get("alerting"))
    changed: JsonObject = {**value}
    if isinstance(value.get("scrape_configs"), list):
        changed["scrape_configs"] = _each_without(value["scrape_configs"], names)
    if isinstance(alerting.get("alertmanagers"), list):
        changed["alerting"] = {**alerting, "alertmanagers": _each_without(alerting["alertmanagers"], names)}
    return changed


def kubernetes_mistakes(value: JsonObject) -> Iterator[str]:
    """Yield what is wrong with the blocks of Kubernetes' discovery."""
    for job in (*mappings(value.get("scrape_configs")), *mappings(mapping(value.get("alerting")).get("alertmanagers"))):
        listed = job.get(KUBERNETES)
        if listed is None:
            continue
        if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
            yield f"{KUBERNETES} is no list of mappings"
        for each in mappings(listed):
            yield from _mistakes(each)


def _mistakes(block: JsonObject) -> Iterator[str]:
    role = text(block.get("role")) or ""
    if role not in _ROLES:
        yield f'{KUBERNETES} has the role "{one_line(role, 40)}"; there are {", ".join(sorted(_ROLES))}'
    for key in block.keys() - _SETTINGS:
        yield f"{KUBERNETES} has no setting {one_line(key, 40)}"


def _each_without(value: Json, names: frozenset[str]) -> list[Json]:
    listed = value if isinstance(value, list) else []
    return [
        {key: item for key, item in each.items() if key not in names} if isinstance(each, dict) else each
        for each in listed
    ]
