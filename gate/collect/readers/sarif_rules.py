"""The rules of a SARIF run: what they are called, how grave they are, and what a result takes from them.

Severity: the rule's or the result's `security-severity` property, a CVSS score (9 and more critical, 7 high, 4 medium,
above 0 low), as GitHub code scanning reads it; without one the level: `error` high, `warning` medium, `note` and `none`
low. A result without a level has its rule's default level, else `warning` (SARIF 2.1.0 §3.27.10).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from gate.collect.readers.sarif_parts import Component, Message, Properties, Result, Rule, RuleReference, Tool
from gate.model.finding import Severity
from gate.model.json import JsonObject

_MESSAGE_LENGTH = 500
_NO_RULE = "no-rule"
_LEVELS: dict[str, Severity] = {"error": "high", "warning": "medium", "note": "low", "none": "low"}
_MAX_TAGS = 50
_CWE_TAG = r"(?i)^(?:external/cwe/)?cwe[-:]([0-9]{1,5})(?![0-9])"
_CWE_ID = r"(?i)(?:cwe-)?([0-9]{1,5})"
_ARGUMENT = r"\{(\d{1,3})\}"


class Known:
    """A rule as its results need it: worked out once, used for each of them."""

    __slots__ = ("_default", "_score", "_strings", "by_level", "classes", "id", "prefix", "properties")

    def __init__(self, rule_id: str, rule: Rule | None, component: Component, tool: str) -> None:
        rule = rule or Rule()
        self.id = one_line(rule_id, 200)
        self.prefix = f"{tool}\0{self.id}\0"
        self._score = score(rule.properties)
        configuration = rule.default_configuration
        self._default = (configuration.level if configuration else None) or "warning"
        self.by_level: dict[str, Severity] = {level: self._score or _LEVELS[level] for level in _LEVELS}
        self._strings = {**(component.global_message_strings or {}), **(rule.message_strings or {})}
        self.properties: JsonObject = {}
        if rule.name and rule.name != rule_id:
            self.properties["name"] = one_line(rule.name, 200)
        if rule.help_uri:
            self.properties["help_uri"] = one_line(rule.help_uri, 500)
        tags = (rule.properties.tags if rule.properties else None) or []
        if tags:
            self.properties["tags"] = [one_line(tag, 100) for tag in tags[:_MAX_TAGS]]
        related = [relationship.target for relationship in rule.relationships or () if relationship.target]
        self.classes = cwe_classes(tags, related)
        if self.classes:
            self.properties["classes"] = list(self.classes)
        if (number := cvss(rule.properties)) is not None and math.isfinite(number):
            self.properties["security_severity"] = number

    def severity(self, result: Result) -> Severity:
        """Grade a result of this rule: its own score, the rule's score, its level, the rule's level."""
        if result.properties is not None and (own := score(result.properties)) is not None:
            return own
        return self.grade(result.level, result.kind)

    def grade(self, level: str, kind: str | None) -> Severity:
        """Grade a result without a score of its own; a level that is not said is empty."""
        if self._score is not None:
            return self._score
        # A level is only meant for kind "fail", the default; other kinds have "none" (§3.27.10).
        level = level or (self._default if kind in (None, "fail") else "none")
        return _LEVELS.get(level) or _LEVELS.get(level.lower(), "high")

    def message(self, message: Message | None) -> str:
        """Return the text of a message: its own, or the rule's under its id with the arguments filled in (§3.11)."""
        if message is None:
            return ""
        text = message.text
        if text and not message.arguments and len(text) <= _MESSAGE_LENGTH and text.isprintable():
            return text
        if not text and message.id is not None:
            string = self._strings.get(message.id)
            text = (string.text or string.markdown) if string else None
        text = text or message.markdown or message.id or ""
        if message.arguments:
            arguments = message.arguments
            text = re.sub(
                _ARGUMENT, lambda hole: arguments[int(hole[1])] if int(hole[1]) < len(arguments) else hole[0], text
            )
        return one_line(text, _MESSAGE_LENGTH)


