"""The page of threats: each of them has a row, a defence, tests that there are, and a word on what remains."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAMES = [f"T{number}" for number in range(1, 32)]


def rows() -> dict[str, list[str]]:
    """The cells behind the number, by the number."""
    page = (ROOT / "docs/threats.md").read_text(encoding="utf-8")
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line[:3] == "| T"]
    return {row[0]: row[1:] for row in cells}


def there_are() -> set[str]:
    """The names of all tests of this repository."""
    files = (ROOT / "tests").rglob("test_*.py")
    return {name for file in files for name in re.findall(r"^ *def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)}


def test_every_threat_is_in_the_table_once_and_in_order() -> None:
    assert list(rows()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_threat_has_a_defence_tests_and_what_remains(name: str) -> None:
    threat, defence, tests, remains = rows()[name]
    assert min(len(threat), len(defence), len(remains)) > 10
    named = re.findall(r"`(test_\w+)`", tests)
    assert named
    assert set(named) <= there_are(), set(named) - there_are()
    own = [test for test in there_are() if re.search(rf"_t0?{name[1:]}_", test)]
    assert own or name in ("T14", "T27"), "these two are tested where their tools are"
