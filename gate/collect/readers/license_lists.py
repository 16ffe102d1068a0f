"""Lists of licences that the tools of single languages write.

pip-licenses (`--format=json`), license-checker (`--json`), cargo-license (`--json`), go-licenses (`csv`, `report`).
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping

from gate.collect.readers.errors import ReportError
from gate.collect.readers.licensed_package import (
    MAX_PACKAGES,
    LicensedPackage,
    LicenseReport,
    license_texts,
    objects,
    package_of,
    text_of,
)
from gate.model.json import Json, JsonObject

_AT = re.compile(r"(?P<name>@?[^@]+)@(?P<version>.+)", re.DOTALL)
_UNTOLD = frozenset({"", "UNKNOWN", "N/A"})
_PIP_KEYS = ("License-Expression", "License", "License-Metadata", "License-Classifier")
_CSV_COLUMNS = 3


def is_pip_licenses(entries: Json) -> bool:
    """Whether a list is one of pip-licenses."""
    first = entries[0] if isinstance(entries, list) and entries else None
    return isinstance(first, dict) and "Name" in first and any(key in first for key in _PIP_KEYS)


def is_cargo_license(entries: Json) -> bool:
    """Whether a list is one of cargo-license."""
    first = entries[0] if isinstance(entries, list) and entries else None
    return isinstance(first, dict) and {"name", "version", "license"} <= first.keys()


def is_license_checker(document: JsonObject) -> bool:
    """Whether an object is license-checker's: packages by name and version."""
    first = next(iter(document.items()), None)
    return first is not None and "@" in first[0] and isinstance(first[1], dict) and "licenses" in first[1]


def read_pip_licenses(entries: Json) -> LicenseReport:
    """Return the packages of pip-licenses' list. Raises ReportError."""
    packages = []
    for item in objects(entries, "packages"):
        name = text_of(item, "Name", "a package")
        if not name:
            raise ReportError("holds a package without a name")
        anchor = f'"Name": {json.dumps(name, ensure_ascii=False)}'
        packages.append(package_of(name, text_of(item, "Version", "a package"), "pypi", _pip(item), anchor=anchor))
    return LicenseReport("pip-licenses", tuple(packages))


def _pip(item: JsonObject) -> tuple[str, ...]:
    told = {key: text for key in _PIP_KEYS if (text := text_of(item, key, "a package")).upper() not in _UNTOLD}
    if "License-Expression" in told:
        return license_texts(told["License-Expression"], "a package")
    # Several classifiers are joined with semicolons. They do not say whether one may choose, so all of them hold.
    parts = [part.strip() for text in told.values() for part in text.split(";")]
    return license_texts([part for part in parts if part], "a package")


def read_cargo_license(entries: Json) -> LicenseReport:
    """Return the packages of cargo-license's list. Raises ReportError."""
    packages = []
    for item in objects(entries, "packages"):
        name = text_of(item, "name", "a package")
        if not name:
            raise ReportError("holds a package without a name")
        licenses = license_texts(cargo_expression(text_of(item, "license", "a package")), "a package")
        anchor = f'"name": {json.dumps(name, ensure_ascii=False)}'
        version = text_of(item, "version", "a package")
        packages.append(package_of(name, version, "cargo", licenses, anchor=anchor))
    return LicenseReport("cargo-license", tuple(packages))


def cargo_expression(text: str) -> str:
    """Return a licence as Cargo means it: a slash was its OR before there were expressions."""
    return text.replace("/", " OR ") if re.fullmatch(r"[A-Za-z0-9.+/ -]+", text) else text


def read_license_checker(document: Mapping[str, Json]) -> LicenseReport:
    """Return the packages of license-checker's object. Raises ReportError.

    A name with a star ("MIT*") was guessed from a file; it stays as it is, so that nobody takes it for stated. The
    project itself, which lies in no `node_modules`, is passed over.
    """
    if len(document) > MAX_PACKAGES:
        raise ReportError(f"holds {len(document):,} packages; at most {MAX_PACKAGES:,} are read")
    packages: list[LicensedPackage] = []
    for key, item in document.items():
        found = _AT.fullmatch(key)
        if found is None or not isinstance(item, dict):
            raise ReportError("is not license-checker's JSON: an entry is no package with its version")
        path = text_of(item, "path", "a package")
        if path and "node_modules" not in path.replace("\\", "/").split("/"):
            continue
        told = [text for text in license_texts(item.get("licenses"), "a package") if text.upper() not in _UNTOLD]
        anchor = f"{json.dumps(key, ensure_ascii=False)}: {{"
        packages.append(package_of(found["name"], found["version"], "npm", tuple(told), anchor=anchor))
    return LicenseReport("license-checker", tuple(packages), len(document) - len(packages))


def is_go_licenses(text: str) -> bool:
    """Whether a text is go-licenses' table: a package, an address and a licence on each line."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    columns = first.split(",")
    path = r"[\w.-]+\.[\w.-]+(?:/[^,\s]*)?"
    return (
        len(columns) == _CSV_COLUMNS
        and re.fullmatch(path, columns[0]) is not None
        and re.fullmatch(r"Unknown|https?://\S+|", columns[1].strip()) is not None
    )


def read_go_licenses(text: str) -> LicenseReport:
    """Return the packages of go-licenses' table, which tells no versions. Raises ReportError."""
    packages = []
    lines = text.splitlines()
    if len(lines) > MAX_PACKAGES:
        raise ReportError(f"holds {len(lines):,} lines; at most {MAX_PACKAGES:,} are read")
    try:
        rows = list(csv.reader(lines, strict=True))
    except csv.Error as error:
        raise ReportError(f"is not go-licenses' table: {error}") from None
    for number, row in enumerate(rows, 1):
        if not row:
            continue
        if len(row) != _CSV_COLUMNS or not row[0].strip():
            raise ReportError("is not go-licenses' table: a line has not three columns", number)
        license_ = row[2].strip()
        licenses = () if license_.upper() in _UNTOLD else license_texts(license_, "a package")
        packages.append(package_of(row[0].strip(), "", "golang", licenses, anchor=",".join(row)))
    return LicenseReport("go-licenses", tuple(packages))
