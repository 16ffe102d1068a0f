"""Repositories, branches and their rules, commits, archives, people with access."""

from __future__ import annotations

from tests.support.github_server import shapes, shapes_pulls
from tests.support.github_server.repository import Repository
from tests.support.github_server.routing import Call, endpoint
from tests.support.github_server.shapes import SITE
from tests.support.github_server.storage import SIGNATURE
from tests.support.github_server.wire import Json, Refusal, Response, as_json, not_found, page, redirect, text_of

REPO = "/repos/{owner}/{repo}"
_ROLES = {"maintain": "write", "triage": "read"}
"""Roles whose permission has another name in the old field."""


@endpoint("GET", REPO, "metadata:read")
def get_repository(call: Call) -> Response:
    return as_json(shapes.full_repository(call.at, call.repo))


@endpoint("GET", "/repositories/{repository_id}")
def get_repository_by_id(call: Call) -> Response:
    """Where the redirect of a renamed repository leads."""
    for found in call.world.repositories.values():
        if found.id == call.number("repository_id"):
            return as_json(shapes.full_repository(call.at, found))
    raise not_found()


@endpoint("GET", f"{REPO}/commits", "contents:read")
def list_commits(call: Call) -> Response:
    start = call.request.query.get("sha", call.repo.default_branch)
    history = call.repo.objects.history(call.commit(start, 404))
    return page(call.request, history, make=lambda sha: shapes.commit(call.at, call.repo, str(sha)))


@endpoint("GET", f"{REPO}/commits/{{ref}}", "contents:read")
def get_commit(call: Call) -> Response:
    repo, sha = call.repo, call.commit(call.parts["ref"])
    if "vnd.github.sha" in call.request.headers.get("accept", ""):
        return Response(200, sha.encode(), {"Content-Type": "application/vnd.github.sha; charset=utf-8"})
    parents = repo.objects.commit(sha).parents
    files = shapes_pulls.changed(call.at, repo, parents[0], sha) if parents else []
    plus, minus = (sum(int(str(one[name])) for one in files) for name in ("additions", "deletions"))
    stats = {"total": plus + minus, "additions": plus, "deletions": minus}
    return as_json({**shapes.commit(call.at, repo, sha), "stats": stats, "files": files[:300]})


@endpoint("GET", f"{REPO}/tarball/{{ref}}", "contents:read")
def tarball(call: Call) -> Response:
    sha = call.commit(call.parts["ref"], 404)
    return redirect(302, f"{call.storage}/archives/{call.repo.id}/{sha}?{SIGNATURE}")


@endpoint("GET", f"{REPO}/collaborators/{{username}}/permission", "metadata:read")
def permission(call: Call) -> Response:
    if call.token is None:
        raise Refusal(401, "Requires authentication")
    login = call.parts["username"]
    who = call.world.users.get(login.lower())
    if who is None:
        raise Refusal(404, f"{login} is not a user")
    own = who.login == call.repo.owner.login
    role = "admin" if own else call.repo.collaborators.get(login.lower(), "none" if call.repo.private else "read")
    granted = _ROLES.get(role, role)
    levels = ("pull", "triage", "push", "maintain", "admin")
    reach = {"none": 0, "read": 1, "triage": 2, "write": 3, "maintain": 4, "admin": 5}[role]
    flags = {name: at < reach for at, name in enumerate(levels)}
    account = {**shapes.user(call.at, who), "permissions": flags, "role_name": role}
    return as_json({"permission": granted, "role_name": role, "user": account})


@endpoint("POST", f"{REPO}/keys", "administration:write")
def create_key(call: Call) -> Response:
    """A deploy key, which nobody here has any use for: every request for one is refused."""
    text_of(call.request.document(), "key")
    raise Refusal(422, "Validation Failed")


# --- branches ---


def protect(repo: Repository, branch: str, contexts: list[str], app_id: int | None = None) -> None:
    """Protect a branch the old way, with these required checks."""
    checks = [{"context": name, "app_id": app_id} for name in contexts]
    repo.protection[branch] = {"strict": False, "contexts": contexts, "checks": checks}


