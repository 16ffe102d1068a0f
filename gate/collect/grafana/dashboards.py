"""What is told of a dashboard. Pure.

The model is that of Grafana's "Dashboard JSON model" page: panels in a flat list, in rows that are panels themselves,
or (before version 16 of the schema) in `rows`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gate.collect.manifests.objects import mapping, mappings, text
from gate.formats.quantities import prometheus_duration
from gate.model.json import Json, JsonObject

_NEEDS_NO_QUERY = frozenset(
    {"text", "news", "dashlist", "alertlist", "row", "welcome", "gettingstarted", "annolist", "canvas", "pluginlist"}
)
_SHOWS_NO_DATA = _NEEDS_NO_QUERY - {"alertlist", "canvas"}
_DEEPEST = 6
_MOST_PANELS = 5_000
_VARIABLE = re.compile(r"\$\{?[A-Za-z_]|\[\[")
_BUILT_IN = frozenset({"", "-- Grafana --", "-- Mixed --", "-- Dashboard --", "grafana", "default"})
"""Sources of data that Grafana has by itself, or takes by default."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query of a panel. `promql` is False for one that is in another language for certain."""

    panel: str
    expression: str
    promql: bool


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard: `item` for the facts, and its queries and the uids of data sources that it names."""

    item: JsonObject
    queries: tuple[Query, ...]
    datasource_uids: frozenset[str]


def read_dashboard(document: JsonObject, path: str, line: int) -> Dashboard:
    """Return what a dashboard holds; `document` may have it under `dashboard`, as Grafana's API gives it."""
    inner = document.get("dashboard")
    board: JsonObject = inner if isinstance(inner, dict) else document
    panels = list(_panels(board))[:_MOST_PANELS]
    drawn = [panel for panel in panels if panel.get("type") != "row"]
    queries = tuple(query for panel in drawn for query in _queries(panel, board))
    refresh = text(board.get("refresh")) or ""
    item: JsonObject = {
        "name": text(board.get("title")) or "",
        "path": path,
        "line": line,
        "panels": len(drawn),
        "data_panels": sum(_shows_data(panel) for panel in drawn),
        "queries": len(queries),
        "panels_without_query": sum(_lacks_query(panel) for panel in drawn),
        "datasources": [*sorted(set(_source_names(drawn)))],
        "variables": [text(each.get("name")) or "" for each in mappings(mapping(board.get("templating")).get("list"))],
        "inputs": [text(each.get("name")) or "" for each in mappings(board.get("__inputs"))],
    }
    uid = text(board.get("uid"))
    if uid:
        item["uid"] = uid
    version = board.get("schemaVersion")
    if isinstance(version, int) and not isinstance(version, bool):
        item["schema_version"] = version
    seconds = _seconds(refresh)
    if seconds is not None:
        item["refresh_seconds"] = seconds
    return Dashboard(item, queries, frozenset(_uids(drawn)))


def _panels(board: JsonObject, depth: int = 0) -> Iterator[JsonObject]:
    """Yield the panels, those in rows too."""
    if depth > _DEEPEST:
        return
    for panel in mappings(board.get("panels")):
        yield panel
        yield from _panels(panel, depth + 1)
    for row in mappings(board.get("rows")):
        yield from _panels(row, depth + 1)


def _queries(panel: JsonObject, board: JsonObject) -> Iterator[Query]:
    default = panel.get("datasource", board.get("datasource"))
    for target in mappings(panel.get("targets")):
        expression = text(target.get("expr")) or ""
        other = text(target.get("query")) or text(target.get("rawSql")) or text(target.get("target")) or ""
        if (expression or other).strip():
            kind = text(mapping(target.get("datasource", default)).get("type"))
            promql = bool(expression) and kind in (None, "prometheus")
            yield Query(text(panel.get("title")) or "", expression or other, promql)


def _lacks_query(panel: JsonObject) -> bool:
    if panel.get("type") in _NEEDS_NO_QUERY or "libraryPanel" in panel:
        return False
    return not _asks(panel) and not isinstance(panel.get("snapshotData"), list)


def _shows_data(panel: JsonObject) -> bool:
    """Whether a panel shows something that is measured: not a text, a list of links, or a drawing."""
    if panel.get("type") in _SHOWS_NO_DATA or _lacks_query(panel):
        return False
    return panel.get("type") != "canvas" or _asks(panel)


def _asks(panel: JsonObject) -> bool:
    return any(target.keys() - {"refId", "datasource"} for target in mappings(panel.get("targets")))


def _references(panels: list[JsonObject]) -> Iterator[Json]:
    for panel in panels:
        yield panel.get("datasource")
        for target in mappings(panel.get("targets")):
            yield target.get("datasource")


def _source_names(panels: list[JsonObject]) -> Iterator[str]:
    """Yield the types of the sources of data, or their names where an old dashboard has names."""
    for reference in _references(panels):
        named = text(mapping(reference).get("type")) or text(reference)
        if named and named not in _BUILT_IN and not _VARIABLE.search(named):
            yield named


def _uids(panels: list[JsonObject]) -> Iterator[str]:
    """Yield the uids (or names) by which panels name sources of data, where they are written out."""
    for reference in _references(panels):
        uid = text(mapping(reference).get("uid")) or text(reference) or ""
        if uid not in _BUILT_IN and not _VARIABLE.search(uid) and mapping(reference).get("type") != "datasource":
            yield uid


def _seconds(refresh: str) -> int | float | None:
    try:
        return prometheus_duration(refresh) if refresh else None
    except ValueError:
        return None
