"""Check runs and commit statuses, with GitHub's limits."""

from __future__ import annotations

import json

from tests.support.github_server import shapes, shapes_checks
from tests.support.github_server.annotations import check_output
from tests.support.github_server.repository import Repository
from tests.support.github_server.routing import Call, endpoint
from tests.support.github_server.state import App, CheckRun, Status, Suite, stamp
from tests.support.github_server.wire import (
    Json,
    Refusal,
    Response,
    as_json,
    invalid,
    malformed,
    page,
    text_of,
)

STATUSES = ("queued", "in_progress", "completed", "waiting", "requested", "pending")
CONCLUSIONS = ("action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out")
"""What an app may conclude; only GitHub itself says `stale`."""
SAME_NAME = 1000
REPO = "/repos/{owner}/{repo}"


def suite_for(repo: Repository, app: App, sha: str) -> Suite:
    """The first suite of an app on a commit, made when there is none: a job's token cannot choose its own."""
    for suite in repo.suites:
        if suite.app is app and suite.sha == sha:
            return suite
    return new_suite(repo, app, sha)


def new_suite(repo: Repository, app: App, sha: str) -> Suite:
    """One more suite of an app on a commit, as every workflow run of Actions makes one."""
    heads = [ref.removeprefix("refs/heads/") for ref, at in repo.refs.items() if at == sha and "/heads/" in ref]
    suite = Suite(repo.world.take_id(), app, sha, next(iter(heads), None), repo.world.tick())
    repo.suites.append(suite)
    return suite


def add_check(
    repo: Repository, app: App, sha: str, name: str, *, conclusion: str | None = "success", suite: Suite | None = None
) -> CheckRun:
    """A check run as another app, or another job, left it."""
    now = stamp(repo.world.tick())
    run = CheckRun(
        id=repo.world.take_id(),
        name=name,
        sha=sha,
        suite=suite or suite_for(repo, app, sha),
        status="completed" if conclusion else "in_progress",
        conclusion=conclusion,
        external_id="",
        details_url="",
        started=now,
        completed=now if conclusion else None,
    )
    _keep(repo, run)
    return run


def _keep(repo: Repository, run: CheckRun) -> None:
    repo.checks[run.id] = run
    twins = [one.id for one in repo.checks.values() if one.suite is run.suite and one.name == run.name]
    for id_ in twins[:-SAME_NAME]:
        del repo.checks[id_]


def _acting_app(call: Call) -> App:
    if call.token is None or call.token.app is None:
        raise Refusal(403, "You must authenticate via a GitHub App.")
    return call.token.app


@endpoint("POST", f"{REPO}/check-runs", "checks:write")
def create_check(call: Call) -> Response:
    body = call.request.document()
    app = _acting_app(call)
    name, sha = text_of(body, "name"), text_of(body, "head_sha")
    if len(sha) != 40 or not call.repo.objects.has(sha):
        raise Refusal(422, f"No commit found for SHA: {sha}")
    run = CheckRun(
        id=call.world.take_id(),
        name=name,
        sha=sha,
        suite=suite_for(call.repo, app, sha),
        status="queued",
        conclusion=None,
        external_id="",
        details_url="",
        started=stamp(call.world.tick()),
        completed=None,
    )
    _apply(call, run, body, creating=True)
    _keep(call.repo, run)
    return as_json(shapes_checks.check_run(call.at, call.repo, run), 201)


@endpoint("PATCH", f"{REPO}/check-runs/{{check_run_id}}", "checks:write")
def update_check(call: Call) -> Response:
    app, run, body = _acting_app(call), call.check(), call.request.document()
    if run.suite.app is not app:
        message = f"Invalid app_id `{app.id}` - check run can only be modified by the GitHub App that created it."
        raise Refusal(403, message)
    call.world.tick()
    _apply(call, run, body, creating=False)
    return as_json(shapes_checks.check_run(call.at, call.repo, run))


def _apply(call: Call, run: CheckRun, body: Json, *, creating: bool) -> None:
    """Check everything first, then change: a refused request changes nothing."""
    status = text_of(body, "status", run.status)
    conclusion = body.get("conclusion")
    if status not in STATUSES:
        raise malformed(f"{status} is not a member of {list(STATUSES)}.")
    if conclusion is not None and conclusion not in CONCLUSIONS:
        raise malformed(f"{conclusion} is not a member of {list(CONCLUSIONS)}.")
    if conclusion is None and body.get("status") == "completed" and run.conclusion is None:
        raise malformed('"conclusion" wasn\'t supplied.')
    output = check_output(body, creating=creating)
    if conclusion is not None or status == "completed":
        run.status, run.conclusion = "completed", str(conclusion or run.conclusion)
        run.completed = text_of(body, "completed_at", run.completed or stamp(call.world.now))
    elif "status" in body:
        run.status, run.conclusion, run.completed = status, None, None
    run.name = text_of(body, "name", run.name)
    run.external_id = text_of(body, "external_id", run.external_id)
    run.details_url = text_of(body, "details_url", run.details_url)
    run.started = text_of(body, "started_at", run.started or stamp(call.world.now))
    if output is not None:
        run.title = output.title or run.title
        run.summary = output.summary
        run.text = output.text if output.text is not None else run.text
        run.annotations += output.annotations


