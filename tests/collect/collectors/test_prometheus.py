from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

import pytest

from gate.collect.collectors.prometheus import PrometheusCollector, prometheus_facts
from gate.collect.tools import Toolbox
from gate.judge.schema import problems, shipped_validator
from gate.model.evidence import Collected, Missing, Unreadable
from gate.model.finding import Finding
from gate.model.json import Json, JsonObject
from tests.support.broken_tools import BROKEN, OneTool, install
from tests.support.prometheus import REAL, needs_promtool, tree

RULES = """groups:
- name: api
  interval: 30s
  rules:
  - alert: HighErrorRate
    expr: sum(rate(http_requests_total{code=~"5.."}[5m])) / sum(rate(http_requests_total[5m])) > 0.01
    for: 5m
    labels: {severity: critical}
    annotations: {summary: too many errors, runbook_url: docs/errors.md}
  - alert: Down
    expr: up == 0
  - record: job:up:sum
    expr: sum by (job) (up)
"""
WRONG = RULES.replace("up == 0", "up ==")
CONFIG = """global: {scrape_interval: 30s}
rule_files: ["/etc/prometheus/rules/*.yml", "alerts.rules"]
alerting: {alertmanagers: [{static_configs: [{targets: ["alertmanager:9093"]}]}]}
scrape_configs:
- job_name: api
  scrape_interval: 15s
  static_configs: [{targets: ["api:8080", "other:8081"]}]
- job_name: nodes
  kubernetes_sd_configs: [{role: node}]
"""


def collected(
    root: Path,
    files: Mapping[str, str | bytes],
    request: JsonObject | None = None,
    tools: Toolbox | None = None,
) -> Collected:
    found = PrometheusCollector().collect(tree(root, files, {"prometheus": request or {}}, tools=tools))
    assert isinstance(found, Collected), found
    assert not problems(shipped_validator("evidence/prometheus"), found.facts)
    return found


def items(found: Collected, fact: str) -> list[JsonObject]:
    value = found.facts[fact]
    assert isinstance(value, list)
    return [each for each in value if isinstance(each, dict)]


def config_map(text: str, kind: str = "ConfigMap", key: str = "data") -> str:
    body = "".join(f"    {line}\n" for line in text.splitlines())
    head = f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: rules, namespace: monitoring}}\n"
    return f"{head}{key}:\n  alerts.yaml: |\n{body}"


def rule_object(text: str, kind: str = "PrometheusRule") -> str:
    body = "".join(f"  {line}\n" for line in text.splitlines())
    return f"apiVersion: monitoring.coreos.com/v1\nkind: {kind}\nmetadata: {{name: api}}\nspec:\n{body}"


def test_nothing_of_it_in_the_tree(tmp_path: Path) -> None:
    found = PrometheusCollector().collect(tree(tmp_path, {"README.md": "x", "a.yaml": "a: 1\n"}))
    assert isinstance(found, Missing)
    assert found.not_applicable


def test_rules_without_promtool_are_known_but_not_their_validity(tmp_path: Path) -> None:
    found = collected(tmp_path, {"rules/api.yml": RULES, "docs/errors.md": "what to do"})
    told = {key: found.facts[key] for key in ("rule_files", "alerts", "alert_names", "recording_rules")}
    assert told == {"rule_files": 1, "alerts": 2, "alert_names": ["HighErrorRate", "Down"], "recording_rules": 1}
    without = [found.facts[f"alerts_without_{what}"] for what in ("for", "severity", "runbook", "summary")]
    assert without == [1, 1, 1, 1]
    assert "rules_valid" not in found.facts
    assert "rules_invalid" not in found.facts
    (gap,) = found.gaps
    assert gap.subject == "promtool"
    assert "Install promtool" in gap.reason
    assert set(gap.facts) == {"rules_valid", "rules_invalid"}
    assert found.facts["runbook_broken"] == 0


