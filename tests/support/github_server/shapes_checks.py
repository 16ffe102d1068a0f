"""JSON objects of check runs, suites, annotations and statuses."""

from __future__ import annotations

from tests.support.github_server import shapes
from tests.support.github_server.repository import Repository
from tests.support.github_server.shapes import SITE
from tests.support.github_server.state import CheckRun, Status, Suite, stamp
from tests.support.github_server.wire import Json


def pulls_of(at: str, repo: Repository, sha: str) -> list[Json]:
    """The open pull requests of a head in the short form that checks and runs tell; none for a fork's."""
    found = []
    for pull in repo.pulls.values():
        if pull.is_open and pull.head_sha == sha and pull.head_repo is repo:
            own: Json = {"id": repo.id, "url": f"{at}/repos/{repo.full_name}", "name": repo.name}
            found.append(
                {
                    "id": 5_000_000 + pull.number,
                    "number": pull.number,
                    "url": f"{at}/repos/{repo.full_name}/pulls/{pull.number}",
                    "head": {"ref": pull.head_ref, "sha": pull.head_sha, "repo": own},
                    "base": {"ref": pull.base_ref, "sha": pull.base_sha, "repo": own},
                }
            )
    return found


def check_run(at: str, repo: Repository, found: CheckRun) -> Json:
    """A check run."""
    url = f"{at}/repos/{repo.full_name}/check-runs/{found.id}"
    return {
        "id": found.id,
        "name": found.name,
        "node_id": f"CR_{found.id}",
        "head_sha": found.sha,
        "external_id": found.external_id,
        "url": url,
        "html_url": f"{SITE}/{repo.full_name}/runs/{found.id}",
        "details_url": found.details_url or f"{SITE}/{repo.full_name}/runs/{found.id}",
        "status": found.status,
        "conclusion": found.conclusion,
        "started_at": found.started,
        "completed_at": found.completed,
        "output": {
            "title": found.title,
            "summary": found.summary,
            "text": found.text,
            "annotations_count": len(found.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": found.suite.id},
        "app": shapes.app(at, found.suite.app, repo.world),
        "pull_requests": pulls_of(at, repo, found.sha),
    }


def annotation(at: str, repo: Repository, found: CheckRun, one: Json) -> Json:
    """An annotation of a check run."""
    keys = (
        "start_line",
        "end_line",
        "start_column",
        "end_column",
        "annotation_level",
        "title",
        "message",
        "raw_details",
    )
    path = str(one["path"])
    blob = f"{SITE}/{repo.full_name}/blob/{found.sha}/{path}"
    return {"path": path, "blob_href": blob, **{key: one.get(key) for key in keys}}


def suite(at: str, repo: Repository, found: Suite) -> Json:
    """A check suite."""
    url = f"{at}/repos/{repo.full_name}/check-suites/{found.id}"
    runs = [run for run in repo.checks.values() if run.suite is found]
    done = bool(runs) and all(run.status == "completed" for run in runs)
    worst = next((run.conclusion for run in runs if run.conclusion != "success"), "success")
    head = repo.objects.commit(found.sha)
    person = {"name": head.author, "email": head.email}
    return {
        "id": found.id,
        "node_id": f"CS_{found.id}",
        "head_branch": found.branch,
        "head_sha": found.sha,
        "status": "completed" if done else "in_progress" if runs else "queued",
        "conclusion": worst if done else None,
        "url": url,
        "before": None,
        "after": found.sha,
        "pull_requests": pulls_of(at, repo, found.sha),
        "app": shapes.app(at, found.app, repo.world),
        "repository": shapes.minimal_repository(at, repo),
        "created_at": stamp(found.created),
        "updated_at": stamp(found.created),
        "head_commit": {
            "id": found.sha,
            "tree_id": head.tree,
            "message": head.message,
            "timestamp": stamp(head.time),
            "author": person,
            "committer": person,
        },
        "latest_check_runs_count": len(runs),
        "check_runs_url": f"{url}/check-runs",
    }


def simple_status(at: str, repo: Repository, found: Status) -> Json:
    """A status without its author."""
    return {
        "url": f"{at}/repos/{repo.full_name}/statuses/{found.sha}",
        "avatar_url": f"https://avatars.githubusercontent.com/u/{found.creator.id}?v=4",
        "id": found.id,
        "node_id": f"SC_{found.id}",
        "state": found.state,
        "description": found.description,
        "target_url": found.target_url,
        "context": found.context,
        "created_at": stamp(found.created),
        "updated_at": stamp(found.created),
    }


def status(at: str, repo: Repository, found: Status) -> Json:
    """A status with its author."""
    return {**simple_status(at, repo, found), "creator": shapes.user(at, found.creator)}
