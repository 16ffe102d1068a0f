"""The findings behind a criterion that is not met: a literal table of the facts that count them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TypeAlias

from gate.judge.criterion import Judged
from gate.judge.doubt import mentioned
from gate.judge.each import EACH
from gate.judge.element_findings import ElementFindings
from gate.model.evidence import Collected, Evidence
from gate.model.finding import SEVERITIES, Finding
from gate.model.json import Json, JsonObject
from gate.model.verdict import UNMET, Outcome

CAP = 1000
"""How many findings a verdict holds; a bundle holds all of them."""

Behind: TypeAlias = Callable[[Finding, JsonObject], bool]


def findings_behind(judged: Judged, evidence: Evidence | None) -> Collection[Finding]:
    """Return the findings that an unmet or waived criterion counts; with `each`, one for whatever misses it."""
    if not isinstance(evidence, Collected) or judged.outcome not in UNMET | {Outcome.WAIVED}:
        return ()
    if EACH in judged.criterion.select:
        return ElementFindings(judged.survey) if judged.survey is not None else ()
    if judged.pointer is None and judged.criterion.select:
        return ()
    tests = list(_tests(judged))
    if judged.criterion.evidence not in {kind for kind, _fact in BEHIND}:
        tests.append(_any)
    require = judged.criterion.require
    found = (finding for finding in evidence.findings if any(test(finding, require) for test in tests))
    return tuple(finding for finding in found if judged.path is None or finding.path == judged.path)


def capped(groups: Iterable[Collection[Finding]]) -> tuple[Finding, ...]:
    """Return the findings of all groups, each once, at most CAP."""
    seen: dict[int, Finding] = {}
    for group in groups:
        for finding in group:
            if len(seen) >= CAP:
                return tuple(seen.values())
            seen.setdefault(id(finding), finding)
    return tuple(seen.values())


def _tests(judged: Judged) -> Iterator[Behind]:
    names = _facts(judged)
    for (kind, fact), test in BEHIND.items():
        if kind == judged.criterion.evidence and (names is None or fact in names):
            yield test


def _facts(judged: Judged) -> frozenset[str] | None:
    """Return the facts that were judged, None for all: those that `require` names, else the part that was selected."""
    top, _, below = (judged.pointer or "").removeprefix("/").partition("/")
    return mentioned(judged.criterion.require) if top == "" or (top == "items" and below) else frozenset({top})


def _any(_finding: Finding, _require: JsonObject) -> bool:
    return True


def _counted(fact: str) -> Behind:
    """Return a test for a fact that counts by severity: those severities that `require` bounds."""

    def test(finding: Finding, require: JsonObject) -> bool:
        if finding.suppressed or (fact == "new" and finding.new is not True):
            return False
        return finding.severity in _bounded(require, fact)

    return test


def _bounded(require: JsonObject, fact: str) -> frozenset[str]:
    """Return the severities below a fact that a schema asks about; all of them where it names none."""
    properties = require.get("properties")
    schema: Json = properties.get(fact) if isinstance(properties, dict) else None
    below = schema.get("properties") if isinstance(schema, dict) else None
    return frozenset(below) if isinstance(below, dict) and below else frozenset(SEVERITIES)


def _unsuppressed(finding: Finding, _require: JsonObject) -> bool:
    return not finding.suppressed


def _suppressed(finding: Finding, _require: JsonObject) -> bool:
    return finding.suppressed


def _fixable(finding: Finding, _require: JsonObject) -> bool:
    fixed = finding.properties.get("fixed_versions") or finding.properties.get("fix_versions")
    fixed = fixed or finding.properties.get("fixed_version") or finding.properties.get("fixable") is True
    return not finding.suppressed and bool(fixed)


def _fixable_of(fact: str) -> Behind:
    """Return a test for a fact that counts those with a fix by severity."""
    counted = _counted(fact)
    return lambda finding, require: _fixable(finding, require) and counted(finding, require)


def _of_image(finding: Finding, require: JsonObject) -> bool:
    """Whether a criterion counts this one: those with a fix where it says so (`if` is its parameter), by severity."""
    only_fixable = require.get("if") is True
    branch = require.get("then" if only_fixable else "else")
    if not isinstance(branch, dict) or finding.suppressed or (only_fixable and not _fixable(finding, require)):
        return False
    return finding.severity in _bounded(branch, "fixable_counts" if only_fixable else "counts")


def _rule(*names: str) -> Behind:
    return lambda finding, _require: finding.rule in names


def _live_rule(*names: str) -> Behind:
    return lambda finding, _require: finding.rule in names and not finding.suppressed


def _ci_rule(finding: Finding, require: JsonObject) -> bool:
    """Whether a criterion names the rule of zizmor that this one is of."""
    properties = require.get("properties")
    schema = properties.get("by_rule") if isinstance(properties, dict) else None
    below = schema.get("properties") if isinstance(schema, dict) else None
    names = {f"zizmor.{name}" for name in below} if isinstance(below, dict) else set()
    return not finding.suppressed and (not names or finding.rule in names)


def _ci_audited(finding: Finding, require: JsonObject) -> bool:
    """Whether it is zizmor's, and of a severity that is counted."""
    return finding.tool == "zizmor" and not finding.suppressed and finding.severity in _bounded(require, "findings")


