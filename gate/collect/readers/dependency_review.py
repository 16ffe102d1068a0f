"""GitHub's dependency review: what a change adds to and removes from the dependencies, and what is known about it.

It is the answer of `GET /repos/{owner}/{repo}/dependency-graph/compare/{base...head}`, a list
(https://docs.github.com/en/rest/dependency-graph/dependency-review). It tells of what the change touches and nothing
else, so it covers no lock file.
"""

from __future__ import annotations

from gate.collect.readers.audit import MAX_PACKAGES, AuditedPackage, AuditReport, SkippedPackage, Vulnerability
from gate.collect.readers.cvss_vector import severity_of_word
from gate.collect.readers.ecosystems import ecosystem_of, of_purl, package_name, package_version
from gate.collect.readers.errors import ReportError
from gate.collect.readers.json_members import Members
from gate.model.json import Json

TOOL = "dependency review"
WHAT = "a dependency review of GitHub"


def is_dependency_review(document: Json) -> bool:
    """Whether a document claims to be one."""
    return (
        isinstance(document, list)
        and bool(document)
        and isinstance(document[0], dict)
        and ("change_type" in document[0])
    )


def read_dependency_review(document: Json) -> AuditReport:
    """Return what a review says about what is added. Raises ReportError; so it does where nothing is."""
    if not isinstance(document, list) or not all(isinstance(item, dict) for item in document):
        raise ReportError(f"is not {WHAT}: it is no list of objects")
    read = [_change(item) for item in Members({"changes": document}, "", WHAT).objects("changes", MAX_PACKAGES)]
    audited = tuple(item for item in read if isinstance(item, AuditedPackage))
    skipped = tuple(item for item in read if isinstance(item, SkippedPackage))
    if not audited and not skipped:
        raise ReportError("names no dependency that the change adds, so it proves nothing about what is there")
    return AuditReport(TOOL, audited, skipped)


def _change(item: Members) -> AuditedPackage | SkippedPackage | None:
    kind = item.needed("change_type")
    if kind not in ("added", "removed"):
        raise ReportError(f"is not {WHAT}: {item.where}.change_type is {kind[:20]!r}")
    if kind == "removed":
        return None
    written = item.needed("name")
    ecosystem = ecosystem_of(item.needed("ecosystem"))
    purl = of_purl(item.text("package_url") or "")
    if purl is not None:
        ecosystem = purl[0]
    version = item.text("version") or (purl[2] if purl else None)
    holes = tuple(_hole(entry) for entry in item.objects("vulnerabilities", MAX_PACKAGES))
    if not version or version.startswith(("^", "~", ">", "<", "=", "*")) or " " in version:
        if not holes:
            return SkippedPackage(written, f"has no one version there ({version or 'none'})")
        version = version or "any"
    return AuditedPackage(
        package_name(ecosystem, written),
        package_version(ecosystem, version),
        holes,
        ecosystem,
        item.text("manifest"),
    )


def _hole(item: Members) -> Vulnerability:
    return Vulnerability(item.needed("advisory_ghsa_id"), severity=severity_of_word(item.text("severity")))
