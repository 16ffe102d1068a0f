"""Which scanners a run of this gate itself is: it runs bandit, gitleaks and pip-audit where its policy asks. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from gate.model.json import Json, JsonObject

BY = "readiness gate"
COLLECTS = "no job judges what it collects"
"""Why the findings of `gate collect` end nothing, where that is so."""
_CLASSES: Mapping[str, str] = {"sast": "sast", "secrets": "secret", "dependencies": "dependency", "ci": "workflow"}
_OF_EVERY_PROFILE = ("sast", "secrets", "dependencies")
_MATRIX = re.compile(r"\$\{\{\s*matrix\.([A-Za-z_][\w-]*)\s*\}\}")
_INPUTS = frozenset({"command", "policy", "policy_ref", "only", "bundle", "publish"})

Values = Mapping[str, Sequence[str]]
"""Name → its values in the legs of a matrix."""


def is_gate_action(name: str) -> bool:
    """Whether `owner/name`, or an image without its tag, is this gate's, of whatever owner."""
    parts = name.lower().removeprefix("docker://").partition("@")[0].split("/")
    return (len(parts) == 2 or name.startswith("docker://")) and parts[-1].partition(":")[0] == "readiness-gate"


def is_gate_itself(value: JsonObject, using: str) -> bool:
    """Whether an action.yml is this gate's own."""
    inputs = value.get("inputs")
    return using == "docker" and isinstance(inputs, dict) and set(inputs) >= _INPUTS


def of_action(given: Json, matrix: Values | None = None) -> Iterator[tuple[str, str | None]]:
    """Yield (what, why it cannot fail) of the action with its `with`; `gate` is what collects, judges or publishes."""
    inputs = {key.lower(): value for key, value in given.items()} if isinstance(given, dict) else {}
    command = _text(inputs.get("command")) or "run"
    if _text(inputs.get("args")):
        yield from of_command(_text(inputs.get("args")).split())
        return
    only = _text(inputs.get("only"))
    match = _MATRIX.fullmatch(only)
    kinds = [kind for each in ((matrix or {}).get(match[1], ["$"]) if match else [only]) for kind in _kinds(each)]
    legs = match is not None and "" in (matrix or {}).get(match[1], ())
    yield from _of(command, [] if legs else kinds, _text(inputs.get("phase")))


def of_command(arguments: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """Yield the same of `gate ARGUMENTS`."""
    plain = [word for word in arguments if not word.startswith("-")]
    yield from _of(plain[0] if plain else "", _kinds(_option(arguments, "--only")), _option(arguments, "--phase"))


def _of(command: str, kinds: Sequence[str], phase: str) -> Iterator[tuple[str, str | None]]:
    if command not in ("run", "collect", "evaluate", "publish"):
        return
    yield "gate", None
    # What is asked of a deployment is asked of the service, and no longer of the code.
    if command not in ("run", "collect") or (command == "run" and phase not in ("", "pre-merge")):
        return
    every = tuple(_CLASSES) if command == "collect" else _OF_EVERY_PROFILE
    for kind in dict.fromkeys(kinds or every):
        if kind in _CLASSES:
            yield _CLASSES[kind], COLLECTS if command == "collect" else None


def judges(given: Json) -> bool:
    """Whether the action judges, with its `with`."""
    inputs = given if isinstance(given, dict) else {}
    return (_text(inputs.get("command")) or "run") in ("run", "publish")


def matrix_of(strategy: Json) -> Values:
    """Return the values of a job's matrix. Where an expression makes the matrix, or legs are taken out, none."""
    matrix = strategy.get("matrix") if isinstance(strategy, dict) else None
    if not isinstance(matrix, dict) or "exclude" in matrix or isinstance(matrix.get("include"), str):
        return {}
    found: dict[str, list[str]] = {}
    for name, values in matrix.items():
        if name != "include" and isinstance(values, list):
            found.setdefault(name, []).extend(map(_text, values))
    include = matrix.get("include")
    for leg in include if isinstance(include, list) else ():
        for name, value in leg.items() if isinstance(leg, dict) else ():
            found.setdefault(name, []).append(_text(value))
    return found


def _kinds(text: str) -> list[str]:
    return [kind.strip() for kind in text.split(",") if kind.strip()]


def _option(arguments: Sequence[str], name: str) -> str:
    for at, word in enumerate(arguments):
        if word == name:
            return arguments[at + 1] if at + 1 < len(arguments) else ""
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
    return ""


def _text(value: Json) -> str:
    return value.strip() if isinstance(value, str) else ""
