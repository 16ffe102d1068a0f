"""An alert as the facts tell of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from gate.collect.disk import printable
from gate.collect.manifests.placeholders import is_sample
from gate.collect.prometheus.budgets import burn_rate, objective_percent
from gate.collect.prometheus.conditions import Absence, Condition, alternatives
from gate.collect.prometheus.expressions import Language
from gate.collect.prometheus.rules import Rule
from gate.collect.prometheus.selectors import Recordings
from gate.collect.prometheus.silence import never_fires
from gate.collect.prometheus.subjects import LATENCY, Subject, subject_of
from gate.model.json import Json, JsonObject

_LONGEST = 500
_MOST_CONDITIONS = 20
_SUMMARIES = ("summary", "description", "message", "title")


def alert_item(rule: Rule, recordings: Recordings) -> JsonObject:
    """Return an alert with what it says of itself and what its expression is about, as far as it says so."""
    item: JsonObject = {
        "name": rule.name[:_LONGEST],
        "path": printable(rule.path),
        "line": rule.line,
        "group": rule.group[:_LONGEST],
        "expr": rule.expression.text[:_LONGEST],
        "language": rule.expression.language.value,
        "labels": {key[:_LONGEST]: value[:_LONGEST] for key, value in rule.labels.items()},
        "summary": any(rule.annotations.get(key, "").strip() for key in _SUMMARIES),
        "has_severity": rule.severity is not None,
        **_runbook(rule),
    }
    if rule.pending is not None:
        item["for_seconds"] = rule.pending
    if rule.severity is not None:
        item["severity"] = rule.severity[:_LONGEST]
    return item | _about(rule, recordings)


def has_runbook(rule: Rule) -> bool:
    """Whether a page for those on call is named, and not left to be filled in."""
    return rule.runbook is not None and _runbook_kind(rule.runbook) != "placeholder"


def runbook_path(rule: Rule) -> str | None:
    """Return the path of a runbook that should lie in this repository, without its anchor; None for any other."""
    if rule.runbook is None or _runbook_kind(rule.runbook) != "path":
        return None
    return rule.runbook.partition("#")[0].partition("?")[0] or None


def _runbook(rule: Rule) -> JsonObject:
    if rule.runbook is None:
        return {"has_runbook": False}
    kind = _runbook_kind(rule.runbook)
    return {"has_runbook": kind != "placeholder", "runbook": rule.runbook[:_LONGEST], "runbook_kind": kind}


def _runbook_kind(text: str) -> str:
    """Return whether a runbook is a link, a path in the repository, a sentence, or still to be filled in."""
    # A template of Prometheus' own is filled in when the alert fires: it is a link all the same.
    settled = text.replace("{{", "").replace("}}", "").replace("$", "")
    if is_sample(settled) or (not text.startswith(("http://", "https://")) and is_sample(text)):
        return "placeholder"
    if "://" in text or text.startswith("www."):
        return "link"
    head = text.partition("#")[0]
    if any(char.isspace() for char in text) or "{{" in text:
        return "text"
    return "path" if head.endswith((".md", ".markdown", ".html", ".adoc", ".rst", ".txt")) or "/" in head else "text"


def _about(rule: Rule, recordings: Recordings) -> JsonObject:
    """Return the conditions of an alert, and what they have in common."""
    tree = rule.expression.tree
    if tree is None or rule.expression.language is not Language.PROMQL:
        return {}
    silent = never_fires(tree)
    dead: JsonObject = {} if silent is None else {"never_fires": silent}
    sides = [[(each, subject_of(each, recordings)) for each in side] for side in alternatives(tree)]
    flat = [part for side in sides for part in side if not part[0].negated]
    if not flat:
        return dead
    told: JsonObject = dead | {"conditions": [_condition(each, subject) for each, subject in flat[:_MOST_CONDITIONS]]}
    subjects = [subject for _each, subject in flat if subject is not None]
    if subjects:
        told |= _common(subjects)
    counted = [[(each, subject) for each, subject in side if isinstance(each, Condition)] for side in sides]
    objective = objective_percent(counted)
    return told if objective is None else {**told, "slo_percent": objective}


def _condition(each: Condition | Absence, subject: Subject | None) -> JsonObject:
    told: JsonObject = {}
    if isinstance(each, Condition):
        told = {"operator": each.operator, "threshold": round(each.threshold, 12)}
        factor = burn_rate(each)
        if factor is not None:
            told["burn_rate"] = factor
    if subject is not None:
        told["about"] = subject.about
        if subject.window is not None:
            told["window_seconds"] = subject.window
    return told


def _common(subjects: Sequence[Subject]) -> JsonObject:
    """Return what an alert is about: of several subjects the first, with the loosest bound of a latency."""
    first = subjects[0]
    told: dict[str, Json] = {"about": first.about, "platform": all(subject.platform for subject in subjects)}
    same = [subject for subject in subjects if subject.about == first.about]
    if first.resource is not None:
        told["resource"] = first.resource
    if first.about == LATENCY:
        told["percentile"] = round(100 * (first.quantile or 0.0), 6)
        told["latency_seconds"] = round(max(subject.seconds or 0.0 for subject in same), 12)
    windows = [subject.window for subject in same if subject.window is not None]
    if windows:
        told["window_seconds"] = max(windows)
    return told
