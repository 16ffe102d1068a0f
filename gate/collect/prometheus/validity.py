"""Whether Prometheus would load the rules and configurations: promtool's word, and what stands in its way."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from gate.collect.disk import printable
from gate.collect.manifests.placeholders import masked, placeholder_in
from gate.collect.prometheus.copies import as_json, copy_of_rules
from gate.collect.prometheus.discovery import KUBERNETES, built_without, kubernetes_mistakes, without
from gate.collect.prometheus.durations import duration_seconds
from gate.collect.prometheus.expressions import Language
from gate.collect.prometheus.newer import newer_word
from gate.collect.prometheus.rules import Rule, RuleSource
from gate.collect.prometheus.scrape import ConfigSource
from gate.collect.scan_problem import ScanProblem, Step
from gate.formats.plain import one_line
from gate.model.evidence import Gap
from gate.model.finding import Finding
from gate.model.json import Json, JsonObject

if TYPE_CHECKING:
    from gate.collect.collector import Context
    from gate.collect.prometheus.promtool import Verdict
    from gate.collect.readers.promtool_text import Complaint

RULES = ("rules_valid", "rules_invalid")
CONFIGS = ("configs_valid", "configs_invalid", "configs")
INVALID, EXPRESSION, CONFIG = "prometheus.invalid-rule", "prometheus.expression", "prometheus.invalid-config"
_NAMED = re.compile(r'^group (?P<group>"(?:[^"\\]|\\.)*"), rule (?P<number>\d{1,6}), (?:"(?:[^"\\]|\\.)*": )?')
_OPEN = (*RULES, "expression_errors", "alert_items")
_FILES = frozenset({"scrape_config_files"})
"""What a later promtool reads from paths of the machine that it runs on."""
_MOST_CONFIGS = 100
_MOST_SHOWN = 20


@dataclass(slots=True)
class Checked:
    """What is known of the validity of documents of one sort: each is valid, invalid or unchecked."""

    valid: int = 0
    invalid: int = 0
    unchecked: int = 0
    findings: list[Finding] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    version: str | None = None
    cached: str = ""
    absent: bool = False
    states: list[str] = field(default_factory=list)

    def numbers(self, valid: str, invalid: str) -> JsonObject:
        """Return what is valid and what is not under these names; nothing where promtool said nothing of any."""
        if self.absent:
            return {invalid: self.invalid} if self.invalid else {}
        return {valid: self.valid, invalid: self.invalid} if self.valid or self.invalid or not self.unchecked else {}


def check_rule_sources(context: Context, sources: Sequence[RuleSource]) -> Checked:
    """Check the rules of each document with promtool, and their expressions with the gate's own parser."""
    checked = Checked()
    copies = [(source, copy_of_rules(source, _is_for_promtool)) for source in sources]
    given = [(source, copy) for source, copy in copies if copy.count]
    verdicts: list[Verdict] | None = None
    if given:
        from gate.collect.prometheus.promtool import check_rules, promtool_cache

        try:
            cache = promtool_cache(context)
            told = [(copy.data, copy.count) for _source, copy in given]
            checked.version, verdicts = check_rules(context.scanner, told, cache, context.jobs)
            checked.cached = cache.cached
        except ScanProblem as problem:
            checked.absent = True
            checked.gaps.append(_absent(problem, "rules", RULES))
    by_source = dict(zip((id(source) for source, _copy in given), verdicts or (), strict=False))
    for source, copy in copies:
        _settle(checked, source, by_source.get(id(source)), copy.lines)
    return checked


def _is_for_promtool(rule: Rule) -> bool:
    """Whether promtool can say something of a rule: it is no LogQL, and holds nothing that is filled in later."""
    return rule.expression.language is Language.PROMQL and rule.expression.unchecked is None and not _open_time(rule)


def _open_time(rule: Rule) -> str | None:
    """Return the placeholder in a duration of a rule, None where there is none."""
    for key in ("for", "keep_firing_for"):
        value = rule.raw.get(key)
        if isinstance(value, str) and duration_seconds(value) is None and (found := placeholder_in(value)):
            return found
    return None


