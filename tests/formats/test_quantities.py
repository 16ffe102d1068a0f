"""Quantities of Kubernetes, durations of Go and Prometheus, numbers or percents."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_UP, Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gate.formats.quantities import (
    IntOrPercent,
    duration,
    go_duration,
    int_or_percent,
    prometheus_duration,
    quantity,
)

MOST = 2**63 - 1
WIDE = Context(prec=400, Emax=10**6, Emin=-(10**6))
SUFFIXES = {
    **{text: Decimal(2) ** (10 * power) for power, text in enumerate(["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"], start=1)},
    **{text: Decimal(10) ** power for text, power in zip(["n", "u", "m", ""], [-9, -6, -3, 0], strict=True)},
    **{text: Decimal(10) ** (3 * power) for power, text in enumerate(["k", "M", "G", "T", "P", "E"], start=1)},
}
UNITS = {"ns": "1e-9", "us": "1e-6", "µs": "1e-6", "μs": "1e-6", "ms": "1e-3", "s": "1", "m": "60", "h": "3600"}
ORDER = {"y": 31_536_000_000, "w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
"""Milliseconds."""

DIGITS = st.text("0123456789", min_size=1, max_size=12)
NUMBERS = st.one_of(
    DIGITS,
    st.builds("{}.{}".format, DIGITS, DIGITS),
    st.builds("{}.".format, DIGITS),
    st.builds(".{}".format, DIGITS),
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("512Mi", 536_870_912),
        ("1Gi", 1_073_741_824),
        ("1.5Gi", 1_610_612_736),
        ("250m", 0.25),
        ("0.1", 0.1),
        ("100m", 0.1),
        (".5", 0.5),
        ("5.", 5),
        ("+5", 5),
        ("-1Ki", -1024),
        ("1e3", 1000),
        ("1E3", 1000),
        ("1e+3", 1000),
        ("12e-1", 1.2),
        ("1E", 10**18),
        ("128974848", 128_974_848),
        ("129M", 129_000_000),
        ("128974848000m", 128_974_848),
        ("0", 0),
        ("0.1n", 1e-9),
        ("1e-400", 1e-9),
        ("0e400", 0),
        ("1e400", MOST),
        ("-1e400", -MOST),
        ("9Ei", MOST),
        ("1" * 99 + "E", MOST),
        (3, 3),
        (2.0, 2),
        (0.5, 0.5),
        (2**60 + 1, 2**60 + 1),
    ],
)
def test_quantities(text: str | float, number: float) -> None:
    found = quantity(text)
    assert found == number
    assert isinstance(found, int) == isinstance(number, int)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "1 Mi",
            "1KB",
            "1MB",
            "1mi",
            "1ki",
            "1K",
            "1GB",
            "e3",
            "1e",
            "1e+",
            "1e1.5",
            "1E3m",
            "1Mi3",
            "--1",
            "+-1",
            ".",
        ),
        *("-", "+", "m", "Mi", "1..2", "1,5", "0x10", "inf", "nan", "1_000", "\u0661", "1\u00b2", " 1", "1 ", "1\n"),
    ],
)
def test_no_quantities(text: str) -> None:
    with pytest.raises(ValueError, match="is not a quantity"):
        quantity(text)


@pytest.mark.parametrize("value", ["", "1" * 101, True, None, [], {}, float("nan"), float("inf"), b"1"])
def test_what_is_no_text_or_number(value: object) -> None:
    with pytest.raises(ValueError, match=r"not a (quantity|number)"):
        quantity(value)


def test_the_sentence_says_what_can_be_written() -> None:
    with pytest.raises(ValueError, match=re.escape('"512MB" is not a quantity: "MB" is no unit. There are n u m k M')):
        quantity("512MB")


@given(st.sampled_from(["", "+", "-"]), NUMBERS, st.sampled_from(sorted(SUFFIXES)))
@example("-", "0.0000000001", "")
@example("", "999999999999", "Ei")
def test_quantities_are_those_of_decimal_arithmetic(sign: str, number: str, suffix: str) -> None:
    exact = WIDE.multiply(Decimal(number), SUFFIXES[suffix])
    wanted = min(exact.quantize(Decimal("1e-9"), ROUND_UP, WIDE), Decimal(MOST))
    assert Fraction(quantity(f"{sign}{number}{suffix}")) == Fraction(_plain(-wanted if sign == "-" else wanted))


@given(NUMBERS, st.sampled_from("eE"), st.integers(-30, 30), st.booleans())
def test_exponents_are_those_of_decimal(number: str, letter: str, exponent: int, plus: bool) -> None:
    text = f"{number}{letter}{'+' if plus and exponent >= 0 else ''}{exponent}"
    wanted = min(Decimal(text).quantize(Decimal("1e-9"), ROUND_UP, WIDE), Decimal(MOST))
    assert Fraction(quantity(text)) == Fraction(_plain(wanted))


@given(st.integers(0, 10**6), st.sampled_from(["Ki", "Mi", "Gi"]))
def test_a_unit_more_is_a_factor_less(number: int, suffix: str) -> None:
    smaller = {"Ki": "", "Mi": "Ki", "Gi": "Mi"}[suffix]
    assert quantity(f"{number}{suffix}") == quantity(f"{number * 1024}{smaller}")


@given(st.text("0123456789.+-eEkKMGmnuiTP 1", max_size=12))
def test_a_quantity_is_what_its_grammar_says(text: str) -> None:
    number = r"[+-]?(\d+\.?\d*|\.\d+)"
    grammar = re.compile(rf"{number}([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?", re.ASCII)
    if grammar.fullmatch(text):
        assert abs(quantity(text)) <= MOST
    else:
        with pytest.raises(ValueError, match="not a quantity"):
            quantity(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("30s", 30),
        ("1h30m", 5400),
        ("1.5h", 5400),
        ("300ms", 0.3),
        (".5s", 0.5),
        ("1µs", 1e-6),
        ("1μs", 1e-6),
        ("1m1h", 3660),
        ("-5m", -300),
        ("+5m", 300),
        ("0", 0),
        ("-0", 0),
        ("1d12h", 129_600),
        ("2w", 1_209_600),
        ("1y", 31_536_000),
        ("1s1ms", 1.001),
        ("0s", 0),
        ("0.1ns", 0),
        (30, 30),
        (0.25, 0.25),
    ],
)
def test_durations(text: str | float, number: float) -> None:
    found = duration(text)
    assert found == number
    assert isinstance(found, int) == isinstance(number, int)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "An empty text is not a duration."),
        ("30", '"30" is not a duration: a number has no unit. Write "30s" for seconds.'),
        ("1h30", '"1h30" is not a duration: a number has no unit.'),
        ("5min", '"5min" is not a duration: "min" is no unit. There are ns us µs μs ms s m h.'),
        ("1M", '"M" is no unit'),
        ("s", 'expected a number at "s"'),
        ("1h m", '"h m" is no unit'),
        ("--1s", 'expected a number at "-1s"'),
        ("-", '"-" is not a duration.'),
        (".s", "expected a number"),
        ("1.5d", "is not a duration of Prometheus: whole numbers, y w d h m s ms in this order."),
        ("1h1d", "is not a duration of Prometheus"),
        ("1d1d", "is not a duration of Prometheus"),
        ("1d1ns", '"ns" is no unit. There are y w d h m s ms.'),
        ("-1d", "expected a number"),
        ("293y", "it is longer than 292 years"),
        ("9" * 99, "has no unit"),
        ("9" * 98 + "h", "it is longer than 292 years"),
        ("1s" * 60, "it has 120 characters"),
    ],
)
def test_no_durations(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        duration(text)


@pytest.mark.parametrize("value", [True, None, [], float("inf")])
def test_what_is_no_duration(value: object) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        duration(value)


@given(st.lists(st.tuples(NUMBERS, st.sampled_from(sorted(UNITS))), min_size=1, max_size=3), st.booleans())
def test_durations_of_go_are_sums(steps: list[tuple[str, str]], negative: bool) -> None:
    nanoseconds = sum((Fraction(number) * Fraction(UNITS[unit]) * 10**9 for number, unit in map(_whole, steps)))
    text = "-" * negative + "".join(map("".join, steps))
    if nanoseconds > MOST:
        with pytest.raises(ValueError, match="longer than 292 years"):
            go_duration(text)
    else:
        assert go_duration(text) * (-1 if negative else 1) == float(Fraction(int(nanoseconds), 10**9))


@given(st.dictionaries(st.sampled_from(sorted(ORDER)), st.integers(0, 200), min_size=1))
def test_durations_of_prometheus_are_sums(amounts: dict[str, int]) -> None:
    text = "".join(f"{amounts[unit]}{unit}" for unit in ORDER if unit in amounts)
    total = sum(ORDER[unit] * amount for unit, amount in amounts.items())
    if total * 10**6 > MOST:
        with pytest.raises(ValueError, match="longer than 292 years"):
            prometheus_duration(text)
    else:
        assert prometheus_duration(text) == duration(text) == total / 1000


@given(st.text("0123456789ywdhms ", max_size=10))
def test_a_duration_of_prometheus_is_what_its_grammar_says(text: str) -> None:
    grammar = re.compile(r"0|(?=.)(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?", re.ASCII)
    mistake = said(prometheus_duration, text)
    assert (not mistake or "longer" in mistake) == bool(grammar.fullmatch(text))


@given(st.text())
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    for read in (quantity, duration, go_duration, prometheus_duration, int_or_percent):
        assert re.fullmatch(r"|[^\n]+\.", said(read, text))


def test_numbers_and_shares() -> None:
    assert int_or_percent(3) == IntOrPercent(3, is_percent=False)
    assert int_or_percent("25%") == IntOrPercent(25, is_percent=True)
    assert int_or_percent(0).of(10, up=True) == 0
    assert int_or_percent("25%").of(10, up=True) == 3
    assert int_or_percent("25%").of(10, up=False) == 2
    assert int_or_percent("100%").of(7, up=False) == 7


@pytest.mark.parametrize("value", ["3", "%", "-5%", "2.5%", "25 %", "²%", -1, True, 1.5, None, [], "1" * 20 + "%"])
def test_no_numbers_or_shares(value: object) -> None:
    with pytest.raises(ValueError, match='is neither a whole number nor a share such as "25%"'):
        int_or_percent(value)


def said(read: Callable[[str], object], text: str) -> str:
    try:
        read(text)
    except ValueError as error:
        return str(error)
    return ""


def _plain(value: Decimal) -> float:
    return int(value) if value == value.to_integral_value(context=WIDE) else float(value)


def _whole(step: tuple[str, str]) -> tuple[str, str]:
    """Fractions take "5." and ".5" as Python's floats do, in other versions of Python as well."""
    return f"0{step[0]}0" if "." in step[0] else step[0], step[1]
