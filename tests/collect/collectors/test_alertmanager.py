from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from gate.collect.collectors.alertmanager import AlertmanagerCollector, alertmanager_facts
from gate.collect.tools import Toolbox
from gate.judge.schema import problems, shipped_validator
from gate.model.evidence import Collected, Missing, Unreadable
from gate.model.finding import Finding
from gate.model.json import Json, JsonObject
from tests.support.broken_tools import BROKEN, OneTool, install
from tests.support.prometheus import REAL, needs_amtool, tree

CONFIG = """global: {resolve_timeout: 5m}
route:
  receiver: chat
  group_by: [alertname]
  routes:
  - matchers: [severity="critical"]
    receiver: pager
  - matchers: [severity="info"]
    receiver: "null"
receivers:
- name: chat
  slack_configs: [{api_url: "https://hooks.slack.com/services/T0AB12/B0CD34/e5f6g7h8", channel: "#ops"}]
- name: pager
  pagerduty_configs: [{routing_key: k3y}]
- name: "null"
inhibit_rules:
- {source_matchers: [severity="critical"], target_matchers: [severity="warning"], equal: [alertname]}
"""
OPEN = CONFIG.replace("https://hooks.slack.com/services/T0AB12/B0CD34/e5f6g7h8", "${SLACK_WEBHOOK_URL}")
RULES = """groups:
- name: api
  rules:
  - {alert: Errors, expr: up == 0, labels: {severity: critical}}
  - {alert: Slow, expr: up == 0, labels: {severity: warning}}
  - {alert: Note, expr: up == 0, labels: {severity: info}}
"""


def collected(
    root: Path, files: Mapping[str, str | bytes], request: JsonObject | None = None, tools: Toolbox | None = None
) -> Collected:
    asked = {"alertmanager": request or {}}
    found = AlertmanagerCollector().collect(tree(root, files, asked, "alertmanager", tools))
    assert isinstance(found, Collected), found
    assert not problems(shipped_validator("evidence/alertmanager"), found.facts)
    return found


def items(found: Collected, fact: str) -> list[JsonObject]:
    value = found.facts[fact]
    assert isinstance(value, list)
    return [each for each in value if isinstance(each, dict)]


def secret(text: str) -> str:
    body = "".join(f"    {line}\n" for line in text.splitlines())
    head = "apiVersion: v1\nkind: Secret\nmetadata: {name: am, namespace: monitoring}\n"
    return f"{head}stringData:\n  alertmanager.yaml: |\n{body}"


def test_nothing_of_it_in_the_tree(tmp_path: Path) -> None:
    found = AlertmanagerCollector().collect(tree(tmp_path, {"a.yml": RULES}))
    assert isinstance(found, Missing)
    assert found.not_applicable


def test_nothing_but_what_cannot_be_read(tmp_path: Path) -> None:
    found = AlertmanagerCollector().collect(tree(tmp_path, {"a.yml": "route:\n\treceivers: []\n"}))
    assert isinstance(found, Unreadable)


def test_rules_in_a_file_of_that_name_are_no_configuration(tmp_path: Path) -> None:
    assert isinstance(AlertmanagerCollector().collect(tree(tmp_path, {"alertmanager-rules.yaml": RULES})), Missing)


@pytest.mark.parametrize("files", [{"am.yml": CONFIG}, {"secret.yaml": secret(CONFIG)}], ids=["file", "secret"])
def test_receivers_and_routes_without_amtool(tmp_path: Path, files: dict[str, str]) -> None:
    found = collected(tmp_path, {**files, "rules.yml": RULES})
    names = (
        "configs",
        "unchecked",
        "receivers",
        "receivers_with_target",
        "routes",
        "inhibit_rules",
        "undefined_receivers",
    )
    assert [found.facts[name] for name in names] == [1, 1, 3, 2, 2, 1, 0]
    assert found.facts["receiver_types"] == found.facts["target_types"] == {"pagerduty": 1, "slack": 1}
    assert "valid" not in found.facts
    assert "invalid" not in found.facts
    assert [gap.subject for gap in found.gaps] == ["amtool"]
    told = [(each["name"], each["routed"], each["paged"]) for each in items(found, "alert_routes")]
    assert told == [("Errors", "yes", "yes"), ("Slow", "yes", "no"), ("Note", "no", "no")]
    (config,) = items(found, "config_items")
    assert config["group_by"] == ["alertname"]
    (default,) = items(found, "default_items")
    assert (default["receiver"], default["target"]) == ("chat", "target")
    assert default["line"] == (2 if "am.yml" in files else 1)
    assert [each["target"] for each in items(found, "receiver_items")] == ["target", "target", "silent"]


