"""The repository that most tests begin with."""

from __future__ import annotations

from tests.support.github_server.hub import Hub
from tests.support.github_server.people import JOB_PERMISSIONS, READ_ONLY

POLICY = "version: 1\nextends: baseline\n"
FILES = {
    "README.md": "# Shop\n\nIt sells.\n",
    ".gate/policy.yml": POLICY,
    "shop/__init__.py": "",
    "shop/money.py": "def double(amount: int) -> int:\n    return amount * 2\n",
}


def shop() -> Hub:
    """octo/shop with `main`, pull request 7 from `feature` and 8 from mallory's fork, and tokens by name:

    job (a publishing job), fork (a job's, read-only), reader (an app that reads), other (another app that writes),
    person (octo-dev, who may write), stranger (mallory), admin (octo's own), old (expired),
    outside (another repository's).
    """
    hub = Hub()
    world = hub.world
    for login in ("octo", "octo-dev", "octo-reader", "mallory"):
        world.user(login)
    repo = hub.new_repository("octo/shop", FILES)
    repo.collaborators.update({"octo-dev": "write", "octo-reader": "read"})
    repo.commit("feature", {"shop/money.py": FILES["shop/money.py"] + "\n\nRATE = 3\n"}, start="main")
    repo.open_pull("feature", title="Add a rate", number=7)
    fork = hub.fork(repo, "mallory")
    fork.commit("patch-1", {"shop/evil.py": "print('hello')\n"}, who="mallory")
    repo.open_pull("patch-1", title="Say hello", number=8, fork=fork)
    world.job_token("job", JOB_PERMISSIONS, only="octo/shop")
    world.job_token("fork", READ_ONLY, only="octo/shop")
    world.app_token("reader", "reader", {"contents": "read"}, only="octo/shop")
    world.app_token("other", "other-checker", JOB_PERMISSIONS)
    world.person_token("person", "octo-dev", {**JOB_PERMISSIONS, "contents": "write", "actions": "write"})
    world.person_token("stranger", "mallory", READ_ONLY)
    world.person_token("admin", "octo", {**JOB_PERMISSIONS, "contents": "write", "administration": "write"})
    world.job_token("outside", only="octo/warehouse")
    world.job_token("old").expired = True
    return hub
