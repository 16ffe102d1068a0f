"""Events as the runner writes them, about what is on a hub, and the variables that the runner sets beside them.

`started = events.pull_request(hub, 7)`, then `started.environment(folder)` writes the event's file and gives GITHUB_*.
Each begins as a real example (tests/publish/data/events) whose parts are replaced by the hub's own objects, so that an
event has all the keys that GitHub sends and says what the API says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.support.github_server import shapes, shapes_checks, shapes_pulls
from tests.support.github_server.action_endpoints import workflow_run as run_shape
from tests.support.github_server.hub import Hub
from tests.support.github_server.issue_endpoints import issue_shape
from tests.support.github_server.repository import Repository
from tests.support.github_server.state import CheckRun, Comment, Run
from tests.support.github_server.wire import Json

EXAMPLES = Path(__file__).parents[2] / "publish/data/events"
INSTALLED = "node_modules/@octokit/webhooks-examples/api.github.com/index.json"
API = "https://api.github.com"
_NOTHING = "0" * 40


def example(name: str) -> Json:
    """A real event by the name of its file, such as `pull_request.opened`."""
    found = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def installed(index: Path) -> Iterator[tuple[str, int, Json]]:
    """Kind, number and content of every example of the installed package."""
    for kind in json.loads(index.read_text(encoding="utf-8")):
        for number, found in enumerate(kind["examples"]):
            yield kind["name"], number, found


@dataclass(frozen=True)
class Started:
    """A run of a workflow that an event started."""

    name: str
    payload: Json
    repository: str
    ref: str
    sha: str
    actor: str
    head_ref: str = ""
    base_ref: str = ""
    run_id: int = 4711
    attempt: int = 1
    more: Mapping[str, str] = field(default_factory=dict)

    def environment(self, folder: Path, api_url: str = API) -> dict[str, str]:
        """Write the event's file into a folder and return the variables that a runner sets; no token is among them."""
        path = folder / "event.json"
        path.write_text(json.dumps(self.payload), encoding="utf-8")
        return {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTOR": self.actor,
            "GITHUB_API_URL": api_url,
            "GITHUB_BASE_REF": self.base_ref,
            "GITHUB_EVENT_NAME": self.name,
            "GITHUB_EVENT_PATH": str(path),
            "GITHUB_GRAPHQL_URL": f"{api_url}/graphql",
            "GITHUB_HEAD_REF": self.head_ref,
            "GITHUB_JOB": "gate",
            "GITHUB_REF": self.ref,
            "GITHUB_REF_NAME": self.ref.partition("/")[2].partition("/")[2],
            "GITHUB_REPOSITORY": self.repository,
            "GITHUB_REPOSITORY_OWNER": self.repository.partition("/")[0],
            "GITHUB_RUN_ATTEMPT": str(self.attempt),
            "GITHUB_RUN_ID": str(self.run_id),
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_SHA": self.sha,
            "GITHUB_WORKFLOW": "gate",
            "GITHUB_WORKFLOW_REF": f"{self.repository}/.github/workflows/gate.yml@{self.ref}",
            **self.more,
        }

    def again(self) -> Started:
        """The same run, run again."""
        return replace(self, attempt=self.attempt + 1)


def _common(repo: Repository, sender: str) -> Json:
    who = shapes.user(API, repo.world.user(sender))
    return {"repository": shapes.repository(API, repo), "sender": who}


def _without_installation(found: Json) -> Json:
    """What a runner gets has no `installation`: that is for an app's own webhook."""
    return {key: value for key, value in found.items() if key not in ("installation", "organization")}


def pull_request(hub: Hub, number: int = 7, action: str = "opened", *, base_from: str = "") -> Started:
    """`opened`, `synchronize`, `reopened`, `closed`, or `edited` (with `base_from`: away from that branch)."""
    repo = hub.repository()
    pull = repo.pulls[number]
    begin = example(f"pull_request.{action if action in ('synchronize', 'closed') else 'opened'}")
    told = shapes_pulls.pull(API, repo, pull)
    payload = {**begin, **_common(repo, pull.user.login), "action": action, "number": number, "pull_request": told}
    if action == "edited":
        before = {"ref": {"from": base_from}, "sha": {"from": repo.resolve(base_from)}} if base_from else {}
        payload["changes"] = {"base": before} if before else {"title": {"from": "An older title"}}
    if action == "synchronize":
        own = repo.objects.commit(pull.head_sha).parents
        payload |= {"before": own[0] if own else _NOTHING, "after": pull.head_sha}
    merged = pull.merged is not None
    return Started(
        name="pull_request",
        payload=_without_installation(payload),
        repository=repo.full_name,
        ref=f"refs/heads/{pull.base_ref}" if merged else f"refs/pull/{number}/merge",
        sha=pull.merge_sha or pull.head_sha,
        actor=pull.user.login,
        head_ref=pull.head_ref,
        base_ref=pull.base_ref,
    )


