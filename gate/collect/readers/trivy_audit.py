"""What Trivy's JSON (`trivy fs|rootfs|repo --format json`, or of an SBOM) says about language packages.

Packages of an operating system belong to the evidence of images and are left out. A file that Trivy does not read, or
that does not parse, has no entry in `Results`; a clean one has its packages only with `--list-all-pkgs`.
"""

from __future__ import annotations

from collections import defaultdict

from gate.collect.readers.audit import AuditedPackage, AuditReport, Vulnerability
from gate.collect.readers.cvss_vector import highest, severity_of_vector
from gate.collect.readers.ecosystems import ecosystem_of, of_purl, package_name, package_version
from gate.collect.readers.errors import ReportError
from gate.collect.readers.trivy_json import TrivyReport, TrivyResult, TrivyVulnerability
from gate.model.finding import Severity

TOOL = "trivy"
_OTHERS = frozenset({"container_image", "vm"})


def trivy_audit(report: TrivyReport) -> AuditReport:
    """Return what a report says about packages of languages. Raises ReportError where it is about none."""
    if report.artifact_type in _OTHERS:
        raise ReportError(f"is Trivy's report on a {report.artifact_type}; the evidence of images reads those")
    results = [result for result in report.results if result.class_ == "lang-pkgs"]
    audited = tuple(package for result in results for package in _packages(result))
    if not audited:
        raise ReportError(
            "names no package that was looked at, so it proves nothing; run trivy fs with --list-all-pkgs where the "
            "lock files lie"
        )
    files = tuple(result.target for result in results if result.packages)
    without = tuple(
        (result.target, "Trivy's report lists no packages of it; run trivy fs with --list-all-pkgs")
        for result in results
        if not result.packages
    )
    return AuditReport(TOOL, audited, (), files, report.version, without)


def _packages(result: TrivyResult) -> list[AuditedPackage]:
    ecosystem = ecosystem_of(result.type)
    holes: defaultdict[tuple[str, str, str | None], list[Vulnerability]] = defaultdict(list)
    for item in result.vulnerabilities:
        holes[item.package, item.version, item.path].append(_hole(item))
    keys = dict.fromkeys((package.name, package.version, package.path) for package in result.packages)
    # A report without the packages still tells of those with holes.
    keys |= dict.fromkeys(key for key in holes if key not in keys)
    purls = {(item.name, item.version): item.purl for item in result.packages}
    found = []
    for name, version, path in keys:
        of = _ecosystem(purls.get((name, version)), ecosystem)
        found.append(
            AuditedPackage(
                package_name(of, name),
                package_version(of, version),
                tuple(holes.get((name, version, path), ())),
                of,
                result.target or path,
            )
        )
    return [package for package in found if package.version or package.vulnerabilities]


def _ecosystem(purl: str | None, fallback: str) -> str:
    parsed = of_purl(purl) if purl else None
    return parsed[0] if parsed else fallback


def _hole(item: TrivyVulnerability) -> Vulnerability:
    fixes = tuple(part.strip() for part in (item.fixed_version or "").split(",") if part.strip())
    return Vulnerability(item.id, frozenset(item.aliases), fixes, _severity(item))


def _severity(item: TrivyVulnerability) -> Severity:
    """Trivy's own choice among its sources, else the gravest vector that any of them gives."""
    if item.severity != "unknown":
        return item.severity
    return highest(severity_of_vector(score.vector) for score in item.cvss if score.vector)
