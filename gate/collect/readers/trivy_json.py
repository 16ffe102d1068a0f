"""Trivy's JSON report (`trivy image|fs|sbom --format json`), of the gate's own run or of an earlier step.

The layout is Trivy's `types.Report` with `"SchemaVersion": 2`: what was scanned (`Metadata`), and an entry of `Results`
for each source of packages. `Packages` stand in it only with `--list-all-pkgs`. A member that is absent or `null` is
what Go leaves out: nothing. One of another type is no report of Trivy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.collect.readers.errors import ReportError
from gate.collect.readers.image_config import NO_CONFIG, ImageConfig, image_config
from gate.collect.readers.json_members import Members
from gate.formats.strict_json import JsonProblem, loads

if TYPE_CHECKING:
    from gate.model.finding import Severity

SCHEMA_VERSION = 2
_LIMIT = 256 * 1024 * 1024
_MAX_RESULTS = 100_000
_MAX_ENTRIES = 2_000_000
_SEVERITIES: dict[str, Severity] = {
    "CRITICAL": "critical",
    "HIGH": "high",
    "MEDIUM": "medium",
    "LOW": "low",
    "UNKNOWN": "unknown",
}
_ONE_TO_ONE = ("CVE-", "GHSA-", "PYSEC-", "GO-", "RUSTSEC-", "OSV-", "MAL-")
"""Ids that name one vulnerability each. A distribution's own (DSA-…, RHSA-…) may stand for several at once."""


@dataclass(frozen=True, slots=True)
class TrivyScore:
    """One source's CVSS: the vector of the newest version that it gives, and its score (0-10)."""

    source: str
    vector: str | None
    score: float | None


@dataclass(frozen=True, slots=True)
class TrivyPackage:
    """A package that Trivy saw. `version` is whole (epoch and release of a distribution's package too).

    `path` is the file that told of it, POSIX; `licenses` are as written there; `digest` is "ALGORITHM:HEX". `dev` is
    True for what only development needs, `direct` for what the project itself names (None where Trivy does not know).
    """

    id: str
    name: str
    version: str
    purl: str | None = None
    licenses: tuple[str, ...] = ()
    path: str | None = None
    source: str | None = None
    digest: str | None = None
    dev: bool = False
    direct: bool | None = None


@dataclass(frozen=True, slots=True)
class TrivyVulnerability:
    """One vulnerability in one package. `aliases` are other ids of the same hole, `vendor_ids` every other id.

    `severity` is the one that Trivy chose, of `severity_source`; `status` is Trivy's own word ("fixed", "affected",
    "will_not_fix", …); `fixed_version` may name several versions, separated by ", ".
    """

    id: str
    package: str
    version: str
    severity: Severity
    aliases: tuple[str, ...] = ()
    vendor_ids: tuple[str, ...] = ()
    path: str | None = None
    purl: str | None = None
    fixed_version: str | None = None
    status: str | None = None
    severity_source: str | None = None
    cvss: tuple[TrivyScore, ...] = ()
    url: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class TrivyResult:
    """One source of packages: the operating system, or a kind of language packages, or one lock file.

    `class_` is "os-pkgs" or "lang-pkgs" for packages, and others for other scanners; `target` is the lock file's path
    or a title. `suppressed` counts the vulnerabilities that an ignore file, a VEX document or the like took out.
    """

    target: str
    class_: str
    type: str
    packages: tuple[TrivyPackage, ...] = ()
    vulnerabilities: tuple[TrivyVulnerability, ...] = ()
    suppressed: int = 0


@dataclass(frozen=True, slots=True)
class TrivyOs:
    """The operating system; `family` is "none" where Trivy knows none. `end_of_life` is Trivy's EOSL."""

    family: str
    name: str
    end_of_life: bool


@dataclass(frozen=True, slots=True)
class TrivyImage:
    """An image: its ids and its configuration. `size_bytes` is only in the reports of newer versions of Trivy."""

    id: str | None = None
    diff_ids: tuple[str, ...] = ()
    repo_tags: tuple[str, ...] = ()
    repo_digests: tuple[str, ...] = ()
    config: ImageConfig = NO_CONFIG
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class TrivyReport:
    """What one report says. `image` is None for what is no image; `version` is in newer reports only."""

    artifact_name: str
    artifact_type: str
    results: tuple[TrivyResult, ...]
    os: TrivyOs | None = None
    image: TrivyImage | None = None
    created_at: str | None = None
    version: str | None = None

    @property
    def packages(self) -> int:
        """How many packages it lists: none without `--list-all-pkgs`."""
        return sum(len(result.packages) for result in self.results)