@endpoint("GET", f"{REPO}/check-runs/{{check_run_id}}", "checks:read")
def get_check(call: Call) -> Response:
    return as_json(shapes_checks.check_run(call.at, call.repo, call.check()))


@endpoint("GET", f"{REPO}/check-runs/{{check_run_id}}/annotations", "checks:read")
def list_annotations(call: Call) -> Response:
    run = call.check()
    return page(call.request, [shapes_checks.annotation(call.at, call.repo, run, one) for one in run.annotations])


@endpoint("GET", f"{REPO}/commits/{{ref}}/check-runs", "checks:read")
def list_checks(call: Call) -> Response:
    sha, query = call.commit(call.parts["ref"]), call.request.query
    runs = [run for run in call.repo.checks.values() if run.sha == sha]
    if query.get("filter", "latest") == "latest":
        runs = list({(run.suite.id, run.name): run for run in runs}.values())
    runs = [
        run
        for run in reversed(runs)
        if query.get("check_name") in (None, run.name)
        and query.get("app_id") in (None, str(run.suite.app.id))
        and query.get("status") in (None, run.status)
    ]
    return page(call.request, [shapes_checks.check_run(call.at, call.repo, run) for run in runs], "check_runs")


@endpoint("GET", f"{REPO}/commits/{{ref}}/check-suites", "checks:read")
def list_suites(call: Call) -> Response:
    sha = call.commit(call.parts["ref"])
    found = [suite for suite in call.repo.suites if suite.sha == sha]
    return page(call.request, [shapes_checks.suite(call.at, call.repo, suite) for suite in found], "check_suites")


# --- statuses ---


@endpoint("POST", f"{REPO}/statuses/{{sha}}", "statuses:write")
def create_status(call: Call) -> Response:
    body, sha = call.request.document(), call.parts["sha"]
    if not call.repo.objects.has(sha):
        raise Refusal(422, f"No commit found for SHA: {sha}")
    state = text_of(body, "state")
    if state not in ("error", "failure", "pending", "success"):
        raise invalid("Status", "state", "custom", "state is not included in the list")
    context = text_of(body, "context", "default")
    description = text_of(body, "description", "")
    if len(description) > 140:
        raise invalid("Status", "description", "custom", "description is too long (maximum is 140 characters)")
    if len(context) > 255:
        raise invalid("Status", "context", "custom", "context is too long (maximum is 255 characters)")
    same = [one for one in call.repo.statuses if one.sha == sha and one.context.lower() == context.lower()]
    if len(same) >= SAME_NAME:
        reason = "This SHA and context has reached the maximum number of statuses."
        raise invalid("Status", "sha", "custom", reason)
    made = Status(
        id=call.world.take_id(),
        sha=sha,
        state=state,
        context=context,
        description=description or None,
        target_url=text_of(body, "target_url", "") or None,
        creator=call.user,
        created=call.world.tick(),
    )
    call.repo.statuses.append(made)
    return as_json(shapes_checks.status(call.at, call.repo, made), 201)


@endpoint("GET", f"{REPO}/commits/{{ref}}/statuses", "statuses:read")
def list_statuses(call: Call) -> Response:
    sha = call.commit(call.parts["ref"])
    found = [one for one in reversed(call.repo.statuses) if one.sha == sha]
    return page(call.request, [shapes_checks.status(call.at, call.repo, one) for one in found])


@endpoint("GET", f"{REPO}/commits/{{ref}}/status", "statuses:read")
def combined_status(call: Call) -> Response:
    sha, repo = call.commit(call.parts["ref"]), call.repo
    latest = list({one.context.lower(): one for one in repo.statuses if one.sha == sha}.values())
    states = {one.state for one in latest}
    state = "failure" if states & {"error", "failure"} else "success" if states == {"success"} else "pending"
    url = f"{call.at}/repos/{repo.full_name}"
    listed = page(call.request, [shapes_checks.simple_status(call.at, repo, one) for one in latest], "statuses")
    more = {
        "state": state,
        "sha": sha,
        "repository": shapes.minimal_repository(call.at, repo),
        "commit_url": f"{url}/commits/{sha}",
        "url": f"{url}/commits/{sha}/status",
    }
    return as_json({**json.loads(listed.body), **more}, headers=listed.headers)