def test_placeholders_are_gaps_not_misses(tmp_path: Path) -> None:
    found = collected(tmp_path, {"am.yml": OPEN, "rules.yml": RULES})
    assert (found.facts["receivers_with_target"], found.facts["receivers_with_placeholder"]) == (1, 1)
    assert [each["routed"] for each in items(found, "alert_routes")] == ["yes", "unknown", "no"]
    assert any("the alert Slow" in gap.reason and "alert_routes" in gap.facts for gap in found.gaps)
    assert any("filled in later" in gap.reason and gap.line == 11 for gap in found.gaps)


def test_every_configuration_must_bring_an_alert_home(tmp_path: Path) -> None:
    silent = CONFIG.replace("receiver: pager", "receiver: 'null'")
    found = collected(tmp_path, {"a.yml": CONFIG, "b.yml": silent, "rules.yml": RULES})
    assert [each["routed"] for each in items(found, "alert_routes")] == ["no", "yes", "no"]
    found = collected(tmp_path, {}, {"exclude": ["b.yml"]})
    assert [each["routed"] for each in items(found, "alert_routes")] == ["yes", "yes", "no"]


def test_types_that_are_asked_for(tmp_path: Path) -> None:
    found = collected(tmp_path, {"am.yml": OPEN}, {"types": ["slack", "pagerduty", "email"]})
    told = [(each["name"], each["receivers"], each["target"]) for each in items(found, "wanted_types")]
    assert told == [("slack", 1, "placeholder"), ("pagerduty", 1, "target"), ("email", 0, "none")]


OBJECT = """apiVersion: monitoring.coreos.com/v1alpha1
kind: AlertmanagerConfig
metadata: {name: team, namespace: shop}
spec:
  route: {receiver: chat}
  receivers:
  - name: chat
    slackConfigs: [{apiURL: {name: slack, key: url}}]
"""
MAIN = """apiVersion: monitoring.coreos.com/v1
kind: Alertmanager
metadata: {name: main}
spec: {alertmanagerConfiguration: {name: team}}
"""


def test_objects_of_the_operator_see_one_namespace(tmp_path: Path) -> None:
    found = collected(tmp_path, {"c.yaml": OBJECT, "rules.yml": RULES})
    (config,) = items(found, "config_items")
    assert (config["state"], config["partial"]) == ("object", True)
    assert {each["routed"] for each in items(found, "alert_routes")} == {"unknown"}
    found = collected(tmp_path, {"m.yaml": MAIN})
    assert {each["routed"] for each in items(found, "alert_routes")} == {"yes"}
    everyone = MAIN.replace(
        "alertmanagerConfiguration: {name: team}", "alertmanagerConfigMatcherStrategy: {type: None}"
    )
    assert items(collected(tmp_path, {"m.yaml": everyone}), "config_items")[0]["partial"] is False


def test_a_route_to_nowhere_is_found_without_amtool(tmp_path: Path) -> None:
    found = collected(tmp_path, {"am.yml": CONFIG.replace("- name: pager", "- name: payer")})
    assert [(each.rule, each.line) for each in found.findings] == [("alertmanager.undefined-receiver", 6)]
    assert found.facts["invalid"] == 1


def test_findings_that_are_suppressed_do_not_count() -> None:
    facts = alertmanager_facts([Finding("a", "high", "m", "gate", suppressed=True)], {})
    assert facts == {"counts": {"critical": 0, "high": 0, "medium": 0, "low": 0}}


