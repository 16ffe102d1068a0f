"""Workflow files of this repository and of its examples, and what can be said of them without GitHub."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml

from tests.support.expressions import STATUS_FUNCTIONS, Expression, ExpressionError, in_text, parse

Document = Mapping[str, Any]

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples/workflows").glob("*.yml"))
OWN = sorted((ROOT / ".github/workflows").glob("*.yml"))
RUNNERS = frozenset({"ubuntu-24.04", "ubuntu-24.04-arm"})
UNTRUSTED_EVENTS = frozenset({"pull_request", "pull_request_target", "workflow_run", "issue_comment", "merge_group"})
"""Events that somebody without a right to write to the repository can cause, or that carry a change not yet merged."""
_FROM_CHECKOUT = {"push", "workflow_dispatch", "schedule"}
"""Events without a base branch: docs/action.md, "Which events does it know?"."""
PUBLISHING = {"contents": "read", "actions": "read", "checks": "write", "statuses": "write", "pull-requests": "write"}
_PINNED = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_./-]+@[0-9a-f]{40}")
_NOTE = re.compile(r"uses: (?P<uses>\S+)(?P<note> +# v\d+(?:\.\d+\.\d+)?(?:[: ].*)?)?$")
_PATH_KEYS = ("paths", "paths-ignore")


@dataclass(frozen=True)
class Job:
    """One job of a workflow."""

    id: str
    data: Document

    @property
    def steps(self) -> list[Document]:
        return list(self.data.get("steps", ()))

    @property
    def permissions(self) -> dict[str, str]:
        return dict(self.data.get("permissions", {}))

    @property
    def needs(self) -> list[str]:
        needs = self.data.get("needs", [])
        return [needs] if isinstance(needs, str) else list(needs)

    @property
    def gate_steps(self) -> list[Document]:
        return [step for step in self.steps if is_gate(step)]


@dataclass(frozen=True)
class Workflow:
    """A workflow file."""

    text: str
    data: Document

    @property
    def jobs(self) -> list[Job]:
        return [Job(id_, data) for id_, data in self.data["jobs"].items()]

    @property
    def events(self) -> Document:
        # YAML 1.1 takes the key `on` for true.
        return cast("Document", cast("Mapping[object, Any]", self.data)[True])


def read(text: str) -> Workflow:
    """Read a workflow."""
    return Workflow(text, yaml.safe_load(text))


def is_gate(step: Document) -> bool:
    """Whether a step uses this repository's action."""
    uses = str(step.get("uses", ""))
    return uses == "./" or uses.startswith("readiness-gate/readiness-gate@")


