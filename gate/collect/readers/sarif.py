"""SARIF 2.1.0 (OASIS): the report of any static analysis tool, as findings.

Severity: the rule's or the result's `security-severity` property, a CVSS score (9 and more critical, 7 high, 4 medium,
above 0 low), as GitHub code scanning reads it; without one the level: `error` high, `warning` medium, `note` and `none`
low. A result without a level has its rule's default level, else `warning` (§3.27.10).
"""

from __future__ import annotations

import gc
import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import blake2b as _hash
from operator import attrgetter

from gate.collect.readers.sarif_document import decode
from gate.collect.readers.sarif_parts import (
    UNSCORED,
    Component,
    Invocation,
    Message,
    Notification,
    Properties,
    Result,
    Rule,
    Run,
    Suppression,
    Tool,
)
from gate.collect.readers.sarif_places import NOWHERE, Places
from gate.model.finding import Finding, Severity, quick_finding
from gate.model.json import JsonObject

MAX_PROBLEMS = 100
"""Problems of one run that are told one by one."""

_MESSAGE_LENGTH = 500
_NO_TOOL = "unnamed tool"
_NO_RULE = "no-rule"
_LEVELS: dict[str, Severity] = {"error": "high", "warning": "medium", "note": "low", "none": "low"}
_NOT_FINDINGS = frozenset({"pass", "notApplicable", "informational"})
_FINGERPRINT: Callable[[Finding], str] = attrgetter("fingerprint")
_ARGUMENT = re.compile(r"\{(\d{1,3})\}")


@dataclass(frozen=True, slots=True)
class SarifProblem:
    """Something that the run itself says it did not do. `reason` is a sentence; `path` names the file, if one is."""

    reason: str
    path: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class SarifRun:
    """One run of one tool.

    `scanned` is False where the run has no `results` at all: the tool did not scan. `not_findings` counts results that
    say that a check passed, did not apply, only informs, or is gone since the baseline. `artifacts` are the workspace
    paths that the run lists, which some tools do for every file they looked at and others never do.
    """

    tool: str
    version: str | None
    scanned: bool
    findings: tuple[Finding, ...]
    not_findings: int
    artifacts: tuple[str, ...]
    problems: tuple[SarifProblem, ...]


def read_sarif(data: bytes, roots: Sequence[str] = ()) -> tuple[SarifRun, ...]:
    """Return the runs of a SARIF 2.1.0 document.

    `roots` are absolute paths by which the workspace is known ("/github/workspace"); findings below them get paths
    relative to it. The findings' `new` is None, and `properties` may hold `name`, `help_uri`, `tags`, `end_line` and
    `elsewhere` (the text of a place outside of the workspace). Raises ReportError as `sarif_document.decode` does.
    """
    with _no_collection():
        return tuple(_read_run(run, number, roots) for number, run in enumerate(decode(data).runs or (), 1))


