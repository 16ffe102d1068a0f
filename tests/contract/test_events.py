"""The gate's reader of events over every example that GitHub gives, and over the events that other tests begin with."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gate.errors import UserError
from gate.publish.event import Event, EventContext, read_event
from gate.settings import Runner, read_runner
from tests.support.github_server import Hub, add_check, add_comment, add_run, events
from tests.support.github_server.events import EXAMPLES, INSTALLED, Started, example
from tests.support.github_server.prism import contract

Document = Any
KNOWN = {item.value for item in Event}
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.json"))
SHA = "c" * 40


@pytest.fixture
def packaged() -> list[tuple[str, int, Document]]:
    return _packaged(contract(INSTALLED))


@cache
def _packaged(index: Path) -> list[tuple[str, int, Document]]:
    return list(events.installed(index))


def runner_of(name: str, event: Document) -> Runner:
    """What a runner sets for an event of which only the payload is known."""
    repository = event["repository"]
    ref, base, sha = f"refs/heads/{repository['default_branch']}", "", SHA
    if name == "pull_request":
        ref, base = f"refs/pull/{event['pull_request']['number']}/merge", event["pull_request"]["base"]["ref"]
    elif name == "merge_group":
        ref, sha = event["merge_group"]["head_ref"], event["merge_group"]["head_sha"]
    elif name == "push":
        ref, sha = event["ref"], event["after"]
    found = read_runner(
        {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": name,
            "GITHUB_REPOSITORY": repository["full_name"],
            "GITHUB_REF": ref,
            "GITHUB_SHA": sha,
            "GITHUB_BASE_REF": base,
            "GITHUB_RUN_ID": "4711",
            "GITHUB_RUN_ATTEMPT": "1",
        }
    )
    assert found is not None
    return found


@pytest.mark.slow
def test_every_example_of_a_known_event_is_read(packaged: list[tuple[str, int, Document]]) -> None:
    counts = dict.fromkeys(KNOWN, 0)
    for name, number, event in packaged:
        if name not in KNOWN or (name == "issue_comment" and "pull_request" not in event["issue"]):
            continue
        if name == "workflow_run" and "path" not in event["workflow_run"]:
            # From before 2022; GitHub writes the path by now, and without it nobody can say which workflow it was.
            with pytest.raises(UserError, match=r"has no workflow_run\.(path|run_attempt)"):
                read_event(runner_of(name, event), event)
            continue
        context = read_event(runner_of(name, event), event)
        counts[name] += 1
        assert context.repository == event["repository"]["full_name"], (name, number)
        assert re.fullmatch("[0-9a-f]{40}", context.sha), (name, number)
        if name == "pull_request":
            assert (context.sha, context.pull) == (event["pull_request"]["head"]["sha"], event["number"])
            assert context.fork is (event["pull_request"]["head"]["repo"]["id"] != event["repository"]["id"])
        if name == "workflow_run":
            run = event["workflow_run"]
            assert context.triggering_run is not None
            assert (context.sha, context.triggering_run.id) == (run["head_sha"], run["id"])
            assert context.sha != SHA
    assert {name for name, count in counts.items() if count == 0} == {
        "pull_request_target",
        "schedule",
        "issue_comment",
    }
    assert sum(counts.values()) > 50


@pytest.mark.slow
def test_no_example_of_another_event_is_taken_for_one_of_ours(packaged: list[tuple[str, int, Document]]) -> None:
    refused = 0
    for name, _, event in packaged:
        if name in KNOWN or "repository" not in event or "default_branch" not in event["repository"]:
            continue
        with pytest.raises(UserError, match="which the gate does not know"):
            read_event(runner_of(name, event), event)
        refused += 1
    assert refused > 100


@pytest.mark.slow
def test_a_comment_on_an_issue_is_no_pull_request_s(packaged: list[tuple[str, int, Document]]) -> None:
    comments = [event for name, _, event in packaged if name == "issue_comment"]
    assert comments
    for event in comments:
        with pytest.raises(UserError, match="on an issue, not on a pull request"):
            read_event(runner_of("issue_comment", event), event)
        pull = {**event, "issue": {**event["issue"], "pull_request": {"url": "https://example.com"}}}
        comment = read_event(runner_of("issue_comment", pull), pull).comment
        assert comment is not None
        assert (comment.body, comment.author) == (event["comment"]["body"], event["comment"]["user"]["login"])


@pytest.mark.slow
def test_an_example_of_one_event_is_no_other_s(packaged: list[tuple[str, int, Document]]) -> None:
    """Nothing but UserError for a payload that does not fit the event that the runner names."""
    wrong = 0
    for name, _, event in packaged:
        repository = {**event.get("repository", {}), "full_name": "octo/shop", "default_branch": "main"}
        for claimed in ("pull_request", "merge_group", "workflow_run", "issue_comment"):
            if claimed == name or claimed in event or (claimed == "issue_comment" and "comment" in event):
                continue
            payload = {**event, "repository": repository}
            claims = replace(runner_of("workflow_dispatch", payload), event_name=claimed)
            with pytest.raises(UserError):
                read_event(claims, payload)
            wrong += 1
    assert wrong > 800


@pytest.mark.slow
def test_the_committed_examples_are_those_of_the_package(packaged: list[tuple[str, int, Document]]) -> None:
    rows = re.findall(r"^\| (\S+)\.json \| (\S+) \| (\d+) \|$", (EXAMPLES / "ORIGIN.md").read_text(), re.MULTILINE)
    assert sorted(name for name, _, _ in rows) == NAMES
    known = {(kind, number): event for kind, number, event in packaged}
    for name, kind, number in rows:
        assert example(name) == known[kind, int(number)]
    version = json.loads(contract("node_modules/@octokit/webhooks-examples/package.json").read_text())["version"]
    assert f"`@octokit/webhooks-examples` {version}" in (EXAMPLES / "ORIGIN.md").read_text()


def read(started: Started, folder: Path) -> EventContext:
    """As the gate does: the variables, then the file that they name."""
    runner = read_runner(started.environment(folder))
    assert runner is not None
    assert runner.event_path is not None
    return read_event(runner, json.loads(runner.event_path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith(("check_run", "issue_comment"))])
def test_a_committed_example_is_read(name: str) -> None:
    kind, event = name.partition(".")[0], json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    assert read_event(runner_of(kind, event), event).event.value == kind


# --- events about what is on a hub ---


def closed(hub: Hub) -> Started:
    hub.repository().close(8)
    return events.pull_request(hub, 8, "closed")


MADE: dict[str, Callable[[Hub], Started]] = {
    "pull_request.opened": lambda hub: events.pull_request(hub, 7),
    "pull_request.synchronize": lambda hub: events.pull_request(hub, 7, "synchronize"),
    "pull_request.closed": closed,
    "merge_group.checks_requested": events.merge_group,
    "push.branch": events.push,
    "workflow_dispatch": events.workflow_dispatch,
    "workflow_run.completed": lambda hub: events.workflow_run(
        hub, add_run(hub.repository(), hub.repository().branch("feature"), branch="feature")
    ),
    "issue_comment.created": lambda hub: events.issue_comment(
        hub, add_comment(hub.repository(), 7, "/gate rerun", hub.world.user("octo-dev"))
    ),
    "check_run.completed": lambda hub: events.check_run(
        hub, add_check(hub.repository(), hub.world.app("other-checker"), hub.repository().branch("feature"), "x")
    ),
}


@pytest.mark.parametrize("name", MADE)
def test_an_event_of_the_hub_has_the_keys_of_a_real_one(name: str, hub: Hub, tmp_path: Path) -> None:
    started, real = MADE[name](hub), example(name)
    assert set(started.payload) == set(real) - {"installation", "organization"}
    assert started.payload["repository"] != real["repository"]
    for key, value in started.payload.items():
        if isinstance(value, dict) and key not in ("repository", "merge_group"):
            here, there = set(value), set(real[key])  # type: ignore[call-overload]
            # Examples are some years old: keys that came since are only in ours, and none that stayed is missing.
            assert there - here <= {"active_lock_reason", "state_reason", "deployment"}, key
    runner = read_runner(started.environment(tmp_path))
    assert runner is not None
    assert runner.event_path is not None
    assert json.loads(runner.event_path.read_text()) == started.payload


@pytest.mark.parametrize("name", [name for name in MADE if name != "check_run.completed"])
def test_an_event_of_the_hub_is_read(name: str, hub: Hub, tmp_path: Path) -> None:
    context = read(MADE[name](hub), tmp_path)
    assert context.repository == "octo/shop"
    if context.sha:
        assert hub.repository().objects.has(context.sha)


def test_a_fork_s_event_and_a_retargeted_one(hub: Hub, tmp_path: Path) -> None:
    repo = hub.repository()
    assert read(events.pull_request(hub, 8), tmp_path).fork is True
    repo.commit("release", {"VERSION": "1\n"})
    repo.retarget(7, "release")
    edited = events.pull_request(hub, 7, "edited", base_from="main")
    context = read(edited.again(), tmp_path)
    assert (context.action, context.base_ref, context.attempt) == ("edited", "release", 2)
    assert edited.payload["changes"] == {"base": {"ref": {"from": "main"}, "sha": {"from": repo.branch("main")}}}


def test_a_clock_s_event_is_read(hub: Hub, tmp_path: Path) -> None:
    assert read(events.schedule(hub), tmp_path).sha == hub.repository().branch("main")
