"""Reports about an image that an earlier step made: Trivy's and Grype's JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from gate.collect.image.description import Described, OperatingSystem, Packages, of_grype, of_trivy
from gate.collect.image.findings import Hole, holes_of_grype, holes_of_trivy
from gate.collect.image.trivy_image import FOUND, LISTED, packages_of, system_of, unchecked
from gate.collect.readers.errors import ReportError
from gate.collect.readers.grype_json import GrypeReport, read_grype
from gate.collect.readers.trivy_json import TrivyReport, read_trivy
from gate.model.evidence import Gap, How, Source

if TYPE_CHECKING:
    from gate.collect.workspace import Content

_PEEK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody told of one image: a scan of the gate's own, or a supplied report.

    `packages` is None where a report lists none. `report` is Trivy's, for the bill of materials. `made` says of when
    the database is, or at the latest can be (None where nobody knows), `age_hours` how old that is.
    """

    image: Described
    os: OperatingSystem | None
    packages: Packages | None
    holes: Sequence[Hole]
    source: Source
    gaps: tuple[Gap, ...]
    made: datetime | None = None
    report: TrivyReport | None = None
    version: str | None = None
    age_hours: float | None = None


def read_supplied(content: Content, max_hours: float, now: datetime) -> Told:
    """Return what a supplied report tells. Raises ReportError."""
    # Grype's begins with its matches; a report of Trivy of that length has said its SchemaVersion.
    if b'"matches"' in content.data[:_PEEK] and b'"SchemaVersion"' not in content.data[:_PEEK]:
        return _of_grype(content, read_grype(content.data), max_hours, now)
    return _of_trivy(content, read_trivy(content.data), max_hours, now)


def _of_trivy(content: Content, report: TrivyReport, max_hours: float, now: datetime) -> Told:
    if report.image is None:
        raise ReportError(
            f"is about a {report.artifact_type[:40]}, not about an image; `trivy image` makes one that is"
        )
    image = of_trivy(report.image, report.artifact_name or content.path)
    os, packages = system_of(report), packages_of(report)
    made = moment(report.created_at)
    gaps = [*_age(content.path, made, max_hours, now)]
    vulnerable = any(result.vulnerabilities for result in report.results)
    if vulnerable and not report.packages:
        # Made without --list-all-pkgs: what it found is there, how many packages it looked at is not.
        reason = "lists no packages, so nothing says how many were looked at; make it with --list-all-pkgs"
        gaps.append(Gap(content.path, reason, content.path, facts=(*FOUND, *LISTED)))
        known = None
    else:
        known = packages
        gaps += unchecked(os, packages, content.path)
    hidden = sum(result.suppressed for result in report.results)
    if hidden:
        reason = f"{hidden:,} vulnerabilities were taken out of it by an ignore file or a VEX document"
        gaps.append(Gap(content.path, reason, content.path, facts=FOUND))
    detail = f"{report.packages:,} packages of {image.reference}"
    source = Source(How.SUPPLIED, content.path, content.sha256, "trivy", report.version, detail)
    holes = holes_of_trivy(report, image.key)
    return Told(image, os, known, holes, source, tuple(gaps), made, report, report.version, _hours(made, now))


def _of_grype(content: Content, report: GrypeReport, max_hours: float, now: datetime) -> Told:
    if report.image is None:
        raise ReportError("is not about an image; `grype IMAGE -o json` makes one that is")
    image = of_grype(report.image)
    os = OperatingSystem(report.distro[0], report.distro[1], end_of_life=None) if report.distro else None
    made = moment(report.database_built) or moment(report.created_at)
    gaps = [*_age(content.path, made, max_hours, now)]
    if os is None:
        reason = "names no distribution, so no package of the operating system was compared with its advisories"
        gaps.append(Gap(content.path, reason, content.path, facts=FOUND))
    if not report.matches:
        reason = "names no vulnerability, and Grype does not list what it looked at: it may have been nothing"
        gaps.append(Gap(content.path, reason, content.path, facts=FOUND))
    if report.ignored:
        reason = f"{report.ignored:,} vulnerabilities were taken out of it by rules or a VEX document"
        gaps.append(Gap(content.path, reason, content.path, facts=FOUND))
    detail = f"{len(report.matches):,} matches in {image.reference}"
    source = Source(How.SUPPLIED, content.path, content.sha256, "grype", report.version, detail)
    holes = holes_of_grype(report.matches, image.key)
    return Told(image, os, None, holes, source, tuple(gaps), made, age_hours=_hours(made, now))


def moment(text: str | None) -> datetime | None:
    """Return the moment of an RFC 3339 text, None where it is none."""
    from datetime import UTC

    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return None if found.tzinfo is None or found.year < 2000 else found.astimezone(UTC)


def _hours(made: datetime | None, now: datetime) -> float | None:
    return None if made is None else max(0.0, round((now - made).total_seconds() / 3600, 1))


def _age(path: str, made: datetime | None, max_hours: float, now: datetime) -> Iterator[Gap]:
    if made is None:
        yield Gap(path, "does not say when it was made, so the age of its database is not known", path, facts=FOUND)
        return
    hours = (now - made).total_seconds() / 3600
    if hours < -1:
        yield Gap(path, f"says that it is of {made:%Y-%m-%d %H:%M} UTC, which has not come yet", path, facts=FOUND)
    elif hours > max_hours:
        reason = (
            f"is of {made:%Y-%m-%d %H:%M} UTC, {hours:,.0f} hours old; at most {max_hours:g} are accepted "
            "(evidence.image.max_database_age_hours)"
        )
        yield Gap(path, reason, path, facts=FOUND)
