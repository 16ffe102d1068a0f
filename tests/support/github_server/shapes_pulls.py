"""JSON objects of pull requests, their comments and what they change."""

from __future__ import annotations

from difflib import unified_diff
from urllib.parse import quote

from tests.support.github_server import shapes
from tests.support.github_server.git import Files, Objects
from tests.support.github_server.repository import Repository
from tests.support.github_server.shapes import SITE
from tests.support.github_server.state import Comment, Pull, User, stamp
from tests.support.github_server.wire import Json

_LARGEST_PATCH = 20_000
_REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket")
"""All contents that a reaction can have."""


def association(repo: Repository, who: User) -> str:
    """What an account is to a repository."""
    if who.login == repo.owner.login:
        return "OWNER"
    known = repo.collaborators.get(who.login.lower(), "none")
    if known in ("admin", "write", "maintain"):
        return "MEMBER" if repo.owner.type == "Organization" else "COLLABORATOR"
    return "NONE"


def comment(at: str, repo: Repository, found: Comment) -> Json:
    """A comment on an issue or pull request."""
    url = f"{at}/repos/{repo.full_name}/issues"
    kind = "pull" if found.number in repo.pulls else "issues"
    return {
        "url": f"{url}/comments/{found.id}",
        "html_url": f"{SITE}/{repo.full_name}/{kind}/{found.number}#issuecomment-{found.id}",
        "issue_url": f"{url}/{found.number}",
        "id": found.id,
        "node_id": found.node_id,
        "user": shapes.user(at, found.user),
        "created_at": stamp(found.created),
        "updated_at": stamp(found.updated),
        "author_association": association(repo, found.user),
        "body": found.body,
        "reactions": reactions(f"{url}/comments/{found.id}", found.reactions),
        "performed_via_github_app": None if found.app is None else shapes.app(at, found.app, repo.world),
    }


def reactions(url: str, found: list[tuple[int, str, User]]) -> Json:
    """The counts of reactions."""
    counts = {name: sum(content == name for _, content, _ in found) for name in _REACTIONS}
    return {"url": f"{url}/reactions", "total_count": len(found), **counts}


def reaction(at: str, found: tuple[int, str, User], when: int) -> Json:
    """One reaction."""
    id_, content, who = found
    created = stamp(when)
    return {"id": id_, "node_id": f"REA_{id_}", "user": shapes.user(at, who), "content": content, "created_at": created}


def simple_pull(at: str, repo: Repository, pull: Pull) -> Json:
    """A pull request as a list tells it."""
    url = f"{at}/repos/{repo.full_name}"
    own, issue = f"{url}/pulls/{pull.number}", f"{url}/issues/{pull.number}"
    site = f"{SITE}/{repo.full_name}/pull/{pull.number}"
    links = {
        "self": own,
        "html": site,
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{own}/comments",
        "review_comment": f"{url}/pulls/comments{{/number}}",
        "commits": f"{own}/commits",
        "statuses": f"{url}/statuses/{pull.head_sha}",
    }
    return {
        "url": own,
        "id": 5_000_000 + pull.number,
        "node_id": f"PR_{repo.id}_{pull.number}",
        "html_url": site,
        "diff_url": f"{site}.diff",
        "patch_url": f"{site}.patch",
        "issue_url": issue,
        "number": pull.number,
        "state": "open" if pull.is_open else "closed",
        "locked": pull.locked,
        "title": pull.title,
        "user": shapes.user(at, pull.user),
        "body": pull.body,
        "created_at": stamp(pull.created),
        "updated_at": stamp(pull.updated),
        "closed_at": None if pull.closed is None else stamp(pull.closed),
        "merged_at": None if pull.merged is None else stamp(pull.merged),
        "merge_commit_sha": pull.merge_sha,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "labels": [],
        "milestone": None,
        "draft": pull.draft,
        "commits_url": links["commits"],
        "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"],
        "comments_url": links["comments"],
        "statuses_url": links["statuses"],
        "head": _side(at, pull.head_repo, pull.head_ref, pull.head_sha, pull),
        "base": _side(at, repo, pull.base_ref, pull.base_sha, pull),
        "_links": {name: {"href": link} for name, link in links.items()},
        "author_association": association(repo, pull.user),
        "auto_merge": None,
    }


