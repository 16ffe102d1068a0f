"""The self-test of Trivy: an SBOM with three packages of three ecosystems that every real database knows to be bad.

A missing, empty or damaged database gives no error and no findings, so nothing that Trivy says counts before it has
found all three with the same copy of the database.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING

from gate.collect.scan import NotCovered
from gate.collect.self_test import Canary
from gate.collect.trivy.trivy_run import TOOL, Place, TrivyScan, run_trivy

if TYPE_CHECKING:
    from gate.collect.readers.trivy_json import TrivyReport
    from gate.collect.scan import Scanner

PLANTED: dict[str, tuple[str, str]] = {
    "debian": ("libcurl4", "CVE-2023-38545"),
    "python-pkg": ("pyyaml", "CVE-2020-14343"),
    "node-pkg": ("lodash", "CVE-2019-10744"),
}
"""The type of a result → the package and the vulnerability in it that Trivy has to find."""
_TIMEOUT = 120.0


def canary_sbom() -> bytes:
    """Return the planted SBOM (CycloneDX)."""
    return (files("gate.collect") / "data" / "trivy" / "canary.cdx.json").read_bytes()


def trivy_canary(scanner: Scanner, place: Place, database: str, *, download: bool = False) -> Canary:
    """Return the self-test with the database in `place`. `database` is its identity (hash)."""

    def test() -> str:
        path = place.folder / "canary.cdx.json"
        path.write_bytes(canary_sbom())
        path.chmod(0o644)
        scan = TrivyScan("sbom", (str(path),), _check, None, _TIMEOUT, download, "its self-test")
        return run_trivy(scanner, place, scan).covered

    planted = hashlib.sha256(canary_sbom()).hexdigest()
    return Canary(TOOL, "the planted vulnerabilities", f"{planted} {database}", test)


def _check(report: TrivyReport) -> str:
    found = {
        (result.type, vulnerability.package, vulnerability.id)
        for result in report.results
        for vulnerability in result.vulnerabilities
    }
    left = [f"{id_} in {package}" for type_, (package, id_) in PLANTED.items() if (type_, package, id_) not in found]
    if left:
        raise NotCovered(f"did not find {', '.join(left)} with this database: it is empty, damaged or cut short")
    return f"{len(PLANTED)} of {len(PLANTED)} planted vulnerabilities"