def test_an_expression_that_does_not_parse_is_found_without_promtool_too(tmp_path: Path) -> None:
    found = collected(tmp_path, {"rules/api.yml": WRONG, "docs/errors.md": "x"})
    assert [(each.rule, each.path, each.line) for each in found.findings] == [
        ("prometheus.expression", "rules/api.yml", 10)
    ]
    assert found.facts["rules_invalid"] == 1
    assert "rules_valid" not in found.facts
    assert found.facts["expression_errors"] == 1


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({"a.rules": RULES}, 5),
        ({".github/workflows/alertmanager.yaml": rule_object(RULES)}, 9),
        ({"a.yaml": rule_object(RULES, "VMRule")}, 9),
        ({"a.yaml": config_map(RULES)}, 1),
        ({"a.yaml": "\n---\n" + config_map(RULES, "Secret", "stringData")}, 3),
    ],
    ids=["file", "object", "victoria", "config map", "secret"],
)
def test_rules_stand_in_many_places(tmp_path: Path, files: dict[str, str], line: int) -> None:
    found = collected(tmp_path, files)
    assert (found.facts["rule_files"], found.facts["alerts"], found.facts["recording_rules"]) == (1, 2, 1)
    assert items(found, "alert_items")[0]["line"] == line


def test_rules_in_the_data_of_a_secret(tmp_path: Path) -> None:
    coded = base64.b64encode(RULES.encode()).decode()
    text = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\ndata: {{a.yaml: {coded}, b.yaml: '***', c: 3}}\n"
    assert collected(tmp_path, {"s.yaml": text}).facts["alerts"] == 2


def test_the_same_rules_count_once(tmp_path: Path) -> None:
    other = RULES + "# a comment\n"
    found = collected(tmp_path, {"a.yml": RULES, "b.yml": other, "c.yml": RULES, "d.yaml": rule_object(RULES)})
    assert (found.facts["rule_files"], found.facts["alerts"], found.facts["repeated"]) == (1, 2, 2)


def test_a_file_with_two_sorts_and_one_bad_document(tmp_path: Path) -> None:
    text = f"{RULES}---\n{CONFIG}---\ngroups: [{{rules: [\n---\n{rule_object(RULES.replace('Down', 'Gone'))}"
    found = collected(tmp_path, {"all.yaml": text})
    assert (found.facts["rule_files"], found.facts["scrape_jobs"]) == (2, 2)
    assert [gap.line for gap in found.gaps if gap.path == "all.yaml"] == [26]


def test_paths_and_exclude(tmp_path: Path) -> None:
    files = {"ours/a.yml": RULES, "theirs/b.yml": RULES.replace("Down", "Gone"), "theirs/p.yml": CONFIG}
    assert collected(tmp_path, files, {"paths": "ours/**"}).facts["rule_files"] == 1
    found = collected(tmp_path, files, {"exclude": ["ours/**", "["]})
    assert (found.facts["rule_files"], found.facts["scrape_jobs"]) == (1, 2)
    assert collected(tmp_path, files, {"exclude": 3}).facts["rule_files"] == 2


def test_alerts_that_are_asked_for(tmp_path: Path) -> None:
    found = collected(tmp_path, {"a.yml": RULES}, {"alerts": ["Down", "Slow", "Down"]})
    assert [(each["name"], each["found"]) for each in items(found, "wanted_alerts")] == [
        ("Down", True),
        ("Slow", False),
    ]


def test_runbooks_that_are_not_there(tmp_path: Path) -> None:
    files = {"rules/a.yml": RULES.replace("docs/errors.md", "../docs/errors.md"), "docs/errors.md": "x"}
    assert collected(tmp_path, files).facts["runbook_broken"] == 0
    files["rules/a.yml"] = RULES.replace("docs/errors.md", "../../../etc/passwd.md")
    found = collected(tmp_path, files)
    assert found.facts["runbook_broken"] == 1
    assert [each.rule for each in found.findings] == ["prometheus.broken-runbook"]
    assert items(found, "alert_items")[0]["runbook_found"] is False