def _side(at: str, repo: Repository | None, ref: str, sha: str, pull: Pull) -> Json:
    owner = None if repo is None else repo.owner
    return {
        "label": f"{owner.login if owner else pull.label_of_gone_head}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": None if owner is None else shapes.user(at, owner),
        "repo": None if repo is None else shapes.repository(at, repo),
    }


def pull(at: str, repo: Repository, found: Pull) -> Json:
    """A pull request as its own page tells it."""
    files = changed(at, repo, *pull_range(repo, found))
    own = commits_between(repo, found.base_sha, found.head_sha)
    clean = found.merge_sha is not None
    return {
        **simple_pull(at, repo, found),
        "merged": found.merged is not None,
        "mergeable": clean if found.is_open else None,
        "rebaseable": clean if found.is_open else None,
        "mergeable_state": "unknown" if not found.is_open else "clean" if clean else "dirty",
        "merged_by": None if found.merged_by is None else shapes.user(at, found.merged_by),
        "comments": sum(one.number == found.number for one in repo.comments.values()),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(own),
        "additions": sum(int(str(one["additions"])) for one in files),
        "deletions": sum(int(str(one["deletions"])) for one in files),
        "changed_files": len(files),
    }


def pull_range(repo: Repository, found: Pull) -> tuple[str, str]:
    """The commits that a pull request's files are told between: the merge base and the head."""
    return repo.objects.merge_base(found.base_sha, found.head_sha) or found.base_sha, found.head_sha


def commits_between(repo: Repository, base: str, head: str) -> list[str]:
    """The commits of the head that the base has not, oldest first."""
    known = set(repo.objects.history(base))
    return [sha for sha in repo.objects.history(head) if sha not in known][::-1]


def changed(at: str, repo: Repository, base: str, head: str) -> list[Json]:
    """The files that differ between two commits, by path; a moved file with the same content is `renamed`."""
    old = repo.objects.files(repo.objects.commit(base).tree)
    new = repo.objects.files(repo.objects.commit(head).tree)
    moves = _moves(old, new)
    gone = set(moves.values())
    paths = sorted(path for path in {*old, *new} if old.get(path) != new.get(path) and path not in gone)
    return [_file(at, repo, head, path, old, new, moves.get(path)) for path in paths]


def _moves(old: Files, new: Files) -> dict[str, str]:
    """New path → old path of files that only moved."""
    left = {entry: path for path, entry in sorted(old.items()) if path not in new}
    return {path: left.pop(entry) for path, entry in sorted(new.items()) if path not in old and entry in left}


def _file(at: str, repo: Repository, head: str, path: str, old: Files, new: Files, before: str | None) -> Json:
    status = "renamed" if before else "added" if path not in old else "removed" if path not in new else "modified"
    patch, plus, minus = _patch(repo.objects, old.get(before or path), new.get(path))
    entry = new.get(path) or old[path]
    name = quote(path)
    site = f"{SITE}/{repo.full_name}"
    found: Json = {
        "sha": entry[1],
        "filename": path,
        "status": status,
        "additions": plus,
        "deletions": minus,
        "changes": plus + minus,
        "blob_url": f"{site}/blob/{head}/{name}",
        "raw_url": f"{site}/raw/{head}/{name}",
        "contents_url": f"{at}/repos/{repo.full_name}/contents/{name}?ref={head}",
    }
    if before:
        found["previous_filename"] = before
    if patch is not None and len(patch) <= _LARGEST_PATCH and not before:
        found["patch"] = patch
    return found


def _patch(objects: Objects, old: tuple[str, str] | None, new: tuple[str, str] | None) -> tuple[str | None, int, int]:
    """The hunks of a file and how many lines were added and deleted; no hunks for what is not text."""
    texts = []
    for entry in (old, new):
        data = b"" if entry is None or entry[0] == "160000" else objects.get(entry[1], "blob")
        if b"\0" in data[:8000]:
            return None, 0, 0
        texts.append(data.decode("utf-8", "replace").splitlines())
    lines = list(unified_diff(texts[0], texts[1], lineterm=""))[2:]
    plus = sum(line.startswith("+") for line in lines)
    return "\n".join(lines) or None, plus, sum(line.startswith("-") for line in lines)
