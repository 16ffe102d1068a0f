"""The client over the server of the tests' own, and what it is given to publish."""

from __future__ import annotations

from gate.model.annotation import Annotation
from gate.publish.forge_github import GitHub
from gate.publish.forge_words import CheckOutput
from gate.settings import Secret
from tests.support.github_server import Hub


def client(
    hub: Hub,
    token: str = "job",
    slept: list[float] | None = None,
    *,
    repository: str = "octo/shop",
    timeout: float = 5.0,
    max_wait: float = 120.0,
) -> GitHub:
    """A client that does not wait, but writes down how long it would have."""
    naps: list[float] = [] if slept is None else slept
    return GitHub(
        repository,
        Secret(token),
        api_url=hub.url,
        graphql_url=hub.graphql_url,
        sleep=naps.append,
        timeout=timeout,
        max_wait=max_wait,
    )


def head(hub: Hub) -> str:
    """The commit of pull request 7."""
    return hub.repository().branch("feature")


OUTPUT = CheckOutput("Title", "Summary", "Text")
ANNOTATIONS = tuple(Annotation("shop/money.py", line, "warning", "Title", f"Message {line}") for line in range(1, 51))