def test_alerts_that_stand_twice(tmp_path: Path) -> None:
    twice = (
        RULES + "  - alert: Down\n    expr: up < 1\n  - alert: Down\n    expr: up < 1\n    labels: {severity: page}\n"
    )
    found = collected(tmp_path, {"a.yml": twice})
    assert found.facts["duplicates"] == [{"name": "Down", "path": "a.yml", "line": 14, "first_line": 10}]


def test_logql_and_placeholders_are_not_held_against_promql(tmp_path: Path) -> None:
    text = RULES.replace("up == 0", """'sum(rate({app="x"} |= "error" [5m])) > 1'""").replace("> 0.01", "> ${LIMIT}")
    found = collected(tmp_path, {"a.yml": text})
    assert (found.facts["logql_rules"], found.facts["expression_errors"], found.facts["alerts"]) == (1, 0, 2)
    assert any("${LIMIT}" in gap.reason and "alert_items" in gap.facts and gap.line == 5 for gap in found.gaps)


def test_scrape_jobs_of_a_configuration(tmp_path: Path) -> None:
    found = collected(tmp_path, {"prometheus.yml": CONFIG, "rules/a.yml": RULES})
    first, second = items(found, "scrape_items")
    told = [first[key] for key in ("job", "interval_seconds", "timeout_seconds", "ports", "line", "target_count")]
    assert told == ["api", 15.0, 10.0, [8080, 8081], 5, 2]
    assert [second[key] for key in ("job", "interval_seconds", "discovery")] == ["nodes", 30.0, ["kubernetes"]]
    (config,) = items(found, "configs")
    assert (config["unmatched_rule_files"], config["alertmanagers"], config["state"]) == (
        ["alerts.rules"],
        True,
        "unchecked",
    )
    assert (found.facts["scrape_configs"], found.facts["scrape_jobs"]) == (1, 2)


def test_promtail_scrapes_no_metrics(tmp_path: Path) -> None:
    promtail = "clients: [{url: 'http://loki'}]\nscrape_configs: [{job_name: logs}]\n"
    assert isinstance(PrometheusCollector().collect(tree(tmp_path, {"promtail.yaml": promtail})), Missing)


def test_scrape_jobs_of_the_operator(tmp_path: Path) -> None:
    monitor = """apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: api, namespace: shop}
spec:
  endpoints:
  - port: metrics
    interval: 15s
  - targetPort: 9000
    scheme: HTTPS
---
apiVersion: monitoring.coreos.com/v1alpha1
kind: ScrapeConfig
metadata: {name: far}
spec: {scrapeInterval: 2m, metricsPath: /m, staticConfigs: [{targets: ["far:9100"]}]}
"""
    found = collected(tmp_path, {"m.yaml": monitor})
    told = [(each["job"], each.get("interval_seconds"), each["ports"]) for each in items(found, "scrape_items")]
    assert told == [("shop/api/0", 15.0, []), ("shop/api/1", None, [9000]), ("far", 120.0, [9100])]
    server = "apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: k8s}\n"
    server += "spec: {scrapeInterval: 45s, retention: 10d}\n"
    found = collected(tmp_path, {"m.yaml": monitor, "p.yaml": server})
    assert [each.get("interval_seconds") for each in items(found, "scrape_items")] == [15.0, 45.0, 120.0]
    assert found.facts["min_retention_days"] == 10.0


DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {{name: prom}}
spec: {{template: {{spec: {{containers: [{{name: p, image: "{image}", args: {args}}}]}}}}}}
"""


@pytest.mark.parametrize(
    ("image", "args", "days"),
    [
        ("prom/prometheus:v2", '["--storage.tsdb.retention.time=30d"]', 30),
        ("prom/prometheus:v2", '["--storage.tsdb.retention.time", "720h"]', 30),
        ("acme/metrics", '["--storage.tsdb.retention=2w"]', 14),
        ("quay.io/prometheus/prometheus@sha256:abc", "[]", 15),
        ("prom/prometheus", '["--storage.tsdb.retention.size=5GB"]', None),
        ("prom/prometheus", '["--agent"]', None),
        ("prom/alertmanager", "[]", None),
        ("prom/prometheus", "3", 15),
    ],
)
def test_retention_of_workloads(tmp_path: Path, image: str, args: str, days: float | None) -> None:
    found = collected(tmp_path, {"d.yaml": DEPLOYMENT.format(image=image, args=args), "r.yml": RULES})
    assert found.facts.get("min_retention_days") == days


def test_retention_of_services_and_configurations(tmp_path: Path) -> None:
    compose = "services:\n  a: {image: prom/prometheus, command: --config.file=x --storage.tsdb.retention.time=200h}\n"
    newer = "scrape_configs: []\nstorage: {tsdb: {retention: {time: 7d}}}\n"
    found = collected(tmp_path, {"docker-compose.yml": compose, "p.yml": newer})
    assert sorted(float(str(each["days"])) for each in items(found, "retention_items")) == [
        7.0,
        pytest.approx(8.333333),
    ]
    unclosed = compose.replace("--config.file=x", "--config.file='x")
    assert collected(tmp_path, {"docker-compose.yml": unclosed, "p.yml": ""}).facts["min_retention_days"] > 8  # type: ignore[operator]


@pytest.mark.parametrize(
    ("value", "why"), [("${RETENTION}", "is filled in later"), ("soon", "is no duration"), ("", "is no duration")]
)
def test_a_retention_that_nobody_can_tell_is_a_gap(tmp_path: Path, value: str, why: str) -> None:
    files = {
        "d.yaml": DEPLOYMENT.format(image="prom/prometheus", args=f'["--storage.tsdb.retention.time={value}"]'),
        "r.yml": RULES,
    }
    found = collected(tmp_path, files)
    assert "min_retention_days" not in found.facts
    assert any(why in gap.reason and "min_retention_days" in gap.facts for gap in found.gaps)


HOSTILE: list[Json] = [None, 3, "x", [], {}, [None, 3, [], {}], {"a": [{}]}, True, {"spec": 3}]


@pytest.mark.parametrize("value", HOSTILE, ids=repr)
def test_values_of_any_type_raise_nothing(tmp_path: Path, value: Json) -> None:
    import json

    odd = json.dumps(value)
    text = f"""global: {odd}
