"""How much of the internet ranges are together."""

from __future__ import annotations

import pytest

from gate.collect.address_ranges import MOST, is_every_address, is_much_of_the_internet

EIGHTS = [f"{first}.0.0.0/8" for first in range(256)]
SPLIT_V6 = [f"{0x2000 + 0x20 * number:x}::/11" for number in range(256)]


@pytest.mark.parametrize(
    "sources",
    [
        EIGHTS,
        EIGHTS[::2],
        [f"{first}.0.0.0/9" for first in range(256)] + [f"{first}.128.0.0/9" for first in range(256)],
        [f"{first}.{second}.0.0/12" for first in range(16, 24) for second in range(0, 256, 16)],
        ["2.0.0.0/8", "3.0.0.0/8"],
        SPLIT_V6,
        ["2000::/4", "3000::/4"],
        [f"2{digit:x}00::/8" for digit in range(8)],
    ],
    ids=["eighths", "every other", "ninths", "a piece in pieces", "two neighbours", "IPv6", "halves", "some of IPv6"],
)
def test_pieces_that_are_together_more_than_anybody_has(sources: list[str]) -> None:
    assert is_much_of_the_internet(sources) is True


@pytest.mark.parametrize(
    "sources",
    [
        [],
        ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
        ["3.0.0.0/8", "17.0.0.0/8", "52.0.0.0/10"],
        ["2001:db8::/32", "2600:1f00::/24"],
        ["no range", "sg-1", "0.0.0.0/33"],
    ],
)
def test_those_who_are_somebody(sources: list[str]) -> None:
    assert is_much_of_the_internet(sources) is False


def test_too_many_pieces_are_not_known_to_be_few() -> None:
    many = ["192.0.2.1/32"] * (MOST + 1)
    assert is_much_of_the_internet(many) is None
    assert is_every_address(many)
    assert not is_every_address(many[:MOST])


@pytest.mark.parametrize(
    ("sources", "every"),
    [
        (EIGHTS, True),
        (EIGHTS[1:], False),
        (["0.0.0.0/1", "128.0.0.0/1"], True),
        (SPLIT_V6, True),
        (SPLIT_V6[1:], False),
        (["::/1", "8000::/1"], True),
        (["192.0.2.0/24"], False),
    ],
)
def test_every_address(sources: list[str], every: bool) -> None:
    assert is_every_address(sources) is every
