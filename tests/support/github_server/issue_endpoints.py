"""Comments, reactions and the pages of issues."""

from __future__ import annotations

from tests.support.github_server import shapes, shapes_pulls
from tests.support.github_server.repository import Repository
from tests.support.github_server.routing import Call, endpoint
from tests.support.github_server.shapes import SITE
from tests.support.github_server.state import App, Comment, Pull, User, stamp
from tests.support.github_server.wire import (
    Json,
    Refusal,
    Response,
    as_json,
    invalid,
    not_accessible,
    page,
    text_of,
)

REPO = "/repos/{owner}/{repo}"
LONGEST = 65_536
READ, WRITE = "issues:read|pull_requests:read", "issues:write|pull_requests:write"


def add_comment(repo: Repository, number: int, body: str, user: User, app: App | None = None) -> Comment:
    """A comment as somebody else wrote it."""
    now = repo.world.tick()
    made = Comment(repo.world.take_id(), number, body, user, app, now, now)
    repo.comments[made.id] = made
    return made


def _body(call: Call) -> str:
    body = text_of(call.request.document(), "body")
    if not body.strip():
        raise invalid("IssueComment", "body", "missing_field", "body can't be blank")
    if len(body) > LONGEST:
        message = f"Body is too long (maximum is {LONGEST} characters)"
        raise invalid("IssueComment", "data", "unprocessable", message)
    return body


def _may_change(call: Call, comment: Comment) -> None:
    """Own comments always; others' with write access to the repository."""
    token = call.token
    if token is None or comment.user.login == token.user.login:
        return
    role = call.repo.collaborators.get(token.user.login.lower(), "none")
    if token.app is None and role not in ("admin", "maintain", "write"):
        raise not_accessible("issues=write; pull_requests=write", "personal access token")


@endpoint("GET", f"{REPO}/issues/{{issue_number}}/comments", READ)
def list_comments(call: Call) -> Response:
    number = call.issue().number
    found = sorted((one for one in call.repo.comments.values() if one.number == number), key=lambda one: one.id)
    since = call.request.query.get("since", "")
    shown = [one for one in found if stamp(one.updated) >= since]
    return page(call.request, [shapes_pulls.comment(call.at, call.repo, one) for one in shown])


@endpoint("POST", f"{REPO}/issues/{{issue_number}}/comments", WRITE)
def create_comment(call: Call) -> Response:
    issue = call.issue()
    if issue.locked and (call.token is None or call.token.app is not None):
        raise Refusal(403, "Unable to create comment because issue is locked.")
    body = _body(call)
    made = add_comment(call.repo, issue.number, body, call.user, call.token.app if call.token else None)
    return as_json(shapes_pulls.comment(call.at, call.repo, made), 201)


@endpoint("GET", f"{REPO}/issues/comments/{{comment_id}}", READ)
def get_comment(call: Call) -> Response:
    return as_json(shapes_pulls.comment(call.at, call.repo, call.comment()))


@endpoint("PATCH", f"{REPO}/issues/comments/{{comment_id}}", WRITE)
def update_comment(call: Call) -> Response:
    comment = call.comment()
    _may_change(call, comment)
    comment.body, comment.updated = _body(call), call.world.tick()
    return as_json(shapes_pulls.comment(call.at, call.repo, comment))


@endpoint("DELETE", f"{REPO}/issues/comments/{{comment_id}}", WRITE)
def delete_comment(call: Call) -> Response:
    comment = call.comment()
    _may_change(call, comment)
    del call.repo.comments[comment.id]
    return Response(204)


def _react(call: Call, reactions: list[tuple[int, str, User]]) -> Response:
    content = text_of(call.request.document(), "content")
    if content not in ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"):
        raise invalid("Reaction", "content", "invalid")
    for one in reactions:
        if one[1] == content and one[2] == call.user:
            return as_json(shapes_pulls.reaction(call.at, one, call.world.now))
    made = (call.world.take_id(), content, call.user)
    reactions.append(made)
    return as_json(shapes_pulls.reaction(call.at, made, call.world.tick()), 201)


@endpoint("POST", f"{REPO}/issues/comments/{{comment_id}}/reactions", WRITE)
def react_to_comment(call: Call) -> Response:
    return _react(call, call.comment().reactions)


@endpoint("POST", f"{REPO}/issues/{{issue_number}}/reactions", WRITE)
def react_to_issue(call: Call) -> Response:
    return _react(call, call.issue().reactions)


@endpoint("GET", f"{REPO}/issues/{{issue_number}}", READ)
def get_issue(call: Call) -> Response:
    return as_json(issue_shape(call.at, call.repo, call.issue()))


def issue_shape(at: str, repo: Repository, issue: Pull) -> Json:
    """An issue, or a pull request as an issue."""
    number = issue.number
    own = f"{at}/repos/{repo.full_name}"
    url = f"{own}/issues/{number}"
    pull = number in repo.pulls
    site = f"{SITE}/{repo.full_name}/{'pull' if pull else 'issues'}/{number}"
    found: Json = {
        "url": url,
        "repository_url": own,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": site,
        "id": 4_000_000 + number,
        "node_id": f"I_{number}",
        "number": number,
        "title": issue.title,
        "user": shapes.user(at, issue.user),
        "labels": [],
        "state": "open" if issue.is_open else "closed",
        "locked": issue.locked,
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "comments": sum(one.number == number for one in repo.comments.values()),
        "created_at": stamp(issue.created),
        "updated_at": stamp(issue.updated),
        "closed_at": None if issue.closed is None else stamp(issue.closed),
        "author_association": shapes_pulls.association(repo, issue.user),
        "active_lock_reason": None,
        "body": issue.body,
        "closed_by": None,
        "reactions": shapes_pulls.reactions(url, issue.reactions),
        "timeline_url": f"{url}/timeline",
        "performed_via_github_app": None,
        "state_reason": None,
    }
    if pull:
        api = f"{own}/pulls/{number}"
        merged = None if issue.merged is None else stamp(issue.merged)
        found["draft"] = issue.draft
        found["pull_request"] = {
            "url": api,
            "html_url": site,
            "diff_url": f"{site}.diff",
            "patch_url": f"{site}.patch",
            "merged_at": merged,
        }
    return found
