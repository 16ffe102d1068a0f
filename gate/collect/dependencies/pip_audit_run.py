"""Runs of pip-audit over names and versions that the gate already knows.

pip-audit gets a requirements file of the gate's own, in a folder of its own outside of the workspace, that holds
`name==version` lines and nothing else; with `--no-deps --disable-pip` it installs and builds nothing. So no index, no
hash, no path and no configuration of the tree reaches it, and no code of the tree is run.

Its exit code 1 means findings or any error, 0 also "the service answered nonsense". So every run carries a canary: a
release with a famous hole that the gate adds. A run counts only when its report is whole, names exactly the packages
that were asked for, and has found the canary's hole.

pip-audit refuses two versions of one package in one run; what comes in several versions is spread over several runs.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gate.collect.dependencies.pip_audit_batches import PLANTED, Batch, Pinned, Planted, batches
from gate.collect.plain_text import plain
from gate.collect.process import Completed
from gate.collect.readers.pip_audit_json import AuditedPackage, PipAuditReport, SkippedPackage, read_pip_audit
from gate.collect.scan import CanaryMissed, NotCovered, Scan, Scanner
from gate.collect.scan_problem import ScanProblem, Step
from gate.collect.self_test import Canary

if TYPE_CHECKING:
    from gate.collect.collector import Context


TOOL = "pip-audit"
_EXIT_CODES = frozenset({0, 1})
_MEMORY = 4 * 1024**3
_MAX_REPORT = 64 * 1024 * 1024

_NO_CACHE = "/dev/null/none"
"""A folder that cannot be made: pip-audit then keeps and finds no earlier answers, and does not ask pip for a cache."""

_ERROR = re.compile(r"^(?:\w+\.)*\w*(?:Error|Exception|Timeout|Warning)\w*: (?P<text>.+)$", re.MULTILINE)
_ADDRESS = re.compile(r"<[^<>]{0,200}? at 0x[0-9a-f]+>")
_WARNING = re.compile(r"^WARNING:pip_audit\._service[\w.]*:(?P<text>.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """Which service is asked, and how long it is waited for (seconds: for one answer, and for one whole run)."""

    service: Literal["pypi", "osv"] = "pypi"
    osv_url: str | None = None
    answer_seconds: int = 15
    run_seconds: float = 600.0

    @property
    def asked(self) -> str:
        """What a sentence calls the service."""
        return "PyPI" if self.service == "pypi" else "OSV"


@dataclass(frozen=True, slots=True)
class AuditRun:
    """What all runs together said.

    `failed` maps the packages of the runs that proved nothing to why; `doubts` are sentences' ends about answers of the
    service that pip-audit passed over. `runs` counts the runs that proved something.
    """

    audited: tuple[AuditedPackage, ...] = ()
    skipped: tuple[SkippedPackage, ...] = ()
    failed: Mapping[Pinned, str] | None = None
    doubts: tuple[str, ...] = ()
    runs: int = 0


class PipAudit:
    """Runs pip-audit."""

    def __init__(self, scanner: Scanner, settings: AuditSettings) -> None:
        self._scanner = scanner
        self._settings = settings

    def run(self, pins: Iterable[Pinned], jobs: int = 1) -> AuditRun:
        """Audit packages, at most `jobs` processes side by side. Raises nothing for a run that proves nothing."""
        todo = batches(pins, jobs)
        with ThreadPoolExecutor(max_workers=max(1, min(jobs, len(todo)))) as pool:
            results = list(pool.map(self._one, todo))
        audited: dict[Pinned, AuditedPackage] = {}
        skipped: list[SkippedPackage] = []
        failed: dict[Pinned, str] = {}
        doubts: dict[str, None] = {}
        for batch, (result, warnings) in zip(todo, results, strict=True):
            if isinstance(result, str):
                failed |= dict.fromkeys(batch.pins.items(), result)
                continue
            audited |= {(item.name, item.version): item for item in result.audited}
            skipped += [SkippedPackage(f"{item.name} {batch.pins[item.name]}", item.reason) for item in result.skipped]
            doubts |= dict.fromkeys(warnings)
        runs = sum(not isinstance(result, str) for result, _ in results)
        return AuditRun(tuple(audited.values()), tuple(skipped), failed, tuple(doubts), runs)

    def _one(self, batch: Batch) -> tuple[PipAuditReport | str, list[str]]:
        """Return a report that proves something, or the end of a sentence that says why there is none."""
        try:
            report, completed = self.scan(batch)
        except ScanProblem as problem:
            return f"{problem}", []
        warnings = [plain(found["text"], 200) for found in _WARNING.finditer(completed.stderr)]
        return _without_canary(report, batch), warnings

    def scan(self, batch: Batch) -> tuple[PipAuditReport, Completed]:
        """Run one batch and return what it says, the canary included. Raises ScanProblem."""
        asked = dict(batch.pins) | {batch.canary.name: batch.canary.version}

        def check(report: PipAuditReport, completed: Completed) -> str:
            different = mismatch(report, asked)
            if different is not None:
                raise NotCovered(different)
            self._require(batch.canary, report, completed.exit_code)
            return f"{len(report.audited):,} packages, {len(report.skipped):,} skipped"

        with _own_folder(asked) as file:
            scan = Scan(
                tool=TOOL,
                arguments=self._arguments(file),
                read=read_pip_audit,
                check=check,
                exit_codes=_EXIT_CODES,
                # The canary is among what is asked about: `check` looks for it.
                canary=None,
                cwd=file.parent,
                timeout=self._settings.run_seconds,
                memory=_MEMORY,
                max_report=_MAX_REPORT,
                # pip-audit imports pip, and asks it for its version.
                environment={"PIP_CONFIG_FILE": "/dev/null", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
                target=f"{len(batch.pins):,} packages",
            )
            try:
                scanned = self._scanner.run(scan)
            except ScanProblem as problem:
                raise self._worded(problem) from None
        return scanned.report, scanned.completed

    def _arguments(self, file: Path) -> tuple[str, ...]:
        settings = self._settings
        return (
            *("--no-deps", "--disable-pip", "--format", "json", "--desc", "off", "--aliases", "on"),
            *("--progress-spinner", "off", "--cache-dir", _NO_CACHE, "--timeout", str(settings.answer_seconds)),
            *("--vulnerability-service", settings.service),
            *(("--osv-url", settings.osv_url) if settings.osv_url is not None else ()),
            *("--requirement", str(file)),
        )

    def _worded(self, problem: ScanProblem) -> ScanProblem:
        """pip-audit ends with 1 and no report whatever went wrong on its way to the service."""
        if problem.step is not Step.REPORT or not problem.reason.startswith("wrote no report"):
            return problem
        reason = (
            f"could not ask {self._settings.asked}: “{last_error(problem.stderr)}”. Let the gate reach the service, or "
            "supply a report under evidence.dependencies.reports"
        )
        return ScanProblem(problem.tool, reason, problem.step)

    def _require(self, canary: Planted, report: PipAuditReport, exit_code: int) -> None:
        """Raise CanaryMissed unless the run found what was planted, and says so with its exit code."""
        for package in report.audited:
            if (package.name, package.version) == (canary.name, canary.version):
                ids = {name for item in package.vulnerabilities for name in (item.id, *item.aliases)}
                if canary.id in ids and exit_code == 1:
                    return
        skip = next((plain(item.reason, 200) for item in report.skipped if item.name == canary.name), None)
        told = f" (it was skipped: “{skip}”)" if skip else ""
        raise CanaryMissed(
            f"did not find {canary.id} in {canary.name} {canary.version}, the known-vulnerable release that the gate "
            f"adds to each audit, so the answers of {self._settings.asked} prove nothing{told}"
        )


def pip_audit_canary(context: Context, settings: AuditSettings | None = None) -> Canary:
    """Return the self-test of pip-audit (`gate doctor --self-test`): it has to find one known hole at the service.

    Every run of an audit has the same canary among its packages, so no audit needs this one.
    """
    asked = settings or AuditSettings()
    planted = PLANTED[0]

    def test() -> str:
        PipAudit(context.scanner, asked).scan(Batch({}, planted))
        return f"{planted.id} in {planted.name} {planted.version}, asked {asked.asked}"

    identity = f"{asked.service} {asked.osv_url or ''} {planted.name} {planted.version} {planted.id}"
    return Canary(TOOL, f"{planted.id} in {planted.name} {planted.version}", identity, test)


def mismatch(report: PipAuditReport, asked: Mapping[str, str]) -> str | None:
    """Return in what a report differs from the packages that were asked for, None when it is about exactly those."""
    told = [(item.name, item.version) for item in report.audited] + [
        (item.name, asked.get(item.name, "")) for item in report.skipped
    ]
    missing = sorted(set(asked.items()) - set(told))
    foreign = sorted(set(told) - set(asked.items()))
    if missing:
        return f"says nothing of {missing[0][0]} {missing[0][1]}, which it was asked about"
    if foreign:
        return f"tells of {foreign[0][0]} {foreign[0][1]}, which it was not asked about"
    return None if len(told) == len(asked) else "tells of a package twice"


def last_error(stderr: str) -> str:
    """Return the error that a child ended with, as one harmless line of at most 200 characters."""
    errors = [found["text"] for found in _ERROR.finditer(stderr[-65_536:])]
    lines = [line for line in stderr[-65_536:].splitlines() if line.strip()]
    text = errors[-1] if errors else lines[-1] if lines else "it said nothing"
    return plain(_ADDRESS.sub("", text), 200)


def _without_canary(report: PipAuditReport, batch: Batch) -> PipAuditReport:
    if batch.canary.name in batch.pins:
        return report
    return PipAuditReport(tuple(item for item in report.audited if item.name != batch.canary.name), report.skipped)


@contextmanager
def _own_folder(asked: Mapping[str, str]) -> Iterator[Path]:
    """Write the requirements file into a folder that nobody else writes to and every user may read."""
    with tempfile.TemporaryDirectory(prefix="gate-audit-") as name:
        folder = Path(name)
        file = folder / "requirements.txt"
        file.write_text(_lines(asked), encoding="ascii")
        # The runner may run children as another user.
        folder.chmod(0o755)
        file.chmod(0o644)
        yield file


def _lines(asked: Mapping[str, str]) -> str:
    return "".join(f"{name}=={version}\n" for name, version in sorted(asked.items()))
