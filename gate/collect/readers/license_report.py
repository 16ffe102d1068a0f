"""Reports that tell the licences of packages, whichever tool wrote them: told by content, not by name."""

from __future__ import annotations

from gate.collect.readers.cyclonedx_licenses import read_cyclonedx_licenses
from gate.collect.readers.errors import ReportError
from gate.collect.readers.license_lists import (
    is_cargo_license,
    is_go_licenses,
    is_license_checker,
    is_pip_licenses,
    read_cargo_license,
    read_go_licenses,
    read_license_checker,
    read_pip_licenses,
)
from gate.collect.readers.licensed_package import LicenseReport, document_of
from gate.collect.readers.spdx_licenses import read_spdx_licenses
from gate.collect.readers.trivy_licenses import read_trivy_licenses
from gate.model.json import Json, JsonObject

LIMIT = 64 * 1024 * 1024
"""Bytes of one report."""
_KNOWN = (
    "SBOMs (CycloneDX, SPDX 2) and Trivy as JSON, lists of pip-licenses, license-checker, cargo-license, go-licenses"
)


def read_license_report(data: bytes) -> LicenseReport:
    """Return the packages that a report names and their licences. Raises ReportError.

    A report that names no package proves nothing, and is refused.
    """
    report = _read(data)
    if report.packages:
        return report
    if report.passed_over:
        raise ReportError(f"names no dependency ({report.passed_over:,} entries are something else): it proves nothing")
    raise ReportError(f"names no package ({report.format}), so it proves nothing")


def _read(data: bytes) -> LicenseReport:
    begin = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if begin and begin not in b"{[":
        return _table(data)
    document = document_of(data, "JSON of a tool that tells licences")
    if isinstance(document, dict):
        return _object(document)
    return _list(document)


def _object(document: JsonObject) -> LicenseReport:
    inner = document.get("sbom")
    if isinstance(inner, dict) and "spdxVersion" in inner:
        # As GitHub's interface wraps the document that it exports.
        document = inner
    if document.get("bomFormat") == "CycloneDX":
        return read_cyclonedx_licenses(document)
    if "spdxVersion" in document:
        return read_spdx_licenses(document)
    if "SchemaVersion" in document and ("Results" in document or "ArtifactType" in document):
        return read_trivy_licenses(document)
    if is_license_checker(document):
        return read_license_checker(document)
    if "@context" in document and "spdx" in str(document["@context"]):
        raise ReportError("is SPDX 3; let the tool write SPDX 2.3 or CycloneDX")
    raise ReportError(f"is nothing that tells licences; known are {_KNOWN}")


def _list(document: Json) -> LicenseReport:
    if document == []:
        raise ReportError("is an empty list: it names no package, so it proves nothing")
    if is_pip_licenses(document):
        return read_pip_licenses(document)
    if is_cargo_license(document):
        return read_cargo_license(document)
    raise ReportError(f"is nothing that tells licences; known are {_KNOWN}")


def _table(data: bytes) -> LicenseReport:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ReportError(f"is nothing that tells licences; known are {_KNOWN}") from None
    if not is_go_licenses(text):
        raise ReportError(f"is nothing that tells licences; known are {_KNOWN}")
    return read_go_licenses(text)
