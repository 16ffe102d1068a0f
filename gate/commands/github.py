"""A run on GitHub as the commands need it: what it is about, and the forge to talk to."""

from __future__ import annotations

import os
import stat
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

    Whether pull_request_target is accepted is for whoever has read the policy to say: `accepted`.
    """
    context = read_event(runner, event_of(runner), data_only=True)
    if not token:
        told = "There is no token: give the action its input token, or set GITHUB_TOKEN."
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
    from gate.formats.strict_json import JsonProblem, loads

    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise UserError(f"The event's file {path} is not a regular file.")
            data = stream.read(_EVENT_LIMIT + 1)
    except OSError as error:
        raise UserError(f"The event's file {path} cannot be read: {error.strerror}.") from error
    if len(data) > _EVENT_LIMIT:
        raise UserError(f"The event's file {path} is larger than {_EVENT_LIMIT:,} bytes, more than GitHub ever sends.")
    try:
        event = loads(data)
    except JsonProblem as error:
        raise UserError(f"The event's file {path} is not JSON: {error}. Run the gate in a job of its own.") from error
    if not isinstance(event, dict):
        raise UserError(f"The event's file {path} is not a JSON object. Run the gate in a job of its own.")
    return event
