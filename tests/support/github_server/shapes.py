"""JSON objects as GitHub answers them: accounts, apps, repositories, commits. `at` is the URL of the API."""

from __future__ import annotations

from tests.support.github_server.git import Commit
from tests.support.github_server.people import World
from tests.support.github_server.repository import Repository
from tests.support.github_server.state import App, User, stamp
from tests.support.github_server.wire import Json

SITE = "https://github.com"
_USER_LINKS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
_REPO_LINKS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}


def user(at: str, who: User) -> Json:
    """An account."""
    path = who.login.replace("[", "%5B").replace("]", "%5D")
    return {
        "login": who.login,
        "id": who.id,
        "node_id": f"U_{who.id}",
        "avatar_url": f"https://avatars.githubusercontent.com/u/{who.id}?v=4",
        "gravatar_id": "",
        "url": f"{at}/users/{path}",
        "html_url": f"{SITE}/{who.login.removesuffix('[bot]')}",
        **{name: f"{at}/users/{path}{rest}" for name, rest in _USER_LINKS.items()},
        "type": who.type,
        "user_view_type": "public",
        "site_admin": False,
    }


def app(at: str, found: App, world: World) -> Json:
    """A GitHub App."""
    return {
        "id": found.id,
        "client_id": f"Iv1.{found.id:016x}",
        "slug": found.slug,
        "node_id": f"A_{found.id}",
        "owner": user(at, world.user("github" if found.slug == "github-actions" else f"{found.slug}-makers")),
        "name": found.name,
        "description": "",
        "external_url": f"https://apps.example/{found.slug}",
        "html_url": f"{SITE}/apps/{found.slug}",
        "created_at": "2018-07-30T09:30:17Z",
        "updated_at": "2024-04-10T20:33:16Z",
        "permissions": {"checks": "write", "contents": "read", "metadata": "read", "statuses": "write"},
        "events": ["check_run"],
    }


def minimal_repository(at: str, found: Repository) -> Json:
    """A repository as it stands inside other objects."""
    url = f"{at}/repos/{found.full_name}"
    return {
        "id": found.id,
        "node_id": f"R_{found.id}",
        "name": found.name,
        "full_name": found.full_name,
        "private": found.private,
        "owner": user(at, found.owner),
        "html_url": f"{SITE}/{found.full_name}",
        "description": "A shop",
        "fork": found.parent is not None,
        "url": url,
        **{name: url + rest for name, rest in _REPO_LINKS.items()},
    }


def repository(at: str, found: Repository) -> Json:
    """A repository as its own page and a branch of a pull request tell it."""
    open_count = sum(pull.is_open for pull in [*found.pulls.values(), *found.issues.values()])
    name = found.full_name
    return {
        **minimal_repository(at, found),
        "created_at": "2024-01-01T00:00:00Z",
        "updated_at": stamp(found.world.now),
        "pushed_at": stamp(found.world.now),
        "git_url": f"git://github.com/{name}.git",
        "ssh_url": f"git@github.com:{name}.git",
        "clone_url": f"{SITE}/{name}.git",
        "svn_url": f"{SITE}/{name}",
        "mirror_url": None,
        "homepage": None,
        "size": 108,
        "stargazers_count": 0,
        "watchers_count": 0,
        "language": "Python",
        "has_issues": True,
        "has_projects": True,
        "has_downloads": True,
        "has_wiki": True,
        "has_pages": False,
        "has_discussions": False,
        "forks_count": 0,
        "archived": False,
        "disabled": False,
        "open_issues_count": open_count,
        "license": None,
        "allow_forking": True,
        "is_template": False,
        "web_commit_signoff_required": False,
        "topics": [],
        "visibility": "private" if found.private else "public",
        "forks": 0,
        "open_issues": open_count,
        "watchers": 0,
        "default_branch": found.default_branch,
    }


def full_repository(at: str, found: Repository) -> Json:
    """A repository as GET /repos/{owner}/{repo} answers."""
    more: Json = {"network_count": 0, "subscribers_count": 0}
    if found.parent is not None:
        more |= {"parent": repository(at, found.parent), "source": repository(at, found.parent)}
    return {**repository(at, found), **more}


def verification() -> Json:
    """An unsigned commit's verification."""
    return {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}


def _person(found: Commit) -> Json:
    return {"name": found.author, "email": found.email, "date": stamp(found.time)}


def git_commit(at: str, repo: Repository, sha: str) -> Json:
    """A commit as the git database answers."""
    found = repo.objects.commit(sha)
    url = f"{at}/repos/{repo.full_name}/git"
    site = f"{SITE}/{repo.full_name}/commit"
    return {
        "sha": sha,
        "node_id": f"C_{sha}",
        "url": f"{url}/commits/{sha}",
        "html_url": f"{site}/{sha}",
        "author": _person(found),
        "committer": _person(found),
        "tree": {"sha": found.tree, "url": f"{url}/trees/{found.tree}"},
        "message": found.message,
        "parents": [
            {"sha": parent, "url": f"{url}/commits/{parent}", "html_url": f"{site}/{parent}"}
            for parent in found.parents
        ],
        "verification": verification(),
    }


def commit(at: str, repo: Repository, sha: str) -> Json:
    """A commit as the commits API answers, without files and statistics."""
    found = repo.objects.commit(sha)
    url = f"{at}/repos/{repo.full_name}"
    site = f"{SITE}/{repo.full_name}/commit"
    known = repo.world.users.get(found.author.lower())
    who = user(at, known) if known else None
    return {
        "sha": sha,
        "node_id": f"C_{sha}",
        "commit": {
            "author": _person(found),
            "committer": _person(found),
            "message": found.message,
            "tree": {"sha": found.tree, "url": f"{url}/git/trees/{found.tree}"},
            "url": f"{url}/git/commits/{sha}",
            "comment_count": 0,
            "verification": verification(),
        },
        "url": f"{url}/commits/{sha}",
        "html_url": f"{site}/{sha}",
        "comments_url": f"{url}/commits/{sha}/comments",
        "author": who,
        "committer": who,
        "parents": [
            {"sha": parent, "url": f"{url}/commits/{parent}", "html_url": f"{site}/{parent}"}
            for parent in found.parents
        ],
    }
