"""`dependencies`: what Python's requirements and lock files name, held against a service of known vulnerabilities.

Request: `files [glob, …]` (requirements and lock files; without it, those with the usual names), `audit` (the gate's
own run of pip-audit, default true), `service` (`pypi`, the default, or `osv`), `osv_url` (a service with the interface
of OSV), `mirrors [url, …]` (indexes that serve what PyPI serves), `timeout_seconds` (for one answer, default 15),
`reports [glob, …]` and `discover [glob, …]` (pip-audit's JSON of an earlier step).

PyPI says which packages it does not know; OSV answers "no vulnerabilities" for those too. So PyPI is the default.
Nothing of the tree is run or installed. Other languages' files are counted, and are gaps: nobody audits them here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gate.collect.collector import Context
from gate.collect.dependency_facts import TOOL, dependency_facts, findings_of
from gate.collect.dependency_files import LOOKED_FOR, DependencyFiles, find_files
from gate.collect.known_packages import AUDIT, Manifests, Place, by_public_version
from gate.collect.other_locks import OtherFile, unaudited
from gate.collect.pip_audit_run import AuditSettings, PipAudit
from gate.collect.process import ToolProblem
from gate.collect.python_manifests import read_manifests
from gate.collect.readers.errors import ReportError
from gate.collect.readers.pip_audit_json import AuditedPackage, SkippedPackage, read_pip_audit
from gate.collect.reports import find_reports
from gate.collect.workspace import ReadProblem
from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Source, Unreadable
from gate.model.finding import Finding
from gate.model.json import Json, JsonObject

_SAFE_URL = re.compile(r"(?:https://[^/\s]+|http://(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?)(?:/\S*)?")
_REPORT_LIMIT = 64 * 1024 * 1024


@dataclass(slots=True)
class _Audit:
    """What the gate's own run and the supplied reports say together.

    `audited` holds the same package more than once where several say something about it. `own_problem` says why the
    gate's own run proved nothing, `no_tool` why it could not begin.
    """

    audited: list[AuditedPackage] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    reports: int = 0
    reports_found: int = 0
    own_problem: str | None = None
    no_tool: str | None = None

    def names(self) -> set[tuple[str, str]]:
        """Every package, with its public version, that somebody looked up."""
        return {(package.name, package.version) for package in self.audited}


Versions = dict[tuple[str, str], dict[str, tuple[Place, ...]]]


class DependenciesCollector:
    """Reads requirements and lock files, and runs pip-audit over what they pin."""

    kind = "dependencies"

    def collect(self, context: Context) -> Evidence:
        """Return what the files name, what is known about it, and as gaps what nobody knows about."""
        files = find_files(context.workspace, _texts(context.request.get("files")))
        manifests = read_manifests(context.workspace, files, _texts(context.request.get("mirrors")))
        others = unaudited(files.others, context.workspace)
        gaps = [*files.gaps, *manifests.gaps, *_other_gaps(others)]
        locks = manifests.lock_files + sum(file.is_lock for file in files.others)
        audit = _Audit()
        _read_reports(context, audit)
        versions = by_public_version(manifests.packages)
        if context.request.get("audit", True) is not False and versions:
            _run(context, versions, audit)
        if not (manifests.packages or gaps or audit.reports_found):
            return _nothing(self.kind, files)
        sources = (*manifests.sources, *audit.sources)
        if not manifests.packages and not audit.reports and audit.reports_found:
            first = next(iter(audit.gaps))
            reason = f"no supplied report could be read: {first.subject} {first.reason}"
            return Unreadable(self.kind, reason, sources, (*gaps, *audit.gaps))
        gaps += _audit_gaps(context.request, manifests, audit, versions)
        facts, findings = _facts(manifests, audit, versions, locks, len(files.passed_over))
        return Collected(self.kind, facts, sources, tuple(gaps), tuple(findings))


def _run(context: Context, versions: Versions, audit: _Audit) -> None:
    """The gate's own run over everything that the files pin."""
    settings = _settings(context.request)
    if isinstance(settings, str):
        audit.own_problem = settings
        return
    try:
        tool = context.tools.find(TOOL)
    except ToolProblem as problem:
        audit.no_tool = str(problem)
        return
    context.log(f"pip-audit {tool.version} asks {settings.asked} about {len(versions):,} packages")
    run = PipAudit(context.runner, tool, settings).run(versions, context.jobs)
    audit.audited += run.audited
    audit.skipped |= {package.name: package.reason for package in run.skipped}
    facts = AUDIT
    audit.gaps += [
        Gap(TOOL, f"passed over an answer of {settings.asked}: {doubt}", facts=facts) for doubt in run.doubts
    ]
    if run.failed:
        audit.own_problem = next(iter(run.failed.values()))
    if run.runs:
        detail = f"{len(run.audited):,} packages, asked {settings.asked}"
        audit.sources.append(Source(How.PRODUCED, None, None, TOOL, tool.version, detail))


