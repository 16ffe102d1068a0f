"""From the results of a SARIF run to findings: counted at once, made when somebody looks at them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from hashlib import blake2b as _hash
from math import isfinite
from operator import attrgetter

from gate.collect.readers.cycles import without_cycle_search
from gate.collect.readers.sarif_parts import UNSCORED, Level, Properties, Result, Run, Suppression, Tool
from gate.collect.readers.sarif_places import NOWHERE, Places
from gate.collect.readers.sarif_rules import Known, Rules, cvss, cwe_classes, one_line
from gate.model.finding import Finding, quick_finding
from gate.model.json import JsonObject
from gate.model.lazy import BASELINE_STATES, LazyFindings, Sort

_MAX_SUPPRESSIONS = 20
_SUPPRESSED_BY = {"inSource": "in_source", "external": "external"}
_NOT_FINDINGS = frozenset({"pass", "notApplicable", "informational"})
_FINGERPRINT: Callable[[Finding], str] = attrgetter("fingerprint")
_SHAPE: Callable[[Result], tuple[str | None, int | None, Level, str | None, str | None]] = attrgetter(
    "rule_id", "rule_index", "level", "kind", "baseline_state"
)


def lazy_findings(run: Run, tool: str, places: Places) -> tuple[LazyFindings, int]:
    """Return the findings of a run, and how many more are gone since the baseline. The run's results go into them.

    Results that say that a check passed, does not apply or only informs are neither.
    """
    results, rules = run.results or [], Rules(run.tool or Tool(), tool)
    tally, absent = _tally(results, rules, tool)
    return LazyFindings(tally, partial(_make, results, rules, tool, places)), absent


def _tally(results: Sequence[Result], rules: Rules, tool: str) -> tuple[Counter[Sort], int]:
    """Count the findings without making them: most results differ in nothing that a count asks about."""
    tally: Counter[Sort] = Counter()
    absent = 0
    odd = [
        result
        for result in results
        if result.suppressions
        or result.rule is not None
        or ((bag := result.properties) is not None and bag.security_severity is not UNSCORED)
    ]
    for result in odd:
        if result.kind in _NOT_FINDINGS:
            continue
        if result.baseline_state == "absent":
            absent += 1
            continue
        severity, by = rules.of(result).severity(result), _suppressed_by(result.suppressions)
        tally[tool, severity, by is not None, None, by, _baseline(result.baseline_state)] += 1
    if odd:
        counted = set(map(id, odd))
        results = [result for result in results if id(result) not in counted]
    for (rule_id, rule_index, level, kind, baseline), count in Counter(map(_SHAPE, results)).items():
        if kind in _NOT_FINDINGS:
            continue
        if baseline == "absent":
            absent += count
            continue
        severity = rules.named(rule_id, rule_index).grade(level, kind)
        tally[tool, severity, False, None, None, _baseline(baseline)] += count
    return tally, absent


def _make(results: list[Result], rules: Rules, tool: str, places: Places) -> list[Finding]:
    """Make the findings out of the results, of which none is left: half a million of both would not fit."""
    results.reverse()
    with without_cycle_search():
        findings = _made(results, rules, tool, places)
        _tell_apart(findings)
    return findings


def _made(results: list[Result], rules: Rules, tool: str, places: Places) -> list[Finding]:
    """Make the findings. Written as one flat loop: a large report runs through it half a million times."""
    rule_of, place_of = rules.of, places.of
    findings: list[Finding] = []
    while results:
        result = results.pop()
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
        bag, baseline, suppressions = result.properties, result.baseline_state, result.suppressions
        scored = bag is not None and bag.security_severity is not UNSCORED
        if suppressions or baseline or scored or result.taxa or (bag is not None and bag.tags):
            properties = _with_own(properties, known, result)
        # What identifies it apart from its line: the tool's own fingerprint, else the message.
        own = result.fingerprints or result.partial_fingerprints
        identity = (own.get("primaryLocationLineHash") or repr(sorted(own.items()))) if own else message
        identity = f"{known.prefix}{place.text}\0{identity}"
        plain = not scored and result.kind is None
        findings.append(
            quick_finding(
                known.id,
                (known.by_level.get(result.level) if plain else None) or known.severity(result),
                message,
                tool,
                place.path,
                line,
                _hash(identity.encode(), digest_size=16).hexdigest(),
                _suppressed_by(suppressions) is not None if suppressions else False,
                None,
                properties,
            )
        )
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


def _with_own(properties: JsonObject, known: Known, result: Result) -> JsonObject:
    """Return properties with what the result says besides its rule."""
    more: JsonObject = dict(properties)
    bag = result.properties or Properties()
    number = cvss(bag)
    if number is not None and isfinite(number):
        more["security_severity"] = number
    classes = cwe_classes(bag.tags or (), result.taxa or ())
    if classes:
        more["classes"] = list(dict.fromkeys((*known.classes, *classes)))
    if (state := _baseline(result.baseline_state)) is not None:
        more["baseline_state"] = state
    if result.suppressions:
        more["suppressions"] = [_told(suppression) for suppression in result.suppressions[:_MAX_SUPPRESSIONS]]
    return more


def _told(suppression: Suppression) -> JsonObject:
    told: JsonObject = {"kind": _kind(suppression), "status": one_line(suppression.status or "accepted", 20)}
    if suppression.justification:
        told["justification"] = one_line(suppression.justification, 300)
    return told


def _suppressed_by(suppressions: Sequence[Suppression] | None) -> str | None:
    """Return the kind of the first suppression, None unless each was accepted, as is one that says nothing (§3.27.23).

    Whoever rejected one, or still reviews it, wants the result to be seen.
    """
    if not suppressions or not all(suppression.status in (None, "accepted") for suppression in suppressions):
        return None
    return _kind(suppressions[0])


def _kind(suppression: Suppression) -> str:
    return _SUPPRESSED_BY.get(suppression.kind or "", "other")


def _baseline(state: str | None) -> str | None:
    return state if state in BASELINE_STATES else None
