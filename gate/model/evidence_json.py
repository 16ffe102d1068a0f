"""Evidence as JSON and back: the `evidence[]` entries of Verdict JSON v1, of Evidence JSON v1 and of the bundle.

The entries carry no findings; those are written beside them (`finding_entry`), one JSON object each.
"""

from __future__ import annotations

from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Source, Unreadable
from gate.model.finding import SEVERITIES, Finding
from gate.model.json import Json, JsonObject


class EvidenceFormatError(ValueError):
    """An entry that is not what `evidence_entry` or `finding_entry` writes; the message names the key."""


def evidence_entry(evidence: Evidence) -> JsonObject:
    """Return `{kind, state, reason, not_applicable, facts, sources[], gaps[]}`; facts are null unless collected."""
    entry: JsonObject = {"kind": evidence.kind}
    match evidence:
        case Collected():
            entry |= {"state": "collected", "reason": None, "not_applicable": False, "facts": evidence.facts}
            sources = evidence.sources
        case Missing():
            entry |= {"state": "missing", "reason": evidence.reason, "not_applicable": evidence.not_applicable}
            entry["facts"] = None
            sources = ()
        case Unreadable():
            entry |= {"state": "unreadable", "reason": evidence.reason, "not_applicable": False, "facts": None}
            sources = evidence.sources
    entry["sources"] = [_source_entry(source) for source in sources]
    entry["gaps"] = [_gap_entry(gap) for gap in evidence.gaps]
    if evidence.leg:
        entry["leg"] = evidence.leg
    return entry


def read_evidence(entry: Json, findings: tuple[Finding, ...] = ()) -> Evidence:
    """Return the evidence that an entry describes, with these findings. Raises EvidenceFormatError."""
    kind = _text(entry, "kind")
    gaps = tuple(_read_gap(item) for item in _list(entry, "gaps"))
    sources = tuple(_read_source(item) for item in _list(entry, "sources"))
    match _text(entry, "state"):
        case "collected":
            facts = _object(entry).get("facts")
            if not isinstance(facts, dict):
                raise EvidenceFormatError("facts is not an object")
            return Collected(kind, facts, sources, gaps, findings)
        case "missing":
            return Missing(kind, _text(entry, "reason"), _object(entry).get("not_applicable") is True, gaps)
        case "unreadable":
            return Unreadable(kind, _text(entry, "reason"), sources, gaps)
        case other:
            raise EvidenceFormatError(f"state is {other!r}, expected collected, missing or unreadable")


def finding_entry(finding: Finding) -> JsonObject:
    """Return one finding as a JSON object."""
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "message": finding.message,
        "tool": finding.tool,
        "path": finding.path,
        "line": finding.line,
        "fingerprint": finding.fingerprint,
        "suppressed": finding.suppressed,
        "new": finding.new,
        "properties": finding.properties,
    }


def read_finding(entry: Json) -> Finding:
    """Return the finding that an object describes. Raises EvidenceFormatError."""
    item = _object(entry)
    severity = _text(item, "severity")
    if severity not in SEVERITIES:
        raise EvidenceFormatError(f"severity is {severity!r}, expected one of {', '.join(SEVERITIES)}")
    new = item.get("new")
    if new is not None and not isinstance(new, bool):
        raise EvidenceFormatError("new is neither true, false nor null")
    properties = item.get("properties")
    return Finding(
        rule=_text(item, "rule"),
        severity=severity,
        message=_text(item, "message"),
        tool=_text(item, "tool"),
        path=_optional_text(item, "path"),
        line=_optional_line(item),
        fingerprint=_text(item, "fingerprint"),
        suppressed=item.get("suppressed") is True,
        new=new,
        properties=_object(properties) if properties is not None else {},
    )


def _source_entry(source: Source) -> JsonObject:
    return {
        "how": source.how.value,
        "path": source.path,
        "sha256": source.sha256,
        "tool": source.tool,
        "version": source.version,
        "detail": source.detail,
    }


def _read_source(entry: Json) -> Source:
    how = _text(entry, "how")
    if how not in {item.value for item in How}:
        raise EvidenceFormatError(f"how is {how!r}, expected produced, supplied or attested")
    names = ("path", "sha256", "tool", "version", "detail")
    path, sha256, tool, version, detail = (_optional_text(entry, name) for name in names)
    return Source(How(how), path, sha256, tool, version, detail)


def _gap_entry(gap: Gap) -> JsonObject:
    return {
        "subject": gap.subject,
        "reason": gap.reason,
        "path": gap.path,
        "line": gap.line,
        "facts": list(gap.facts),
    }


def _read_gap(entry: Json) -> Gap:
    facts = _list(entry, "facts")
    if not all(isinstance(name, str) for name in facts):
        raise EvidenceFormatError("facts of a gap are not all names")
    return Gap(
        subject=_text(entry, "subject"),
        reason=_text(entry, "reason"),
        path=_optional_text(entry, "path"),
        line=_optional_line(entry),
        facts=tuple(str(name) for name in facts),
    )


def _object(entry: Json) -> JsonObject:
    if not isinstance(entry, dict):
        raise EvidenceFormatError("an entry is not an object")
    return entry


def _list(entry: Json, name: str) -> list[Json]:
    value = _object(entry).get(name)
    if not isinstance(value, list):
        raise EvidenceFormatError(f"{name} is not a list")
    return value


def _text(entry: Json, name: str) -> str:
    value = _object(entry).get(name)
    if not isinstance(value, str):
        raise EvidenceFormatError(f"{name} is not text")
    return value


def _optional_text(entry: Json, name: str) -> str | None:
    value = _object(entry).get(name)
    return None if value is None else _text(entry, name)


def _optional_line(entry: Json) -> int | None:
    value = _object(entry).get("line")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise EvidenceFormatError("line is not a number of a line")
    return value
