"""Workflow runs, their artefacts, and uploads to code scanning."""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import json
import re
import uuid
import zlib
from dataclasses import replace

from tests.support.github_server import shapes, shapes_checks
from tests.support.github_server.repository import Repository
from tests.support.github_server.routing import Call, endpoint
from tests.support.github_server.shapes import SITE
from tests.support.github_server.state import Artifact, Run, Sarif, stamp
from tests.support.github_server.storage import SIGNATURE
from tests.support.github_server.wire import (
    Json,
    Refusal,
    Response,
    as_json,
    malformed,
    not_found,
    page,
    redirect,
    text_of,
)

REPO = "/repos/{owner}/{repo}"
LARGEST_SARIF = 10 * 1024 * 1024
DAY = 86_400


def add_run(
    repo: Repository,
    sha: str,
    *,
    event: str = "pull_request",
    path: str = ".github/workflows/gate.yml",
    head: Repository | None = None,
    branch: str | None = None,
    status: str = "completed",
    conclusion: str | None = "success",
    id_: int | None = None,
) -> Run:
    """A run of a workflow on a commit; `head` is the fork that it came from."""
    world = repo.world
    numbers = sum(run.path == path for run in repo.runs.values())
    made = Run(
        id=id_ or world.take_id(),
        name=path.rpartition("/")[2].partition(".")[0],
        path=path,
        workflow_id=zlib.crc32(path.encode()),
        event=event,
        head_sha=sha,
        head_branch=branch,
        head_repo=head or repo,
        status=status,
        conclusion=conclusion if status == "completed" else None,
        number=numbers + 1,
        created=world.tick(),
    )
    repo.runs[made.id] = made
    return made


def add_artifact(repo: Repository, run: Run, name: str, data: bytes, *, digest: str | None = None) -> Artifact:
    """An artefact of a run: a zip, with its digest or a wrong one."""
    now = repo.world.tick()
    known = f"sha256:{hashlib.sha256(data).hexdigest()}"
    made = Artifact(repo.world.take_id(), run.id, name, data, now, now + 90 * DAY, digest or known)
    repo.artifacts[made.id] = made
    return made


def expire(repo: Repository, artifact: Artifact) -> None:
    """Let an artefact's days pass."""
    repo.artifacts[artifact.id] = replace(artifact, expired=True)


def _run(call: Call) -> Run:
    found = call.repo.runs.get(call.number("run_id"))
    if found is None:
        raise not_found()
    return found


def workflow_run(at: str, repo: Repository, run: Run) -> Json:
    """A run of a workflow."""
    url = f"{at}/repos/{repo.full_name}/actions/runs/{run.id}"
    head = repo.objects.commit(run.head_sha)
    person = {"name": head.author, "email": head.email}
    actor = shapes.user(at, run.head_repo.owner)
    started = stamp(run.created)
    return {
        "id": run.id,
        "name": run.name,
        "node_id": f"WFR_{run.id}",
        "check_suite_id": run.id + 1,
        "check_suite_node_id": f"CS_{run.id + 1}",
        "head_branch": run.head_branch,
        "head_sha": run.head_sha,
        "path": run.path,
        "run_number": run.number,
        "run_attempt": run.attempt,
        "referenced_workflows": [],
        "event": run.event,
        "status": run.status,
        "conclusion": run.conclusion,
        "workflow_id": run.workflow_id,
        "url": url,
        "html_url": f"{SITE}/{repo.full_name}/actions/runs/{run.id}",
        "pull_requests": shapes_checks.pulls_of(at, repo, run.head_sha) if run.head_repo is repo else [],
        "created_at": started,
        "updated_at": started,
        "actor": actor,
        "triggering_actor": actor,
        "run_started_at": started,
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{at}/repos/{repo.full_name}/check-suites/{run.id + 1}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": None if run.attempt == 1 else f"{url}/attempts/{run.attempt - 1}",
        "workflow_url": f"{at}/repos/{repo.full_name}/actions/workflows/{run.workflow_id}",
        "head_commit": {
            "id": run.head_sha,
            "tree_id": head.tree,
            "message": head.message,
            "timestamp": stamp(head.time),
            "author": person,
            "committer": person,
        },
        "repository": shapes.minimal_repository(at, repo),
        "head_repository": shapes.minimal_repository(at, run.head_repo),
        "display_title": head.message,
    }


@endpoint("GET", f"{REPO}/actions/runs", "actions:read")
def list_runs(call: Call) -> Response:
    query = call.request.query
    fits = {"head_sha": "head_sha", "event": "event", "branch": "head_branch"}
    found = [
        run
        for run in sorted(call.repo.runs.values(), key=lambda one: -one.created)
        if all(query[name] == getattr(run, of) for name, of in fits.items() if name in query)
        and query.get("status") in (None, run.status, run.conclusion)
    ]
    return page(call.request, [workflow_run(call.at, call.repo, run) for run in found], "workflow_runs")


@endpoint("GET", f"{REPO}/actions/runs/{{run_id}}", "actions:read")
def get_run(call: Call) -> Response:
    return as_json(workflow_run(call.at, call.repo, _run(call)))


@endpoint("POST", f"{REPO}/actions/runs/{{run_id}}/rerun", "actions:write")
@endpoint("POST", f"{REPO}/actions/runs/{{run_id}}/rerun-failed-jobs", "actions:write")
def rerun(call: Call) -> Response:
    run = _run(call)
    if run.status != "completed":
        raise Refusal(403, "This workflow is already running")
    run.attempt, run.status, run.conclusion = run.attempt + 1, "queued", None
    return as_json({}, 201)


