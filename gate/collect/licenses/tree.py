"""Which packages the files of the tree name, with the licences that two kinds of lock file tell."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from gate.collect.dependencies.dependency_files import LOOKED_FOR, find_files
from gate.collect.dependencies.other_locks import OtherFile, unaudited
from gate.collect.dependencies.python_manifests import read_manifests
from gate.collect.licenses.packages import Named
from gate.collect.readers.errors import ReportError
from gate.collect.readers.license_locks import read_composer_lock, read_npm_lock
from gate.collect.readers.licensed_package import LicensedPackage, package_of
from gate.collect.readers.lock_names import read_cargo_lock, read_gem_lock, read_pnpm_lock, read_yarn_lock
from gate.collect.workspace import ReadProblem, Workspace
from gate.model.evidence import Gap, How, Source

_LIMIT = 64 * 1024 * 1024
_ECOSYSTEMS = {
    "npm": "npm",
    "Go": "golang",
    "Rust": "cargo",
    "Ruby": "gem",
    "PHP": "composer",
    "Java": "maven",
    ".NET": "nuget",
    "Elixir": "hex",
    "Dart": "pub",
    "CocoaPods": "cocoapods",
    "Swift": "swift",
    "Conan": "conan",
    "Conda": "conda",
}
"""What other languages' files are called elsewhere in the gate, with the type of their package URLs."""

_READERS: dict[str, Callable[[bytes], Sequence[LicensedPackage]]] = {
    "package-lock.json": read_npm_lock,
    "npm-shrinkwrap.json": read_npm_lock,
    "composer.lock": read_composer_lock,
    "Cargo.lock": read_cargo_lock,
    "yarn.lock": read_yarn_lock,
    "pnpm-lock.yaml": read_pnpm_lock,
    "Gemfile.lock": read_gem_lock,
    "gems.locked": read_gem_lock,
}


@dataclass(frozen=True, slots=True)
class Loose:
    """A dependency that a file names without a version that anything settles, so that only its name can be looked for.

    `name` is "" for a file of which the packages were not read: any package of the ecosystem may be meant.
    """

    ecosystem: str
    name: str
    path: str
    line: int | None = None


@dataclass(slots=True)
class Tree:
    """What the files name. `is_empty` is True where there is no such file at all, or none that names a dependency."""

    named: list[Named] = field(default_factory=list)
    loose: list[Loose] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    files: int = 0
    passed_over: int = 0
    asked: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing of the tree names a dependency."""
        return not (self.named or self.loose or self.gaps)


def read_tree(workspace: Workspace, globs: Sequence[str]) -> Tree:
    """Return what the requirements and lock files in scope name; with globs, exactly those that they match."""
    files = find_files(workspace, globs)
    tree = Tree(asked=files.asked, passed_over=len(files.passed_over))
    tree.gaps += [
        replace(gap, reason=gap.reason.replace("evidence.dependencies", "evidence.licenses")) for gap in files.gaps
    ]
    manifests = read_manifests(workspace, files)
    tree.files = manifests.files
    tree.sources += manifests.sources
    for package in manifests.packages:
        found = package_of(package.name, package.version, "pypi")
        tree.named += [Named(found, place.path, place.line) for place in package.places]
    _add_python_gaps(tree, manifests.gaps, tuple(manifests.indexes))
    for other in unaudited(files.others, workspace):
        _other(workspace, other, tree)
    return tree


def looked_for() -> str:
    """Return which files were looked for, for a sentence."""
    return f"{LOOKED_FOR}, package-lock.json, composer.lock and the lock files of other languages"


def _add_python_gaps(tree: Tree, gaps: Sequence[Gap], indexes: Sequence[str]) -> None:
    """Keep what could not be read. A package without a version can still be found in a report by its name."""
    for gap in gaps:
        if "audited" not in gap.facts:
            tree.gaps.append(gap)
        elif gap.path is not None and gap.subject != gap.path:
            tree.loose.append(Loose("pypi", gap.subject, gap.path, gap.line))
        elif not any(index in gap.reason for index in indexes):
            # A project that works out its dependencies when it is built. (Which index serves them is no matter here.)
            tree.gaps.append(replace(gap, facts=()))


def _other(workspace: Workspace, other: OtherFile, tree: Tree) -> None:
    ecosystem = _ECOSYSTEMS.get(other.ecosystem, "")
    reader = _READERS.get(posixpath.basename(other.path))
    if reader is None:
        tree.loose.append(Loose(ecosystem, "", other.path))
        return
    try:
        content = workspace.read(other.path, _LIMIT)
        packages = reader(content.data)
    except ReadProblem as problem:
        tree.gaps.append(problem.gap())
        return
    except ReportError as error:
        tree.gaps.append(Gap(other.path, error.reason, other.path, error.line))
        return
    tree.files += 1
    tree.sources.append(Source(How.PRODUCED, other.path, content.sha256, detail=f"{len(packages):,} packages"))
    tree.named += [Named(package, other.path) for package in packages]
