"""The environment is read once; secrets stay secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.errors import UserError
from gate.settings import INPUT_NAMES, Secret, flag, lines, read_inputs, read_network, read_runner


def test_declared_inputs_are_read_and_nothing_else() -> None:
    inputs = read_inputs({"INPUT_POLICY": " a.yml ", "POLICY": "evil.yml", "PROFILE": "x", "INPUT_TOKEN": "t0ken"})
    assert inputs.policy == "a.yml"
    assert inputs.profile == ""
    assert inputs.token.reveal() == "t0ken"


def test_a_secret_is_in_no_text() -> None:
    inputs = read_inputs({"INPUT_TOKEN": "t0ken"})
    assert "t0ken" not in f"{inputs!r}{inputs.token}{inputs.token!r}"
    assert inputs.token
    assert not Secret("")


def test_the_inputs_are_those_of_action_yml() -> None:
    import yaml

    action = yaml.safe_load((Path(__file__).parents[1] / "action.yml").read_text())
    assert tuple(action["inputs"]) == INPUT_NAMES


def test_no_runner_outside_of_github() -> None:
    assert read_runner({"GITHUB_OUTPUT": "/x"}) is None


def test_the_runner_is_read() -> None:
    runner = read_runner(
        {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": "/o", "GITHUB_BASE_REF": "main", "RUNNER_DEBUG": "1"}
    )
    assert runner is not None
    assert (runner.output, runner.summary, runner.base_ref, runner.debug) == (Path("/o"), None, "main", True)


@pytest.mark.parametrize(
    ("event", "ref", "base"),
    [
        ("merge_group", "refs/heads/gh-readonly-queue/main/pr-104-" + "a" * 40, "main"),
        ("merge_group", "refs/heads/gh-readonly-queue/release/1.x/pr-7-" + "0" * 40, "release/1.x"),
        ("merge_group", "refs/heads/main", ""),
        ("merge_group", "refs/heads/gh-readonly-queue/main/pr-104-short", ""),
        # Anybody may name a branch like that; only the queue's own event is about it.
        ("push", "refs/heads/gh-readonly-queue/main/pr-104-" + "a" * 40, ""),
        ("pull_request", "refs/pull/104/merge", ""),
    ],
)
def test_the_branch_that_a_merge_queue_merges_into(event: str, ref: str, base: str) -> None:
    runner = read_runner({"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": event, "GITHUB_REF": ref})
    assert runner is not None
    assert runner.base_ref == base


@pytest.mark.parametrize(("text", "expected"), [("true", True), ("TRUE", True), ("false", False), ("", False)])
def test_flags(text: str, expected: bool) -> None:
    assert flag("verbose", text) is expected


def test_a_flag_that_is_neither_is_a_mistake() -> None:
    with pytest.raises(UserError, match="verbose"):
        flag("verbose", "yes")


def test_lists_have_one_value_a_line() -> None:
    assert lines("a=1\n\n # c\n b=2 ") == ("a=1", "b=2")


def test_the_network_is_that_of_a_person_s_machine_only() -> None:
    environ = {"HTTPS_PROXY": "http://proxy:3128", "REQUESTS_CA_BUNDLE": "/ca.pem", "NO_PROXY": "", "LD_PRELOAD": "x"}
    assert read_network(environ) == {"HTTPS_PROXY": "http://proxy:3128", "REQUESTS_CA_BUNDLE": "/ca.pem"}
    assert read_network(environ | {"GITHUB_ACTIONS": "true"}) == {}
