"""From the results of a SARIF run to findings: counted at once, made when somebody looks at them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from hashlib import blake2b as _hash
from operator import attrgetter

from gate.collect.readers.cycles import without_cycle_search
from gate.collect.readers.sarif_parts import UNSCORED, Level, Result, Run, Suppression, Tool
from gate.collect.readers.sarif_places import NOWHERE, Places
from gate.collect.readers.sarif_rules import Rules
from gate.model.finding import Finding, quick_finding
from gate.model.json import JsonObject
from gate.model.lazy import LazyFindings, Sort

_NOT_FINDINGS = frozenset({"pass", "notApplicable", "informational"})
_FINGERPRINT: Callable[[Finding], str] = attrgetter("fingerprint")
_SHAPE: Callable[[Result], tuple[str | None, int | None, Level, str | None, str | None]] = attrgetter(
    "rule_id", "rule_index", "level", "kind", "baseline_state"
)


def lazy_findings(run: Run, tool: str, places: Places) -> LazyFindings:
    """Return the findings of a run: the results that do not say that a check passed, or that they are gone."""
    rules = Rules(run.tool or Tool(), tool)
    return LazyFindings(_tally(run.results or (), rules, tool), partial(_make, run.results or (), rules, tool, places))


def _tally(results: Sequence[Result], rules: Rules, tool: str) -> Counter[Sort]:
    """Count the findings without making them: most results differ in nothing that a count asks about."""
    tally: Counter[Sort] = Counter()
    odd = [
        result
        for result in results
        if result.suppressions
        or result.rule is not None
        or ((bag := result.properties) is not None and bag.security_severity is not UNSCORED)
    ]
    for result in odd:
        if _is_finding(result.kind, result.baseline_state):
            severity = rules.of(result).severity(result)
            tally[tool, severity, _is_suppressed(result.suppressions), None] += 1
    if odd:
        counted = set(map(id, odd))
        results = [result for result in results if id(result) not in counted]
    for (rule_id, rule_index, level, kind, baseline), count in Counter(map(_SHAPE, results)).items():
        if _is_finding(kind, baseline):
            tally[tool, rules.named(rule_id, rule_index).grade(level, kind), False, None] += count
    return tally


def _is_finding(kind: str | None, baseline: str | None) -> bool:
    return baseline != "absent" and kind not in _NOT_FINDINGS


def _make(results: Sequence[Result], rules: Rules, tool: str, places: Places) -> list[Finding]:
    with without_cycle_search():
        findings = _made(results, rules, tool, places)
        _tell_apart(findings)
    return findings


def _made(results: Sequence[Result], rules: Rules, tool: str, places: Places) -> list[Finding]:
    """Make the findings. Written as one flat loop: a large report runs through it half a million times."""
    rule_of, place_of = rules.of, places.of
    findings: list[Finding] = []
    for result in results:
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
                _is_suppressed(result.suppressions),
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


def _is_suppressed(suppressions: Sequence[Suppression] | None) -> bool:
    """Whether it is suppressed, and each suppression was accepted, as is one that says nothing of it (§3.27.23)."""
    return bool(suppressions) and all(suppression.status in (None, "accepted") for suppression in suppressions or ())
