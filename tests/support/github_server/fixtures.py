"""Fixtures: `hub` is the server itself."""

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