class Rules:
    """The rules of a tool: its driver's and its extensions'. `name` is the tool's."""

    def __init__(self, tool: Tool, name: str) -> None:
        self._name = name
        self._driver = tool.driver or Component()
        self._extensions = tool.extensions or []
        self._by_id: dict[str, tuple[Rule, Component]] = {}
        for component in (self._driver, *self._extensions):
            for rule in component.rules or ():
                if rule.id is not None:
                    self._by_id.setdefault(rule.id, (rule, component))
        self._plain: dict[tuple[str | None, int | None], Known] = {}
        self._known: dict[tuple[str | None, int | None, str | None, int | None, int | None], Known] = {}

    def of(self, result: Result) -> Known:
        """Return the rule of a result, which is named by id, by index, or by a reference into an extension."""
        reference = result.rule
        if reference is None:
            return self._plain.get((result.rule_id, result.rule_index)) or self.named(result.rule_id, result.rule_index)
        component = reference.tool_component.index if reference.tool_component else None
        key = (result.rule_id, result.rule_index, reference.id, reference.index, component)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._find(*key)
        return known

    def named(self, rule_id: str | None, rule_index: int | None) -> Known:
        """Return the rule of results that name it themselves, by id, by index or by both."""
        known = self._plain.get((rule_id, rule_index))
        if known is None:
            known = self._plain[rule_id, rule_index] = self._find(rule_id, rule_index, None, None, None)
        return known

    def _find(
        self,
        rule_id: str | None,
        rule_index: int | None,
        reference_id: str | None,
        reference_index: int | None,
        component_index: int | None,
    ) -> Known:
        component = self._driver
        if component_index is not None and 0 <= component_index < len(self._extensions):
            component = self._extensions[component_index]
        index = reference_index if reference_index is not None else rule_index
        rules = component.rules or []
        rule = rules[index] if index is not None and 0 <= index < len(rules) else None
        wanted = rule_id or reference_id or (rule.id if rule else None) or _NO_RULE
        if rule is None or (rule.id is not None and wanted != rule.id and not wanted.startswith(f"{rule.id}/")):
            # No index, or one that points elsewhere: the id decides. "CA1000/1" is a part of rule CA1000 (§3.52.4).
            rule, component = self._by_id.get(wanted) or self._by_id.get(wanted.rpartition("/")[0]) or (None, component)
        return Known(wanted, rule, component, self._name)


def score(properties: Properties | None) -> Severity | None:
    """Return the severity that a CVSS score stands for (CVSS 3.1 §5); None where there is no score above 0."""
    number = cvss(properties)
    if number is None or number <= 0:
        return None
    return "critical" if number >= 9 else "high" if number >= 7 else "medium" if number >= 4 else "low"


def cvss(properties: Properties | None) -> float | None:
    """Return the score in `security-severity`, which tools write as text or as a number; None where there is none."""
    if properties is None or not properties.security_severity:
        return None
    try:
        number = float(properties.security_severity)
    except ValueError:
        return None
    return None if math.isnan(number) else number


def cwe_classes(tags: Sequence[str], references: Sequence[RuleReference]) -> tuple[str, ...]:
    """Return the weaknesses ("CWE-78") that tags and references into the CWE taxonomy name, by their numbers.

    Tags are "external/cwe/cwe-078", as CodeQL writes them, or begin with "CWE-78", as semgrep's do.
    """
    numbers = {int(found[1]) for tag in tags[:_MAX_TAGS] if (found := re.search(_CWE_TAG, tag))}
    return tuple(f"CWE-{number}" for number in sorted(numbers.union(_cwe_numbers(references[:_MAX_TAGS]))))


def _cwe_numbers(references: Sequence[RuleReference]) -> Iterator[int]:
    for reference in references:
        component = reference.tool_component
        if component is not None and (component.name or "").lower() == "cwe":
            found = re.fullmatch(_CWE_ID, reference.id or "")
            if found:
                yield int(found[1])


def one_line(text: str, length: int) -> str:
    """Return text on one line: printable, runs of white space as one space, cut to a length."""
    short = " ".join(text[: 4 * length].split())
    if not short.isprintable():
        short = "".join(char if char.isprintable() else "�" for char in short)
    return short if len(short) <= length else short[: length - 1] + "…"
