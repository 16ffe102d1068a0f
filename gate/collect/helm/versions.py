"""Which version the package has that a chart ships: of the nearest manifest on the way to the workspace's root."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gate.collect.helm.chart_paths import folder_of, within
from gate.collect.manifests.cluster_object import mapping, text
from gate.collect.workspace import ReadProblem, Workspace
from gate.formats.strict_json import JsonProblem, loads
from gate.model.json import Json

_LIMIT = 1024 * 1024
_UNSET = frozenset({"0.0.0", "0.0.0-dev", "0.0.0.dev0", "0.0.0-development", "0.0.0-semantically-released", ""})
"""What stands where no version is kept."""
_PLAIN = re.compile(r"[vV]?(\d+(?:\.\d+)*)(.*)\Z", re.DOTALL)
_PRE = re.compile(r"(alpha|beta|a|b|rc|c|pre|preview|dev|post)[.-]?(\d*)")
_SAME_PRE = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}


@dataclass(frozen=True, slots=True)
class PackageVersion:
    """The version that a file states. `path` is POSIX, relative to the workspace."""

    path: str
    version: str


def package_version(workspace: Workspace, folder: str) -> PackageVersion | None:
    """Return the version of the package that a folder belongs to; None where no file on the way up states one."""
    while True:
        for name, read in _READERS.items():
            path = within(folder, name)
            version = _stated(workspace, path, read)
            if version is not None:
                return PackageVersion(path, version)
        if not folder:
            return None
        folder = folder_of(folder)


def same_version(one: str, other: str) -> bool:
    """Whether two versions are the same but for the build: "v1.2" and "1.2.0"; "1.0.0rc1" and "1.0.0-rc.1"."""
    return _normal(one) == _normal(other)


def _normal(version: str) -> tuple[tuple[int, ...], str]:
    found = _PLAIN.match(version.strip())
    if found is None:
        return (), version.strip()
    numbers = [int(part[:18]) for part in found[1].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    rest = found[2].partition("+")[0].strip(".-").lower()
    pre = _PRE.fullmatch(rest)
    if pre is not None:
        rest = f"{_SAME_PRE.get(pre[1], pre[1])}{pre[2] or 0}"
    return tuple(numbers), rest


def _stated(workspace: Workspace, path: str, read: Callable[[bytes], Json]) -> str | None:
    if not workspace.holds_tracked(path):
        return None
    try:
        version = text(read(workspace.read(path, _LIMIT).data))
    except (ReadProblem, JsonProblem, tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        return None
    return version if version is not None and version not in _UNSET and len(version) <= 100 else None


def _toml(data: bytes) -> Mapping[str, Json]:
    return tomllib.loads(data.decode("utf-8-sig"))


def _pyproject(data: bytes) -> Json:
    document = _toml(data)
    project = mapping(document.get("project")).get("version")
    return project or mapping(mapping(document.get("tool")).get("poetry")).get("version")


def _cargo(data: bytes) -> Json:
    document = _toml(data)
    own = mapping(document.get("package")).get("version")
    return own or mapping(mapping(document.get("workspace")).get("package")).get("version")


def _package_json(data: bytes) -> Json:
    return mapping(loads(data)).get("version")


def _version_file(data: bytes) -> Json:
    line = data.decode("utf-8-sig").strip()
    return line if _PLAIN.match(line) and "\n" not in line else None


_READERS: Mapping[str, Callable[[bytes], Json]] = {
    "pyproject.toml": _pyproject,
    "package.json": _package_json,
    "Cargo.toml": _cargo,
    "VERSION": _version_file,
    "version.txt": _version_file,
}
