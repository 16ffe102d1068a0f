"""Trivy with a database that was checked: what collectors use.

    with trivy_session(context, TrivySettings(...)) as session:
        scanned = session.filesystem({"app/package-lock.json": data})

Everything raises ScanProblem; nothing in here returns a result that the self-test does not stand behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from gate.collect.safe_open import OpenProblem, parts_of
from gate.collect.scan_problem import ScanProblem, Step
from gate.collect.trivy.trivy_canary import trivy_canary, trivy_image_canary
from gate.collect.trivy.trivy_database import (
    DEFAULT_MAX_AGE_HOURS,
    Database,
    check_age,
    copy_database,
    find_database,
    open_database,
)
from gate.collect.trivy.trivy_run import TOOL, Place, TrivyScan, of_type, own_place, run_trivy

if TYPE_CHECKING:
    from gate.collect.collector import Context
    from gate.collect.readers.trivy_json import TrivyReport
    from gate.collect.scan import Scanned
    from gate.collect.self_test import Canary
    from gate.model.json import JsonMapping


@dataclass(frozen=True, slots=True)
class TrivySettings:
    """Which database, and how long a scan may take (seconds)."""

    database: str | None = None
    download: bool = False
    max_age_hours: float = DEFAULT_MAX_AGE_HOURS
    timeout: float = 600.0
    places: Sequence[Path] | None = None


def read_settings(request: JsonMapping) -> TrivySettings:
    """Return what a request says: `database`, `download_database`, `max_database_age_hours`, `timeout_seconds`."""
    named, hours, seconds = (request.get(key) for key in ("database", "max_database_age_hours", "timeout_seconds"))
    return TrivySettings(
        database=named if isinstance(named, str) else None,
        download=request.get("download_database") is True,
        max_age_hours=float(hours) if isinstance(hours, int | float) else DEFAULT_MAX_AGE_HOURS,
        timeout=float(seconds) if isinstance(seconds, int | float) else 600.0,
    )


@dataclass(frozen=True, slots=True)
class Canaries:
    """What Trivy has to find before it is believed: of `files` for lock files, of `image` for all about images."""

    files: Canary
    image: Canary


class TrivySession:
    """Trivy beside one copy of one database. Scans run one after the other: Trivy locks the database."""

    def __init__(self, context: Context, place: Place, database: Database, canaries: Canaries, timeout: float) -> None:
        self._context = context
        self._place = place
        self._canaries = canaries
        self._timeout = timeout
        self.database = database

    @property
    def age_hours(self) -> float:
        """How old the database is, in hours."""
        return max(0.0, self.database.age_hours(self._context.now()))

    def filesystem(
        self, given: Mapping[str, bytes], check: Callable[[TrivyReport], str] | None = None
    ) -> Scanned[TrivyReport]:
        """Scan files (path → bytes) that are written into a fresh folder of their own. Raises ScanProblem.

        A file that Trivy does not read, or that it finds nothing in, gives no result and no error (SCANNERS, trivy 8):
        `check` has to hold the results' targets against what was given. Without one, each file must have a result
        that lists packages.
        """
        folder = self._place.folder / token_hex(8)
        try:
            folder.mkdir()
            folder.chmod(0o755)
            for name, data in given.items():
                _write(folder, name, data)
        except OpenProblem as problem:
            raise ScanProblem(TOOL, f"was not run: a name of a file {problem.reason}", Step.RAN) from None
        except OSError as error:
            reason = f"was not run: the files could not be copied for it: {error.strerror}"
            raise ScanProblem(TOOL, reason, Step.RAN) from None
        wanted = check or _all_of(given)

        def checked(report: TrivyReport) -> str:
            of_type(report, "filesystem")
            return wanted(report)

        return self.run("fs", (str(folder),), checked, f"{len(given):,} lock files")

    def file(self, name: str, data: bytes) -> Path:
        """Write a file that Trivy can read, and return its path. Raises ScanProblem."""
        path = self._place.folder / name
        try:
            path.write_bytes(data)
            path.chmod(0o644)
        except OSError as error:
            raise ScanProblem(TOOL, f"was not run: {name} could not be written: {error.strerror}", Step.RAN) from None
        return path

    def run(
        self, command: str, target: tuple[str, ...], check: Callable[[TrivyReport], str], shown: str
    ) -> Scanned[TrivyReport]:
        """Run one scan ("image", "fs", "sbom"). Raises ScanProblem."""
        canary = self._canaries.files if command == "fs" else self._canaries.image
        scan = TrivyScan(command, target, check, canary, self._timeout, shown=shown)
        return run_trivy(self._context.scanner, self._place, scan)


@contextmanager
def trivy_session(context: Context, settings: TrivySettings) -> Iterator[TrivySession]:
    """Give Trivy with a database that is there, whole and new enough. Raises ScanProblem."""
    context.scanner.find(TOOL)
    with own_place() as place:
        if settings.download:
            # Nobody knows this database yet, so its self-tests are run whatever was kept of others.
            identity = f"downloaded {token_hex(16)}"
            canary = trivy_canary(context.scanner, place, identity, download=True)
            context.self_tests.require(canary, context.scanner.find(TOOL))
            database = open_database(place.cache / "db")
            check_age(database, context.now(), settings.max_age_hours)
        else:
            database = find_database(settings.database, context.workspace, settings.places)
            check_age(database, context.now(), settings.max_age_hours)
            identity = copy_database(database, place.cache, place.mode)
            canary = trivy_canary(context.scanner, place, identity)
        canaries = Canaries(canary, trivy_image_canary(context.scanner, place, identity))
        yield TrivySession(context, place, database, canaries, settings.timeout)


def trivy_filesystem_scan(
    context: Context,
    settings: TrivySettings,
    given: Mapping[str, bytes],
    check: Callable[[TrivyReport], str] | None = None,
) -> Scanned[TrivyReport]:
    """Scan lock files once (`TrivySession.filesystem`). Raises ScanProblem."""
    with trivy_session(context, settings) as session:
        return session.filesystem(given, check)


def _write(folder: Path, name: str, data: bytes) -> None:
    *above, last = parts_of(name)
    for part in above:
        folder /= part
        if not folder.is_dir():
            folder.mkdir()
            folder.chmod(0o755)
    path = folder / last
    path.write_bytes(data)
    path.chmod(0o644)


def _all_of(given: Mapping[str, bytes]) -> Callable[[TrivyReport], str]:
    def check(report: TrivyReport) -> str:
        from gate.collect.scan import NotCovered

        seen = {result.target for result in report.results if result.packages}
        left = sorted(set(given) - seen)
        if left:
            raise NotCovered(f"read no package from {left[0]}" + (f" and {len(left) - 1} more" if left[1:] else ""))
        return f"{report.packages:,} packages in {len(given):,} lock files"

    return check
