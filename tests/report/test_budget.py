"""Cutting sections to a number of bytes."""

from __future__ import annotations

from collections.abc import Sequence

from gate.report.budget import Section, fit


def show(items: Sequence[str], left: int) -> str:
    return " ".join(items) + (f" +{left}" if left else "")


def section(name: str, count: int, cut: int, fold: str = "") -> Section:
    return Section(name, tuple(f"{name}{n}" for n in range(count)), show, cut, fold)


def test_what_fits_is_whole_and_an_empty_section_is_nothing() -> None:
    assert fit(["head"], [section("a", 2, 1), section("b", 0, 0)], 100) == "head\n\na0 a1\n"


def test_the_lowest_is_cut_first_and_as_little_as_will_do() -> None:
    sections = [section("a", 10, 2), section("b", 10, 1)]
    whole = fit(["head"], sections, 1000)
    assert fit(["head"], sections, len(whole)) == whole
    assert fit(["head"], sections, len(whole) - 1) == whole.replace(" b8 b9", " b8 +1").replace(" b8 +1", " +2")


def test_what_is_gone_is_named() -> None:
    text = fit(["head"], [section("a", 3, 2), Section("bb", ("x" * 200,) * 3, show, 1)], 120)
    assert text.startswith("head\n\na0 a1 a2\n\n<sub>Left out for want of room: bb. The JSON report has everything.")


def test_sections_of_one_fold_stand_together() -> None:
    sections = [section("a", 1, 1, "more"), section("b", 1, 1), section("c", 1, 1, "more")]
    assert fit(["head"], sections, 1000) == (
        "head\n\n<details><summary>more</summary>\n\na0\n\nc0\n\n</details>\n\nb0\n"
    )


def test_a_head_that_is_too_long_gives_way_to_a_shorter_one() -> None:
    assert fit(["head " * 9, "head"], [section("a", 1, 1)], 20) == "head\n\na0\n"
    assert fit(["head " * 9, "head"], [section("a", 1, 1)], 2) == "head\n"
