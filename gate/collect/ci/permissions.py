"""What the token of a job may do, as the workflow says. Pure.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#permissions: what is given at a job
stands in place of what is given at the top; a scope that is not named has no access as soon as one is.
"""

from __future__ import annotations

from gate.collect.ci.workflow import Job, Workflow
from gate.model.json import Json, JsonObject


def permission_facts(value: Json, *, given: bool) -> JsonObject:
    """Return what `permissions` says.

    `access` is `default` where nothing is given (the repository's setting decides), `none`, `read`, `write` (some
    scopes), `write-all`; `write` are the scopes that may be written to.
    """
    if not given:
        return {"given": False, "access": "default", "write": []}
    if isinstance(value, str):
        access = {"read-all": "read", "write-all": "write-all"}.get(value, "default")
        return {"given": access != "default", "access": access, "write": []}
    if isinstance(value, dict):
        write: list[Json] = [*sorted(scope for scope, access in value.items() if access == "write")]
        reads = any(access in ("read", "write") for access in value.values())
        return {"given": True, "access": "write" if write else "read" if reads else "none", "write": write}
    # `permissions:` with nothing behind it gives nothing, as `{}` does.
    return (
        {"given": True, "access": "none", "write": []}
        if value is None
        else {
            "given": False,
            "access": "default",
            "write": [],
        }
    )


def of_workflow(workflow: Workflow) -> JsonObject:
    """Return those at the top."""
    return permission_facts(workflow.value.get("permissions"), given="permissions" in workflow.value)


def of_job(workflow: Workflow, job: Job) -> JsonObject:
    """Return those that count for a job."""
    if "permissions" in job.value:
        return permission_facts(job.value["permissions"], given=True)
    return of_workflow(workflow)


def all_given(workflow: Workflow) -> bool:
    """Whether the token of every job is bounded by the workflow itself."""
    if of_workflow(workflow)["given"]:
        return True
    return bool(workflow.jobs) and all(of_job(workflow, job)["given"] for job in workflow.jobs)
