"""Which versions the files of a folder settle, for requirements beside them that settle none."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict

from gate.collect.readers.python_packages import Requirement

UNKNOWN = ""
"""The version of a package that a lock file takes from a repository or an archive."""


class Versions:
    """The versions that lock files, pins and constraints settle, by folder and package.

    A file speaks for its own folder; a lock file also for the folders of its members, a file that is included also for
    the folder of the one that includes it.
    """

    def __init__(self) -> None:
        self._by_file: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self._speakers: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._locked: set[str] = set()

    def add(self, path: str, name: str, version: str) -> None:
        """A file settles a package on a version."""
        self._by_file[path][name].append(version)
        self._speakers[posixpath.dirname(path)][path] = None

    def speaks_for(self, path: str, folder: str) -> None:
        """A file speaks for another folder too."""
        self._speakers[folder][path] = None

    def lock(self, folder: str) -> None:
        """A folder's project has a lock file that names all of its dependencies."""
        self._locked.add(folder)

    def is_locked(self, folder: str) -> bool:
        """Whether a lock file names all dependencies of a folder's project."""
        return folder in self._locked

    def settles(self, requirement: Requirement, path: str) -> str | None:
        """Return None when a file settles the requirement of a file, else the end of the sentence that says why not."""
        found = [
            (version, speaker)
            for speaker in self._speakers.get(posixpath.dirname(path), ())
            for version in self._by_file[speaker].get(requirement.name or "", ())
        ]
        if any(_allows(requirement.specifier, version) for version, _ in found):
            return None
        if found:
            version, speaker = found[0]
            told = f"does not allow {version}, which {speaker} names, so what is installed is not known"
            return f"“{requirement.text}” {told}"
        if requirement.pin == "pinned":
            return f"“{requirement.text}” names no version that can be looked up (PEP 440), so it was not audited"
        return f"“{requirement.text}” is not pinned, so there is no version to audit"


def _allows(specifier: str, version: str) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    if not specifier or version == UNKNOWN:
        return True
    try:
        return SpecifierSet(specifier).contains(version, prereleases=True)
    except (InvalidSpecifier, ValueError):
        return False


def inside(folder: str, written: str) -> str | None:
    """Return a path that a file of `folder` names, from the workspace; None where it leads out or is no path.

    The workspace itself is "".
    """
    plain = re.sub(r"^file:(?://)?", "", written)
    if "://" in plain or plain.startswith(("/", "~")) or "\0" in plain or "\\" in plain:
        return None
    path = posixpath.normpath(posixpath.join(folder, plain))
    if path == ".." or path.startswith("../"):
        return None
    return "" if path == "." else path
