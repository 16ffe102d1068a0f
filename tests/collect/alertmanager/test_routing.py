"""Where alerts go, against amtool's own answer."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.collect.alertmanager.config import AlertmanagerConfig, parse_matchers, read_config, read_object
from gate.collect.alertmanager.routing import route_alert
from gate.collect.prometheus.selectors import Matcher
from gate.model.json import Json, JsonObject
from tests.support.prometheus import REAL, needs_amtool

NAMES = ("a", "b", "c")
LABELS = st.dictionaries(
    st.sampled_from(["severity", "team", "alertname"]), st.sampled_from(["x", "y", "xy"]), max_size=3
)


def config(value: JsonObject) -> AlertmanagerConfig:
    return read_config(value, "a.yml", 1, "a.yml")


@st.composite
def routes(draw: st.DrawFn, depth: int = 3) -> JsonObject:
    route: JsonObject = {}
    if draw(st.booleans()):
        route["receiver"] = draw(st.sampled_from(NAMES))
    label = st.sampled_from(["severity", "team", "alertname"])
    value = st.sampled_from(["x", "y", "x|y", "x.*", ""])
    if draw(st.booleans()):
        route["match"] = dict(draw(st.lists(st.tuples(label, value), max_size=1)))
    if draw(st.booleans()):
        route["match_re"] = dict(draw(st.lists(st.tuples(label, value), max_size=1)))
    written = st.builds(lambda n, o, v: f'{n}{o}"{v}"', label, st.sampled_from(["=", "!=", "=~", "!~"]), value)
    route["matchers"] = [*draw(st.lists(written, max_size=2))]
    route["continue"] = draw(st.booleans())
    if depth:
        route["routes"] = [*draw(st.lists(routes(depth=depth - 1), max_size=3))]
    return route


@needs_amtool
@given(st.lists(routes(), max_size=3), LABELS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_alerts_go_where_amtool_says(tmp_path: Path, below: list[JsonObject], labels: dict[str, str]) -> None:
    value: JsonObject = {
        "route": {"receiver": "a", "routes": [*below]},
        "receivers": [{"name": name} for name in NAMES],
    }
    file = tmp_path / "a.json"
    file.write_text(json.dumps(value))
    program = str(REAL.find("amtool").program)
    words = [f"{name}={text}" for name, text in labels.items()]
    command = [program, "config", "routes", "test", f"--config.file={file}", *words]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    routed = route_alert(config(value), labels)
    assert set(routed.sure) == set(said.strip().split(","))
    assert set(routed.sure) <= set(routed.possible)


CRITICAL: JsonObject = {
    "route": {
        "receiver": "null",
        "routes": [
            {"matchers": ['severity="critical"'], "receiver": "pager"},
            {"matchers": ["namespace=~a.*"], "receiver": "chat"},
            {"match": {"severity": "later"}, "receiver": "open"},
        ],
    },
    "receivers": [
        {"name": "null"},
        {"name": "pager", "pagerduty_configs": [{"routing_key": "k3y"}]},
        {"name": "chat", "slack_configs": [{"api_url": "https://hooks.slack.com/services/T1/B1/abc"}]},
        {"name": "open", "webhook_configs": [{"url": "${URL}"}]},
    ],
}


@pytest.mark.parametrize(
    ("labels", "reaches"),
    [
        ({"severity": "critical"}, True),
        ({"severity": "later"}, None),
        ({"severity": "info", "namespace": "b"}, False),
        ({"severity": "info", "namespace": "abc"}, True),
        ({"severity": "info"}, None),
        ({"severity": "{{ $labels.severity }}", "namespace": "b"}, None),
    ],
)
def test_whether_an_alert_comes_to_somebody(labels: dict[str, str], reaches: bool | None) -> None:
    known = config(CRITICAL)
    assert route_alert(known, labels).reaches(known) is reaches


def test_paging_asks_for_the_type() -> None:
    known = config(CRITICAL)
    assert route_alert(known, {"severity": "critical"}).reaches(known, frozenset({"pagerduty"})) is True
    assert route_alert(known, {"severity": "critical"}).reaches(known, frozenset({"opsgenie"})) is not True


def test_matchers_that_cannot_be_read_settle_nothing() -> None:
    value: JsonObject = {
        "route": {"receiver": "null", "routes": [{"matchers": ["severity"], "receiver": "pager"}]},
        "receivers": CRITICAL["receivers"],
    }
    known = config(value)
    assert route_alert(known, {"severity": "x"}).reaches(known) is None
    odd: JsonObject = {**value, "route": {"receiver": "null", "routes": [{"matchers": ['a=~"("'], "receiver": "null"}]}}
    assert route_alert(config(odd), {"a": "x"}).sure == ("null",)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('severity="critical"', [Matcher("severity", "=", "critical")]),
        ("severity = critical", [Matcher("severity", "=", "critical")]),
        ('{a="b",c=~"d|e", f!~"g,h"}', [Matcher("a", "=", "b"), Matcher("c", "=~", "d|e"), Matcher("f", "!~", "g,h")]),
        ('a="b\\"c\\n"', [Matcher("a", "=", 'b"c\n')]),
        ('"ä b"!="c"', [Matcher("ä b", "!=", "c")]),
        ("", []),
        ("a=", [Matcher("a", "=", "")]),
        ("a", None),
        ('a="b', None),
        ('a=b"c"', None),
        ("=b", None),
    ],
)
def test_matchers(text: str, wanted: list[Matcher] | None) -> None:
    assert parse_matchers(text) == wanted


@given(st.text(max_size=60))
def test_any_text_is_a_matcher_or_none(text: str) -> None:
    parse_matchers(text)


def test_objects_of_the_operator_are_read_in_their_spelling() -> None:
    spec: JsonObject = {
        "route": {
            "receiver": "none",
            "groupBy": ["job"],
            "routes": [
                {"receiver": "team", "matchers": [{"name": "severity", "value": "page", "matchType": "="}]},
                {
                    "receiver": "team",
                    "matchers": [{"name": "severity", "value": "a|b", "regex": True}],
                    "continue": True,
                },
                {"receiver": "team", "matchers": [{"value": "x"}]},
            ],
        },
        "receivers": [
            {"name": "none"},
            {"name": "team", "slackConfigs": [{"apiURL": {"name": "slack", "key": "url"}, "channel": "#a"}]},
        ],
        "inhibitRules": [{}],
    }
    read = read_object(spec, "a.yml", 1, "a")
    assert read.partial
    assert read.inhibit_rules == 1
    assert [each.target.value for each in read.receivers] == ["none", "target"]
    assert route_alert(read, {"severity": "page"}).sure == ("team",)
    assert route_alert(read, {"severity": "b"}).sure == ("team",)
    assert read.route is not None
    assert read.route.group_by == ("job",)
    assert read.route.routes[2].matchers is None


def test_routes_are_read_within_bounds() -> None:
    deep: JsonObject = {"receiver": "a"}
    for _ in range(80):
        deep = {"routes": [deep]}
    assert config({"route": deep, "receivers": []}).cut
    wide = config({"route": {"receiver": "a", "routes": [{}] * 6_000}, "receivers": []})
    assert wide.cut
    assert route_alert(wide, {}).readable is False


ODD: list[Json] = [None, 3, "x", [], {}, [None, 3, [], {}], {"a": [{}]}, True]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_values_of_any_type_raise_nothing(odd: Json) -> None:
    values: list[JsonObject] = [
        {"route": odd, "receivers": odd, "global": odd, "inhibit_rules": odd, "templates": odd},
        {"route": {"receiver": odd, "routes": odd, "matchers": odd, "match": odd, "match_re": odd, "group_by": odd}},
        {"route": {"matchers": [odd], "match": {"a": odd}, "routes": [odd]}, "receivers": [odd, {"name": odd}]},
        {"receivers": [{"name": "a", "slack_configs": odd, "webhook_configs": [odd, {"url": odd}]}], "global": odd},
    ]
    for value in values:
        for read in (config(value), read_object(value, "a", 1, "a")):
            assert isinstance(route_alert(read, {"a": "b"}).reaches(read), bool | None)
            assert isinstance(read.undefined, list)