ODD: list[Json] = [None, 3, "x", [], {}, [None, 3, [], {}], True]


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_values_of_any_type_raise_nothing(tmp_path: Path, value: Json) -> None:
    import json

    odd = json.dumps(value)
    text = f"""route: {odd}
receivers: [{odd}, {{name: {odd}, slack_configs: {odd}}}]
global: {odd}
---
{{"apiVersion": "v1", "kind": "AlertmanagerConfig", "metadata": {{"name": "a"}}, "spec": {odd}}}
---
{{"apiVersion": "v1", "kind": "Alertmanager", "metadata": {{"name": "a"}}, "spec": {odd}}}
"""
    collected(tmp_path, {"a.yml": text})


@needs_amtool
def test_amtool_takes_what_is_right(tmp_path: Path) -> None:
    found = collected(tmp_path, {"am.yml": CONFIG}, tools=REAL)
    assert (found.facts["valid"], found.facts["invalid"], found.facts["unchecked"]) == (1, 0, 0)
    assert not found.gaps
    assert any(source.tool == "amtool" for source in found.sources)


@needs_amtool
@pytest.mark.parametrize(
    "wrong",
    [
        ("group_by: [alertname]", "group_by: [alertname, alertname]"),
        ("routing_key: k3y", "routing_kee: k3y"),
        ("resolve_timeout: 5m", "resolve_timeout: 5x"),
        ('matchers: [severity="info"]', 'matchers: [severity=~"("]'),
    ],
)
def test_amtool_refuses_what_is_wrong(tmp_path: Path, wrong: tuple[str, str]) -> None:
    found = collected(tmp_path, {"am.yml": CONFIG.replace(*wrong), "b.yml": CONFIG}, tools=REAL)
    assert (found.facts["valid"], found.facts["invalid"]) == (1, 1)
    assert [each.rule for each in found.findings] == ["alertmanager.invalid"]


@needs_amtool
def test_amtool_is_not_held_against_placeholders_or_later_settings(tmp_path: Path) -> None:
    later = CONFIG.replace("pagerduty_configs: [{routing_key: k3y}]", "msteamsv2_configs: [{webhook_url: 'http://a'}]")
    found = collected(tmp_path, {"a.yml": OPEN, "b.yml": later.replace("msteamsv2", "jira")}, tools=REAL)
    assert not found.findings
    assert found.facts["unchecked"] == 2
    assert any("${SLACK_WEBHOOK_URL}" in gap.reason and "valid" in gap.facts for gap in found.gaps)


@needs_amtool
def test_no_address_of_a_receiver_is_told(tmp_path: Path) -> None:
    wrong = CONFIG.replace("https://hooks.slack.com/services/", "ftp://u:pa55w0rd@hooks/ %zz/")
    found = collected(tmp_path, {"am.yml": wrong}, tools=REAL)
    assert found.facts["invalid"] == 1
    assert "pa55w0rd" not in repr(found)


@needs_amtool
def test_files_that_templates_name_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "outside.tmpl").write_text("{{ broken")
    text = CONFIG + f"templates: ['{tmp_path}/outside.tmpl']\n"
    assert collected(tmp_path / "tree", {"am.yml": text}, tools=REAL).facts["valid"] == 1


@pytest.mark.parametrize("does", [name for name in BROKEN if name not in ("hangs", "prints without an end")])
def test_a_broken_amtool_proves_nothing(tmp_path: Path, does: str) -> None:
    report = "Checking 'alertmanager-0000.json'  SUCCESS\nFound:\n - 3 receivers\n"
    program = install(tmp_path / "bin", "amtool", does, report)
    found = collected(tmp_path / "tree", {"am.yml": CONFIG}, tools=OneTool("amtool", (str(program),)))
    assert "valid" not in found.facts
    assert found.facts["unchecked"] == 1
    assert [gap.subject for gap in found.gaps] == ["amtool"]


def test_routes_and_alerts_that_multiply_end_in_the_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.collect.alertmanager.items._MOST_STEPS", 1)
    monkeypatch.setattr("gate.collect.alertmanager.items._FEWEST", 1)
    found = collected(tmp_path, {"am.yml": CONFIG, "rules.yml": RULES})
    assert [each["routed"] for each in items(found, "alert_routes")] == ["yes", "unknown", "unknown"]
    assert sum("alert_routes" in gap.facts for gap in found.gaps) == 2
