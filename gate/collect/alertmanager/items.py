"""What the facts tell of configurations, receivers, and where the alerts of the tree go. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from gate.collect.alertmanager.config import AlertmanagerConfig, Receiver
from gate.collect.alertmanager.routing import Routed, route_alert
from gate.collect.alertmanager.targets import PAGING, Target
from gate.collect.disk import printable
from gate.collect.prometheus.rules import Rule
from gate.model.evidence import Gap
from gate.model.finding import Finding
from gate.model.json import JsonObject

_LONGEST = 200
_MOST_STEPS = 2_000_000
"""Routes times alerts that are walked: some seconds."""
_FEWEST = 100
_WORDS = {True: "yes", False: "no", None: "unknown"}
CONVENTIONAL = ("critical", "warning")


def config_item(config: AlertmanagerConfig, state: str, findings: Sequence[Finding]) -> JsonObject:
    """Return a configuration with what its routes look like."""
    routes = list(config.routes())
    group_by = config.route.group_by if config.route is not None else ()
    undefined = [name[:_LONGEST] for name, _line in config.undefined]
    item: JsonObject = {
        "name": config.title[:_LONGEST],
        "path": printable(config.path),
        "line": config.line,
        "state": state,
        "receivers": len(config.receivers),
        "routes": max(0, len(routes) - 1),
        "group_by": [*group_by],
        "undefined_receivers": [*undefined],
        "inhibit_rules": config.inhibit_rules,
        "time_intervals": config.time_intervals,
        "templates": config.templates,
        "partial": config.partial,
    }
    lines = {config.line, *(line for _name, line in config.undefined)}
    if state == "invalid":
        own = (each.message for each in findings if each.path == item["path"] and each.line in lines)
        item["problem"] = next(own, "is refused")
    return item


def default_item(config: AlertmanagerConfig) -> JsonObject:
    """Return the receiver of what no route takes, and what it has."""
    default = config.receiver(config.route.receiver) if config.route is not None else None
    item: JsonObject = {
        "name": config.title[:_LONGEST],
        "path": printable(config.path),
        "line": config.line if config.route is None else config.route.line,
        "target": "none" if default is None else target_word(default),
        "partial": config.partial,
    }
    if config.route is not None and config.route.receiver:
        item["receiver"] = config.route.receiver[:_LONGEST]
    return item


def receiver_items(config: AlertmanagerConfig) -> list[JsonObject]:
    """Return the receivers with their integrations, and whether they have somewhere to send to."""
    used = {route.receiver for route in config.routes()}
    return [_receiver_item(config, receiver, receiver.name in used) for receiver in config.receivers]


def _receiver_item(config: AlertmanagerConfig, receiver: Receiver, used: bool) -> JsonObject:
    return {
        "name": receiver.name[:_LONGEST],
        "config": config.title[:_LONGEST],
        "path": printable(config.path),
        "line": receiver.line,
        "types": [*sorted({integration.type for integration in receiver.integrations})],
        "target": target_word(receiver),
        "used": used,
    }


def target_word(receiver: Receiver) -> str:
    """Return target, placeholder, none, or silent for one that is there to swallow alerts."""
    return "silent" if receiver.silent else receiver.target.value


def alert_items(alerts: Sequence[Rule], configs: Sequence[AlertmanagerConfig]) -> list[JsonObject]:
    """Return where the alerts go. Where routes and alerts multiply beyond a bound, the rest is unknown."""
    routes = sum(sum(1 for _ in config.routes()) + len(config.receivers) for config in configs)
    most = max(_FEWEST, _MOST_STEPS // max(1, routes))
    return [alert_item(rule, configs if index < most else None) for index, rule in enumerate(alerts)]


def alert_item(rule: Rule, configs: Sequence[AlertmanagerConfig] | None) -> JsonObject:
    """Return where an alert goes: it is routed when every whole configuration brings it to a receiver with a target.

    Without `configs` nobody looked, and it is unknown.
    """
    labels = {**rule.labels, "alertname": rule.name}
    item: JsonObject = {"name": rule.name[:_LONGEST], "path": printable(rule.path), "line": rule.line}
    if rule.severity is not None:
        item["severity"] = rule.severity[:_LONGEST]
    unknown: JsonObject = {"routed": "unknown", "paged": "unknown", "receivers": []}
    return item | (unknown if configs is None else _destination(labels, configs))


def severity_item(severity: str, configs: Sequence[AlertmanagerConfig]) -> JsonObject:
    """Return where an alert goes of which nothing but this severity is known."""
    return {"name": severity[:_LONGEST], **_destination({"severity": severity}, configs)}


def _destination(labels: dict[str, str], configs: Sequence[AlertmanagerConfig]) -> JsonObject:
    routed = [(config, route_alert(config, labels)) for config in configs]
    names = dict.fromkeys(name for _config, each in routed for name in each.sure)
    return {
        "routed": _WORDS[_overall(routed, None)],
        "paged": _WORDS[_overall(routed, PAGING)],
        "receivers": [name[:_LONGEST] for name in names],
    }


def _overall(routed: Sequence[tuple[AlertmanagerConfig, Routed]], types: frozenset[str] | None) -> bool | None:
    """Return whether every configuration delivers; those of one namespace can only add to it."""
    whole = [each.reaches(config, types) for config, each in routed if not config.partial]
    added = [each.reaches(config, types) for config, each in routed if config.partial]
    if whole and all(each is True for each in whole):
        return True
    if False in whole or not whole:
        # Whether an alert carries the namespace of such a configuration shows when it fires.
        return None if any(each is not False for each in added) else False
    return None


def receiver_types(configs: Iterable[AlertmanagerConfig]) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Return how many receivers use each type; how many have a target of it; how many a placeholder and no target."""
    used: Counter[str] = Counter()
    real: Counter[str] = Counter()
    open_: Counter[str] = Counter()
    for config in configs:
        for receiver in config.receivers:
            targets = {(each.type, each.target) for each in receiver.integrations}
            for kind in {kind for kind, _target in targets}:
                used[kind] += 1
                real[kind] += (kind, Target.REAL) in targets
                open_[kind] += (kind, Target.OPEN) in targets and (kind, Target.REAL) not in targets
    return used, real, open_


def open_gaps(configs: Iterable[AlertmanagerConfig], facts: tuple[str, ...]) -> list[Gap]:
    """Return the receivers whose only target is a placeholder, as gaps."""
    return [
        Gap(
            printable(config.path),
            f'the target of the receiver "{receiver.name[:_LONGEST]}" is filled in later, so it may have none',
            printable(config.path),
            receiver.line,
            facts,
        )
        for config in configs
        for receiver in config.receivers
        if receiver.target is Target.OPEN
    ]
