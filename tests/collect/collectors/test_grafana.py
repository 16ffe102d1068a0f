"""Dashboards, and what Grafana is given at its start."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.collectors.grafana import GrafanaCollector
from gate.collect.grafana.dashboards import read_dashboard
from gate.collect.grafana.queries import is_readable
from gate.collect.prometheus.expressions import Expressions
from gate.collect.workspace import Workspace
from gate.judge.schema import problems, shipped_validator
from gate.model.evidence import Collected, Evidence, Missing, Unreadable
from gate.model.json import Json, JsonObject
from tests.support.fakes import context, write

PANEL: JsonObject = {
    "type": "timeseries",
    "title": "Rate",
    "datasource": {"type": "prometheus", "uid": "prom"},
    "targets": [{"expr": 'sum(rate(http_requests_total{job="$job"}[$__rate_interval]))'}],
}


def board(**changes: Json) -> JsonObject:
    whole: JsonObject = {"title": "Orders", "uid": "orders", "schemaVersion": 39, "refresh": "30s", "panels": [PANEL]}
    return whole | changes


def collect(root: Path, files: dict[str, Json], request: JsonObject | None = None) -> Evidence:
    write(root, {path: text if isinstance(text, str) else json.dumps(text) for path, text in files.items()})
    return GrafanaCollector().collect(context(Workspace(root), request))


def collected(root: Path, files: dict[str, Json], request: JsonObject | None = None) -> Collected:
    evidence = collect(root, files, request)
    assert isinstance(evidence, Collected), evidence
    assert not problems(shipped_validator("evidence/grafana"), evidence.facts)
    return evidence


def test_a_dashboard(tmp_path: Path) -> None:
    row: JsonObject = {"type": "row", "title": "r", "panels": [PANEL, {"type": "stat", "title": "empty"}]}
    text: JsonObject = {"type": "text"}
    variables: JsonObject = {"list": [{"name": "job"}]}
    whole = board(panels=[PANEL, row, text], templating=variables, __inputs=[{"name": "DS"}])
    evidence = collected(tmp_path, {"a.json": whole})
    assert evidence.facts["items"] == [
        {"name": "Orders", "path": "a.json", "line": 1, "uid": "orders", "panels": 4, "data_panels": 2, "queries": 2,
         "panels_without_query": 1, "datasources": ["prometheus"], "variables": ["job"], "inputs": ["DS"],
         "schema_version": 39, "refresh_seconds": 30}
    ]  # fmt: skip
    assert (evidence.facts["dashboards"], evidence.facts["panels"], evidence.facts["invalid"]) == (1, 4, 0)


def test_old_rows_and_the_wrapper_of_the_api(tmp_path: Path) -> None:
    old: Json = {
        "dashboard": {"title": "Old", "rows": [{"panels": [PANEL | {"datasource": "Prometheus"}]}], "time": {}}
    }
    evidence = collected(tmp_path, {"old.json": old})
    assert evidence.facts["panels"] == 1


def test_what_is_not_whole(tmp_path: Path) -> None:
    files: dict[str, Json] = {
        "a.json": board(),
        "b.json": board(title="Twin"),
        "c.json": board(uid="c", panels=[], title="Empty"),
        "d.json": board(uid="d", title=""),
        "e.json": '{"title": "x", "panels": [',
        "f.json": board(uid="f", title="Broken", panels=[PANEL | {"targets": [{"expr": "sum(rate(x[5m])"}]}]),
    }
    evidence = collected(tmp_path, files)
    assert {finding.rule for finding in evidence.findings} == {
        "grafana.uid-twice", "grafana.no-panels", "grafana.no-title", "grafana.query"
    }  # fmt: skip
    assert evidence.facts["invalid"] == 4
    assert evidence.facts["queries_broken"] == 1
    assert [gap.path for gap in evidence.gaps] == ["e.json"]


PROVISIONED = """\
apiVersion: 1
datasources:
  - {name: Prometheus, uid: prom, type: prometheus, url: "http://prometheus:9090", isDefault: true}
  - name: Database
    uid: db
    type: postgres
    password: open
    secureJsonData: {password: literal, token: $TOKEN, key: "$__file{/run/key}"}
