"""Grype's JSON report (`grype -o json`): what it matched, in what.

The layout is Grype's `models.Document`: `matches[]` of `{vulnerability, relatedVulnerabilities, artifact}`, `source`
(`type` "image" with a `target`), `distro` and `descriptor`. The packages that have no vulnerability are not in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.collect.readers.errors import ReportError
from gate.collect.readers.image_config import NO_CONFIG, ImageConfig, read_config
from gate.collect.readers.json_members import Members
from gate.formats.strict_json import JsonProblem, loads

if TYPE_CHECKING:
    from gate.model.finding import Severity

_LIMIT = 256 * 1024 * 1024
_MAX_MATCHES = 1_000_000
_SEVERITIES: dict[str, Severity] = {
    "critical": "critical",
    "high": "high",
    "medium": "medium",
    "low": "low",
    "negligible": "low",
    "unknown": "unknown",
}
_OS_TYPES = frozenset({"alpm", "apk", "deb", "portage", "rpm"})


@dataclass(frozen=True, slots=True)
class GrypeMatch:
    """One vulnerability in one package. `fix_state` is "fixed", "not-fixed", "wont-fix" or "unknown".

    `os_package` is True for a package of the operating system; `paths` are the files in the image that told of it.
    """

    id: str
    aliases: tuple[str, ...]
    severity: Severity
    package: str
    version: str
    os_package: bool
    type: str
    fixed_versions: tuple[str, ...]
    fix_state: str | None
    paths: tuple[str, ...]
    purl: str | None
    url: str | None
    description: str | None


@dataclass(frozen=True, slots=True)
class GrypeImage:
    """The image, as Grype knows it; `config` is NO_CONFIG where the report does not hold it (`has_config`)."""

    reference: str
    id: str | None
    manifest_digest: str | None
    size_bytes: int | None
    tags: tuple[str, ...]
    config: ImageConfig
    has_config: bool


@dataclass(frozen=True, slots=True)
class GrypeReport:
    """What one report says. `distro` is (name, version); `database_built` is in RFC 3339, None where not told.

    `image` is None where the report is about something else; `ignored` counts the matches that rules took out.
    """

    version: str | None
    matches: tuple[GrypeMatch, ...]
    image: GrypeImage | None
    distro: tuple[str, str] | None
    database_built: str | None
    created_at: str | None
    ignored: int


def is_grype(document: object) -> bool:
    """Whether a JSON document claims to be Grype's."""
    return isinstance(document, dict) and "matches" in document and "descriptor" in document


def read_grype(data: bytes) -> GrypeReport:
    """Return what a report says. Raises ReportError."""
    if not data.strip():
        raise ReportError("is empty: grype ended before it wrote a report")
    try:
        document = loads(data, limit=_LIMIT)
    except JsonProblem as problem:
        raise ReportError(f"cannot be read as JSON: {problem.reason}", problem.line) from None
    if not isinstance(document, dict) or not is_grype(document):
        raise ReportError("is not Grype's JSON: it has no matches or no descriptor")
    if document["matches"] is None:
        raise ReportError("is not Grype's JSON: matches is null, and Grype writes a list even where it found nothing")
    top = Members(document, "", "Grype's JSON")
    descriptor = top.object("descriptor")
    if (descriptor.text("name") or "grype") != "grype":
        raise ReportError("is not Grype's JSON: its descriptor names another tool")
    distro = top.object("distro")
    database = descriptor.object("db")
    # Until 0.87 these stood in `db` itself.
    status = database.object("status") if "status" in database.names() else database
    if database.text("error") or status.text("error"):
        raise ReportError("tells of an error of its database")
    return GrypeReport(
        version=descriptor.text("version"),
        matches=tuple(_match(item) for item in top.objects("matches", _MAX_MATCHES)),
        image=_image(top.object("source")),
        distro=(distro.text("name") or "", distro.text("version") or "") if distro.text("name") else None,
        database_built=status.text("built"),
        created_at=descriptor.text("timestamp"),
        ignored=len(top.objects("ignoredMatches", _MAX_MATCHES)),
    )


def _match(item: Members) -> GrypeMatch:
    vulnerability, artifact = item.object("vulnerability"), item.object("artifact")
    id_ = vulnerability.needed("id")
    severity = (vulnerability.text("severity") or "unknown").lower()
    if severity not in _SEVERITIES:
        raise ReportError(f"is not Grype's JSON: {vulnerability.where} has the severity {severity[:20]!r}")
    fix = vulnerability.object("fix")
    related = [entry.needed("id") for entry in item.objects("relatedVulnerabilities", _MAX_MATCHES)]
    kind = artifact.text("type") or ""
    return GrypeMatch(
        id=id_,
        aliases=tuple(sorted({other for other in related if other != id_})),
        severity=_SEVERITIES[severity],
        package=artifact.needed("name"),
        version=artifact.text("version") or "",
        os_package=kind in _OS_TYPES,
        type=kind,
        fixed_versions=fix.texts("versions"),
        fix_state=fix.text("state"),
        paths=tuple(path for place in artifact.objects("locations", _MAX_MATCHES) if (path := place.text("path"))),
        purl=artifact.text("purl"),
        url=vulnerability.text("dataSource"),
        description=vulnerability.text("description"),
    )


def _image(source: Members) -> GrypeImage | None:
    if source.text("type") != "image":
        return None
    target = source.object("target")
    size, packed = target.number("imageSize"), target.text("config")
    return GrypeImage(
        reference=target.text("userInput") or "",
        id=target.text("imageID"),
        manifest_digest=target.text("manifestDigest"),
        size_bytes=None if size is None else int(size),
        tags=target.texts("tags"),
        config=_config(packed) if packed else NO_CONFIG,
        has_config=bool(packed),
    )


def _config(packed: str) -> ImageConfig:
    import base64
    import binascii

    try:
        return read_config(base64.b64decode(packed, validate=True))
    except (binascii.Error, ValueError):
        raise ReportError("is not Grype's JSON: source.target.config is no base64") from None
