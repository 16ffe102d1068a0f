"""What the Python files of a repository name: packages with versions, and what has none.

Pure but for reads through the workspace. What a requirements file includes is followed inside the workspace only.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial

from gate.collect.dependencies.dependency_files import DependencyFiles, Role, reads_as_requirements
from gate.collect.dependencies.known_packages import AUDIT, KnownPackage, Manifests, Place
from gate.collect.dependencies.python_versions import UNKNOWN, Versions, inside
from gate.collect.readers.errors import ReportError
from gate.collect.readers.python_declared import LIMIT as DECLARED_LIMIT
from gate.collect.readers.python_declared import NAMES as DECLARED_NAMES
from gate.collect.readers.python_declared import read_declared
from gate.collect.readers.python_locks import LIMIT as LOCK_LIMIT
from gate.collect.readers.python_locks import lock_format, read_lock
from gate.collect.readers.python_packages import LockedPackage, Requirement
from gate.collect.readers.requirements import LIMIT as REQUIREMENTS_LIMIT
from gate.collect.readers.requirements import Include, read_requirements
from gate.collect.workspace import Content, ReadProblem, Workspace
from gate.model.evidence import Gap, How, Source

_MAX_FILES = 2_000
_MAX_BAD_LINES = 20


@dataclass(slots=True)
class _Wanted:
    """A requirement whose version is to be found elsewhere, and where it is written."""

    requirement: Requirement
    path: str
    counted: bool


class _Reader:
    """Reads the files one by one."""

    def __init__(self, workspace: Workspace, files: DependencyFiles, mirrors: Collection[str]) -> None:
        self._workspace = workspace
        self._asked = files.asked
        self._found = files.python
        self._mirrors = tuple(mirror.rstrip("/") for mirror in mirrors)
        self.result = Manifests()
        self._roles: dict[str, Role] = {}
        self._waiting: list[tuple[str, Role]] = []
        self._places: defaultdict[tuple[str, str], list[tuple[Place, bool]]] = defaultdict(list)
        self._versions = Versions()
        self._wanted: list[_Wanted] = []
        self._folders: set[str] = set()
        self._dynamic: list[tuple[str, str, int | None]] = []

    def read(self) -> Manifests:
        """Read all of them and what they include; then find the versions that one file leaves to another."""
        order = {Role.REQUIREMENTS: 0, Role.LOCK: 1, Role.DECLARED: 2, Role.CONSTRAINTS: 3}
        self._waiting = sorted(self._found.items(), key=lambda item: (order[item[1]], item[0]), reverse=True)
        while self._waiting:
            path, role = self._waiting.pop()
            if path not in self._roles:
                self._roles[path] = role
                self._file(path, role)
        self._resolve()
        self.result.packages = [
            KnownPackage(name, version, tuple(dict.fromkeys(place for place, _ in found)), all(h for _, h in found))
            for (name, version), found in sorted(self._places.items())
        ]
        return self.result

    def _gap(self, path: str, reason: str, line: int | None = None, facts: tuple[str, ...] = ()) -> None:
        self.result.gaps.append(Gap(path, reason, path, line, facts))

    def _about(self, package: str, reason: str, path: str, line: int | None) -> None:
        """A gap about a package without a version: it is the subject, so that a policy can accept it by name."""
        gap = Gap(package, f"{reason} ({path})", path, line, AUDIT)
        if gap not in self.result.gaps[-50:]:
            self.result.gaps.append(gap)
            self.result.unversioned += 1

    def _file(self, path: str, role: Role) -> None:
        if len(self._roles) > _MAX_FILES:
            if len(self._roles) == _MAX_FILES + 1:
                self._gap(path, f"was not read, nor any after it: more than {_MAX_FILES:,} files name dependencies")
            return
        readers: dict[Role, tuple[Callable[[str, Content], str | None], int]] = {
            Role.REQUIREMENTS: (partial(self._requirements, constraint=False), REQUIREMENTS_LIMIT),
            Role.CONSTRAINTS: (partial(self._requirements, constraint=True), REQUIREMENTS_LIMIT),
            Role.LOCK: (self._lock, LOCK_LIMIT),
            Role.DECLARED: (self._declared, DECLARED_LIMIT),
        }
        reader, limit = readers[role]
        try:
            content = self._workspace.read(path, limit)
            detail = reader(path, content)
        except ReadProblem as problem:
            self.result.gaps.append(problem.gap())
        except ReportError as error:
            self._gap(path, error.reason, error.line)
        else:
            if detail is not None:
                self.result.files += 1
                self.result.sources.append(Source(How.PRODUCED, path, content.sha256, detail=detail))

    def _requirements(self, path: str, content: Content, *, constraint: bool) -> str | None:
        read = read_requirements(content.data)
        if not self._asked and not reads_as_requirements(path, read):
            # Prose, or a list of something else, that happens to have "requirements" in its name.
            return None
        self.result.lock_files += path.endswith(".lock")
        self._folders.add(posixpath.dirname(path))
        for bad in read.bad_lines[:_MAX_BAD_LINES]:
            self._gap(path, f"“{bad.text}” cannot be read as a requirement: {bad.reason}", bad.line)
        if (more := len(read.bad_lines) - _MAX_BAD_LINES) > 0:
            self._gap(path, f"has {more:,} more lines that cannot be read as requirements")
        for index in read.indexes:
            self._index(path, index.url, index.line)
        for include in read.includes:
            self._include(path, include)
        for requirement in read.requirements:
            self._requirement(path, requirement, constraint)
        return f"{len(read.requirements):,} requirements"

    def _index(self, path: str, url: str, line: int | None) -> None:
        url = url.rstrip("/")
        if any(url == mirror or url.startswith(f"{mirror}/") for mirror in self._mirrors):
            return
        if url not in self.result.indexes:
            self.result.indexes[url] = path
        reason = (
            f"takes packages from {url}, and the audit knows releases of PyPI only; if that index serves nothing else, "
            "name it under evidence.dependencies.mirrors"
        )
        gap = Gap(path, reason, path, line, AUDIT)
        if not any((known.subject, known.reason) == (gap.subject, gap.reason) for known in self.result.gaps):
            self.result.gaps.append(gap)

    def _include(self, path: str, include: Include) -> None:
        role = Role.CONSTRAINTS if include.constraint else Role.REQUIREMENTS
        self._follow(path, include.path, role, include.line)

    def _follow(self, path: str, written: str, role: Role, line: int | None) -> None:
        target = inside(posixpath.dirname(path), written)
        if target is None:
            self._gap(path, f"includes {written[:200]}, which lies outside of the workspace and was not read", line)
        elif self._workspace.has_git and not self._workspace.is_tracked(target):
            self._gap(path, f"includes {written[:200]}, which git does not track, so it was not read", line)
        else:
            self._versions.speaks_for(target, posixpath.dirname(path))
            # A constraint pins; a file that is to be installed too is so wherever it is included.
            self._waiting.append((target, self._found.get(target, role)))

    def _requirement(self, path: str, requirement: Requirement, constraint: bool) -> None:
        if requirement.target is not None:
            if not constraint and not self._own_project(path, requirement.target):
                self.result.pins[requirement.pin] += 1
                self._direct(path, requirement)
            return
        if not constraint:
            self.result.pins[requirement.pin] += 1
        if requirement.name is not None and requirement.version is not None:
            self._package(requirement.name, requirement.version, Place(path, requirement.line), requirement.hashed)
            self._versions.add(path, requirement.name, requirement.version)
        elif not constraint:
            self._wanted.append(_Wanted(requirement, path, True))

    def _package(self, name: str, version: str, place: Place, hashed: bool) -> None:
        self._places[name, version].append((place, hashed))

    def _direct(self, path: str, requirement: Requirement) -> None:
        """A requirement that comes from a URL or path."""
        target = requirement.target or ""
        self._about(
            requirement.name or target,
            f"comes from {target}, which no vulnerability service knows, so it was not audited",
            path,
            requirement.line,
        )

    def _own_project(self, path: str, target: str) -> bool:
        """Whether a path is the folder of a tracked project of the workspace; its own files are then read too."""
        if re.match(r"(?:[a-z]+\+)?(?!file:)[a-z]+:", target, re.I):
            return False
        plain = re.sub(r"^file:(?://)?|[#\[].*$", "", target) or "."
        for base in (posixpath.dirname(path), self._workspace.scope):
            folder = inside(base, plain)
            if folder is None:
                continue
            names = [posixpath.join(folder, name) for name in DECLARED_NAMES]
            there = [name for name in names if self._workspace.problem(name) is None and self._is_part(name)]
            if there:
                self._waiting += [(name, Role.DECLARED) for name in there]
                return True
        return False

    def _is_part(self, path: str) -> bool:
        return not self._workspace.has_git or self._workspace.is_tracked(path)

    def _lock(self, path: str, content: Content) -> str:
        lock = read_lock(content.data, lock_format(path) or "")
        self.result.lock_files += 1
        folder = posixpath.dirname(path)
        self._folders.add(folder)
        if lock.format != "Pipfile.lock":
            # Pipenv locks what Pipfile names, which need not be what the project declares.
            self._versions.lock(folder)
        for package in lock.packages:
            self._locked(path, folder, package)
            member = inside(folder, package.target or "") if package.local else None
            if member is not None:
                self._folders.add(member)
                self._versions.lock(member)
                self._versions.speaks_for(path, member)
            settled = package.version if package.target is None and package.version else UNKNOWN
            self._versions.add(path, package.name, settled)
        return f"{len(lock.packages):,} packages"

    def _locked(self, path: str, folder: str, package: LockedPackage) -> None:
        if package.local and inside(folder, package.target or "") is not None:
            return
        if package.target is not None:
            reason = f"comes from {package.target}, which no vulnerability service knows, so it was not audited"
            self._about(package.name, reason, path, package.line)
            return
        if package.version is None:
            self._about(package.name, "has no version in the lock file, so it was not audited", path, package.line)
            return
        if package.index is not None:
            self._index(path, package.index, package.line)
        self._package(package.name, package.version, Place(path, package.line), package.hashed)

    def _declared(self, path: str, content: Content) -> str | None:
        declared = read_declared(content.data, posixpath.basename(path))
        for written in declared.files:
            self._follow(path, written, Role.REQUIREMENTS, None)
        # A project that names itself ("shop[fast]" among its own extras) names what it declares anyway.
        wanted = [
            item
            for item in declared.requirements
            if (item.name is None or item.name != declared.name)
            and not (item.target is not None and self._own_project(path, item.target))
        ]
        self._wanted += [_Wanted(requirement, path, False) for requirement in wanted]
        self._dynamic += [(path, reason, line) for reason, line in declared.unknown]
        return f"{len(declared.requirements):,} requirements" if declared.requirements else None

    def _resolve(self) -> None:
        """Find the versions of what names none, in the lock and the pins of the same folder."""
        for wanted in self._wanted:
            self._resolve_one(wanted)
        for path, reason, line in self._dynamic:
            if not self._versions.is_locked(posixpath.dirname(path)):
                self._gap(path, reason, line, AUDIT)

    def _resolve_one(self, wanted: _Wanted) -> None:
        requirement, path = wanted.requirement, wanted.path
        why = self._versions.settles(requirement, path)
        if why is None:
            return
        if not wanted.counted:
            if posixpath.dirname(path) not in self._folders:
                # Where there are requirements or a lock file, those are what is installed, and what is counted.
                self.result.pins[requirement.pin] += 1
            if requirement.target is not None:
                self._direct(path, requirement)
                return
        if requirement.version is not None and requirement.name is not None:
            self._package(requirement.name, requirement.version, Place(path, requirement.line), False)
            return
        self._about(requirement.name or requirement.text, why, path, requirement.line)


def read_manifests(workspace: Workspace, files: DependencyFiles, mirrors: Iterable[str] = ()) -> Manifests:
    """Return what the Python files among those that were found name. Raises nothing: what cannot be read is a gap.

    `mirrors` are URLs of indexes that serve the packages of PyPI and nothing else.
    """
    return _Reader(workspace, files, tuple(mirrors)).read()
