"""Pull requests, their files and commits, and comparisons."""

from __future__ import annotations

from tests.support.github_server import shapes, shapes_pulls
from tests.support.github_server.repository import Repository
from tests.support.github_server.routing import Call, endpoint
from tests.support.github_server.shapes import SITE
from tests.support.github_server.state import Pull
from tests.support.github_server.wire import Refusal, Response, as_json, invalid, not_found, page, text_of

REPO = "/repos/{owner}/{repo}"
FILES_OF_A_PULL = 3000
FILES_OF_A_COMPARISON = 300
COMMITS_OF_A_COMPARISON = 250
COMMITS_OF_A_PULL = 250


@endpoint("GET", f"{REPO}/pulls", "pull_requests:read")
def list_pulls(call: Call) -> Response:
    query = call.request.query
    state, head, base = query.get("state", "open"), query.get("head"), query.get("base")

    def wanted(pull: Pull) -> bool:
        label = f"{pull.head_repo.owner.login if pull.head_repo else pull.label_of_gone_head}:{pull.head_ref}"
        # A head without an owner is ignored, as GitHub does: the list is then not filtered by it.
        fits = head is None or ":" not in head or head.lower() == label.lower()
        return fits and base in (None, pull.base_ref) and state in ("all", "open" if pull.is_open else "closed")

    found = sorted((pull for pull in call.repo.pulls.values() if wanted(pull)), key=lambda pull: -pull.number)
    return page(call.request, [shapes_pulls.simple_pull(call.at, call.repo, pull) for pull in found])


@endpoint("POST", f"{REPO}/pulls", "pull_requests:write")
def create_pull(call: Call) -> Response:
    body, repo = call.request.document(), call.repo
    head, base, title = text_of(body, "head"), text_of(body, "base"), text_of(body, "title", "")
    owner, _, branch = head.rpartition(":")
    source = call.world.repositories.get(f"{owner}/{repo.name}".lower()) if owner else repo
    if source is None or f"refs/heads/{branch}" not in source.refs:
        raise invalid("PullRequest", "head", "invalid")
    if f"refs/heads/{base}" not in repo.refs:
        raise invalid("PullRequest", "base", "invalid")
    if not title:
        raise invalid("PullRequest", "title", "missing_field")
    if not shapes_pulls.commits_between(repo, repo.branch(base), source.branch(branch)):
        raise invalid("PullRequest", "base", "custom", f"No commits between {base} and {branch}")
    same = (branch, base, source)
    if any(one.is_open and (one.head_ref, one.base_ref, one.head_repo) == same for one in repo.pulls.values()):
        label = f"{source.owner.login}:{branch}"
        raise invalid("PullRequest", "base", "custom", f"A pull request already exists for {label}.")
    fork = None if source is repo else source
    text = text_of(body, "body", "") or None
    made = repo.open_pull(
        branch, base, title=title, body=text, fork=fork, user=call.user, draft=bool(body.get("draft"))
    )
    return as_json(shapes_pulls.pull(call.at, repo, made), 201)


@endpoint("GET", f"{REPO}/pulls/{{pull_number}}", "pull_requests:read")
def get_pull(call: Call) -> Response:
    return as_json(shapes_pulls.pull(call.at, call.repo, call.pull()))


@endpoint("GET", f"{REPO}/pulls/{{pull_number}}/files", "pull_requests:read")
def list_files(call: Call) -> Response:
    files = shapes_pulls.changed(call.at, call.repo, *shapes_pulls.pull_range(call.repo, call.pull()))
    return page(call.request, files, cap=FILES_OF_A_PULL)


@endpoint("GET", f"{REPO}/pulls/{{pull_number}}/commits", "pull_requests:read")
def list_pull_commits(call: Call) -> Response:
    pull = call.pull()
    own = shapes_pulls.commits_between(call.repo, pull.base_sha, pull.head_sha)
    return page(call.request, [shapes.commit(call.at, call.repo, sha) for sha in own], cap=COMMITS_OF_A_PULL)


@endpoint("GET", f"{REPO}/commits/{{commit_sha}}/pulls", "pull_requests:read")
def pulls_of_commit(call: Call) -> Response:
    """The merged pull request that brought a commit, or the open ones that it is in.

    A commit of a fork is of no branch of this repository: GitHub tells none for it.
    """
    sha, repo = call.commit(call.parts["commit_sha"]), call.repo

    def holds(pull: Pull) -> bool:
        if pull.merged:
            return sha == pull.merge_sha or sha in shapes_pulls.commits_between(repo, pull.base_sha, pull.head_sha)
        own = pull.is_open and pull.head_repo is repo
        return own and sha in shapes_pulls.commits_between(repo, pull.base_sha, pull.head_sha)

    found = [pull for pull in repo.pulls.values() if holds(pull)]
    return page(call.request, [shapes_pulls.simple_pull(call.at, repo, pull) for pull in found])


def _side(call: Call, name: str) -> str:
    owner, _, revision = name.rpartition(":")
    repository: Repository | None = call.repo
    if owner:
        repository = call.world.repositories.get(f"{owner.partition(':')[0]}/{call.repo.name}".lower())
    try:
        if repository is None:
            raise not_found()
        return repository.resolve(revision)
    except KeyError:
        raise not_found() from None


@endpoint("GET", f"{REPO}/compare/{{basehead}}", "contents:read")
def compare(call: Call) -> Response:
    left, dots, right = call.parts["basehead"].partition("...")
    if not dots:
        raise not_found()
    repo, base, head = call.repo, _side(call, left), _side(call, right)
    fork = repo.objects.merge_base(base, head)
    if fork is None:
        raise Refusal(404, f"No common ancestor between {left} and {right}.")
    ahead, behind = shapes_pulls.commits_between(repo, base, head), shapes_pulls.commits_between(repo, head, base)
    state = "diverged" if ahead and behind else "ahead" if ahead else "behind" if behind else "identical"
    paged = "page" in call.request.query or "per_page" in call.request.query
    listed = page(call.request, ahead)
    number = int(call.request.query.get("page", "1"))
    per_page = min(int(call.request.query.get("per_page", "30")), 100)
    shown = ahead[(number - 1) * per_page : number * per_page] if paged else ahead[-COMMITS_OF_A_COMPARISON:]
    url = f"{call.at}/repos/{repo.full_name}/compare/{base}...{head}"
    site = f"{SITE}/{repo.full_name}/compare/{left}...{right}"
    found = {
        "url": url,
        "html_url": site,
        "permalink_url": site,
        "diff_url": f"{site}.diff",
        "patch_url": f"{site}.patch",
        "base_commit": shapes.commit(call.at, repo, base),
        "merge_base_commit": shapes.commit(call.at, repo, fork),
        "status": state,
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [shapes.commit(call.at, repo, sha) for sha in shown],
    }
    # Files are only on the first page.
    files = shapes_pulls.changed(call.at, repo, fork, head)[:FILES_OF_A_COMPARISON] if number == 1 else []
    return as_json(
        {**found, "files": files},
        headers={"Link": listed.headers["Link"]} if paged and "Link" in listed.headers else {},
    )
