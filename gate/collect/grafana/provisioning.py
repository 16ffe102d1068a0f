"""What Grafana is given at its start: sources of data, providers of dashboards, alert rules, contact points. Pure.

The formats are those of Grafana's provisioning pages; the custom resources those of the Grafana operator.
"""

from __future__ import annotations

from collections.abc import Iterator

from gate.collect.manifests.objects import ClusterObject, mapping, mappings, text
from gate.collect.manifests.placeholders import is_sample
from gate.formats.located_yaml import line_of
from gate.formats.quantities import prometheus_duration
from gate.model.json import Json, JsonObject

_TARGETS = (
    "url",
    "integrationKey",
    "bottoken",
    "addresses",
    "token",
    "apiKey",
    "webhookUrl",
    "kafkaRestProxy",
    "brokerUrl",
)
_SECRETS = ("password", "basicAuthPassword")


def datasources_of(document: JsonObject, path: str, line: int) -> Iterator[JsonObject]:
    """Yield the sources of data that a provisioning file gives."""
    for each in mappings(document.get("datasources")):
        yield datasource_item(each, path, line_of(each, line))


def datasource_item(source: JsonObject, path: str, line: int) -> JsonObject:
    """Return a source of data as an item; of passwords only the names of the keys that hold one in plain text."""
    item: JsonObject = {
        "name": text(source.get("name")) or "",
        "type": text(source.get("type")) or "",
        "path": path,
        "line": line,
        "default": source.get("isDefault") is True,
        "plain_passwords": [*sorted(_plain_passwords(source))],
    }
    for key in ("uid", "url"):
        value = text(source.get(key))
        if value:
            item[key] = value
    return item


def providers_of(document: JsonObject, path: str, line: int) -> Iterator[JsonObject]:
    """Yield the providers of dashboards."""
    for each in mappings(document.get("providers")):
        where = text(mapping(each.get("options")).get("path")) or ""
        yield {"name": text(each.get("name")) or "", "path": path, "line": line_of(each, line), "folder": where}


def alert_rules_of(document: JsonObject, path: str, line: int) -> Iterator[JsonObject]:
    """Yield the alert rules that Grafana itself evaluates."""
    for group in mappings(document.get("groups")):
        for rule in mappings(group.get("rules")):
            item: JsonObject = {
                "name": text(rule.get("title")) or "",
                "path": path,
                "line": line_of(rule, line),
                "paused": rule.get("isPaused") is True,
            }
            seconds = _seconds(rule.get("for"))
            yield item if seconds is None else item | {"for_seconds": seconds}


def contact_points_of(document: JsonObject, path: str, line: int) -> Iterator[JsonObject]:
    """Yield the contact points; one has a target when any of its receivers says where to, and means it."""
    for point in mappings(document.get("contactPoints")):
        receivers = mappings(point.get("receivers"))
        yield {
            "name": text(point.get("name")) or "",
            "path": path,
            "line": line_of(point, line),
            "types": [*sorted({text(each.get("type")) or "" for each in receivers})],
            "with_target": any(_has_target(mapping(each.get("settings"))) for each in receivers),
        }


def of_objects(objects: list[ClusterObject]) -> Iterator[JsonObject]:
    """Yield the sources of data that GrafanaDatasource objects describe."""
    for one in objects:
        source = mapping(one.spec.get("datasource"))
        if source:
            yield datasource_item({"name": one.name, **source}, one.path, one.line)


def _has_target(settings: JsonObject) -> bool:
    return any((value := text(settings.get(key))) and not is_sample(value) for key in _TARGETS)


def _plain_passwords(source: JsonObject) -> Iterator[str]:
    for key in _SECRETS:
        if _is_literal(source.get(key)):
            yield key
    for key, value in mapping(source.get("secureJsonData")).items():
        if _is_literal(value):
            yield f"secureJsonData.{key}"


def _is_literal(value: Json) -> bool:
    """Whether a value is written out: no variable (`$NAME`, `${NAME}`, `$__file{…}`), no placeholder."""
    written = text(value)
    return bool(written) and "$" not in str(written) and not is_sample(str(written))


def _seconds(value: Json) -> int | float | None:
    try:
        return prometheus_duration(value) if isinstance(value, str) and value else None
    except ValueError:
        return None