@cache
def action() -> Document:
    """The metadata of this repository's action."""
    return cast("Document", yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8")))


def mistakes(workflow: Workflow) -> list[str]:
    """Everything that is wrong with a workflow, or less safe than ours have to be, as one line each."""
    found = [*_head(workflow), *_pins(workflow)]
    for job in workflow.jobs:
        told = [*_job(workflow, job), *_steps(workflow, job), *_expressions(workflow, job), *_rights(workflow, job)]
        found += [f"{job.id}: {text}" for text in told]
    return found


def _head(workflow: Workflow) -> Iterator[str]:
    if workflow.data.get("permissions") != {}:
        yield "the permissions of the workflow are not {}"
    for name, event in workflow.events.items():
        if any(key in (event or {}) for key in _PATH_KEYS):
            yield f"{name} is filtered by paths"
        if name == "pull_request" and event != {"types": ["opened", "synchronize", "reopened", "edited"]}:
            yield "pull_request is not about opened, synchronize, reopened and edited, and nothing else"
    if "pull_request_target" in workflow.events:
        yield "pull_request_target"


def _pins(workflow: Workflow) -> Iterator[str]:
    for line in workflow.text.splitlines():
        match = _NOTE.search(line)
        if match is not None and match["uses"] != "./" and not (_PINNED.fullmatch(match["uses"]) and match["note"]):
            yield f"{match['uses']} is not pinned to a commit with its version behind it"


def _job(workflow: Workflow, job: Job) -> Iterator[str]:
    ids = {item.id for item in workflow.jobs}
    yield from (f"needs {name}, and there is no such job" for name in job.needs if name not in ids)
    if job.id in _before(workflow, job):
        yield "waits for itself"
    labels = {str(job.data.get("runs-on"))}
    if labels == {"${{ matrix.runner }}"}:
        labels = {str(leg.get("runner")) for leg in job.data["strategy"]["matrix"].get("include", ())}
    yield from (f"runs on {label}" for label in sorted(labels - RUNNERS))
    if not isinstance(job.data.get("timeout-minutes"), int):
        yield "has no timeout"
    if "permissions" not in job.data:
        yield "says no permissions"
    grouped = job.data.get("concurrency", workflow.data.get("concurrency"))
    if UNTRUSTED_EVENTS & set(workflow.events) and not isinstance(grouped, dict):
        yield "is in no concurrency group"
    writes = "write" in job.permissions.values()
    if isinstance(grouped, dict) and writes and grouped.get("cancel-in-progress") is not False:
        yield "publishes and may be cancelled"
    if job.data.get("continue-on-error") is not None:
        yield "goes on after an error"


def _before(workflow: Workflow, job: Job) -> set[str]:
    """The jobs that a job waits for, near and far."""
    jobs = {item.id: item for item in workflow.jobs}
    found: set[str] = set()
    waiting = list(job.needs)
    while waiting:
        name = waiting.pop()
        if name not in found and name in jobs:
            found.add(name)
            waiting += jobs[name].needs
    return found


def _steps(workflow: Workflow, job: Job) -> Iterator[str]:
    ids = [step["id"] for step in job.steps if "id" in step]
    if len(ids) != len(set(ids)):
        yield "has two steps of one id"
    for step in job.steps:
        given = step.get("with", {})
        if str(step.get("uses", "")).startswith("actions/checkout@") and given.get("persist-credentials") is not False:
            yield "checks out and leaves the token behind"
        if "${{" in str(step.get("run", "")):
            yield "puts an expression into a script; hand it over with env"
        if is_gate(step):
            yield from (f"the action has no input {name}" for name in given if name not in action()["inputs"])
            if step.get("continue-on-error") is not None or "if" in step:
                yield "the gate's step may be passed over"
    checked_out = any(str(step.get("uses", "")).startswith("actions/checkout@") for step in job.steps)
    judges = any(step.get("with", {}).get("command", "run") in ("run", "publish") for step in job.gate_steps)
    for event in sorted(_FROM_CHECKOUT & workflow.events.keys()):
        if judges and not checked_out:
            yield f"on {event} the policy is the checkout's, and there is none"
    last = "if" in job.data and job.data["if"] != "always()" and workflow.events.keys() & {"pull_request"}
    if job.gate_steps and last:
        yield "the gate's job may be skipped, which counts as a success"
    if job.gate_steps and job.needs and job.data.get("if") != "always()":
        yield "the gate's job is skipped when one before it fails, which counts as a success"


def _expressions(workflow: Workflow, job: Job) -> Iterator[str]:
    for place, text in _texts(job.data):
        condition = place.endswith(".if")
        try:
            parts = [text] if condition and "${{" not in text else list(in_text(text))
            for expression in map(parse, parts):
                yield from _references(workflow, job, expression, condition=condition)
        except ExpressionError as error:
            yield f"{place}: {error}"


def _texts(value: object, place: str = "") -> Iterator[tuple[str, str]]:
    """Every text below a value, with where it stands."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, f"{place}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, f"{place}.{index}")


def _references(workflow: Workflow, job: Job, expression: Expression, *, condition: bool) -> Iterator[str]:
    if not condition:
        yield from (f"{name}() outside of a condition" for name in expression.functions if name in STATUS_FUNCTIONS)
    for path in expression.paths:
        yield from _reference(workflow, job, path)


def _reference(workflow: Workflow, job: Job, path: tuple[str, ...]) -> Iterator[str]:
    match path:
        case ("steps", id_, "outputs", output):
            yield from _of_step(job, id_, output)
        case ("steps", *_):
            yield f"{'.'.join(path)} is no output of a step"
        case ("needs", name, "outputs", output):
            yield from _of_job(workflow, job, name, output)
        case ("needs", name, "result") if name in job.needs:
            pass
        case ("needs", *_):
            yield f"{'.'.join(path)} is nothing of a job before"
        case ("matrix", key, *_):
            if key not in _matrix_keys(job):
                yield f"the matrix has no {key}"
        case ("inputs", name, *_):
            if name not in (workflow.events.get("workflow_dispatch") or {}).get("inputs", {}):
                yield f"the workflow has no input {name}"
        case ("secrets", name, *_):
            yield f"uses the secret {name}"


def _of_step(job: Job, id_: str, output: str) -> Iterator[str]:
    step = next((item for item in job.steps if item.get("id") == id_), None)
    if step is None:
        yield f"there is no step {id_}"
    elif is_gate(step) and output not in action()["outputs"]:
        yield f"the action has no output {output}"


def _of_job(workflow: Workflow, job: Job, name: str, output: str) -> Iterator[str]:
    before = next((item for item in workflow.jobs if item.id == name and name in job.needs), None)
    if before is None:
        yield f"does not need {name}"
    elif output not in before.data.get("outputs", {}):
        yield f"{name} has no output {output}"


def _matrix_keys(job: Job) -> set[str]:
    matrix = job.data.get("strategy", {}).get("matrix", {})
    legs = matrix.get("include", [])
    return {key for key in matrix if key not in ("include", "exclude")} | {key for leg in legs for key in leg}


def wanted_permissions(step: Document) -> dict[str, str]:
    """What the step of our action needs, and not more: docs/action.md, "Which permissions does it need?"."""
    given = step.get("with", {})
    match given.get("command", "run"):
        case "collect":
            return {"contents": "read"}
        case "run" if given.get("publish") == "false":
            return {"contents": "read"}
        case "run" | "publish":
            return dict(PUBLISHING)
        case "comment":
            return {"contents": "write", "pull-requests": "write", "actions": "write"}
        case other:
            raise AssertionError(f"no permissions are known for the command {other}")


def _merged(workflow: Workflow) -> set[str]:
    """What a job that may write may check out: the base branch, never what is to be merged into it."""
    known = {"${{ github.event.pull_request.base.sha || github.event.merge_group.base_sha || github.sha }}"}
    # In a workflow_run GITHUB_SHA is the default branch's commit.
    return known | ({"${{ github.sha }}"} if workflow.events.keys() == {"workflow_run"} else set())


def _rights(workflow: Workflow, job: Job) -> Iterator[str]:
    wanted: dict[str, str] = {}
    for step in job.gate_steps:
        wanted |= wanted_permissions(step)
    if job.gate_steps and job.permissions != wanted:
        yield f"has {job.permissions} and needs {wanted}"
    if "write" not in job.permissions.values() or not UNTRUSTED_EVENTS & set(workflow.events):
        return
    for step in job.steps:
        checks_out = str(step.get("uses", "")).startswith("actions/checkout@")
        if checks_out and str(step.get("with", {}).get("ref")) not in _merged(workflow):
            yield "may write and checks out what is not merged"
        if "run" in step:
            yield "may write and runs a script"
