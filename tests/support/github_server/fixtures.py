"""Fixtures: `hub` is the server itself, `checked_hub` the same one behind Prism."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.github_server.hub import Hub
from tests.support.github_server.shop import shop


@pytest.fixture
def hub() -> Iterator[Hub]:
    """octo/shop on a server of its own."""
    with shop() as running:
        yield running


@pytest.fixture
def checked_hub(hub: Hub) -> Hub:
    """The same, with Prism in front: `checked_hub.checked_url`. Tests that use it count as slow."""
    assert hub.checked_url
    return hub
