"""What a command is behind all that only prepares it: assignments, sudo, timeout, `poetry run`, `docker run`. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from gate.collect.ci.known_commands import RULES

ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_VARIABLE = re.compile(r"\$\{?\(?([A-Z][A-Z0-9_]*)\)?\}?")
PYTHON = re.compile(r"(?:python|pypy|py)[\d.]*")
_PLAIN_PREFIXES = frozenset({"sudo", "time", "nohup", "exec", "command", "xargs", "nice", "stdbuf", "ionice", "doas"})
"""Commands that run the command behind them, after options of their own."""
_WITH_VALUE = frozenset({"-u", "-g", "-n", "-I", "-P", "-L", "-s", "-k", "-p", "-C", "-o", "-d", "-c"})
_RUNNERS: tuple[tuple[str, ...], ...] = (
    ("poetry", "run"),
    ("pipenv", "run"),
    ("pdm", "run"),
    ("rye", "run"),
    ("uv", "tool", "run"),
    ("uv", "run"),
    ("hatch", "run"),
    ("pipx", "run"),
    ("bundle", "exec"),
    ("pnpm", "dlx"),
    ("pnpm", "exec"),
    ("yarn", "dlx"),
    ("yarn", "exec"),
    ("npm", "exec"),
    ("bunx",),
    ("npx",),
    ("uvx",),
    ("mise", "exec"),
    ("dotenv", "run"),
    ("nix", "develop", "-c"),
    ("xvfb-run",),
    ("retry",),
    ("catchsegv",),
    ("conda", "run"),
    ("micromamba", "run"),
    ("doppler", "run"),
    ("op", "run"),
)
_RUNNER_VALUES = frozenset(
    {"--with", "--extra", "--group", "--python", "-p", "--package", "--from", "--spec", "--project", "--directory"}
    | {"--only-group", "--with-requirements", "--env-file", "-n", "--name", "--prefix", "-s", "--index-url"}
)
_DOCKER_FLAGS = frozenset(
    {
        "--rm",
        "-i",
        "-t",
        "-it",
        "-ti",
        "-d",
        "--detach",
        "--interactive",
        "--tty",
        "--privileged",
        "--init",
        "--read-only",
    }
)


def bare_words(words: Sequence[str]) -> tuple[str, ...]:
    """Return a command without what only prepares it: assignments, sudo, timeout, `poetry run`, `docker run IMAGE`."""
    rest = list(words)
    for _ in range(12):
        before = tuple(rest)
        while rest and ASSIGNMENT.match(rest[0]):
            rest.pop(0)
        if not rest:
            return ()
        rest = _without_prefix(rest)
        if tuple(rest) == before:
            break
    return tuple(rest)


def _without_prefix(words: list[str]) -> list[str]:
    variable = _VARIABLE.fullmatch(words[0])
    if variable:
        # By custom a Makefile calls a program by a variable of its name: $(PYTHON), ${GO}.
        return [variable[1].lower(), *words[1:]]
    first = PurePosixPath(words[0]).name
    if first in _PLAIN_PREFIXES:
        return _behind_options(words[1:], _WITH_VALUE)
    if first == "env":
        return _behind_options(words[1:], frozenset({"-u", "-C"}))
    if first == "timeout":
        return _behind_options(words[1:], frozenset({"-s", "-k"}))[1:]
    if first in ("docker", "podman") and words[1:2] == ["run"]:
        return _in_container(words)
    if first == "coverage" and words[1:2] == ["run"]:
        return _run_by_coverage(words)
    for runner in _RUNNERS:
        if (first, *words[1 : len(runner)]) == runner:
            rest = _behind_options(words[len(runner) :], _RUNNER_VALUES)
            return rest if rest else words
    if PYTHON.fullmatch(first) and "-m" in words[1:4]:
        at = words.index("-m")
        return words[at + 1 :] or words
    return words


def _run_by_coverage(words: list[str]) -> list[str]:
    """`coverage run -m pytest` runs pytest, and says so in a word of its own."""
    rest = words[words.index("-m") + 1 :] if "-m" in words else []
    return [*rest, "--cov"] if rest else words


def _behind_options(words: list[str], with_value: frozenset[str]) -> list[str]:
    at = 0
    while at < len(words) and words[at].startswith("-") and words[at] != "-":
        if words[at] == "--":
            at += 1
            break
        at += 2 if words[at] in with_value else 1
    return words[at:]


def _in_container(words: list[str]) -> list[str]:
    """Return what `docker run` runs: the image's name stands for its program, unless the first argument is one."""
    at = 2
    while at < len(words) and words[at].startswith("-"):
        plain = "=" in words[at] or words[at] in _DOCKER_FLAGS
        at += 1 if plain else 2
    if at >= len(words):
        return words
    image = words[at].partition("@")[0]
    name = image.rpartition("/")[2].partition(":")[0]
    inside = words[at + 1 :]
    if inside and PurePosixPath(inside[0]).name in RULES and name not in RULES:
        return inside
    aliases = {"trivy-db": "", "semgrep": "semgrep", "action-baseline": "zap", "zap2docker-stable": "zap"}
    return [aliases.get(name, name) or name, *inside]
