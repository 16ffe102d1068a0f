"""Workflows and jobs as facts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gate.collect.ci.act import Act
from gate.collect.ci.doing import Doing, continued_in
from gate.collect.ci.expressions import PULL, unwrapped
from gate.collect.ci.known_commands import SCANS
from gate.collect.ci.permissions import all_given, of_job, of_workflow
from gate.collect.ci.privileged import runs_of_strangers, still_possible
from gate.collect.ci.running import Running
from gate.collect.ci.takes import Taken
from gate.collect.ci.triggers import trigger_facts
from gate.collect.ci.workflow import Job, Workflow, is_true, text, texts
from gate.collect.disk import printable
from gate.model.json import Json, JsonObject

DOES = (
    ("tests", "tests"),
    ("coverage", "coverage"),
    ("lint", "lints"),
    ("build_image", "builds_image"),
    ("push_image", "pushes_image"),
    ("deploy", "deploys"),
    ("rollback", "rolls_back"),
    ("smoke_test", "smoke_tests"),
    ("load_test", "load_tests"),
    ("sbom", "sbom"),
    ("sign", "signs"),
    ("release", "releases"),
    ("gate", "gate"),
)
"""What a job may do: kind of act → the name of its fact."""
_STAGES = ("prod", "stag", "live", "preprod", "uat")
_MOST = 100


def workflow_item(workflow: Workflow, running: Running) -> JsonObject:
    """Return what is told of a workflow."""
    item: JsonObject = {
        "kind": "workflow",
        "name": workflow.name[:200],
        "path": printable(workflow.path),
        "line": workflow.line,
        "triggers": [
            trigger_facts(event, given, running.silent.get(event))
            for event, given in list(workflow.events.items())[:_MOST]
        ],
        "events": [*list(workflow.events)[:_MOST]],
        "jobs": len(workflow.jobs),
        "permissions": of_workflow(workflow),
        "permissions_everywhere": all_given(workflow),
        "can_run": running.never is None,
        "uncalled": running.uncalled,
        "concurrency": "concurrency" in workflow.value or _every_job(workflow, "concurrency"),
        "cancels": _cancels(workflow.value.get("concurrency")),
    }
    if running.never is not None:
        item["never"] = running.never
    return item


def _every_job(workflow: Workflow, key: str) -> bool:
    return bool(workflow.jobs) and all(key in job.value for job in workflow.jobs)


def _cancels(value: Json) -> bool:
    return isinstance(value, dict) and value.get("cancel-in-progress") not in (None, False, "false")


def job_item(workflow: Workflow, job: Job, running: Running, doing: Doing) -> JsonObject:
    """Return what is told of a job."""
    value = job.value
    events = running.events.get(job.id, frozenset())
    never = running.jobs.get(job.id)
    item: JsonObject = {
        "kind": "job",
        "name": job.id[:200],
        "workflow": workflow.name[:200],
        "path": printable(workflow.path),
        "line": job.line,
        "needs": [*job.needs[:_MOST]],
        "runs_on": [*_runs_on(value.get("runs-on"))],
        "reusable": bool(job.uses),
        "steps": len(job.steps),
        "can_run": never is None and not running.uncalled and bool(events),
        "never_runs": never is not None,
        "events": [*sorted(events)],
        "on_pull_request": bool(events & PULL),
        "permissions": of_job(workflow, job),
        "timeout_given": "timeout-minutes" in value,
        "continue_on_error": is_true(value.get("continue-on-error")),
        "matrix": isinstance(value.get("strategy"), dict) and "matrix" in _object(value["strategy"]),
        "concurrency": "concurrency" in value or "concurrency" in workflow.value,
    }
    item |= _optional(job, never)
    return item | _does(job, doing, events & PULL)


def privileged_facts(job: Job, events: frozenset[str], taken: Taken | None) -> JsonObject:
    """Return on which events strangers start a job that has the repository's rights, and whether it takes in code."""
    runs = still_possible(job.value.get("if"), runs_of_strangers(events))
    found: JsonObject = {
        "privileged_events": [*dict.fromkeys(run["github.event_name"] for run in runs)],
        "pull_request_code": "no" if taken is None else "yes" if taken.certain else "unknown",
    }
    if taken is not None:
        found["takes_in"] = taken.sentence[:500]
    return found


def _optional(job: Job, never: str | None) -> JsonObject:
    found: JsonObject = {}
    minutes = job.value.get("timeout-minutes")
    if isinstance(minutes, int | float) and not isinstance(minutes, bool):
        found["timeout_minutes"] = minutes
    environment = job.value.get("environment")
    name = text(environment) or text(_object(environment).get("name"))
    if name:
        found["environment"] = name[:200]
    for key, given in (("if", job.value.get("if")), ("uses", job.uses)):
        if given not in (None, ""):
            found[key] = str(given)[:300]
    if never is not None:
        found["never"] = never
    return found


