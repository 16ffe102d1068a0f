"""What the user and the machine said, read once. Nothing else looks at the environment.

On a GitHub runner a Docker action gets its inputs as INPUT_NAME variables. Only declared inputs are read, and never a
bare name as a fallback, because an earlier step of the same job may have written anything into GITHUB_ENV
(docs/architecture.md, "The environment").
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, MutableMapping
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


TOKEN = "INPUT_TOKEN"  # noqa: S105 - the name of a variable
_OTHER_TOKENS = ("ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
"""What the runner hands to every step, for its cache and its identity. The gate needs neither."""


def take_token(environ: MutableMapping[str, str], name: str = TOKEN) -> Secret:
    """Return the token and leave none behind: not in `environ`, and not in the memory behind /proc/self/environ.

    Unsetting a variable only forgets where it lies. The kernel goes on showing the bytes that the process was started
    with (proc(5)), so they are overwritten; where the C library gives no way to them, the rest holds all the same.
    """
    token = Secret(environ.get(name, "").strip())
    for each in (name, *_OTHER_TOKENS):
        if environ is os.environ:
            _overwrite(each)
        environ.pop(each, None)
    return token


def token_at_home(environ: Mapping[str, str]) -> Secret:
    """Return the token of whoever runs a command by hand, from GITHUB_TOKEN; none on a runner, where it is an input."""
    return Secret("" if environ.get("GITHUB_ACTIONS") == "true" else environ.get("GITHUB_TOKEN", "").strip())


def api_at_home(environ: Mapping[str, str]) -> str:
    """Return the address of GitHub's API for who runs a command by hand."""
    return environ.get("GITHUB_API_URL", "").rstrip("/") or "https://api.github.com"


def _overwrite(name: str) -> None:
    """Fill a variable's value with zeros where the process was given it."""
    import ctypes
    from contextlib import suppress

    with suppress(OSError, AttributeError, ValueError):
        entries = ctypes.POINTER(ctypes.c_void_p).in_dll(ctypes.CDLL(None), "environ")
        start = name.encode() + b"="
        index = 0
        while address := entries[index]:
            entry = ctypes.string_at(address)
            if entry.startswith(start):
                ctypes.memset(address + len(start), 0, len(entry) - len(start))
            index += 1


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

    On a GitHub runner only what the image declares, with that very value: an earlier step may have set a proxy and a
    certificate of its own, to answer in the service's place.
    """
    if environ.get("GITHUB_ACTIONS") == "true":
        declared = read_declared()
        return {name: declared[name] for name in NETWORK_VARIABLES if declared.get(name)}
    return {name: environ[name] for name in NETWORK_VARIABLES if environ.get(name)}


_POISON = re.compile(
    r"LD_.+|PYTHON.+|GIT_.+|(?i:.+_PROXY)|.*CA_BUNDLE|SSL_CERT_.+|SSLKEYLOGFILE|NODE_OPTIONS|NODE_EXTRA_CA_CERTS|BASH_ENV"
    r"|OPENSSL_CONF|OPENSSL_MODULES|GCONV_PATH|GLIBC_TUNABLES"
)
"""What changes which code a process loads, whom it believes and through whom it talks."""
_OF_THE_IMAGE = frozenset({"PYTHON_VERSION", "PYTHON_SHA256", "PYTHON_PIP_VERSION", "PYTHON_SETUPTOOLS_VERSION"})
"""What images of Python tell of themselves; no program obeys it."""
DECLARED = Path("/opt/gate/environment")
"""The image's own list of variables that may be there: one NAME=VALUE a line. Whoever builds the image writes it."""


def read_declared(path: Path = DECLARED) -> dict[str, str]:
    """Return the variables that the image declares; none where it has no such file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}. It lists one NAME=VALUE a line.") from error
    pairs = (line.partition("=") for line in lines(text))
    return {name.strip(): value.strip() for name, _sign, value in pairs}


def poisoned(environ: Mapping[str, str], declared: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of variables that steer the gate or what it starts, and that the image does not declare."""
    return tuple(
        sorted(
            name
            for name, value in environ.items()
            if value and _POISON.fullmatch(name) and name not in _OF_THE_IMAGE and declared.get(name) != value
        )
    )


def refuse_poison(environ: Mapping[str, str], declared: Mapping[str, str] | None = None) -> None:
    """Raise UserError where an earlier step of the job could have taken the gate over. Looks on a runner only.

    It cannot be undone by unsetting: what LD_PRELOAD names is loaded before the first line of the gate.
    """
    if environ.get("GITHUB_ACTIONS") != "true":
        return
    found = poisoned(environ, read_declared() if declared is None else declared)
    if found:
        shown = ", ".join(name[:40] if name.isprintable() else "one that cannot be shown" for name in found[:8])
        raise UserError(
            f"The environment holds {shown}, which can change what the gate loads, whom it believes or through whom "
            "it talks. An earlier step of this job (GITHUB_ENV) or the workflow's env set it. Run the gate in a job of "
            "its own without it, or declare it in the image (docs/trust.md)."
        )


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
