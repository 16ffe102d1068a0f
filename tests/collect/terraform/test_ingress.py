"""Who counts as everyone."""

from __future__ import annotations

import pytest

from gate.collect.terraform.ingress import _public


@pytest.mark.parametrize(
    "source", ["0.0.0.0/0", "::/0", "Internet", "*", "0.0.0.0/1", "128.0.0.0/1", "64.0.0.0/2", "2000::/3"]
)
def test_everyone_and_what_adds_up_to_everyone(source: str) -> None:
    assert _public([source])


@pytest.mark.parametrize(
    "source", ["10.0.0.0/8", "203.0.113.7/32", "fc00::/7", "2001:db8::/32", "pl-1234", "", "sg-1/0"]
)
def test_those_who_are_somebody(source: str) -> None:
    assert _public([source]) is False
