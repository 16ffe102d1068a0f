"""The runs that anybody can cause and that have the rights of the repository itself. Pure.

https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows: pull_request_target,
workflow_run and issue_comment run the default (or base) branch's file, with secrets and a token that may write, also
for a pull request from a fork.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from gate.collect.ci.expressions import is_false
from gate.model.json import Json

PRIVILEGED = ("pull_request_target", "workflow_run", "issue_comment")
_STARTED_BY = (
    "pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment", "issue_comment",
)  # fmt: skip
"""What a stranger can do to start the run whose end is a workflow_run."""
_HEAD = r"github\.event\.(?:pull_request\.head\.repo|workflow_run\.head_repository)"
_WHICH = r"(?:full_name|id|owner\.login)"
_BASE = rf"github\.(?:event\.(?:repository|pull_request\.base\.repo)\.{_WHICH}|repository(?:_owner|_id)?)"
_SAME = re.compile(
    rf"(?i)(?:(?<![\w.\]]){_HEAD}\.{_WHICH}\s*(?P<a>[!=]=)\s*{_BASE}(?![\w.\[])"
    rf"|(?<![\w.\]]){_BASE}\s*(?P<b>[!=]=)\s*{_HEAD}\.{_WHICH}(?![\w.\[]))"
)
_FORK = re.compile(rf"(?i)(?<![\w.\]]){_HEAD}\.fork(?![\w.\[])")
_LONGEST = 2_000

Run = Mapping[str, str]
"""What is known of a run that a stranger caused: name of a context's property → its value."""


def runs_of_strangers(events: Iterable[str]) -> list[Run]:
    """Return the runs that a pull request from somebody's fork can cause, of a job with these triggers."""
    runs: list[Run] = []
    for event in sorted({name.partition(":")[0] for name in events} & set(PRIVILEGED)):
        known = {"github.event_name": event}
        if event == "workflow_run":
            fork = {"github.event.workflow_run.head_repository.full_name": "a-stranger/of-this"}
            runs += [{**known, **fork, "github.event.workflow_run.event": by} for by in _STARTED_BY]
        elif event == "pull_request_target":
            runs.append({**known, "github.event.pull_request.head.repo.full_name": "a-stranger/of-this"})
        else:
            runs.append(known)
    return runs


def still_possible(condition: Json, runs: Sequence[Run]) -> list[Run]:
    """Return those of the runs that an `if` does not leave out for certain.

    A question whether the pull request comes from this repository itself is answered with no.
    """
    if isinstance(condition, str) and len(condition) <= _LONGEST:
        condition = _FORK.sub("true", _SAME.sub(_differs, condition))
    return [run for run in runs if not is_false(condition, run)]


def _differs(match: re.Match[str]) -> str:
    return "false" if (match["a"] or match["b"]) == "==" else "true"
