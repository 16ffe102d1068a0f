"""`docker compose ps --all --format json`: what is running, and whether it is healthy.

Docker Compose writes one JSON object a line (2.21 and later) or one list of them; both have Name, Service, State,
Health and ExitCode (https://docs.docker.com/reference/cli/docker/compose/ps/).
"""

from __future__ import annotations

from dataclasses import dataclass

from gate.collect.readers.errors import ReportError
from gate.formats.strict_json import JsonProblem, loads
from gate.model.json import Json

_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Container:
    """One container. `health` is "" for one without a health check; `exit_code` counts for one that has ended."""

    name: str
    service: str
    state: str
    health: str
    exit_code: int


def read_compose_ps(data: bytes) -> tuple[Container, ...]:
    """Return the containers of a report. Raises ReportError for anything else, and for a report of none."""
    items = _items(data)
    if not items:
        raise ReportError("lists no container: nothing is running, or it is the report of another project")
    if len(items) > _MOST:
        raise ReportError(f"lists {len(items):,} containers; {_MOST:,} are read")
    return tuple(_container(item, line) for line, item in items)


def _items(data: bytes) -> list[tuple[int, Json]]:
    stripped = data.removeprefix(b"\xef\xbb\xbf").strip()
    if stripped.startswith(b"["):
        whole = _load(stripped, 1)
        return [(1, item) for item in whole] if isinstance(whole, list) else []
    lines = enumerate(stripped.splitlines(), 1)
    return [(number, _load(line, number)) for number, line in lines if line.strip()]


def _load(data: bytes, line: int) -> Json:
    try:
        return loads(data)
    except JsonProblem as problem:
        raise ReportError(f"is not what `docker compose ps --format json` writes: {problem.reason}", line) from problem


def _container(item: Json, line: int) -> Container:
    if not isinstance(item, dict) or not isinstance(item.get("State"), str) or not isinstance(item.get("Service"), str):
        raise ReportError("is not what `docker compose ps --format json` writes: no Service and State", line)
    health, code = item.get("Health"), item.get("ExitCode")
    return Container(
        name=str(item.get("Name", "")),
        service=str(item["Service"]),
        state=str(item["State"]),
        health=health if isinstance(health, str) else "",
        exit_code=code if isinstance(code, int) and not isinstance(code, bool) else 0,
    )
