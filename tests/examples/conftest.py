from __future__ import annotations

import pytest

from tests.support.repos import Gate


@pytest.fixture
def gate(capsys: pytest.CaptureFixture[str]) -> Gate:
    """The command line."""
    return Gate(capsys)
