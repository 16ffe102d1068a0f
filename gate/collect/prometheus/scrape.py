"""What is scraped, how often and from where: jobs of configurations, and objects of the operator. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gate.collect.disk import printable
from gate.collect.manifests.objects import ClusterObject, mapping, mappings, text
from gate.collect.prometheus.durations import duration_seconds
from gate.formats.located_yaml import line_of
from gate.model.json import Json, JsonObject

SERVERS = ("Prometheus", "PrometheusAgent", "VMAgent")
MONITORS = ("ServiceMonitor", "PodMonitor", "Probe", "ScrapeConfig", "VMServiceScrape", "VMPodScrape")
_DEFAULT_INTERVAL, _DEFAULT_TIMEOUT = 60.0, 10.0
"""Of Prometheus, where a configuration names none (Configuration, <global>)."""
_OPERATOR_INTERVAL = 30.0
"""Of the operator's Prometheus objects (API reference, scrapeInterval)."""
_MOST_JOBS = 20_000
_MOST_TARGETS = 50
_PORT = re.compile(r":(\d{1,5})(?:$|/)")
_DISCOVERY = re.compile(r"^(?P<by>\w+)_sd_configs$")


@dataclass(frozen=True, slots=True)
class ConfigSource:
    """A configuration of a Prometheus server or agent. `exact` is whether `line_of` its mappings are of the file."""

    value: JsonObject
    path: str
    line: int
    title: str
    exact: bool = True


def jobs_of(config: ConfigSource) -> list[JsonObject]:
    """Return the scrape jobs of a configuration, with the defaults of its `global` and of Prometheus."""
    every = mapping(config.value.get("global"))
    interval = _seconds(every.get("scrape_interval"), _DEFAULT_INTERVAL)
    timeout = _seconds(every.get("scrape_timeout"), min(_DEFAULT_TIMEOUT, interval or _DEFAULT_TIMEOUT))
    return [_job(job, config, interval, timeout) for job in mappings(config.value.get("scrape_configs"))[:_MOST_JOBS]]


def _job(job: JsonObject, config: ConfigSource, interval: float | None, timeout: float | None) -> JsonObject:
    targets = [
        target
        for block in mappings(job.get("static_configs"))
        for target in _list(block.get("targets"))
        if isinstance(target, str)
    ]
    discovery = sorted({found["by"] for key in job if (found := _DISCOVERY.match(key)) and _list(job.get(key))})
    item: JsonObject = {
        "job": (text(job.get("job_name")) or "")[:200],
        "path": printable(config.path),
        "line": line_of(job, config.line) if config.exact else config.line,
        "targets": [target[:200] for target in targets[:_MOST_TARGETS]],
        "target_count": len(targets),
        "ports": [*_ports(targets)],
        "discovery": [*discovery],
        "scheme": text(job.get("scheme")) or "http",
        "metrics_path": text(job.get("metrics_path")) or "/metrics",
        "kind": "config",
    }
    return item | _times(_seconds(job.get("scrape_interval"), interval), _seconds(job.get("scrape_timeout"), timeout))


def monitor_jobs(one: ClusterObject, default_interval: float | None) -> list[JsonObject]:
    """Return the jobs that an object of the operator makes: one for each of its endpoints."""
    name = f"{one.namespace}/{one.name}" if one.namespace else one.name
    return [
        _endpoint(one, f"{name}/{index}" if many else name, endpoint, default_interval)
        for index, endpoint, many in _endpoints(one)
    ]


def _endpoints(one: ClusterObject) -> Iterator[tuple[int, JsonObject, bool]]:
    listed = mappings(one.spec.get("endpoints")) or mappings(one.spec.get("podMetricsEndpoints"))
    if one.kind in ("ScrapeConfig", "Probe"):
        listed = [one.spec]
    for index, endpoint in enumerate(listed[:_MOST_JOBS]):
        yield index, endpoint, len(listed) > 1


def _endpoint(one: ClusterObject, job: str, endpoint: JsonObject, default: float | None) -> JsonObject:
    named = endpoint.get("port") if endpoint.get("port") is not None else endpoint.get("targetPort")
    interval = endpoint.get("interval", endpoint.get("scrapeInterval"))
    targets = [
        target
        for block in mappings(endpoint.get("staticConfigs"))
        for target in _list(block.get("targets"))
        if isinstance(target, str)
    ]
    item: JsonObject = {
        "job": job[:200],
        "path": printable(one.path),
        "line": one.line if one.origin.value != "file" else line_of(endpoint, one.line),
        "targets": [target[:200] for target in targets[:_MOST_TARGETS]],
        "target_count": len(targets),
        "ports": [named] if isinstance(named, int) and not isinstance(named, bool) else [*_ports(targets)],
        "discovery": ["kubernetes"] if one.kind != "ScrapeConfig" else [],
        "scheme": (text(endpoint.get("scheme")) or "http").lower(),
        "metrics_path": text(endpoint.get("path")) or text(endpoint.get("metricsPath")) or "/metrics",
        "kind": one.kind,
    }
    if isinstance(named, str):
        item["port_name"] = named[:200]
    return item | _times(_seconds(interval, default), _seconds(endpoint.get("scrapeTimeout"), None))


def operator_interval(servers: list[ClusterObject]) -> float | None:
    """Return how often the one server of the operator in a tree scrapes; None without one, or where several differ."""
    found = {_seconds(one.spec.get("scrapeInterval"), _OPERATOR_INTERVAL) for one in servers}
    return next(iter(found)) if len(found) == 1 else None


def has_jobs(config: ConfigSource) -> bool:
    """Whether a configuration scrapes anything."""
    return bool(mappings(config.value.get("scrape_configs")))


def _times(interval: float | None, timeout: float | None) -> JsonObject:
    told: JsonObject = {}
    if interval is not None:
        told["interval_seconds"] = interval
    if timeout is not None:
        told["timeout_seconds"] = timeout
    return told


def _seconds(value: Json, default: float | None) -> float | None:
    """Return a time that is set, the default where none is; None where what is set cannot be read."""
    return default if value in (None, "") else duration_seconds(value)


def _ports(targets: list[str]) -> list[int]:
    """Return the ports that targets end in, each once, in order."""
    found = (_PORT.search(target) for target in targets)
    return list(dict.fromkeys(int(each.group(1)) for each in found if each))[:_MOST_TARGETS]


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
