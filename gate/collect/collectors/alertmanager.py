"""`alertmanager`: configurations of Alertmanager, receivers that really have a target, and where alerts go.

Request: `paths [glob, …]` (without it, the whole tree) and `exclude [glob, …]`: which files this is about; `types
[text, …]`: kinds of receivers that a criterion asks for, each told under `wanted_types`.

The alerts are those that `prometheus` finds in the same tree. amtool says whether Alertmanager would load a
configuration; without it that is not known, and the rest is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gate.collect.collector import Context
from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Source, Unreadable
from gate.model.finding import Finding
from gate.model.json import Json, JsonObject

if TYPE_CHECKING:  # imported when a run asks for this kind
    from gate.collect.alertmanager.config import AlertmanagerConfig
    from gate.collect.alertmanager.validity import Validity
    from gate.collect.prometheus.rules import Rule
    from gate.collect.prometheus.sources import RuleSources

_ROUTES = ("alert_routes", "alerts_routed", "alerts_unrouted", "severity_items")
_TARGETS = ("receiver_items", "receivers_with_target", "target_types", "wanted_types", "default_items", *_ROUTES)
_MOST_UNKNOWN = 20
_NOTHING = (
    "no configuration of Alertmanager in this tree: looked for files, Secrets and ConfigMaps with a route and "
    "receivers, and for AlertmanagerConfig objects"
)


class AlertmanagerCollector:
    """Reads what Alertmanager would be given."""

    kind = "alertmanager"

    def collect(self, context: Context) -> Evidence:
        """Return the configurations, their receivers and the way of every alert."""
        from gate.collect.alertmanager.items import open_gaps
        from gate.collect.alertmanager.sources import configs_of
        from gate.collect.alertmanager.validity import check_validity
        from gate.collect.prometheus.sources import rules_of

        configs, gaps, sources = configs_of(context)
        if not configs:
            if gaps:
                reason = f"nothing could be read of {len(gaps):,} places that may hold a configuration"
                return Unreadable(self.kind, reason, gaps=tuple(gaps))
            return Missing(self.kind, _NOTHING, not_applicable=True)
        rules = rules_of(context)
        validity = check_validity(context, configs)
        alerts = [rule for source in rules.found for rule in source.alerts]
        facts = _facts(configs, validity, alerts, context.request)
        gaps += [*validity.gaps, *open_gaps(configs, _TARGETS), *_rule_gaps(rules), *_unknown(facts)]
        if validity.version is not None:
            detail = f"{len(configs):,} configurations{f', {validity.cached}' if validity.cached else ''}"
            sources.append(Source(How.PRODUCED, tool="amtool", version=validity.version, detail=detail))
        findings = tuple(validity.findings)
        return Collected(
            self.kind,
            alertmanager_facts(findings, facts),
            tuple(dict.fromkeys(sources)),
            tuple(dict.fromkeys(gaps)),
            findings,
        )


def alertmanager_facts(findings: Sequence[Finding], facts: JsonObject) -> JsonObject:
    """Return the facts with what counts findings counted from these: those that are suppressed do not count."""
    counts = Counter(finding.severity for finding in findings if not finding.suppressed)
    return {**facts, "counts": {name: counts.get(name, 0) for name in ("critical", "high", "medium", "low")}}


def _facts(
    configs: Sequence[AlertmanagerConfig], validity: Validity, alerts: Sequence[Rule], request: JsonObject
) -> JsonObject:
    from gate.collect.alertmanager.items import (
        CONVENTIONAL,
        alert_items,
        config_item,
        default_item,
        receiver_items,
        receiver_types,
        severity_item,
    )
    from gate.collect.alertmanager.targets import Target

    states = validity.states
    receivers = [(config, receiver) for config in configs for receiver in config.receivers]
    routes = alert_items(alerts, configs)
    severities = dict.fromkeys((*CONVENTIONAL, *(rule.severity for rule in alerts if rule.severity)))
    used, real, open_ = receiver_types(configs)
    facts: JsonObject = {
        "configs": len(configs),
        "unchecked": states.count("unchecked"),
        "receivers": len(receivers),
        "receivers_with_target": sum(one.target is Target.REAL for _config, one in receivers),
        "receivers_with_placeholder": sum(one.target is Target.OPEN for _config, one in receivers),
        "receiver_types": dict(sorted(used.items())),
        "target_types": {kind: number for kind, number in sorted(real.items()) if number},
        "wanted_types": [_wanted(kind, used, real, open_) for kind in _texts(request.get("types"))],
        "routes": sum(max(0, len(list(config.routes())) - 1) for config in configs),
        "undefined_receivers": sum(len(config.undefined) for config in configs),
        "inhibit_rules": sum(config.inhibit_rules for config in configs),
        "time_intervals": sum(config.time_intervals for config in configs),
        "alerts_routed": sum(item["routed"] == "yes" for item in routes),
        "alerts_unrouted": sum(item["routed"] == "no" for item in routes),
        "config_items": [
            config_item(config, state, validity.findings) for config, state in zip(configs, states, strict=True)
        ],
        "default_items": [default_item(config) for config in configs],
        "receiver_items": [each for config in configs for each in receiver_items(config)],
        "alert_routes": [*routes],
        "severity_items": [severity_item(name, configs) for name in severities if "{{" not in name],
    }
    if "unchecked" not in states or "valid" in states:
        facts["valid"] = states.count("valid")
        facts["invalid"] = states.count("invalid")
    elif "invalid" in states:
        facts["invalid"] = states.count("invalid")
    return facts


def _wanted(kind: str, used: Counter[str], real: Counter[str], open_: Counter[str]) -> JsonObject:
    target = "target" if real[kind] else "placeholder" if open_[kind] else "none"
    return {"name": kind, "receivers": used[kind], "target": target}


def _rule_gaps(rules: RuleSources) -> list[Gap]:
    """Return what is not known of the rules, as a doubt on where alerts go."""
    return [Gap(gap.subject, gap.reason, gap.path, gap.line, _ROUTES) for gap in rules.gaps]


def _unknown(facts: JsonObject) -> list[Gap]:
    """Return the alerts of which nobody can tell where they go, as gaps."""
    routes = facts["alert_routes"]
    gaps: list[Gap] = []
    for item in routes if isinstance(routes, list) else ():
        if isinstance(item, dict) and item["routed"] == "unknown" and len(gaps) < _MOST_UNKNOWN:
            path, line = str(item["path"]), item["line"]
            reason = (
                f"where the alert {item['name']} goes hangs on a placeholder, or on labels that its rule does not set"
            )
            gaps.append(Gap(path, reason, path, line if isinstance(line, int) else None, _ROUTES))
    severities = facts["severity_items"]
    for item in severities if isinstance(severities, list) else ():
        if isinstance(item, dict) and "unknown" in (item["routed"], item["paged"]):
            reason = "where it goes, or whether it pages, hangs on a placeholder or on labels beside the severity"
            gaps.append(Gap(f"severity {item['name']}", reason, facts=("severity_items",)))
    return gaps


def _texts(value: Json) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    return list(dict.fromkeys(item for item in listed if isinstance(item, str)))
