"""Prism in front of the tests' own GitHub: what breaks the schema fails the test, what a fault made does not."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from tests.contract.clients import REPO, Client, Connect, sha_of
from tests.support.github_server import (
    Hub,
    faults,
    prism,
    shop,
)


def test_a_request_that_breaks_the_schema_is_held(checked_hub: Hub, connect: Connect) -> None:
    body = {"name": "Gate", "head_sha": sha_of(checked_hub), "status": "nonsense"}
    assert connect()("POST", f"{REPO}/check-runs", body).status_code == 422
    assert "Request body property status must be equal to one of the allowed values" in checked_hub.violations[0]
    assert len(checked_hub.log) == 0
    checked_hub.violations.clear()


def test_an_answer_that_breaks_the_schema_is_held(checked_hub: Hub, connect: Connect) -> None:
    checked_hub.world.users["octo"] = checked_hub.repository().owner
    checked_hub.repository().pulls[7].title = None  # type: ignore[assignment]
    connect()("GET", f"{REPO}/pulls/7")
    assert "title" in checked_hub.violations[0]
    checked_hub.violations.clear()


@pytest.mark.slow
def test_a_violation_fails_the_test_at_its_end() -> None:
    hub = shop()
    hub.__enter__()
    client = Client(hub.checked_url)
    client("POST", f"{REPO}/issues/7/reactions", {"content": "applause"})
    with pytest.raises(AssertionError, match="must be equal to one of the allowed values"):
        hub.__exit__(None, None, None)


def test_an_answer_that_a_fault_made_passes_prism_as_it_is(checked_hub: Hub, connect: Connect) -> None:
    checked_hub.fault("GET", "/pulls/7$", faults.html())
    checked_hub.fault("GET", "/pulls/8$", faults.cut())
    assert connect()("GET", f"{REPO}/pulls/7").headers["Content-Type"].startswith("text/html")
    with pytest.raises(requests.exceptions.RequestException):
        connect()("GET", f"{REPO}/pulls/8")
    assert checked_hub.violations == []


def test_without_the_packages_a_test_is_skipped_aloud_but_not_in_ci(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prism, "CONTRACT", tmp_path)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"install_contract\.sh"):
        prism.contract("package.json")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=r"install_contract\.sh"):
        prism.contract("package.json")
