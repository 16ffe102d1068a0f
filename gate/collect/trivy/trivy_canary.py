"""The self-tests of Trivy: three packages of three ecosystems that every real database knows to be bad.

A missing, empty or damaged database gives no error and no findings, so nothing that Trivy says counts before it has
found all three with the same copy of the database. For images it has to find them in an image, layer and package lists
included; for lock files in an SBOM, which needs none of that.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING

from gate.collect.scan import NotCovered
from gate.collect.scan_problem import ScanProblem, Step
from gate.collect.self_test import Canary
from gate.collect.trivy.canary_image import canary_image
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
    """Return the self-test for lock files with the database in `place`. `database` is its identity (hash)."""
    planted = canary_sbom()

    def test() -> str:
        target = _written(place, "canary.cdx.json", planted)
        scan = TrivyScan("sbom", (target,), _check, None, _TIMEOUT, download, "its self-test")
        return run_trivy(scanner, place, scan).covered

    identity = f"{hashlib.sha256(planted).hexdigest()} {database}"
    return Canary(TOOL, "the planted vulnerabilities", identity, test)


def trivy_image_canary(scanner: Scanner, place: Place, database: str) -> Canary:
    """Return the self-test for images with the database in `place`. `database` is its identity (hash)."""
    planted = canary_image()

    def test() -> str:
        target = _written(place, "canary.tar", planted)
        scan = TrivyScan("image", (f"--input={target}",), _check_image, None, _TIMEOUT, False, "its self-test")
        return run_trivy(scanner, place, scan).covered

    identity = f"{hashlib.sha256(planted).hexdigest()} {database}"
    return Canary(TOOL, "the vulnerabilities of the planted image", identity, test)


def _written(place: Place, name: str, data: bytes) -> str:
    path = place.folder / name
    try:
        path.write_bytes(data)
        path.chmod(0o644)
    except OSError as error:
        raise ScanProblem(TOOL, f"was not run: {name} could not be written: {error.strerror}", Step.RAN) from None
    return str(path)


def _check_image(report: TrivyReport) -> str:
    return f"{_check(report)} of a planted image"


def _check(report: TrivyReport) -> str:
    found = {
        (result.type, vulnerability.package.lower(), vulnerability.id)
        for result in report.results
        for vulnerability in result.vulnerabilities
    }
    left = [f"{id_} in {package}" for type_, (package, id_) in PLANTED.items() if (type_, package, id_) not in found]
    if left:
        raise NotCovered(f"did not find {', '.join(left)} with this database: it is empty, damaged or cut short")
    return f"{len(PLANTED)} of {len(PLANTED)} planted vulnerabilities"
