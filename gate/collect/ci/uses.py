"""How a `uses` is pinned. Pure, and without a network: what a name points to now is not asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from gate.collect.ci.source import Source
from gate.collect.ci.workflow import LocalAction, Step, Workflow
from gate.collect.disk import printable
from gate.model.json import JsonObject

_SHA = re.compile(r"[0-9a-fA-F]{40}")
"""A whole commit id; GitHub has no repositories with ids of SHA-256, so a longer name is that of a branch."""
_TAG = re.compile(r"(?:[A-Za-z][\w.-]*[-_.@])?v?\d+(?:\.[\dx*]+)*(?:[-+.][\w.-]+)*", re.IGNORECASE)
_FIRST_PARTY = frozenset({"actions", "github"})
KINDS = ("sha", "tag", "branch")


def kind_of(uses: str) -> str:
    """Return how a `uses` says what is to be run.

    sha (a whole commit id), tag (a ref that reads as a version: v4, 1.2.3, codeql-bundle-v2, refs/tags/x), branch (any
    other ref: main, release/v1, stable), none (no ref, which GitHub refuses), local (`./x`), docker.
    """
    if uses.startswith(("./", "../")):
        return "local"
    if uses.startswith("docker://"):
        return "docker"
    _name, at, ref = uses.rpartition("@")
    if not at or not ref:
        return "none"
    if _SHA.fullmatch(ref):
        return "sha"
    if ref.startswith("refs/tags/"):
        return "tag"
    return "tag" if len(ref) < 200 and _TAG.fullmatch(ref) else "branch"


def uses_facts(uses: str, path: str, line: int, comment: str, **more: str) -> JsonObject:
    """Return what is told of one `uses`; `owner` and `ref` only where it has them."""
    kind = kind_of(uses)
    facts: JsonObject = {"name": uses[:300], "kind": "action", "path": printable(path), "line": line, "pin": kind}
    if kind in (*KINDS, "none"):
        name, at, ref = uses.rpartition("@")
        facts["action"] = (name if at else uses)[:300]
        owner = (name if at else uses).partition("/")[0].lower()
        facts["owner"] = owner
        facts["first_party"] = owner in _FIRST_PARTY
        if at:
            facts["ref"] = ref[:200]
    elif kind == "docker":
        facts["digest"] = "@sha256:" in uses
    if comment:
        facts["comment"] = comment[:200]
    return facts | {key: value for key, value in more.items() if value}


def uses_of_workflow(workflow: Workflow) -> Iterator[JsonObject]:
    """Yield the `uses` of a workflow: those of its steps, and the workflows that its jobs call."""
    for job in workflow.jobs:
        if job.uses:
            line = workflow.source.key("uses", job.line, job.end, job.uses)
            comment = workflow.source.comment(line)
            yield uses_facts(job.uses, workflow.path, line, comment, job=job.id)
        yield from _of_steps(job.steps, workflow.path, workflow.source, {"job": job.id})


def uses_of_action(action: LocalAction) -> Iterator[JsonObject]:
    """Yield the `uses` of a composite action."""
    yield from _of_steps(action.steps, action.path, action.source, {})


def _of_steps(steps: Sequence[Step], path: str, source: Source, more: Mapping[str, str]) -> Iterator[JsonObject]:
    for step in steps:
        if step.uses:
            line = source.key("uses", step.line, step.end, step.uses)
            yield uses_facts(step.uses, path, line, source.comment(line), **more, step=step.label)
