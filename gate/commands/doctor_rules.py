"""Whether a branch cannot be merged into without the gate, and whose word counts for that. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gate.commands.examination import Answer, no, unknown, yes
from gate.publish.forge_words import RequiredCheck
from gate.publish.identity import alike

ACTIONS_APP = 15368
"""The id of GitHub Actions among the apps of github.com; a GitHub Enterprise has another one."""
ACTIONS = "github-actions"
_RULES = "Settings › Rules › Rulesets › Require status checks to pass"


@dataclass(frozen=True, slots=True)
class Names:
    """Under which names a run speaks. `jobs` are those of the gate's own job, None where they are not known."""

    status: str
    check: str
    jobs: tuple[str, ...] | None
    branch: str


@dataclass(frozen=True, slots=True)
class Acting:
    """Who the token acts as: the slug of its app (None for a person, "" where unknown); whether this is github.com."""

    app: str | None
    on_github_com: bool


def rule_answers(
    required: Sequence[RequiredCheck], names: Names, acting: Acting, *, advisory: bool
) -> Iterator[Answer]:
    """Yield what the required checks of the base branch say."""
    status = [item for item in required if alike(item.context, names.status)]
    jobs = [item for item in required if any(alike(item.context, name) for name in names.jobs or ())]
    yield _required(status, names, blocked_by_job=bool(jobs), advisory=advisory)
    if status:
        yield _source(status, names, acting)
    yield _job(jobs, names)
    if any(alike(item.context, names.check) for item in required):
        yield no(
            "required.check_run",
            f"the check run “{names.check}” is required: a fork's run cannot make one, and waits for ever",
            f"require the status “{names.status}” instead",
        )
    if status or jobs:
        yield _anybody([*status, *jobs])


def _required(status: Sequence[RequiredCheck], names: Names, *, blocked_by_job: bool, advisory: bool) -> Answer:
    if status:
        by = ", ".join(sorted({item.by for item in status}))
        return yes("required.status", f"the status “{names.status}” is required on {names.branch} ({by})")
    mend = f"{_RULES}: add “{names.status}” for {names.branch} (it can be chosen once it was reported)"
    told = f"the status “{names.status}” is not required on {names.branch}"
    if blocked_by_job:
        return no("required.status", f"{told}; only the gate's own job is", mend)
    told += ", so the gate blocks no merge" if names.jobs is not None else ""
    return no("required.status", told, mend, required=not advisory)


def _source(status: Sequence[RequiredCheck], names: Names, acting: Acting) -> Answer:
    id_, apps = "required.source", {item.app_id for item in status}
    called = f"“{names.status}”"
    if None in apps:
        return no(id_, f"{called} is accepted from any source", f"{_RULES}: choose the app that sets it as its source")
    if apps == {ACTIONS_APP} and acting.on_github_com:
        if acting.app not in (ACTIONS, ""):
            return no(
                id_,
                f"{called} is accepted from GitHub Actions only, and this token does not act as GitHub Actions",
                "publish with the job's own token, or choose the app of this one as the source",
                required=True,
            )
        return yes(id_, f"{called} is accepted from GitHub Actions only")
    shown = ", ".join(str(app) for app in sorted(app for app in apps if app is not None))
    if acting.app == ACTIONS and acting.on_github_com:
        told = f"{called} is accepted from app {shown} only, and this token acts as GitHub Actions: it never counts"
        return no(id_, told, "publish with that app's token, or choose GitHub Actions as the source", required=True)
    return unknown(id_, f"{called} is accepted from app {shown} only; whether this token acts as that app is not known")


def _job(jobs: Sequence[RequiredCheck], names: Names) -> Answer:
    id_ = "required.job"
    if names.jobs is None:
        return unknown(id_, "whether the gate's own job is required is not known: what its check is called is not")
    called = ", ".join(f"“{name}”" for name in names.jobs)
    if jobs:
        return yes(id_, f"the gate's own job {called} is required on {names.branch}")
    told = f"the gate's own job {called} is not required on {names.branch}, so its exit code alone blocks nothing"
    return no(id_, told, f"{_RULES}: add {called}; it is there on a fork's pull request, too")


def _anybody(ours: Sequence[RequiredCheck]) -> Answer:
    id_ = "required.anybody"
    mend = (
        "a ruleset of the organisation that requires the workflow itself, an app of its own as the source, or "
        "code owners of /.github/ whose review is required"
    )
    if any(item.app_id is None for item in ours):
        told = "a check or status of the same name is accepted from anybody who may write to the repository"
        return no(id_, told, mend)
    if any(item.app_id == ACTIONS_APP for item in ours):
        told = "a check or status of the same name is accepted from any workflow, one that a pull request changes too"
        return no(id_, told, mend)
    return yes(id_, "a check or status of the same name is accepted from one app only, which is not GitHub Actions")
