"""`dependencies`: what requirements and lock files name, held against databases of known vulnerabilities.

Request: `files [glob, …]` (requirements and lock files; without it, those with the usual names), `audit` (the gate's
own audits, default true), `service` (whom pip-audit asks: `pypi`, the default, or `osv`), `osv_url` (a service with the
interface of OSV), `mirrors [url, …]` (indexes that serve what PyPI serves), `timeout_seconds` (for one answer, default
15), `trivy` (whether Trivy looks lock files of other languages up, default true), `database`, `download_database` and
`max_database_age_hours` (Trivy's database), `reports [glob, …]` and `discover [glob, …]` (what an earlier step found).

PyPI says which packages it does not know; OSV answers "no vulnerabilities" for those too. So PyPI is the default.
Nothing of the tree is run or installed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gate.collect.collector import Context
from gate.collect.dependencies.dependency_facts import PYPI, dependency_facts, findings_of
from gate.collect.dependencies.dependency_files import LOOKED_FOR, DependencyFiles, find_files
from gate.collect.dependencies.known_packages import AUDIT, Manifests, Place, by_public_version
from gate.collect.dependencies.merge import Key, Told
from gate.collect.dependencies.other_locks import OtherFile, unaudited
from gate.collect.dependencies.own_audit import OwnAudit, not_audited, run_pip_audit, run_trivy_audit
from gate.collect.dependencies.pip_audit_run import TOOL
from gate.collect.dependencies.python_manifests import read_manifests
from gate.collect.dependencies.supplied import SuppliedReports, read_supplied
from gate.collect.dependencies.trivy_locks import TrivyLocks, is_readable
from gate.model.evidence import Collected, Evidence, Gap, Missing, Unreadable
from gate.model.finding import Finding
from gate.model.json import Json, JsonObject

Versions = dict[tuple[str, str], dict[str, tuple[Place, ...]]]


@dataclass(frozen=True, slots=True)
class _Known:
    """All that is known: what the files name, and what each audit said."""

    manifests: Manifests
    versions: Versions
    others: Sequence[OtherFile]
    supplied: SuppliedReports
    own: OwnAudit
    trivy: TrivyLocks

    def told(self) -> list[Told]:
        return [*self.own.told, *self.supplied.told, *self.trivy.told]

    def looked_up(self) -> set[Key]:
        """Every package that somebody looked up. Trivy's second opinion on Python is about those that others did."""
        return {item.key for item in (*self.own.told, *self.supplied.told, *self.trivy.told)}

    def python(self) -> set[tuple[str, str]]:
        return {(name, version) for ecosystem, name, version in self.looked_up() if ecosystem == PYPI}


class DependenciesCollector:
    """Reads requirements and lock files, runs pip-audit over what they pin, and Trivy over other lock files."""

    kind = "dependencies"

    def collect(self, context: Context) -> Evidence:
        """Return what the files name, what is known about it, and as gaps what nobody knows about."""
        files = find_files(context.workspace, _texts(context.request.get("files")))
        manifests = read_manifests(context.workspace, files, _texts(context.request.get("mirrors")))
        known = _audited(context, manifests, unaudited(files.others, context.workspace))
        supplied = known.supplied
        gaps = [*files.gaps, *manifests.gaps, *_other_gaps(context.request, known)]
        if not (manifests.packages or gaps or supplied.found or known.others):
            return _nothing(self.kind, files)
        sources = (*manifests.sources, *known.own.sources, *known.trivy.sources, *supplied.sources)
        if supplied.found and not (manifests.packages or supplied.read or known.trivy.covered):
            first = next((f"{gap.subject} {gap.reason}" for gap in supplied.gaps), "a VEX document alone is no audit")
            reason = f"no supplied report could be read: {first}"
            return Unreadable(self.kind, reason, sources, (*gaps, *supplied.gaps))
        gaps += _audit_gaps(context.request, known)
        locks = manifests.lock_files + sum(file.is_lock for file in files.others)
        facts, findings = _facts(known, locks, len(files.passed_over))
        return Collected(self.kind, facts, sources, tuple(gaps), tuple(findings))


def _audited(context: Context, manifests: Manifests, others: Sequence[OtherFile]) -> _Known:
    versions = by_public_version(manifests.packages)
    supplied = read_supplied(context, others)
    wanted = context.request.get("audit", True) is not False
    own = run_pip_audit(context, versions) if wanted and versions else OwnAudit()
    trivy = TrivyLocks()
    if wanted and context.request.get("trivy", True) is not False:
        trivy = run_trivy_audit(context, others, [*own.told, *supplied.told])
    return _Known(manifests, versions, others, supplied, own, trivy)


def _other_gaps(request: JsonObject, known: _Known) -> list[Gap]:
    """Each file of another language that neither a report nor Trivy covers."""
    off = "the gate's own audit of it is switched off (evidence.dependencies)"
    is_off = request.get("audit", True) is False or request.get("trivy", True) is False
    gaps = []
    for other in known.others:
        if other.path in known.supplied.covered or other.path in known.trivy.covered:
            continue
        own = known.trivy.why.get(other.path) or known.trivy.problem or (off if is_off else None)
        reasons = (known.supplied.why.get(other.path), own if is_readable(other.path) else None)
        gaps.append(not_audited(other, reasons))
    return gaps


