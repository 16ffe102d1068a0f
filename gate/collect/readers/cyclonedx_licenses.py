"""Licences in a CycloneDX SBOM, as JSON (https://cyclonedx.org/docs/1.6/json/, read alike from 1.2 on).

A component counts as a dependency when it has a package URL, is a library or a framework, or states a licence and is no
file. So operating systems, and the applications that scanners make of lock files, do not. What `metadata.component`
describes is the product itself.
"""

from __future__ import annotations

import json

from gate.collect.readers.errors import ReportError
from gate.collect.readers.licensed_package import (
    MAX_PACKAGES,
    LicensedPackage,
    LicenseReport,
    license_texts,
    objects,
    of_purl,
    package_of,
    text_of,
)
from gate.model.json import Json, JsonObject

_LIBRARIES = frozenset({"library", "framework", ""})
_DEVELOPMENT = "cdx:npm:package:development"
_DEPTH = 64


def read_cyclonedx_licenses(document: JsonObject) -> LicenseReport:
    """Return the dependencies of an SBOM and their licences. Raises ReportError."""
    version = text_of(document, "specVersion", "a CycloneDX document")
    if not version.startswith("1."):
        raise ReportError(f"is CycloneDX {version[:20] or 'of no version'}; versions 1.2 to 1.7 are read")
    packages: list[LicensedPackage] = []
    passed_over = total = 0
    level = objects(document.get("components"), "components")
    for _ in range(_DEPTH):
        if not level:
            return LicenseReport(f"CycloneDX {version}", tuple(packages), passed_over)
        total += len(level)
        if total > MAX_PACKAGES:
            raise ReportError(f"holds more than {MAX_PACKAGES:,} components, the most that are read")
        below: list[JsonObject] = []
        for component in level:
            package = _package(component)
            if package is None:
                passed_over += 1
            else:
                packages.append(package)
            if "components" in component:
                below += objects(component["components"], "components")
        level = below
    raise ReportError(f"nests components more than {_DEPTH} levels deep")


def _package(component: JsonObject) -> LicensedPackage | None:
    what = "a component"
    name, purl = text_of(component, "name", what), text_of(component, "purl", what)
    licenses = _licenses(component)
    development = text_of(component, "scope", what) == "excluded" or _is_development(component)
    if purl:
        anchor = f'"purl": {json.dumps(purl, ensure_ascii=False)}'
        package = of_purl(purl, licenses, development=development, anchor=anchor)
        if package is not None:
            return package
    elif not _is_dependency(text_of(component, "type", what), licenses):
        return None
    if not name:
        raise ReportError("holds a component without a name")
    group = text_of(component, "group", what)
    anchor = f'"name": {json.dumps(name, ensure_ascii=False)}'
    full = f"{group}/{name}" if group else name
    version = text_of(component, "version", what)
    return package_of(full, version, licenses=licenses, development=development, anchor=anchor)


def _is_dependency(type_: str, licenses: tuple[str, ...]) -> bool:
    return type_ in _LIBRARIES or (bool(licenses) and type_ != "file")


def _licenses(component: JsonObject) -> tuple[str, ...]:
    """Return what is stated, else what was found in the component's files."""
    stated = _choices(component.get("licenses"))
    evidence = component.get("evidence")
    return stated or (_choices(evidence.get("licenses")) if isinstance(evidence, dict) else ())


def _choices(value: Json) -> tuple[str, ...]:
    texts = [_choice(choice) for choice in objects(value, "licenses")]
    return license_texts([text for text in texts if text is not None], "a component")


def _choice(choice: JsonObject) -> Json:
    return choice["expression"] if choice.get("expression") is not None else _name(choice.get("license"))


def _name(license_: Json) -> Json:
    if license_ is None:
        return None
    if not isinstance(license_, dict):
        raise ReportError("holds a component with a license that is no object")
    # A licence whose whole text is given and no name is one that nobody can tell without reading it.
    text = "a licence that is given by its text only" if "text" in license_ or "url" in license_ else None
    return next((license_[key] for key in ("id", "name") if license_.get(key) is not None), text)


def _is_development(component: JsonObject) -> bool:
    for item in objects(component.get("properties"), "properties") if "properties" in component else ():
        if item.get("name") == _DEVELOPMENT and item.get("value") == "true":
            return True
    return False
