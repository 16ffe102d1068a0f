"""Supplied reports: what they say, which files of the tree they cover, and what they leave open."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gate.collect.dependencies.known_packages import AUDIT
from gate.collect.dependencies.merge import Told
from gate.collect.dependencies.other_locks import OtherFile
from gate.collect.dependencies.paths import speaks_of, tree_path
from gate.collect.dependencies.vex import Placed
from gate.collect.readers.audit import AuditedPackage, AuditReport
from gate.collect.readers.audit_reports import Supplied, read_audit
from gate.collect.readers.cyclonedx_vex import Vex
from gate.collect.readers.ecosystems import package_version
from gate.collect.readers.errors import ReportError
from gate.collect.readers.npm_audit import NpmAudit
from gate.collect.readers.npm_lock import LIMIT as NPM_LOCK_LIMIT
from gate.collect.readers.npm_lock import NpmLock, read_npm_places
from gate.collect.reports import find_reports
from gate.collect.workspace import ReadProblem
from gate.model.evidence import Gap, How, Source

if TYPE_CHECKING:
    from gate.collect.collector import Context
    from gate.collect.workspace import Content, Workspace

_LIMIT = 64 * 1024 * 1024
_NPM_LOCKS = ("package-lock.json", "npm-shrinkwrap.json")
NPM = "npm audit"


@dataclass(slots=True)
class SuppliedReports:
    """What all of them together say.

    `covered` maps files of the tree that a report covers to who says so; `read` counts reports of audits, `found` all
    that were there; `unnamed` counts packages that npm looked at and did not name, where no lock file tells them.
    """

    told: list[Told] = field(default_factory=list)
    statements: list[Placed] = field(default_factory=list)
    covered: dict[str, str] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    unnamed: int = 0
    read: int = 0
    found: int = 0


def read_supplied(context: Context, others: Sequence[OtherFile]) -> SuppliedReports:
    """Read every report that the request names. Raises nothing: what cannot be read is a gap."""
    return _Reading(context, others).read()


class _Reading:
    def __init__(self, context: Context, others: Sequence[OtherFile]) -> None:
        self._workspace: Workspace = context.workspace
        self._request = context.request
        self._others = {other.path for other in others}
        self._every = frozenset(context.workspace.files())
        self._locks: dict[str, NpmLock] | None = None
        self.result = SuppliedReports()

    def read(self) -> SuppliedReports:
        found = find_reports(self._workspace, self._request)
        result = self.result
        result.gaps += found.gaps
        result.found = len(found.paths) + len(found.gaps)
        seen: set[str] = set()
        for path in found.paths:
            try:
                content = self._workspace.read(path, _LIMIT)
                if content.sha256 in seen:
                    continue
                seen.add(content.sha256)
                self._take(path, content, read_audit(content.data))
            except ReadProblem as problem:
                result.gaps.append(problem.gap())
            except ReportError as error:
                result.gaps.append(Gap(path, error.reason, path, error.line))
        return result

    def _take(self, path: str, content: Content, report: Supplied) -> None:
        if isinstance(report, Vex):
            self._vex(path, content, report)
            return
        if isinstance(report, NpmAudit):
            tool, version, count = NPM, None, report.total
            self._npm(path, report)
        else:
            tool, version, count = report.tool, report.version, len(report.audited)
            self._audit(path, report)
        self.result.read += 1
        detail = f"{count:,} packages"
        self.result.sources.append(Source(How.SUPPLIED, path, content.sha256, tool, version, detail))

    def _vex(self, path: str, content: Content, report: Vex) -> None:
        result = self.result
        result.statements += [Placed(statement, path) for statement in report.statements]
        for id_, why in report.useless:
            result.gaps.append(Gap(id_, f"is {why}, so the statement has no effect ({path})", path, facts=("vex",)))
        detail = f"{len(report.statements):,} statements"
        result.sources.append(Source(How.SUPPLIED, path, content.sha256, "CycloneDX VEX", None, detail))

    def _audit(self, path: str, report: AuditReport) -> None:
        result = self.result
        for skip in report.skipped:
            reason = f"was skipped by {report.tool}: {skip.reason} ({path})"
            result.gaps.append(Gap(skip.name, reason, path, facts=AUDIT))
        by_file: dict[str | None, list[AuditedPackage]] = {}
        for package in report.audited:
            by_file.setdefault(package.path, []).append(package)
        whole = frozenset(report.files)
        for written, packages in by_file.items():
            place = self._place(written)
            if place is not None and place in self._others and not self._is_about(place, packages):
                reason = f"{path} tells of other packages under its name, so it is about another state of the tree"
                result.why.setdefault(place, reason)
                place = None
            elif place is not None and written in whole:
                self._cover(place, f"{report.tool} ({path})")
            result.told += [Told(report.tool, package, place) for package in packages]
        for written, why in report.unlisted:
            unlisted = self._place(written)
            if unlisted is not None:
                result.why.setdefault(unlisted, f"{why} ({path})")

    def _place(self, written: str | None) -> str | None:
        if written is None:
            return None
        roots = [self._workspace.root.as_posix()]
        return tree_path(written, self._every, roots, self._workspace.scope)

    def _cover(self, place: str, by: str) -> None:
        """A go.mod names what go.sum has the hashes of, and the other way round."""
        self.result.covered[place] = by
        folder, name = posixpath.split(place)
        twin = {"go.mod": "go.sum", "go.sum": "go.mod"}.get(name)
        if twin is not None:
            self.result.covered.setdefault(posixpath.join(folder, twin), by)

    def _is_about(self, place: str, packages: Iterable[AuditedPackage]) -> bool:
        try:
            data = self._workspace.read(place, _LIMIT).data
        except ReadProblem:
            return False
        # The standard library of Go is named by the version of the compiler, and stands in no go.sum.
        named = {(item.name, item.version) for item in packages if item.name not in ("stdlib", "toolchain")}
        if posixpath.basename(place) in ("go.mod", "go.sum"):
            named = {(name, "") for name, _ in named}
        return speaks_of(data, named)

    def _npm(self, path: str, report: NpmAudit) -> None:
        locks = self._npm_locks()
        fits = sorted(place for place, lock in locks.items() if _fits(report, lock))
        if fits:
            for place in fits:
                self._cover(place, f"{NPM} ({path})")
                self.result.told += _of_lock(report, locks[place], place)
            return
        self.result.told += _without_lock(report)
        if not locks:
            self.result.unnamed += report.total - len({item.name for item in report.vulnerable})
        for place in locks:
            reason = (
                f"{path} is about {report.total:,} packages, and this file names {len(locks[place].places):,} "
                "or others, so npm did not look at it as it is here"
            )
            self.result.why.setdefault(place, reason)

    def _npm_locks(self) -> dict[str, NpmLock]:
        if self._locks is None:
            self._locks = {}
            for place in sorted(self._others):
                if posixpath.basename(place) in _NPM_LOCKS:
                    try:
                        self._locks[place] = read_npm_places(self._workspace.read(place, NPM_LOCK_LIMIT).data)
                    except ReadProblem as problem:
                        self.result.why.setdefault(place, f"it {problem.reason}")
                    except ReportError as error:
                        self.result.why.setdefault(place, f"it {error.reason}")
        return self._locks


def _fits(report: NpmAudit, lock: NpmLock) -> bool:
    """Whether npm looked at this lock file: as many packages, and every place that it names is in it.

    npm counts every entry but the project itself; links and members of workspaces are entries too.
    """
    counts = {len(lock.places)} if report.layout == 2 else {len(lock.places), len(lock.packages)}
    if report.total not in counts or not report.nodes <= lock.places | {""}:
        return False
    known = {name for name, _ in lock.packages.values()}
    versions = set(lock.packages.values())
    return all(
        item.name in known and all((item.name, version) in versions for version in item.versions)
        for item in report.vulnerable
    )


def _of_lock(report: NpmAudit, lock: NpmLock, place: str) -> list[Told]:
    """Every package of the lock file, with its holes: by its place, or by name and version."""
    by_node = {node: item.vulnerabilities for item in report.vulnerable for node in item.nodes}
    by_version: dict[tuple[str, str], list[int]] = {}
    for index, item in enumerate(report.vulnerable):
        for version in item.versions:
            by_version.setdefault((item.name, version), []).append(index)
    told = []
    for node, (name, version) in lock.packages.items():
        holes = [*by_node.get(node, ())]
        for index in by_version.get((name, version), ()):
            holes += report.vulnerable[index].vulnerabilities
        package = AuditedPackage(name, package_version("npm", version), tuple(holes), "npm")
        told.append(Told(NPM, package, place))
    return told


def _without_lock(report: NpmAudit) -> list[Told]:
    """Only what has a hole, in a version that is told or not known."""
    return [
        Told(NPM, AuditedPackage(item.name, package_version("npm", version), item.vulnerabilities, "npm"))
        for item in report.vulnerable
        for version in item.versions or ("",)
    ]
