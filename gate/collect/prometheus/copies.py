"""Copies for promtool and amtool: JSON, which is YAML; one rule a line, so that a complaint leads to its rule. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gate.collect.prometheus.rules import Rule, RuleSource
from gate.model.json import Json, JsonObject

_BREAKS = {"\x7f": "\\u007f", "\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029", "\ufeff": "\\ufeff"}
"""What YAML 1.1 breaks a line at, or forbids, and JSON does not."""
OPERATOR_FIELDS = frozenset({"partial_response_strategy", "concurrency", "eval_offset", "notifier_headers", "tenant"})
"""Fields of a group that Thanos and VictoriaMetrics read besides, and promtool refuses."""


@dataclass(frozen=True, slots=True)
class RuleCopy:
    """What promtool gets of a document. `lines` maps lines of `data`, from 1, to the rules that stand there."""

    data: bytes
    lines: dict[int, Rule]
    count: int


def copy_of_rules(source: RuleSource, wanted: Callable[[Rule], bool]) -> RuleCopy:
    """Return a copy of a document of rules with those that are wanted; what stands beside `groups` stays."""
    by_raw = {id(rule.raw): rule for rule in source.rules}
    lines = ["{"]
    places: dict[int, Rule] = {}
    if source.origin != "object":
        lines += [f"{_json(key)}: {_json(value)}," for key, value in source.value.items() if key != "groups"]
    lines.append('"groups": [')
    groups = [group for group in source.groups if _kept(group, by_raw, wanted)]
    for number, group in enumerate(groups):
        rest = [item for item in group.items() if item[0] != "rules" and item[0] not in OPERATOR_FIELDS]
        lines.append("{" + "".join(f"{_json(key)}: {_json(value)}, " for key, value in rest) + '"rules": [')
        rules = _kept(group, by_raw, wanted)
        for index, raw in enumerate(rules):
            lines.append(_json(raw) + ("," if index < len(rules) - 1 else ""))
            rule = by_raw.get(id(raw))
            if rule is not None:
                places[len(lines)] = rule
        lines.append("]}" + ("," if number < len(groups) - 1 else ""))
    lines.append("]}\n")
    return RuleCopy("\n".join(lines).encode("utf-8", "replace"), places, len(places))


def as_json(value: JsonObject) -> bytes:
    """Return a document as JSON that a reader of YAML reads alike."""
    return _json(value).encode("utf-8", "replace")


def _kept(group: JsonObject, by_raw: dict[int, Rule], wanted: Callable[[Rule], bool]) -> Sequence[Json]:
    entries = group.get("rules")
    listed = entries if isinstance(entries, list) else []
    return [raw for raw in listed if (rule := by_raw.get(id(raw))) is not None and wanted(rule)]


def _json(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    for char, escape in _BREAKS.items():
        text = text.replace(char, escape)
    return text
