"""Lock files of other languages than Python, looked up by Trivy.

Trivy gets copies under names of the gate's own choice, in a folder of their own, so no configuration, ignore file or
odd name of the tree reaches it. A file that it does not read has no entry in its report and gives no error; so each one
must come back with packages, or it is a gap.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gate.collect.dependencies.known_packages import AUDIT
from gate.collect.dependencies.merge import Told
from gate.collect.dependencies.other_locks import OtherFile
from gate.collect.process import ToolProblem
from gate.collect.readers.errors import ReportError
from gate.collect.readers.npm_lock import read_npm_places
from gate.collect.workspace import ReadProblem
from gate.model.evidence import Gap, How, Source

if TYPE_CHECKING:
    from gate.collect.collector import Context
    from gate.collect.readers.audit import AuditReport
    from gate.collect.readers.trivy_json import TrivyReport
    from gate.collect.trivy.trivy_session import TrivySettings
    from gate.collect.workspace import Workspace

TOOL = "trivy"
_LIMIT = 64 * 1024 * 1024
_MOST = 1_000
_GIVEN: dict[str, str] = {
    **{
        name: name
        for name in (
            "package-lock.json",
            "yarn.lock",
            "pnpm-lock.yaml",
            "bun.lock",
            "go.mod",
            "Cargo.lock",
            "Gemfile.lock",
            "composer.lock",
            "gradle.lockfile",
            "packages.lock.json",
            "conan.lock",
            "mix.lock",
            "pubspec.lock",
            "Podfile.lock",
            "Package.resolved",
        )
    },
    # The same formats under names that Trivy does not look at.
    "npm-shrinkwrap.json": "package-lock.json",
    "buildscript-gradle.lockfile": "gradle.lockfile",
    "gems.locked": "Gemfile.lock",
}
"""The name of a file → the name under which Trivy reads its format."""
_NPM = ("package-lock.json", "npm-shrinkwrap.json")


@dataclass(slots=True)
class TrivyLocks:
    """What Trivy said. `covered` are the files that it listed packages of; `why` maps the others to the reason.

    `gaps` are about files that are covered in part. `problem` says why no run of Trivy proved anything.
    """

    told: list[Told] = field(default_factory=list)
    covered: dict[str, int] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    problem: str | None = None
    age_hours: float | None = None


@dataclass(slots=True)
class _Given:
    """What Trivy is given: `files` by the name that they get, `meant` from that to the path in the tree."""

    files: dict[str, bytes] = field(default_factory=dict)
    meant: dict[str, str] = field(default_factory=dict)
    sums: dict[str, str] = field(default_factory=dict)
    python: dict[str, Mapping[str, str]] = field(default_factory=dict)


def is_readable(path: str) -> bool:
    """Whether Trivy reads files of this name (a go.sum with the go.mod beside it)."""
    name = posixpath.basename(path)
    return name in _GIVEN or name == "go.sum"


def scan_locks(
    context: Context,
    settings: TrivySettings,
    others: Sequence[OtherFile],
    pins: Sequence[Mapping[str, str]] = (),
) -> TrivyLocks:
    """Let Trivy look up the lock files among `others`, and the Python packages in `pins` (name → version).

    Raises nothing: a run that proves nothing is a reason. What is told about `pins` covers nothing, because Trivy does
    not say which packages its database has never heard of; it is a second opinion about what another service knows.
    """
    result = TrivyLocks()
    given = _given(context.workspace, others, result)
    for index, group in enumerate(pins):
        name = f"python-{index}/requirements.txt"
        given.files[name] = "".join(f"{one}=={version}\n" for one, version in sorted(group.items())).encode("ascii")
        given.python[name] = group
    if not given.files:
        return result
    try:
        _scan(context, settings, given, result)
    except ToolProblem as problem:
        result.problem = f"{problem}".replace("evidence.image.", "evidence.dependencies.")
    return result


def _given(workspace: Workspace, others: Sequence[OtherFile], result: TrivyLocks) -> _Given:
    given = _Given()
    tracked = frozenset(workspace.files())
    for index, other in enumerate(others):
        path = other.path
        name = posixpath.basename(path)
        beside = posixpath.join(posixpath.dirname(path), "go.mod")
        if name == "go.sum":
            if beside not in tracked:
                result.why[path] = "there is no go.mod beside it, which says what is built"
                continue
            path, name = beside, "go.mod"
            given.sums[beside] = other.path
        if name not in _GIVEN:
            continue
        if len(given.files) >= _MOST:
            result.why[other.path] = f"Trivy is given at most {_MOST:,} files"
            continue
        try:
            _add(workspace, given, index, path)
            if other.path != path:
                given.files[f"{index}/go.sum"] = workspace.read(other.path, _LIMIT).data
        except ReadProblem as problem:
            result.why[other.path] = f"it {problem.reason}"
    return given


def _add(workspace: Workspace, given: _Given, index: int, path: str) -> None:
    name = f"{index}/{_GIVEN[posixpath.basename(path)]}"
    given.files[name] = workspace.read(path, _LIMIT).data
    given.meant[name] = path


def _scan(context: Context, settings: TrivySettings, given: _Given, result: TrivyLocks) -> None:
    from gate.collect.readers.trivy_audit import trivy_audit
    from gate.collect.trivy.trivy_run import doubts
    from gate.collect.trivy.trivy_session import trivy_session

    with trivy_session(context, settings) as session:
        scanned = session.filesystem(given.files, _covered)
        result.age_hours = session.age_hours
        updated = session.database.updated_at
    try:
        report = trivy_audit(scanned.report)
    except ReportError:
        report = None  # a run that found no package in any file: each of them is told below
    if report is not None:
        _tell(given, report, result)
    for name, path in given.meant.items():
        data = given.files[name]
        lock = given.sums.get(path, path)
        if path not in result.covered:
            result.why[lock] = f"Trivy {scanned.tool.version} reads no package from it"
            continue
        if lock != path:
            result.covered[lock] = result.covered[path]
        if posixpath.basename(path) in _NPM:
            listed = {(told.package.name, told.package.version) for told in result.told if told.path == path}
            result.gaps += left_out(data, path, listed)
    for doubt in doubts(scanned.completed):
        result.gaps.append(Gap(TOOL, f"warned while it looked the lock files up: {doubt}", facts=AUDIT))
    packages = sum(result.covered[path] for path in given.meant.values() if path in result.covered)
    seen = sum(path in result.covered for path in given.meant.values())
    detail = f"{packages:,} packages in {seen:,} lock files, database of {updated:%Y-%m-%d}"
    result.sources.append(Source(How.PRODUCED, None, None, TOOL, scanned.tool.version, detail))


def _covered(report: TrivyReport) -> str:
    return f"{report.packages:,} packages in {len(report.results):,} lock files"


def _tell(given: _Given, report: AuditReport, result: TrivyLocks) -> None:
    for package in report.audited:
        path = given.meant.get(package.path or "")
        if path is not None:
            result.told.append(Told(TOOL, package, path))
            result.covered[path] = result.covered.get(path, 0) + 1
        elif package.path in given.python and package.vulnerabilities:
            result.told.append(Told(TOOL, package))


def left_out(data: bytes, path: str, listed: Collection[tuple[str, str]]) -> list[Gap]:
    """A lock file of npm is read by the gate too: what it names and Trivy did not list was not looked up."""
    try:
        places = read_npm_places(data).packages.values()
    except ReportError as error:
        return [Gap(path, error.reason, path, error.line, AUDIT)]
    left = sorted({(name, version) for name, version in places if version} - set(listed))
    if not left:
        return []
    more = f" and {len(left) - 1:,} more" if left[1:] else ""
    return [Gap(path, f"names {left[0][0]} {left[0][1]}{more}, which Trivy did not look up", path, facts=AUDIT)]
