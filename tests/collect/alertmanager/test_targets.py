from __future__ import annotations

import pytest

from gate.collect.alertmanager.targets import TYPES, best, integrations
from gate.model.json import JsonObject

HOOK = "https://hooks.slack.com/services/T0AB12/B0CD34/e5f6g7h8"


def target(kind: str, settings: JsonObject, every: JsonObject | None = None) -> str:
    return best(integrations({"name": "a", f"{kind}_configs": [settings]}, every or {})).value


@pytest.mark.parametrize(
    ("kind", "settings", "every"),
    [
        ("webhook", {"url": "http://127.0.0.1:5001/"}, {}),
        ("webhook", {"url_file": "/etc/url"}, {}),
        ("slack", {"api_url": HOOK}, {}),
        ("slack", {"channel": "#a"}, {"slack_api_url": HOOK}),
        ("slack", {"channel": "#a"}, {"slack_api_url_file": "/etc/slack"}),
        ("pagerduty", {"service_key": "k3y"}, {}),
        ("pagerduty", {"routing_key_file": "/etc/key"}, {}),
        ("email", {"to": "ops@acme.io", "smarthost": "mail:25"}, {}),
        ("email", {"to": "ops@acme.io"}, {"smtp_smarthost": "mail:25"}),
        ("opsgenie", {}, {"opsgenie_api_key": "k3y"}),
        ("victorops", {"api_key": "k3y", "routing_key": "team"}, {}),
        ("pushover", {"user_key": "u", "token": "t"}, {}),
        ("sns", {"topic_arn": "arn:aws:sns:us-east-2:1:a"}, {}),
        ("telegram", {"bot_token": "t0k", "chat_id": -100}, {}),
        ("msteams", {"webhook_url": "https://acme.webhook.office.com/x"}, {}),
    ],
)
def test_what_delivers(kind: str, settings: JsonObject, every: JsonObject) -> None:
    assert target(kind, settings, every) == "target"


@pytest.mark.parametrize(
    ("kind", "settings", "every"),
    [
        ("webhook", {}, {}),
        ("webhook", {"url": ""}, {}),
        ("slack", {"channel": "#a"}, {}),
        ("email", {"to": "ops@acme.io"}, {}),
        ("email", {"smarthost": "mail:25"}, {}),
        ("victorops", {"api_key": "k3y"}, {}),
        ("telegram", {"bot_token": "t0k"}, {}),
    ],
)
def test_what_has_no_target(kind: str, settings: JsonObject, every: JsonObject) -> None:
    assert target(kind, settings, every) == "none"


@pytest.mark.parametrize(
    "url",
    [
        "${SLACK_WEBHOOK_URL}",
        "$SLACK_WEBHOOK_URL",
        "{{ .Values.slack }}",
        "<secret>",
        "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
        "https://hooks.slack.com/services/xxx/yyy/zzz",
        "https://hooks.slack.com/services/YOUR/SLACK/WEBHOOK",
        "http://alerts.example.com/hook",
        "CHANGE_ME",
        "your-webhook-url",
        "__SLACK_URL__",
    ],
)
def test_what_is_still_to_be_filled_in(url: str) -> None:
    assert target("slack", {"api_url": url}) == "placeholder"
    assert target("slack", {"api_url": url}, {"slack_api_url": HOOK}) == "placeholder", "its own counts first"


def test_one_integration_that_delivers_is_enough() -> None:
    receiver: JsonObject = {"webhook_configs": [{"url": "${A}"}, {"url": "http://a:1"}], "slack_configs": [{}]}
    found = integrations(receiver, {})
    assert [each.target.value for each in found] == ["placeholder", "target", "none"]
    assert best(found).value == "target"
    assert best([]).value == "none"


def test_types_that_are_not_known_may_deliver() -> None:
    assert "carrierpigeon" not in TYPES
    assert target("carrierpigeon", {"to": "x"}) == "placeholder"


def test_references_to_secrets_of_the_operator() -> None:
    whole: JsonObject = {"pagerdutyConfigs": [{"routingKey": {"name": "a", "key": "b"}}]}
    assert best(integrations(whole, {}, camel=True)).value == "target"
    half: JsonObject = {"webhookConfigs": [{"urlSecret": {"name": "a"}}]}
    assert best(integrations(half, {}, camel=True)).value == "none"
