"""pip-audit's JSON report (`pip-audit -f json`), of the gate's own run or of an earlier step.

Two layouts are read: `{"dependencies": […], "fixes": […]}`, and the bare list of pip-audit before 2.5. An entry is
`{name, version, vulns: [{id, fix_versions, aliases}]}` or `{name, skip_reason}`; there are no severities.
"""

from __future__ import annotations

from dataclasses import dataclass

from gate.collect.readers.audit import AuditedPackage, SkippedPackage, Vulnerability
from gate.collect.readers.errors import ReportError
from gate.collect.readers.python_packages import normal_name, normal_version, without_credentials
from gate.formats.strict_json import JsonProblem, loads
from gate.model.json import Json, JsonObject

__all__ = ["AuditedPackage", "PipAuditReport", "SkippedPackage", "Vulnerability", "read_pip_audit"]

_MAX_PACKAGES = 50_000


@dataclass(frozen=True, slots=True)
class PipAuditReport:
    """What one report says."""

    audited: tuple[AuditedPackage, ...]
    skipped: tuple[SkippedPackage, ...] = ()


def read_pip_audit(data: bytes) -> PipAuditReport:
    """Return what a report of pip-audit says. Raises ReportError.

    A report that names no package proves nothing and is refused; so is an entry with neither `vulns` nor `skip_reason`.
    """
    if not data.strip():
        raise ReportError("is empty: pip-audit ended before it wrote a report")
    try:
        document = loads(data)
    except JsonProblem as problem:
        raise ReportError(f"cannot be read as JSON: {problem.reason}", problem.line) from None
    entries = document.get("dependencies") if isinstance(document, dict) else document
    if not isinstance(entries, list):
        raise ReportError("is not pip-audit's JSON: there is no list of dependencies in it")
    if not entries:
        raise ReportError("names no package, so nothing was audited")
    if len(entries) > _MAX_PACKAGES:
        raise ReportError(f"names {len(entries):,} packages; at most {_MAX_PACKAGES:,} are read")
    read = [_entry(entry, f"dependencies[{index}]") for index, entry in enumerate(entries)]
    return PipAuditReport(
        tuple(item for item in read if isinstance(item, AuditedPackage)),
        tuple(item for item in read if isinstance(item, SkippedPackage)),
    )


def _object(value: Json, where: str) -> JsonObject:
    if not isinstance(value, dict):
        raise ReportError(f"is not pip-audit's JSON: {where} is no object")
    return value


def _text(table: JsonObject, key: str, where: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ReportError(f"is not pip-audit's JSON: {where} has no {key}")
    return value


def _texts(table: JsonObject, key: str, where: str) -> list[str]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ReportError(f"is not pip-audit's JSON: {where}.{key} is no list of texts")
    return [str(item) for item in value]


def _entry(value: Json, where: str) -> AuditedPackage | SkippedPackage:
    entry = _object(value, where)
    written = _text(entry, "name", where)
    if "skip_reason" in entry:
        return SkippedPackage(without_credentials(written), without_credentials(_text(entry, "skip_reason", where)))
    name, version = normal_name(written), normal_version(_text(entry, "version", where))
    if name is None or version is None:
        raise ReportError(f"is not pip-audit's JSON: {where} has a name or a version that is none")
    vulnerabilities = entry.get("vulns")
    if not isinstance(vulnerabilities, list):
        raise ReportError(f"says of {name} neither which vulnerabilities it has nor why it was skipped ({where})")
    return AuditedPackage(
        name,
        version,
        tuple(_vulnerability(item, f"{where}.vulns[{index}]") for index, item in enumerate(vulnerabilities)),
    )


def _vulnerability(value: Json, where: str) -> Vulnerability:
    entry = _object(value, where)
    return Vulnerability(
        without_credentials(_text(entry, "id", where)),
        frozenset(without_credentials(alias) for alias in _texts(entry, "aliases", where)),
        tuple(without_credentials(version) for version in _texts(entry, "fix_versions", where)),
    )
