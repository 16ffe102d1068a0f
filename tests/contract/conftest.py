"""Fixtures of the tests of the server."""

from __future__ import annotations

import pytest

from tests.contract.clients import Client, Connect
from tests.support.github_server import Hub


@pytest.fixture
def connect(checked_hub: Hub) -> Connect:
    return lambda token="job": Client(checked_hub.checked_url, token)


@pytest.fixture
def direct(hub: Hub) -> Connect:
    return lambda token="job": Client(hub.url, token)
