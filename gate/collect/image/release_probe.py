"""Whether the database knows the release of an operating system at all.

Trivy compares a package with the advisories of its release. Where the database has none for it, nothing is found, and
nothing is said. So Trivy is given packages that every distribution has had advisories for, at a version below all of
them, as if they were installed on the same release: a database that finds nothing in these knows nothing of it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gate.collect.scan import NotCovered

if TYPE_CHECKING:
    from gate.collect.image.description import OperatingSystem
    from gate.collect.readers.trivy_json import TrivyReport
    from gate.collect.trivy.trivy_session import TrivySession
    from gate.model.json import Json

_SOURCES = ("bash", "busybox", "curl", "expat", "glibc", "krb5", "libxml2", "openssl", "sqlite", "systemd", "zlib")
_APK = frozenset({"alpine", "chainguard", "wolfi", "minimos"})
_DEB = frozenset({"debian", "ubuntu", "echo"})


def probe_sbom(os: OperatingSystem) -> bytes:
    """Return the SBOM (CycloneDX) with packages of that release at the version 0."""
    kind = "apk" if os.family in _APK else "deb" if os.family in _DEB else "rpm"
    version = "0-0" if kind == "rpm" else "0"
    parts: list[Json] = [
        {
            "type": "operating-system",
            "bom-ref": "os",
            "name": os.family,
            "version": os.version,
            "properties": [
                {"name": "aquasecurity:trivy:Class", "value": "os-pkgs"},
                {"name": "aquasecurity:trivy:Type", "value": os.family},
            ],
        }
    ]
    release: list[Json] = [{"name": "aquasecurity:trivy:SrcRelease", "value": "0"}] if kind == "rpm" else []
    for name in _SOURCES:
        purl = f"pkg:{kind}/{os.family}/{name}@{version}?arch=amd64&distro={os.family}-{os.version}"
        parts.append(
            {
                "type": "library",
                "bom-ref": purl,
                "name": name,
                "version": version,
                "purl": purl,
                "properties": [
                    {"name": "aquasecurity:trivy:PkgType", "value": os.family},
                    {"name": "aquasecurity:trivy:SrcName", "value": name},
                    {"name": "aquasecurity:trivy:SrcVersion", "value": "0"},
                    *release,
                ],
            }
        )
    document: dict[str, Json] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "container", "bom-ref": "probe", "name": "probe"}},
        "components": parts,
        "dependencies": [
            {"ref": "probe", "dependsOn": ["os"]},
            {"ref": "os", "dependsOn": [part["bom-ref"] for part in parts[1:] if isinstance(part, dict)]},
        ],
    }
    return json.dumps(document).encode()


def require_release(session: TrivySession, os: OperatingSystem) -> None:
    """Raise ScanProblem unless the database finds something in a release that has never been mended."""

    def check(report: TrivyReport) -> str:
        found = sum(len(result.vulnerabilities) for result in report.results if result.class_ == "os-pkgs")
        if not found:
            raise NotCovered(f"has a database that knows no advisory for {os.name}")
        return f"{found:,} advisories of {os.name}"

    path = session.file("release.cdx.json", probe_sbom(os))
    session.run("sbom", (str(path),), check, f"what its database knows of {os.name}")