"""


def test_sources_of_data_and_panels_that_name_others(tmp_path: Path) -> None:
    other = PANEL | {"datasource": {"type": "loki", "uid": "logs"}}
    open_ = PANEL | {"datasource": {"type": "prometheus", "uid": "${ds}"}}
    files: dict[str, Json] = {"ds.yaml": PROVISIONED, "a.json": board(panels=[PANEL, other, open_])}
    evidence = collected(tmp_path, files)
    found = evidence.facts["datasource_items"]
    assert found == [
        {"name": "Prometheus", "type": "prometheus", "path": "ds.yaml", "line": 3, "default": True,
         "plain_passwords": [], "uid": "prom", "url": "http://prometheus:9090"},
        {"name": "Database", "type": "postgres", "path": "ds.yaml", "line": 4, "default": False,
         "plain_passwords": ["password", "secureJsonData.password"], "uid": "db"},
    ]  # fmt: skip
    assert [finding.message for finding in evidence.findings] == [
        "the dashboard “Orders” takes data from logs, which no provisioning gives"
    ]


def test_alert_rules_contact_points_and_providers(tmp_path: Path) -> None:
    text = """\
apiVersion: 1
groups: [{name: g, rules: [{title: Errors, for: 5m}, {title: Slow, isPaused: true}]}]
contactPoints:
  - {name: real, receivers: [{type: email, settings: {addresses: ops@shop.io}}]}
  - {name: nowhere, receivers: [{type: slack, settings: {url: "${URL}"}}]}
