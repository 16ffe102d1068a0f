"""What the user and the machine said, read once. Nothing else looks at the environment.

On a GitHub runner a Docker action gets its inputs as INPUT_NAME variables. Only declared inputs are read, and never a
bare name as a fallback, because an earlier step of the same job may have written anything into GITHUB_ENV
(docs/architecture.md, "The environment").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gate.errors import UserError


class Secret:
    """A value that no repr, log or error shows."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value, at the one place that needs it."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "Secret(…)" if self._value else "Secret()"

    __str__ = __repr__


_QUEUE = re.compile(r"refs/heads/gh-readonly-queue/(.+)/pr-\d+-[0-9a-f]{40,64}")


@dataclass(frozen=True, slots=True)
class Runner:
    """The files and facts of a GitHub runner, None where the gate does not run on one.

    `base_ref` is the branch that a pull request or a merge queue merges into, "" elsewhere.
    """

    output: Path | None
    summary: Path | None
    event_name: str
    repository: str
    ref: str
    sha: str
    base_ref: str
    debug: bool = False
    event_path: Path | None = None
    run_id: str = ""
    run_attempt: str = ""
    job: str = ""
    workflow_ref: str = ""
    actor: str = ""
    server_url: str = "https://github.com"
    api_url: str = "https://api.github.com"
    graphql_url: str = "https://api.github.com/graphql"


@dataclass(frozen=True, slots=True)
class ActionInputs:
    """The inputs of action.yml, each as the text that was given ("" where none was)."""

    command: str = ""
    policy: str = ""
    policy_ref: str = ""
    profile: str = ""
    only: str = ""
    phase: str = ""
    base: str = ""
    evidence: str = ""
    reports: str = ""
    bundle: str = ""
    artifact: str = ""
    cache_dir: str = ""
    publish: str = ""
    token: Secret = field(default_factory=lambda: Secret(""))
    verbose: str = ""


INPUT_NAMES: tuple[str, ...] = tuple(ActionInputs.__dataclass_fields__)


def read_inputs(environ: Mapping[str, str]) -> ActionInputs:
    """Read the declared inputs from a runner's environment; surrounding white space is dropped."""
    values = {name: environ.get(f"INPUT_{name.upper()}", "").strip() for name in INPUT_NAMES}
    token = Secret(values.pop("token"))
    return ActionInputs(token=token, **values)


def read_runner(environ: Mapping[str, str]) -> Runner | None:
    """Read the runner's own variables; None when this is not a GitHub runner."""
    if environ.get("GITHUB_ACTIONS") != "true":
        return None
    return Runner(
        output=_path(environ, "GITHUB_OUTPUT"),
        summary=_path(environ, "GITHUB_STEP_SUMMARY"),
        event_name=environ.get("GITHUB_EVENT_NAME", ""),
        repository=environ.get("GITHUB_REPOSITORY", ""),
        ref=environ.get("GITHUB_REF", ""),
        sha=environ.get("GITHUB_SHA", ""),
        base_ref=_base_ref(environ),
        debug=environ.get("RUNNER_DEBUG") == "1",
        event_path=_path(environ, "GITHUB_EVENT_PATH"),
        run_id=environ.get("GITHUB_RUN_ID", ""),
        run_attempt=environ.get("GITHUB_RUN_ATTEMPT", ""),
        job=environ.get("GITHUB_JOB", ""),
        workflow_ref=environ.get("GITHUB_WORKFLOW_REF", ""),
        actor=environ.get("GITHUB_ACTOR", ""),
        **_urls(environ),
    )


def _urls(environ: Mapping[str, str]) -> dict[str, str]:
    """Return where this GitHub is: github.com's addresses unless the runner names those of a GitHub Enterprise."""
    named = {
        name.lower(): environ.get(f"GITHUB_{name}", "").rstrip("/") for name in ("SERVER_URL", "API_URL", "GRAPHQL_URL")
    }
    return {name: url for name, url in named.items() if url}


def _base_ref(environ: Mapping[str, str]) -> str:
    """Return the branch that is merged into: of a pull request, or of a merge queue's branch, whose name holds it.

    The runner sets GITHUB_BASE_REF and GITHUB_REF last, so no earlier step can write others; the event file it can.
    """
    queue = _QUEUE.fullmatch(environ.get("GITHUB_REF", ""))
    if environ.get("GITHUB_EVENT_NAME") == "merge_group" and queue is not None:
        return queue[1]
    return environ.get("GITHUB_BASE_REF", "")


NETWORK_VARIABLES = (
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "https_proxy",
    "http_proxy",
    "no_proxy",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)


def read_network(environ: Mapping[str, str]) -> dict[str, str]:
    """Read how this machine reaches the network, for the tools that ask a service.

    Nothing on a GitHub runner: there an earlier step may have set a proxy and a certificate of its own and answer in
    the service's place.
    """
    if environ.get("GITHUB_ACTIONS") == "true":
        return {}
    return {name: environ[name] for name in NETWORK_VARIABLES if environ.get(name)}


def flag(name: str, text: str) -> bool:
    """Read a yes-or-no input. Raises UserError for anything but true, false or nothing."""
    match text.lower():
        case "true":
            return True
        case "false" | "":
            return False
        case _:
            raise UserError(f"The input {name} is {text!r}; it is either true or false.")


def lines(text: str) -> tuple[str, ...]:
    """Read an input that lists one value a line; empty lines and comments (#) are passed over."""
    stripped = (line.strip() for line in text.splitlines())
    return tuple(line for line in stripped if line and not line.startswith("#"))


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    value = environ.get(name, "")
    return Path(value) if value else None
