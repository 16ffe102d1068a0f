"""The facts of `dependencies` that follow from its findings, and the findings themselves, in one place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from gate.collect.known_packages import Place
from gate.collect.readers.pip_audit_json import AuditedPackage, Vulnerability
from gate.model.finding import SEVERITIES, Finding
from gate.model.json import Json, JsonObject

TOOL = "pip-audit"
_SHOWN_FIXES = 3


def dependency_facts(findings: Sequence[Finding], facts: JsonObject) -> JsonObject:
    """Return the facts with everything that counts findings counted anew.

    A finding is one vulnerability in one version of one package; suppressed ones are not counted. Where nothing was
    audited (`audited` is 0) there are no such facts: zero would read as clean. Pure, and the same facts come out when
    they go in again.
    """
    if not facts.get("audited"):
        return facts
    live = [finding for finding in findings if not finding.suppressed]
    counts: dict[str, Json] = {name: sum(finding.severity == name for finding in live) for name in SEVERITIES}
    counted: JsonObject = {
        "vulnerable": len({_package(finding) for finding in live}),
        "vulnerabilities": len(live),
        "counts": counts,
        "fixable": sum(bool(finding.properties.get("fixed_versions")) for finding in live),
    }
    return facts | counted


def _package(finding: Finding) -> tuple[Json, Json]:
    return str(finding.properties.get("package")), str(finding.properties.get("version"))


def one_per_hole(vulnerabilities: Iterable[Vulnerability]) -> list[Vulnerability]:
    """Return the vulnerabilities of one version of one package, each hole once.

    Entries that share an id or an alias are one hole, also when they do so by way of a third. Its id is the smallest of
    the first of these families that it has: CVE, GHSA, PYSEC, any other.
    """
    groups: list[tuple[set[str], set[str]]] = []
    for item in vulnerabilities:
        ids, fixes = {item.id, *item.aliases}, set(item.fixed_versions)
        apart = []
        for group in groups:
            if group[0] & ids:
                ids |= group[0]
                fixes |= group[1]
            else:
                apart.append(group)
        groups = [*apart, (ids, fixes)]
    holes = []
    for ids, fixes in groups:
        ordered = sorted(ids, key=_rank)
        holes.append(Vulnerability(ordered[0], frozenset(ordered[1:]), tuple(sorted(fixes, key=_version_key))))
    return sorted(holes, key=lambda hole: _rank(hole.id))


def _rank(name: str) -> tuple[int, list[tuple[int, str]], str]:
    families = ("CVE-", "GHSA-", "PYSEC-")
    family = next((index for index, prefix in enumerate(families) if name.upper().startswith(prefix)), len(families))
    # CVE-2020-9 comes before CVE-2020-10.
    return family, [(len(part), part) for part in name.split("-")], name


def _version_key(text: str) -> tuple[bool, object, str]:
    from packaging.version import InvalidVersion, Version

    try:
        return False, Version(text), text
    except (InvalidVersion, ValueError):
        return True, 0, text


def findings_of(
    audited: Iterable[AuditedPackage], versions: Mapping[tuple[str, str], Mapping[str, Sequence[Place]]]
) -> list[Finding]:
    """Return the findings of an audit, sorted by package and version.

    `versions` maps a name and its public version to the versions as they are locked (with local parts) and the places
    that name them; a package that it does not hold is told without a place. The fingerprint is the SHA-256 of package,
    version and id, so it stays when lines and files move.
    """
    merged: dict[tuple[str, str], list[Vulnerability]] = {}
    for package in audited:
        merged.setdefault((package.name, package.version), []).extend(package.vulnerabilities)
    findings = []
    for (name, public), vulnerabilities in sorted(merged.items()):
        holes = one_per_hole(vulnerabilities)
        known = versions.get((name, public)) or {public: ()}
        findings += [_finding(name, version, known[version], hole) for version in sorted(known) for hole in holes]
    return findings


def _finding(name: str, version: str, places: Sequence[Place], hole: Vulnerability) -> Finding:
    fixes = hole.fixed_versions
    more = ", …" if len(fixes) > _SHOWN_FIXES else ""
    mended = f"fixed in {', '.join(fixes[:_SHOWN_FIXES])}{more}" if fixes else "no fixed version is known"
    aliases: list[Json] = [*sorted(hole.aliases, key=_rank)]
    files: list[Json] = [*sorted({place.path for place in places})]
    place = places[0] if places else None
    return Finding(
        rule=hole.id,
        severity="unknown",
        message=f"{name} {version}: {hole.id} ({mended})",
        tool=TOOL,
        path=place.path if place else None,
        line=place.line if place else None,
        fingerprint=sha256("\0".join((name, version, hole.id)).encode()).hexdigest(),
        properties={
            "package": name,
            "version": version,
            "aliases": aliases,
            "fixed_versions": [*fixes],
            "ecosystem": "PyPI",
            "files": files,
        },
    )
