"""How the gate runs Trivy: nothing that the tree, the environment or an earlier run left behind has a say in it.

Every flag that a `trivy.yaml`, a `.trivyignore` or a `TRIVY_*` variable could set to hide something is given, because
flags win; the working directory is empty, and the environment is the gate's allow-list. The exit code for "found
something" is one of our own, so that it differs from every code that Trivy fails with, and it must agree with the
report.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from gate.collect.plain_text import plain
from gate.collect.readers.trivy_json import TrivyReport, read_trivy
from gate.collect.scan import NotCovered, Scan, Scanned, ToolErrors
from gate.collect.scan_problem import ScanProblem, Step

if TYPE_CHECKING:
    from gate.collect.process import Completed
    from gate.collect.scan import Scanner
    from gate.collect.self_test import Canary

TOOL = "trivy"
FOUND = 10
"""The exit code of a run that found a vulnerability. Trivy itself fails with 1 and 2."""
_MARGIN = 30.0
_HARMLESS = (
    "Third-party SBOM may lead to inaccurate",
    "Recommend using Trivy to generate SBOMs",
    "Using severities from other vendors",
    "no longer supported by the distribution",  # the report says so too
    "insufficient because security updates",
    "No OS package is detected",  # so does its list of packages
    'e.g. files under "/lib/apk/db/"',
    "Unsupported os",
    "Unable to find python `site-packages`",  # for licences only
)
_SEVERITIES = "UNKNOWN,LOW,MEDIUM,HIGH,CRITICAL"
_ENVIRONMENT = {"TRIVY_SKIP_VERSION_CHECK": "true", "TRIVY_DISABLE_TELEMETRY": "true"}
"""As variables because older versions do not know these flags; they only keep Trivy from asking the network."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of one use of Trivy. `cache` is what it may write to; `mode` is for files that it may write."""

    folder: Path
    cache: Path
    mode: int


@contextmanager
def own_place() -> Iterator[Place]:
    """Give a fresh folder, and remove it afterwards. Raises ScanProblem when none can be made.

    As root (in the container) the gate runs its children as another user, to whom the folder has to be open. The name
    of the inner folder cannot be guessed, and the outer one not be listed, so it is not open to other users.
    """
    mode = 0o666 if os.geteuid() == 0 else 0o600
    try:
        outer = tempfile.TemporaryDirectory(prefix="gate-trivy-", ignore_cleanup_errors=True)
    except OSError as error:
        raise ScanProblem(TOOL, f"was not run: no folder can be made for it: {error.strerror}", Step.RAN) from None
    with outer as name:
        Path(name).chmod(0o711)
        folder = Path(name) / token_hex(16)
        cache = folder / "cache"
        try:
            for made in (folder, cache):
                made.mkdir()
                made.chmod(0o777 if mode & 0o006 else 0o700)
        except OSError as error:
            raise ScanProblem(TOOL, f"was not run: no folder can be made for it: {error.strerror}", Step.RAN) from None
        yield Place(folder, cache, mode)


@dataclass(frozen=True, slots=True)
class TrivyScan:
    """One scan. `command` is "image", "fs" or "sbom"; `target` its last arguments; `types` the packages looked for.

    `check` takes the report, returns what was covered in a short phrase, and raises NotCovered. `download` lets Trivy
    fetch its database from the network. `network` lets it reach a registry. `shown` names what is scanned, for the log.
    """

    command: str
    target: tuple[str, ...]
    check: Callable[[TrivyReport], str]
    canary: Canary | None
    timeout: float = 600.0
    download: bool = False
    shown: str = ""


def run_trivy(scanner: Scanner, place: Place, scan: TrivyScan) -> Scanned[TrivyReport]:
    """Run one scan and return what it proved. Raises ScanProblem."""

    def check(report: TrivyReport, completed: Completed) -> str:
        _agrees(report, completed)
        return scan.check(report)

    return scanner.run(
        Scan(
            tool=TOOL,
            arguments=arguments(place, scan),
            read=read_trivy,
            check=check,
            exit_codes=frozenset({0, FOUND}),
            canary=scan.canary,
            # Trivy bounds neither a download nor waiting for a lock by its own --timeout.
            timeout=scan.timeout + _MARGIN,
            environment=_ENVIRONMENT,
            target=scan.shown,
        )
    )


def arguments(place: Place, scan: TrivyScan) -> tuple[str, ...]:
    """Return Trivy's command line."""
    skips = () if scan.download else ("--skip-db-update",)
    return (
        scan.command,
        "--config=/dev/null",
        f"--cache-dir={place.cache}",
        "--cache-backend=memory",
        f"--timeout={max(1, int(scan.timeout))}s",
        "--format=json",
        "--list-all-pkgs",
        f"--exit-code={FOUND}",
        f"--severity={_SEVERITIES}",
        "--pkg-types=os,library",
        "--ignore-unfixed=false",
        "--ignorefile=/dev/null",
        "--no-progress",
        "--offline-scan",
        *skips,
        "--skip-java-db-update",
        *_SCANNERS[scan.command],
        *scan.target,
    )


_SECRETS = ("--scanners=vuln", "--secret-config=/dev/null")
_SCANNERS: dict[str, tuple[str, ...]] = {
    "image": (*_SECRETS, "--exit-on-eol=0"),
    "fs": (*_SECRETS, "--include-dev-deps"),
    "sbom": ("--scanners=vuln",),
}


def doubts(completed: Completed) -> list[str]:
    """Return what Trivy warned about on stderr and could have hidden something: an advisory that it could not read.

    Its lines are "TIME<TAB>LEVEL<TAB>MESSAGE". What is known to be harmless, or stands in the report too, is left out.
    """
    found: dict[str, None] = {}
    for line in completed.stderr.splitlines():
        parts = line.split("\t", 2)
        if len(parts) == 3 and parts[1] in ("WARN", "ERROR") and not any(word in line for word in _HARMLESS):
            found[plain(parts[2])] = None
    return list(found)


def _agrees(report: TrivyReport, completed: Completed) -> None:
    """Hold the exit code against the report. Raises ToolErrors."""
    vulnerabilities = sum(len(result.vulnerabilities) for result in report.results)
    if (completed.exit_code == FOUND) != (vulnerabilities > 0):
        raise ToolErrors(
            f"contradicts itself: it ended with exit code {completed.exit_code}, and its report names "
            f"{vulnerabilities:,} vulnerabilities"
        )


def of_type(report: TrivyReport, wanted: str) -> None:
    """Raise NotCovered unless the report is about this type of thing ("container_image", "filesystem")."""
    if report.artifact_type != wanted:
        raise NotCovered(f"scanned something else: its report is about a {report.artifact_type[:40]}, not a {wanted}")