def _does(job: Job, doing: Doing, pull: frozenset[str]) -> JsonObject:
    what = doing.what()
    facts: JsonObject = {name: kind in what for kind, name in DOES}
    if doing.real:
        # A body that does something makes a job what its name says, where no known tool is at work.
        facts["rolls_back"] = facts["rolls_back"] or "rollback" in job.id.lower().replace("-", "").replace("_", "")
        environment = job.value.get("environment")
        name = (text(environment) or text(_object(environment).get("name"))).lower()
        facts["deploys"] = facts["deploys"] or (name.startswith(_STAGES) and not facts["rolls_back"])
    blocking = {done.act.by for done in doing.done if done.act.what in SCANS and done.told is None}
    scanners = {done.act.by for done in doing.done if done.act.what in SCANS}
    facts["scanners"] = [*sorted(scanners)]
    facts["scanners_not_blocking"] = [*sorted(scanners - blocking)]
    tests = [done for done in doing.done if done.act.what == "tests" and done.told is None]
    facts["tests_block"] = bool(tests)
    facts["tests_block_on_pull_request"] = any(pull - done.not_on for done in tests)
    return facts


def scanner_items(workflow: Workflow, job: Job, running: Running, doing: Doing) -> Iterable[JsonObject]:
    """Yield one item per scanner of a job, each class of it."""
    events = running.events.get(job.id, frozenset())
    can_run = job.id not in running.jobs and not running.uncalled and bool(events)
    found: dict[tuple[str, str], JsonObject] = {}
    for done in doing.done:
        if not done.act.is_scan:
            continue
        key = (done.act.what, done.act.by)
        item: JsonObject = {
            "kind": "scanner",
            "name": done.act.by,
            "class": done.act.what,
            "path": printable(done.path),
            "line": done.line,
            "workflow": workflow.name[:200],
            "job": job.id[:200],
            "step": done.step[:200],
            "can_run": can_run,
            "events": [*sorted(events)],
            "on_pull_request": bool((events & PULL) - done.not_on),
            "blocking": done.told is None,
        }
        if done.told is not None:
            item["why_not"] = done.told[:200]
        # One run that blocks is enough, whatever another one of the job is for.
        if key not in found or _worth(item) > _worth(found[key]):
            found[key] = item
    return found.values()


def _worth(item: JsonObject) -> tuple[bool, bool]:
    return item["blocking"] is True, item["on_pull_request"] is True


def swallowed_items(workflow: Workflow, job: Job, doing: Doing) -> Iterable[JsonObject]:
    """Yield the failures that scripts of a job hide."""
    for hidden in doing.hidden:
        yield _swallowed(hidden.path, hidden.line, job.id, hidden.step, hidden.how, hidden.command, hidden.acts)
    for _id, step, line, certain in continued_in(job, workflow.source):
        if certain:
            yield _swallowed(workflow.path, line, job.id, step, "continue-on-error", "", ())


def _swallowed(path: str, line: int, job: str, step: str, how: str, command: str, acts: tuple[Act, ...]) -> JsonObject:
    item: JsonObject = {"kind": "step", "name": (step or job)[:200], "path": printable(path), "line": line}
    does: list[Json] = [*sorted({act.what for act in acts})]
    item |= {"job": job[:200], "how": how, "does": does}
    if step:
        item["step"] = step[:200]
    if command:
        item["command"] = command
    return item


def counted(items: Iterable[Mapping[str, Json]], blocks: str = "") -> JsonObject:
    """Return how many can run at all, on pull requests, and not at all, of jobs (or scanners) that do something.

    `blocks` names the fact that says whether what they find ends the job; then those are counted too.
    """
    every = list(items)
    able = [item for item in every if item["can_run"]]
    counts: JsonObject = {
        "jobs": len(able),
        "on_pull_request": sum(item["on_pull_request"] is True for item in able),
        "never": len(every) - len(able),
    }
    if blocks:
        counts["blocking"] = sum(item[blocks] is True for item in able)
        counts["blocking_on_pull_request"] = sum(
            item[blocks] is True and item.get(f"{blocks}_on_pull_request", item["on_pull_request"]) is True
            for item in able
        )
    return counts


def _runs_on(value: Json) -> list[str]:
    if isinstance(value, dict):
        return [*texts(value.get("labels")), *texts(value.get("group"))][:20]
    return [each[:200] for each in texts(value)[:20] if unwrapped(each) is not None]


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}
