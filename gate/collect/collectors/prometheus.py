"""`prometheus`: alert and recording rules, scrape jobs and retention, wherever in the tree they stand.

Request: `paths [glob, …]` (without it, the whole tree) and `exclude [glob, …]`: which files this is about; `alerts
[name, …]`: alerts that a criterion asks for, each told under `wanted_alerts`.

Rules come from files, from PrometheusRule and VMRule objects, and from ConfigMaps; from charts and kustomizations as
they render. promtool says whether Prometheus would load them; without it that is not known, and the rest is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from gate.collect.collector import Context
from gate.collect.disk import printable
from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Source, Unreadable
from gate.model.finding import Finding
from gate.model.json import Json, JsonObject

if TYPE_CHECKING:  # imported when a run asks for this kind
    from gate.collect.prometheus.rules import Rule, RuleSource
    from gate.collect.prometheus.scrape import ConfigSource
    from gate.collect.prometheus.sources import RuleSources
    from gate.collect.prometheus.validity import Checked

_SCRAPE = ("scrape_configs", "scrape_jobs", "scrape_items", "configs", "configs_valid", "configs_invalid")
_NOTHING = (
    "no rules, no configuration and no retention of Prometheus in this tree: looked for files with groups of rules, "
    "PrometheusRule objects, ConfigMaps, files with scrape_configs, monitors of the operator, and flags of Prometheus"
)


@dataclass(frozen=True, slots=True)
class _Scraped:
    configs: list[ConfigSource]
    jobs: list[JsonObject]
    retention: list[JsonObject]
    gaps: list[Gap]


class PrometheusCollector:
    """Reads what Prometheus would be given."""

    kind = "prometheus"

    def collect(self, context: Context) -> Evidence:
        """Return the rules, the jobs and the retention."""
        from gate.collect.prometheus.sources import rules_of
        from gate.collect.prometheus.validity import check_configs, check_rule_sources

        rules = rules_of(context)
        scraped = _scraped(context)
        gaps = [*rules.gaps, *scraped.gaps]
        if not rules.found and not scraped.configs and not scraped.jobs and not scraped.retention:
            if any(gap.path is not None for gap in gaps):
                return Unreadable(
                    self.kind, f"nothing could be read of {len(gaps):,} files that may be about it", gaps=tuple(gaps)
                )
            return Missing(self.kind, _NOTHING, not_applicable=True, gaps=tuple(gaps))
        checked = check_rule_sources(context, rules.found)
        configs = check_configs(context, scraped.configs)
        facts, findings = _facts(context, rules, scraped, checked, configs)
        every = (*checked.findings, *configs.findings, *findings)
        tool = checked.version
        sources = [*rules.read, *(Source(How.PRODUCED, printable(config.path)) for config in scraped.configs)]
        if tool is not None:
            detail = ", ".join(part for part in (f"{len(rules.found):,} documents", checked.cached) if part)
            sources.append(Source(How.PRODUCED, tool="promtool", version=tool, detail=detail))
        if configs.cached:
            detail = f"{len(scraped.configs):,} configurations, {configs.cached}"
            sources.append(Source(How.PRODUCED, tool="promtool", version=configs.version, detail=detail))
        gaps += [*checked.gaps, *configs.gaps]
        return Collected(
            self.kind,
            prometheus_facts(every, facts),
            tuple(dict.fromkeys(sources)),
            tuple(dict.fromkeys(gaps)),
            every,
        )


def prometheus_facts(findings: Sequence[Finding], facts: JsonObject) -> JsonObject:
    """Return the facts with what counts findings counted from these: those that are suppressed do not count."""
    live = [finding for finding in findings if not finding.suppressed]
    counts = Counter(finding.severity for finding in live)
    by_rule = Counter(finding.rule for finding in live)
    return {
        **facts,
        "counts": {name: counts.get(name, 0) for name in ("critical", "high", "medium", "low")},
        "expression_errors": by_rule.get("prometheus.expression", 0),
    }


def _facts(
    context: Context, rules: RuleSources, scraped: _Scraped, checked: Checked, configs: Checked
) -> tuple[JsonObject, list[Finding]]:
    from gate.collect.prometheus.alerts import alert_item, has_runbook
    from gate.collect.prometheus.expressions import Language

    recordings = rules.recordings()
    every = [rule for source in rules.found for rule in source.rules]
    alerts = [rule for rule in every if rule.is_alert]
    broken = _broken_runbooks(context, alerts)
    items = [alert_item(rule, recordings) | _broken(rule, broken) for rule in alerts]
    recorded = [rule for rule in every if not rule.is_alert]
    facts: JsonObject = {
        "rule_files": len(rules.found),
        "rules_unchecked": checked.unchecked,
        "repeated": rules.repeated,
        "alerts": len(alerts),
        "alert_names": [*dict.fromkeys(rule.name[:500] for rule in alerts)],
        "recording_rules": len(recorded),
        "logql_rules": sum(rule.expression.language is Language.LOGQL for rule in every),
        "alerts_without_for": sum(rule.pending == 0 for rule in alerts),
        "alerts_without_severity": sum(rule.severity is None for rule in alerts),
        "alerts_without_runbook": sum(not has_runbook(rule) for rule in alerts),
        "alerts_without_summary": sum(item["summary"] is False for item in items),
        "runbook_broken": len(broken),
        "alert_items": [*items],
        "wanted_alerts": [*_wanted(context.request.get("alerts"), items)],
        "recording_items": [_recording(rule) for rule in recorded],
        "duplicates": [*_duplicates(rules.found)],
        "scrape_configs": sum(1 for config in scraped.configs if _has_jobs(config)),
        "scrape_jobs": len(scraped.jobs),
        "scrape_items": [*scraped.jobs],
        "configs": [
            _config(config, state, configs.findings, rules.found)
            for config, state in zip(scraped.configs, configs.states, strict=True)
        ],
        "configs_unchecked": configs.unchecked,
        "retention_items": [*scraped.retention],
    }
    facts |= checked.numbers("rules_valid", "rules_invalid") | configs.numbers("configs_valid", "configs_invalid")
    days = [float(item["days"]) for item in scraped.retention if isinstance(item["days"], int | float)]
    if days:
        facts["min_retention_days"] = min(days)
    return facts, [*_duplicate_findings(rules.found), *_runbook_findings(alerts, broken)]


def _wanted(names: Json, items: Sequence[JsonObject]) -> Iterator[JsonObject]:
    """Yield the alerts that somebody asks for by name: the first of that name, or that there is none."""
    listed = names if isinstance(names, list) else [names]
    for name in dict.fromkeys(each for each in listed if isinstance(each, str)):
        found = next((item for item in items if item["name"] == name), None)
        yield {"name": name, "found": False} if found is None else {**found, "found": True}


def _recording(rule: Rule) -> JsonObject:
    return {
        "name": rule.name[:500],
        "path": printable(rule.path),
        "line": rule.line,
        "group": rule.group[:500],
        "expr": rule.expression.text[:500],
    }


def _scraped(context: Context) -> _Scraped:
    from gate.collect.manifests import Sort, manifests_of
    from gate.collect.manifests.embedded import embedded_of
    from gate.collect.manifests.objects import objects_of
    from gate.collect.prometheus.retention import retention_items
    from gate.collect.prometheus.scrape import MONITORS, SERVERS, ConfigSource, jobs_of, monitor_jobs, operator_interval
    from gate.collect.prometheus.sources import Chosen

    wanted = Chosen.of(context.request)
    manifests, embedded, objects = manifests_of(context), embedded_of(context), objects_of(context)
    configs = [
        ConfigSource(document.value, document.path, document.line, printable(document.path))
        for document in manifests.documents(Sort.PROMETHEUS)
        if wanted.takes(document.path)
    ]
    configs += [
        ConfigSource(text.value, text.path, text.line, text.where, exact=False)
        for text in embedded.documents(Sort.PROMETHEUS)
        if wanted.takes(text.path)
    ]
    chosen = [one for one in objects.found if wanted.takes(one.path)]
    interval = operator_interval([one for one in chosen if one.kind in SERVERS])
    jobs = [job for config in configs for job in jobs_of(config)]
    jobs += [job for one in chosen if one.kind in MONITORS for job in monitor_jobs(one, interval)]
    compose = [one for one in manifests.documents(Sort.COMPOSE) if wanted.takes(one.path)]
    items, gaps = retention_items(chosen, compose, configs)
    unread = (*manifests.gaps(Sort.PROMETHEUS, facts=_SCRAPE), *embedded.gaps(Sort.PROMETHEUS, facts=_SCRAPE))
    gaps += [gap for gap in unread if gap.path is None or wanted.takes(gap.path)]
    return _Scraped(configs, jobs, items, gaps)


def _has_jobs(config: ConfigSource) -> bool:
    from gate.collect.prometheus.scrape import has_jobs

    return has_jobs(config)


def _place(config: ConfigSource) -> tuple[str, int]:
    return printable(config.path), config.line


def _config(config: ConfigSource, state: str, findings: Sequence[Finding], sources: Sequence[RuleSource]) -> JsonObject:
    from gate.collect.prometheus.rule_files import named, unmatched

    alerting = config.value.get("alerting")
    managers = alerting.get("alertmanagers") if isinstance(alerting, dict) else None
    found = next((each.message for each in findings if (each.path, each.line) == _place(config)), None)
    return {
        **({} if found is None else {"problem": found}),
        "name": config.title[:500],
        "path": printable(config.path),
        "line": config.line,
        "state": state,
        "rule_files": [*named(config)],
        "unmatched_rule_files": [*unmatched(config, sources)],
        "alertmanagers": isinstance(managers, list) and bool(managers),
    }


def _duplicates(sources: Sequence[RuleSource]) -> Iterator[JsonObject]:
    from gate.collect.prometheus.rules import duplicates

    for source in sources:
        for rule, first in duplicates(source):
            yield {
                "name": rule.name[:500],
                "path": printable(rule.path),
                "line": rule.line,
                "first_line": first.line,
            }


def _duplicate_findings(sources: Sequence[RuleSource]) -> Iterator[Finding]:
    from gate.collect.prometheus.rules import duplicates

    for source in sources:
        for rule, first in duplicates(source):
            text = f"the alert {rule.name[:80]} stands here with the same labels as on line {first.line}"
            yield Finding("prometheus.duplicate-alert", "low", text, "gate", printable(rule.path), rule.line)


def _broken_runbooks(context: Context, alerts: Sequence[Rule]) -> dict[tuple[str, int, str], str]:
    """Return the alerts whose runbook is a path of this repository that is not there."""
    from gate.collect.prometheus.alerts import runbook_path

    broken = {}
    for rule in alerts:
        path = runbook_path(rule)
        if path is not None and not any(context.workspace.exists(each) for each in _places(path, rule.path)):
            broken[rule.path, rule.line, rule.name] = path
    return broken


def _places(path: str, beside: str) -> Iterator[str]:
    """Yield where a relative path may lead: from the top of the repository, and from the file that names it."""
    for start in ((), PurePosixPath(beside).parent.parts):
        parts = list(start)
        for part in path.split("/"):
            if part == "..":
                if not parts:
                    break
                parts.pop()
            elif part not in ("", "."):
                parts.append(part)
        else:
            if parts:
                yield "/".join(parts)


def _broken(rule: Rule, broken: dict[tuple[str, int, str], str]) -> JsonObject:
    from gate.collect.prometheus.alerts import runbook_path

    if runbook_path(rule) is None:
        return {}
    return {"runbook_found": (rule.path, rule.line, rule.name) not in broken}


def _runbook_findings(alerts: Sequence[Rule], broken: dict[tuple[str, int, str], str]) -> Iterator[Finding]:
    for rule in alerts:
        path = broken.get((rule.path, rule.line, rule.name))
        if path is not None:
            text = f"the runbook of {rule.name[:80]}, {path[:200]}, is not in this repository"
            yield Finding("prometheus.broken-runbook", "medium", text, "gate", printable(rule.path), rule.line)
