"""Which packages package-lock.json (and npm-shrinkwrap.json) names, by their place in the tree of node_modules.

Format: https://docs.npmjs.com/cli/configuring-npm/package-lock-json. Versions 2 and 3 list places; version 1 nests.
"""

from __future__ import annotations

from dataclasses import dataclass

from gate.collect.readers.audit import MAX_PACKAGES
from gate.collect.readers.errors import ReportError
from gate.formats.strict_json import JsonProblem, loads
from gate.model.json import Json, JsonObject

LIMIT = 64 * 1024 * 1024
_MODULES = "node_modules/"


@dataclass(frozen=True, slots=True)
class NpmLock:
    """`packages` maps "node_modules/a/node_modules/b" to name and version; `places` has links and members too."""

    packages: dict[str, tuple[str, str]]
    places: frozenset[str]


def read_npm_places(data: bytes) -> NpmLock:
    """Return what a lock file names. Raises ReportError."""
    try:
        document = loads(data)
    except JsonProblem as problem:
        raise ReportError(f"cannot be read as JSON: {problem.reason}", problem.line) from None
    if not isinstance(document, dict):
        raise ReportError("is not package-lock.json: it is no object")
    packages = document.get("packages")
    if isinstance(packages, dict):
        return _listed(packages)
    return _nested(document.get("dependencies"))


def _listed(packages: JsonObject) -> NpmLock:
    if len(packages) > MAX_PACKAGES:
        raise ReportError(f"names {len(packages):,} packages; at most {MAX_PACKAGES:,} are read")
    found: dict[str, tuple[str, str]] = {}
    for path, item in packages.items():
        if not isinstance(item, dict):
            raise ReportError("is not package-lock.json: it holds a package that is no object")
        if _MODULES not in path or item.get("link") is True:
            continue
        name, version = item.get("name"), item.get("version")
        told = name if isinstance(name, str) and name else path.rpartition(_MODULES)[2]
        found[path] = (told, version if isinstance(version, str) else "")
    return NpmLock(found, frozenset(packages) - {""})


def _nested(dependencies: Json) -> NpmLock:
    if dependencies is None:
        return NpmLock({}, frozenset())
    found: dict[str, tuple[str, str]] = {}
    waiting: list[tuple[str, Json]] = [("", dependencies)]
    while waiting:
        above, level = waiting.pop()
        if not isinstance(level, dict):
            raise ReportError("is not package-lock.json: it holds dependencies that are no object")
        for name, item in level.items():
            if not isinstance(item, dict) or len(found) >= MAX_PACKAGES:
                raise ReportError("is not package-lock.json: it holds a dependency that is no object, or too many")
            place = f"{above}{_MODULES}{name}"
            version = item.get("version")
            found[place] = _aliased(name, version if isinstance(version, str) else "")
            if item.get("dependencies") is not None:
                waiting.append((f"{place}/", item["dependencies"]))
    return NpmLock(found, frozenset(found))


def _aliased(name: str, version: str) -> tuple[str, str]:
    """`npm:real-name@1.2.3` stands in place of a version where a package has another name here."""
    if version.startswith("npm:"):
        real, _, number = version[4:].rpartition("@")
        return (real or name), number
    return name, version