def _settings(request: JsonObject) -> AuditSettings | str:
    """Return whom to ask, or the sentence that says why it cannot be asked."""
    url = request.get("osv_url")
    seconds = request.get("timeout_seconds")
    answer = max(1, min(int(seconds), 600)) if isinstance(seconds, int | float) else 15
    if url is None:
        return AuditSettings("osv" if request.get("service") == "osv" else "pypi", None, answer)
    if not isinstance(url, str) or not _SAFE_URL.fullmatch(url):
        return (
            "evidence.dependencies.osv_url is not asked: it must be an https address (http only on this machine), "
            "because whoever can change the answers decides what is vulnerable"
        )
    return AuditSettings("osv", url, answer)


def _read_reports(context: Context, audit: _Audit) -> None:
    found = find_reports(context.workspace, context.request)
    audit.gaps += found.gaps
    audit.reports_found = len(found.paths) + len(found.gaps)
    for path in found.paths:
        try:
            content = context.workspace.read(path, _REPORT_LIMIT)
            report = read_pip_audit(content.data)
        except ReadProblem as problem:
            audit.gaps.append(problem.gap())
            continue
        except ReportError as error:
            audit.gaps.append(Gap(path, error.reason, path, error.line))
            continue
        audit.reports += 1
        audit.audited += report.audited
        audit.gaps += [_skip_gap(package, path) for package in report.skipped]
        detail = f"{len(report.audited):,} packages"
        audit.sources.append(Source(How.SUPPLIED, path, content.sha256, TOOL, None, detail))


def _skip_gap(package: SkippedPackage, path: str | None) -> Gap:
    told = f" ({path})" if path else ""
    return Gap(package.name, f"was skipped by pip-audit: {package.reason}{told}", path, facts=AUDIT)


def _other_gaps(others: Iterable[OtherFile]) -> list[Gap]:
    return [
        Gap(
            other.path,
            f"was not audited: the gate's own audit reads Python only, and this names packages of {other.ecosystem}. "
            "Accept the gap in the policy where another step audits them",
            other.path,
            facts=AUDIT,
        )
        for other in others
    ]


def _audit_gaps(request: JsonObject, manifests: Manifests, audit: _Audit, versions: Versions) -> list[Gap]:
    """The gaps of the audit itself, and one for each package that nobody looked up."""
    gaps = list(audit.gaps)
    problem = audit.own_problem
    if audit.no_tool is not None:
        problem = f"{audit.no_tool}. Install pip-audit, or supply its report under evidence.dependencies.reports"
    if problem is not None and not audit.audited:
        # What the files pin and lock is known without any audit; that nobody audited it is one gap, not one for each.
        return [*gaps, Gap(TOOL, f"proved nothing: {problem}", facts=AUDIT)]
    if problem is not None:
        gaps.append(Gap(TOOL, f"proved nothing about some packages: {problem}", facts=AUDIT))
    looked_up = audit.names()
    left = [pinned for pinned in versions if pinned not in looked_up]
    if request.get("audit", True) is False and not audit.reports and left:
        reason = "is switched off (evidence.dependencies.audit), and no report is supplied"
        return [*gaps, Gap("audit", reason, facts=AUDIT)]
    places = {(package.name, package.version): package.places[0] for package in manifests.packages}
    for name, public in left:
        told = audit.skipped.get(f"{name} {public}")
        reason = f"was skipped by pip-audit: {told}" if told else _not_looked_up(audit)
        for version in versions[name, public]:
            place = places[name, version]
            gaps.append(Gap(f"{name} {version}", f"{reason} ({place.path})", place.path, place.line, AUDIT))
    return gaps


def _not_looked_up(audit: _Audit) -> str:
    if audit.own_problem is not None or audit.no_tool is not None:
        return "was not audited, because pip-audit's run about it proved nothing"
    return "was not audited: no supplied report names this version"


def _facts(
    manifests: Manifests, audit: _Audit, versions: Versions, locks: int, passed_over: int
) -> tuple[JsonObject, list[Finding]]:
    looked_up = audit.names()
    known = {(package.name, package.version) for package in manifests.packages}
    foreign = looked_up - set(versions)
    audited = sum(len(found) for pinned, found in versions.items() if pinned in looked_up) + len(foreign)
    hashed = sum(package.hashed for package in manifests.packages)
    requirements: JsonObject = {name: manifests.pins[name] for name in ("pinned", "ranged", "unpinned")}
    facts: JsonObject = {
        "files": manifests.files,
        "packages": len(known) + len(foreign),
        "audited": audited,
        "skipped": len(known) + len(foreign) - audited,
        "unversioned": manifests.unversioned,
        "requirements": requirements,
        "lock_files": locks,
        "hashed": hashed,
        "all_hashed": bool(known) and hashed == len(known) and manifests.unversioned == 0,
        "indexes": [*sorted(manifests.indexes)],
        "reports": audit.reports,
        "passed_over": passed_over,
    }
    if versions and not audit.audited and not audit.reports:
        # The audit did not happen: a count of zero would be a measurement.
        del facts["audited"], facts["skipped"]
    findings = findings_of(audit.audited, versions)
    return dependency_facts(findings, facts), findings


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