def _settle(checked: Checked, source: RuleSource, verdict: Verdict | None, lines: dict[int, Rule]) -> None:
    """Count a document, and tell what is wrong with it or why nobody can say."""
    before = len(checked.findings)
    open_rules = [rule for rule in source.rules if _reason(rule) is not None]
    for rule in open_rules[:_MOST_SHOWN]:
        place = printable(rule.path)
        checked.gaps.append(
            Gap(place, f'the rule "{one_line(rule.name, 80)}" {_reason(rule)}', place, rule.line, _OPEN)
        )
    refused_by_newer = _tell(checked, source, verdict, lines) if verdict is not None else False
    if verdict is None or refused_by_newer:
        _tell_expressions(checked, source)
    logql_only = bool(source.rules) and all(rule.expression.language is Language.LOGQL for rule in source.rules)
    if len(checked.findings) > before:
        checked.invalid += 1
    elif verdict is not None and verdict.accepted and not open_rules:
        checked.valid += 1
    elif not logql_only:
        checked.unchecked += 1


def _reason(rule: Rule) -> str | None:
    """Return why a rule cannot be checked, None where it can."""
    if rule.expression.unchecked is not None:
        return rule.expression.unchecked
    found = _open_time(rule)
    return None if found is None else f"holds {one_line(found, 60)}, which something fills in later"


def _tell(checked: Checked, source: RuleSource, verdict: Verdict, lines: dict[int, Rule]) -> bool:
    """Tell promtool's complaints. Return whether the only ones are about what a later promtool would know."""
    if verdict.accepted:
        return False
    told = vague = False
    for complaint in verdict.complaints[: 10 * _MOST_SHOWN]:
        rule = _meant(complaint, lines)
        newer = newer_word(complaint.text)
        if newer is not None or (source.victoria and rule is not None):
            checked.gaps.append(_too_new(checked, source, rule, newer))
            continue
        told, vague = True, vague or rule is None
        checked.findings.append(_complained(source, rule, complaint.text))
    if not told and not verdict.complaints:
        checked.findings.append(_finding(INVALID, "promtool refuses these rules", source.path, source.line))
        return False
    # A document that cannot be taken apart is refused at its first mistake: the others are still to be told.
    return vague or not told


def _too_new(checked: Checked, source: RuleSource, rule: Rule | None, newer: str | None) -> Gap:
    line = rule.line if rule is not None else source.line
    what = f"does not know {newer}" if newer else "does not know what VictoriaMetrics adds to PromQL"
    reason = f"cannot be checked on line {line}: this promtool ({checked.version}) {what}"
    return Gap(printable(source.path), reason, printable(source.path), line, RULES)


def _complained(source: RuleSource, rule: Rule | None, text: str) -> Finding:
    expression = "could not parse expression" in text
    text = text.rpartition("could not parse expression: ")[2] if expression else _NAMED.sub("", text)
    if rule is None and "duration" in text:
        rule = next((each for each in source.rules if each.pending is None), None)
    name = f'"{one_line(rule.name, 80)}": ' if rule is not None else ""
    line = rule.line if rule is not None else source.line
    return _finding(EXPRESSION if expression else INVALID, f"{name}{one_line(text, 300)}", source.path, line)


def _meant(complaint: Complaint, lines: dict[int, Rule]) -> Rule | None:
    """Return the rule that a complaint is about: by the line in the copy, else by its group and number."""
    if complaint.line in lines:
        return lines[complaint.line]
    named = _NAMED.match(complaint.text)
    if named is None:
        return None
    group = [rule for rule in lines.values() if json.dumps(rule.group, ensure_ascii=False) == named["group"]]
    number = int(named["number"])
    return group[number - 1] if 0 < number <= len(group) else None


def _tell_expressions(checked: Checked, source: RuleSource) -> None:
    """Tell what the gate's own parser refuses, where promtool did not speak of the document."""
    if source.victoria:
        return
    for rule in source.rules:
        if rule.expression.error is not None and newer_word(rule.expression.error) is None:
            text = f'"{one_line(rule.name, 80)}": {rule.expression.error}'
            checked.findings.append(_finding(EXPRESSION, text, rule.path, rule.line))


