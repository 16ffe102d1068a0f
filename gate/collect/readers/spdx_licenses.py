"""Licences in an SPDX document, as JSON (https://spdx.github.io/spdx-spec/v2.3/, read alike from 2.2 on).

`licenseConcluded` goes before `licenseDeclared`; NOASSERTION and NONE tell no licence. What the document describes is
the product itself, unless there is nothing else in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from gate.collect.readers.errors import ReportError
from gate.collect.readers.licensed_package import (
    LicensedPackage,
    LicenseReport,
    license_texts,
    objects,
    of_purl,
    package_of,
    text_of,
)
from gate.model.json import Json, JsonObject

_LIBRARIES = frozenset({"", "LIBRARY", "FRAMEWORK", "INSTALL", "ARCHIVE", "SOURCE", "OTHER"})


def read_spdx_licenses(document: JsonObject) -> LicenseReport:
    """Return the packages of an SPDX document and their licences. Raises ReportError."""
    version = text_of(document, "spdxVersion", "an SPDX document")
    if not version.startswith("SPDX-2."):
        raise ReportError(f"is {version[:20] or 'SPDX of no version'}; versions 2.2 and 2.3 are read")
    found = objects(document.get("packages"), "packages")
    described = _described(document)
    parts = [item for item in found if item.get("SPDXID") not in described] or found
    names = _names(document)
    packages = [package for item in parts if (package := _package(item, names)) is not None]
    return LicenseReport(version.replace("-", " "), tuple(packages), len(found) - len(packages))


def _described(document: JsonObject) -> set[Json]:
    described: set[Json] = set()
    listed = document.get("documentDescribes")
    if isinstance(listed, list):
        described |= {item for item in listed if isinstance(item, str)}
    for relation in objects(document.get("relationships"), "relationships"):
        if relation.get("relationshipType") == "DESCRIBES":
            element = relation.get("relatedSpdxElement")
            described |= {element} if isinstance(element, str) else set()
    return described


def _names(document: JsonObject) -> dict[str, str]:
    """Map licences of the document's own to the names that it gives them."""
    names: dict[str, str] = {}
    for item in objects(document.get("hasExtractedLicensingInfos"), "licences"):
        id_, name = item.get("licenseId"), item.get("name")
        if isinstance(id_, str) and isinstance(name, str) and name.strip().upper() not in ("", "NOASSERTION", "NONE"):
            names[id_] = name
    return names


def _package(item: JsonObject, names: Mapping[str, str]) -> LicensedPackage | None:
    what = "a package"
    licenses: tuple[str, ...] = ()
    for key in ("licenseConcluded", "licenseDeclared"):
        text = text_of(item, key, what)
        if text.upper() not in ("", "NONE", "NOASSERTION"):
            licenses = license_texts(names.get(text, text), what)
            break
    id_ = text_of(item, "SPDXID", what)
    anchor = f'"SPDXID": {json.dumps(id_, ensure_ascii=False)}'
    for reference in objects(item.get("externalRefs"), "references") if "externalRefs" in item else ():
        if reference.get("referenceType") == "purl":
            package = of_purl(text_of(reference, "referenceLocator", what), licenses, anchor=anchor)
            if package is not None:
                return package
    purpose = text_of(item, "primaryPackagePurpose", what).upper()
    if purpose not in _LIBRARIES and (purpose == "FILE" or not licenses):
        return None
    name = text_of(item, "name", what)
    if not name:
        raise ReportError("holds a package without a name")
    return package_of(name, text_of(item, "versionInfo", what), licenses=licenses, anchor=anchor)
