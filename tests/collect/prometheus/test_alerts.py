from __future__ import annotations

import pytest

from gate.collect.prometheus.alerts import alert_item, has_runbook, runbook_path
from gate.collect.prometheus.expressions import Expressions
from gate.collect.prometheus.rules import Rule, RuleSource, read_rules
from gate.formats.located_yaml import Located, YamlDocument, read_parts
from gate.model.json import Json, JsonObject

RATIO = 'sum(rate(http_requests_total{code=~"5.."}[%s])) / sum(rate(http_requests_total[%s]))'

PAGE = f"{RATIO % ('1h', '1h')} > 0.0144 and {RATIO % ('5m', '5m')} > 0.0144"
TICKET = f"{RATIO % ('6h', '6h')} > 0.006 and {RATIO % ('30m', '30m')} > 0.006"


def source(text: str) -> RuleSource:
    (part,) = read_parts(text.encode())
    assert isinstance(part, YamlDocument)
    assert isinstance(part.value, Located)
    return read_rules(part.value, Expressions(), origin="file", path="r.yml", line=1, title="r.yml")


def rule(expr: str = "up == 0", /, **more: Json) -> Rule:
    raw = Located(alert="A", expr=expr, **more)
    raw.line = 3
    group = Located(name="g", rules=[raw])
    group.line = 2
    return read_rules({"groups": [group]}, Expressions(), origin="file", path="r.yml", line=1, title="r").rules[0]


def item(expr: str, recordings: str = "") -> JsonObject:
    found = source(recordings).rules if recordings else ()
    known = {each.name: [each.expression.tree] for each in found if each.expression.tree is not None}
    return alert_item(rule(expr), known)


@pytest.mark.parametrize(
    ("expr", "slo"),
    [
        (RATIO % ("5m", "5m") + " > 0.01", 99),
        (RATIO % ("5m", "5m") + " > 0.05", 95),
        (RATIO % ("5m", "5m") + " > 0", 100),
        (f"100 * {RATIO % ('5m', '5m')} > 5", 95),
        (f"({RATIO % ('5m', '5m')}) * 100 > 5", 95),
        (RATIO % ("1h", "1h") + " > (14.4 * 0.001)", 99.9),
        (RATIO % ("1h", "1h") + " > 0.001 * 6", 99.9),
        (RATIO % ("1h", "1h") + " > 14.4 * (1 - 0.999)", 99.9),
        (RATIO % ("1h", "1h") + " > 0.0144", 98.56),
        (f"{RATIO % ('1h', '1h')} > 0.0144 and {RATIO % ('5m', '5m')} > 0.0144", 99.9),
        (
            f"({PAGE}) or ({TICKET})",
            99.9,
        ),
        (f"{RATIO % ('1h', '1h')} > 0.0144 and {RATIO % ('10m', '10m')} > 0.0144", 98.56),
        ('sum(rate(h_total{status!~"5.."}[5m])) / sum(rate(h_total[5m])) < 0.999', 99.9),
        ('1 - sum(rate(h_total{status!~"5.."}[5m])) / sum(rate(h_total[5m])) > 0.001', 99.9),
        ("rate(app_errors_total[5m]) / rate(app_requests_total[5m]) > 0.02", 98),
        ("errors_total / (errors_total + success_total) > 0.02", 98),
        ('sum(rate(a_total{outcome="error"}[5m])) / sum(rate(a_total[5m])) > 0.02', 98),
    ],
)
def test_the_objective_of_an_alert_on_failures(expr: str, slo: float) -> None:
    told = item(expr)
    assert told["about"] == "error_ratio"
    assert told["platform"] is False
    assert told["slo_percent"] == pytest.approx(slo, abs=1e-6)


@pytest.mark.parametrize(
    "expr",
    [
        'sum(rate(h_total{code=~"4.."}[5m])) / sum(rate(h_total[5m])) > 0.05',
        'rate(h_total{code="500"}[5m]) > 0.05',
        "a / b > 0.05",
        'sum(rate(h_total{code=~"5.."}[5m])) / sum(rate(h_total[5m])) < 0.05',
        'sum(rate(h_total{code=~"("}[5m])) / sum(rate(h_total[5m])) > 0.05',
        'sum(rate(a{code=~"5.."}[5m])) / sum(rate(a{code=~"5.."}[5m])) > 0.05',
        "1 / rate(errors_total[5m]) > 3",
    ],
)
def test_what_is_no_share_of_failures_is_not_taken_for_one(expr: str) -> None:
    assert "slo_percent" not in item(expr)


def test_a_recorded_ratio_is_what_is_recorded() -> None:
    recordings = f"groups: [{{name: g, rules: [{{record: 'job:errors:ratio', expr: '{RATIO % ('5m', '5m')}'}}]}}]"
    assert item("job:errors:ratio > 0.01", recordings)["slo_percent"] == 99
    assert "slo_percent" not in item("job:errors:ratio > 0.01")


