"""All facts of `ci`. Those that count findings are derived from the findings alone. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gate.collect.ci.doing import Doing, Repository, continued, do, judged_by
from gate.collect.ci.items import (
    DOES,
    counted,
    job_item,
    privileged_facts,
    scanner_items,
    swallowed_items,
    workflow_item,
)
from gate.collect.ci.known_commands import SCANS
from gate.collect.ci.privileged import PRIVILEGED
from gate.collect.ci.running import Running, how_they_run
from gate.collect.ci.scripts import ReadText, Scripts
from gate.collect.ci.takes import taken_by
from gate.collect.ci.uses import KINDS, uses_of_action, uses_of_workflow
from gate.collect.ci.workflow import LocalAction, Workflow, texts
from gate.model.finding import SEVERITIES, Finding
from gate.model.json import Json, JsonObject

ASKED_RULES = ("artipacked", "cache-poisoning", "dangerous-triggers", "github-env", "template-injection")
"""Rules of zizmor that are told of where they found nothing too."""
MOST = 20_000
"""Entries of one list of the facts."""


@dataclass(slots=True)
class Tree:
    """What the tree holds.

    `unparsable` are the workflows that could not be read, `tracked` is all that git tracks (None: not known), `cut`
    the lists of the facts that are not whole: name → how many there are.
    """

    workflows: list[Workflow] = field(default_factory=list)
    actions: list[LocalAction] = field(default_factory=list)
    updates: list[JsonObject] = field(default_factory=list)
    unparsable: set[str] = field(default_factory=set)
    tracked: Sequence[str] | None = None
    other: list[str] = field(default_factory=list)
    excluded: int = 0
    cut: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Lists:
    items: list[JsonObject] = field(default_factory=list)
    jobs: list[JsonObject] = field(default_factory=list)
    scanners: list[JsonObject] = field(default_factory=list)
    swallowed: list[JsonObject] = field(default_factory=list)
    uses: list[JsonObject] = field(default_factory=list)


def tree_facts(tree: Tree, read: ReadText | None = None) -> JsonObject:
    """Return what the files say. `read` gives the text of other files of the tree: scripts, the Makefile."""
    running = how_they_run(tree.workflows, all_known=not tree.unparsable, tracked=tree.tracked)
    own = _own(tree, running, read)
    lists = _Lists()
    for workflow in tree.workflows:
        _add(lists, workflow, running[workflow.path], own)
    for action in tree.actions:
        lists.uses += uses_of_action(action)
    swallowed = _once(lists.swallowed)
    inside = [item for item in swallowed if item["how"] != "continue-on-error"]
    flags = [certain for workflow in tree.workflows for _job, _step, _line, certain in continued(workflow)]
    facts: JsonObject = {
        "workflows": len(tree.workflows) + len(tree.unparsable),
        "unparsable": len(tree.unparsable),
        "never_run": sum(item["can_run"] is False for item in lists.items),
        "uncalled": sum(item["uncalled"] is True for item in lists.items),
        "jobs_never_run": sum("never" in item for item in lists.jobs),
        "local_actions": len(tree.actions),
        "with_permissions": sum(item["permissions_everywhere"] is True for item in lists.items),
        "write_all": _write_all(lists.jobs),
        "continue_on_error": sum(flags),
        "continue_on_error_conditional": len(flags) - sum(flags),
        "swallowed_failures": len(inside),
        "excluded": tree.excluded,
        "dependabot": any(item["works"] is True for item in tree.updates),
        "does": _does(lists.jobs),
        "scans": _scans(lists.scanners),
        "privileged": _privileged(lists.jobs),
    }
    facts |= _pins(lists.uses)
    for name, values in (
        ("items", lists.items),
        ("jobs", lists.jobs),
        ("scanners", lists.scanners),
        ("uses", lists.uses),
        ("steps_swallowed", swallowed),
        ("updates", tree.updates),
    ):
        facts[name] = [*values[:MOST]]
        if len(values) > MOST:
            tree.cut[name] = len(values)
    facts["other_files"] = [*sorted(tree.other)[:100]]
    return facts


def _own(tree: Tree, running: Mapping[str, Running], read: ReadText | None) -> Repository:
    actions = {action.folder: action for action in tree.actions}
    own = Repository(actions, Scripts(read) if read else None, {workflow.path for workflow in tree.workflows})
    judged = any(
        judged_by(workflow, job, own)
        for workflow in tree.workflows
        for job in workflow.jobs
        if job.id not in running[workflow.path].jobs
    )
    return replace(own, judged=judged)


def _privileged(jobs: Sequence[JsonObject]) -> JsonObject:
    on = Counter(str(event) for job in jobs for event in texts(job["privileged_events"]))
    return {
        "jobs": sum(job["privileged_events"] != [] for job in jobs),
        "with_code": sum(job["pull_request_code"] != "no" for job in jobs),
        **{event: on[event] for event in PRIVILEGED},
    }


def _add(lists: _Lists, workflow: Workflow, running: Running, own: Repository) -> None:
    lists.items.append(workflow_item(workflow, running))
    lists.uses += uses_of_workflow(workflow)
    for job in workflow.jobs:
        doing: Doing = do(workflow, job, own)
        events = running.events.get(job.id, frozenset())
        privileged = privileged_facts(job, events, taken_by(workflow, job, events, own))
        lists.jobs.append(job_item(workflow, job, running, doing) | privileged)
        lists.scanners += scanner_items(workflow, job, running, doing)
        lists.swallowed += swallowed_items(workflow, job, doing)


def _once(items: Iterable[JsonObject]) -> list[JsonObject]:
    """Return each place once: a local action is read for every job that uses it."""
    found: dict[tuple[Json, ...], JsonObject] = {}
    for item in items:
        found.setdefault((item["path"], item["line"], item["how"], item.get("command"), item.get("step")), item)
    return list(found.values())


def _pins(uses: Sequence[JsonObject]) -> JsonObject:
    pins = Counter(str(item["pin"]) for item in uses)
    digests = sum(item["pin"] == "docker" and item["digest"] is True for item in uses)
    return {
        "actions": {kind: pins[kind] for kind in KINDS},
        "actions_without_ref": pins["none"],
        "actions_local": pins["local"],
        "actions_docker": {"digest": digests, "tag": pins["docker"] - digests},
    }


def _write_all(jobs: Iterable[JsonObject]) -> int:
    found = 0
    for job in jobs:
        permissions = job["permissions"]
        found += isinstance(permissions, dict) and permissions["access"] == "write-all"
    return found


def _does(jobs: Sequence[JsonObject]) -> JsonObject:
    return {
        name: counted([job for job in jobs if job[name]], "tests_block" if name == "tests" else "")
        for _kind, name in DOES
    }


def _scans(scanners: Sequence[JsonObject]) -> JsonObject:
    classes = {name: [item for item in scanners if item["class"] == name] for name in SCANS}
    return {name: counted(items, "blocking") for name, items in classes.items()}


def finding_facts(findings: Sequence[Finding], audited: Mapping[str, str]) -> JsonObject:
    """Return the facts that count what zizmor found. `audited` are the files by path, with their sort."""
    told = [finding for finding in findings if finding.tool == "zizmor"]
    live = [finding for finding in told if not finding.suppressed]
    by_rule = Counter(finding.rule.removeprefix("zizmor.") for finding in live)
    sorts = ("workflow", "action", "updates")
    return {
        "audited": len(audited),
        "findings": _counts(live),
        "findings_in": {
            sort: _counts([finding for finding in live if finding.properties.get("sort") == sort]) for sort in sorts
        },
        "by_rule": dict(sorted({**dict.fromkeys(ASKED_RULES, 0), **by_rule}.items())),
        "suppressed": sum(finding.properties.get("silenced") is True for finding in told),
    }


def swallowed_findings(facts: JsonObject) -> list[Finding]:
    """Return a finding for each place where a failure is overlooked."""
    places = facts["steps_swallowed"]
    found: list[Finding] = []
    for place in places if isinstance(places, list) else ():
        assert isinstance(place, dict)
        how, line = str(place["how"]), place["line"]
        rule = "ci.continue-on-error" if how == "continue-on-error" else "ci.swallowed-failure"
        of = f" of {place['command']}" if "command" in place else ""
        message = f"{how} hides the failure{of}"
        found.append(Finding(rule, "low", message, "gate", str(place["path"]), line if isinstance(line, int) else None))
    return found


def _counts(findings: Iterable[Finding]) -> JsonObject:
    counts = Counter(finding.severity for finding in findings)
    return {severity: counts[severity] for severity in SEVERITIES}
