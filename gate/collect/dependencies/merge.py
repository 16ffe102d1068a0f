"""One hole once: what several tools say about one version of one package, whatever ids they use.

Entries that share an id or an alias are one hole, also by way of a third, and also where the link is told about another
version of the same package. The result does not depend on the order of what is told, and telling it twice changes
nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gate.collect.readers.audit import AuditedPackage, Vulnerability
from gate.collect.readers.cvss_vector import highest
from gate.model.finding import Severity

Key = tuple[str, str, str]
"""Ecosystem, package and version, in normal form."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one tool says about one package. `path` is the file of the tree that names it, where that is known."""

    tool: str
    package: AuditedPackage
    path: str | None = None

    @property
    def key(self) -> Key:
        """Of which package, in which version."""
        return self.package.ecosystem, self.package.name, self.package.version


@dataclass(frozen=True, slots=True)
class Hole:
    """One vulnerability in one version of one package.

    `severity` is the highest that anybody told, `severity_from` who told that one, `told_by` who told of the hole.
    """

    id: str
    aliases: tuple[str, ...]
    fixed_versions: tuple[str, ...]
    severity: Severity
    severity_from: tuple[str, ...]
    told_by: tuple[str, ...]
    fixable: bool

    @property
    def ids(self) -> frozenset[str]:
        """All its ids."""
        return frozenset((self.id, *self.aliases))


def merged(told: Iterable[Told]) -> dict[Key, tuple[Hole, ...]]:
    """Map every version of a package that anybody told of to its holes, each once, sorted by id."""
    entries: defaultdict[Key, list[tuple[str, Vulnerability]]] = defaultdict(list)
    for item in told:
        entries[item.key] += [(item.tool, hole) for hole in item.package.vulnerabilities]
    links: defaultdict[tuple[str, str], _Links] = defaultdict(_Links)
    for (ecosystem, name, _), found in entries.items():
        for _, hole in found:
            links[ecosystem, name].join(_ids(hole))
    return {key: _holes(found, links[key[:2]]) for key, found in sorted(entries.items())}


class _Links:
    """Which ids are one (disjoint sets, by path halving)."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def join(self, ids: Iterable[str]) -> None:
        """Say that these are all one."""
        first, *others = sorted(ids)
        root = self.root(first)
        for other in others:
            self._above[self.root(other)] = root

    def root(self, name: str) -> str:
        """Return what stands for the set of an id."""
        above = self._above
        above.setdefault(name, name)
        while above[name] != name:
            above[name] = above[above[name]]
            name = above[name]
        return name

    def sets(self) -> dict[str, list[str]]:
        """Map what stands for each set to all of its ids."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for name in list(self._above):
            found[self.root(name)].append(name)
        return found


def _ids(hole: Vulnerability) -> set[str]:
    return {hole.id, *hole.aliases}


def _holes(found: Sequence[tuple[str, Vulnerability]], links: _Links) -> tuple[Hole, ...]:
    if not found:
        return ()
    sets = links.sets()
    groups: defaultdict[str, list[tuple[str, Vulnerability]]] = defaultdict(list)
    for tool, hole in found:
        groups[links.root(hole.id)].append((tool, hole))
    holes = [_hole(members, sets[root]) for root, members in groups.items()]
    return tuple(sorted(holes, key=lambda hole: rank(hole.id)))


def _hole(members: Sequence[tuple[str, Vulnerability]], ids: Iterable[str]) -> Hole:
    first, *aliases = sorted(ids, key=rank)
    severity = highest(hole.severity for _, hole in members)
    fixes = {version for _, hole in members for version in hole.fixed_versions}
    graded = {tool for tool, hole in members if hole.severity == severity} if severity != "unknown" else set()
    return Hole(
        id=first,
        aliases=tuple(aliases),
        fixed_versions=tuple(sorted(fixes, key=version_key)),
        severity=severity,
        severity_from=tuple(sorted(graded)),
        told_by=tuple(sorted({tool for tool, _ in members})),
        fixable=bool(fixes) or any(hole.fixable for _, hole in members),
    )


def rank(name: str) -> tuple[int, list[tuple[int, str]], str]:
    """The order of ids: CVE, GHSA, PYSEC, any other; within them CVE-2020-9 comes before CVE-2020-10."""
    families = ("CVE-", "GHSA-", "PYSEC-")
    family = next((index for index, prefix in enumerate(families) if name.upper().startswith(prefix)), len(families))
    return family, [(len(part), part) for part in name.split("-")], name


def version_key(text: str) -> tuple[bool, object, str]:
    """The order of versions: those of PEP 440, which most of other ecosystems are too, then all others by text."""
    from packaging.version import InvalidVersion, Version

    try:
        return False, Version(text), text
    except (InvalidVersion, ValueError):
        return True, 0, text