def check_configs(context: Context, configs: Sequence[ConfigSource]) -> Checked:
    """Check each configuration with promtool, its own text alone: rule files are checked by themselves."""
    checked = Checked()
    verdicts = _verdicts(context, configs[:_MOST_CONFIGS], checked)
    for index, config in enumerate(configs):
        if index >= _MOST_CONFIGS:
            reason = f"is one of {len(configs):,} configurations, of which {_MOST_CONFIGS:,} are checked"
            checked.gaps.append(Gap(printable(config.path), reason, printable(config.path), config.line, CONFIGS))
            checked.unchecked += 1
            checked.states.append("unchecked")
            continue
        told = verdicts[index]
        if isinstance(told, ScanProblem):
            checked.absent = index == 0
            checked.gaps.append(_absent(told, "configurations", CONFIGS))
            checked.unchecked += len(configs) - index
            checked.states += ["unchecked"] * (len(configs) - index)
            break
        _settle_config(checked, config, *told)
    return checked


def _verdicts(
    context: Context, configs: Sequence[ConfigSource], checked: Checked
) -> list[tuple[Verdict, frozenset[str]] | ScanProblem]:
    """Return promtool's verdict on each, with the ways of discovery it lacks, or why there is none."""
    from gate.collect.prometheus.promtool import check_config, promtool_cache

    if not configs:
        return []
    try:
        cache = promtool_cache(context)
    except ScanProblem as problem:
        return [problem] * len(configs)
    scanner = context.scanner

    def verdict_on(config: ConfigSource) -> tuple[Verdict, frozenset[str]] | ScanProblem:
        value = {key: item for key, item in config.value.items() if key not in _FILES}
        try:
            verdict = check_config(scanner, as_json(value), cache)
            lacking = built_without(_said(verdict))
            return (check_config(scanner, as_json(without(value, lacking)), cache) if lacking else verdict), lacking
        except ScanProblem as problem:
            return problem

    with ThreadPoolExecutor(max_workers=max(1, context.jobs)) as pool:
        verdicts = list(pool.map(verdict_on, configs))
    checked.version, checked.cached = cache.version, cache.cached
    return verdicts


def _said(verdict: Verdict) -> str:
    return " ".join(complaint.text for complaint in verdict.complaints)


def _settle_config(checked: Checked, config: ConfigSource, verdict: Verdict, lacking: frozenset[str]) -> None:
    """Count a configuration. `lacking` are ways of discovery that this promtool knows nothing of."""
    text = "" if verdict.accepted else _said(verdict) or "is refused by promtool without a reason"
    wrong = list(kubernetes_mistakes(config.value))[:_MOST_SHOWN] if KUBERNETES in lacking else []
    newer, found = newer_word(text), open_value(config.value) if text or wrong else None
    if (text or wrong) and newer is None and found is None:
        checked.invalid += 1
        checked.states.append("invalid")
        for each in [text, *wrong] if text else wrong:
            checked.findings.append(_finding(CONFIG, one_line(masked(each), 300), config.path, config.line))
        return
    why = _why_unchecked(found, newer, lacking - {KUBERNETES})
    if why is None:
        checked.valid += 1
        checked.states.append("valid")
        return
    checked.unchecked += 1
    checked.states.append("unchecked")
    reason = f"could not be checked by promtool: it {why}"
    checked.gaps.append(Gap(printable(config.path), reason, printable(config.path), config.line, CONFIGS))


def _why_unchecked(found: str | None, newer: str | None, lacking: frozenset[str]) -> str | None:
    """Return what stands in promtool's way, None where nothing does."""
    if found is not None:
        return f"holds {one_line(found, 60)}, which something fills in later"
    if newer is not None:
        return f"has {newer}, too new for it"
    return f"has {', '.join(sorted(lacking))}, which this promtool is built without" if lacking else None


def open_value(value: Json) -> str | None:
    """Return a placeholder that a document holds at any depth outside of its templates, None where there is none."""
    waiting: list[Json] = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item
        elif isinstance(item, str) and (found := placeholder_in(item)):
            return found
    return None


def _finding(rule: str, message: str, path: str, line: int) -> Finding:
    shown = printable(path)
    identity = sha256(f"{rule}\0{shown}\0{message}".encode("utf-8", "replace")).hexdigest()
    return Finding(rule, "high", message, "promtool" if rule != EXPRESSION else "gate", shown, line, identity)


def _absent(problem: ScanProblem, what: str, facts: tuple[str, ...]) -> Gap:
    do = ". Install promtool, or run the gate's image, which has it" if problem.step is Step.FOUND else ""
    return Gap("promtool", f"the {what} were not checked: {problem}{do}", facts=facts)
