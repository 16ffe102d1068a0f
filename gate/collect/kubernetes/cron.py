"""How often a schedule runs. Pure.

Source: Kubernetes, "CronJob" ("Schedule syntax"); the library behind it, behind Velero and K8up reads five fields,
CloudNativePG six with seconds first; `@daily` and its like, `@every 1h30m`, and a time zone before (`TZ=`, `CRON_TZ=`).
Where day of month and day of week are both limited, a day counts that fits one of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise

_LONGEST = 200
_DAY = 86_400
_ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_BOUNDS = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
"""second, minute, hour, day of month, month, day of week"""
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: at for at, name in enumerate(_MONTH_NAMES, 1)}
_DAYS = {name: at for at, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_ZONE = re.compile(r"(?:CRON_)?TZ=\S+\s+")
_PART = re.compile(r"(?P<first>\*|\?|[a-z0-9]{1,3})(?:-(?P<last>[a-z0-9]{1,3}))?(?:/(?P<step>[0-9]{1,2}))?")


class CronError(ValueError):
    """A schedule that nobody can run; the message says why."""


@lru_cache(maxsize=1000)
def largest_interval(schedule: str) -> int | float:
    """Return the seconds between two runs where they lie farthest apart. Raises CronError."""
    text = _ZONE.sub("", schedule.strip(), count=1)
    if len(text) > _LONGEST:
        raise CronError("is longer than any schedule")
    if text.startswith("@every "):
        return _every(text.removeprefix("@every ").strip())
    fields = _ALIASES.get(text, text).lower().split()
    if len(fields) == 5:
        fields = ["0", *fields]
    if len(fields) != 6:
        raise CronError("has no five fields")
    second, minute, hour, day, month, weekday = (_field(field, at) for at, field in enumerate(fields))
    either = not _is_star(fields[3]) and not _is_star(fields[5])
    days = _days(day, month, weekday, either=either)
    times = _times(second, minute, hour)
    return _largest(days, times)


def _every(text: str) -> int | float:
    from gate.formats.quantities import go_duration

    try:
        seconds = go_duration(text)
    except ValueError as error:
        raise CronError(f"has no time after @every: {text[:40]}") from error
    if seconds < 1:
        raise CronError(f"has no time after @every: {text[:40]}")
    return seconds


def _is_star(field: str) -> bool:
    return field.startswith(("*", "?"))


def _field(field: str, at: int) -> frozenset[int]:
    """Return the values of a field, each within its bounds."""
    low, high = _BOUNDS[at]
    found: set[int] = set()
    for part in field.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise CronError(f"has {field[:40]}, which no field can be")
        first, last, step = match["first"], match["last"], int(match["step"] or 1)
        if first in ("*", "?"):
            start, end = low, high
        else:
            start = _number(first, at)
            end = _number(last, at) if last else (high if match["step"] else start)
        if not low <= start <= end <= high or step < 1:
            raise CronError(f"has {field[:40]}, which is out of bounds")
        found.update(range(start, end + 1, step))
    return frozenset(found)


def _number(text: str, at: int) -> int:
    names = _MONTHS if at == 4 else _DAYS if at == 5 else {}
    if text in names:
        return names[text]
    if not text.isascii() or not text.isdecimal():
        raise CronError(f"has {text}, which is no number")
    return int(text)


@lru_cache(maxsize=1)
def _calendar() -> tuple[tuple[int, int, int, int], ...]:
    """Return (number, day, month, weekday from Sunday) of the days of eight years, two of them leap years."""
    first = date(2001, 1, 1)
    days = [first + timedelta(days=at) for at in range(8 * 365 + 2)]
    return tuple((at, each.day, each.month, each.isoweekday() % 7) for at, each in enumerate(days))


def _days(day: frozenset[int], month: frozenset[int], weekday: frozenset[int], *, either: bool) -> list[int]:
    if either:
        return [at for at, d, m, w in _calendar() if m in month and (d in day or w in weekday)]
    return [at for at, d, m, w in _calendar() if m in month and d in day and w in weekday]


def _times(second: frozenset[int], minute: frozenset[int], hour: frozenset[int]) -> list[int]:
    """Return the seconds of a day at which it runs."""
    return [h * 3600 + m * 60 + s for h in sorted(hour) for m in sorted(minute) for s in sorted(second)]


def _largest(days: Sequence[int], times: Sequence[int]) -> int:
    if len(days) < 2:
        raise CronError("names a day that there is not")
    within = max((later - sooner for sooner, later in pairwise(times)), default=0)
    between = max(later - sooner for sooner, later in pairwise(days)) * _DAY
    return max(within, between - times[-1] + times[0])
