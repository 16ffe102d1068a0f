"""Trivy's vulnerability database: where it lies, how old it is, and a copy of it for one use.

A database is a folder CACHE/db with `trivy.db` (bbolt) and `metadata.json` (`{"Version": 2, "UpdatedAt", "NextUpdate",
"DownloadedAt"}`). Trivy opens it for writing, replaces a missing one by an empty one and deletes the metadata when it
cannot download, so it is never given the original.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from gate.collect.readers.bolt_meta import HEAD_BYTES, check_bolt
from gate.collect.readers.errors import ReportError
from gate.collect.scan_problem import ScanProblem, Step
from gate.formats.strict_json import JsonProblem, loads

if TYPE_CHECKING:
    from gate.collect.workspace import Workspace

TOOL = "trivy"
DEFAULT_MAX_AGE_HOURS = 48.0
"""Trivy's project publishes a database every six hours: two days is a cache that a nightly job forgot once."""
BAKED = Path("/opt/trivy")
SCHEMA = 2
_METADATA_LIMIT = 64 * 1024
_FUTURE = timedelta(hours=1)
_PIECE = 1 << 20
_HOW = (
    "name a folder that `trivy image --download-db-only --cache-dir FOLDER` filled under evidence.image.database, "
    "or let the gate download it (evidence.image.download_database: true)"
)


@dataclass(frozen=True, slots=True)
class Database:
    """A database on disk. `folder` holds `trivy.db` and `metadata.json`; `java` is Trivy's index of jars, if any.

    Times are UTC. `metadata` are the bytes of metadata.json.
    """

    folder: Path
    updated_at: datetime
    next_update: datetime | None
    metadata: bytes
    java: Path | None = None

    def age_hours(self, now: datetime) -> float:
        """How old its contents are, in hours, to a tenth."""
        return round((now - self.updated_at).total_seconds() / 3600, 1)


def usual_places() -> Sequence[Path]:
    """Where a database lies that nobody named: in the gate's image, and in Trivy's cache folder of this user."""
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home() raises where there is none
    return (BAKED, Path(home) / ".cache" / "trivy") if home.startswith("/") else (BAKED,)


def find_database(named: str | None, workspace: Workspace, places: Sequence[Path] | None = None) -> Database:
    """Return the database in the folder `named` (relative to the workspace, or absolute), else in the usual places.

    Raises ScanProblem (step found) when there is none, or it is damaged or of another schema, or part of the checkout.
    """
    if named is not None:
        folder = Path(named) if named.startswith("/") else workspace.root / named
        _not_tracked(folder, workspace)
        found = _holding(folder)
        if found is None:
            raise no_database(f"there is none in {named}; {_HOW}")
        return open_database(found)
    looked = usual_places() if places is None else places
    for place in looked:
        found = _holding(place)
        if found is not None:
            return open_database(found)
    raise no_database(f"there is none (looked in {', '.join(map(str, looked))}); {_HOW}")


def open_database(folder: Path) -> Database:
    """Return the database in a folder. Raises ScanProblem when it is damaged or of another schema."""
    metadata = _read(folder / "metadata.json", _METADATA_LIMIT)
    updated, following = read_metadata(metadata)
    try:
        path = folder / "trivy.db"
        check_bolt(_read(path, HEAD_BYTES, cut=True), path.stat().st_size)
    except OSError as error:
        raise no_database(f"trivy.db cannot be read: {error.strerror}") from None
    except ReportError as error:
        raise no_database(f"trivy.db {error.reason}; download it again") from None
    java = folder.parent / "java-db"
    return Database(folder, updated, following, metadata, java if (java / "trivy-java.db").is_file() else None)


def read_metadata(data: bytes) -> tuple[datetime, datetime | None]:
    """Return UpdatedAt and NextUpdate of a metadata.json. Raises ScanProblem."""
    try:
        document = loads(data)
    except JsonProblem as problem:
        raise no_database(f"metadata.json cannot be read as JSON: {problem.reason}") from None
    if not isinstance(document, dict):
        raise no_database("metadata.json is no object")
    version = document.get("Version")
    if version != SCHEMA or isinstance(version, bool):
        raise no_database(f"metadata.json names schema {str(version)[:20]}, and {SCHEMA} is the one that is read")
    updated = _moment(document.get("UpdatedAt"))
    if updated is None:
        raise no_database("metadata.json does not say when the database was made (UpdatedAt)")
    return updated, _moment(document.get("NextUpdate"))


