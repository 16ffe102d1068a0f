"""The misconfigurations in Trivy's JSON report (`trivy fs --scanners misconfig --format json`).

A result of class "config" is about one file (`Target`); `Misconfigurations` holds what its checks say. Newer versions
call a check "AWS-0107" where older ones say "AVD-AWS-0107": here it is always the shorter name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.collect.readers.errors import ReportError
from gate.collect.readers.json_members import Members
from gate.formats.strict_json import JsonProblem, loads

if TYPE_CHECKING:
    from gate.model.finding import Severity

SCHEMA_VERSION = 2
_LIMIT = 256 * 1024 * 1024
_MAX_RESULTS = 200_000
_MAX_ENTRIES = 2_000_000
_SEVERITIES: dict[str, Severity] = {
    "CRITICAL": "critical",
    "HIGH": "high",
    "MEDIUM": "medium",
    "LOW": "low",
    "UNKNOWN": "unknown",
}


@dataclass(frozen=True, slots=True)
class Misconfiguration:
    """One failed check. `target` is the file; `line` and `end` count from 1, None where Trivy names no place."""

    target: str
    rule: str
    severity: Severity
    title: str
    message: str
    line: int | None = None
    end: int | None = None
    resource: str | None = None
    resolution: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class MisconfigurationReport:
    """One report. `targets` are the files and folders that have a result."""

    artifact_type: str
    targets: tuple[str, ...]
    failed: tuple[Misconfiguration, ...]


def read_trivy_misconfigurations(data: bytes) -> MisconfigurationReport:
    """Return what a report says. Raises ReportError."""
    if not data.strip():
        raise ReportError("is empty: trivy ended before it wrote a report")
    try:
        document = loads(data, limit=_LIMIT)
    except JsonProblem as problem:
        raise ReportError(f"cannot be read as JSON: {problem.reason}", problem.line) from None
    if not isinstance(document, dict):
        raise ReportError("is not Trivy's JSON of schema version 2: it is no object")
    version = document.get("SchemaVersion")
    if version != SCHEMA_VERSION or isinstance(version, bool):
        raise ReportError("is not Trivy's JSON of schema version 2")
    top = Members(document, "", "Trivy's JSON")
    kind = top.text("ArtifactType")
    if kind is None:
        raise ReportError("is not Trivy's JSON: it has no ArtifactType, so it does not say what was scanned")
    results = [result for result in top.objects("Results", _MAX_RESULTS) if result.text("Class") == "config"]
    failed = [_entry(result.text("Target") or "", item) for result in results for item in _failures(result)]
    return MisconfigurationReport(kind, tuple(result.text("Target") or "" for result in results), tuple(failed))


def _failures(result: Members) -> list[Members]:
    return [item for item in result.objects("Misconfigurations", _MAX_ENTRIES) if item.needed("Status") == "FAIL"]


def _entry(target: str, item: Members) -> Misconfiguration:
    severity = item.needed("Severity").upper()
    if severity not in _SEVERITIES:
        raise ReportError(f"is not Trivy's JSON: {item.where} has the severity {severity[:20]!r}")
    cause = item.object("CauseMetadata")
    return Misconfiguration(
        target=target,
        rule=(item.text("AVDID") or item.needed("ID")).removeprefix("AVD-"),
        severity=_SEVERITIES[severity],
        title=item.text("Title") or "",
        message=item.text("Message") or item.text("Title") or "",
        line=_line(cause.number("StartLine")),
        end=_line(cause.number("EndLine")),
        resource=cause.text("Resource"),
        resolution=item.text("Resolution"),
        url=item.text("PrimaryURL"),
    )


def _line(value: float | None) -> int | None:
    return int(value) if value else None
