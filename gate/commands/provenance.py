"""What a bundle says of the run that made it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gate.errors import UserError

if TYPE_CHECKING:
    from gate.collect.bundle import Made
    from gate.model.policy import Policy
    from gate.settings import Runner

_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def made_in(runner: Runner | None, policy: Policy) -> Made:
    """Return in which run, of which repository and about which commit evidence is collected; only what is known."""
    from gate.collect.bundle import Made

    if runner is None:
        return Made(policy_sha256=policy.origin.sha256)
    return Made(
        run_id=_number(runner.run_id),
        attempt=_number(runner.run_attempt),
        repository=runner.repository if _REPOSITORY.fullmatch(runner.repository) else "",
        head_sha=_head(runner),
        policy_sha256=policy.origin.sha256,
    )


def _head(runner: Runner) -> str:
    """Return the commit that the run is about; "" where the event does not say it."""
    from gate.commands.github import event_of
    from gate.publish.event import read_event

    try:
        return read_event(runner, event_of(runner), data_only=True).sha
    except UserError:
        return runner.sha if runner.event_name == "push" and _COMMIT.fullmatch(runner.sha) else ""


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[1-9][0-9]{0,17}", text) else None
