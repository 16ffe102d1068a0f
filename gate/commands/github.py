"""A run on GitHub as the commands need it: what it is about, and the forge to talk to."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gate.errors import UserError
from gate.publish.event import EventContext, read_event
from gate.settings import Runner, Secret

if TYPE_CHECKING:
    from gate.model.json import JsonObject
    from gate.publish.forge import Forge

_EVENT_LIMIT = 32 * 1024 * 1024
"""Bytes of an event's file; GitHub's payloads end at 25 MB."""
_OWN_JOB = "An earlier step of this job may have changed it: run the gate in a job of its own."


@dataclass(frozen=True, slots=True)
class GitHubRun:
    """One run. `forge` is None where there is no token; `no_forge` is then why, as a sentence."""

    runner: Runner
    context: EventContext
    forge: Forge | None
    no_forge: str = ""


def open_run(
    runner: Runner, token: Secret, network: Mapping[str, str], log: Callable[[str], None] = lambda _line: None
) -> GitHubRun:
    """Return what a run on GitHub is about, and its forge. Raises UserError.

    Whether pull_request_target is accepted is for whoever has read the policy to say: `on_github.accept`.
    """
    context = read_event(runner, event_of(runner), data_only=True)
    if not token:
        told = (
            "There is no token: give the action its input token, or set GATE_TOKEN where a step of your own runs gate."
        )
        return GitHubRun(runner, context, None, told)
    return GitHubRun(runner, context, open_forge(runner, token, network, log))


def open_forge(
    runner: Runner, token: Secret, network: Mapping[str, str], log: Callable[[str], None] = lambda _line: None
) -> Forge:
    """Return GitHub for the run's repository; `network` has the proxies and certificates that were declared."""
    from gate.publish.forge_github import GitHub
    from gate.publish.forge_words import ForgeProblem

    try:
        return GitHub(
            runner.repository,
            token,
            api_url=runner.api_url,
            graphql_url=runner.graphql_url,
            network=network,
            clock=time.time,
            sleep=time.sleep,
            log=log,
        )
    except ForgeProblem as problem:
        raise UserError(f"GitHub {problem.reason}.") from problem


def event_of(runner: Runner) -> JsonObject:
    """Return the content of GITHUB_EVENT_PATH, read as data of somebody else. Raises UserError."""
    if runner.event_path is None:
        raise UserError(
            "GITHUB_EVENT_PATH is not set, so nobody knows what this run is about. Is this a GitHub runner?"
        )
    return read_event_file(runner.event_path)


def read_event_file(path: Path) -> JsonObject:
    """Return an event's file: a regular one, of JSON, of an object. Raises UserError."""
    from gate.collect.named_file import NamedFileProblem, read_named
    from gate.formats.strict_json import JsonProblem, loads

    try:
        data = read_named(path, _EVENT_LIMIT)
    except NamedFileProblem as problem:
        raise UserError(
            f"The event's file {path} {problem.reason}; GitHub's is a plain file of at most 25 MB. {_OWN_JOB}"
        ) from problem
    if data is None:
        raise UserError(f"The event's file {path}, which GITHUB_EVENT_PATH names, is not there. {_OWN_JOB}")
    try:
        event = loads(data)
    except JsonProblem as error:
        raise UserError(f"The event's file {path} is not JSON: {error}. {_OWN_JOB}") from error
    if not isinstance(event, dict):
        raise UserError(f"The event's file {path} is not a JSON object. {_OWN_JOB}")
    return event
