"""The software bill of materials of an image, as CycloneDX 1.6 (ECMA-424), made of a report of Trivy.

It holds what the scan saw and nothing else, and the same report gives the same bytes: the serial number is made of the
contents, and there is no time but that of the report.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from gate.collect.image.description import Described
    from gate.collect.readers.trivy_json import TrivyPackage, TrivyReport, TrivyResult
    from gate.model.json import Json, JsonObject

MEDIA_TYPE = "application/vnd.cyclonedx+json"
_ALGORITHMS = {"sha1": "SHA-1", "sha256": "SHA-256", "sha512": "SHA-512", "md5": "MD5"}


def sbom(report: TrivyReport, image: Described, tool_version: str | None) -> bytes:
    """Return the document."""
    root = "image"
    components: list[Json] = []
    depends: list[Json] = []
    if report.os is not None and report.os.family != "none":
        components.append(
            {"type": "operating-system", "bom-ref": "os", "name": report.os.family, "version": report.os.name}
        )
        depends.append("os")
    seen: dict[str, None] = {}
    for result in report.results:
        for package in result.packages:
            reference = _reference(result, package)
            if reference not in seen:
                seen[reference] = None
                components.append(_component(result, package, reference))
    listed: list[Json] = [*depends, *seen]
    tool: JsonObject = {"type": "application", "name": "trivy"}
    if tool_version:
        tool["version"] = tool_version
    metadata: JsonObject = {
        "tools": {"components": [tool]},
        "component": _image(image, root),
    }
    if report.created_at:
        metadata["timestamp"] = report.created_at
    body: JsonObject = {
        "metadata": metadata,
        "components": components,
        "dependencies": [{"ref": root, "dependsOn": listed}],
    }
    digest = sha256(json.dumps(body, sort_keys=True).encode()).digest()
    document: JsonObject = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{UUID(bytes=digest[:16], version=4)}",
        "version": 1,
        **body,
    }
    return json.dumps(document, allow_nan=False, ensure_ascii=True, indent=1).encode() + b"\n"


def _image(image: Described, reference: str) -> JsonObject:
    component: JsonObject = {"type": "container", "bom-ref": reference, "name": image.reference}
    if image.digest or image.image_id:
        component["version"] = image.digest or image.image_id
    if image.image_id:
        component["properties"] = [{"name": "readiness-gate:image-id", "value": image.image_id}]
    return component


def _reference(result: TrivyResult, package: TrivyPackage) -> str:
    """Return what tells this package at this place from others."""
    place = package.path or (result.target if result.class_ != "os-pkgs" else "")
    return f"{package.purl or f'{result.type}:{package.name}@{package.version}'}#{place}".rstrip("#")


def _component(result: TrivyResult, package: TrivyPackage, reference: str) -> JsonObject:
    component: JsonObject = {"type": "library", "bom-ref": reference, "name": package.name}
    if package.version:
        component["version"] = package.version
    if package.purl:
        component["purl"] = package.purl
    if package.licenses:
        component["licenses"] = [{"license": {"name": name}} for name in package.licenses]
    algorithm, _, value = (package.digest or "").partition(":")
    if algorithm in _ALGORITHMS and value:
        component["hashes"] = [{"alg": _ALGORITHMS[algorithm], "content": value}]
    properties: list[Json] = [{"name": "readiness-gate:class", "value": result.class_}]
    if package.path:
        properties.append({"name": "readiness-gate:path", "value": package.path})
    component["properties"] = properties
    return component
