"""What amtool says of a configuration. Pure.

On stdout "Checking 'FILE'  SUCCESS" and what it found, or "Checking 'FILE'  FAILED: REASON", as `amtool check-config`
of 0.25 and later writes it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gate.collect.readers.errors import ReportError

_CHECKING = re.compile(r"^Checking '(?P<file>[^']+)'\s+(?P<how>SUCCESS|FAILED: (?P<reason>.*))$")
_FOUND = re.compile(r"^ - (?P<count>\d{1,9}) (?P<what>receivers|inhibit rules|templates)$")


@dataclass(frozen=True, slots=True)
class CheckedConfig:
    """A configuration that amtool looked at. `reason` is "" for one that it takes, which has so many `receivers`."""

    name: str
    accepted: bool
    reason: str = ""
    receivers: int | None = None


def read_amtool(stdout: bytes) -> tuple[CheckedConfig, ...]:
    """Return the configurations that were looked at, in order. Raises ReportError."""
    try:
        lines = stdout.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        raise ReportError("holds bytes that are not UTF-8") from None
    found: list[CheckedConfig] = []
    for line in lines:
        checking = _CHECKING.match(line)
        if checking is not None:
            reason = (checking["reason"] or "").strip()
            found.append(CheckedConfig(checking["file"], checking["how"] == "SUCCESS", reason))
            continue
        if not found:
            continue
        last = found[-1]
        counted = _FOUND.match(line)
        if last.accepted and counted is not None and counted["what"] == "receivers":
            found[-1] = CheckedConfig(last.name, True, "", int(counted["count"]))
        elif not last.accepted and line.strip():
            found[-1] = CheckedConfig(last.name, False, f"{last.reason} {line.strip()}".strip()[:2000])
    if not found:
        raise ReportError("names no configuration that was looked at")
    return tuple(found)