def check_age(database: Database, now: datetime, max_hours: float) -> float:
    """Return the age in hours. Raises ScanProblem when it is older than `max_hours`, or not made yet."""
    if database.updated_at > now + _FUTURE:
        raise no_database(f"it says that it is of {database.updated_at:%Y-%m-%d %H:%M}, which has not come yet")
    hours = max(0.0, database.age_hours(now))
    if hours > max_hours:
        raise no_database(
            f"it is of {database.updated_at:%Y-%m-%d %H:%M} UTC, {hours:,.0f} hours old, and at most {max_hours:g} are "
            "accepted (evidence.image.max_database_age_hours): what was found since is not in it; download it again"
        )
    return hours


def copy_database(database: Database, cache: Path, mode: int) -> str:
    """Copy a database into a cache folder for Trivy, and return the SHA-256 of all of it. Raises ScanProblem.

    `mode` is of the copied files, 0o600 or 0o666.
    """
    target = cache / "db"
    digest = hashlib.sha256(database.metadata)
    try:
        _folder(target, mode)
        (target / "metadata.json").write_bytes(database.metadata)
        (target / "metadata.json").chmod(mode)
        _copy(database.folder / "trivy.db", target / "trivy.db", mode, digest)
        if database.java is not None:
            _folder(cache / "java-db", mode)
            for name in ("metadata.json", "trivy-java.db"):
                _copy(database.java / name, cache / "java-db" / name, mode, digest)
    except OSError as error:
        raise no_database(f"it could not be copied for Trivy, which writes to it: {error.strerror}") from None
    return digest.hexdigest()


def no_database(reason: str) -> ScanProblem:
    """Return the problem that Trivy has no database to compare with."""
    return ScanProblem(TOOL, f"has no vulnerability database that can be trusted: {reason}", Step.FOUND)


def _holding(folder: Path) -> Path | None:
    """Return the folder that holds the files: `folder` itself, or `db` in it as Trivy lays it out."""
    for place in (folder / "db", folder):
        if (place / "metadata.json").exists() or (place / "trivy.db").exists():
            return place
    return None


def _not_tracked(folder: Path, workspace: Workspace) -> None:
    """Refuse a database that comes with the change: its author would decide what is vulnerable."""
    try:
        below = folder.resolve().relative_to(workspace.root).as_posix()
    except ValueError:
        return
    except OSError as error:
        raise no_database(f"{folder} cannot be reached: {error.strerror}") from None
    inside = "" if below == "." else f"{below}/"
    held = {f"{inside}{part}{name}" for part in ("", "db/") for name in ("trivy.db", "metadata.json")}
    if any(workspace.is_tracked(path) for path in held):
        raise no_database(f"{below} is tracked in git, so it belongs to what is judged")


def _read(path: Path, limit: int, *, cut: bool = False) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise no_database(f"{path.name} cannot be read: {error.strerror}") from None
    if len(data) > limit and not cut:
        raise no_database(f"{path.name} is longer than {limit:,} bytes")
    return data[:limit]


def _moment(value: object) -> datetime | None:
    """Return the moment of an RFC 3339 text in UTC. Of Go's nine digits of a second, six are read."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return None if moment.tzinfo is None or moment.year < 2000 else moment.astimezone(UTC)  # 1: Go's zero


def _folder(path: Path, mode: int) -> None:
    path.mkdir()
    path.chmod(0o777 if mode & 0o006 else 0o700)


def _copy(source: Path, target: Path, mode: int, digest: hashlib._Hash) -> None:
    with source.open("rb") as reading, target.open("xb") as writing:
        while piece := reading.read(_PIECE):
            digest.update(piece)
            writing.write(piece)
    target.chmod(mode)
