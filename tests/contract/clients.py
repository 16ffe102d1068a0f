"""What the tests of the server share: a client without any wisdom of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests

from tests.support.github_server import Hub

Document = Any
REPO = "/repos/octo/shop"


class Client:
    """Requests as a token's bearer sends them, through Prism or directly."""

    def __init__(self, url: str, token: str = "job") -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {token}"
        self.session.headers["X-GitHub-Api-Version"] = "2022-11-28"

    def __call__(self, method: str, path: str, body: Document = None, **headers: str) -> requests.Response:
        url = path if "://" in path else self.url + path
        return self.session.request(method, url, json=body, headers=headers, timeout=20, allow_redirects=False)


Connect = Callable[..., Client]


def sha_of(hub: Hub, branch: str = "feature") -> str:
    return hub.repository().branch(branch)
