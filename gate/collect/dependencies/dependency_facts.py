"""The facts of `dependencies` that follow from its findings, and the findings themselves, in one place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from gate.collect.dependencies.known_packages import Place
from gate.collect.dependencies.merge import Hole, Key, Told, merged
from gate.collect.dependencies.vex import Placed, silencing
from gate.model.finding import SEVERITIES, Finding
from gate.model.json import Json, JsonObject

PYPI = "PyPI"
_SHOWN_FIXES = 3
_SHOWN_WHY = 200

Versions = Mapping[tuple[str, str], Mapping[str, Sequence[Place]]]


def dependency_facts(findings: Sequence[Finding], facts: JsonObject) -> JsonObject:
    """Return the facts with everything that counts findings counted anew.

    A finding is one vulnerability in one version of one package; suppressed ones are not counted. Where nothing was
    audited (`audited` is 0) there are no such facts: zero would read as clean. `all_severities` is there only where
    every vulnerability that counts has a severity. Pure, and the same facts come out when they go in again.
    """
    facts = {name: value for name, value in facts.items() if name not in _COUNTED}
    if not facts.get("audited"):
        return facts
    live = [finding for finding in findings if not finding.suppressed]
    fixable = [finding for finding in live if _is_fixable(finding)]
    counted: JsonObject = {
        "vulnerable": len({_package(finding) for finding in live}),
        "vulnerabilities": len(live),
        "counts": _by_severity(live),
        "fixable": len(fixable),
        "fixable_counts": _by_severity(fixable),
        "vex": sum("vex" in finding.properties for finding in findings),
    }
    if all(finding.severity != "unknown" for finding in live):
        counted["all_severities"] = True
    return facts | counted


_COUNTED = frozenset({"vulnerable", "vulnerabilities", "counts", "fixable", "fixable_counts", "vex", "all_severities"})


def _by_severity(findings: Sequence[Finding]) -> JsonObject:
    return {name: sum(finding.severity == name for finding in findings) for name in SEVERITIES}


def _is_fixable(finding: Finding) -> bool:
    return bool(finding.properties.get("fixed_versions")) or finding.properties.get("fixable") is True


def _package(finding: Finding) -> tuple[str, ...]:
    return tuple(str(finding.properties.get(name)) for name in ("ecosystem", "package", "version"))


def findings_of(told: Iterable[Told], versions: Versions, statements: Sequence[Placed] = ()) -> list[Finding]:
    """Return the findings of all audits together, sorted by ecosystem, package and version.

    `versions` maps a Python package and its public version to the versions as they are locked (with local parts) and
    the places that name them; what it does not hold is told with the file that the audit named. `statements` of VEX
    documents mark findings suppressed. The fingerprint is the SHA-256 of package, version and id (before them the
    ecosystem, where that is not PyPI), so it stays when lines and files move.
    """
    every = list(told)
    files: dict[Key, dict[str, None]] = {}
    for item in every:
        if item.path is not None:
            files.setdefault(item.key, {})[item.path] = None
    findings = []
    for key, holes in merged(every).items():
        ecosystem, name, public = key
        known = versions.get((name, public)) if ecosystem == PYPI else None
        places = known or {public: tuple(Place(path) for path in sorted(files.get(key, ())))}
        for version in sorted(places):
            findings += [_finding(key, version, places[version], hole, statements) for hole in holes]
    return findings


def _finding(key: Key, version: str, places: Sequence[Place], hole: Hole, statements: Sequence[Placed]) -> Finding:
    ecosystem, name, _ = key
    fixes = hole.fixed_versions
    paths: list[Json] = [*sorted({place.path for place in places})]
    place = places[0] if places else None
    about = (name, version, hole.id) if ecosystem == PYPI else (ecosystem, name, version, hole.id)
    properties: JsonObject = {
        "package": name,
        "version": version,
        "ecosystem": ecosystem,
        "aliases": [*hole.aliases],
        "fixed_versions": [*fixes],
        "fixable": hole.fixable,
        "severity_from": [*hole.severity_from],
        "told_by": [*hole.told_by],
        "files": paths,
    }
    silenced = silencing(statements, key, hole)
    if silenced is not None:
        statement = silenced.statement
        properties["vex"] = {"state": statement.state, "why": statement.why[:_SHOWN_WHY], "from": silenced.path}
    return Finding(
        rule=hole.id,
        severity=hole.severity,
        message=f"{name} {version}: {hole.id} ({_mended(hole)})",
        tool=hole.told_by[0],
        path=place.path if place else None,
        line=place.line if place else None,
        fingerprint=sha256("\0".join(about).encode("utf-8", "replace")).hexdigest(),
        suppressed=silenced is not None,
        properties=properties,
    )


def _mended(hole: Hole) -> str:
    fixes = hole.fixed_versions
    if fixes:
        return f"fixed in {', '.join(fixes[:_SHOWN_FIXES])}{', …' if len(fixes) > _SHOWN_FIXES else ''}"
    return "a fix is known, its version is not told" if hole.fixable else "no fixed version is known"
