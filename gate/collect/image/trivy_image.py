"""Trivy on one image, and what that run did not look at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.collect.image.description import OperatingSystem, Packages
from gate.collect.image.release_probe import require_release
from gate.collect.scan import NotCovered, ToolErrors
from gate.collect.scan_problem import ScanProblem, Step
from gate.collect.trivy.trivy_run import TOOL, doubts, of_type
from gate.model.evidence import Gap

if TYPE_CHECKING:
    from gate.collect.image.archive import ArchiveImage
    from gate.collect.readers.trivy_json import TrivyReport
    from gate.collect.scan import Scanned
    from gate.collect.trivy.trivy_session import TrivySession
    from gate.collect.workspace import Workspace

FOUND = ("vulnerabilities", "vulnerable", "counts", "fixable", "fixable_counts")
"""The facts that say what a scan found."""
LISTED = ("packages", "os_packages", "language_packages", "packages_by_type")
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,499}")


@dataclass(frozen=True, slots=True)
class ImageScan:
    """A scan of one image that proved something; `gaps` are what it did not look at."""

    scanned: Scanned[TrivyReport]
    gaps: tuple[Gap, ...]


def scan_archive(session: TrivySession, workspace: Workspace, image: ArchiveImage) -> ImageScan:
    """Scan an image that lies in the workspace. Raises ScanProblem."""

    def check(report: TrivyReport) -> str:
        found = report.image
        of_type(report, "container_image")
        if found is None or found.id != image.image_id or found.diff_ids != image.config.diff_ids:
            raise ToolErrors(f"scanned another image than {image.path}: its report is about {found and found.id}")
        return _covered(report)

    target = (f"--input={workspace.root / image.path}",)
    return _with_gaps(session, session.run("image", target, check, image.path), image.path)


def scan_reference(session: TrivySession, reference: str) -> ImageScan:
    """Scan an image that lies in a registry or in a local engine. Raises ScanProblem."""
    if not _REFERENCE.fullmatch(reference):
        raise ScanProblem(TOOL, f"was not run: {reference[:80]!r} is no reference of an image", Step.RAN)
    pinned = reference.rpartition("@")[2] if "@" in reference else None

    def check(report: TrivyReport) -> str:
        of_type(report, "container_image")
        if report.image is None or not report.image.id:
            raise NotCovered("does not say which image it scanned")
        if pinned and not any(item.endswith(f"@{pinned}") for item in report.image.repo_digests):
            raise ToolErrors(f"scanned another image than {reference}")
        return _covered(report)

    return _with_gaps(session, session.run("image", (reference,), check, reference), reference)


def system_of(report: TrivyReport) -> OperatingSystem | None:
    """Return the operating system that a report names."""
    return None if report.os is None else OperatingSystem(report.os.family, report.os.name, report.os.end_of_life)


def packages_of(report: TrivyReport) -> Packages:
    """Count the packages of a report."""
    counted = Packages()
    for result in report.results:
        if result.class_ == "os-pkgs":
            counted.os += len(result.packages)
        else:
            counted.language += len(result.packages)
        if result.packages:
            counted.by_type[result.type] = counted.by_type.get(result.type, 0) + len(result.packages)
    return counted


def unchecked(os: OperatingSystem | None, packages: Packages, subject: str) -> Iterator[Gap]:
    """Yield what a scanner passes over without a word: systems that nobody knows or looks after, and empty lists."""
    if os is None:
        reason = (
            "no operating system was recognised in it, so no package of one was looked at. Accept this where the "
            "image is built FROM scratch"
        )
        yield Gap(subject, reason, facts=(*FOUND, "os_packages", "os"))
    elif os.family == "none":
        reason = "its operating system is one that the scanner does not know, so no package of it was looked at"
        yield Gap(subject, reason, facts=(*FOUND, "os_packages", "packages", "os"))
    elif os.end_of_life:
        reason = f"{os.name} is past its end of life: nobody writes advisories for it, so nothing is found in it"
        yield Gap(subject, reason, facts=FOUND)
    if os is not None and os.family != "none" and not packages.os:
        reason = f"its list of {os.name} packages is empty or was removed, so none of them was looked at"
        yield Gap(subject, reason, facts=(*FOUND, *LISTED))
    if not packages.os and not packages.language:
        yield Gap(subject, "no package was found in it, so none was looked at", facts=FOUND)


def _with_gaps(session: TrivySession, scanned: Scanned[TrivyReport], subject: str) -> ImageScan:
    os = system_of(scanned.report)
    packages = packages_of(scanned.report)
    gaps = [*unchecked(os, packages, subject)]
    gaps += [Gap(subject, f"Trivy warned: {words}", facts=FOUND) for words in doubts(scanned.completed)]
    gaps += [
        Gap(subject, f"{result.suppressed:,} vulnerabilities were taken out of the report", facts=FOUND)
        for result in scanned.report.results
        if result.suppressed
    ]
    if os is not None and os.family != "none" and packages.os and not os.end_of_life:
        try:
            require_release(session, os)
        except ScanProblem as problem:
            gaps.append(Gap(subject, f"its packages of {os.name} were compared with nothing: {problem}", facts=FOUND))
    return ImageScan(scanned, tuple(gaps))


def _covered(report: TrivyReport) -> str:
    os = report.os
    system = f" on {os.family} {os.name}".rstrip() if os is not None else ""
    return f"{report.packages:,} packages{system}"
