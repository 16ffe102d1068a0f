"""What holds for all tests."""

from __future__ import annotations

import pytest

from tests.support.github_server.fixtures import checked_hub, hub

__all__ = ["checked_hub", "hub"]

STARTS_HUNDREDS_OF_CHILDREN = {
    "tests.acceptance.test_cluster_traps",
    "tests.acceptance.test_exit_codes",
    "tests.acceptance.test_manifest_traps",
    "tests.acceptance.test_matrix",
    "tests.acceptance.test_no_evidence_no_pass",
    "tests.acceptance.test_terraform",
    "tests.acceptance.test_traps",
    "tests.acceptance.test_two_stages",
    "tests.acceptance.test_waivers",
    "tests.collect.collectors.test_dependencies",
    "tests.collect.collectors.test_terraform",
    "tests.collect.dependencies.test_pip_audit_run",
    "tests.collect.sast.test_bandit_cache",
    "tests.collect.sast.test_bandit_scan",
    "tests.collect.terraform.test_facts",
    "tests.commands.test_replay",
    "tests.examples.test_policies",
    "tests.hostile.test_trust",
}
"""Modules of which every test runs bandit, pip-audit, the parser of Terraform or the whole gate."""
THREATS = "tests.hostile.test_threats_"
"""Modules of which every test runs the whole action, several times, against a GitHub."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Count tests of real scanners among the slow ones: `make gate` runs the fast ones, `make test` all."""
    for item in items:
        module = item.getparent(pytest.Module)
        name = module.obj.__name__ if module is not None else ""
        if name in STARTS_HUNDREDS_OF_CHILDREN or name.startswith(THREATS):
            item.add_marker(pytest.mark.slow)
        if "checked_hub" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
        if any(".venv/tools" in str(mark.kwargs.get("reason")) for mark in item.iter_markers("skipif")):
            item.add_marker(pytest.mark.slow)
    # What takes longest begins first: at the end one worker would build images while the others are through. Whole
    # modules are moved, since each is one piece of work.
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    slowest = {item.path for item in items if item.get_closest_marker("container")}
    items.sort(key=lambda item: (item.path not in slowest, item.path not in slow))