BEHIND: dict[tuple[str, str], Behind] = {
    ("ci", "by_rule"): _ci_rule,
    ("ci", "continue_on_error"): _live_rule("ci.continue-on-error"),
    ("ci", "findings"): _ci_audited,
    ("ci", "suppressed"): _suppressed,
    ("ci", "swallowed_failures"): _live_rule("ci.swallowed-failure"),
    ("compose", "problems"): _unsuppressed,
    ("coverage", "patch"): _any,
    ("dependencies", "counts"): _counted("counts"),
    ("dependencies", "fixable"): _fixable,
    ("dependencies", "fixable_counts"): _fixable_of("fixable_counts"),
    ("dependencies", "vulnerable"): _unsuppressed,
    ("dockerfile", "lint"): _unsuppressed,
    ("dockerfile", "suppressed"): _suppressed,
    ("docs", "broken_links"): _rule("docs.broken-link"),
    ("docs", "placeholders"): _rule("docs.placeholder"),
    ("grafana", "invalid"): _live_rule(
        "grafana.uid-twice", "grafana.no-panels", "grafana.unknown-datasource", "grafana.no-title"
    ),
    ("grafana", "queries_broken"): _live_rule("grafana.query"),
    ("image", "counts"): _of_image,
    ("image", "fixable"): _fixable,
    ("image", "vulnerable"): _unsuppressed,
    ("kubernetes", "removed_apis"): _live_rule("kubernetes.removed-api"),
    ("kubernetes", "schema_invalid"): _live_rule("kubernetes.schema-invalid"),
    ("licenses", "contradictions"): _live_rule("licenses.contradictory"),
    ("licenses", "denied"): _live_rule("licenses.denied"),
    ("licenses", "known_percent"): _live_rule("licenses.unknown"),
    ("licenses", "not_allowed"): _live_rule("licenses.denied", "licenses.not-allowed"),
    ("licenses", "unknown"): _live_rule("licenses.unknown"),
    ("prometheus", "configs"): _live_rule("prometheus.invalid-config"),
    ("prometheus", "duplicates"): _live_rule("prometheus.duplicate-alert"),
    ("prometheus", "expression_errors"): _live_rule("prometheus.expression"),
    ("prometheus", "rules_invalid"): _live_rule("prometheus.invalid-rule", "prometheus.expression"),
    ("sast", "counts"): _counted("counts"),
    ("sast", "new"): _counted("new"),
    ("sast", "suppressed"): _suppressed,
    ("terraform", "misconfigurations"): _counted("misconfigurations"),
    ("tests", "errors"): _any,
    ("tests", "failed"): _any,
    ("tests", "pass_rate"): _any,
}