providers: [{name: files, options: {path: /var/lib/grafana/dashboards}}]
"""
    facts = collected(tmp_path, {"a.yaml": text}).facts
    assert facts["alert_rules"] == [
        {"name": "Errors", "path": "a.yaml", "line": 2, "paused": False, "for_seconds": 300},
        {"name": "Slow", "path": "a.yaml", "line": 2, "paused": True},
    ]
    assert facts["contact_points"] == [
        {"name": "real", "path": "a.yaml", "line": 4, "types": ["email"], "with_target": True},
        {"name": "nowhere", "path": "a.yaml", "line": 5, "types": ["slack"], "with_target": False},
    ]
    assert facts["provider_items"] == [
        {"name": "files", "path": "a.yaml", "line": 6, "folder": "/var/lib/grafana/dashboards"}
    ]


def test_dashboards_in_objects(tmp_path: Path) -> None:
    carrier: Json = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "boards"},
        "data": {"a.json": json.dumps(board()), "b.json": json.dumps(board(uid="b")), "c.txt": "no"},
    }
    kind: JsonObject = {"apiVersion": "grafana.integreatly.org/v1beta1", "kind": "GrafanaDashboard"}
    operator: list[Json] = [
        {**kind, "metadata": {"name": "one"}, "spec": {"json": json.dumps(board(uid="o"))}},
        {**kind, "metadata": {"name": "far"}, "spec": {"url": "https://example.com"}},
        {**kind, "metadata": {"name": "bad"}, "spec": {"json": "{"}},
        {
            "apiVersion": "grafana.integreatly.org/v1beta1",
            "kind": "GrafanaDatasource",
            "metadata": {"name": "ds"},
            "spec": {"datasource": {"type": "prometheus", "url": "http://p"}},
        },
    ]
    files: dict[str, Json] = {"cm.json": carrier, "same.json": json.dumps(board())}
    files |= {f"o{index}.json": one for index, one in enumerate(operator)}
    evidence = collected(tmp_path, files)
    assert evidence.facts["dashboards"] == 3
    assert evidence.facts["datasources"] == 1
    assert evidence.facts["invalid"] == 1
    assert sorted(gap.path or "" for gap in evidence.gaps) == ["o1.json", "o2.json"]


def test_nothing_there_and_nothing_readable(tmp_path: Path) -> None:
    missing = collect(tmp_path, {"a.json": {"panels": 1}})
    assert isinstance(missing, Missing)
    assert missing.not_applicable
    assert isinstance(collect(tmp_path, {"a.json": '{"title": 1, "panels": [}'}), Unreadable)
    assert isinstance(collect(tmp_path, {"b.json": board(), "a.json": "{}"}, {"exclude": ["b.json"]}), Missing)


@pytest.mark.parametrize(
    ("expression", "readable"),
    [
        ('sum(rate(x{a=~"$b"}[$__rate_interval])) by ($g)', True),
        ("rate(x[[[i]]]) + y offset $o", True),
        ("avg_over_time(x[$__range:$__interval]) > $__range_s", True),
        ("topk($n, m_total{a='${b:regex}'}) + ${m}_total", None),
        ("up{", False),
        ("sum(rate(x[5m])", False),
        ("$anything goes $here", None),
        ('{job="x"} |= "y"', None),
        ("x + " * 9000 + "x", None),
    ],
)
def test_queries(expression: str, readable: bool | None) -> None:
    assert is_readable(expression, Expressions()) is readable


NAMES = [
    "panels", "rows", "targets", "expr", "datasource", "uid", "type", "title", "refresh", "list", "templating",
    "dashboard", "__inputs", "name", "schemaVersion", "query",
]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("$ab", max_size=4),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=20,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["panels", "rows", "dashboard", "refresh", "title", "templating"]), JSON))
def test_odd_dashboards_raise_nothing(document: JsonObject) -> None:
    item = read_dashboard(document, "a.json", 1).item
    shape: JsonObject = {
        "dashboards": 1, "panels": 0, "data_panels": 0, "datasources": 0, "invalid": 0, "queries_broken": 0,
        "items": [item], "datasource_items": [], "provider_items": [], "alert_rules": [], "contact_points": [],
    }  # fmt: skip
    assert not problems(shipped_validator("evidence/grafana"), shape)


def test_an_object_that_cannot_be_read_concerns_grafana_only_by_its_words(tmp_path: Path) -> None:
    twice = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {type: A, type: B}\n"
    files: dict[str, Json] = {"a.json": board(), "k8s/service.yaml": twice}
    assert collected(tmp_path / "a", files).gaps == ()
    carrier = twice.replace("Service", "ConfigMap") + "data: {x.json: '{\"panels\": []}'}\n"
    (gap,) = collected(tmp_path / "b", files | {"k8s/service.yaml": carrier}).gaps
    assert (gap.path, gap.line) == ("k8s/service.yaml", 4)


@pytest.mark.parametrize(
    ("targets", "without"),
    [([{"expr": "up"}], 0), ([], 1), ([{}], 1), ([{"refId": "A"}], 1), ([{"refId": "A", "rawSql": "x"}], 0)],
)
def test_a_target_that_says_nothing_is_no_query(tmp_path: Path, targets: list[Json], without: int) -> None:
    panel: JsonObject = {"type": "timeseries", "title": "A", "targets": targets}
    facts = collected(tmp_path, {"a.json": board(panels=[panel])}).facts
    assert isinstance(facts["items"], list)
    item = facts["items"][0]
    assert isinstance(item, dict)
    assert item["panels_without_query"] == without


@pytest.mark.parametrize(
    ("panel", "count"),
    [
        ({"type": "text"}, 0),
        ({"type": "dashlist"}, 0),
        ({"type": "canvas"}, 0),
        ({"type": "canvas", "targets": [{"expr": "up"}]}, 1),
        ({"type": "alertlist"}, 1),
        ({"type": "stat"}, 0),
        ({"type": "stat", "snapshotData": []}, 1),
        ({"libraryPanel": {"uid": "x"}}, 1),
    ],
)
def test_panels_that_show_data(tmp_path: Path, panel: JsonObject, count: int) -> None:
    facts = collected(tmp_path, {"a.json": board(panels=[panel])}).facts
    assert (facts["panels"], facts["data_panels"]) == (1, count)


def test_what_may_hold_dashboards_and_is_not_known_makes_them_unknown(tmp_path: Path) -> None:
    """A chart that nobody rendered: that there is no dashboard is not known, but none was unreadable either."""
    files: dict[str, Json] = {
        "web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
        "web/values.yaml": "{}\n",
    }
    missing = collect(tmp_path, files)
    assert isinstance(missing, Missing)
    assert missing.gaps
    assert missing.gaps[0].subject == "web"
