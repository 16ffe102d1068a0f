"""One result of a SARIF log (§3.27): a finding, or a criterion that is not met or waived."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote

from gate.formats.plain import one_line
from gate.model.evidence import Missing
from gate.model.finding import Finding, Severity
from gate.model.json import Json, JsonObject
from gate.model.policy import Waiver
from gate.model.verdict import CriterionResult, Verdict
from gate.report.behind import GATE, Behind, Weight
from gate.report.quiet import quiet, relative_path, sentence_case

FINGERPRINT = "readinessGate/v1"
"""Our own key among the partial fingerprints. `primaryLocationLineHash` is a hash of the text of the line and of what
follows it; a verdict holds no text of the files, so none is given."""
LEVELS: dict[Severity, str] = {
    "critical": "error",
    "high": "error",
    "medium": "warning",
    "low": "note",
    "unknown": "warning",
}
_WEIGHTS: dict[Weight, tuple[str, Severity]] = {
    Weight.BLOCKS: ("error", "high"),
    Weight.CONDITION: ("warning", "medium"),
    Weight.ADVICE: ("note", "low"),
}
_SECURITY = frozenset({"ci", "dependencies", "image", "sast", "secrets", "terraform"})
"""Kinds whose severities are those of a weakness, and not how much a failing test weighs."""
_SCORES: dict[Severity, str] = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0"}
"""A CVSS score in the middle of each severity, as GitHub reads `security-severity`, where the tool gave none."""
_DEFAULT_POLICY = ".gate/policy.yml"
_MESSAGE = 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """A result with what it is sorted by, and what its rule is made of."""

    tool: str
    rule: str
    weight: Weight
    severity: Severity
    suppressed: bool
    new: bool
    result: JsonObject
    score: str | None = None
    """`security-severity`: a CVSS score as text"""
    title: str = ""
    criterion: CriterionResult | None = None
    """the criterion that explains the rule: its own, or the gravest that a finding stands behind"""


def of_finding(finding: Finding, behind: Behind, verdict: Verdict) -> Entry:
    """Return a finding as a result. One without a place is put where a criterion without findings is put."""
    criteria = sorted(behind.criteria(finding), key=behind.weight_of)
    security = behind.kind(finding) in _SECURITY and not behind.is_ours(finding)
    score = _score(finding) if security else None
    place = relative_path(finding.path)
    message = quiet(finding.message, _MESSAGE) or quiet(finding.rule, _MESSAGE) or "no message"
    properties: JsonObject = {"tool": one_line(behind.tool(finding), 100), "severity": finding.severity}
    properties |= {"security-severity": score} if score is not None else {}
    properties |= {"new": finding.new} if finding.new is not None else {}
    result = _result(
        LEVELS[finding.severity],
        message,
        place or _place_of(verdict, None),
        (finding.line or 1) if place is not None else 1,
        one_line(finding.fingerprint) or _hash(finding.tool, finding.rule, str(finding.path), finding.message),
    )
    result["properties"] = properties
    if finding.suppressed:
        result["suppressions"] = _suppressions(finding)
    return Entry(
        tool=behind.tool(finding),
        rule=finding.rule,
        weight=min(map(behind.weight_of, criteria), default=Weight.ADVICE),
        severity=finding.severity,
        suppressed=finding.suppressed,
        new=finding.new is True,
        result=result,
        score=score,
        title=_text(finding.properties.get("name")),
        criterion=criteria[0] if criteria else None,
    )


def of_criterion(
    item: CriterionResult, weight: Weight, verdict: Verdict, waiver: Waiver | None = None, waived: bool = False
) -> Entry:
    """Return a criterion as a result at the policy; a waived one is suppressed from outside (§3.35.2)."""
    level, severity = _WEIGHTS[weight]
    place = _place_of(verdict, item.evidence_kind)
    reason = quiet(item.reason, _MESSAGE) or quiet(item.title, _MESSAGE) or "no reason was given"
    result = _result(level, sentence_case(reason), place, 1, _hash(GATE, item.id))
    result["properties"] = {"outcome": item.outcome.value, "criterionLevel": item.level.value}
    if waived:
        why = quiet(f"{waiver.reason} (until {item.waived_until or waiver.expires})" if waiver else item.reason, 300)
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": why}]
    return Entry(GATE, item.id, weight, severity, waived, False, result, None, item.title, item)


def _result(level: str, message: str, path: str, line: int, fingerprint: str) -> JsonObject:
    return {
        "level": level,
        "message": {"text": message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": uri(path)},
                    "region": {"startLine": max(1, line)},
                }
            }
        ],
        "partialFingerprints": {FINGERPRINT: fingerprint},
    }


def uri(path: str) -> str:
    """Return a relative path as a URI reference (RFC 3986), everything but unreserved characters percent-encoded."""
    try:
        return quote(path, safe="/", errors="surrogateescape")
    except UnicodeEncodeError:
        return quote(path, safe="/", errors="replace")


def _place_of(verdict: Verdict, kind: str | None) -> str:
    """Return where a result without a place is shown: at the policy, else at the first source.

    GitHub refuses a whole log for one result without a location.
    """
    # The policy of another repository is no file of this one.
    policy = None if verdict.policy.repository else relative_path(verdict.policy.path)
    if policy is not None:
        return policy
    evidence = [item for item in verdict.evidence if not isinstance(item, Missing)]
    sources = [source for item in evidence if kind in (None, item.kind) for source in item.sources]
    return next((path for source in sources if (path := relative_path(source.path))), _DEFAULT_POLICY)


def _score(finding: Finding) -> str | None:
    """Return the CVSS score that the tool gave where it fits the severity, else one in the middle of it."""
    own = finding.properties.get("security_severity")
    if isinstance(own, int | float) and not isinstance(own, bool) and _named(own) == finding.severity:
        return f"{own:.1f}"
    return _SCORES.get(finding.severity)


def _named(score: float) -> str:
    """Return the severity that a CVSS score stands for (CVSS 3.1 §5)."""
    rounded = round(score, 1)
    if not 0 < rounded <= 10:
        return ""
    return "critical" if rounded >= 9 else "high" if rounded >= 7 else "medium" if rounded >= 4 else "low"


def _suppressions(finding: Finding) -> list[Json]:
    """Return how a finding was suppressed (§3.35); by a comment beside the code where the reader did not say."""
    own = finding.properties.get("suppressions")
    first = own[0] if isinstance(own, list) and own and isinstance(own[0], dict) else {}
    suppression: JsonObject = {
        "kind": "external" if first.get("kind") == "external" else "inSource",
        "status": "accepted",
    }
    justification = quiet(_text(first.get("justification")), 300)
    return [suppression | ({"justification": justification} if justification else {})]


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _hash(*parts: str) -> str:
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