def require_by_ruleset(repo: Repository, branch: str, contexts: list[str], integration_id: int | None = None) -> None:
    """Require checks on a branch by a ruleset of the repository."""
    checks = [
        {"context": name} if integration_id is None else {"context": name, "integration_id": integration_id}
        for name in contexts
    ]
    parameters = {
        "strict_required_status_checks_policy": False,
        "do_not_enforce_on_create": False,
        "required_status_checks": checks,
    }
    add_rule(repo, branch, {"type": "required_status_checks", "parameters": parameters})


def add_rule(repo: Repository, branch: str, rule: Json) -> None:
    """Add any rule of a ruleset to a branch."""
    source = {"ruleset_source_type": "Repository", "ruleset_source": repo.full_name, "ruleset_id": 42}
    repo.rules.setdefault(branch, []).append({**rule, **source})


def _branch(call: Call) -> str:
    """The branch of the path; raises Refusal 404 when it is not there."""
    name = call.parts["branch"]
    if f"refs/heads/{name}" not in call.repo.refs:
        raise Refusal(404, "Branch not found")
    return name


def _short_protection(repo: Repository, name: str) -> Json:
    found = repo.protection.get(name)
    if found is None:
        return {"enabled": False, "required_status_checks": {"enforcement_level": "off", "contexts": [], "checks": []}}
    checks = {"enforcement_level": "non_admins", "contexts": found["contexts"], "checks": found["checks"]}
    return {"enabled": True, "required_status_checks": checks}


@endpoint("GET", f"{REPO}/branches", "contents:read")
def list_branches(call: Call) -> Response:
    repo, url = call.repo, f"{call.at}/repos/{call.repo.full_name}"
    names = sorted(ref.removeprefix("refs/heads/") for ref in repo.refs if ref.startswith("refs/heads/"))
    found = [
        {
            "name": name,
            "commit": {"sha": repo.branch(name), "url": f"{url}/commits/{repo.branch(name)}"},
            "protected": name in repo.protection or bool(repo.rules.get(name)),
        }
        for name in names
    ]
    return page(call.request, found)


@endpoint("GET", f"{REPO}/branches/{{branch}}", "contents:read")
def get_branch(call: Call) -> Response:
    repo, name = call.repo, _branch(call)
    url = f"{call.at}/repos/{repo.full_name}/branches/{name}"
    return as_json(
        {
            "name": name,
            "commit": shapes.commit(call.at, repo, repo.branch(name)),
            "_links": {"self": url, "html": f"{SITE}/{repo.full_name}/tree/{name}"},
            "protected": name in repo.protection or bool(repo.rules.get(name)),
            "protection": _short_protection(repo, name),
            "protection_url": f"{url}/protection",
        }
    )


@endpoint("GET", f"{REPO}/branches/{{branch}}/protection", "administration:read")
def get_protection(call: Call) -> Response:
    name = _branch(call)
    found = call.repo.protection.get(name)
    if found is None:
        raise Refusal(404, "Branch not protected")
    url = f"{call.at}/repos/{call.repo.full_name}/branches/{name}/protection"
    off = {"enabled": False}
    return as_json(
        {
            "url": url,
            "required_status_checks": {
                "url": f"{url}/required_status_checks",
                "contexts_url": f"{url}/required_status_checks/contexts",
                **found,
            },
            "enforce_admins": {"url": f"{url}/enforce_admins", **off},
            "required_linear_history": off,
            "allow_force_pushes": off,
            "allow_deletions": off,
            "block_creations": off,
            "required_conversation_resolution": off,
            "lock_branch": off,
            "allow_fork_syncing": off,
            "required_signatures": {"url": f"{url}/required_signatures", **off},
        }
    )


@endpoint("GET", f"{REPO}/rules/branches/{{branch}}", "metadata:read")
def get_rules(call: Call) -> Response:
    """The rules of rulesets; also for a branch that is not there yet."""
    return page(call.request, call.repo.rules.get(call.parts["branch"], []))
