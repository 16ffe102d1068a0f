"""Sizes, times and numbers of Compose files."""

from __future__ import annotations

import pytest

from gate.collect.compose.units import number, seconds, size
from gate.model.json import Json


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("512m", 512 * 1024**2), ("512M", 512 * 1024**2), ("1gb", 1024**3), ("2 KB", 2048), ("64b", 64), ("100", 100),
        ("1.5g", 3 * 1024**3 // 2), (7, 7), (7.0, 7), ("1GiB", 1024**3), ("x", None), (True, None), (None, None),
        ("1x", None),
    ],
)  # fmt: skip
def test_sizes(written: Json, wanted: int | None) -> None:
    assert size(written) == wanted


@pytest.mark.parametrize(
    ("written", "wanted"), [("1m30s", 90), ("500ms", 0.5), (5, 5), ("5", None), ("x", None), (True, None), ([], None)]
)
def test_times(written: Json, wanted: float | None) -> None:
    assert seconds(written) == wanted


@pytest.mark.parametrize(
    ("written", "wanted"), [("0.5", 0.5), (".5", 0.5), (2, 2.0), ("x", None), (False, None), ("", None), ("1.", None)]
)
def test_numbers(written: Json, wanted: float | None) -> None:
    assert number(written) == wanted
