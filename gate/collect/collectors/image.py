"""Evidence of kind `image`: what an image holds, and which vulnerabilities are known of it.

The gate scans with Trivy what lies in the workspace (a tar of `docker save`, an OCI layout) or in a registry, and reads
reports of Trivy and Grype that an earlier step made. What the configuration of an image in the workspace says is read
by the gate itself, so it is known without any scanner.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gate.collect.disk import printable
from gate.collect.image.archive import LAYOUT, ArchiveImage, read_archive, read_layout
from gate.collect.image.description import Described, image_facts_of, merged, of_archive, of_trivy
from gate.collect.image.findings import findings_of, holes_of_trivy, image_facts
from gate.collect.image.sbom import MEDIA_TYPE, sbom
from gate.collect.image.supplied import Told, moment, read_supplied
from gate.collect.image.trivy_image import (
    FOUND,
    LISTED,
    ImageScan,
    packages_of,
    scan_archive,
    scan_reference,
    system_of,
)
from gate.collect.process import ToolProblem
from gate.collect.readers.errors import ReportError
from gate.collect.reports import NOT_OF_THIS_RUN, find_reports
from gate.collect.scan_problem import ScanProblem, Step
from gate.collect.trivy.trivy_run import TOOL
from gate.collect.trivy.trivy_session import TrivySession, TrivySettings, read_settings, trivy_session
from gate.collect.workspace import REPORT_LIMIT, ReadProblem
from gate.formats.globs import GlobError
from gate.model.evidence import Attachment, Collected, Evidence, Gap, How, Missing, Source, Unreadable
from gate.model.json import Json, JsonObject

if TYPE_CHECKING:
    from datetime import datetime

    from gate.collect.collector import Context

_DOCKERFILES = ("**/Dockerfile", "**/Dockerfile.*", "**/*.Dockerfile", "**/Containerfile", "**/Containerfile.*")
_SCANNED = ("os", *LISTED, *FOUND, "database")
_NAME_ONE = (
    "name what is shipped under evidence.image: `archive` (a tar of `docker save`, or the folder of an OCI layout), "
    "`reference` (an image in a registry), or `reports` (JSON of Trivy or Grype)"
)


@dataclass(slots=True)
class _Seen:
    """What was found out about images. `asked` is True where the request names anything."""

    images: dict[str, Described] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    no_tool: str | None = None
    asked: bool = False


class ImageCollector:
    """Scans an image, and reads what others found in it."""

    kind = "image"

    def collect(self, context: Context) -> Evidence:
        """Return what is known of the images that the request names."""
        seen = _Seen()
        archives = _archives(context, seen)
        reference = context.request.get("reference")
        references = [reference] if isinstance(reference, str) and reference else []
        seen.asked = seen.asked or bool(references)
        settings = read_settings(context.request)
        if archives or references:
            _scan(context, settings, archives, references, seen)
        _supplied(context, settings, seen)
        if not seen.asked:
            return _nothing(context, self.kind)
        return _evidence(self.kind, seen, context.now())


def _archives(context: Context, seen: _Seen) -> list[ArchiveImage]:
    """Read the images in the workspace."""
    patterns = _texts(context.request.get("archive"))
    found: list[ArchiveImage] = []
    for pattern in patterns:
        seen.asked = True
        try:
            tars = context.workspace.glob(pattern)
            layouts = context.workspace.glob(f"{pattern.rstrip('/')}/{LAYOUT}")
        except GlobError as error:
            _fail(seen, printable(pattern), f"is not a glob: {error}")
            continue
        folders = [path.rpartition("/")[0] for path in layouts]
        if not tars and not folders:
            reason = "no image matches; run the step that saves it before the gate, or correct the path"
            _fail(seen, printable(pattern), context.workspace.problem(pattern) or reason)
        for path in (*tars, *folders):
            image = _read(context, path, path in folders, seen)
            if image is not None and image.path not in {other.path for other in found}:
                found.append(image)
    return found


def _read(context: Context, path: str, is_layout: bool, seen: _Seen) -> ArchiveImage | None:
    try:
        image = read_layout(context.workspace, path) if is_layout else read_archive(context.workspace, path)
    except ReadProblem as problem:
        _fail(seen, path, problem.reason if problem.path == path else str(problem))
        return None
    except ReportError as error:
        _fail(seen, path, error.reason)
        return None
    described = of_archive(image)
    seen.images[described.key] = described
    seen.sources.append(Source(How.SUPPLIED, path, image.sha256, detail=f"image {image.image_id[:19]}"))
    if context.workspace.is_tracked(f"{path}/index.json" if is_layout else path):
        seen.gaps.append(Gap(path, NOT_OF_THIS_RUN, path))
    if image.unchecked:
        reason = (
            f"{len(image.unchecked)} of its layers are packed with zstd, so whether they are the ones that its "
            "configuration claims was not checked"
        )
        seen.gaps.append(Gap(path, reason, path, facts=("size_bytes", *_SCANNED)))
    return image


def _supplied(context: Context, settings: TrivySettings, seen: _Seen) -> None:
    """Read the reports of an earlier step."""
    reports = find_reports(context.workspace, context.request)
    seen.asked = seen.asked or bool(reports.looked_for)
    seen.gaps += reports.gaps
    seen.problems += [f"{gap.subject}: {gap.reason}" for gap in reports.gaps if gap.subject not in reports.tracked]
    hashes: set[str] = set()
    for path in reports.paths:
        try:
            content = context.workspace.read(path, REPORT_LIMIT)
            if content.sha256 in hashes:
                continue
            hashes.add(content.sha256)
            told = read_supplied(content, settings.max_age_hours, context.now())
        except ReadProblem as problem:
            _fail(seen, path, problem.reason)
        except ReportError as error:
            _fail(seen, path, error.reason)
        else:
            _take(seen, told)


def _scan(
    context: Context,
    settings: TrivySettings,
    archives: Sequence[ArchiveImage],
    references: Sequence[str],
    seen: _Seen,
) -> None:
    """Scan with Trivy, and keep why it did not work where it did not."""
    try:
        with trivy_session(context, settings) as session:
            for image in archives:
                with _told_of(seen, image.path, _SCANNED):
                    scan = scan_archive(session, context.workspace, image)
                    _take(seen, _of_scan(scan, of_archive(image), session))
            for reference in references:
                with _told_of(seen, reference, ()):  # nothing at all is known of it then
                    scan = scan_reference(session, reference)
                    found = scan.scanned.report.image
                    if found is not None:
                        _take(seen, _of_scan(scan, of_trivy(found, reference), session))
    except ToolProblem as problem:
        if isinstance(problem, ScanProblem) and problem.step is Step.FOUND and not seen.told:
            seen.no_tool = str(problem)
        _fail(seen, TOOL, f"proved nothing: {problem.reason}", () if references else _SCANNED)


@contextmanager
def _told_of(seen: _Seen, subject: str, facts: tuple[str, ...]) -> Iterator[None]:
    try:
        yield
    except ToolProblem as problem:
        _fail(seen, subject, f"its scan proved nothing: {problem}", facts)


def _of_scan(scan: ImageScan, image: Described, session: TrivySession) -> Told:
    scanned = scan.scanned
    report = scanned.report
    updated = session.database.updated_at
    detail = f"{scanned.covered}, database of {updated:%Y-%m-%d}"
    return Told(
        image=image,
        os=system_of(report),
        packages=packages_of(report),
        holes=holes_of_trivy(report, image.key),
        source=Source(How.PRODUCED, None, None, TOOL, scanned.tool.version, detail),
        gaps=scan.gaps,
        made=updated,
        report=report,
        version=scanned.tool.version,
        age_hours=session.age_hours,
    )


def _take(seen: _Seen, told: Told) -> None:
    seen.told.append(told)
    seen.sources.append(told.source)
    seen.gaps += told.gaps
    known = seen.images.get(told.image.key)
    if known is None or (known.config is None and told.image.config is not None):
        seen.images[told.image.key] = told.image


def _fail(seen: _Seen, subject: str, reason: str, facts: tuple[str, ...] = ()) -> None:
    seen.gaps.append(Gap(subject, reason, facts=facts))
    seen.problems.append(f"{subject} {reason}")


def _evidence(kind: str, seen: _Seen, now: datetime) -> Evidence:
    if not seen.images:
        first = seen.problems[0] if seen.problems else "nothing that was named is there"
        if seen.no_tool is not None:
            return Missing(kind, f"{seen.no_tool}; {_NAME_ONE}", gaps=tuple(seen.gaps))
        return Unreadable(kind, f"no image could be looked at: {first}", tuple(seen.sources), tuple(seen.gaps))
    facts = _facts(seen, now)
    findings = findings_of(hole for told in seen.told for hole in told.holes)
    attachments = tuple(_bills(seen))
    return Collected(kind, image_facts(findings, facts), tuple(seen.sources), tuple(seen.gaps), findings, attachments)


def _facts(seen: _Seen, now: datetime) -> JsonObject:
    items = []
    for key, image in seen.images.items():
        told = [one for one in seen.told if one.image.key == key]
        # The gate's own scan knows most; of reports, the one that lists packages.
        best = min(told, key=lambda one: (one.source.how is not How.PRODUCED, one.packages is None), default=None)
        if best is None:
            items.append(image_facts_of(image, None, None, scanned=False))
        else:
            items.append(image_facts_of(image, best.os, best.packages, scanned=True))
    facts = merged(items)
    facts["images"] = len(items)
    if len(items) > 1:
        facts["items"] = [*items]
    created = moment(str(facts.get("created") or ""))
    if created is not None:
        facts["age_days"] = max(0, (now - created).days)
    scanned = {one.image.key for one in seen.told}
    if scanned == set(seen.images):
        facts["scans"] = len(seen.told)
    ages = [(one.made, one.age_hours) for one in seen.told if one.made is not None and one.age_hours is not None]
    if ages:
        made, hours = min(ages, key=lambda pair: pair[0])
        facts["database"] = {"updated_at": f"{made:%Y-%m-%dT%H:%M:%SZ}", "age_hours": hours}
    return facts


def _bills(seen: _Seen) -> Iterator[Attachment]:
    """The bill of materials of each image that a report of Trivy lists the packages of."""
    done: set[str] = set()
    for told in sorted(seen.told, key=lambda one: one.source.how is not How.PRODUCED):
        if told.report is None or told.packages is None or told.image.key in done:
            continue
        done.add(told.image.key)
        name = "image.cdx.json" if len(done) == 1 else f"image-{len(done)}.cdx.json"
        yield Attachment(name, MEDIA_TYPE, sbom(told.report, told.image, told.version))


def _nothing(context: Context, kind: str) -> Missing:
    dockerfiles = context.workspace.files(*_DOCKERFILES)
    if not dockerfiles:
        return Missing(kind, f"no image is named, and there is no Dockerfile; {_NAME_ONE}", not_applicable=True)
    more = f" and {len(dockerfiles) - 1} more" if dockerfiles[1:] else ""
    return Missing(kind, f"images are made here ({printable(dockerfiles[0])}{more}), and none is named; {_NAME_ONE}")


def _texts(value: Json) -> Sequence[str]:
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
