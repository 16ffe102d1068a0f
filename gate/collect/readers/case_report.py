"""What a test report says, whatever its format: cases that stream by, and what casts doubt on them.

A reader hands every case to a sink as soon as it is complete, and keeps none. One case has one outcome, the worst that
is said about it: error, then failed, then skipped, then passed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias


class Outcome(StrEnum):
    """How a case ended."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "errors"
    """an error of the test itself, of its set-up, or outside any case"""
    SKIPPED = "skipped"
    """did not run to a verdict: skipped, ignored, disabled, pending, inconclusive, expected to fail"""


class Case(NamedTuple):
    """One test case. `suites` are the names of the suites around it, outermost first; "" where nothing is said.

    `seconds` is None where no usable time is given. `flaky` is True for a case that passed only when it was repeated.
    `repeats` is the outcome of an earlier attempt that was handed over already and that this case takes the place of.
    """

    outcome: Outcome
    suites: tuple[str, ...] = ()
    classname: str = ""
    name: str = ""
    file: str = ""
    line: int | None = None
    seconds: float | None = None
    flaky: bool = False
    message: str = ""
    repeats: Outcome | None = None
    was_flaky: bool = False
    """whether the attempt that this one takes the place of had been called flaky"""


Sink: TypeAlias = Callable[[Case], object]
PassedSink: TypeAlias = Callable[[int, float], object]
"""Takes cases that simply passed and that nobody asks about one by one: how many, and their seconds together."""


class Problem(NamedTuple):
    """What casts doubt on a report. `reason` completes "REPORT: …"; `facts` are those in doubt, () for all."""

    reason: str
    facts: tuple[str, ...] = ()
    line: int | None = None


MAX_PROBLEMS: Final = 5
"""How many problems of one report are told one by one."""


@dataclass(slots=True)
class Problems:
    """Gathers problems and keeps the first few."""

    kept: list[Problem] = field(default_factory=list)
    more: int = 0
    bad_times: int = 0
    bad_time: str = ""

    def add(self, reason: str, line: int | None = None, facts: tuple[str, ...] = ()) -> None:
        """Note what casts doubt on these facts, on all where none is named."""
        if len(self.kept) < MAX_PROBLEMS:
            self.kept.append(Problem(reason, facts, line))
        else:
            self.more += 1

    def time(self, text: str) -> float | None:
        """Return the seconds that a text states; what is no time is noted, and only puts the duration in doubt."""
        if not text:
            return None
        value = seconds(text)
        if value is None:
            self.bad_times += 1
            self.bad_time = self.bad_time or text
        return value

    def finish(self) -> tuple[Problem, ...]:
        """Return what is to be told."""
        told = list(self.kept)
        if self.more:
            told.append(Problem(f"has {self.more:,} more contradictions like these"))
        if self.bad_times:
            count = f"{self.bad_times:,} times" if self.bad_times > 1 else "a time"
            told.append(Problem(f'gives {count} that cannot be one, such as "{shown(self.bad_time, 40)}"', DURATION))
        return tuple(told)


DURATION: Final = ("duration_seconds",)


@dataclass(frozen=True, slots=True)
class TestReport:
    """One report that was read to its end. `cases` counts what went to the sink, repeated attempts once.

    `seconds` is what the report states for the whole, for want of times at the cases.
    """

    __test__ = False

    format: str
    cases: int
    problems: tuple[Problem, ...] = ()
    seconds: float | None = None


_NUMBER: Final = re.compile(r"[0-9][0-9.,]*(?:[eE][-+]?[0-9]+)?|\.[0-9]+")


def seconds(text: str) -> float | None:
    """Return the seconds in "1.5", "1,234.56", "1.234,56" or "0,5"; None for what is no time: NaN, inf, negative.

    A single comma before exactly three digits separates thousands ("1,234", as Surefire writes), unless a zero leads.
    """
    try:
        value = float(text)
    except ValueError:
        value = _with_commas(text.strip())
    return value if math.isfinite(value) and value >= 0 else None


def _with_commas(text: str) -> float:
    if "," not in text or not _NUMBER.fullmatch(text):
        return math.nan
    whole, _, rest = text.rpartition(",")
    if "." in rest or text.count(",") > 1:
        text = text.replace(",", "")
    elif "." in whole:
        text = whole.replace(".", "") + "." + rest
    elif len(rest) == 3 and whole.lstrip("0"):
        text = whole + rest
    else:
        text = f"{whole}.{rest}"
    try:
        return float(text)
    except ValueError:
        return math.nan


def stated(attributes: Mapping[str, str], name: str, problems: Problems, line: int | None = None) -> int | None:
    """Return the count that an attribute states; None where it is absent or empty. What is no count is a problem."""
    text = attributes.get(name, "").strip()
    if not text:
        return None
    digits = text.removesuffix(".0")
    if digits.isascii() and digits.isdigit() and len(digits) < 12:
        return int(digits)
    problems.add(f'states {name}="{shown(text, 40)}", which is no count', line)
    return None


def first_line(text: str, limit: int = 200) -> str:
    """Return the first line of a message that is not blank, cut to `limit` characters."""
    for line in text[:10_000].splitlines():
        if line.strip():
            return shown(line.strip(), limit)
    return ""


def shown(text: str, limit: int = 120) -> str:
    """Return text of a report fit for a sentence: one line, no control characters, not too long."""
    clean = "".join(char if char.isprintable() else "�" for char in text[: limit + 1])
    return clean if len(clean) <= limit else clean[:limit] + "…"


def noun(count: int, one: str, many: str | None = None) -> str:
    """Return "1 case" or "2,000 cases"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
