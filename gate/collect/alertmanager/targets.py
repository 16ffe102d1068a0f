"""Whether a receiver really has somewhere to send to. Pure.

A receiver passes amtool without any integration, and an integration whose address is left to be filled in reaches
nobody. So each integration is looked at for what it needs to deliver: its address or key, its own or the global one.
Sources: Alertmanager, "Configuration"; the API reference of the Prometheus operator for AlertmanagerConfig.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from gate.collect.manifests.objects import mapping, mappings, text
from gate.collect.manifests.placeholders import is_sample
from gate.model.json import Json, JsonObject

_CONFIGS = re.compile(r"^(?P<type>[a-z0-9]+?)_configs$")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Target(StrEnum):
    """What an integration, or a receiver, has."""

    REAL = "target"
    OPEN = "placeholder"
    """one that something fills in later, or that was never filled in"""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Integration:
    """One way to notify: its type ("slack"), and what it has."""

    type: str
    target: Target


_NEEDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "webhook": (("url", "url_file", "url_secret"),),
    "slack": (
        (
            "api_url",
            "api_url_file",
            "app_token",
            "app_token_file",
            "global.slack_api_url",
            "global.slack_api_url_file",
            "global.slack_app_token",
            "global.slack_app_token_file",
        ),
    ),
    "pagerduty": (("routing_key", "routing_key_file", "service_key", "service_key_file"),),
    "email": (("to",), ("smarthost", "global.smtp_smarthost")),
    "opsgenie": (("api_key", "api_key_file", "global.opsgenie_api_key", "global.opsgenie_api_key_file"),),
    "victorops": (
        ("api_key", "api_key_file", "global.victorops_api_key", "global.victorops_api_key_file"),
        ("routing_key",),
    ),
    "pushover": (("user_key", "user_key_file"), ("token", "token_file")),
    "wechat": (("api_secret", "api_secret_file", "global.wechat_api_secret", "global.wechat_api_secret_file"),),
    "sns": (("topic_arn", "target_arn", "phone_number"),),
    "telegram": (
        ("bot_token", "bot_token_file", "global.telegram_bot_token", "global.telegram_bot_token_file"),
        ("chat_id", "chat_id_file"),
    ),
    "discord": (("webhook_url", "webhook_url_file", "api_url"),),
    "msteams": (("webhook_url", "webhook_url_file"),),
    "msteamsv2": (("webhook_url", "webhook_url_file"),),
    "webex": (("room_id",),),
    "jira": (("project",), ("api_url", "global.jira_api_url")),
    "rocketchat": (("token", "token_file", "global.rocketchat_token", "global.rocketchat_token_file"),),
    "mattermost": (
        ("webhook_url", "webhook_url_file", "global.mattermost_webhook_url", "global.mattermost_webhook_url_file"),
    ),
    "incidentio": (("url", "url_file"),),
}
"""Type → what it needs: of each group one. `global.` stands for the global section."""
TYPES = frozenset(_NEEDS)
PAGING = frozenset({"pagerduty", "opsgenie", "victorops", "incidentio"})
"""Types that page whoever is on call."""


def integrations(receiver: JsonObject, every: JsonObject, *, camel: bool = False) -> list[Integration]:
    """Return the integrations of a receiver with these global settings; `camel` for the operator's spelling."""
    found = []
    for key, value in receiver.items():
        named = _CONFIGS.match(snake(key) if camel else key)
        if named is None:
            continue
        for config in mappings(value):
            plain = {snake(name): item for name, item in config.items()} if camel else config
            found.append(Integration(named["type"], _target(named["type"], plain, every)))
    return found


def best(found: list[Integration]) -> Target:
    """Return what a receiver has, of all its integrations: one that delivers is enough."""
    targets = {integration.target for integration in found}
    return next((each for each in (Target.REAL, Target.OPEN) if each in targets), Target.NONE)


def snake(name: str) -> str:
    """Return the operator's name of a setting in Alertmanager's spelling: apiURL → api_url."""
    return _CAMEL.sub("_", name).lower()


def _target(kind: str, config: JsonObject, every: JsonObject) -> Target:
    needs = _NEEDS.get(kind)
    if needs is None:
        return Target.OPEN  # a later version may know this type; whether it delivers is not known here
    found = [_of_group(group, config, every) for group in needs]
    if Target.NONE in found:
        return Target.NONE
    return Target.OPEN if Target.OPEN in found else Target.REAL


def _of_group(group: tuple[str, ...], config: JsonObject, every: JsonObject) -> Target:
    """Return what the settings of a group amount to: the integration's own count before the global ones."""
    targets = []
    for name in group:
        value = every.get(name.removeprefix("global.")) if name.startswith("global.") else config.get(name)
        target = _of_value(value)
        if target is not Target.NONE:
            targets.append(target)
    return targets[0] if targets else Target.NONE


def _of_value(value: Json) -> Target:
    """Return what a setting is: an address or key, a reference to a Secret, a placeholder, or nothing."""
    if isinstance(value, dict):  # a key of a Secret of the operator
        return Target.REAL if text(mapping(value).get("name")) and text(mapping(value).get("key")) else Target.NONE
    shown = (text(value) or "").strip()
    if not shown:
        return Target.NONE
    return Target.OPEN if is_sample(shown) else Target.REAL
