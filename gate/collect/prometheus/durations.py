"""Durations as Prometheus and Alertmanager write them. Pure."""

from __future__ import annotations

from gate.formats.quantities import prometheus_duration
from gate.model.json import Json


def duration_seconds(value: Json) -> float | None:
    """Return a duration in seconds: "1h30m", "0", "500ms"; None for what is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return 0.0 if value == 0 else None
    if not isinstance(value, str):
        return None
    try:
        return float(prometheus_duration(value))
    except ValueError:
        return None