def merge_group(hub: Hub, number: int = 7) -> Started:
    """A pull request in the queue; its commit is made on a branch of GitHub's own."""
    repo = hub.repository()
    pull = repo.pulls[number]
    base = repo.branch(pull.base_ref)
    files = repo.merged_files(base, pull.head_sha)
    assert files is not None
    tree = repo.objects.write_files(files)
    message = f"Merge pull request #{number}"
    sha = repo.objects.write_commit(tree, (base, pull.head_sha), message, hub.world.tick(), "web-flow")
    ref = f"refs/heads/gh-readonly-queue/{pull.base_ref}/pr-{number}-{base}"
    repo.set_ref(ref, sha)
    begin = example("merge_group.checks_requested")
    inner = begin["merge_group"]
    assert isinstance(inner, dict)
    group = {**inner, "head_sha": sha, "head_ref": ref, "base_sha": base, "base_ref": f"refs/heads/{pull.base_ref}"}
    payload = {**begin, **_common(repo, "octo-dev"), "merge_group": group}
    return Started("merge_group", _without_installation(payload), repo.full_name, ref, sha, "octo-dev")


def push(hub: Hub, branch: str = "main") -> Started:
    """A push to a branch; the commit before it is the parent of its tip."""
    repo = hub.repository()
    sha, ref = repo.branch(branch), f"refs/heads/{branch}"
    parents = repo.objects.commit(sha).parents
    before = parents[0] if parents else _NOTHING
    changes = {"ref": ref, "before": before, "after": sha, "created": not parents}
    payload = {**example("push.branch"), **_common(repo, "octo-dev"), **changes}
    return Started("push", _without_installation(payload), repo.full_name, ref, sha, "octo-dev")


def workflow_run(hub: Hub, run: Run, action: str = "completed") -> Started:
    """The end of another workflow's run: this one runs on the default branch, whatever that one ran on."""
    repo = hub.repository()
    begin = example("workflow_run.completed")
    old = begin["workflow"]
    assert isinstance(old, dict)
    workflow = {**old, "id": run.workflow_id, "name": run.name, "path": run.path}
    told = run_shape(API, repo, run)
    changes = {"action": action, "workflow_run": told, "workflow": workflow}
    payload = {**begin, **_common(repo, run.head_repo.owner.login), **changes}
    return _on_default("workflow_run", repo, payload, run.head_repo.owner.login)


def workflow_dispatch(hub: Hub, inputs: Json | None = None) -> Started:
    """Somebody started the workflow by hand."""
    repo = hub.repository()
    ref = f"refs/heads/{repo.default_branch}"
    changes = {"inputs": inputs, "ref": ref, "workflow": ".github/workflows/gate.yml"}
    payload = {**example("workflow_dispatch"), **_common(repo, "octo-dev"), **changes}
    return _on_default("workflow_dispatch", repo, payload, "octo-dev")


def schedule(hub: Hub, cron: str = "17 4 * * 1") -> Started:
    """The clock started the workflow; no webhook tells this, the runner writes the file all the same."""
    repo = hub.repository()
    payload = {**_common(repo, repo.owner.login), "schedule": cron, "workflow": ".github/workflows/gate.yml"}
    return _on_default("schedule", repo, payload, repo.owner.login)


def issue_comment(hub: Hub, comment: Comment, action: str = "created") -> Started:
    """Somebody wrote a comment on a pull request, or on a plain issue."""
    repo = hub.repository()
    issue = repo.pulls.get(comment.number) or repo.issues[comment.number]
    changes = {
        "action": action,
        "issue": issue_shape(API, repo, issue),
        "comment": shapes_pulls.comment(API, repo, comment),
    }
    payload = {**example("issue_comment.created"), **_common(repo, comment.user.login), **changes}
    return _on_default("issue_comment", repo, payload, comment.user.login)


def check_run(hub: Hub, run: CheckRun, action: str = "completed") -> Started:
    """A check run of another app came to its end, or was asked for again."""
    repo = hub.repository()
    told = shapes_checks.check_run(API, repo, run)
    payload = {**example("check_run.completed"), **_common(repo, "octo-dev"), "action": action, "check_run": told}
    return _on_default("check_run", repo, payload, "octo-dev")


def _on_default(name: str, repo: Repository, payload: Json, actor: str) -> Started:
    """A run of the default branch's tip: for all events that belong to no other commit."""
    ref = f"refs/heads/{repo.default_branch}"
    sha = repo.branch(repo.default_branch)
    return Started(name, _without_installation(payload), repo.full_name, ref, sha, actor)
