"""Where a service has a secret in plain text. Pure, and no value is ever kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from gate.collect.compose.merge import as_mapping
from gate.collect.manifests.objects import mapping, text
from gate.collect.manifests.placeholders import is_sample
from gate.model.json import Json, JsonObject

_SECRET = re.compile(
    r"(?:^|[_.-])(?:pass|passwd|password|passphrase|pwd|secret|token|api_?key|access_?key|private_?key|credentials?"
    r"|encryption_?key|signing_?key|secret_?key|auth_?key|client_?secret)(?:$|[_.-])|^(?:pgpassword|redisauth)$",
    re.IGNORECASE,
)
_NOT_A_SECRET = re.compile(
    r"(?:_file|_path|_name|_url|_ttl|_expir\w*|_lifetime|_length|_algorithm|_type|_minutes|_seconds|_id)$",
    re.IGNORECASE,
)
_IN_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s:/@\"']{0,100}:([^\s:/@\"']{1,200})@")
_OPTION = re.compile(r"--?(?P<name>[A-Za-z][\w.-]{0,60})(?:=|\s+)(?P<quote>[\"']?)(?P<value>[^\s\"'\-][^\s\"']{0,200})")
_OPTIONS = frozenset({"requirepass", "masterauth", "pass", "rootpw"})


def is_secret_name(name: str) -> bool:
    """Whether a variable of this name is meant to hold something that nobody should read."""
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return bool(_SECRET.search(plain)) and not _NOT_A_SECRET.search(plain)


def literal_secrets(body: JsonObject) -> Iterator[str]:
    """Yield where a service has a value that should be secret: the variable, or "build argument X", "label X".

    A value that is taken from elsewhere (`${NAME}`, a file of `secrets`) is none.
    """
    yield from _named(as_mapping(body.get("environment")), "", addresses=True)
    yield from _named(as_mapping(mapping(body.get("build")).get("args")), "build argument ")
    yield from _named(as_mapping(body.get("labels")), "label ")
    for key, value in (
        ("command", body.get("command")),
        ("entrypoint", body.get("entrypoint")),
        ("healthcheck", mapping(body.get("healthcheck")).get("test")),
    ):
        yield from _given(key, value)


def _named(values: JsonObject, what: str, *, addresses: bool = False) -> Iterator[str]:
    for name, value in values.items():
        written = text(value)
        if not written:
            continue
        if is_secret_name(name):
            if _is_literal(written):
                yield f"{what}{name[:200]}"
        elif addresses and any(_is_literal(found[1]) for found in _IN_ADDRESS.finditer(written[:4_000])):
            yield f"{what}{name[:200]}"


def _is_literal(written: str) -> bool:
    return "$" not in written and not written.startswith("/run/secrets/")


def _given(key: str, value: Json) -> Iterator[str]:
    """Yield the options of a command line that hand over a secret."""
    words = value if isinstance(value, list) else [value]
    line = " ".join(word for word in words if isinstance(word, str))[:10_000]
    for found in _OPTION.finditer(line):
        name, given = found["name"].lower(), found["value"]
        secret = is_secret_name(found["name"].replace("-", "_")) or name in _OPTIONS
        if secret and _is_literal(given) and not given.startswith("/") and not is_sample(given):
            yield f"{key} --{found['name'][:60]}"


def tracked_files(body: JsonObject, sections: Mapping[str, JsonObject]) -> Iterator[tuple[str, str, bool]]:
    """Yield (what it is called, its path as written, whether it holds variables) of the files with secrets."""
    given = body.get("env_file")
    for entry in given if isinstance(given, list) else [given]:
        path = text(mapping(entry).get("path")) or text(entry)
        if path:
            yield f"env_file {path[:200]}", path, True
    secrets = body.get("secrets")
    for each in secrets if isinstance(secrets, list) else ():
        name = text(mapping(each).get("source")) or text(each) or ""
        path = text(mapping(mapping(sections.get("secrets")).get(name)).get("file"))
        if path:
            yield f"secret {name[:200]}", path, False


def secrets_of_file(what: str, variables: Mapping[str, str]) -> Iterator[str]:
    """Yield the variables of an `env_file` that should be secret and have a value that is no placeholder."""
    for name, value in variables.items():
        if value and is_secret_name(name) and _is_literal(value) and not is_sample(value):
            yield f"{name[:200]} of {what}"
