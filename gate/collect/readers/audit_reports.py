"""Tells which tool wrote a supplied report about dependencies, by its content alone, and reads it."""

from __future__ import annotations

from typing import TypeAlias

from gate.collect.readers.audit import AuditReport
from gate.collect.readers.cyclonedx_vex import Vex, is_cyclonedx, read_vex
from gate.collect.readers.dependency_review import is_dependency_review, read_dependency_review
from gate.collect.readers.errors import ReportError
from gate.collect.readers.npm_audit import NpmAudit, error_of, is_npm_audit, read_npm_audit
from gate.collect.readers.osv_scanner_json import is_osv_scanner, read_osv_scanner
from gate.collect.readers.pip_audit_json import read_pip_audit
from gate.formats.strict_json import JsonProblem, loads
from gate.model.json import Json, JsonObject

Supplied: TypeAlias = AuditReport | NpmAudit | Vex

READ = "pip-audit, npm audit, osv-scanner, Trivy (fs, rootfs), GitHub's dependency review, CycloneDX VEX"


def read_audit(data: bytes) -> Supplied:
    """Return what a report says. Raises ReportError: not JSON, of no tool that is known, an error, or about nothing."""
    if not data.strip():
        raise ReportError("is empty: the tool ended before it wrote a report")
    try:
        document = loads(data)
    except JsonProblem as problem:
        raise ReportError(f"cannot be read as JSON: {problem.reason}", problem.line) from None
    if isinstance(document, dict):
        return _of_object(document, data)
    if is_dependency_review(document):
        return read_dependency_review(document)
    if document == []:
        raise ReportError("is an empty list, which names no package, so nothing was audited")
    return _pip_audit(data)


def _of_object(document: JsonObject, data: bytes) -> Supplied:
    problem = error_of(document)
    if problem is not None:
        raise ReportError(f"is an error of npm in place of a report (“{problem}”), so nothing was audited")
    if is_npm_audit(document):
        return read_npm_audit(document)
    if is_cyclonedx(document):
        return read_vex(document)
    if "SchemaVersion" in document or "ArtifactType" in document:
        return _trivy(data)
    if is_osv_scanner(document):
        return read_osv_scanner(document)
    if isinstance(document.get("dependencies"), list):
        return _pip_audit(data)
    raise ReportError(f"is of no format that is known: {READ} are read{_keys(document)}")


def _keys(document: Json) -> str:
    names = [name[:30] for name in list(document)[:3]] if isinstance(document, dict) else []
    return f" (it begins with {', '.join(names)})" if names else ""


def _pip_audit(data: bytes) -> AuditReport:
    report = read_pip_audit(data)
    return AuditReport("pip-audit", report.audited, report.skipped)


def _trivy(data: bytes) -> AuditReport:
    from gate.collect.readers.trivy_audit import trivy_audit
    from gate.collect.readers.trivy_json import read_trivy

    return trivy_audit(read_trivy(data))
