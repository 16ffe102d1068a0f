"""One run of Trivy over a folder of Terraform that the gate made, and its self-test."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from gate.collect.readers.trivy_misconfig import MisconfigurationReport, read_trivy_misconfigurations
from gate.collect.safe_open import OpenProblem, parts_of
from gate.collect.scan import NotCovered, Scan, Scanned, ToolErrors
from gate.collect.scan_problem import ScanProblem, Step
from gate.collect.self_test import Canary
from gate.collect.terraform.copies import planted_file
from gate.collect.trivy.trivy_run import FOUND, TOOL, Place, own_place

if TYPE_CHECKING:
    from gate.collect.process import Completed
    from gate.collect.scan import Scanner

_TIMEOUT = 600.0
_MARGIN = 30.0
_CANARY_NAME = "canary.tf"
_ENVIRONMENT = {"TRIVY_SKIP_VERSION_CHECK": "true", "TRIVY_DISABLE_TELEMETRY": "true"}


def terraform_canary(scanner: Scanner) -> Canary:
    """Return the self-test: a firewall rule that is open to everyone."""

    def test() -> str:
        with own_place() as place:
            folder = written(place, {_CANARY_NAME: planted_file()})
            report = run_scan(scanner, place, folder, None, "its self-test").report
        found = [each.rule for each in report.failed if each.target == _CANARY_NAME]
        if not found:
            raise ScanProblem(TOOL, "did not find it: its checks were not loaded", Step.COVERED)
        return f"{found[0]} in a planted file of Terraform"

    planted = hashlib.sha256(planted_file()).hexdigest()
    return Canary(TOOL, "the planted firewall rule that is open to everyone", f"terraform {planted}", test)


def written(place: Place, files: Mapping[str, bytes]) -> Path:
    """Write files into a fresh folder. Raises ScanProblem."""
    folder = place.folder / token_hex(8)
    try:
        folder.mkdir()
        folder.chmod(0o755)
        for name, data in files.items():
            path = folder
            *above, last = parts_of(name)
            for part in above:
                path /= part
                if not path.is_dir():
                    path.mkdir()
                    path.chmod(0o755)
            path /= last
            path.write_bytes(data)
            path.chmod(0o644)
    except OpenProblem as problem:
        raise ScanProblem(TOOL, f"was not run: a name of a file {problem.reason}", Step.RAN) from None
    except OSError as error:
        reason = f"was not run: the files could not be copied for it: {error.strerror}"
        raise ScanProblem(TOOL, reason, Step.RAN) from None
    return folder


def run_scan(
    scanner: Scanner, place: Place, folder: Path, canary: Canary | None, shown: str
) -> Scanned[MisconfigurationReport]:
    """Raises ScanProblem."""

    def check(report: MisconfigurationReport, completed: Completed) -> str:
        if report.artifact_type != "filesystem":
            raise NotCovered(f"scanned something else: its report is about a {report.artifact_type[:40]}")
        # Something is planted in every file, so a run that found nothing at all looked at nothing.
        if not report.failed:
            raise NotCovered("found nothing, not even what was planted: its checks were not loaded")
        if completed.exit_code != FOUND:
            raise ToolErrors("contradicts itself: its report names misconfigurations, and its exit code does not")
        return shown

    return scanner.run(
        Scan(
            tool=TOOL,
            arguments=_arguments(place, folder),
            read=read_trivy_misconfigurations,
            check=check,
            exit_codes=frozenset({0, FOUND}),
            canary=canary,
            timeout=_TIMEOUT + _MARGIN,
            environment=_ENVIRONMENT,
            target=shown,
        )
    )


def _arguments(place: Place, folder: Path) -> tuple[str, ...]:
    command, *options = OPTIONS
    return (command, f"--cache-dir={place.cache}", *options, str(folder))


OPTIONS = (
    "fs",
    "--config=/dev/null",
    "--cache-backend=memory",
    f"--timeout={_TIMEOUT:.0f}s",
    "--format=json",
    f"--exit-code={FOUND}",
    "--severity=UNKNOWN,LOW,MEDIUM,HIGH,CRITICAL",
    "--scanners=misconfig",
    "--misconfig-scanners=terraform",
    "--skip-check-update",
    "--ignorefile=/dev/null",
    "--no-progress",
    "--offline-scan",
)
