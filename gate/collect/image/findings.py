"""The findings of `image`, and the facts that follow from them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from gate.model.finding import SEVERITIES, Finding, Severity
from gate.model.json import Json, JsonObject

if TYPE_CHECKING:
    from gate.collect.readers.grype_json import GrypeMatch
    from gate.collect.readers.trivy_json import TrivyReport

OS, LANGUAGE = "os", "language"
_ONE_TO_ONE = ("CVE-", "GHSA-", "PYSEC-", "GO-", "RUSTSEC-", "MAL-")
_RANK: dict[Severity, int] = {name: rank for rank, name in enumerate(SEVERITIES)}
_PATHS = 20
_SEPARATORS = re.compile(r"[-_.]+")


@dataclass(frozen=True, slots=True)
class Hole:
    """What one tool says of one vulnerability in one version of one package of one image (`image` is its key)."""

    image: str
    tool: str
    ids: frozenset[str]
    package: str
    version: str
    class_: str
    severity: Severity
    fixed: tuple[str, ...] = ()
    status: str | None = None
    paths: tuple[str, ...] = ()
    title: str | None = None
    url: str | None = None
    severity_source: str | None = None


def image_facts(findings: Sequence[Finding], facts: JsonObject) -> JsonObject:
    """Return the facts with everything that counts findings counted anew.

    Suppressed findings are not counted. Where no scan proved anything (there are no `scans`) there are no counts:
    zero would read as clean. Pure, and the same facts come out when they go in again.
    """
    if "scans" not in facts:
        return facts
    live = [finding for finding in findings if not finding.suppressed]
    fixable = [finding for finding in live if finding.properties.get("fixed_version")]
    return facts | {
        "vulnerabilities": len(live),
        "vulnerable": len({_package(finding) for finding in live}),
        "counts": _by_severity(live),
        "fixable": len(fixable),
        "fixable_counts": _by_severity(fixable),
    }


def _by_severity(findings: Iterable[Finding]) -> JsonObject:
    counts: dict[str, int] = dict.fromkeys(SEVERITIES, 0)
    for finding in findings:
        counts[finding.severity] += 1
    return {**counts}


def _package(finding: Finding) -> tuple[str, ...]:
    return tuple(str(finding.properties.get(name)) for name in ("image", "class", "package", "version"))


def holes_of_trivy(report: TrivyReport, image: str) -> list[Hole]:
    """Return what a report of Trivy says."""
    return [
        Hole(
            image=image,
            tool="trivy",
            ids=frozenset({item.id, *item.aliases}),
            package=item.package,
            version=item.version,
            class_=OS if result.class_ == "os-pkgs" else LANGUAGE,
            severity=item.severity,
            fixed=tuple(part.strip() for part in (item.fixed_version or "").split(",") if part.strip()),
            status=item.status,
            paths=(item.path,) if item.path else () if result.class_ == "os-pkgs" else (result.target,),
            title=item.title,
            url=item.url,
            severity_source=item.severity_source,
        )
        for result in report.results
        for item in result.vulnerabilities
    ]


def holes_of_grype(matches: Iterable[GrypeMatch], image: str) -> list[Hole]:
    """Return what a report of Grype says."""
    return [
        Hole(
            image=image,
            tool="grype",
            ids=frozenset({match.id, *(other for other in match.aliases if other.startswith(_ONE_TO_ONE))}),
            package=match.package,
            version=match.version,
            class_=OS if match.os_package else LANGUAGE,
            severity=match.severity,
            fixed=match.fixed_versions,
            status=match.fix_state,
            paths=match.paths,
            title=(match.description or "").partition("\n")[0][:200] or None,
            url=match.url,
        )
        for match in matches
    ]


def findings_of(holes: Iterable[Hole]) -> list[Finding]:
    """Return one finding for each vulnerability in one version of one package of one image, sorted, the worst first.

    Entries that share an id or an alias are one vulnerability, also by way of a third; tools are taken together. Its
    severity is the worst that any of them states.
    """
    groups: dict[tuple[str, str, str, str], list[Hole]] = {}
    for hole in holes:
        name = _SEPARATORS.sub("-", hole.package).lower() if hole.class_ == LANGUAGE else hole.package
        groups.setdefault((hole.image, hole.class_, name, hole.version), []).append(hole)
    images = {hole[0] for hole in groups}
    findings = [
        _finding(one, several=len(images) > 1) for group in groups.values() for one in _one_per_vulnerability(group)
    ]
    return sorted(findings, key=lambda finding: (_RANK[finding.severity], finding.message, finding.fingerprint))


def _one_per_vulnerability(group: Iterable[Hole]) -> list[Hole]:
    found: list[Hole] = []
    for hole in group:
        apart = []
        for other in found:
            if other.ids & hole.ids:
                hole = _joined(other, hole)
            else:
                apart.append(other)
        found = [*apart, hole]
    return found


def _joined(one: Hole, two: Hole) -> Hole:
    rated = [severity for severity in (one.severity, two.severity) if severity != "unknown"]
    tools = one.tool.split(" + ") + two.tool.split(" + ")
    return replace(
        one,
        tool=" + ".join(dict.fromkeys(tools)),
        ids=one.ids | two.ids,
        severity=min(rated, key=_RANK.__getitem__, default="unknown"),
        fixed=tuple(dict.fromkeys((*one.fixed, *two.fixed))),
        status=one.status or two.status,
        paths=tuple(dict.fromkeys((*one.paths, *two.paths))),
        title=one.title or two.title,
        url=one.url or two.url,
        severity_source=one.severity_source or two.severity_source,
    )


def _finding(hole: Hole, *, several: bool) -> Finding:
    ids = sorted(hole.ids, key=lambda id_: (not id_.startswith("CVE-"), not id_.startswith("GHSA-"), id_))
    aliases: list[Json] = [*ids[1:]]
    paths: list[Json] = [*sorted(hole.paths)[:_PATHS]]
    mended = f"fixed in {', '.join(hole.fixed)}" if hole.fixed else hole.status or "no fixed version is known"
    told = f": {hole.title}" if hole.title else ""
    identity = (hole.class_, hole.package, hole.version, ids[0], *((hole.image,) if several else ()))
    return Finding(
        rule=ids[0],
        severity=hole.severity,
        message=f"{hole.package} {hole.version}{told} ({mended.replace('_', ' ')})",
        tool=hole.tool,
        fingerprint=sha256("\0".join(identity).encode()).hexdigest(),
        properties={
            "package": hole.package,
            "version": hole.version,
            "fixed_version": ", ".join(hole.fixed) or None,
            "status": hole.status,
            "class": hole.class_,
            "aliases": aliases,
            "paths": paths,
            "image": hole.image,
            "severity_source": hole.severity_source,
            "url": hole.url,
        },
    )
