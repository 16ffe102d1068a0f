"""Amounts as manifests write them: quantities ("512Mi", "250m"), durations ("1h30m", "1d12h"), numbers or percents.

Pure. Each text is walked once from left to right, so that no text takes more than linear time.

Sources of the grammars: Kubernetes, `k8s.io/apimachinery/pkg/api/resource` (Quantity) and `pkg/util/intstr`
(IntOrString); Go, `time.ParseDuration`; Prometheus, "Configuration" (`<duration>`: y w d h m s ms, largest first).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_LONGEST = 100
_MOST = 2**63 - 1
"""Kubernetes caps a quantity here, and Go's and Prometheus's durations overflow here (in nanoseconds)."""
_NANO = 10**9
_FAR = 200
"""An exponent beyond this one makes a number that is capped or rounded up anyway, whatever stands before it."""
_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,  # U+00B5, the micro sign
    "μs": 10**3,  # U+03BC, the Greek letter mu, which Go takes as well
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_DAY = 24 * 3600 * 10**9
_PROMETHEUS = {
    "y": 365 * _DAY,
    "w": 7 * _DAY,
    "d": _DAY,
    "h": 3600 * 10**9,
    "m": 60 * 10**9,
    "s": 10**9,
    "ms": 10**6,
}
_DAYS = frozenset("ywd")
"""Units of Prometheus alone; what it writes without them, Go writes alike."""
_DIGITS = frozenset("0123456789")


class IntOrPercent(NamedTuple):
    """A Kubernetes IntOrString: `amount` things, or `amount` percent of them."""

    amount: int
    is_percent: bool

    def of(self, total: int, *, up: bool) -> int:
        """Return how many of `total` that is; a share is rounded up or down, as the field's rule says."""
        if not self.is_percent:
            return self.amount
        share = self.amount * total
        return -(-share // 100) if up else share // 100


def quantity(value: object) -> int | float:
    """Return a Kubernetes quantity as a plain number (cores, bytes), an int where it is whole.

    As Kubernetes does: what is finer than a nano is rounded up to one, what is larger than 2^63-1 is capped there. A
    number stands for itself. Raises ValueError, with a sentence, for anything else.
    """
    return _quantity(value) if isinstance(value, str) else _plain(value)


@lru_cache(maxsize=2048)
def _quantity(value: str) -> int | float:
    """Return a quantity; a tree of a thousand containers has a dozen different ones."""
    sign, number, rest = _signed(_bounded(value, "quantity"))
    if number is None:
        raise ValueError(f'"{_shown(value)}" is not a quantity: it begins with no number.')
    factor = _factor(rest)
    if factor is None:
        raise ValueError(
            f'"{_shown(value)}" is not a quantity: "{_shown(rest)}" is no unit. '
            "There are n u m k M G T P E, Ki Mi Gi Ti Pi Ei, and exponents (1e3)."
        )
    nanos = min(_ceiling(number * factor * _NANO), _MOST * _NANO) * sign
    return _number(Fraction(nanos, _NANO))


def duration(value: object) -> int | float:
    """Return a duration in seconds, an int where it is whole: one of Go ("1h30m", "1.5h") or Prometheus ("1d12h").

    A number is seconds already. Raises ValueError, with a sentence.
    """
    if not isinstance(value, str):
        return _plain(value)
    return go_duration(value) if _DAYS.isdisjoint(value) else prometheus_duration(value)


@lru_cache(maxsize=2048)
def go_duration(text: str) -> int | float:
    """Return a duration of Go's `time.ParseDuration` in seconds. Raises ValueError, with a sentence."""
    sign = -1 if _bounded(text, "duration").startswith("-") else 1
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return 0
    total = Fraction(0)
    for number, unit in _steps(rest, text):
        if unit not in _NANOSECONDS:
            raise ValueError(_no_unit(text, unit, _NANOSECONDS))
        total += number * _NANOSECONDS[unit]
    return _seconds(total, text) * sign


@lru_cache(maxsize=2048)
def prometheus_duration(text: str) -> int | float:
    """Return a Prometheus duration in seconds: whole numbers, units from large to small, each at most once.

    Raises ValueError, with a sentence.
    """
    if _bounded(text, "duration") == "0":
        return 0
    left = list(_PROMETHEUS)
    total = Fraction(0)
    for number, unit in _steps(text, text):
        if unit not in _PROMETHEUS:
            raise ValueError(_no_unit(text, unit, _PROMETHEUS))
        if unit not in left or number.denominator != 1:
            raise ValueError(
                f'"{_shown(text)}" is not a duration of Prometheus: whole numbers, y w d h m s ms in this order.'
            )
        left = left[left.index(unit) + 1 :]
        total += number * _PROMETHEUS[unit]
    return _seconds(total, text)


def int_or_percent(value: object) -> IntOrPercent:
    """Return a number of things or a share ("25%") of them. Raises ValueError, with a sentence."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return IntOrPercent(value, is_percent=False)
    if isinstance(value, str) and value.endswith("%") and len(value) <= 10:
        digits = value[:-1]
        if digits and _DIGITS.issuperset(digits):
            return IntOrPercent(int(digits), is_percent=True)
    shown = _shown(value) if isinstance(value, str) else str(value)[:40]
    raise ValueError(f'"{shown}" is neither a whole number nor a share such as "25%".')


def _plain(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{str(value)[:40]} is not a number.")
    return _number(Fraction(value)) if abs(value) < 2**53 else value


def _bounded(text: str, noun: str) -> str:
    if not text:
        raise ValueError(f"An empty text is not a {noun}.")
    if len(text) > _LONGEST:
        raise ValueError(f'"{_shown(text)}" is not a {noun}: it has {len(text):,} characters.')
    return text


def _signed(text: str) -> tuple[int, Fraction | None, str]:
    """Return the sign, the number that the text begins with (None for none), and the rest."""
    sign = -1 if text.startswith("-") else 1
    number, rest = _unsigned(text[1:] if text[:1] in ("-", "+") else text)
    return sign, number, rest


def _unsigned(text: str) -> tuple[Fraction | None, str]:
    whole = _leading_digits(text)
    rest = text[len(whole) :]
    part = ""
    if rest.startswith("."):
        part = _leading_digits(rest[1:])
        rest = rest[1 + len(part) :]
    if not whole and not part:
        return None, text
    return Fraction(int(whole + part), 10 ** len(part)), rest


def _leading_digits(text: str) -> str:
    for index, char in enumerate(text):
        if char not in _DIGITS:
            return text[:index]
    return text


def _factor(suffix: str) -> Fraction | None:
    """Return what a suffix multiplies by, None where it is none. "E" alone is exa, "E3" an exponent."""
    if suffix in _BINARY:
        return Fraction(_BINARY[suffix])
    if suffix in _DECIMAL:
        return Fraction(10) ** _DECIMAL[suffix]
    digits = suffix[2:] if suffix[1:2] in ("-", "+") else suffix[1:]
    if suffix[0] not in "eE" or not digits or not _DIGITS.issuperset(digits):
        return None
    exponent = min(int(digits), _FAR)
    return Fraction(10) ** (-exponent if suffix[1] == "-" else exponent)


def _steps(text: str, whole: str) -> Iterator[tuple[Fraction, str]]:
    """Yield (number, unit) of a text such as "1h30m"."""
    if not text:
        raise ValueError(f'"{_shown(whole)}" is not a duration.')
    while text:
        number, text = _unsigned(text)
        if number is None:
            raise ValueError(f'"{_shown(whole)}" is not a duration: expected a number at "{_shown(text)}".')
        length = next((index for index, char in enumerate(text) if char == "." or char in _DIGITS), len(text))
        yield number, text[:length]
        text = text[length:]


def _no_unit(text: str, unit: str, units: Iterable[str]) -> str:
    if not unit:
        return f'"{_shown(text)}" is not a duration: a number has no unit. Write "{_shown(text)}s" for seconds.'
    return f'"{_shown(text)}" is not a duration: "{_shown(unit)}" is no unit. There are {" ".join(units)}.'


def _seconds(nanoseconds: Fraction, text: str) -> int | float:
    if nanoseconds > _MOST:
        raise ValueError(f'"{_shown(text)}" is not a duration: it is longer than 292 years.')
    return _number(Fraction(int(nanoseconds), _NANO))


def _ceiling(number: Fraction) -> int:
    return -(-number.numerator // number.denominator)


def _number(value: Fraction) -> int | float:
    return value.numerator if value.denominator == 1 else float(value)


def _shown(text: str) -> str:
    short = text if len(text) <= 40 else text[:39] + "…"
    return "".join(char if char.isprintable() else " " for char in short)
