"""What the files of a repository name: packages with a version, and what has none."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from gate.collect.readers.python_packages import Pin, public_version
from gate.model.evidence import Gap, Source

AUDIT = ("audited", "skipped", "vulnerable", "vulnerabilities", "counts", "fixable", "fixable_counts", "all_severities")
"""The facts that a package in doubt casts doubt on; what the files themselves say stands."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file of the repository names a package."""

    path: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class KnownPackage:
    """One version of one package. `places` name it; `hashed` says whether every one of them has a hash for it."""

    name: str
    version: str
    places: tuple[Place, ...]
    hashed: bool


@dataclass(slots=True)
class Manifests:
    """What the files name. `pins` counts requirements by how they are written; `indexes` other indexes than PyPI."""

    packages: list[KnownPackage] = field(default_factory=list)
    pins: Counter[Pin] = field(default_factory=Counter)
    unversioned: int = 0
    lock_files: int = 0
    files: int = 0
    indexes: dict[str, str] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)


def by_public_version(packages: Iterable[KnownPackage]) -> dict[tuple[str, str], dict[str, tuple[Place, ...]]]:
    """Map each package and public version to its versions as they are written, and to the places that name them.

    Services know "2.1.0" and not "2.1.0+cpu".
    """
    versions: defaultdict[tuple[str, str], dict[str, tuple[Place, ...]]] = defaultdict(dict)
    for package in packages:
        versions[package.name, public_version(package.version)][package.version] = package.places
    return dict(versions)