@pytest.mark.parametrize(
    ("expr", "about", "more"),
    [
        (
            "histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5m]))) > 5",
            "latency",
            {"percentile": 99, "latency_seconds": 5},
        ),
        (
            "histogram_quantile(0.95, rate(rpc_duration_milliseconds_bucket[5m])) > 200",
            "latency",
            {"percentile": 95, "latency_seconds": 0.2},
        ),
        (
            "histogram_quantile(0.95, rate(rpc_duration_seconds_bucket[5m])) * 1000 > 200",
            "latency",
            {"latency_seconds": 0.2},
        ),
        ('http_request_duration_seconds{quantile="0.9"} > 2', "latency", {"percentile": 90, "latency_seconds": 2}),
        ("up == 0", "availability", {"platform": False}),
        ("avg_over_time(probe_success[5m]) < 0.9", "availability", {"window_seconds": 300}),
        ('absent(up{job="x"})', "availability", {}),
        ("absent(orders_total)", "absence", {}),
        (
            "container_memory_working_set_bytes / container_spec_memory_limit_bytes > 0.9",
            "saturation",
            {"resource": "memory", "platform": True},
        ),
        ("node_filesystem_avail_bytes < 1e9", "saturation", {"resource": "disk"}),
        ('1 - avg(rate(node_cpu_seconds_total{mode="idle"}[5m])) > 0.9', "saturation", {"resource": "cpu"}),
        ("rabbitmq_queue_messages > 10000", "backlog", {}),
        ("sum(rate(http_requests_total[5m])) < 1", "traffic", {}),
    ],
)
def test_what_an_alert_is_about(expr: str, about: str, more: JsonObject) -> None:
    told = item(expr)
    assert told["about"] == about
    assert {key: told[key] for key in more} == more


@pytest.mark.parametrize(
    "expr",
    [
        "orders > 3",
        "vector(1)",
        "histogram_quantile(0.99, rate(size_bytes_bucket[5m])) > 5",
        "up == on(a) b",
        "histogram_quantile(0.99, rate(a_seconds_bucket[5m])) / 2 + rate(b[5m]) > 3",
        'x_seconds{quantile="x"} > 1',
    ],
)
def test_what_the_names_do_not_say_is_left_out(expr: str) -> None:
    assert "about" not in item(expr)


@pytest.mark.parametrize(
    ("runbook", "kind"),
    [
        ("https://runbooks.acme.io/errors", "link"),
        ("https://runbooks.acme.io/{{ $labels.alertname }}", "link"),
        ("docs/runbooks/errors.md#what-to-do", "path"),
        ("./errors.md", "path"),
        ("Restart the service", "text"),
        ("https://example.com/runbook", "placeholder"),
        ("TODO", "placeholder"),
        ("<runbook>", "placeholder"),
        ("${RUNBOOKS}/errors.md", "placeholder"),
    ],
)
def test_runbooks(runbook: str, kind: str) -> None:
    read = rule(annotations={"runbook_url": runbook})
    told = alert_item(read, {})
    assert told["runbook_kind"] == kind
    assert told["has_runbook"] is has_runbook(read) is (kind != "placeholder")
    assert runbook_path(read) == (runbook.partition("#")[0] if kind == "path" else None)


def test_an_alert_that_says_nothing() -> None:
    told = alert_item(rule(), {})
    assert (told["summary"], told["has_severity"], told["has_runbook"], told["for_seconds"]) == (
        False,
        False,
        False,
        0.0,
    )
    assert "severity" not in told
    assert "for_seconds" not in alert_item(rule(**{"for": "5x"}), {})


@pytest.mark.parametrize(
    "value", [None, 3, "x", [], [3], [{}], [{"rules": 3}], [{"name": [], "rules": [3, None, {}, []]}], {"a": 1}]
)
def test_groups_of_any_shape_are_read(value: Json) -> None:
    found = read_rules({"groups": value}, Expressions(), origin="file", path="r", line=1, title="r")
    assert found.rules == ()


def test_rules_with_values_of_any_type_are_read() -> None:
    odd: JsonObject = {"for": 5, "labels": [1], "annotations": {"runbook": 3, "summary": None}, "severity": True}
    read = rule("up", **odd)
    assert read.pending is None
    assert read.labels == {}
    assert read.runbook == "3"
    assert rule(labels={"severity": True, "n": 1.5}).labels == {"severity": "true", "n": "1.5"}


def test_lines_are_those_of_the_rules() -> None:
    found = source("groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up == 0\n\n  - record: a:b\n    expr: up\n")
    assert [(each.name, each.line, each.is_alert) for each in found.rules] == [("A", 4, True), ("a:b", 7, False)]
