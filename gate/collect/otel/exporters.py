"""Where exporters of a Collector send to, and how. Pure.

Sources: the README files of the exporters, and the Collector's `confighttp`, `configgrpc` and `configtls`: TLS is on
unless `tls › insecure` is true or the address begins with `http://`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from gate.collect.manifests.objects import mapping, text
from gate.collect.manifests.placeholders import is_sample, placeholder_in
from gate.collect.otel.config import OtelConfig, type_of
from gate.model.json import Json, JsonObject

NO_TARGETS = frozenset({"debug", "logging", "nop"})
"""Exporters that write to the Collector's own log, or nowhere."""
_WITH_ENDPOINT = frozenset(
    {"otlp", "otlphttp", "otlp_grpc", "otlp_http", "zipkin", "jaeger", "prometheusremotewrite", "loki", "opencensus"}
    | {"sapm", "splunk_hec", "skywalking", "elasticsearch", "clickhouse", "influxdb", "otelarrow"}
)
"""Exporters that send nothing without an address of their own."""
_ADDRESSES = (
    "endpoint",
    "endpoints",
    "traces_endpoint",
    "metrics_endpoint",
    "logs_endpoint",
    "profiles_endpoint",
    "url",
)
_SILENT = NO_TARGETS | {"file", "prometheus", "jaeger_storage_exporter"}
"""Exporters that send nothing over a network by themselves: they write, or wait to be asked."""
_HOSTED = frozenset(
    {
        "alibabacloud_logservice",
        "awscloudwatchlogs",
        "awsemf",
        "awskinesis",
        "awss3",
        "awsxray",
        "azuremonitor",
        "coralogix",
    }
    | {
        "datadog",
        "googlecloud",
        "googlecloudpubsub",
        "googlemanagedprometheus",
        "logzio",
        "mezmo",
        "tencentcloud_logservice",
    }
)
"""Exporters of services that take nothing but TLS."""
_LONGEST = 300


class Target(StrEnum):
    """What an exporter sends to."""

    REAL = "real"
    NONE = "none"
    """its own log, nothing, or an address that is missing"""
    UNKNOWN = "unknown"
    """what a placeholder stands for"""


class Transport(StrEnum):
    """How the way there is protected."""

    TLS = "tls"
    UNVERIFIED = "unverified"
    """TLS with whoever answers"""
    PLAIN = "plain"
    NONE = "none"
    """nothing is sent over a network"""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Address:
    """Where something is sent. `host` is "" where it is not known; no user and no query is kept."""

    target: Target
    host: str = ""
    scheme: str = ""


def address_of(value: Json) -> Address:
    """Return what an address leads to: "http://jaeger:4318/v1/traces", "jaeger:4317", "dns:///tempo:4317"."""
    written = (text(value) or "").strip()[:_LONGEST]
    if not written:
        return Address(Target.NONE)
    scheme = written.partition("://")[0].lower() if "://" in written else ""
    host = _host(written)
    if is_sample(written):
        # The host may be given where only the port is not.
        sure = host and placeholder_in(host) is None and not is_sample(host)
        return Address(
            Target.REAL if sure else Target.UNKNOWN, host if sure else "", scheme if "$" not in scheme else ""
        )
    return Address(Target.REAL, host, scheme)


def target_of(config: OtelConfig, exporter: str) -> Target:
    """Return what an exporter, or a connector, of a configuration sends to."""
    if type_of(exporter) in NO_TARGETS:
        return Target.NONE
    if config.component(exporter, "connectors") is not None:
        return Target.REAL  # into another pipeline, which is judged by itself
    body = config.component(exporter, "exporters")
    if body is None:
        return Target.UNKNOWN if "exporters" in config.open else Target.NONE
    if isinstance(config.sections["exporters"].get(exporter), str):
        return Target.UNKNOWN
    found = _addresses(body)
    if not found:
        return Target.NONE if type_of(exporter) in _WITH_ENDPOINT else Target.REAL
    targets = {each.target for each in found}
    return Target.REAL if targets == {Target.REAL} else Target.UNKNOWN if Target.UNKNOWN in targets else Target.NONE


def exporter_item(config: OtelConfig, name: str, used: bool) -> JsonObject:
    """Return one exporter as an item of the facts; see schemas/evidence/otel.schema.json."""
    value = config.sections["exporters"].get(name)
    body = mapping(value)
    addresses = _addresses(body)
    item: JsonObject = {
        "name": name,
        "config": config.name,
        "path": config.path,
        "line": config.line_of(value),
        "type": type_of(name),
        "used": used,
        "target": target_of(config, name).value,
        "hosts": [*dict.fromkeys(each.host for each in addresses if each.host)],
        "transport": _transport(name, value, addresses).value,
    }
    return item


def batches(body: JsonObject) -> bool:
    """Whether an exporter puts batches together itself, in its sending queue."""
    queue = mapping(body.get("sending_queue"))
    return (
        "batch" in queue and queue.get("enabled") is not False and mapping(queue["batch"]).get("enabled") is not False
    )


def _transport(name: str, value: Json, addresses: list[Address]) -> Transport:
    body = mapping(value)
    if type_of(name) in _SILENT:
        return Transport.NONE
    if isinstance(value, str) and placeholder_in(value):
        return Transport.UNKNOWN
    if not addresses:
        return Transport.TLS if type_of(name) in _HOSTED else Transport.UNKNOWN
    body = {**mapping(body.get("http")), **body}
    tls = mapping(body.get("tls")) or mapping(body.get("tls_settings"))
    insecure = tls.get("insecure", body.get("insecure"))
    if _is_true(insecure) or any(each.scheme in ("http", "tcp", "ws") for each in addresses):
        # An address of https:// is TLS whatever `insecure` says; for gRPC likewise.
        if addresses and all(each.scheme == "https" for each in addresses):
            return Transport.TLS
        return Transport.PLAIN
    skip = tls.get("insecure_skip_verify", body.get("insecure_skip_verify"))
    if _is_true(skip):
        return Transport.UNVERIFIED
    unsure = any(isinstance(each, str) and placeholder_in(each) for each in (insecure, skip, body.get("tls")))
    hidden = any(each.target is Target.UNKNOWN and not each.scheme for each in addresses)
    http = type_of(name) not in ("otlp", "otlp_grpc", "otelarrow", "jaeger", "opencensus")
    return Transport.UNKNOWN if unsure or (hidden and http) else Transport.TLS


def _addresses(body: JsonObject) -> list[Address]:
    found: list[Address] = []
    body = {**mapping(body.get("http")), **body}  # the exporter of OpenSearch has its client's settings there
    for key in _ADDRESSES:
        value = body.get(key)
        listed = value if isinstance(value, list) else [value]
        found += [address_of(each) for each in listed if each is not None]
    return found


def _host(written: str) -> str:
    """Return the host of an address, with its placeholder where it has one; "" where none can be told."""
    rest = written.partition("://")[2] if "://" in written else written
    rest = rest.lstrip("/")
    if "$" in rest or "{" in rest:
        # urlsplit would stumble over ${env:HOST}:4317.
        return _before(rest)
    try:
        return (urlsplit(f"//{rest}").hostname or "")[:_LONGEST]
    except ValueError:
        return ""


def _before(rest: str) -> str:
    depth = 0
    for place, char in enumerate(rest):
        depth += (char in "{(") - (char in "})")
        if depth == 0 and char in ":/":
            return rest[:place]
    return rest


def _is_true(value: Json) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")
