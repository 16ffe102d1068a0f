"""The rules of one document: alerts and recordings with what they say of themselves. Pure; input of any shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from gate.collect.manifests.objects import mapping, text
from gate.collect.prometheus.durations import duration_seconds
from gate.collect.prometheus.expressions import Expression, Expressions
from gate.formats.located_yaml import Located, line_of
from gate.model.json import Json, JsonObject

RUNBOOKS = ("runbook_url", "runbook", "runbookUrl", "runbook_link", "runbookURL", "playbook", "playbook_url")
"""Annotations under which the page for those on call is named, the conventional one first."""
MOST_RULES = 50_000
"""Rules of one document that are read."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, an alert where `is_alert`, else a recording.

    `line` is in the file where `exact`, else that of the object which carries the text. `pending` is `for` in seconds,
    0.0 where it is not given, None where it cannot be read. `raw` is the mapping itself.
    """

    name: str
    is_alert: bool
    group: str
    path: str
    line: int
    expression: Expression
    pending: float | None
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    raw: Located

    @property
    def severity(self) -> str | None:
        """The label `severity`, None where there is none."""
        return self.labels.get("severity") or None

    @property
    def runbook(self) -> str | None:
        """What names the page for those on call, None where nothing does."""
        return next((found for key in RUNBOOKS if (found := self.annotations.get(key, "").strip())), None)


@dataclass(frozen=True, slots=True)
class RuleSource:
    """A document with rules.

    `origin` says how it came: "file", "object" (PrometheusRule, VMRule) or "embedded"; `title` names it in a sentence;
    `key` of an embedded one is the name of its text. `skipped` counts entries that are no rules at all.
    """

    origin: str
    path: str
    line: int
    title: str
    groups: tuple[JsonObject, ...]
    rules: tuple[Rule, ...]
    value: JsonObject
    key: str = ""
    victoria: bool = False
    skipped: int = 0
    identity: str = field(default="", compare=False)

    @property
    def alerts(self) -> list[Rule]:
        """The alerts, in order."""
        return [rule for rule in self.rules if rule.is_alert]


def read_rules(
    value: JsonObject,
    expressions: Expressions,
    *,
    origin: str,
    path: str,
    line: int,
    title: str,
    key: str = "",
    victoria: bool = False,
) -> RuleSource:
    """Return the rules of a document that has `groups`. Lines are the document's own unless it is embedded."""
    exact = origin != "embedded"
    listed = value.get("groups")
    groups = tuple(item for item in listed if isinstance(item, dict)) if isinstance(listed, list) else ()
    rules: list[Rule] = []
    skipped = len(listed) - len(groups) if isinstance(listed, list) else 0
    for group in groups:
        entries = group.get("rules")
        for raw in entries if isinstance(entries, list) else ():
            rule = None
            if isinstance(raw, Located) and len(rules) < MOST_RULES:
                rule = _rule(
                    raw, text(group.get("name")) or "", path, line_of(raw, line) if exact else line, expressions
                )
            if rule is None:
                skipped += 1
            else:
                rules.append(rule)
    identity = sha256("\0".join(_identity(rule) for rule in rules).encode("utf-8", "replace")).hexdigest()
    return RuleSource(
        origin, path, line, title, groups, tuple(rules), value, key, victoria, skipped, identity if rules else ""
    )


def _rule(raw: Located, group: str, path: str, line: int, expressions: Expressions) -> Rule | None:
    alert, record = text(raw.get("alert")), text(raw.get("record"))
    name = alert or record
    if not name:
        return None
    pending = raw.get("for")
    return Rule(
        name=name,
        is_alert=bool(alert),
        group=group,
        path=path,
        line=line,
        expression=expressions.read(text(raw.get("expr")) or ""),
        pending=0.0 if pending in (None, "") else duration_seconds(pending),
        labels=_texts(raw.get("labels")),
        annotations=_texts(raw.get("annotations")),
        raw=raw,
    )


def _texts(value: Json) -> dict[str, str]:
    return {key: found for key, item in mapping(value).items() if (found := _scalar(item)) is not None}


def _scalar(value: Json) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return text(value)


def _identity(rule: Rule) -> str:
    """Return what makes a rule the same rule in another place."""
    labels = ",".join(f"{key}={value}" for key, value in sorted(rule.labels.items()))
    return f"{rule.group}\1{rule.name}\1{rule.expression.text.strip()}\1{rule.pending}\1{labels}"


def duplicates(source: RuleSource) -> Iterator[tuple[Rule, Rule]]:
    """Yield (rule, the earlier one) for alerts of one document that have the same name and labels."""
    seen: dict[tuple[str, tuple[tuple[str, str], ...]], Rule] = {}
    for rule in source.alerts:
        first = seen.setdefault((rule.name, tuple(sorted(rule.labels.items()))), rule)
        if first is not rule:
            yield rule, first
