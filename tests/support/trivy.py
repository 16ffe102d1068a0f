"""The real Trivy on made images, with a made database: no network, no clock."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.collect.collector import Context
from gate.collect.process import SubprocessRunner
from gate.collect.self_test import SelfTests
from gate.collect.tools import SystemToolbox, Toolbox
from gate.collect.trivy.trivy_session import TrivySettings
from gate.collect.workspace import Workspace
from gate.model.json import Json, JsonObject
from tests.support.images.mkimage import write as write_image
from tests.support.trivy_db.mkdb import main as make_database

PROGRAMS = Path(__file__).parents[2] / ".venv" / "tools.d"
ADVISORIES = Path(__file__).with_name("trivy_db") / "advisories.json"
NOW = datetime(2025, 1, 2, 6, tzinfo=UTC)
"""30 hours after the database was made."""

needs_trivy = pytest.mark.skipif(
    not (PROGRAMS / "trivy").is_file() and os.environ.get("CI") is None,
    reason="needs trivy in .venv/tools.d (make .venv/tools)",
)


def database(cache: Path, **metadata: Json) -> Path:
    """Make a database in a cache folder as Trivy lays it out, and return that folder."""
    make_database([str(ADVISORIES), str(cache / "db")])
    if metadata:
        path = cache / "db" / "metadata.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | metadata))
    return cache


def image(folder: Path, preset: str) -> Path:
    """Write an image as PRESET.tar, PRESET.oci and PRESET.oci.tar, and return the first."""
    folder.mkdir(parents=True, exist_ok=True)
    write_image(preset, folder)
    return folder / f"{preset}.tar"


def toolbox() -> Toolbox:
    """The programs of this machine, with the real Trivy."""
    return SystemToolbox(SubprocessRunner(), [PROGRAMS])


def trivy_context(
    root: Path,
    request: Mapping[str, Json] | None = None,
    tools: Toolbox | None = None,
    log: list[str] | None = None,
    now: datetime = NOW,
) -> Context:
    """A context that can run programs; the clock stands at NOW."""
    wanted: JsonObject = dict(request or {})
    lines = log if log is not None else []
    return Context(
        Workspace(root),
        SubprocessRunner(),
        tools or toolbox(),
        wanted,
        log=lines.append,
        self_tests=SelfTests(),
        now=lambda: now,
    )


def settings(cache: Path, timeout: float = 60.0) -> TrivySettings:
    """Settings that name a database."""
    return TrivySettings(database=str(cache), timeout=timeout)


def damaged(cache: Path, how: str) -> Path:
    """Damage a database the way that is named, and return the cache folder."""
    path = cache / "db" / "trivy.db"
    data = path.read_bytes()
    match how:
        case "no trivy.db":
            path.unlink()
        case "empty trivy.db":
            path.write_bytes(b"")
        case "truncated trivy.db":
            path.write_bytes(data[: len(data) // 2])
        case "trivy.db without its last page":
            path.write_bytes(data[:-4096])
        case "damaged pages":
            path.write_bytes(data[:12288] + b"\0" * (len(data) - 12288))
        case "one ecosystem is missing":
            path.write_bytes(data.replace(b"lodash", b"lodasj"))
        case "garbage":
            path.write_bytes(b"not a database " * 4096)
        case "no metadata":
            (cache / "db" / "metadata.json").unlink()
        case "metadata cut off":
            (cache / "db" / "metadata.json").write_text('{"Version": 2, "Upd')
        case "metadata without a time":
            (cache / "db" / "metadata.json").write_text('{"Version": 2}')
        case "nothing at all":
            shutil.rmtree(cache / "db")
        case _:
            raise AssertionError(how)
    return cache