# --- artefacts ---


def _artifact(call: Call, found: Artifact) -> Json:
    repo, run = call.repo, call.repo.runs[found.run]
    url = f"{call.at}/repos/{repo.full_name}/actions/artifacts/{found.id}"
    return {
        "id": found.id,
        "node_id": f"AR_{found.id}",
        "name": found.name,
        "size_in_bytes": len(found.data),
        "url": url,
        "archive_download_url": f"{url}/zip",
        "expired": found.expired,
        "digest": found.digest,
        "created_at": stamp(found.created),
        "updated_at": stamp(found.created),
        "expires_at": stamp(found.expires),
        "workflow_run": {
            "id": run.id,
            "repository_id": repo.id,
            "head_repository_id": run.head_repo.id,
            "head_branch": run.head_branch,
            "head_sha": run.head_sha,
        },
    }


@endpoint("GET", f"{REPO}/actions/runs/{{run_id}}/artifacts", "actions:read")
def list_artifacts(call: Call) -> Response:
    run, name = _run(call), call.request.query.get("name")
    found = [one for one in call.repo.artifacts.values() if one.run == run.id and name in (None, one.name)]
    newest_first = sorted(found, key=lambda one: -one.id)
    return page(call.request, [_artifact(call, one) for one in newest_first], "artifacts")


def _known_artifact(call: Call) -> Artifact:
    found = call.repo.artifacts.get(call.number("artifact_id"))
    if found is None:
        raise not_found()
    return found


@endpoint("GET", f"{REPO}/actions/artifacts/{{artifact_id}}", "actions:read")
def get_artifact(call: Call) -> Response:
    return as_json(_artifact(call, _known_artifact(call)))


@endpoint("GET", f"{REPO}/actions/artifacts/{{artifact_id}}/{{archive_format}}", "actions:read")
def download_artifact(call: Call) -> Response:
    found = _known_artifact(call)
    if call.token is None:
        raise Refusal(401, "Requires authentication")
    if found.expired:
        raise Refusal(410, "Artifact has expired")
    if call.parts["archive_format"] != "zip":
        raise not_found()
    return redirect(302, f"{call.storage}/artifacts/{found.id}?{SIGNATURE}")


# --- code scanning ---


@endpoint("POST", f"{REPO}/code-scanning/sarifs", "security_events:write")
def upload_sarif(call: Call) -> Response:
    body, repo = call.request.document(), call.repo
    if not repo.code_scanning:
        message = "Code scanning is not enabled for this repository."
        raise Refusal(403, f"{message} Please enable code scanning in the repository settings.")
    sha, ref, packed = text_of(body, "commit_sha"), text_of(body, "ref"), text_of(body, "sarif")
    if not re.fullmatch(r"[0-9a-f]{40}", sha):
        raise malformed(f"{sha[:50]} does not match /^[0-9a-fA-F]+$/.")
    if not repo.objects.has(sha):
        raise Refusal(404, "commit not found")
    if not re.fullmatch(r"refs/(heads|tags)/.+|refs/pull/\d+/(merge|head)", ref):
        raise malformed(f"{ref[:50]} does not match /^refs\\/(heads|tags|pull)\\/.*$/.")
    document, errors = _read_sarif(packed)
    made = Sarif(str(uuid.UUID(int=call.world.take_id())), sha, ref, document, errors, repo.sarif_polls)
    repo.sarifs[made.id] = made
    url = f"{call.at}/repos/{repo.full_name}/code-scanning/sarifs/{made.id}"
    return as_json({"id": made.id, "url": url}, 202)


def _read_sarif(packed: str) -> tuple[Json | None, list[str]]:
    """The document and the errors that processing finds; raises Refusal for what is no gzip in Base64."""
    try:
        raw = base64.b64decode(packed, validate=True)
    except binascii.Error:
        raise Refusal(400, "The SARIF field is not valid Base64") from None
    if len(raw) > LARGEST_SARIF:
        raise Refusal(413, "The SARIF upload is too large")
    try:
        document = json.loads(gzip.decompress(raw))
    except (OSError, EOFError, zlib.error):
        raise Refusal(400, "The SARIF field is not a gzip archive") from None
    except ValueError:
        return None, ["invalid json"]
    if not isinstance(document, dict) or document.get("version") != "2.1.0":
        return None, ["The SARIF version is not supported"]
    runs = document.get("runs", [])
    errors = ["rejecting SARIF, as there are more runs than allowed (20)"] if len(runs) > 20 else []
    if any(len(run.get("results", [])) > 25_000 for run in runs):
        errors.append("rejecting SARIF, as there are more results per run than allowed (25000)")
    return document, errors


@endpoint("GET", f"{REPO}/code-scanning/sarifs/{{sarif_id}}", "security_events:read")
def get_sarif(call: Call) -> Response:
    found = call.repo.sarifs.get(call.parts["sarif_id"])
    if found is None:
        raise not_found()
    if found.polls > 0:
        found.polls -= 1
        return as_json({"processing_status": "pending"})
    if found.errors:
        return as_json({"processing_status": "failed", "analyses_url": None, "errors": found.errors})
    url = f"{call.at}/repos/{call.repo.full_name}/code-scanning/analyses?sarif_id={found.id}"
    return as_json({"processing_status": "complete", "analyses_url": url, "errors": None})
