"""How often schedules run."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.kubernetes.cron import CronError, largest_interval

HOUR, DAY = 3600, 86_400


@pytest.mark.parametrize(
    ("schedule", "seconds"),
    [
        ("* * * * *", 60),
        ("*/15 * * * *", 900),
        ("5/20 * * * *", 1200),
        ("0 2 * * *", DAY),
        ("0 2,14 * * *", 12 * HOUR),
        ("0 8-18 * * *", 14 * HOUR),
        ("0 2 * * 1-5", 3 * DAY),
        ("0 2 * * MON-FRI", 3 * DAY),
        ("0 2 * * sun", 7 * DAY),
        ("0 0 1 * *", 31 * DAY),
        ("0 0 1 JAN,jul *", 184 * DAY),
        ("0 0 29 2 *", 1461 * DAY),
        ("0 0 1 1 *", 366 * DAY),
        ("0 0 13 * 5", 7 * DAY),
        ("0 0 */2 * 1", 21 * DAY),
        ("0 0 ? * ?", DAY),
        ("0 0 2 * * *", DAY),
        ("*/30 * * * * *", 30),
        ("@daily", DAY),
        ("@weekly", 7 * DAY),
        ("@hourly", HOUR),
        ("@every 1h30m", 5400),
        ("TZ=Europe/Berlin 0 2 * * *", DAY),
        ("CRON_TZ=UTC @daily", DAY),
        ("  0   2  * * *  ", DAY),
    ],
)
def test_the_largest_interval(schedule: str, seconds: int) -> None:
    assert largest_interval(schedule) == seconds


@pytest.mark.parametrize(
    "schedule",
    [
        "",
        "daily",
        "@reboot",
        "@every",
        "@every soon",
        "@every 0s",
        "* * * *",
        "* * * * * * *",
        "60 * * * *",
        "0 24 * * *",
        "0 0 0 * *",
        "0 0 * 13 *",
        "0 0 * * 7",
        "0 0 30 2 *",
        "*/0 * * * *",
        "5-1 * * * *",
        "a * * * *",
        "1,, * * * *",
        "٣ * * * *",
        "0 0 * * *" + " " * 300 + "*",
    ],
)
def test_what_nobody_can_run(schedule: str) -> None:
    with pytest.raises(CronError):
        largest_interval(schedule)


@given(st.text(alphabet="0123456789*/,-? @abcdefghijklmnoprstuvy", max_size=40))
def test_any_text_is_a_time_or_an_error(schedule: str) -> None:
    with suppress(CronError):
        assert 0 < largest_interval(schedule) < 10_000 * DAY or schedule.strip().startswith("@every")


@given(st.sets(st.integers(0, 59), min_size=1), st.sets(st.integers(0, 23), min_size=1))
def test_minutes_and_hours_agree_with_counting(minutes: set[int], hours: set[int]) -> None:
    schedule = f"{','.join(map(str, minutes))} {','.join(map(str, hours))} * * *"
    times = sorted(hour * 60 + minute for hour in hours for minute in minutes)
    gaps = [(later - sooner) % 1440 or 1440 for sooner, later in zip(times, [*times[1:], times[0]], strict=True)]
    if len(schedule) <= 200:
        assert largest_interval(schedule) == max(gaps) * 60