def read_trivy(data: bytes) -> TrivyReport:
    """Return what a report says. Raises ReportError.

    A report without results is read: what it proves is for the caller to say (a scratch image has none, and neither
    has a folder without any lock file).
    """
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
        said = "names no SchemaVersion" if version is None else f"has another SchemaVersion ({str(version)[:20]})"
        raise ReportError(f"is not Trivy's JSON of schema version 2: it {said}")
    top = Members(document, "", "Trivy's JSON")
    kind = top.text("ArtifactType")
    if kind is None:
        raise ReportError("is not Trivy's JSON: it has no ArtifactType, so it does not say what was scanned")
    metadata = top.object("Metadata")
    results = top.objects("Results", _MAX_RESULTS)
    return TrivyReport(
        artifact_name=top.text("ArtifactName") or "",
        artifact_type=kind,
        results=tuple(_result(result) for result in results),
        os=_os(metadata),
        image=_image(metadata) if kind == "container_image" else None,
        created_at=top.text("CreatedAt"),
        version=top.object("Trivy").text("Version"),
    )


def _result(result: Members) -> TrivyResult:
    modified = result.objects("ExperimentalModifiedFindings", _MAX_ENTRIES)
    return TrivyResult(
        target=result.text("Target") or "",
        class_=result.text("Class") or "",
        type=result.text("Type") or "",
        packages=tuple(_package(item) for item in result.objects("Packages", _MAX_ENTRIES)),
        vulnerabilities=tuple(_vulnerability(item) for item in result.objects("Vulnerabilities", _MAX_ENTRIES)),
        suppressed=sum(1 for item in modified if item.text("Type") == "vulnerability"),
    )


def _package(item: Members) -> TrivyPackage:
    name = item.needed("Name")
    relationship = item.text("Relationship")
    indirect = item.flag("Indirect")
    return TrivyPackage(
        id=item.text("ID") or name,
        name=name,
        version=_whole_version(item),
        purl=item.object("Identifier").text("PURL"),
        licenses=item.texts("Licenses"),
        path=item.text("FilePath"),
        source=item.text("SrcName"),
        digest=item.text("Digest"),
        dev=item.flag("Dev"),
        direct=relationship == "direct" if relationship else False if indirect else None,
    )


def _whole_version(item: Members) -> str:
    """Return EPOCH:VERSION-RELEASE, as InstalledVersion of a vulnerability is written."""
    version, release = item.text("Version") or "", item.text("Release")
    epoch = item.number("Epoch")
    if release:
        version = f"{version}-{release}"
    return f"{epoch:.0f}:{version}" if epoch else version


def _vulnerability(item: Members) -> TrivyVulnerability:
    id_ = item.needed("VulnerabilityID")
    severity = item.needed("Severity").upper()
    if severity not in _SEVERITIES:
        raise ReportError(f"is not Trivy's JSON: {item.where} has the severity {severity[:20]!r}")
    vendor_ids = tuple(other for other in item.texts("VendorIDs") if other != id_)
    return TrivyVulnerability(
        id=id_,
        package=item.needed("PkgName"),
        version=item.text("InstalledVersion") or "",
        severity=_SEVERITIES[severity],
        aliases=tuple(other for other in vendor_ids if other.startswith(_ONE_TO_ONE)),
        vendor_ids=vendor_ids,
        path=item.text("PkgPath"),
        purl=item.object("PkgIdentifier").text("PURL"),
        fixed_version=item.text("FixedVersion"),
        status=item.text("Status"),
        severity_source=item.text("SeveritySource"),
        cvss=_scores(item.object("CVSS")),
        url=item.text("PrimaryURL"),
        title=item.text("Title"),
    )


def _scores(table: Members) -> tuple[TrivyScore, ...]:
    scores = []
    for source in sorted(table.names()):
        entry = table.object(source)
        for version in ("V40", "V3", "V2"):
            vector, score = entry.text(f"{version}Vector"), entry.number(f"{version}Score")
            if vector is not None or score is not None:
                scores.append(TrivyScore(source, vector, score))
                break
    return tuple(scores)


def _os(metadata: Members) -> TrivyOs | None:
    found = metadata.object("OS")
    if not found.names():
        return None
    return TrivyOs(found.text("Family") or "none", found.text("Name") or "", found.flag("EOSL"))


def _image(metadata: Members) -> TrivyImage:
    size = metadata.number("Size")
    return TrivyImage(
        id=metadata.text("ImageID"),
        diff_ids=metadata.texts("DiffIDs"),
        repo_tags=metadata.texts("RepoTags"),
        repo_digests=metadata.texts("RepoDigests"),
        config=image_config(metadata.object("ImageConfig")),
        size_bytes=None if size is None else int(size),
    )
