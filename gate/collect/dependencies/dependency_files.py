"""Which files of the repository name dependencies, and in which format, by their names."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from gate.collect.dependencies.other_locks import OtherFile, other_file
from gate.collect.disk import printable
from gate.collect.readers.python_declared import NAMES as DECLARED_NAMES
from gate.collect.readers.python_locks import lock_format
from gate.collect.readers.requirements import Requirements
from gate.collect.workspace import EntryType, Workspace
from gate.formats.globs import GlobError, matches, matches_any
from gate.model.evidence import Gap


class Role(StrEnum):
    """What a file is to Python's installers."""

    REQUIREMENTS = "requirements"
    CONSTRAINTS = "constraints"
    LOCK = "lock"
    DECLARED = "declared"


LOOKED_FOR = (
    "requirements*.txt, requirements/*.txt, constraints*.txt, requirements*.lock, uv.lock, poetry.lock, pdm.lock, "
    "Pipfile.lock, pylock*.toml, Pipfile, pyproject.toml, setup.cfg and setup.py"
)

_PASSED_OVER = frozenset(
    {
        "node_modules",
        "bower_components",
        "site-packages",
        "vendor",
        "vendored",
        "_vendor",
        "third_party",
        "third-party",
        "thirdparty",
        "venv",
        ".venv",
        ".tox",
        "testdata",
        "test_data",
        "test-data",
        "fixtures",
        "__fixtures__",
        "snapshots",
        "__snapshots__",
    }
)
"""Folders whose files are others' code, or data of tests."""
_TEST_DATA = re.compile(r"(?:^|/)tests?/(?:.*/)?(?:data|resources|samples|assets|corpus)/")

_REQUIREMENTS = re.compile(r".*requirements.*\.(?:txt|lock)", re.I)
_CONSTRAINTS = re.compile(r".*constraints.*\.txt", re.I)
_USUAL_NAME = re.compile(r"(?:dev|test|prod|docs?|base|ci|lint)?[-_.]?requirements(?:[-_.].*)?\.(?:txt|lock)", re.I)
"""A file of such a name is taken for a requirements file whatever it holds; of another name only if it reads as one."""


@dataclass(slots=True)
class DependencyFiles:
    """What was found. `asked` says whether the request named the files; `passed_over`: others' code, test data."""

    python: dict[str, Role] = field(default_factory=dict)
    others: list[OtherFile] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    asked: bool = False


def role_of(path: str) -> Role | None:
    """Return what a file is by its name and folder, None when it is nothing of Python's."""
    folder, name = posixpath.split(path)
    if lock_format(name) is not None:
        return Role.LOCK
    if name in DECLARED_NAMES:
        return Role.DECLARED
    if _CONSTRAINTS.fullmatch(name):
        return Role.CONSTRAINTS
    in_folder = posixpath.basename(folder).lower() == "requirements" and name.endswith(".txt")
    return Role.REQUIREMENTS if in_folder or _REQUIREMENTS.fullmatch(name) else None


def find_files(workspace: Workspace, globs: Sequence[str] = ()) -> DependencyFiles:
    """Return the tracked files in scope that name dependencies; with globs, exactly those that they match.

    A link is never followed: one that stands for such a file is a gap.
    """
    found = DependencyFiles(asked=bool(globs))
    patterns = [glob for glob in globs if _is_glob(glob, found)]
    for entry in workspace.entries():
        path = printable(entry.path)
        if entry.type is EntryType.SUBMODULE or not _wanted(path, patterns, found.asked):
            continue
        if not globs and _passed_over(path, workspace.scope):
            found.passed_over.append(path)
        elif entry.type is EntryType.SYMLINK:
            found.gaps.append(Gap(path, "is a symbolic link, and links are not followed", path))
        elif path != entry.path:
            found.gaps.append(Gap(path, "has a name that is not UTF-8, so it was not read", path))
        elif (other := other_file(path)) is not None:
            found.others.append(other)
        else:
            found.python[path] = role_of(path) or Role.REQUIREMENTS
    if globs and not (found.python or found.others or found.gaps):
        found.gaps += [
            Gap(glob, "no tracked file matches; correct evidence.dependencies.files", None) for glob in globs
        ]
    return found


def _is_glob(glob: str, found: DependencyFiles) -> bool:
    try:
        matches(glob, "")
    except GlobError as error:
        found.gaps.append(Gap("evidence.dependencies.files", f"cannot be used: {error}"))
        return False
    return True


def _wanted(path: str, patterns: Sequence[str], asked: bool) -> bool:
    if asked:
        return matches_any(patterns, path)
    return role_of(path) is not None or other_file(path) is not None


def _passed_over(path: str, scope: str) -> bool:
    inside = path.removeprefix(f"{scope}/") if scope else path
    folders = posixpath.dirname(inside).split("/")
    return not _PASSED_OVER.isdisjoint(folders) or _TEST_DATA.search(inside) is not None


def reads_as_requirements(path: str, read: Requirements) -> bool:
    """Whether a file is what its name says: prose and other lists may have "requirements" in their names too."""
    if _USUAL_NAME.fullmatch(posixpath.basename(path)):
        return True
    return len(read.bad_lines) <= len(read.requirements) + len(read.includes) + len(read.indexes)
