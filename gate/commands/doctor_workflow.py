"""What the workflow that runs the gate says of when and how it runs: the knobs that open it without a word. Pure.

A job that is skipped counts as a success, a workflow that a filter leaves out is awaited for ever, and a failure that
the workflow swallows is none (https://docs.github.com/pull-requests/…/troubleshooting-required-status-checks).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gate.collect.ci.doing import Done, Repository, do
from gate.collect.ci.expressions import is_false, known_on, runs_after_failure, truth
from gate.collect.ci.source import source_of
from gate.collect.ci.triggers import never_fires
from gate.collect.ci.workflow import Job, Step, Workflow, is_true, read_workflow, text, texts
from gate.commands.examination import Answer, no, unknown, yes
from gate.formats.located_yaml import BadYaml, Located, YamlDocument, read_parts
from gate.formats.plain import one_line

_PULL = ("pull_request", "pull_request_target")
_SUCCESS = re.compile(r"\bsuccess\s*\(", re.IGNORECASE)
_ALWAYS = "if: always()"
_NO_VERDICT = frozenset({"collect", "comment", "doctor"})
"""Commands of the action that judge nothing."""
_FAILS_OPEN = "then its failure does not fail the job, and nothing is blocked"


@dataclass(frozen=True, slots=True)
class Gates:
    """The jobs of a workflow that reach a verdict; `sure` is False where it is only known that the gate runs there."""

    workflow: Workflow
    jobs: tuple[Job, ...]
    sure: bool

    @property
    def names(self) -> tuple[str, ...] | None:
        """What the checks of these jobs are called; None where that is only known when they run."""
        found = []
        for job in self.jobs:
            name = text(job.value.get("name")) or job.id
            if "${{" in name or "strategy" in job.value or job.uses:
                return None
            found.append(name)
        return tuple(found) or None


def read_gates(data: bytes, path: str, job: str = "") -> Gates | str:
    """Return the jobs of a workflow file that reach a verdict, or why the file cannot be read, half a sentence.

    `job` is the id of the one that runs now, "" where nobody knows.
    """
    parts = read_parts(data)
    if len(parts) != 1:
        return f"holds {len(parts)} documents"
    part = parts[0]
    if isinstance(part, BadYaml):
        return f"cannot be read: {one_line(part.reason, 200)}"
    assert isinstance(part, YamlDocument)
    if not isinstance(part.value, Located):
        return "is no workflow"
    workflow = read_workflow(path, part.value, part.line, source_of(data))
    judging = tuple(item for item in workflow.jobs if _acts_of(workflow, item))
    named = tuple(item for item in workflow.jobs if item.id == job)
    if judging:
        return Gates(workflow, tuple(item for item in named if item in judging) or judging, sure=True)
    return Gates(workflow, named, sure=False)


def workflow_answers(gates: Gates, *, queue: bool | None, advisory: bool) -> Iterator[Answer]:
    """Yield what is to be said of a workflow. `queue` is whether the base branch has a merge queue, None: not known."""
    yield from _triggers(gates.workflow, queue)
    if not gates.jobs:
        yield unknown(
            "workflow.step", f"which job of {gates.workflow.path} runs the gate cannot be told, nor whether it may fail"
        )
        return
    for job in gates.jobs:
        yield from _job_answers(gates.workflow, job, advisory=advisory)


def _triggers(workflow: Workflow, queue: bool | None) -> Iterator[Answer]:
    path = workflow.path
    pulls = {event: given for event, given in workflow.events.items() if event in _PULL}
    if not pulls and "workflow_run" not in workflow.events:
        yield no(
            "workflow.pull_request", f"{path} does not start on pull requests", "add  on: pull_request", required=True
        )
    for event, given in pulls.items():
        kinds = texts(given.get("types")) if isinstance(given, dict) else ()
        if "edited" in kinds:
            yield yes("workflow.edited", f"{path} starts on {event} when its base branch is changed (edited)")
        else:
            told = f"{path} does not start on {event} when its base branch is changed: the old verdict stands"
            yield no("workflow.edited", told, "types: [opened, synchronize, reopened, edited]")
        yield _filters(path, event, given)
    yield _queue(workflow, queue)


def _filters(path: str, event: str, given: object) -> Answer:
    id_ = "workflow.filters"
    found = [key for key in ("paths", "paths-ignore") if isinstance(given, dict) and key in given]
    never = never_fires(event, given, None)  # type: ignore[arg-type] # a value of the document, whatever it is
    if never is not None:
        return no(id_, f"{path} never starts: {one_line(never, 150)}", "correct the filter", required=True)
    if found:
        told = f"{path} leaves pull requests out by {' and '.join(found)}: what is required is awaited there for ever"
        return no(id_, told, "take the filter away; the gate itself finds out what does not apply")
    return yes(id_, f"{path} leaves no pull request out by its paths")


def _queue(workflow: Workflow, queue: bool | None) -> Answer:
    id_, mend = "workflow.merge_group", "add  on: merge_group"
    if "merge_group" in workflow.events:
        return yes(id_, f"{workflow.path} starts in a merge queue (merge_group)")
    if queue:
        told = f"the base branch has a merge queue, and {workflow.path} does not start in it: nothing is ever merged"
        return no(id_, told, mend, required=True)
    told = f"{workflow.path} does not start in a merge queue"
    if queue is None:
        return unknown(id_, f"{told}, and whether the base branch has one is not known", mend)
    return unknown(id_, f"{told}; no ruleset asks for one, and of branch protection that cannot be known", mend)


def _job_answers(workflow: Workflow, job: Job, *, advisory: bool) -> Iterator[Answer]:
    label = f"job {one_line(job.id, 60)}"
    if is_true(job.value.get("continue-on-error")):
        yield no(
            "workflow.continue-on-error",
            f"{label}: continue-on-error is on; {_FAILS_OPEN}",
            "take it away",
            required=not advisory,
        )
    elif job.value.get("continue-on-error") not in (None, False):
        yield unknown("workflow.continue-on-error", f"{label}: continue-on-error depends on the run", "take it away")
    yield _job_condition(job, label, advisory=advisory)
    acts = _acts_of(workflow, job)
    if not acts:
        yield unknown("workflow.step", f"{label}: which step runs the gate cannot be told, nor whether it may fail")
    for step, done in acts:
        yield from _step_answers(step, done, label, advisory=advisory)


def _job_condition(job: Job, label: str, *, advisory: bool) -> Answer:
    id_, condition = "workflow.condition", job.value.get("if")
    always = runs_after_failure(condition)
    if is_false(condition, known_on("pull_request")):
        told = f"{label} is left out on pull requests, and a skipped job counts as a success"
        return no(id_, told, "take its `if` away", required=not advisory)
    if job.needs and not always:
        told = (
            f"{label} needs {one_line(', '.join(job.needs), 100)}: when that fails it is skipped, and a skipped job "
            "counts as a success"
        )
        return no(id_, told, _ALWAYS, required=not advisory)
    if condition is not None and truth(condition) is not True and not _is_always(condition):
        told = f"{label} has a condition; where it is not met, the job is skipped and counts as a success"
        return unknown(id_, told, _ALWAYS)
    return yes(id_, f"{label} is not skipped when another one fails")


def _step_answers(step: Step, done: Done, label: str, *, advisory: bool) -> Iterator[Answer]:
    at = f"{label}, step “{one_line(step.label, 60)}” (line {step.line})"
    value, condition = step.value.get("continue-on-error"), step.value.get("if")
    if done.told is not None:
        how = one_line(done.told, 80)
        yield no("workflow.fails", f"{at}: {how}; {_FAILS_OPEN}", "take it away", required=not advisory)
    elif value not in (None, False):
        yield unknown("workflow.fails", f"{at}: continue-on-error depends on the run", "take it away")
    else:
        yield yes("workflow.fails", f"{at}: its failure fails the job")
    if is_false(condition, known_on("pull_request")):
        yield no(
            "workflow.step-condition", f"{at}: left out on pull requests", "take its `if` away", required=not advisory
        )
    elif isinstance(condition, str) and _SUCCESS.search(condition):
        told = f"{at}: if: success() leaves it out when a step before it fails: then there is no verdict"
        yield no("workflow.step-condition", told, _ALWAYS)
    elif condition is not None and truth(condition) is not True and not _is_always(condition):
        told = f"{at}: it has a condition; where it is not met there is no verdict, and the job is green"
        yield unknown("workflow.step-condition", told, _ALWAYS)


def _is_always(condition: object) -> bool:
    """Whether a condition is `always()` or `!cancelled()` and nothing else."""
    plain = str(condition).replace(" ", "").removeprefix("${{").removesuffix("}}").lower()
    return plain in ("always()", "!cancelled()")


def _acts_of(workflow: Workflow, job: Job) -> list[tuple[Step, Done]]:
    """Return the steps of a job that reach a verdict, with why the failure of one may not count."""
    found = []
    for step in job.steps:
        alone = Job(job.id, Located(), job.line, job.end, (step,))
        acts = [done for done in do(workflow, alone, Repository({})).done if done.act.what == "gate"]
        if acts and _command(step) not in _NO_VERDICT:
            found.append((step, acts[0]))
    return found


def _command(step: Step) -> str:
    given = step.value.get("with")
    return text(given.get("command")) if isinstance(given, dict) else ""
