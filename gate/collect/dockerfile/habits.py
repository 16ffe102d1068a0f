"""What Dockerfiles do that good ones do not: secrets by argument, files from the network, everything copied."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gate.collect.dockerfile.base_images import sources_of
from gate.collect.readers.dockerfile import Dockerfile
from gate.collect.readers.dockerfile_lines import Instruction
from gate.collect.readers.dockerfile_words import pairs, unquoted, words

_SECRET = re.compile(
    r"(?:^|_)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)", re.IGNORECASE
)
_PUBLIC = re.compile(r"(?:^|_)public(?:_|$)|_(?:file|path|dir|url)$", re.IGNORECASE)
"""The words are those of BuildKit's check SecretsUsedInArgOrEnv; that names of files and places are none is our own."""
_REMOTE = re.compile(r"(?:https?|ftp|git|ssh)://|git@", re.IGNORECASE)
_SEPARATOR = re.compile(r"&&|\|\||;|\n")
_DOWNLOAD = re.compile(r"\b(?:curl|wget)\b")
_INTO_SHELL = re.compile(
    r"\|\s*(?:sudo\s+(?:-\S+\s+){0,5})?(?:env\s+)?(?:/(?:usr/)?(?:local/)?bin/)?"
    r"(?:(?:ba|da|z|k|a)?sh\b|(?:python[0-9.]*|perl|ruby|node|php)\s*(?:-(?:\s|$)|$|[|\"')]))"
)
_FROM_SHELL = re.compile(
    r"(?:\bsh|\b[a-z]{1,3}sh|\beval|\bsource|(?:^|\s)\.)\s[^\n;]{0,40}?(?:<\(|\$\(|`)\s*(?:curl|wget)\b"
)
_EVERYTHING = frozenset({".", "./", "/", "*", "./*", "./.", "/."})


@dataclass(frozen=True, slots=True)
class Secret:
    """A variable of the build or of the image whose name says that it holds a secret. Its value is never kept."""

    name: str
    instruction: str
    line: int


@dataclass(frozen=True, slots=True)
class RemoteAdd:
    """An ADD from the network. `url` is without user, password and query."""

    url: str
    line: int
    checksum: bool


def instructions(dockerfile: Dockerfile) -> Iterator[Instruction]:
    """Yield all instructions, those that ONBUILD holds back in its place; no FROM."""
    yield from dockerfile.preamble
    for stage in dockerfile.stages:
        for instruction in stage.instructions:
            yield instruction.inner or instruction


def secrets(dockerfile: Dockerfile) -> Iterator[Secret]:
    """Yield the variables with names of secrets: every ARG, and every ENV with a value."""
    for instruction in instructions(dockerfile):
        if instruction.keyword == "ARG":
            names = [unquoted(word).partition("=")[0] for word in words(instruction.text, dockerfile.escape)]
        elif instruction.keyword == "ENV":
            names = [name for name, value in pairs(instruction.text, dockerfile.escape) if value.strip("\"'")]
        else:
            continue
        yield from (Secret(name[:200], instruction.keyword, instruction.line) for name in names if is_secret(name))


def is_secret(name: str) -> bool:
    """Whether the name of a variable says that it holds a secret."""
    return _SECRET.search(name) is not None and _PUBLIC.search(name) is None


def remote_adds(dockerfile: Dockerfile) -> Iterator[RemoteAdd]:
    """Yield what ADD fetches from the network."""
    for instruction in instructions(dockerfile):
        if instruction.keyword == "ADD":
            for source in sources_of(instruction.text, dockerfile.escape):
                plain = unquoted(source, dockerfile.escape)
                if _REMOTE.match(plain):
                    yield RemoteAdd(_shown(plain), instruction.line, bool(instruction.flag("checksum")))


def piped_downloads(dockerfile: Dockerfile) -> Iterator[int]:
    """Yield the lines of RUN instructions that run what they download without a look at it (`curl … | sh`)."""
    for instruction in instructions(dockerfile):
        if instruction.keyword == "RUN":
            texts = (instruction.text, *(heredoc.text for heredoc in instruction.heredocs))
            if any(_runs_download(text) for text in texts):
                yield instruction.line


def copies_everything(dockerfile: Dockerfile) -> int | None:
    """Return the line of the first COPY or ADD that takes the whole build context; None without one."""
    for instruction in instructions(dockerfile):
        if instruction.keyword in ("COPY", "ADD") and instruction.flag("from") is None:
            sources = sources_of(instruction.text, dockerfile.escape)
            if any(unquoted(source, dockerfile.escape) in _EVERYTHING for source in sources):
                return instruction.line
    return None


def _runs_download(text: str) -> bool:
    for part in _SEPARATOR.split(text):
        download = _DOWNLOAD.search(part)
        if download is not None and (_INTO_SHELL.search(part, download.end()) or _FROM_SHELL.search(part)):
            return True
    return False


def _shown(url: str) -> str:
    """Return a URL without user, password, query and fragment, at most 200 characters."""
    plain = re.split(r"[?#]", url, maxsplit=1)[0]
    scheme, there, rest = plain.partition("://")
    if not there:
        return plain[:200]
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"[:200]
