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
    {"azure_sd_configs", "consul_sd_configs", "digitalocean_sd_configs", "dns_sd_configs", "docker_sd_configs"}
    | {"dockerswarm_sd_configs", "ec2_sd_configs", "eureka_sd_configs", "gce_sd_configs", "hetzner_sd_configs"}
    | {"http_sd_configs", "ionos_sd_configs", "kubernetes_sd_configs", "kuma_sd_configs", "lightsail_sd_configs"}
    | {"linode_sd_configs", "marathon_sd_configs", "nerve_sd_configs", "nomad_sd_configs", "openstack_sd_configs"}
    | {"ovhcloud_sd_configs", "puppetdb_sd_configs", "scaleway_sd_configs", "serverset_sd_configs", "xds_sd_configs"}
    | {"triton_sd_configs", "uyuni_sd_configs", "vultr_sd_configs"}
)
KUBERNETES = "kubernetes_sd_configs"
_FIELD = re.compile(r"field (\w+_sd_configs) not found in type")
_SELECTED = {
    "node": frozenset({"node"}),
    "pod": frozenset({"pod", "node"}),
    "service": frozenset({"service"}),
    "endpoints": frozenset({"endpoints", "service", "pod"}),
    "endpointslice": frozenset({"endpointslice", "service", "pod"}),
    "ingress": frozenset({"ingress"}),
}
"""Role → what its objects can be selected by."""
_OWN = frozenset({"role", "api_server", "kubeconfig_file", "namespaces", "selectors", "attach_metadata"})
_CREDENTIALS = (
    frozenset({"basic_auth"}),
    frozenset({"authorization"}),
    frozenset({"oauth2"}),
    frozenset({"bearer_token", "bearer_token_file"}),
)
_FIELD_TEST = re.compile(r"[\w.\[\]/'-]+\s*(?:==?|!=)[^=!]*")
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
    if role not in _SELECTED:
        yield f'{KUBERNETES} has the role "{one_line(role, 40)}"; there are {", ".join(sorted(_SELECTED))}'
    for key in sorted(block.keys() - _SETTINGS):
        yield f"{KUBERNETES} has no setting {one_line(key, 40)}"
    yield from _access_mistakes(block)
    seen: set[str] = set()
    for selector in mappings(block.get("selectors")):
        selected = text(selector.get("role")) or ""
        if selected not in _SELECTED.get(role, frozenset()):
            yield f'{KUBERNETES} of the role {one_line(role, 40)} cannot select by "{one_line(selected, 40)}"'
        if selected in seen:
            yield f"{KUBERNETES} selects by {one_line(selected, 40)} twice"
        seen.add(selected)
        if not all(_FIELD_TEST.fullmatch(each) for each in (text(selector.get("field")) or "a=b").split(",")):
            yield f"{KUBERNETES} has a field selector that is none"


def _access_mistakes(block: JsonObject) -> Iterator[str]:
    """Yield what contradicts itself in how the API server is reached."""
    given = {key for key, value in block.items() if value not in (None, "", {}, [])}
    ways = [way for way in _CREDENTIALS if given & way]
    if len(ways) > 1 or {"bearer_token", "bearer_token_file"} <= given:
        yield f"{KUBERNETES} has several credentials, and only one can count"
    if {"api_server", "kubeconfig_file"} <= given:
        yield f"{KUBERNETES} has both api_server and kubeconfig_file"
    client = given & (_SETTINGS - _OWN)
    if client and "api_server" not in given:
        yield f"{KUBERNETES} has {min(client)}, which goes with an api_server only"
    if mapping(block.get("namespaces")).get("own_namespace") is True and given & {"api_server", "kubeconfig_file"}:
        yield f"{KUBERNETES} cannot take its own namespace of a cluster that it does not run in"


def _each_without(value: Json, names: frozenset[str]) -> list[Json]:
    listed = value if isinstance(value, list) else []
    return [
        {key: item for key, item in each.items() if key not in names} if isinstance(each, dict) else each
        for each in listed
    ]