@contextmanager
def _no_collection() -> Iterator[None]:
    """Put off the search for cycles: nothing here forms any, and each search walks all that was built so far."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _read_run(run: Run, number: int, roots: Sequence[str]) -> SarifRun:
    driver = (run.tool or Tool()).driver or Component()
    name = _line(driver.name or "", 100)
    places = Places(run, roots)
    findings = tuple(_findings(run, name or _NO_TOOL, places))
    problems = [] if name else [SarifProblem(f"run {number} does not name its tool")]
    problems += _problems(run, name or _NO_TOOL, places)
    if len(problems) > MAX_PROBLEMS:
        more = len(problems) - MAX_PROBLEMS
        problems[MAX_PROBLEMS:] = [SarifProblem(f"{name or _NO_TOOL} tells {more:,} more problems of its run")]
    version = driver.semantic_version or driver.version
    return SarifRun(
        tool=name or _NO_TOOL,
        version=_line(version, 60) if version else None,
        scanned=run.results is not None,
        findings=findings,
        not_findings=len(run.results or ()) - len(findings),
        artifacts=places.artifacts(),
        problems=tuple(problems),
    )


def _findings(run: Run, tool: str, places: Places) -> list[Finding]:
    """Return the findings of a run. Written as one flat loop: a large report runs through it half a million times."""
    rule_of, place_of = _Rules(run.tool or Tool(), tool).of, places.of
    findings: list[Finding] = []
    for result in run.results or ():
        if result.baseline_state == "absent" or result.kind in _NOT_FINDINGS:
            continue
        known = rule_of(result)
        message = known.message(result.message)
        properties = known.properties
        place, line = NOWHERE, None
        if result.locations and (physical := result.locations[0].physical_location) is not None:
            place = place_of(physical.artifact_location)
            line = end_line = None
            if (region := physical.region) is not None and (line := region.start_line) is not None:
                end_line = region.end_line
                if line < 1 or end_line == line:
                    line, end_line = line if line > 0 else None, None
            if end_line is not None or place.elsewhere is not None:
                properties = _with_place(properties, line, end_line, place.elsewhere)
        # What identifies it apart from its line: the tool's own fingerprint, else the message.
        own = result.fingerprints or result.partial_fingerprints
        identity = (own.get("primaryLocationLineHash") or repr(sorted(own.items()))) if own else message
        identity = f"{known.prefix}{place.text}\0{identity}"
        bag = result.properties
        plain = (bag is None or bag.security_severity is UNSCORED) and result.kind is None
        findings.append(
            quick_finding(
                known.id,
                (known.by_level.get(result.level) if plain else None) or known.severity(result),
                message,
                tool,
                place.path,
                line,
                _hash(identity.encode(), digest_size=16).hexdigest(),
                _is_suppressed(result.suppressions) if result.suppressions else False,
                None,
                properties,
            )
        )
    _tell_apart(findings)
    return findings


def _tell_apart(findings: list[Finding]) -> None:
    """Give findings that are alike fingerprints of their own: from the second on, with its number among them."""
    if len(set(map(_FINGERPRINT, findings))) == len(findings):
        return
    seen: dict[str, int] = {}
    for place, finding in enumerate(findings):
        count = seen[finding.fingerprint] = seen.get(finding.fingerprint, -1) + 1
        if count:
            numbered = f"{finding.fingerprint}\0{count}".encode()
            findings[place] = replace(finding, fingerprint=_hash(numbered, digest_size=16).hexdigest())


def _with_place(properties: JsonObject, line: int | None, end_line: int | None, elsewhere: str | None) -> JsonObject:
    more: JsonObject = dict(properties)
    if line is not None and end_line is not None and end_line > line:
        more["end_line"] = end_line
    if elsewhere is not None:
        more["elsewhere"] = elsewhere
    return more


def _is_suppressed(suppressions: Sequence[Suppression]) -> bool:
    """Whether every suppression was accepted, which is what none said otherwise means (§3.27.23, §3.35.3)."""
    return all(suppression.status in (None, "accepted") for suppression in suppressions)


class _Known:
    """A rule as its results need it: worked out once, used for each of them."""

    __slots__ = ("_default", "_score", "_strings", "by_level", "id", "prefix", "properties")

    def __init__(self, rule_id: str, rule: Rule | None, component: Component, tool: str) -> None:
        rule = rule or Rule()
        self.id = _line(rule_id, 200)
        self.prefix = f"{tool}\0{self.id}\0"
        self._score = _score(rule.properties)
        configuration = rule.default_configuration
        self._default = (configuration.level if configuration else None) or "warning"
        self.by_level: dict[str, Severity] = {level: self._score or _LEVELS[level] for level in _LEVELS}
        self._strings = {**(component.global_message_strings or {}), **(rule.message_strings or {})}
        self.properties: JsonObject = {}
        if rule.name and rule.name != rule_id:
            self.properties["name"] = _line(rule.name, 200)
        if rule.help_uri:
            self.properties["help_uri"] = _line(rule.help_uri, 500)
        if rule.properties and rule.properties.tags:
            self.properties["tags"] = [_line(tag, 100) for tag in rule.properties.tags[:50]]

    def severity(self, result: Result) -> Severity:
        """Grade a result of this rule: its own score, the rule's score, its level, the rule's level."""
        if result.properties is not None and (own := _score(result.properties)) is not None:
            return own
        if self._score is not None:
            return self._score
        # A level is only meant for kind "fail", the default; other kinds have "none" (§3.27.10).
        level = result.level or (self._default if result.kind in (None, "fail") else "none")
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
            text = _ARGUMENT.sub(
                lambda hole: arguments[int(hole[1])] if int(hole[1]) < len(arguments) else hole[0], text
            )
        return _line(text, _MESSAGE_LENGTH)


class _Rules:
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
        self._plain: dict[tuple[str | None, int | None], _Known] = {}
        self._known: dict[tuple[str | None, int | None, str | None, int | None, int | None], _Known] = {}

    def of(self, result: Result) -> _Known:
        """Return the rule of a result, which is named by id, by index, or by a reference into an extension."""
        reference = result.rule
        if reference is None:
            plain = (result.rule_id, result.rule_index)
            known = self._plain.get(plain)
            if known is None:
                known = self._plain[plain] = self._find(*plain, None, None, None)
            return known
        component = reference.tool_component.index if reference.tool_component else None
        key = (result.rule_id, result.rule_index, reference.id, reference.index, component)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._find(*key)
        return known

    def _find(
        self,
        rule_id: str | None,
        rule_index: int | None,
        reference_id: str | None,
        reference_index: int | None,
        component_index: int | None,
    ) -> _Known:
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
        return _Known(wanted, rule, component, self._name)


def _score(properties: Properties | None) -> Severity | None:
    """Return the severity that a CVSS score stands for (CVSS 3.1 §5); None where there is no score above 0."""
    if properties is None or not properties.security_severity:
        return None
    try:
        score = float(properties.security_severity)
    except ValueError:
        return None
    if math.isnan(score) or score <= 0:
        return None
    return "critical" if score >= 9 else "high" if score >= 7 else "medium" if score >= 4 else "low"


def _problems(run: Run, tool: str, places: Places) -> Iterator[SarifProblem]:
    if run.results is None:
        external = run.external_property_file_references
        if external is not None and external.results:
            yield SarifProblem(f"{tool} keeps its results in other files, which were not read")
        else:
            yield SarifProblem(f"{tool} says nothing of results: it did not scan")
    elif not run.results and _says_nothing(run):
        yield SarifProblem(f"{tool} tells no result, no file, no rule and no finished run, so it proves nothing")
    for invocation in run.invocations or ():
        yield from _invocation_problems(invocation, tool, places)


def _says_nothing(run: Run) -> bool:
    """Whether a run without results gives no sign that it looked: an empty list may come from a tool that read nothing.

    Signs are the files that it lists (§3.14.15), the rules that it has (§3.19.23), and an invocation that succeeded.
    """
    tool = run.tool or Tool()
    components = (tool.driver, *(tool.extensions or ()))
    finished = any(invocation.execution_successful for invocation in run.invocations or ())
    return not (finished or run.artifacts or any(component and component.rules for component in components))


def _invocation_problems(invocation: Invocation, tool: str, places: Places) -> Iterator[SarifProblem]:
    if invocation.execution_successful is False:
        yield SarifProblem(f"{tool} says that it did not finish")
    if invocation.exit_signal_name:
        yield SarifProblem(f"{tool} was ended by {_line(invocation.exit_signal_name, 40)}")
    if invocation.process_start_failure_message:
        yield SarifProblem(f"{tool} did not start: {_line(invocation.process_start_failure_message, 200)}")
    for notification in (
        *(invocation.tool_configuration_notifications or ()),
        *(invocation.tool_execution_notifications or ()),
    ):
        if notification.level == "error":
            yield _notified(notification, tool, places)


def _notified(notification: Notification, tool: str, places: Places) -> SarifProblem:
    message = notification.message or Message()
    text = _line(message.text or message.markdown or message.id or "", 200) or "it does not say what"
    physical = notification.locations[0].physical_location if notification.locations else None
    place = places.of(physical.artifact_location) if physical else NOWHERE
    line = physical.region.start_line if physical and physical.region else None
    return SarifProblem(f"{tool} tells of an error: {text}", place.path, line)


def _line(text: str, length: int) -> str:
    """Return text on one line: printable, runs of white space as one space, cut to a length."""
    short = " ".join(text[: 4 * length].split())
    if not short.isprintable():
        short = "".join(char if char.isprintable() else "�" for char in short)
    return short if len(short) <= length else short[: length - 1] + "…"
