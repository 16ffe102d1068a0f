"""The facts of `licenses` that follow from its findings, and the findings themselves, in one place.

Severity: a denied licence is `high`, one that is not allowed `medium`, sources that differ `low`; of an unknown licence
nobody can say how bad it is, so it is `unknown`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from gate.collect.licenses.lists import Lists, Standing
from gate.collect.licenses.packages import Judged
from gate.formats.plain import one_line
from gate.model.finding import Finding, Severity
from gate.model.json import Json, JsonObject

DENIED = "licenses.denied"
NOT_ALLOWED = "licenses.not-allowed"
UNKNOWN = "licenses.unknown"
CONTRADICTORY = "licenses.contradictory"
_SEVERITIES: dict[str, Severity] = {
    DENIED: "high",
    NOT_ALLOWED: "medium",
    UNKNOWN: "unknown",
    CONTRADICTORY: "low",
}
_TOOL = "licenses"
_LIST_TEXT = 400

Place = tuple[str, int | None]


def license_facts(findings: Sequence[Finding], facts: JsonObject) -> JsonObject:
    """Return the facts with everything that counts findings counted anew.

    A finding is one thing about one version of one package; suppressed ones (a waiver, development where it is left
    out) are not counted. `denied` and `not_allowed` exist only where there is such a list: an empty one would read as
    clean. Pure, and the same facts come out when they go in again.
    """
    live = [finding for finding in findings if not finding.suppressed]
    unknown = _number(live, UNKNOWN)
    packages = facts.get("packages")
    counted: JsonObject = {"unknown": unknown, "contradictions": _listed(live, CONTRADICTORY)}
    if isinstance(packages, int) and packages > 0:
        counted["known_percent"] = _percent(packages - unknown, packages)
    if facts.get("deny"):
        counted["denied"] = _listed(live, DENIED)
    if facts.get("allow"):
        counted["not_allowed"] = _listed(live, DENIED, NOT_ALLOWED)
    development = facts.get("development")
    if isinstance(development, dict):
        ours = [finding for finding in findings if finding.properties.get("development") is True]
        counted["development"] = development | {
            "unknown": _number(ours, UNKNOWN),
            "denied": _number(ours, DENIED),
            "not_allowed": _number(ours, NOT_ALLOWED),
        }
    return facts | counted


def _number(findings: Iterable[Finding], rule: str) -> int:
    return sum(finding.rule == rule for finding in findings)


def _percent(part: int, whole: int) -> float:
    """Return a percentage with two digits, rounded down, so that it is 100 only where nothing is left out."""
    return part * 10_000 // whole / 100


def _listed(findings: Iterable[Finding], *rules: str) -> list[Json]:
    """Return "ECOSYSTEM NAME VERSION: LICENCE" for each finding of the rules, sorted."""
    return [*sorted(str(finding.properties["text"]) for finding in findings if finding.rule in rules)]


def counts_of(judged: Sequence[Judged], *, leave_out: bool) -> JsonObject:
    """Return the facts that count packages: those for development too, unless they are left out.

    `by_license` counts a package under each licence that its expression names, so that no AND hides one.
    """
    kept = [item for item in judged if not (leave_out and item.development)]
    by_license = Counter(id_ for item in kept for id_ in item.ids)
    return {
        "packages": len(kept),
        "untold": sum(item.expression is None for item in kept),
        "by_license": {name: by_license[name] for name in sorted(by_license)},
        "development": {"packages": sum(item.development for item in judged), "left_out": leave_out},
    }


def findings_of(
    judged: Iterable[Judged], lists: Lists, place: Callable[[Judged], Place], *, has_allow: bool, leave_out: bool
) -> list[Finding]:
    """Return a finding for each package that is denied, not allowed or unknown, and for each that sources differ on."""
    findings = []
    for item in judged:
        for rule, said in _said(item, lists, has_allow):
            findings.append(_finding(item, rule, said, place(item), suppressed=leave_out and item.development))
    return findings


def _said(item: Judged, lists: Lists, has_allow: bool) -> Iterable[tuple[str, str]]:
    """Yield a rule and the end of the sentence "NAME VERSION …"."""
    if item.standing is Standing.DENIED and item.expression is not None:
        denied = ", ".join(lists.denied_ids(item.expression))
        only = "" if denied == item.text else f" (it is under {item.text})"
        yield DENIED, f"is under {denied}, which is denied{only}"
    elif item.standing is Standing.NOT_ALLOWED and has_allow:
        yield NOT_ALLOWED, f"is under {item.text}, which is not allowed"
    elif item.standing is Standing.UNKNOWN:
        told = f"has the licence “{item.text}”, which is no licence that SPDX knows" if item.text else _UNTOLD
        yield UNKNOWN, told
    if item.differing:
        yield CONTRADICTORY, f"has several licences, by source: {'; '.join(item.differing)}"


_UNTOLD = "has a licence that no source tells"


def name_of(item: Judged) -> str:
    """Return what a sentence calls a package."""
    return f"{item.package.name} {item.package.version}".strip()


def _finding(item: Judged, rule: str, said: str, place: Place, *, suppressed: bool) -> Finding:
    package = item.package
    name = name_of(item)
    licence = "; ".join(item.differing) if rule == CONTRADICTORY else item.text or "no source tells it"
    identity = (package.ecosystem, package.name, package.version, rule)
    return Finding(
        rule=rule,
        severity=_SEVERITIES[rule],
        message=one_line(f"{name} {said}", _LIST_TEXT),
        tool=_TOOL,
        path=place[0],
        line=place[1],
        fingerprint=sha256("\0".join(identity).encode("utf-8", "backslashreplace")).hexdigest(),
        suppressed=suppressed,
        properties={
            "package": package.name,
            "version": package.version,
            "ecosystem": package.ecosystem,
            "license": item.text,
            "text": one_line(f"{name}: {licence}", _LIST_TEXT),
            "sources": [*item.sources[:20]],
            "development": item.development,
        },
    )
