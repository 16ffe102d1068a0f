"""Lock files that name packages and tell no licences: Cargo.lock, yarn.lock, pnpm-lock.yaml and Gemfile.lock.

Read as their tools lay them out. A file in which no package is found that way is refused, so that a layout which has
changed is not read as a lock of nothing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

from gate.collect.readers.errors import ReportError
from gate.collect.readers.licensed_package import MAX_PACKAGES, LicensedPackage, package_of

_YARN_NAME = re.compile(r'"?(?P<name>@?[^@"\s,]+)@(?P<rest>[^",\s][^",]*)')
_YARN_VERSION = re.compile(r'  version:? "?(?P<version>[^"\s]+)"?\s*')
_PNPM = re.compile(r"  ['\"]?/?(?P<name>(?:@[^/@\s]+/)?[^/@\s(]+)[@/](?P<version>\d[^\s():_'\"]*)[^\s]*:(?:\s.*)?")
_GEM = re.compile(r"    (?P<name>[A-Za-z0-9._-]+) \((?P<version>\d[^\s()-]*)(?:-[^\s()]+)?\)")


def read_cargo_lock(data: bytes) -> tuple[LicensedPackage, ...]:
    """Return the packages of Cargo.lock. Raises ReportError. What has no source is code of the tree itself."""
    try:
        document = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise ReportError(f"is not TOML: {str(error)[:200]}") from None
    tables = document.get("package", [])
    if not isinstance(tables, list):
        raise ReportError("holds packages that are no list")
    found = []
    for table in tables:
        name, version = (table.get(key) for key in ("name", "version")) if isinstance(table, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(version, str) or not name:
            raise ReportError("holds a package without a name or a version")
        if "source" in table:
            found.append(package_of(name, version, "cargo", anchor=f'name = "{name}"'))
    return _bounded(iter(found))


def read_yarn_lock(data: bytes) -> tuple[LicensedPackage, ...]:
    """Return the packages of yarn.lock, of Yarn 1 and of later ones. Raises ReportError."""
    return _some(_bounded(_yarn(_lines(data))), "yarn.lock")


def read_pnpm_lock(data: bytes) -> tuple[LicensedPackage, ...]:
    """Return the packages of pnpm-lock.yaml, lockfileVersion 5 to 9. Raises ReportError."""
    return _some(_bounded(_pnpm(_lines(data))), "pnpm-lock.yaml")


def read_gem_lock(data: bytes) -> tuple[LicensedPackage, ...]:
    """Return the packages of Gemfile.lock. Raises ReportError. The PATH section is code of the tree itself."""
    return _some(_bounded(_gems(_lines(data))), "Gemfile.lock")


def _yarn(lines: list[str]) -> Iterator[LicensedPackage]:
    name = anchor = ""
    for line in lines:
        if line and not line[0].isspace():
            name, anchor = _yarn_name(line), line.strip()
        elif name and (found := _YARN_VERSION.fullmatch(line)):
            yield package_of(name, found["version"], "npm", anchor=anchor)
            name = ""


def _yarn_name(line: str) -> str:
    found = _YARN_NAME.match(line)
    if found is None or line.startswith("#") or re.match(r"(?:workspace|link|portal):", found["rest"]):
        return ""
    # "alias@npm:real@^1" installs real.
    alias = re.match(r"npm:(?P<name>@?[^@\s]+)@", found["rest"])
    return alias["name"] if alias is not None else found["name"]


def _pnpm(lines: list[str]) -> Iterator[LicensedPackage]:
    inside = False
    for line in lines:
        if line and not line[0].isspace():
            inside = line.rstrip() == "packages:"
        elif inside and line[:2] == "  " and line[2:3].strip():
            found = _PNPM.fullmatch(line)
            # A package of a repository or an archive goes by its address, so that it is not passed over.
            name, version = (found["name"], found["version"]) if found else (line.strip(" '\":"), "")
            yield package_of(name, version, "npm", anchor=line.strip())


def _gems(lines: list[str]) -> Iterator[LicensedPackage]:
    inside = False
    for line in lines:
        if line and not line[0].isspace():
            inside = line.rstrip() in ("GEM", "GIT")
        elif inside and (found := _GEM.fullmatch(line.rstrip())):
            yield package_of(found["name"], found["version"], "gem", anchor=line.strip())


def _lines(data: bytes) -> list[str]:
    try:
        return data.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        raise ReportError("is not UTF-8 text") from None


def _bounded(packages: Iterator[LicensedPackage]) -> tuple[LicensedPackage, ...]:
    found: dict[LicensedPackage, None] = {}
    for package in packages:
        found[package] = None
        if len(found) > MAX_PACKAGES:
            raise ReportError(f"names more than {MAX_PACKAGES:,} packages, the most that are read")
    return tuple(found)


def _some(packages: tuple[LicensedPackage, ...], name: str) -> tuple[LicensedPackage, ...]:
    if not packages:
        raise ReportError(f"names no package in the way that a {name} does, so its packages are not known")
    return packages
