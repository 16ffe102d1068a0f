"""Lock files that tell the licence of each package: npm's package-lock.json, and Composer's composer.lock.

npm writes licences since version 7 (`lockfileVersion` 2 and 3); version 1 has names only. The list in composer.lock
means that one may choose (https://getcomposer.org/doc/04-schema.md#license).
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from gate.collect.readers.errors import ReportError
from gate.collect.readers.licensed_package import (
    MAX_PACKAGES,
    LicensedPackage,
    document_of,
    license_texts,
    objects,
    package_of,
    text_of,
)
from gate.model.json import Json, JsonObject

_MODULES = "node_modules/"


def read_npm_lock(data: bytes) -> tuple[LicensedPackage, ...]:
    """Return the packages of package-lock.json or npm-shrinkwrap.json. Raises ReportError.

    The project and the members of its workspaces are no dependencies, and links lead to what is listed anyway.
    """
    document = document_of(data, "package-lock.json")
    if not isinstance(document, dict):
        raise ReportError("is not package-lock.json: it is no object")
    version = document.get("lockfileVersion")
    if version == 1 or (version is None and "dependencies" in document):
        return tuple(_first_version(document))
    if version not in (2, 3):
        raise ReportError(f"has the lockfileVersion {str(version)[:20]}; 1, 2 and 3 are read")
    packages = document.get("packages")
    if not isinstance(packages, dict):
        raise ReportError("is not package-lock.json: it has no packages")
    if len(packages) > MAX_PACKAGES:
        raise ReportError(f"names {len(packages):,} packages; at most {MAX_PACKAGES:,} are read")
    return tuple(_npm(packages))


def _npm(packages: JsonObject) -> Iterator[LicensedPackage]:
    for path, item in packages.items():
        if not isinstance(item, dict):
            raise ReportError("holds a package that is no object")
        if _MODULES not in path or item.get("link") is True:
            continue
        name = text_of(item, "name", "a package") or path.rpartition(_MODULES)[2]
        licenses = _npm_licenses(item.get("license", item.get("licenses")))
        anchor = f"{json.dumps(path, ensure_ascii=False)}: {{"
        version = text_of(item, "version", "a package")
        yield package_of(name, version, "npm", licenses, development=item.get("dev") is True, anchor=anchor)


def _npm_licenses(value: Json) -> tuple[str, ...]:
    """Return what stands in a package.json: an expression, or in old ones `{type, url}` or a list of those."""
    found = [item.get("type") if isinstance(item, dict) else item for item in _listed(value)]
    return license_texts([item for item in found if item is not None], "a package")


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def _first_version(document: JsonObject) -> Iterator[LicensedPackage]:
    waiting = [document.get("dependencies")]
    count = 0
    while waiting:
        level = waiting.pop()
        if level is None:
            continue
        if not isinstance(level, dict):
            raise ReportError("holds dependencies that are no object")
        for name, item in level.items():
            count += 1
            if not isinstance(item, dict) or count > MAX_PACKAGES:
                raise ReportError("holds a dependency that is no object, or too many of them")
            waiting.append(item.get("dependencies"))
            anchor = f"{json.dumps(name, ensure_ascii=False)}: {{"
            version = text_of(item, "version", "a package")
            yield package_of(name, version, "npm", development=item.get("dev") is True, anchor=anchor)


def read_composer_lock(data: bytes) -> tuple[LicensedPackage, ...]:
    """Return the packages of composer.lock. Raises ReportError."""
    document = document_of(data, "composer.lock")
    if not isinstance(document, dict) or not isinstance(document.get("packages"), list):
        raise ReportError("is not composer.lock: it has no list of packages")
    found = []
    for key in ("packages", "packages-dev"):
        for item in objects(document.get(key), key):
            name = text_of(item, "name", "a package")
            if not name:
                raise ReportError("holds a package without a name")
            texts = license_texts(item.get("license"), "a package")
            licenses = (" OR ".join(f"({text})" for text in texts),) if len(texts) > 1 else texts
            anchor = f'"name": {json.dumps(name, ensure_ascii=False)}'
            version = text_of(item, "version", "a package")
            development = key == "packages-dev"
            found.append(package_of(name, version, "composer", licenses, development=development, anchor=anchor))
    return tuple(found)
