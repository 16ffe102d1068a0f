"""Licences in Trivy's JSON report (schema version 2): of `--list-all-pkgs`, and of `--scanners license`.

Both tell a list of names for each package. Trivy itself joins them with AND, and so they are read: all of them hold.
Licences of loose files (`--license-full`) belong to no package and are passed over.
"""

from __future__ import annotations

import json
from collections import defaultdict

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
from gate.model.json import JsonObject

_ECOSYSTEMS = {
    "npm": "npm",
    "yarn": "npm",
    "pnpm": "npm",
    "bun": "npm",
    "node-pkg": "npm",
    "pip": "pypi",
    "pipenv": "pypi",
    "poetry": "pypi",
    "uv": "pypi",
    "python-pkg": "pypi",
    "gomod": "golang",
    "gobinary": "golang",
    "cargo": "cargo",
    "rustbinary": "cargo",
    "composer": "composer",
    "bundler": "gem",
    "gemspec": "gem",
    "nuget": "nuget",
    "dotnet-core": "nuget",
    "debian": "deb",
    "ubuntu": "deb",
    "alpine": "apk",
    "redhat": "rpm",
}
"""Types of results whose packages may come without a package URL."""


def read_trivy_licenses(document: JsonObject) -> LicenseReport:
    """Return the packages of a report of Trivy and their licences. Raises ReportError."""
    if document.get("SchemaVersion") != 2:
        raise ReportError("is not Trivy's JSON of schema version 2, the one that is read")
    results = objects(document.get("Results"), "results")
    packages: list[LicensedPackage] = []
    with_versions: set[str] = set()
    by_name: defaultdict[str, list[str]] = defaultdict(list)
    passed_over = 0
    for result in results:
        ecosystem = _ECOSYSTEMS.get(text_of(result, "Type", "a result"), "")
        for item in objects(result.get("Packages"), "packages"):
            package = _package(item, ecosystem)
            packages.append(package)
            if package.licenses:
                with_versions.add(text_of(item, "Name", "a package"))
        for item in objects(result.get("Licenses"), "licences"):
            name = text_of(item, "PkgName", "a licence")
            if name:
                by_name[name] += license_texts(item.get("Name"), "a licence")
            else:
                passed_over += 1
    # The scanner for licences tells names without versions: of use only where the packages themselves tell no licence.
    told = {name: tuple(dict.fromkeys(found)) for name, found in by_name.items() if name not in with_versions}
    packages += [package_of(name, "", licenses=licenses) for name, licenses in told.items()]
    return LicenseReport("Trivy", tuple(packages), passed_over)


def _package(item: JsonObject, ecosystem: str) -> LicensedPackage:
    what = "a package"
    licenses = license_texts(item.get("Licenses"), what)
    identifier = item.get("Identifier")
    development = item.get("Dev") is True
    if isinstance(identifier, dict) and (purl := text_of(identifier, "PURL", what)):
        anchor = f'"PURL": {json.dumps(purl, ensure_ascii=False)}'
        package = of_purl(purl, licenses, development=development, anchor=anchor)
        if package is not None:
            return package
    name = text_of(item, "Name", what)
    if not name:
        raise ReportError("holds a package without a name")
    return package_of(name, text_of(item, "Version", what), ecosystem, licenses, development=development)