def _audit_gaps(request: JsonObject, known: _Known) -> list[Gap]:
    """The gaps of the audits themselves, and one for each Python package that nobody looked up."""
    own, supplied = known.own, known.supplied
    gaps = [*supplied.gaps, *own.gaps]
    gaps += [gap for gap in known.trivy.gaps if gap.path not in supplied.covered]
    looked_up = known.python()
    problem = own.problem
    if own.no_tool is not None:
        problem = f"{own.no_tool}. Install pip-audit, or supply its report under evidence.dependencies.reports"
    if problem is not None and not looked_up:
        # What the files pin and lock is known without any audit; that nobody audited it is one gap, not one for each.
        return [*gaps, Gap(TOOL, f"proved nothing: {problem}", facts=AUDIT)]
    if problem is not None:
        gaps.append(Gap(TOOL, f"proved nothing about some packages: {problem}", facts=AUDIT))
    left = [pinned for pinned in known.versions if pinned not in looked_up]
    if request.get("audit", True) is False and not supplied.read and left:
        reason = "is switched off (evidence.dependencies.audit), and no report is supplied"
        return [*gaps, Gap("audit", reason, facts=AUDIT)]
    return [*gaps, *_left_gaps(known, left)]


def _left_gaps(known: _Known, left: Iterable[tuple[str, str]]) -> list[Gap]:
    places = {(package.name, package.version): package.places[0] for package in known.manifests.packages}
    own = known.own
    otherwise = "was not audited: no supplied report names this version"
    if own.problem is not None or own.no_tool is not None:
        otherwise = "was not audited, because pip-audit's run about it proved nothing"
    gaps = []
    for name, public in left:
        told = own.skipped.get(f"{name} {public}")
        reason = f"was skipped by pip-audit: {told}" if told else otherwise
        for version in known.versions[name, public]:
            place = places[name, version]
            gaps.append(Gap(f"{name} {version}", f"{reason} ({place.path})", place.path, place.line, AUDIT))
    return gaps


def _facts(known: _Known, locks: int, passed_over: int) -> tuple[JsonObject, list[Finding]]:
    manifests, versions, supplied = known.manifests, known.versions, known.supplied
    looked_up = known.looked_up()
    named = {(package.name, package.version) for package in manifests.packages}
    foreign = [key for key in looked_up if key[0] != PYPI or key[1:] not in versions]
    python = sum(len(found) for pinned, found in versions.items() if (PYPI, *pinned) in looked_up)
    packages = len(named) + len(foreign) + supplied.unnamed
    audited = python + len(foreign) + supplied.unnamed
    hashed = sum(package.hashed for package in manifests.packages)
    requirements: JsonObject = {name: manifests.pins[name] for name in ("pinned", "ranged", "unpinned")}
    facts: JsonObject = {
        "files": manifests.files,
        "packages": packages,
        "audited": audited,
        "skipped": packages - audited,
        "unversioned": manifests.unversioned,
        "requirements": requirements,
        "lock_files": locks,
        "hashed": hashed,
        "all_hashed": bool(named) and hashed == len(named) and manifests.unversioned == 0,
        "indexes": [*sorted(manifests.indexes)],
        "reports": supplied.read,
        "passed_over": passed_over,
        "ecosystems": _ecosystems(foreign, python, supplied.unnamed),
        "lock_files_audited": sum(
            other.path in supplied.covered or other.path in known.trivy.covered for other in known.others
        ),
    }
    if known.trivy.age_hours is not None:
        facts["database_age_hours"] = known.trivy.age_hours
    if versions and not looked_up and not supplied.read:
        # The audit did not happen: a count of zero would be a measurement.
        del facts["audited"], facts["skipped"]
    findings = findings_of(known.told(), versions, supplied.statements)
    return dependency_facts(findings, facts), findings


def _ecosystems(foreign: Iterable[Key], python: int, npm: int) -> JsonObject:
    counted = Counter(ecosystem for ecosystem, _, _ in foreign)
    counted[PYPI] += python
    counted["npm"] += npm
    return {ecosystem: count for ecosystem, count in sorted(counted.items()) if count}


def _nothing(kind: str, files: DependencyFiles) -> Missing:
    if files.python:
        names = ", ".join(sorted(files.python)[:3])
        return Missing(kind, f"{names} and the like name no dependency", not_applicable=not files.asked)
    also = f"; {len(files.passed_over):,} in others' code or test data were passed over" if files.passed_over else ""
    reason = f"no file names a dependency (looked for {LOOKED_FOR}{also}). Name files under evidence.dependencies.files"
    return Missing(kind, reason, not_applicable=True)


def _texts(value: Json) -> Sequence[str]:
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
