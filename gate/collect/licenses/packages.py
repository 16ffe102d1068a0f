"""What several sources say of the licence of one package, put together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gate.collect.licenses.expressions import Expression, leaves, together, written
from gate.collect.licenses.lists import Lists, Standing
from gate.collect.readers.licensed_package import LicensedPackage


@dataclass(frozen=True, slots=True)
class Named:
    """A package as one source names it. `path` is the source, `line` (from 1) where it names the package."""

    package: LicensedPackage
    path: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """One version of one package, with what all sources say of it.

    `package` is its identity only; `expression` is None where no source says anything. `told_by` is the source that
    counts, the worst; `differing` has one text per licence and its source where sources that know the licence do not
    agree.
    """

    package: LicensedPackage
    expression: Expression | None
    standing: Standing
    told_by: Named
    sources: tuple[str, ...]
    development: bool
    differing: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The licence as a text, "" where nothing is told."""
        return "" if self.expression is None else written(self.expression)

    @property
    def ids(self) -> tuple[str, ...]:
        """Every licence of SPDX's list that is named, each once."""
        found = () if self.expression is None else leaves(self.expression)
        return tuple(dict.fromkeys(leaf.text for leaf in found if leaf.known))


def judge_packages(named: Iterable[Named], lists: Lists) -> list[Judged]:
    """Return every package once, sorted by ecosystem, name and version.

    A package is the same where ecosystem, name and version are; one of an unknown ecosystem is the same as the only one
    of that name and version. It is for development only if every source that names it says so.
    """
    groups: defaultdict[tuple[str, str, str], list[Named]] = defaultdict(list)
    for item in named:
        package = item.package
        groups[package.ecosystem, package.name, package.version].append(item)
    _settle_unknown_ecosystems(groups)
    return [_judged(LicensedPackage(*key), groups[key], lists) for key in sorted(groups)]


def _settle_unknown_ecosystems(groups: defaultdict[tuple[str, str, str], list[Named]]) -> None:
    """Put packages of which the ecosystem or the version is not told to the one that they must mean."""
    loose = [key for key in groups if not key[0] or not key[2]]
    if not loose:
        return
    by_version: defaultdict[tuple[str, str], list[tuple[str, str, str]]] = defaultdict(list)
    by_name: defaultdict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for key in groups:
        if key[0] and key[2]:
            by_version[key[1].lower(), key[2]].append(key)
            by_name[key[1].lower()].append(key)
    for key in loose:
        ecosystem, name, version = key
        same = by_version[name.lower(), version] if version else by_name[name.lower()]
        same = [other for other in same if not ecosystem or other[0] == ecosystem]
        # Without a version it is said of each version that is there, but never of two packages of one name.
        if len({other[0] for other in same}) == 1:
            moved = groups.pop(key)
            for other in same:
                groups[other] += moved


def _judged(package: LicensedPackage, named: Sequence[Named], lists: Lists) -> Judged:
    told = [(together(item.package.licenses), item) for item in named if item.package.licenses]
    development = all(item.package.development for item in named)
    sources = tuple(dict.fromkeys(item.path for item in named))
    if not told:
        return Judged(package, None, Standing.UNKNOWN, named[0], sources, development)
    # Who names a licence of which nothing is known does not gainsay who knows it.
    sure = [pair for pair in told if _says_something(pair[0], lists)] or told
    expression, by = min(sure, key=lambda pair: (lists.standing(pair[0]), written(pair[0])))
    by_text = {written(each): item for each, item in sure}
    differing = tuple(f"{text} ({item.path})" for text, item in sorted(by_text.items()))
    is_known = any(leaf.known for each, _ in sure for leaf in leaves(each))
    return Judged(
        package,
        expression,
        lists.standing(expression),
        by,
        sources,
        development,
        differing if len(differing) > 1 and is_known else (),
    )


def _says_something(expression: Expression, lists: Lists) -> bool:
    return any(leaf.known or lists.standing(leaf) is not Standing.UNKNOWN for leaf in leaves(expression))