rule_files: {odd}
alerting: {odd}
storage: {{tsdb: {odd}}}
scrape_configs:
- {{job_name: {odd}, scrape_interval: {odd}, static_configs: {odd}, kubernetes_sd_configs: {odd}, scheme: {odd}}}
- {odd}
---
groups:
- {{name: {odd}, rules: [{{alert: {odd}, expr: {odd}, for: {odd}, labels: {odd}, annotations: {odd}}}, {odd}]}}
- {{rules: {odd}}}
- {odd}
- {{name: a, rules: [{{alert: A, expr: {odd}, for: {odd}, labels: {odd}, annotations: {odd}}}]}}
---
apiVersion: v1
kind: ServiceMonitor
metadata: {{name: a}}
spec: {{endpoints: [{odd}, {{port: {odd}, interval: {odd}, staticConfigs: {odd}}}]}}
---
apiVersion: v1
kind: Deployment
metadata: {{name: b}}
spec: {{template: {{spec: {{containers: [{odd}, {{image: {odd}, args: {odd}, command: {odd}}}]}}}}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: c}}
data: {odd}
"""
    assert not isinstance(PrometheusCollector().collect(tree(tmp_path, {"a.yaml": text})), Missing)


def test_nothing_but_unreadable_files(tmp_path: Path) -> None:
    found = PrometheusCollector().collect(tree(tmp_path, {"a.yml": "groups:\n\t- rules: []\n"}))
    assert isinstance(found, Unreadable)


def test_findings_that_are_suppressed_do_not_count() -> None:
    one = Finding("prometheus.expression", "high", "m", "gate")
    facts = prometheus_facts([one, Finding("a", "low", "m", "gate", suppressed=True)], {"alerts": 1})
    assert facts == {"alerts": 1, "counts": {"critical": 0, "high": 1, "medium": 0, "low": 0}, "expression_errors": 1}


@needs_promtool
def test_promtool_takes_what_is_right(tmp_path: Path) -> None:
    files = {
        "a.yml": RULES,
        "b.yaml": rule_object(RULES.replace("Down", "Gone")),
        "c.yaml": config_map(RULES.replace("Down", "Off")),
        "p.yml": CONFIG,
    }
    found = collected(tmp_path, files, tools=REAL)
    assert (found.facts["rules_valid"], found.facts["rules_invalid"], found.facts["rules_unchecked"]) == (3, 0, 0)
    assert (found.facts["configs_valid"], found.facts["configs_invalid"]) == (1, 0)
    assert not found.gaps
    assert any(source.tool == "promtool" for source in found.sources)


@needs_promtool
@pytest.mark.parametrize(
    ("wrong", "line", "rule"),
    [
        (("up == 0", "up =="), 10, "prometheus.expression"),
        (("for: 5m", "for: 5x"), 5, "prometheus.invalid-rule"),
        (("job:up:sum", "'job{up}'"), 12, "prometheus.invalid-rule"),
        (("too many errors", "'{{ $nothing }}'"), 5, "prometheus.invalid-rule"),
        (("{severity: critical}", "{severity: critical}\n    sevirity: x"), 5, "prometheus.invalid-rule"),
        (("name: api", "nome: api"), 1, "prometheus.invalid-rule"),
    ],
)
def test_promtool_refuses_what_is_wrong(tmp_path: Path, wrong: tuple[str, str], line: int, rule: str) -> None:
    files = {"a.yml": RULES.replace(*wrong), "b.yml": RULES.replace("Down", "Gone"), "docs/errors.md": "x"}
    found = collected(tmp_path, files, tools=REAL)
    assert (found.facts["rules_valid"], found.facts["rules_invalid"]) == (1, 1)
    assert {each.rule for each in found.findings} == {rule}
    if line > 1:
        assert line in {each.line for each in found.findings}


@needs_promtool
def test_what_only_a_later_promtool_knows_is_unchecked(tmp_path: Path) -> None:
    files = {
        "a.yml": RULES.replace("interval: 30s", "query_offset: 1m"),
        "b.yml": RULES.replace("up == 0", "sort_by_label(up, 'a') == 0"),
        "c.yml": RULES.replace("job:up:sum", "job-up-sum"),
        "p.yml": "scrape_configs: [{job_name: a, scrape_protocols: [OpenMetricsText1.0.0]}]\n",
    }
    found = collected(tmp_path, files, tools=REAL)
    assert found.facts["counts"] == {"critical": 0, "high": 0, "medium": 3, "low": 0}, found.findings
    assert found.facts.get("rules_invalid", 0) == found.facts.get("configs_invalid", 0) == 0


@needs_promtool
def test_placeholders_make_no_mistake(tmp_path: Path) -> None:
    files = {
        "a.yml": RULES.replace("> 0.01", "> ${LIMIT}"),
        "p.yml": CONFIG.replace("15s", "${INTERVAL}"),
        "docs/errors.md": "x",
    }
    found = collected(tmp_path, files, tools=REAL)
    assert not found.findings
    assert (found.facts["rules_unchecked"], found.facts["configs_unchecked"]) == (1, 1)
    assert {"${LIMIT}", "${INTERVAL}"} <= {word for gap in found.gaps for word in gap.reason.replace(",", "").split()}


@needs_promtool
def test_a_configuration_that_is_refused(tmp_path: Path) -> None:
    found = collected(tmp_path, {"p.yml": CONFIG.replace("nodes", "api")}, tools=REAL)
    assert [(each.rule, each.path) for each in found.findings] == [("prometheus.invalid-config", "p.yml")]
    assert items(found, "configs")[0]["state"] == "invalid"


@pytest.mark.parametrize("does", [name for name in BROKEN if name not in ("hangs", "prints without an end")])
def test_a_broken_promtool_proves_nothing(tmp_path: Path, does: str) -> None:
    report = "Checking rules-00000.json\n  SUCCESS: 3 rules found\n"
    program = install(tmp_path / "bin", "promtool", does, report)
    found = collected(tmp_path / "tree", {"a.yml": RULES, "p.yml": CONFIG}, tools=OneTool("promtool", (str(program),)))
    assert "rules_valid" not in found.facts
    assert "configs_valid" not in found.facts
    assert {gap.subject for gap in found.gaps} == {"promtool"}


def test_a_promtool_that_takes_everything_is_not_trusted(tmp_path: Path) -> None:
    program = tmp_path / "promtool"
    program.write_text(
        '#!/bin/sh\nfor file in "$@"; do case $file in *.json) '
        "printf 'Checking %s\\n  SUCCESS: 2 rules found\\n\\n' $file;; esac; done\n"
    )
    program.chmod(0o755)
    found = collected(tmp_path / "tree", {"a.yml": WRONG}, tools=OneTool("promtool", (str(program),)))
    assert "rules_valid" not in found.facts
    assert any("self-test" in gap.reason for gap in found.gaps)


@needs_promtool
@pytest.mark.parametrize(
    ("block", "state"),
    [
        ("kubernetes_sd_configs: [{role: pod, namespaces: {names: [a]}}]", "valid"),
        ("kubernetes_sd_configs: [{role: pods}]", "invalid"),
        ("kubernetes_sd_configs: [{rolle: pod}]", "invalid"),
        ("kubernetes_sd_configs: {role: pod}", "invalid"),
        ("kubernetes_sd_configs: [{role: pod, api_server: 'https://a', bearer_token_file: f}]", "valid"),
        (
            "kubernetes_sd_configs: [{role: pod, api_server: 'https://a', bearer_token_file: f, bearer_token: t}]",
            "invalid",
        ),
        ("kubernetes_sd_configs: [{role: pod, bearer_token_file: f}]", "invalid"),
        ("kubernetes_sd_configs: [{role: pod, api_server: 'https://a', kubeconfig_file: f}]", "invalid"),
        ("kubernetes_sd_configs: [{role: pod, kubeconfig_file: f, namespaces: {own_namespace: true}}]", "invalid"),
        ("kubernetes_sd_configs: [{role: pod, selectors: [{role: pod, field: 'spec.nodeName=a,b!=c'}]}]", "valid"),
        ("kubernetes_sd_configs: [{role: pod, selectors: [{role: service}]}]", "invalid"),
        ("kubernetes_sd_configs: [{role: pod, selectors: [{role: pod}, {role: pod}]}]", "invalid"),
        ("kubernetes_sd_configs: [{role: pod, selectors: [{role: pod, field: 'a'}]}]", "invalid"),
        ("kubernetes_sd_configs: [{role: '${ROLE}'}]", "unchecked"),
        ("kubernetes_sd_configs: [{role: pod}]\n  relabel_configs: [{action: nonsense}]", "invalid"),
        ("dns_sd_configs: [{names: [a]}]", "valid"),
        ("nonsense_sd_configs: []", "invalid"),
    ],
)
def test_discovery_that_promtool_may_be_built_without(tmp_path: Path, block: str, state: str) -> None:
    found = collected(tmp_path, {"p.yml": f"scrape_configs:\n- job_name: a\n  {block}\n"}, tools=REAL)
    assert items(found, "configs")[0]["state"] == state, found.findings
